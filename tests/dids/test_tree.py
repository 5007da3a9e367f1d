"""The tree of data identifiers against the tree that the documents tell."""

from __future__ import annotations

import json

import pytest

from dafab_kg.dids.listing import Asked
from dafab_kg.model.errors import QueryNotValid, ThingNotFound
from tests.dids import making

ROOT = "https://here.example/stac"
BELOW = making.tree()
ITEMS = {item["id"]: item for item in making.items()}
ALL = {
    "type": "comparison", "comparator": "in", "path": ["did_type"], "on": "did",
    "value": ["CONTAINER", "DATASET", "FILE"],
}  # fmt: skip


def listed(catalogue, test=ALL, limit=100, **more):
    """All that a search finds, page by page."""
    found, cursor = [], None
    while True:
        page = catalogue.find_dids(Asked("dafab", test, cursor=cursor, limit=limit, **more))
        found += page.dids
        cursor = page.cursor
        if cursor is None:
            return found
        assert page.dids, "no page is empty while more follow"


def document(catalogue, name, **more):
    (line,) = catalogue.did_documents([("dafab", name)], None, ROOT, **more)
    return json.loads(line)


def test_all_dids_are_listed_once_whatever_the_size_of_a_page(catalogue):
    containers = sorted(BELOW)
    sets = [f"{name}_assets" for name in sorted(ITEMS)]
    files = [name for item in sorted(ITEMS) for name in making.files(ITEMS[item])]
    right = [("CONTAINER", name) for name in containers]
    right += [("DATASET", name) for name in sets] + [("FILE", name) for name in files]
    # the item "plain_assets" has the name of the assets of an item "plain", which is not here
    for limit in (100, 7, 1):
        assert [(did.type, did.name) for did in listed(catalogue, limit=limit)] == right


def test_members_and_parents_are_as_the_documents_tell(catalogue):
    for name, parents in BELOW.items():
        found = catalogue.did_parents("dafab", name)
        assert sorted(did.name for did in found) == sorted(parents), name
        members = {did.name for did in catalogue.did_members("dafab", name).dids}
        right = {one for one, ups in BELOW.items() if name in ups}
        if name in ITEMS:
            right.add(f"{name}_assets")
        assert members == right, name


def test_assets_are_files_of_a_data_set_without_a_document(catalogue):
    for name, item in ITEMS.items():
        members = catalogue.did_members("dafab", f"{name}_assets").dids
        assert [did.name for did in members] == making.files(item)
        assert [did.type for did in members] == ["FILE"] * len(members)
        assert document(catalogue, f"{name}_assets")["document"] == {}
        assert [did.name for did in catalogue.did_parents("dafab", f"{name}_assets")] == [name]
    source = making.scene("T31UFR")
    thumb = catalogue.did("dafab", f"{source}_thumb.png")
    assert (thumb.size, thumb.md5) == (1234, "0123456789abcdef" * 2)
    (dataset,) = catalogue.did_parents("dafab", thumb.name)
    assert dataset.name == f"{source}_assets"
    below = [did.name for did in catalogue.did_files("dafab", source)]
    assert sorted(below) == sorted(
        [*making.files(ITEMS[source]), *making.files(ITEMS[f"{source}_water_analysis_300"])]
    )


def test_documents_are_as_they_were_delivered(catalogue):
    for name, item in ITEMS.items():
        found = document(catalogue, name)
        assert found["document"] == item
        assert (found["scope"], found["name"], found["schema"]) == ("dafab", name, None)
    for name in set(BELOW) - set(ITEMS):
        value = document(catalogue, name)["document"]
        assert value["id"] == name
        assert value["type"] == ("Collection" if BELOW[name] == ["stac"] else "Catalog")


def test_values_at_pointers(catalogue):
    name = making.scene("T31UFR")
    paths = ["", "/id", "/bbox/0", "/bbox/00", "/bbox/4", "/links/1/rel", "/no", "/properties/a~1b"]
    (line,) = catalogue.did_documents([("dafab", name)], paths, ROOT)
    values = json.loads(line)["values"]
    assert values[""] == {"found": True, "value": ITEMS[name]}
    assert values["/id"] == {"found": True, "value": name}
    assert values["/bbox/0"] == {"found": True, "value": 4.4}
    assert values["/links/1/rel"]["value"] == "self"
    absent = ("/bbox/00", "/bbox/4", "/no", "/properties/a~1b")
    assert all(values[path] == {"found": False} for path in absent)
    with pytest.raises(QueryNotValid, match="JSON Pointer"):
        catalogue.did_documents([("dafab", name)], ["id"], ROOT)


def test_ancestors_come_with_their_documents_nearest_first(catalogue):
    for name in BELOW:
        found = document(catalogue, name, inherit=True)["ancestors"]
        right = sorted((depth, one) for one, depth in making.ancestors(name, BELOW).items())
        assert [(one["depth"], one["name"]) for one in found] == right
        assert all(one["document"]["id"] == one["name"] for one in found)


def test_what_is_not_there_is_said(catalogue):
    for name in ("none", "plain_assetsx", f"{making.scene('T31UFR')}_thumb.jpg", "", "a" * 5000):
        with pytest.raises(ThingNotFound):
            catalogue.did("dafab", name)
    with pytest.raises(ThingNotFound):
        catalogue.did("hand", "stac")
    with pytest.raises(ThingNotFound, match="scope"):
        catalogue.find_dids(Asked("hand", ALL))
    with pytest.raises(QueryNotValid, match="catalogue"):
        catalogue.did_files("dafab", "beta")


def test_a_count_is_of_all_pages(catalogue):
    features = {"type": "comparison", "comparator": "equals", "path": ["type"], "value": "Feature"}
    containers = {**ALL, "value": ["CONTAINER"]}
    both = {"type": "logical", "combinator": "and", "filters": [features, containers]}
    page = catalogue.find_dids(Asked("dafab", both, limit=1, count=True))
    assert page.count == (len(ITEMS), True)
    assert catalogue.find_dids(Asked("dafab", ALL, limit=1, count=True)).count is None


def test_an_order_by_a_property_has_the_others_last(catalogue):
    sort = {"path": ["properties", "eo:cloud_cover"], "valueType": "number", "direction": "desc"}
    some = {"type": "comparison", "comparator": "isNotNull", "path": ["id"]}
    right = [making.scene(tile) for tile in reversed(making.SCENES)]
    for limit in (3, 100):
        found = [did.name for did in listed(catalogue, some, limit, sort=sort)]
        assert found[:4] == right
        assert sorted(found) == sorted(BELOW)
    down = {"path": ["id"], "valueType": "string", "direction": "desc"}
    found = [did.name for did in listed(catalogue, some, 5, sort=down)]
    assert found == sorted(BELOW, reverse=True)


def test_a_cursor_is_good_for_its_own_search_only(catalogue):
    page = catalogue.find_dids(Asked("dafab", ALL, limit=2))
    other = {**ALL, "value": ["CONTAINER"]}
    for cursor in ("x", page.cursor[:-3], "é", "W10"):
        with pytest.raises(QueryNotValid, match="cursor"):
            catalogue.find_dids(Asked("dafab", ALL, cursor=cursor))
    with pytest.raises(QueryNotValid, match="another search"):
        catalogue.find_dids(Asked("dafab", other, cursor=page.cursor))
