"""Rasters that tests write, and the loader run over what they wrote."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.shutil import copy

from dafab_kg.loaders.raster import RasterLoader
from dafab_kg.loaders.trees import open_trees
from dafab_kg.model.documents import Found, Reading, Refused
from dafab_kg.model.records import RasterBand, RasterFile, Record, WaterMask
from dafab_kg.model.settings import Settings

R = TypeVar("R", bound=Record)

UTM = "EPSG:32633"
TEN_METRES = Affine(10, 0, 500000, 0, -10, 5100000)
ITEM_ID = "S2A_MSIL2A_20230815T095031_N0509_R079_T33TWL_20230815T155057_water_analysis_200"


def write(
    path: Path,
    pixels: NDArray[Any],
    *,
    crs: str | None = UTM,
    transform: Affine | None = TEN_METRES,
    tags: dict[str, str] | None = None,
    **options: Any,
) -> Path:
    """Write bands (rows by columns, or bands by rows by columns) as GeoTIFF."""
    bands = pixels if pixels.ndim == 3 else pixels[np.newaxis]
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            count=bands.shape[0],
            height=bands.shape[1],
            width=bands.shape[2],
            dtype=options.pop("dtype", str(pixels.dtype)),
            crs=crs,
            transform=transform,
            **options,
        ) as dataset:
            dataset.write(bands)
            dataset.update_tags(**(tags or {}))
    return path


def write_cog(path: Path, source: Path, **options: Any) -> Path:
    """Write the raster ``source`` again with GDAL's driver for cloud optimised GeoTIFF."""
    copy(source, path, driver="COG", **options)
    return path


def find(*paths: Path, assume: str = "") -> list[Found | Refused]:
    """Run ``find`` over files and folders."""
    loader = RasterLoader(assume=assume)
    trees = open_trees(paths, Settings())
    return [
        found
        for tree in trees
        for found in ([tree] if isinstance(tree, Refused) else loader.find(tree))
    ]


def read(*paths: Path) -> Reading:
    """Find the one raster in ``paths`` and read it."""
    (found,) = find(*paths)
    assert isinstance(found, Found), found
    return RasterLoader().read(found.document)


def of_type(reading: Reading, kind: type[R]) -> list[R]:
    return [one for one in reading.records if isinstance(one, kind)]


def raster_of(reading: Reading) -> RasterFile:
    (one,) = of_type(reading, RasterFile)
    return one


def bands_of(reading: Reading) -> list[RasterBand]:
    return of_type(reading, RasterBand)


def mask_of(reading: Reading) -> WaterMask:
    (one,) = of_type(reading, WaterMask)
    return one


def water_item(assets: dict[str, dict[str, Any]], **figures: Any) -> dict[str, Any]:
    """A DaFab water analysis of tile 33TWL with the given assets and figures."""
    corners = [[15.0, 45.05], [16.4, 45.05], [16.4, 46.05], [15.0, 46.05], [15.0, 45.05]]
    return {
        "id": ITEM_ID,
        "type": "Feature",
        "stac_version": "1.1.0",
        "collection": "water_analysis",
        "bbox": [15.0, 45.05, 16.4, 46.05],
        "geometry": {"type": "Polygon", "coordinates": [corners]},
        "links": [
            {
                "rel": "derived_from",
                "href": "https://dafab.example/stac/collections/sentinel_2_l2a/items/"
                + ITEM_ID.removesuffix("_water_analysis_200"),
            },
            {
                "rel": "self",
                "href": "https://dafab.example/stac/collections/water_analysis/items/" + ITEM_ID,
            },
        ],
        "properties": {
            "datetime": "2023-08-15T09:58:11Z",
            "dafab:water-analysis": {"water_analysis_algorithm_version": 200, **figures},
        },
        "assets": assets,
    }


def write_item(folder: Path, value: dict[str, Any], name: str = "item.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(value))
    return path
