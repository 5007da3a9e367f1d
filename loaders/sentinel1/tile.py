"""A tile of terrain-corrected images on AWS, made from the scenes whose directories it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dafab_kg.loaders.sentinel1.product_info import ProductInfo
from dafab_kg.model.product_names import platform_of
from dafab_kg.model.records import Acquisition, Instrument, Platform, Product, Record, Tile

INSTRUMENT = "c-sar"
_TILE = re.compile(r"(?:\A|/)(S1[A-D]_\d{8}_(\d\d[A-Z]{3})_(ASC|DSC))(?=/|\Z)")
_DIRECTIONS = {"ASC": "ascending", "DSC": "descending"}


def tile_in_path(path: str) -> str | None:
    """Return the tile directory that a path leads through.

    >>> tile_in_path("x/S1A_20200103_17RMJ_ASC/S1A_IW_GRDH/productInfo.json")
    'S1A_20200103_17RMJ_ASC'
    """
    match = _TILE.search(path)
    return match[1] if match else None


def records_of_tile(tile_id: str, scenes: Sequence[ProductInfo]) -> Iterator[Record]:
    """Yield what is known of a tile: where its pixels come from.

    Where in the tile they lie, only its images tell.
    """
    match = _TILE.search(tile_id)
    mgrs, direction = (match[2], _DIRECTIONS[match[3]]) if match else (None, None)
    first = min(scenes, key=lambda scene: scene.name.told["start"])
    named, satellite = first.name.fields, first.name.satellite
    platform = platform_of(satellite)
    starts = [s.sensing_start or s.name.fields["sensing_start"] for s in scenes]
    stops = [s.sensing_stop or s.name.fields["sensing_stop"] for s in scenes]
    acquisitions = {s.name.acquisition_id: s for s in scenes if s.name.acquisition_id}
    yield Product(
        product_id=tile_id,
        product_type="RTC",
        platform=platform,
        instrument=INSTRUMENT,
        acquisition_ids=tuple(sorted(acquisitions)),
        datatake_id=named["datatake_id"],
        mgrs_tiles=(mgrs,) if mgrs else (),
        datetime=min(starts),
        sensing_start=min(starts),
        sensing_stop=max(stops),
        absolute_orbit=named["absolute_orbit"],
        orbit_direction=direction,
        polarisations=named["polarisations"],
        instrument_mode=named["instrument_mode"],
        source_product_ids=tuple(sorted(scene.name.name for scene in scenes)),
    )
    yield Platform(platform, f"Sentinel-1{satellite[2]}", "sentinel-1")
    yield Instrument(platform, INSTRUMENT, "C-SAR", "sar")
    if mgrs:
        yield Tile(mgrs)
    for acquisition_id in sorted(acquisitions):
        yield Acquisition(acquisition_id, platform, INSTRUMENT, named["datatake_id"])
