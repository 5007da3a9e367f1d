"""Where a product is."""

from __future__ import annotations

from dafab_kg.loaders.sentinel1.manifest import Manifest
from dafab_kg.loaders.sentinel1.product_info import ProductInfo
from dafab_kg.loaders.sentinel2.place import Ring, ring_of
from dafab_kg.model.errors import GeometryNotValid
from dafab_kg.model.geometry import Footprint, footprint_from_geojson, footprint_from_ring


def footprint_of(
    manifest: Manifest | None, info: ProductInfo | None, where: str, warnings: list[str]
) -> Footprint:
    """Return the footprint: of the manifest, else of productInfo.json.

    Raises:
        GeometryNotValid: neither has one, or it is faulty.
    """
    rings = manifest.rings if manifest else ()
    if len(rings) == 1:
        text, place = rings[0]
        return _of_ring(ring_of(text, place), place, warnings)
    if rings:
        polygons = [[_closed(ring_of(text, place))] for text, place in rings]
        several = {"type": "MultiPolygon", "coordinates": polygons}
        footprint, doubts = footprint_from_geojson(several, where=rings[0][1])
        warnings += doubts
        return footprint
    if info is not None and info.footprint is not None:
        footprint, doubts = footprint_from_geojson(
            info.footprint, where=f"{info.where}: /footprint"
        )
        warnings += doubts
        return footprint
    missing = f"{manifest.where}//footPrint" if manifest else "productInfo.json: /footprint"
    raise GeometryNotValid(
        "The footprint is missing",
        where=f"{where}: {missing}",
        remedy="Fetch the complete manifest.safe from the data centre",
    )


def _of_ring(ring: Ring, place: str, warnings: list[str]) -> Footprint:
    try:
        return footprint_from_ring(ring, where=place)
    except GeometryNotValid as error:
        # four corners line by line cross themselves; there is one way round them
        if len(ring) != 4 or "crosses itself" not in error.what:
            raise
        first, second, third, fourth = ring
        footprint = footprint_from_ring((first, second, fourth, third), where=place)
    warnings.append(f"{place}: the corners were not in the order of a ring; read as one")
    return footprint


def _closed(ring: Ring) -> Ring:
    return ring if ring[0] == ring[-1] else [*ring, ring[0]]
