"""dafab-client from PyPI, unmodified, in an environment of its own, against a running server.

Its functions are called one by one (``dafab_client_run.py``); what they give is compared with
what the loaded documents say.  ``docs/dafab-client.md`` is the table of what works.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

import dafab_kg
from dafab_kg.model.did_names import encode_did_name
from dafab_kg.model.settings import Settings
from tests.dids import making
from tests.judges.clients import Told, by_name, files_at, run_client, value
from tests.serving.served import Server

SOURCE = making.scene("T48PWS")
DERIVED = f"{SOURCE}_water_analysis_300"
BELOW = making.tree()
DATA = b"not really a picture" * 1000
ITEMS = {item["id"]: item for item in making.items()}
NAMES = [encode_did_name(name) for name in sorted(ITEMS)]
"""As a Rucio has them."""
CATALOGS = {name for name in BELOW if name not in ITEMS}
COLLECTIONS = {name for name, ups in BELOW.items() if ups == ["stac"]}
BOX = (100.0, 5.0, 110.0, 15.0)

pytestmark = [pytest.mark.oracle, pytest.mark.slow]


def compare(comparator: str, path: list[Any], **more: Any) -> dict[str, Any]:
    return {"type": "comparison", "comparator": comparator, "path": path, **more}


CLOUDY = compare("greaterThan", ["properties", "eo:cloud_cover"], value=30, valueType="number")
FILTERS = {
    "attribute": CLOUDY,
    "inherited": {**CLOUDY, "inherited": True},
    "did": compare("like", ["name"], value="*_water_*", on="did"),
    "null": compare("isNull", ["properties", "eo:cloud_cover"]),
    "array": compare("isEmpty", ["stac_extensions"]),
}
REFUSED = {
    "comparator": compare("near", ["id"], value="a"),
    "nested marks": {
        "type": "logical", "combinator": "and", "inherited": True,
        "filters": [{**CLOUDY, "inherited": True}],
    },
    "size": compare("in", ["id"], value=["a" * 4000] * 10),
}  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    place = tmp_path_factory.mktemp("client")
    (place / "files").mkdir()
    lies = {SOURCE: ("thumb", "thumb.png"), DERIVED: ("dafab-water-excess", "water.geojson")}
    for _, name in lies.values():
        (place / "files" / name).write_bytes(DATA)
    with files_at(place / "files") as files:
        written = making.write(place / "items")
        for path in written.iterdir():  # assets that can be fetched, with what their bytes are
            item = json.loads(path.read_text())
            if item["id"] in lies:
                key, name = lies[item["id"]]
                item["assets"][key] |= {
                    "href": f"{files}/{name}",
                    "file:size": len(DATA),
                    "file:checksum": "d50110"
                    + hashlib.md5(DATA, usedforsecurity=False).hexdigest(),
                }
                path.write_text(json.dumps(item))
                ITEMS[item["id"]] = item
        with dafab_kg.open(place / "store", settings=Settings(store=place / "store")) as catalogue:
            catalogue.load(written)
        server = Server(place / "store")
        facts = {
            "source": SOURCE, "derived": DERIVED, "water": "water_analysis", "asset": "thumb",
            "stac": f"{server.address}stac", "box": BOX, "home": making.HOME,
            "times": ["2022-07-01T00:00:00Z", "2022-10-01T00:00:00Z"],
            "filters": FILTERS, "refused": REFUSED,
        }  # fmt: skip
        try:
            lines = run_client("dafab_client_run.py", server.address, facts, place)
        finally:
            assert server.stop() == 0
    yield by_name(lines)


def test_listings(told):
    assert value(told, "ping")["version"]
    assert value(told, "whoami")["account"] == "guest"
    catalogs = value(told, "get_catalogs_and_collections")
    assert [one["id"] for one in catalogs] == sorted(CATALOGS)
    assert value(told, "get_items") == NAMES
    assert value(told, "get_items", "*") == sorted(n for n in ITEMS if "_water_" in n)
    assert value(told, "get_items", "one") == [SOURCE]
    sets = [encode_did_name(f"{name}_assets") for name in sorted(ITEMS)]
    assert value(told, "get_stac_objects", "sets") == sets
    files = [encode_did_name(n) for item in sorted(ITEMS) for n in making.files(ITEMS[item])]
    assert value(told, "get_stac_objects", "files") == files
    assert value(told, "get_stac_objects", "all") == len(BELOW) + len(sets) + len(files)
    page = value(told, "search_dids", "limit, cursor")
    assert len(page["dids"]) == 2 and page["next_cursor"]
    for function in ("list_accounts", "list_stac_scopes", "list_storages"):
        value(told, function)
    assert told["check_storage", "a storage not there"]["error"].startswith("RSENotFound")


def test_filters(told):
    function = "get_items_by_enhanced_filter"
    assert value(told, function, "Feature") == sorted(ITEMS)
    assert value(told, function, "Collection") == sorted(COLLECTIONS)
    assert value(told, function, "Catalog") == sorted(CATALOGS - COLLECTIONS)
    cloudy = [making.scene(tile) for tile in ("T33HTC", "T01KAB")]
    assert value(told, function, "attribute") == sorted(cloudy)
    below = [
        f"{name}_{what}_300" for name in cloudy for what in ("smart_agriculture", "water_analysis")
    ]
    assert value(told, function, "inherited") == sorted(below)
    assert value(told, function, "did") == sorted(n for n in ITEMS if "_water_" in n)
    assert value(told, function, "null") == ["plain/one + two"]
    assert set(ITEMS) <= set(value(told, function, "array"))
    for how in REFUSED:
        assert told[function, f"refused: {how}"]["error"].startswith("InvalidObject")


def _meets(item: Any) -> bool:
    """The rule of the client's box, on four numbers as they stand."""
    west, south, east, north = item["bbox"][:4]
    return not (west > BOX[2] or south > BOX[3] or east < BOX[0] or north < BOX[1])


