"""What lies on the ground of two scenes: fields, cloud and water, so that figures can be derived.

Fields are larger than life (2 km a side), so that two thousand cover a tile.  Rasters have
pixels of 120 m and agree with the figures of the scene's items.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dafab_kg.sample.chance import Chance
from dafab_kg.sample.plan import Product
from dafab_kg.sample.scene import Scene
from dafab_kg.sample.tiles import TILE_METRES, Tile, lonlat, tile

Json = dict[str, Any]
Pixels = npt.NDArray[np.int8] | npt.NDArray[np.uint8]

PIXEL: Final = 120  # metres
SIDE: Final = TILE_METRES // PIXEL
_CELL: Final = 2400  # metres from field to field
_CROPS: Final = (  # HCAT code and name
    ("3301010101", "winter common soft wheat"),
    ("3301010401", "winter barley"),
    ("3301010600", "grain maize"),
    ("3302000000", "pasture meadow grassland grass"),
)
DATASET: Final = "sample-fields"
_VEGETATION, _CLOUD, _NO_DATA = 4, 9, 0


def clearest_fields(scenes: list[Scene]) -> Scene | None:
    """Return the whole scene of Luxembourg with the least cloud."""
    whole = [s for s in scenes if _is(s.product, "luxembourg") and s.nodata == 0]
    return min(whole, key=lambda s: (s.cover.cloud, s.product.product_id), default=None)


def highest_water(scenes: list[Scene]) -> Scene | None:
    """Return the whole scene of Florida with the highest flood."""
    whole = [s for s in scenes if _is(s.product, "florida") and s.nodata == 0]
    return max(whole, key=lambda s: (s.flood, s.product.product_id), default=None)


def _is(product: Product, region: str) -> bool:
    of = product.acquisition.passed
    return of.region == region and of.view.side == "all" and product.level == "L2A"


def fields(seed: int, of: Scene, year: int, part: float = 1.0) -> Json:
    """Return parcels of a tile in one growing season as fiboa 0.2; areas in hectares.

    ``part`` of the fields are in it; a field has the same id in every season.
    """
    place = tile(of.product.acquisition.tile)
    return {
        "type": "FeatureCollection",
        "fiboa_version": "0.2.0",
        "fiboa_extensions": [],
        "features": list(_fields(seed, place, year, part)),
    }


def _fields(seed: int, place: Tile, year: int, part: float) -> Iterator[Json]:
    count = TILE_METRES // _CELL
    for number in range(count * count):
        row, column = divmod(number, count)
        lasting = Chance(seed, "field", place.name, number)
        width, height = lasting.whole(1900, 2200), lasting.whole(1900, 2200)
        season = Chance(seed, "season", place.name, number, year)
        code, name = season.one(_CROPS)
        if number >= part * count * count:
            return
        west = place.ulx + column * _CELL + 100
        north = place.uly - row * _CELL - 100
        ring = lonlat(
            place.epsg,
            [
                (west, north),
                (west, north - height),
                (west + width, north - height),
                (west + width, north),
            ],
        )
        yield {
            "type": "Feature",
            "id": f"{place.name}-{number:04d}",
            "geometry": {"type": "Polygon", "coordinates": [[*map(list, ring), list(ring[0])]]},
            "properties": {
                "collection": DATASET,
                "area": round(width * height / 1e4, 2),
                "determination_datetime": f"{year}-06-15T00:00:00Z",
                "determination_method": "auto-imagery",
                "ec:hcat_code": code,
                "crop_name": name,
                "model": "sample_delineation",
                "model_version": "1.0",
                "confidence": round(season.between(0.8, 0.99), 2),
            },
        }


def classification(seed: int, of: Scene) -> Pixels:
    """Return the scene classification: vegetation, and cloud as the item's cloud cover says."""
    pixels = np.full((SIDE, SIDE), _VEGETATION, np.uint8)
    chance = Chance(seed, "cloud pixels", of.product.product_id)
    wanted = round(of.cover.cloud / 100 * SIDE * SIDE)
    while (left := wanted - int((pixels == _CLOUD).sum())) > 0:
        size = min(chance.whole(4, 24), max(1, int(left**0.5)))
        row, column = chance.whole(0, SIDE - size), chance.whole(0, SIDE - size)
        pixels[row : row + size, column : column + size] = _CLOUD
    return pixels


def water(figures: Json) -> dict[str, Pixels]:
    """Return reference and observed water of a scene, by key of asset: 1 water, 0 land, -1 hidden.

    Water lies in the west like a sea: first what is missing, then what is there, then the
    excess; what clouds hide lies in the east.
    """
    mask = figures["difference_water_mask"]
    total = SIDE * SIDE
    share = {name: round(value / 100 * total) for name, value in mask.items()}
    deficit = share["water_deficit_observed"]
    lasting = deficit + share["water_permanent_observed"]
    observed = lasting + share["water_seasonal_observed"] + share["water_excess_observed"]
    hidden = share["exclusion_observed"]
    permanent = round(figures["reference_permanent_water"] / 100 * total)
    reference = np.zeros(total, np.int8)
    reference[:lasting] = 1
    reference[total - (permanent - lasting) :] = 1  # what the clouds hide
    seen = np.zeros(total, np.int8)
    seen[deficit:observed] = 1
    seen[total - hidden :] = -1
    return {
        "dafab-GFM-reference-water-mask": np.ascontiguousarray(reference.reshape(SIDE, SIDE).T),
        "dafab-AI-postprocessed-observed-water": np.ascontiguousarray(seen.reshape(SIDE, SIDE).T),
    }


def geotiff(of: Scene, pixels: Pixels, nodata: int) -> bytes:
    """Write pixels as a Cloud Optimised GeoTIFF on the grid of the scene's tile."""
    from rasterio.io import MemoryFile
    from rasterio.transform import from_origin

    place = tile(of.product.acquisition.tile)
    profile = {
        "driver": "COG",
        "width": SIDE,
        "height": SIDE,
        "count": 1,
        "dtype": pixels.dtype.name,
        "crs": f"EPSG:{place.epsg}",
        "transform": from_origin(place.ulx, place.uly, PIXEL, PIXEL),
        "nodata": nodata,
        "compress": "deflate",
    }
    with MemoryFile() as memory:
        with memory.open(**profile) as raster:
            raster.write(pixels, 1)
        return bytes(memory.read())
