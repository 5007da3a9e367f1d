"""Where a product is: the first of its sources that tells."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from dafab_kg.loaders.sentinel2.manifest import Manifest
from dafab_kg.loaders.sentinel2.product import ProductMetadata
from dafab_kg.loaders.sentinel2.tile_info import TileInfo, footprint_of_tile
from dafab_kg.model.errors import DocumentRejected, GeometryNotValid
from dafab_kg.model.geometry import Footprint, footprint_from_geojson, footprint_from_ring
from dafab_kg.model.values import number

Ring = list[tuple[Decimal, ...]]


def footprint_of(
    product: ProductMetadata | None,
    tile_info: TileInfo | None,
    manifest: Manifest | None,
    where: str,
    warnings: list[str],
) -> Footprint:
    """Return the footprint: of tileInfo.json, of the product metadata, of the manifest.

    On AWS the tile is described, and tileInfo.json follows its data most closely.

    Raises:
        GeometryNotValid: none of them has one, or the first that has is faulty.
    """
    in_data = footprint_of_tile(tile_info) if tile_info else None
    if in_data is not None:
        return in_data
    if product is not None and product.rings:
        return _footprint_of_rings(product.rings)
    if manifest is not None and manifest.ring and manifest.ring[0]:
        warnings.append("the footprint is that of manifest.safe: the metadata have none")
        return footprint_from_ring(ring_of(*manifest.ring), where=manifest.ring[1])
    missing = "//EXT_POS_LIST" if product is not None else "tileInfo.json: /tileDataGeometry"
    raise GeometryNotValid(
        "The footprint is missing",
        where=f"{where}: {missing}",
        remedy="Fetch the complete metadata, manifest.safe among it, from the data centre",
    )


def _footprint_of_rings(rings: Sequence[tuple[str, str]]) -> Footprint:
    if len(rings) == 1:
        text, place = rings[0]
        return footprint_from_ring(ring_of(text, place), where=place)
    polygons = [[ring_of(text, place)] for text, place in rings]
    several = {"type": "MultiPolygon", "coordinates": polygons}
    return footprint_from_geojson(several, where=rings[0][1])[0]


def ring_of(text: str, where: str) -> Ring:
    """Read latitude, longitude, latitude, ... (commas are tolerated) as longitude, latitude.

    Raises:
        GeometryNotValid: these are no pairs of numbers.
    """
    words = text.replace(",", " ").split()
    if not words:
        raise GeometryNotValid(
            "The footprint is empty", where=where, remedy="Fetch the complete metadata"
        )
    if len(words) % 2:
        raise GeometryNotValid(
            f"{len(words)} numbers are no pairs of latitude and longitude",
            where=where,
            remedy="Fetch the complete metadata",
        )
    try:
        values = [number(word, where=where) for word in words]
    except DocumentRejected as error:
        raise GeometryNotValid(error.what, where=where, remedy="Deliver degrees") from None
    return [(values[i + 1], values[i]) for i in range(0, len(values), 2)]
