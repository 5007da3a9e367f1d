"""Writes of the DaFab client's face over plain HTTP, each seen again by its reads."""

from __future__ import annotations

import json

import pytest

import dafab_kg
from dafab_kg.access.tokens import Tokens
from dafab_kg.dids.expected import ExpectedDids
from dafab_kg.dids.operations import changed, read_operations
from dafab_kg.model.did_names import encode_did_name
from dafab_kg.model.errors import PathExists, PathNotFound, PathNotValid, QueryNotValid
from dafab_kg.model.settings import Settings
from dafab_kg.web import create_app
from tests.dids import making
from tests.dids.test_rucio import Client, refused

SOURCE = making.scene("T48PWS")
OTHER = making.scene("T31UFR")
WATER = f"{SOURCE}_water_analysis_300"
ITEMS = {item["id"]: item for item in making.items()}


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    place = tmp_path_factory.mktemp("writes")
    settings = Settings(store=place / "store", reasoning=False)
    with dafab_kg.open(place / "store", settings=settings) as catalogue:
        catalogue.load(making.write(place / "items"))
        yield catalogue
        assert not [one for one in catalogue.doctor() if one.severity == "error"]


@pytest.fixture(scope="module")
def app(opened):
    return create_app(opened)


@pytest.fixture(scope="module")
def client(app, opened):
    _, token = Tokens(opened.settings.store, "").create("loader", ["write"])
    return Client(app, "loader", token)


def pair(name):
    return {"scope": "dafab", "name": name}


def patch(client, operations, *names, **more):
    body = {"dids": [pair(name) for name in names], "operations": operations, **more}
    return client.ask("dids/bulkmetadoc", "PATCH", body)


def op(kind, path, *value):
    return {"op": kind, "path": path, **({"value": value[0]} if value else {})}


def document(client, name):
    (line,) = client.lines("dids/bulkmetadoc", "POST", {"dids": [pair(name)]})
    return line["document"]


def names(client, path):
    return [one["name"] for one in client.lines(path)]


def test_the_guest_writes_nothing(app):
    guest = Client(app)
    for path, method, body in (
        ("dids/dafab/new", "POST", {"type": "CONTAINER"}),
        ("dids/bulkmetadoc", "PATCH", {"dids": [pair(WATER)], "operations": []}),
        (f"dids/dafab/{SOURCE}/dids", "POST", {"dids": [pair(WATER)]}),
        (f"dids/dafab/{SOURCE}/dids", "DELETE", {"dids": [pair(WATER)]}),
        ("dids/attachments", "POST", {"attachments": []}),
    ):
        refused(guest.ask(path, method, body), 403, "AccessDenied")


def test_a_container_waits_for_its_document(client, opened):
    new = "a new/one + more"
    address = "dids/dafab/a+new%2Fone+%2B+more"
    made = {"type": "CONTAINER"}
    refused(client.ask(address), 404, "DataIdentifierNotFound")
    assert client.ask(address, "POST", made).status_code == 201
    refused(client.ask(address, "POST", made), 409, "DataIdentifierAlreadyExists")
    refused(client.ask(f"dids/dafab/{WATER}", "POST", made), 409, "DataIdentifierAlreadyExists")
    refused(client.ask("dids/nowhere/x", "POST", made), 404, "ScopeNotFound")
    refused(
        client.ask("dids/dafab/x_assets", "POST", {"type": "DATASET"}), 400, "UnsupportedOperation"
    )
    refused(client.ask("dids/dafab/x", "POST", {"type": "FILE"}), 400, "InvalidObject")
    refused(client.ask("dids/dafab/" + "x" * 600, "POST", made), 400, "InvalidObject")
    assert client.value(address)["type"] == "CONTAINER"
    assert document(client, new) == {}
    assert names(client, f"{address}/dids") == names(client, f"{address}/files") == []
    refused(client.ask(f"{address}_assets"), 404, "DataIdentifierNotFound")
    assert client.ask(f"{address}_assets", "POST", {"type": "DATASET"}).status_code == 201
    refused(
        client.ask(f"{address}_assets", "POST", {"type": "DATASET"}),
        409,
        "DataIdentifierAlreadyExists",
    )
    assert client.value(f"{address}_assets")["type"] == "DATASET"
    assert names(client, f"{address}_assets/parents") == [new]
    assert client.ask("dids/dafab/beta/dids", "POST", {"dids": [pair(new)]}).status_code == 201
    assert names(client, f"{address}/parents") == ["beta"]
    assert set(names(client, "dids/dafab/beta/dids")) == {
        encode_did_name(one) for one in ("plain/one + two", "plain_assets", new)
    }
    (line,) = client.lines("dids/bulkmetadoc", "POST", {"dids": [pair(new)], "inherit": True})
    assert [(one["name"], one["depth"]) for one in line["ancestors"]] == [("beta", 1), ("stac", 2)]
    # another process, or the same after a restart, reads the same file
    assert ("dafab", new) in ExpectedDids(opened.path).all()
    item = {**ITEMS["plain_assets"], "id": new}
    del item["collection"]
    refused_answer = patch(client, [op("upsert", "", {**item, "id": "another"})], new)
    assert refused_answer.json["violations"][0]["path"] == "/id"
    told = patch(client, [op("upsert", "", item)], new)
    assert told.json == {
        "updated_dids": 1, "failed_count": 0, "failed_dids": [], "operation_count": 1,
        "mode": "atomic",
    }  # fmt: skip
    assert document(client, new) == {**item, "collection": "beta"}
    assert ExpectedDids(opened.path).all() == {}
    # deleted, it waits again
    assert patch(client, [op("delete", "")], new).status_code == 200
    assert document(client, new) == {}
    assert names(client, f"{address}/parents") == ["beta"]


