"""Small documents for tests: DaFab water items written here, in two versions."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

TILES = ("31UFS", "48PWS", "17RLL")


def source_id(number: int) -> str:
    """Name of the source product of item ``number``."""
    day, tile = number % 28 + 1, TILES[number % 3]
    sensed = f"202210{day:02d}T10{number % 60:02d}21"
    made = f"202210{day:02d}T15{number // 60:02d}00"
    return f"S2A_MSIL2A_{sensed}_N0400_R{number % 143 + 1:03d}_T{tile}_{made}"


def water_item(number: int, version: str = "a") -> dict[str, Any]:
    """Make a ``water_analysis`` item; each version differs in its figures."""
    source = source_id(number)
    item = f"{source}_water_analysis_200"
    root = "https://dafab.cern.ch/stac"
    west, south = round(5 + number % 7 * 0.25, 2), round(49 + number % 5 * 0.25, 2)
    east, north = west + 0.5, south + 0.5
    excess = round(number % 40 + zlib.crc32(version.encode()) % 10_000 / 10_000, 4)
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": item,
        "collection": "water_analysis",
        "bbox": [west, south, east, north],
        "geometry": {
            "type": "Polygon",
            "coordinates": [
                [[west, south], [east, south], [east, north], [west, north], [west, south]]
            ],
        },
        "properties": {
            "datetime": f"{source[11:15]}-{source[15:17]}-{source[17:19]}T10:43:21.024Z",
            "processing:level": "L4",
            "processing:version": "2.0.0",
            "dafab:water-analysis": {
                "water_analysis_algorithm_version": 200,
                "observed_water": 12.5 + number % 10,
                "excess_total_water_observed": excess,
                "deficit_water_observed": 0.25,
                "excess_total_water": {"number": number, "total_area(km2)": 1.5},
            },
        },
        "links": [
            {"rel": "root", "href": root},
            {"rel": "self", "href": f"{root}/collections/water_analysis/items/{item}"},
            {"rel": "collection", "href": f"{root}/collections/water_analysis"},
            {"rel": "derived_from", "href": f"{root}/collections/sentinel_2_l2a/items/{source}"},
        ],
        "assets": {
            "dafab-water-excess": {
                "href": f"{root}/assets/dafab/items/{item}/dafab-water-excess",
                "type": "application/geo+json",
            }
        },
    }


def write_items(directory: Path, count: int, version: str = "a") -> Path:
    """Write ``count`` items, one a file."""
    directory.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        item = water_item(number, version)
        (directory / f"{item['id']}.json").write_text(json.dumps(item, indent=1))
    return directory
