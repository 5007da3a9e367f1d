"""Writing items and collections of a catalogue: what is stored, what is refused, who wrote it."""

from __future__ import annotations

import json

import pytest

from dafab_kg.catalogue import open_catalogue
from dafab_kg.catalogue.items import REQUESTS
from dafab_kg.model.errors import (
    DocumentRejected,
    FieldNotValid,
    ItemNotWritable,
    ShapeViolated,
    ThingChanged,
    ThingExists,
    ThingNotFound,
)
from dafab_kg.model.merge_patch import merge_patch
from dafab_kg.model.settings import Settings
from dafab_kg.search.tree import Search
from tests.search.items import make_item, write

ROOT = "http://here/stac"


def body(item) -> bytes:
    return json.dumps(item).encode()


def collection(name: str, **more) -> bytes:
    return body(
        {
            "type": "Collection",
            "stac_version": "1.1.0",
            "id": name,
            "description": "What it is",
            "license": "other",
            "extent": {
                "spatial": {"bbox": [[-180, -90, 180, 90]]},
                "temporal": {"interval": [["2020-01-01T00:00:00Z", None]]},
            },
            "links": [],
            **more,
        }
    )


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    place = tmp_path_factory.mktemp("writes")
    with open_catalogue(settings=Settings(store=place / "store", reasoning=False)) as made:
        first = [make_item("one"), make_item("two"), make_item("far", provider="two.example")]
        made.load(write(first, place / "items"))
        yield made
        assert not [one for one in made.doctor() if one.severity == "error"]


def shown(catalogue, name: str, place: str = "alpha") -> dict:
    return json.loads(catalogue.item(place, name, ROOT))


def ids(catalogue, place: str = "alpha") -> list[str]:
    page = catalogue.find_items(Search(collections=(place,), limit=100), ROOT)
    return [json.loads(one)["id"] for one in page.items]


def documents(catalogue, name: str):
    return [one for one in catalogue.documents() if one.key.split("/")[-1] == name]


def test_merge_patch_does_what_rfc_7396_says():
    """The cases of its appendix A."""
    for target, patch, result in [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ]:
        assert merge_patch(target, patch) == result


def test_an_item_is_created_once_and_is_a_document_with_provenance(catalogue):
    item = make_item("new", provider=None)
    (entered,) = catalogue.put_items(
        "alpha", [body(item)], mode="create", agent="ann", origin="POST, request r-1"
    )
    assert (entered.status, entered.id, entered.collection) == ("created", "new", "alpha")
    assert shown(catalogue, "new")["properties"] == item["properties"]
    (entry,) = documents(catalogue, "new")
    assert entry.origin == "POST, request r-1" and entry.content_hash.startswith(entered.tag)
    graph = catalogue.names.make("graph", document_id=entry.document_id)
    query = (
        f"SELECT ?who ?load {{ GRAPH <{graph}> {{ <{graph}> <https://w3id.org/dafab/ns#agent> "
        "?who ; <http://www.w3.org/ns/prov#wasGeneratedBy> ?load } }"
    )
    ((who, load),) = list(catalogue.query(query))
    assert who.value == "ann" and load.value.endswith(entry.load_id)
    with pytest.raises(ThingExists):
        catalogue.put_items("alpha", [body(item)], mode="create")
    (again,) = catalogue.put_items("alpha", [body(item)], mode="replace")
    assert (again.status, again.tag) == ("unchanged", entered.tag)


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"id": ".."}, "/id"),
        ({"id": "queryables"}, "/id"),
        ({"id": "x/items/y"}, "/id"),
        ({"assets": {"a/b": {"href": 5}}}, "/assets/a~1b/href"),
        ({"assets": []}, "/assets"),
        ({"links": [{"rel": "via"}]}, "/links/0"),
        ({"stac_extensions": [1]}, "/stac_extensions"),
        ({"bbox": [600, 49.6, 6, 50]}, "/bbox"),
        ({"bbox": [6, 49.6, "x"]}, "/bbox"),
        ({"bbox": [6, 50, 7, 49]}, "/bbox"),
        ({"properties": {"datetime": "yesterday"}}, "/properties/datetime"),
    ],
)
def test_what_clients_could_not_read_is_refused(catalogue, members, place):
    """One such item ended the listing of everybody who reads by pystac-client."""
    item = make_item("odd") | members
    with pytest.raises(FieldNotValid) as refused:
        catalogue.put_items("alpha", [body(item)], mode="create")
    assert refused.value.where.endswith(f": {place}")
    assert "odd" not in ids(catalogue)


