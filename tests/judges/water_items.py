"""Data identifiers made from the real water-analysis metadata, and what filters find of them.

What is found is told here from the documents alone, by hand: it shares nothing with the code
under test.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import shapely

Item = dict[str, Any]
BLOCK = "dafab:water-analysis"
BOX = (5.0, 45.0, 15.0, 55.0)
SQUARE = "POLYGON((104 9, 107 9, 107 17, 104 17, 104 9))"


def make(shared: Path, number: int, seed: int = 3) -> list[Item]:
    """Make items: real ones, with the times of processing in their names changed."""
    chance = random.Random(seed)
    files = sorted((shared / "water_analysis").glob("*.json"))
    real = [one for one in map(json.loads, (f.read_text() for f in files)) if one.get("bbox")]
    found = []
    for count in range(number):
        item = copy.deepcopy(real[count % len(real)])
        if count >= len(real):
            old = item["id"].removesuffix("_water_analysis_200")
            new = re.sub(r"T\d{6}$", f"T{count:06d}", old)
            item = json.loads(json.dumps(item).replace(old, new))
        told = item["properties"]
        kind = chance.random()
        if kind < 0.8:
            told["eo:cloud_cover"] = chance.choice([round(chance.uniform(0, 100), 2), 10, 20.0])
        elif kind < 0.85:
            told["eo:cloud_cover"] = None
        told["platform"] = "sentinel-2a" if item["id"].startswith("S2A") else "sentinel-2b"
        if chance.random() < 0.7:
            told["dafab:run"] = chance.choice([31, "31", "construed", "30E10", 7, True, "true"])
        if chance.random() < 0.5:
            told["dafab:notes"] = chance.choice(["wet", "dry; very", "a,b", "wet_land", "wetXland"])
        found.append(item)
    return found


def verdict(item: Item) -> str:
    """What docs/decisions/water-anomaly.md says of the figures (rule water-anomaly/1)."""
    block = item["properties"][BLOCK]

    def notable(sign: str, least: float) -> bool:
        area = block.get(f"{sign}_observed_area(km2)")
        return block[f"{sign}_observed"] >= least and (area is None or area >= 1)

    if not {"excess_total_water_observed", "deficit_water_observed"} <= block.keys():
        return ""
    flood, drought = notable("excess_total_water", 100), notable("deficit_water", 30)
    if flood and drought:
        return "flood_and_drought"
    return "flood" if flood else "drought" if drought else "normal"


def cloud(test: Callable[[float], bool]) -> Callable[[Item], bool]:
    def told(item: Item) -> bool:
        found = item["properties"].get("eo:cloud_cover")
        return found is not None and test(found)

    return told


def shape(item: Item) -> Any:
    return shapely.from_geojson(json.dumps(item["geometry"]))


def of(key: str) -> Callable[[Item], Any]:
    return lambda item: item["properties"].get(key)


def day(item: Item) -> str:
    return str(item["properties"]["datetime"])[:10]


BY_COMMAND: dict[str, Callable[[Item], bool]] = {
    "anomaly=flood": lambda i: verdict(i) in ("flood", "flood_and_drought"),
    "anomaly=flood_and_drought": lambda i: verdict(i) == "flood_and_drought",
    "anomaly!=flood": lambda i: verdict(i) in ("drought", "normal"),
    "product.isa=DroughtScene": lambda i: verdict(i) in ("drought", "flood_and_drought"),
    "eo:cloud_cover<=20": cloud(lambda c: c <= 20),
    "10<eo:cloud_cover<=20": cloud(lambda c: 10 < c <= 20),
    "eo:cloud_cover!=20": cloud(lambda c: c != 20),
    "eo:cloud_cover=20,platform=sentinel-2a": lambda i: (
        of("eo:cloud_cover")(i) == 20 and of("platform")(i) == "sentinel-2a"
    ),
    "anomaly=drought;eo:cloud_cover>95": lambda i: (
        verdict(i) in ("drought", "flood_and_drought") or cloud(lambda c: c > 95)(i)
    ),
    "dafab:run=construed": lambda i: of("dafab:run")(i) == "construed",
    "dafab:run=31": lambda i: of("dafab:run")(i) in (31, "31"),
    "dafab:run=30E10": lambda i: of("dafab:run")(i) == "30E10",
    "dafab:notes=wet*": lambda i: str(of("dafab:notes")(i) or "").startswith("wet"),
    "dafab:notes=wet_*": lambda i: str(of("dafab:notes")(i) or "").startswith("wet_"),
    "dafab:notes!=wet": lambda i: of("dafab:notes")(i) not in (None, "wet"),
    f"{BLOCK}__observed_water>20": lambda i: i["properties"][BLOCK]["observed_water"] > 20,
    f"{BLOCK}__deficit_water__number=4": lambda i: (
        i["properties"][BLOCK].get("deficit_water", {}).get("number") == 4
    ),
    "footprint.intersects=5 45 15 55": lambda i: shape(i).intersects(shapely.box(*BOX)),
    "footprint.within=5 45 15 55": lambda i: shapely.box(*BOX).contains(shape(i)),
    "datetime>=2022-01-01": lambda i: day(i) >= "2022-01-01",
    "datetime.during=2022-01-01/2022-12-31": lambda i: day(i)[:4] == "2022",
    "time.during=2021-06-01/..,anomaly=normal": lambda i: (
        day(i) >= "2021-06-01" and verdict(i) == "normal"
    ),
    "eo:cloud_cover=None,platform=sentinel-2b": lambda i: (
        of("eo:cloud_cover")(i) is None and of("platform")(i) == "sentinel-2b"
    ),
    "eo:cloud_cover=*,name=S2B*": lambda i: (
        of("eo:cloud_cover")(i) is not None and i["id"].startswith("S2B")
    ),
}
"""Filters as Rucio's command line takes them, and what fulfils them."""

BY_CLIENT: list[tuple[Any, Callable[[Item], bool]]] = [
    ([{"footprint.intersects": SQUARE}], lambda i: shape(i).intersects(shapely.from_wkt(SQUARE))),
    ([{"dafab:notes": "dry; very"}], lambda i: of("dafab:notes")(i) == "dry; very"),
    ([{"dafab:notes.in": ["a,b", "wet"]}], lambda i: of("dafab:notes")(i) in ("a,b", "wet")),
    ([{"dafab:notes.contains": "et"}], lambda i: "et" in str(of("dafab:notes")(i) or "")),
    ([{"eo:cloud_cover.lt": 5.5}, {"anomaly": "flood"}], lambda i: (
        cloud(lambda c: c < 5.5)(i) or verdict(i) in ("flood", "flood_and_drought")
    )),
    ([{"dafab:run": True}], lambda i: str(of("dafab:run")(i)).lower() == "true"),
    ([{"dafab:run.ne": "construed"}], lambda i: of("dafab:run")(i) not in (None, "construed")),
]  # fmt: skip
"""The same of its Python client."""
