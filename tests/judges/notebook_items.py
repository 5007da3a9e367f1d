"""Documents of the items that the packaged notebook for users names, written without it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from tests.dids.making import HOME, collections

DATA = b"bytes of an asset" * 500
SCENES = {
    # id: west, south, east, north
    "S2C_MSIL2A_20260218T105111_N0512_R051_T30TYN_20260218T145711": (-1.1, 42.3, 0.3, 43.3),
    "S2C_MSIL2A_20260218T105111_N0512_R051_T30TXN_20260218T145711": (-1.8, 42.3, -0.4, 43.3),
    "S2A_MSIL2A_20160229T032652_N0500_R018_T48QUH_20231011T191655": (103.0, 18.9, 104.1, 19.9),
    "S2B_MSIL2A_20190101T091359_N0500_R050_T34SGH_20221202T002115": (23.3, 36.9, 24.6, 37.9),
}
SCOPES = {"hand": "hand", "worldcover": "worldcover"}
OTHERS = {
    # id: collection, asset, west, south, east, north
    "Copernicus_DSM_COG_10_N15_00_W018_00_HAND": ("hand", "data", -18.0, 15.0, -17.0, 16.0),
    "Copernicus_DSM_COG_10_N37_00_E023_00_HAND": ("hand", "data", 23.0, 37.0, 24.0, 38.0),
    "ESA_WorldCover_10m_2021_v200_N42W003_Map": ("worldcover", "Map", -3.0, 42.0, 0.0, 45.0),
    "ESA_WorldCover_10m_2021_v200_N36E024_Map": ("worldcover", "Map", 24.0, 36.0, 27.0, 39.0),
}
COLLECTIONS = ("sentinel_2_l2a", "water_analysis", "smart_agriculture", "hand", "worldcover")
MEKONG = (100.0, 10.0, 108.0, 22.0)
FIELDS = 120_000


def _item(
    name: str, collection: str, box: tuple[float, ...], when: str, assets: dict[str, Any]
) -> dict[str, Any]:
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": name,
        "collection": collection,
        "bbox": list(box),
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"datetime": when},
        "links": [
            {"rel": "root", "href": HOME},
            {"rel": "collection", "href": f"{HOME}/collections/{collection}"},
        ],
        "assets": assets,
    }


def items(files: str) -> list[dict[str, Any]]:
    """All items; ``files`` is the address where their assets lie."""

    def asset(kind: str) -> dict[str, Any]:
        return {
            "href": f"{files}/asset.bin",
            "type": kind,
            "roles": ["data"],
            "file:size": len(DATA),
            "file:checksum": "d50110" + hashlib.md5(DATA, usedforsecurity=False).hexdigest(),
        }

    found = []
    for name, box in SCENES.items():
        date = re.search(r"_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)_", name)
        assert date is not None
        when = "{}-{}-{}T{}:{}:{}Z".format(*date.groups())
        bands = {key: asset("image/jp2") for key in ("B11_20m", "TCI_20m")}
        found.append(_item(name, "sentinel_2_l2a", box, when, bands))
        if "T48QUH" not in name:
            continue
        for kind, key in (
            ("smart_agriculture", "dafab-field-boundaries"),
            ("water_analysis", "dafab-water-excess"),
        ):
            product = _item(
                f"{name}_{kind}_300", kind, box, when, {key: asset("application/geo+json")}
            )
            address = f"{HOME}/collections/sentinel_2_l2a/items/{name}"
            product["links"].append({"rel": "derived_from", "href": address})
            product["properties"] |= {"processing:level": "L4", "processing:version": "3.0.0"}
            found.append(product)
    fields, water = (one for one in found if one["id"].endswith("_300"))
    fields["properties"]["dafab:smart-agriculture"] = {
        "smart_agriculture_algorithm_version": 300,
        "number_of_fields": FIELDS,
    }
    water["properties"]["dafab:water-analysis"] = {
        "water_analysis_algorithm_version": 300,
        "excess_total_water_observed": 1.0,
        "deficit_water_observed": 2.0,
    }
    for name, (collection, key, *box) in OTHERS.items():
        when = "2021-01-01T00:00:00Z"
        found.append(_item(name, collection, tuple(box), when, {key: asset("image/tiff")}))
    return found


def write(place: Path, files: str) -> Path:
    """Write all documents, one a file, into a new folder."""
    place.mkdir()
    described = collections(*COLLECTIONS, since="2016-01-01")
    for number, document in enumerate([*described, *items(files)]):
        (place / f"{number}.json").write_text(json.dumps(document))
    return place


def basins() -> dict[str, Any]:
    """A river basin, as a data set of places has it."""
    west, south, east, north = MEKONG
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": "mekong",
                "properties": {"name": "Mekong"},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        ],
    }