def test_a_collection_comes_with_its_document(client):
    assert client.ask("dids/dafab/gamma", "POST", {"type": "CONTAINER"}).status_code == 201
    assert client.ask("dids/dafab/stac/dids", "POST", {"dids": [pair("gamma")]}).status_code == 201
    catalog = {"type": "Catalog", "stac_version": "1.1.0", "id": "gamma", "links": []}
    refused(patch(client, [op("upsert", "", catalog)], "gamma"), 400, "UnsupportedOperation")
    value = {**making.collections()[0], "id": "gamma", "links": []}
    assert patch(client, [op("upsert", "", value)], "gamma").status_code == 200
    assert names(client, "dids/dafab/gamma/parents") == ["stac"]
    assert patch(client, [op("update", "/description", "New words")], "gamma").status_code == 200
    assert document(client, "gamma")["description"] == "New words"


def test_documents_change_by_pointers(client):
    name = f"{OTHER}_smart_agriculture_300"
    before = document(client, name)
    links = len(before["links"])
    extra = {"rel": "about", "href": "https://a.example/"}
    assert patch(
        client,
        [
            op("insert", f"/links/{links}", extra),
            op("insert", "/properties/a~1b", 1),
            op("update", "/properties/processing:version", "3.0.1"),
            op("upsert", "/properties/title", "T"),
            op("delete", "/properties/a~1b"),
        ],
        name,
    ).json["operation_count"] == 5  # fmt: skip
    right = json.loads(json.dumps(before))
    right["links"].append(extra)
    right["properties"] |= {"processing:version": "3.0.1", "title": "T"}
    assert document(client, name) == right
    for kind, path, value, status, error in (
        ("insert", f"/links/{links}", [extra], 409, "MetadataPathAlreadyExists"),
        ("insert", f"/links/{links + 5}", [extra], 400, "InvalidMetadataPath"),
        ("insert", "", [right], 400, "InvalidMetadataPath"),
        ("insert", "/none/deep", [1], 400, "InvalidMetadataPath"),
        ("upsert", "no pointer", [1], 400, "InvalidMetadataPath"),
        ("upsert", "/a~2", [1], 400, "InvalidMetadataPath"),
        ("update", "/none", [1], 404, "MetadataPathNotFound"),
        ("delete", "/bbox/9", [], 404, "MetadataPathNotFound"),
        ("delete", "/bbox", [1], 400, "InvalidObject"),
        ("move", "/bbox", [1], 400, "InvalidObject"),
    ):
        refused(patch(client, [op(kind, path, *value)], name), status, error)
    answer = patch(client, [op("update", "/geometry/coordinates", "nowhere")], name)
    assert (answer.status_code, answer.json["ExceptionClass"]) == (400, "InvalidMetadata")
    assert answer.json["violations"][0]["message"]
    refused(
        patch(client, [op("update", "/id", 1)], name, schema="x"), 404, "MetadataSchemaNotFound"
    )
    refused(patch(client, [op("delete", "")], "water_basin"), 400, "UnsupportedOperation")
    refused(patch(client, [op("delete", "/x")], "not there"), 404, "DataIdentifierNotFound")
    assert document(client, name) == right


def test_several_are_changed_all_or_each(client):
    first, second = (f"{making.scene(t)}_water_analysis_300" for t in ("T33HTC", "T01KAB"))
    assert patch(client, [op("insert", "/properties/note", 1)], first).status_code == 200
    note = [op("insert", "/properties/note", 2)]
    refused(patch(client, note, second, first), 409, "MetadataPathAlreadyExists")
    assert "note" not in document(client, second)["properties"]
    told = patch(client, note, first, second, "not there", mode="best_effort").json
    assert (told["updated_dids"], told["failed_count"], told["mode"]) == (1, 2, "best_effort")
    assert [(one["name"], one["error"]) for one in told["failed_dids"]] == [
        (first, "MetadataPathAlreadyExists"),
        ("not there", "DataIdentifierNotFound"),
    ]
    assert document(client, second)["properties"]["note"] == 2
    assert patch(client, [op("update", "/properties/note", 3)], first, second).status_code == 200
    assert [document(client, n)["properties"]["note"] for n in (first, second)] == [3, 3]


