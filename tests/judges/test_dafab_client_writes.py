"""Functions of dafab-client that write, by a token, read again by the client and by STAC."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import dafab_kg
from dafab_kg.access.tokens import Tokens
from dafab_kg.model.settings import Settings
from tests.dids import making
from tests.judges.clients import Told, by_name, run_client, value
from tests.serving.served import Server

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

SOURCE, OTHER = making.scene("T48PWS"), making.scene("T31UFR")
ITEMS = {item["id"]: item for item in making.items()}
DERIVED = f"{SOURCE}_water_analysis_300"
COLLECTION, ITEM = "gamma", "gamma item/1"
MADE = f"{OTHER}x_water_analysis_301"
"""Its id tells no source that is here."""
ORIGINAL = "S2B_MSIL2A_20230401T102559_N0510_R108_T32TQM_20240526T051847"
HOME = "https://dafab.cern.ch/stac"
"""Where the client takes documents to be at home; nobody asks there."""
PREVIEWS = ("dafab-TCI_20m-thumbnail", "dafab-TCI_20m-overview")
CHANGES = [
    ("insert", "/properties/note", {"a": [1, None]}),
    ("insert", "/properties/there", 1.5),
    ("update", "/properties/gsd", 20),
    ("upsert", "/properties/title", "é ✓"),
    ("insert", "/links/0", {"rel": "about", "href": "https://a.example/about"}),
    ("upsert", "/properties/gone", 1),
    ("delete", "/properties/gone", None),
]


def _document(name: str, like: str, collection: str | None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(ITEMS[like]))
    found |= {"id": name, "links": []}
    if collection is None:
        del found["collection"]
    else:
        found["collection"] = collection
    return found


ORIGINAL_DOCUMENT = _document(ORIGINAL, SOURCE, "sentinel_2_l2a")
ORIGINAL_DOCUMENT["assets"] |= {
    key: {"href": f"https://files.example/{key}.png", "type": "image/png"} for key in PREVIEWS
}
ORIGINAL_DOCUMENT["links"] = [
    {"rel": "self", "href": f"{HOME}/collections/sentinel_2_l2a/items/{ORIGINAL}"},
    {"rel": "collection", "href": f"{HOME}/collections/sentinel_2_l2a"},
    {"rel": "parent", "href": "https://provider.example/collection"},
    {"rel": "license", "href": "https://provider.example/license"},
]
DOCUMENTS = {
    "collection": {**making.collections()[0], "id": COLLECTION, "links": []},
    "catalog": {
        "type": "Catalog", "stac_version": "1.1.0", "id": "catalog_of_mine", "description": "D",
        "links": [],
    },
    "item": _document(ITEM, "plain_assets", None),
    "made": _document(MADE, f"{OTHER}_water_analysis_300", "water_analysis"),
    "original": ORIGINAL_DOCUMENT,
}  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Told, str]]:
    """What the functions gave, and the address of the server, which still runs."""
    place = tmp_path_factory.mktemp("writes")
    with dafab_kg.open(place / "store", settings=Settings(store=place / "store")) as catalogue:
        written = making.write(place / "items")
        for path in written.iterdir():
            path.write_text(path.read_text().replace(making.HOME, HOME))
        catalogue.load(written)
    _, token = Tokens(place / "store", "").create("loader", ["write"])
    server = Server(place / "store")
    facts = {
        "account": "loader", "collection": COLLECTION, "item": ITEM, "original": ORIGINAL,
        "source": SOURCE, "derived": DERIVED, "made": MADE, "documents": DOCUMENTS,
        "changes": CHANGES,
    }  # fmt: skip
    try:
        lines = run_client(
            "dafab_client_writes.py", server.address, facts, place, account="loader", password=token
        )
        yield by_name(lines), server.address
    finally:
        assert server.stop() == 0
    with dafab_kg.open(place / "store", settings=Settings(store=place / "store")) as catalogue:
        assert not [one for one in catalogue.doctor() if one.severity == "error"]


@pytest.fixture(scope="module")
def told(run):
    return run[0]


def stac(address: str, path: str) -> Any:
    answer = httpx.get(f"{address}stac/{path}", timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_catalogues_are_there_or_wait_for_ever(told):
    assert value(told, "whoami") == "loader"
    assert value(told, "ensure_scope_for_account")["reason"] == "already_present"
    for name in ("stac", "water_basin", "catalog_of_mine"):
        assert value(told, "ensure_catalog", name) is True
    assert value(told, "set_metadata", "catalog") is False  # catalogues are told by the graph


def test_a_collection_is_made(told, run):
    assert value(told, "ensure_collection") is value(told, "ensure_collection", "again") is True
    assert value(told, "attach_stac_members") is True
    assert value(told, "read", "collection before") == {}
    assert value(told, "set_metadata", "collection") is True
    read = value(told, "read", "collection")
    assert {**read, "links": []} == DOCUMENTS["collection"]  # its links are those of our STAC API
    shown = stac(run[1], f"collections/{COLLECTION}")
    for name in ("id", "description", "license", "extent"):
        assert shown[name] == DOCUMENTS["collection"][name]


def test_an_item_is_made_and_changed(told):
    assert value(told, "ensure_item") is value(told, "ensure_item", "again") is True
    assert value(told, "attach_stac_members", "item") is True
    assert value(told, "read", "members of the item") == [f"{ITEM}_assets"]
    assert value(told, "set_metadata", "item") is True
    right = {**DOCUMENTS["item"], "collection": COLLECTION}
    assert value(told, "read", "item") == right
    assert value(told, "read", "parents of the item") == [COLLECTION]
    for op, path, _ in CHANGES:
        assert value(told, "set_metadata", f"{op} {path}") is True
    changed = json.loads(json.dumps(right))
    changed["properties"] |= {"note": {"a": [1, None]}, "there": 1.5, "gsd": 20, "title": "é ✓"}
    changed["links"] = [{"rel": "about", "href": "https://a.example/about"}]
    assert value(told, "read", "item changed") == changed
    for mode in ("atomic", "best_effort"):
        assert value(told, "set_metadata", f"insert what is there, {mode}") is False
        assert value(told, "set_metadata", mode) is True
    assert value(told, "set_metadata", "update the whole") is True
    assert value(told, "read", "item as it was") == right
    assert value(told, "set_metadata", "delete the whole") is True
    assert value(told, "read", "item deleted") == {}


def test_products_are_attached_to_what_they_were_made_from(told, run):
    facets = ["water_anomaly_normal", "water_basin_unclassified"]
    assert value(told, "set_metadata", "product") is True
    assert value(told, "read", "product alone") == facets
    assert value(told, "attach_stac_members", "product") is True
    assert value(told, "read", "product attached") == sorted([SOURCE, *facets])
    assert MADE in value(told, "get_related_item_ids_from_original_item")
    assert value(told, "detach_stac_members", "product") is True
    assert value(told, "read", "product detached") == facets
    assert value(told, "attach_dids_to_dids") is True
    assert value(told, "read", "product attached again") == sorted([SOURCE, *facets])
    refused = told["attach_stac_members", "a facet that it is not in"]
    assert refused["error"].startswith("InvalidObject"), refused
    shown = stac(run[1], f"collections/water_analysis/items/{MADE}")
    places = [one["href"] for one in shown["links"] if one["rel"] == "derived_from"]
    assert f"{run[1]}stac/collections/sentinel_2_l2a/items/{SOURCE}" in places
    assert shown["properties"] == DOCUMENTS["made"]["properties"]


def test_an_original_item_is_published(told, run):
    assert value(told, "ensure_original_item_metadata", "new") is True
    assert value(told, "ensure_original_item_metadata", "again") is False  # it was there
    assert value(told, "read", "original") == ORIGINAL_DOCUMENT
    assert value(told, "remove_original_item_parent_links")["removed"] == 1
    assert value(told, "read", "links of the original") == [
        one for one in ORIGINAL_DOCUMENT["links"] if one["rel"] != "parent"
    ]
    shown = stac(run[1], f"collections/sentinel_2_l2a/items/{ORIGINAL}")
    assert set(shown["assets"]) == set(ORIGINAL_DOCUMENT["assets"])


def test_extents_of_collections_are_brought_up_to_date(told):
    for kind in ("original", "derived"):
        for how in ("dry", ""):
            assert value(told, f"sync_{kind}_collection_extent", how)
    boxes = [making.SCENES[tile] for tile in making.SCENES]
    west, south = (min(box[n] for box in boxes) for n in (0, 1))
    east, north = (max(box[n] for box in boxes) for n in (2, 3))
    found = value(told, "read", "extent of sentinel_2_l2a")["spatial"]["bbox"][0]
    assert found == [west, south, east, north]


def test_what_is_not_done_is_said_so(told):
    for function, how in (("delete_did_tree", "dry"), ("add_rucio_account", "")):
        assert told[function, how]["error"].startswith("UnsupportedOperation"), told[function, how]
