"""Scenes, cloud masks and parcels for tests, written as files that the loaders read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import rasterio
import shapely
from affine import Affine
from shapely.geometry.base import BaseGeometry

UTM = "EPSG:32633"
ORIGIN = (500_000.0, 5_100_000.0)  # upper left corner of the test scene, metres in UTM 33 N
TO_DEGREES = pyproj.Transformer.from_crs(UTM, "OGC:CRS84", always_xy=True).transform


def degrees(shape: BaseGeometry, move: Callable[..., Any] = TO_DEGREES) -> BaseGeometry:
    """The same shape in longitude and latitude."""
    divided = shapely.segmentize(shape, 500.0)
    return shapely.transform(divided, move, interleaved=False)  # type: ignore[arg-type]


def write_scene(
    folder: Path,
    name: str,
    footprint: BaseGeometry,
    classes: npt.NDArray[np.uint8] | None = None,
    *,
    pixel: float = 20.0,
    time: str = "2021-06-01T10:00:00Z",
    crs: str | None = UTM,
) -> Path:
    """Write a STAC item, and beside it its scene classification."""
    folder.mkdir(parents=True, exist_ok=True)
    west, south, east, north = footprint.bounds
    assets: dict[str, Any] = {}
    if classes is not None:
        file = folder / f"{name}_SCL.tif"
        assets["scl"] = {"href": f"./{file.name}", "type": "image/tiff; application=geotiff"}
        with rasterio.open(
            file, "w", driver="GTiff", height=classes.shape[0], width=classes.shape[1], count=1,
            dtype="uint8", nodata=0, crs=crs,
            transform=Affine(pixel, 0, ORIGIN[0], 0, -pixel, ORIGIN[1]),
        ) as raster:  # fmt: skip
            raster.write(classes, 1)
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": "sentinel-2-l2a",
        "bbox": [west, south, east, north],
        "geometry": shapely.geometry.mapping(footprint),
        "properties": {"datetime": time, "platform": "sentinel-2a"},
        "links": [],
        "assets": assets,
    }
    (folder / f"{name}.json").write_text(json.dumps(item))
    return folder


def write_parcels(
    file: Path, shapes: Mapping[str, BaseGeometry], *, dataset: str = "d", season: str = "2021"
) -> Path:
    """Write boundaries (longitude and latitude) as RDF, as the mappings of parcels say them."""
    base = "https://w3id.org/dafab/id/"
    lines = [
        "@prefix dafab: <https://w3id.org/dafab/ns#> .",
        "@prefix geo: <http://www.opengis.net/ont/geosparql#> .",
        f'<{base}parcels/{dataset}> a dafab:ParcelSet ; dafab:dataset "{dataset}" .',
    ]
    for name, shape in shapes.items():
        parcel = f"{base}parcel/{dataset}/{name}"
        boundary = f"{parcel}/boundary/{season}"
        lines += [
            f'<{parcel}> a dafab:Parcel ; dafab:parcelId "{name}" ;'
            f" dafab:inParcelSet <{base}parcels/{dataset}> .",
            f"<{boundary}> a dafab:ParcelBoundary ; dafab:boundaryOf <{parcel}> ;"
            f' dafab:season "{season}" ; geo:hasGeometry <{boundary}/geometry> ;'
            " dafab:boundaryArea 1.0 .",
            f'<{boundary}/geometry> a geo:Geometry ; geo:asWKT "{shape.wkt}"^^geo:wktLiteral .',
        ]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines))
    return file