def test_ids_may_have_slashes_where_their_address_leads_to_them(catalogue):
    catalogue.put_items("alpha", [body(make_item("a/b"))], mode="create")
    assert shown(catalogue, "a/b")["id"] == "a/b"
    catalogue.delete_item("alpha", "a/b")


def test_an_item_keeps_its_document_whoever_writes_it(catalogue):
    """Without links, and with those by which our own API showed it."""
    (before,) = documents(catalogue, "far")
    for item in (
        make_item("far", provider=None, gsd=11),
        {**shown(catalogue, "far"), "properties": {"datetime": "2022-09-01T10:00:00Z", "gsd": 12}},
    ):
        (entered,) = catalogue.put_items("alpha", [body(item)], mode="replace", root=ROOT)
        assert entered.status == "replaced"
        (after,) = documents(catalogue, "far")
        assert after.document_id == before.document_id
        assert shown(catalogue, "far")["properties"]["gsd"] == item["properties"]["gsd"]
    links = shown(catalogue, "far")["links"]
    assert [one["rel"] for one in links].count("via") == 1
    assert [one["href"] for one in links if one["rel"] == "canonical"] == [
        "https://two.example/stac/collections/alpha/items/far"
    ]
    assert ids(catalogue).count("far") == 1


def test_what_is_fetched_and_sent_back_is_the_same_document(catalogue):
    (entered,) = catalogue.put_items(
        "alpha", [catalogue.item("alpha", "one", ROOT)], mode="replace", root=ROOT
    )
    first = shown(catalogue, "one")
    (again,) = catalogue.put_items(
        "alpha", [catalogue.item("alpha", "one", ROOT)], mode="replace", root=ROOT
    )
    assert again.status == "unchanged" and again.tag == entered.tag
    assert shown(catalogue, "one") == first


def test_a_patch_changes_what_it_names_alone(catalogue):
    catalogue.put_items("alpha", [body(make_item("patched", gsd=10, constellation="x"))])
    before = shown(catalogue, "patched")
    figures = {"gsd": None, "eo:cloud_cover": 12.5}
    patch = {"properties": figures, "assets": {"data": {"title": "t"}}}
    catalogue.patch_item("alpha", "patched", body(patch))
    after = shown(catalogue, "patched")
    assert after["properties"] == {
        "datetime": "2022-09-01T10:00:00Z", "constellation": "x", "eo:cloud_cover": 12.5,
    }  # fmt: skip
    assert after["assets"]["data"] == {**before["assets"]["data"], "title": "t"}
    assert after["geometry"] == before["geometry"] and after["links"] == before["links"]
    for wrong in (b'{"id": "other"}', b'{"collection": "beta"}', b"[1]", b"{", b'{"type": null}'):
        with pytest.raises(DocumentRejected):
            catalogue.patch_item("alpha", "patched", wrong)
    with pytest.raises(ThingNotFound):
        catalogue.patch_item("alpha", "nothing", b"{}")
    assert shown(catalogue, "patched") == after


def test_an_item_lands_in_the_collection_of_the_address(catalogue):
    with pytest.raises(FieldNotValid):
        catalogue.put_items("alpha", [body(make_item("x", collection="beta"))])
    with pytest.raises(ThingNotFound):
        catalogue.put_items("nowhere", [body(make_item("x", collection=None))])
    with pytest.raises(ItemNotWritable):
        catalogue.put_items("products-without-entry", [body(make_item("x", collection=None))])
    catalogue.put_items("alpha", [body(make_item("lands", collection=None))])
    assert shown(catalogue, "lands")["collection"] == "alpha"
    catalogue.put_items("uncollected", [body(make_item("loose", collection=None))])
    assert shown(catalogue, "loose", "uncollected")["collection"] == "uncollected"


def test_a_deleted_item_is_gone_with_all_its_documents(catalogue, tmp_path):
    twice = [make_item("twice", provider=p) for p in ("one.example", "two.example")]
    for number, one in enumerate(twice):
        (tmp_path / f"{number}.json").write_text(json.dumps(one))
    catalogue.load(tmp_path)
    assert len(documents(catalogue, "twice")) == 2
    (entered,) = catalogue.delete_item("alpha", "twice")
    assert entered.status == "deleted" and not documents(catalogue, "twice")
    with pytest.raises(ThingNotFound):
        catalogue.item("alpha", "twice", ROOT)
    with pytest.raises(ThingNotFound):
        catalogue.delete_item("alpha", "twice")