def test_places_and_times(told):
    near = {name for name, item in ITEMS.items() if _meets(item)}
    days = ("2022-07-01", "2022-10-01")
    then = {n for n, item in ITEMS.items() if days[0] <= item["properties"]["datetime"] < days[1]}
    assert value(told, "get_items_by_bbox") == sorted(near)
    assert value(told, "get_items_by_bbox", "metadata") == sorted(near)
    assert value(told, "get_items_by_timerange") == sorted(then)
    assert value(told, "get_items_by_bbox_and_timerange") == sorted(near & then)
    assert "Map" in value(told, "get_map")


def test_relations(told):
    waters = sorted(name for name in ITEMS if "_water_" in name)
    assert value(told, "get_item_ids_by_collection_field") == waters
    assert value(told, "get_item_ids_by_top_facet_catalog") == waters
    assert value(told, "get_item_ids_by_facet_value_catalog") == [DERIVED]
    made = sorted([DERIVED, f"{SOURCE}_smart_agriculture_300"])
    assert value(told, "get_related_item_ids_from_original_item") == made
    assert value(told, "get_source_original_item_ids_from_derived_item") == [SOURCE]
    assert value(told, "get_sibling_derived_item_ids") == [DERIVED]
    placed = value(told, "get_item_facet_placements")
    assert {one["facet_parent_catalog_id"]: one["facet_value_catalog_id"] for one in placed} == {
        "water_anomaly": "water_anomaly_flood",
        "water_basin": "water_basin_unclassified",
    }


def test_documents(told):
    assert value(told, "get_bulk_metadata") == ITEMS[DERIVED]
    assert value(told, "get_bulk_metadata", "paths") == {
        "/id": {"found": True, "value": DERIVED},
        "/bbox/0": {"found": True, "value": ITEMS[DERIVED]["bbox"][0]},
        "/none": {"found": False},
    }
    assert value(told, "get_bulk_metadata", "not there") is None
    whole = value(told, "get_metadata_document_bulk", "inherit")
    assert set(whole["ancestors"]) == set(making.ancestors(DERIVED, BELOW))
    assert whole["id"] == DERIVED and whole["shadowed"]
    for name in ("stac", "water_analysis", "water_basin", "water_basin_unclassified"):
        assert value(told, "extract_metadata_value", name) == name
    assert value(told, "extract_metadata_value", "item") == SOURCE
    when = ITEMS[DERIVED]["properties"]["datetime"]
    assert value(told, "extract_metadata_value", "path") == when


def test_validators_find_the_tree_as_it_must_be(told):
    """The documents lack what the full schemas want; where all things hang is right."""
    derived, original = (value(told, f"validate_{name}_item") for name in ("derived", "original"))
    # links of items are below the root that they came from, those of facets below this server
    elsewhere = "facet_value_catalog_attachments_match_expected"
    state = {name: right for name, right in derived["state_checks"].items() if name != elsewhere}
    assert all(state.values()), state
    placed = derived["facet_value_catalog_membership"]
    assert placed["missing_expected_catalog_ids"] == placed["unexpected_catalog_ids"] == []
    assert all(original["did_checks"].values()), original["did_checks"]
    for report in (derived, original):
        assert all(found is not False for found in report["checks"].values()), report["checks"]
        assert all(error.startswith("schema:") for error in report["errors"]), report["errors"]


def test_a_packaged_facet_is_placed_as_it_says(told):
    report = value(told, "validate_facet_value_catalog_file", "packaged")
    assert report["valid"] is True, report
    assert report["relationship_checks"]["parent_contains_self_catalog"] is True


def test_assets(told):
    entries = value(told, "list_item_asset_entries")
    (row,) = entries["asset_entries"]
    assert row["resolved_file_name"] == f"{DERIVED}_dafab-water-excess.geojson"
    assert (row["available_on_server"], row["is_dafab_asset"]) == (True, True)
    assert row["storage_names"] == []
    report = value(told, "list_derived_items_with_missing_assets")
    assert report["containers_scanned"] == len(BELOW)
    every = value(told, "download_all_derived_item_assets")
    assert (every["ok"], every["assets_total"]) == (True, 1), every
    assert value(told, "build_stable_asset_href").endswith(f"/assets/dafab/items/{SOURCE}/thumb")
    for function in ("download_asset_from_stable_href", "download_item_asset"):
        found = value(told, function)
        assert found["ok"] is True, found
        assert found["bytes_written"] == len(DATA)
    assert value(told, "download_item_asset")["download_validation"]["checks"] == {
        "bytes": True, "md5": True,
    }  # fmt: skip
