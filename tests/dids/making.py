"""A small catalogue in the shape of the DaFab catalogue, and its tree told by hand.

Written without the code under test: from the documents as they are loaded.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Item = dict[str, Any]
HOME = "https://catalogue.example/stac"
SCENES = {
    # tile: west, south, east, north, time
    "T31UFR": (4.4, 49.5, 5.9, 50.5, "2022-07-08T10:43:01Z"),
    "T48PWS": (105.6, 9.8, 106.0, 10.8, "2022-11-21T03:10:01Z"),
    "T33HTC": (12.1, -34.0, 13.0, -33.1, "2022-01-05T08:53:31Z"),
    "T01KAB": (179.2, -17.9, -179.6, -17.0, "2022-09-30T22:40:01Z"),
}
FIGURES = {
    "T31UFR": (3.0, 5.0),
    "T48PWS": (250.0, 2.0),
    "T33HTC": (1.0, 75.0),
    "T01KAB": (0.0, 0.0),
}
"""Excess and deficit of water, in per cent of the reference."""
ANOMALIES = {"T31UFR": "normal", "T48PWS": "flood", "T33HTC": "drought", "T01KAB": "normal"}
SEASONS = {"T31UFR": "summer", "T48PWS": "autumn", "T33HTC": "summer", "T01KAB": "spring"}
"""Of the northern half in July and November; of the southern in January and September."""


def scene(tile: str) -> str:
    day = SCENES[tile][4].replace("-", "").replace(":", "").rstrip("Z")
    return f"S2A_MSIL2A_{day}_N0510_R008_{tile}_20240526T051847"


def _item(name: str, collection: str, tile: str, **more: Any) -> Item:
    west, south, east, north, when = SCENES[tile]
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    geometry: Any = {"type": "Polygon", "coordinates": [ring]}
    if west > east:
        halves = [(west, 180.0), (-180.0, east)]
        rings = [[[[a, south], [b, south], [b, north], [a, north], [a, south]]] for a, b in halves]
        geometry = {"type": "MultiPolygon", "coordinates": rings}
    links = [
        {"rel": "root", "href": HOME},
        {"rel": "self", "href": f"{HOME}/collections/{collection}/items/{name}"},
        {"rel": "collection", "href": f"{HOME}/collections/{collection}"},
    ]
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": name,
        "collection": collection,
        "bbox": [west, south, east, north],
        "geometry": geometry,
        "properties": {"datetime": when, **more},
        "links": links,
        "assets": {},
    }


def _asset(name: str, key: str, kind: str, **more: Any) -> Any:
    return {"href": f"{HOME}/assets/dafab/items/{name}/{key}", "type": kind, **more}


def _from(item: Item, source: str) -> Item:
    address = f"{HOME}/collections/sentinel_2_l2a/items/{source}"
    item["links"].append({"rel": "derived_from", "href": address})
    return item


def items() -> list[Item]:
    """All items: originals, what was made of them, and others of a plain catalogue."""
    found = []
    for number, tile in enumerate(SCENES):
        source = scene(tile)
        original = _item(source, "sentinel_2_l2a", tile, **{"eo:cloud_cover": 20.0 * number})
        original["assets"] = {
            "B02_10m": {"href": f"s3://eodata/{source}/B02.jp2", "type": "image/jp2"},
            "thumb": {
                "href": f"https://files.example/{source}.png",
                "type": "image/png",
                "file:size": 1234,
                "file:checksum": "d50110" + "0123456789abcdef" * 2,
            },
        }
        excess, deficit = FIGURES[tile]
        water = _from(_item(f"{source}_water_analysis_300", "water_analysis", tile), source)
        water["properties"] |= {
            "processing:level": "L4",
            "processing:version": "3.0.0",
            "dafab:water-analysis": {
                "water_analysis_algorithm_version": 300,
                "observed_water": 12.5 + number,
                "excess_total_water_observed": excess,
                "deficit_water_observed": deficit,
            },
        }
        key = "dafab-water-excess"
        water["assets"] = {key: _asset(water["id"], key, "application/geo+json")}
        fields = _from(_item(f"{source}_smart_agriculture_300", "smart_agriculture", tile), source)
        fields["properties"] |= {
            "processing:level": "L4",
            "processing:version": "3.0.0",
            "dafab:smart-agriculture": {
                "smart_agriculture_algorithm_version": 300,
                "number_of_fields": 100 * number,
                "field_percentage": 30.0,
            },
        }
        found += [original, water, fields]
    plain = _item("plain/one + two", "beta", "T31UFR", **{"eo:cloud_cover": None, "title": "ä*"})
    plain["bbox"] = [3.0, 49.0, 0.0, 6.5, 51.0, 90.0]  # with heights, wider than the footprint
    found += [plain, _item("plain_assets", "beta", "T48PWS", gsd=10)]
    return found


def collections(*names: str, since: str = "2022-01-01") -> list[Item]:
    """Collections by their names, or those of the items here."""
    return [
        {
            "type": "Collection",
            "stac_version": "1.1.0",
            "id": name,
            "description": f"Words about {name}",
            "license": "other",
            "extent": {
                "spatial": {"bbox": [[-180, -90, 180, 90]]},
                "temporal": {"interval": [[f"{since}T00:00:00Z", None]]},
            },
            "links": [{"rel": "self", "href": f"{HOME}/collections/{name}"}],
        }
        for name in names or ("sentinel_2_l2a", "water_analysis", "smart_agriculture")
    ]


def write(place: Path) -> Path:
    place.mkdir()
    for number, value in enumerate([*collections(), *items()]):
        (place / f"{number}.json").write_text(json.dumps(value))
    return place


def tree() -> dict[str, list[str]]:
    """What each container is directly below, by name."""
    found = {"stac": []}
    for name in ("sentinel_2_l2a", "water_analysis", "smart_agriculture", "beta"):
        found[name] = ["stac"]
    found["water_anomaly"] = found["water_basin"] = ["water_analysis"]
    found["agriculture_season"] = ["smart_agriculture"]
    for value in ("flood", "drought", "normal"):
        found[f"water_anomaly_{value}"] = ["water_anomaly"]
    found["water_basin_unclassified"] = ["water_basin"]
    for value in ("spring", "summer", "autumn", "winter"):
        found[f"agriculture_season_{value}"] = ["agriculture_season"]
    for tile in SCENES:
        source = scene(tile)
        found[source] = ["sentinel_2_l2a"]
        found[f"{source}_water_analysis_300"] = [
            source,
            f"water_anomaly_{ANOMALIES[tile]}",
            "water_basin_unclassified",
        ]
        found[f"{source}_smart_agriculture_300"] = [
            source,
            f"agriculture_season_{SEASONS[tile]}",
        ]
    found["plain/one + two"] = found["plain_assets"] = ["beta"]
    return found


def ancestors(name: str, below: dict[str, list[str]]) -> dict[str, int]:
    """All that a container is below, with the least number of steps."""
    found: dict[str, int] = {}
    level, depth = below[name], 1
    while level:
        for one in level:
            found.setdefault(one, depth)
        level = [up for one in level for up in below[one] if up not in found]
        depth += 1
    return found


def files(item: Item) -> list[str]:
    """The files of an item, by hand."""
    endings = {"B02_10m": ".jp2", "thumb": ".png", "dafab-water-excess": ".geojson"}
    return sorted(f"{item['id']}_{key}{endings[key]}" for key in item["assets"])
