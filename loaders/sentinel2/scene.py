"""What all files of one document amount to, before it becomes records.

Two forms: a product with its metadata (SAFE, or a lone head), and a tile of the
AWS layout that came without them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from dafab_kg.loaders.sentinel2 import identifiers as ids
from dafab_kg.loaders.sentinel2.granule import GranuleMetadata
from dafab_kg.loaders.sentinel2.manifest import Manifest
from dafab_kg.loaders.sentinel2.product import ListedGranule, ProductMetadata
from dafab_kg.loaders.sentinel2.tile_info import TileInfo
from dafab_kg.model.errors import FieldMissing


@dataclass(frozen=True)
class Scene:
    """The files of one document, read; ``level`` is that of the root elements."""

    level: str
    product: ProductMetadata | None
    granules: tuple[GranuleMetadata, ...]
    manifest: Manifest | None
    tile_info: TileInfo | None
    named_product: str | None  # by tileInfo.json or productInfo.json

    @property
    def product_id(self) -> str:
        """The product's name, else its tile's."""
        if self.product is not None:
            return self.product.product_id
        return self.named_product or ids.without_baseline(self.granules[0].granule_id)

    @property
    def single(self) -> GranuleMetadata | None:
        """The granule's metadata if there is exactly one granule, so that it speaks for all."""
        one = len(self.granules) == 1 and len(self.listed) == 1
        return self.granules[0] if one else None

    @property
    def tile(self) -> TileInfo | None:
        """What tileInfo.json says, if the tile is all of the product."""
        return self.tile_info if self.product is None or self.single else None

    @property
    def listed(self) -> tuple[ListedGranule, ...]:
        """The granules of the product: as listed, then those whose metadata alone are here."""
        listed = self.product.granules if self.product else ()
        known = {granule.granule_id for granule in listed}
        others = tuple(
            ListedGranule(g.granule_id, g.datastrip_id, None, ())
            for g in self.granules
            if g.granule_id not in known
        )
        return listed + others

    @property
    def tiles(self) -> tuple[str, ...]:
        """The MGRS tiles, sorted."""
        named = (*(g.granule_id for g in self.listed), self.product_id)
        return tuple(sorted({tile for name in named if (tile := ids.tile_of(name))}))

    @property
    def datastrip_ids(self) -> tuple[str, ...]:
        """The datastrips of the granules, sorted."""
        found = {g.datastrip_id for g in self.listed} | {g.datastrip_id for g in self.granules}
        if self.tile_info is not None and not any(found):
            found.add(self.tile_info.datastrip_id)
        return tuple(sorted(d for d in found if d))

    @property
    def satellite(self) -> str:
        """``S2A`` to ``S2D``.

        Raises:
            FieldMissing: no field and no name tells.
        """
        spacecraft = (self.product.spacecraft if self.product else None) or ""
        if spacecraft.lower() in {f"sentinel-2{letter}" for letter in "abcd"}:
            return f"S2{spacecraft[-1].upper()}"
        named = ids.satellite_of(self._names())
        if named is None:
            raise FieldMissing(
                "The satellite is missing",
                where="//Product_Info/Datatake/SPACECRAFT_NAME",
                remedy="Fetch the complete metadata from the data centre",
            )
        return named

    def _names(self) -> Iterator[str | None]:
        yield self.product.datatake_id if self.product else None
        yield self.product_id
        yield from (granule.granule_id for granule in self.listed)

    @property
    def absolute_orbit(self) -> int | None:
        """The absolute orbit, from an identifier or the manifest."""
        found = (ids.absolute_orbit_of(name) for name in self._names() if name)
        named = next((orbit for orbit in found if orbit is not None), None)
        return named if named is not None or not self.manifest else self.manifest.absolute_orbit

    @property
    def relative_orbit(self) -> int | None:
        """The relative orbit, from the metadata, the manifest or the product's name."""
        for source in (self.product, self.manifest):
            if source is not None and source.relative_orbit is not None:
                return source.relative_orbit
        return ids.relative_orbit_from_name(self.product_id)

    @property
    def orbit_direction(self) -> str | None:
        """``ascending`` or ``descending``."""
        for source in (self.product, self.manifest):
            if source is not None and source.orbit_direction:
                return source.orbit_direction
        return None

    @property
    def datatake_id(self) -> str | None:
        """The datatake without its baseline, made from the product's name if need be."""
        if self.product is not None and self.product.datatake_id:
            return self.product.datatake_id
        return ids.datatake_from_name(self.product_id, self.absolute_orbit)

    @property
    def scene_id(self) -> str | None:
        """The name by which STAC tools know the scene; None for a product of several tiles."""
        if len(self.listed) != 1:
            return None
        listed = self.listed[0]
        tile = ids.tile_of(listed.granule_id)
        if self.product is None or tile is None or not listed.datastrip_id:
            return ids.without_baseline(listed.granule_id)
        return ids.scene_id(self.satellite, tile, listed.datastrip_id, self.level)

    @property
    def datetime(self) -> str:
        """The nominal time of sensing.

        A product's own is the start of its datatake; a tile of the AWS layout
        has one to the second of its overpass, which STAC tools take.
        """
        if self.tile is not None:
            return self.tile.timestamp or self.granules[0].sensing_time
        return self.product.sensing_start if self.product else self.granules[0].sensing_time

    @property
    def processing_baseline(self) -> str | None:
        """The baseline, from the metadata or at the end of the granule's id."""
        if self.product is not None and self.product.processing_baseline:
            return self.product.processing_baseline
        return ids.baseline_of(self.listed[0].granule_id) if self.listed else None

    @property
    def cloud_cover(self) -> Decimal | None:
        """Percent of the one tile covered by clouds, else of the product.

        The product's figure is a mean over its tiles, and carries the noise of that
        sum even where there is but one: 15.047897000000003 for 15.047897.
        """
        if self.single is not None and self.single.cloud_cover is not None:
            return self.single.cloud_cover
        if self.product is not None and self.product.cloud_cover is not None:
            return self.product.cloud_cover
        return self.tile_info.cloud_cover if self.tile_info else None