def test_attachments_are_what_the_documents_tell(client):
    new = f"{OTHER}x_water_analysis_301"  # its id tells no source that is here
    item = json.loads(json.dumps(ITEMS[f"{OTHER}_water_analysis_300"]))
    item["id"] = new
    item["links"] = [one for one in item["links"] if one["rel"] != "derived_from"]
    place = f"dids/dafab/{new}"
    assert client.ask(place, "POST", {"type": "CONTAINER"}).status_code == 201
    assert client.ask(f"dids/dafab/{OTHER}/dids", "POST", {"dids": [pair(new)]}).status_code == 201
    refused(
        client.ask("dids/dafab/water_anomaly_flood/dids", "POST", {"dids": [pair(new)]}),
        400,
        "InvalidObject",
    )
    assert patch(client, [op("upsert", "", item)], new).status_code == 200
    ups = [OTHER, "water_anomaly_normal", "water_basin_unclassified"]
    assert sorted(names(client, f"{place}/parents")) == sorted(ups)
    attachments = [{**pair(up), "dids": [pair(new)]} for up in [*ups, "water_analysis"]]
    body = {"ignore_duplicate": True, "attachments": attachments}
    assert client.ask("dids/attachments", "POST", body).status_code == 201
    for up in ("water_anomaly_flood", "water_basin", "beta", "stac", SOURCE):
        told = client.ask(f"dids/dafab/{up}/dids", "POST", {"dids": [pair(new)]})
        refused(told, 400, "InvalidObject")
    gone = client.ask(f"dids/dafab/{OTHER}/dids", "DELETE", {"dids": [pair(new)]})
    assert gone.status_code == 200, gone.text
    assert OTHER not in names(client, f"{place}/parents")
    assert document(client, new)["links"] == item["links"]
    again = client.ask(f"dids/dafab/{OTHER}/dids", "DELETE", {"dids": [pair(new)]})
    refused(again, 404, "DataIdentifierNotFound")
    assert client.ask(f"dids/dafab/{SOURCE}/dids", "POST", {"dids": [pair(new)]}).status_code == 201
    assert SOURCE in names(client, f"{place}/parents")


def test_an_item_goes_from_one_collection_to_another(client):
    name = "plain_assets"
    place = f"dids/dafab/{name}"
    body = {"dids": [pair(name)]}
    refused(client.ask("dids/dafab/sentinel_2_l2a/dids", "POST", body), 400, "InvalidObject")
    gone = client.ask("dids/dafab/beta/dids", "DELETE", body)
    assert gone.status_code == 200, gone.text
    assert names(client, f"{place}/parents") == ["uncollected"]
    assert client.ask("dids/dafab/beta/dids", "POST", body).status_code == 201
    assert document(client, name) == ITEMS[name]
    whole = {key: value for key, value in ITEMS[name].items() if key != "collection"}
    assert patch(client, [op("upsert", "", whole)], name).status_code == 200
    assert document(client, name) == ITEMS[name]  # no attachment goes with a document's words
    for path, child in ((f"dids/dafab/{SOURCE}/dids", f"{WATER}_assets"), (f"{place}/dids", name)):
        assert client.ask(path, "POST", {"dids": [pair(child)]}).status_code == 400
    refused(
        client.ask(f"dids/dafab/{SOURCE}/dids", "POST", {"dids": [pair(f"{SOURCE}_thumb.png")]}),
        400,
        "UnsupportedOperation",
    )


def test_a_change_of_another_meanwhile_is_no_harm(client, opened, monkeypatch):
    """The document changes between being read and being written: it is read again."""
    states, times = opened.did_states, []

    def read(pairs, root):
        found = states(pairs, root)
        if not times:
            times.append(1)
            patch(client, [op("upsert", "/properties/by", "another")], WATER)
        return found

    monkeypatch.setattr(opened, "did_states", read)
    assert patch(client, [op("upsert", "/properties/mine", 1)], WATER).status_code == 200
    found = document(client, WATER)["properties"]
    assert (found["by"], found["mine"]) == ("another", 1)


def test_operations_leave_the_document_given_as_it_is():
    given = {"a": [1, {"b": 2}], "c": None}
    before = json.dumps(given)

    def do(*operations):
        return changed(given, read_operations(list(operations)))

    assert do(op("insert", "/a/-", 3), op("delete", "/a/0")) == {"a": [{"b": 2}, 3], "c": None}
    assert do(op("upsert", "/a/1/b", 5))["a"][1] == {"b": 5}
    assert do(op("update", "/c", 1))["c"] == 1
    for error, one in (
        (PathExists, op("insert", "/c", 1)),
        (PathNotValid, op("insert", "/a/01", 1)),
        (PathNotValid, op("upsert", "/c/d", 1)),
        (PathNotFound, op("delete", "/a/-")),
        (PathNotFound, op("update", "/c/d", 1)),
    ):
        with pytest.raises(error):
            do(one)
    for bad in ([], "x", [1], [{"op": "delete", "path": "/a", "value": 1}], [{"op": "insert"}]):
        with pytest.raises((QueryNotValid, PathNotValid)):
            read_operations(bad)
    assert json.dumps(given) == before