def test_tags_guard_against_lost_changes(catalogue):
    (first,) = catalogue.put_items("alpha", [body(make_item("raced"))])
    assert catalogue.item_with_tag("alpha", "raced", ROOT)[1] == first.tag
    (second,) = catalogue.patch_item(
        "alpha", "raced", b'{"properties": {"gsd": 1}}', if_match=(first.tag,)
    )
    for act in (
        lambda: catalogue.delete_item("alpha", "raced", if_match=(first.tag,)),
        lambda: catalogue.patch_item("alpha", "raced", b"{}", if_match=(first.tag, "x")),
        lambda: catalogue.put_items("alpha", [body(make_item("raced"))], if_none_match=("*",)),
    ):
        with pytest.raises(ThingChanged):
            act()
    catalogue.delete_item("alpha", "raced", if_match=(second.tag,))


BROKEN = {"dafab:water-analysis": {"observed_water": 140}}


def test_what_a_shape_refuses_is_quarantined_and_nothing_of_its_request_is_done(catalogue):
    good, bad = make_item("good"), make_item("bad", **BROKEN)
    with pytest.raises(ShapeViolated) as told:
        catalogue.put_items("alpha", [body(good), body(bad)], origin="POST, request r-9")
    assert "ValidationReport" in told.value.report and "/features/1" in told.value.where
    assert not documents(catalogue, "good") and not documents(catalogue, "bad")
    (kept,) = [one for one in catalogue.quarantine() if one.key.endswith("/bad")]
    assert "r-9" in kept.origin
    mended = {"dafab:water-analysis": {"observed_water": 40}}
    catalogue.put_items("alpha", [body(make_item("bad", **mended))])
    assert not [one for one in catalogue.quarantine() if one.key.endswith("/bad")]


def test_several_requests_share_a_commit_and_none_harms_another(catalogue):
    put, delete = REQUESTS["put_items"], REQUESTS["delete_item"]
    before = catalogue.revision
    writes = [
        put("alpha", [body(make_item("g1"))], mode="create"),
        put("alpha", [body(make_item("g2", **BROKEN))], mode="create"),
        put("alpha", [b"{"], mode="create"),
        put("alpha", [body(make_item("g3"))], mode="replace"),
        put("alpha", [body(make_item("g1"))], mode="create"),  # there by now
        delete("alpha", "g1"),
        put("alpha", [body(make_item("g4")), body(make_item("g5"))]),
    ]
    answers = catalogue.write_together(writes)
    assert [type(one).__name__ for one in answers] == [
        "tuple", "ShapeViolated", "NotWellFormed", "ThingNotFound", "ThingExists", "tuple", "tuple",
    ]  # fmt: skip
    assert {"g4", "g5"} <= set(ids(catalogue)) and "g1" not in ids(catalogue)
    assert before != catalogue.revision


def test_collections_are_written_patched_and_deleted(catalogue):
    (made,) = catalogue.put_collection("delta", collection("delta"), mode="create", root=ROOT)
    assert made.status == "created"
    told = json.loads(catalogue.collection("delta", ROOT))
    assert told["description"] == "What it is"
    with pytest.raises(ThingExists):
        catalogue.put_collection("delta", collection("delta"), mode="create")
    data, tag = catalogue.collection_with_tag("delta", ROOT)
    assert tag == made.tag
    (same,) = catalogue.put_collection("delta", data, root=ROOT)
    assert same.status == "unchanged"
    catalogue.patch_collection("delta", b'{"title": "D"}', if_match=(tag,))
    assert json.loads(catalogue.collection("delta", ROOT))["title"] == "D"
    catalogue.put_items("delta", [body(make_item("in", collection="delta"))])
    with pytest.raises(ItemNotWritable):
        catalogue.delete_collection("delta")
    catalogue.delete_item("delta", "in")
    catalogue.delete_collection("delta")
    with pytest.raises(ThingNotFound):
        catalogue.collection("delta", ROOT)
    with pytest.raises(ThingNotFound):
        catalogue.put_items("delta", [body(make_item("in", collection="delta"))])
    with pytest.raises(ItemNotWritable):
        catalogue.put_collection("uncollected", collection("uncollected"))
