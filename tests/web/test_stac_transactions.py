"""The Transaction extension over HTTP: who may write, what is answered, what is there then."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from tests.search.items import make_item, write
from tests.web.test_stac_writes import BROKEN, body, collection
from tests.web.written import clients

ITEMS = "/stac/collections/alpha/items"
GEOJSON = "application/geo+json"
MERGE = "application/merge-patch+json"
WHOLE = {"Prefer": "return=representation"}
LITTLE = {"Prefer": "return=minimal"}


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    place = tmp_path_factory.mktemp("transactions")
    with clients(place, reasoning=False) as made:
        made.catalogue.load(write([make_item("a"), make_item("b")], place / "items"))
        yield made


def send(web, method, path, value=None, status=None, who="write", kind="application/json", **more):
    data = value if isinstance(value, bytes) else None if value is None else body(value)
    response = web.ask(who, path, method, data=data, content_type=kind, **more)
    assert status is None or response.status_code == status, response.text
    return response


def test_conformance_names_it(web):
    classes = web.ask("", "/stac/conformance").json["conformsTo"]
    assert "https://api.stacspec.org/v1.0.0/ogcapi-features/extensions/transaction" in classes
    assert "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/simpletx" in classes


def test_only_who_may_write_writes(web):
    for method, path, value in [
        ("POST", ITEMS, make_item("x")), ("PUT", f"{ITEMS}/a", make_item("a")),
        ("PATCH", f"{ITEMS}/a", {}), ("DELETE", f"{ITEMS}/a", None),
        ("POST", "/stac/collections", {"id": "x"}), ("PUT", "/stac/collections/alpha", {}),
        ("PATCH", "/stac/collections/alpha", {}), ("DELETE", "/stac/collections/alpha", None),
    ]:  # fmt: skip
        assert send(web, method, path, value, 401, who="").headers["WWW-Authenticate"]
        send(web, method, path, value, 403, who="read")
    assert web.ask("", f"{ITEMS}/a").status_code == 200


def test_an_item_is_made_replaced_patched_and_deleted(web):
    item = make_item("made", provider=None, gsd=10)
    made = send(web, "POST", ITEMS, item, 201, headers={"X-Request-Id": "r-5"})
    place = urlsplit(made.headers["Location"]).path
    shown = web.ask("", place)
    assert shown.json["properties"] == item["properties"]
    assert (made.json, made.headers["ETag"]) == (shown.json, shown.headers["ETag"])
    assert "request r-5" in next(
        one.origin for one in web.catalogue.documents() if one.key.endswith("/made")
    )
    assert send(web, "POST", ITEMS, item, 409).json["remedy"]
    del item["id"], item["collection"]  # the address tells both
    item["properties"]["gsd"] = 20
    send(web, "PUT", place, item, 204)
    assert web.ask("", place).json["properties"]["gsd"] == 20
    whole = send(web, "PATCH", place, {"properties": {"gsd": 30}}, 200, kind=MERGE, headers=WHOLE)
    assert whole.json == web.ask("", place).json and whole.json["properties"]["gsd"] == 30
    assert whole.headers["ETag"] == web.ask("", place).headers["ETag"]
    gone = send(web, "DELETE", place, None, 204)
    assert "Content-Type" not in gone.headers
    little = send(web, "POST", ITEMS, {**item, "id": "made"}, 201, headers=LITTLE)
    assert little.data == b"" and little.headers["Location"] == made.headers["Location"]
    send(web, "DELETE", place, None, 204)
    assert web.ask("", place).status_code == 404
    for method in ("PUT", "PATCH", "DELETE"):
        send(web, method, place, item if method == "PUT" else {}, 404)


def test_what_is_fetched_may_be_sent_back(web):
    shown = web.ask("", f"{ITEMS}/a")
    send(web, "PUT", f"{ITEMS}/a", shown.json, 204, kind=GEOJSON)
    again = web.ask("", f"{ITEMS}/a").json
    assert again == shown.json
    assert web.ask("", "/stac/search", query_string={"ids": "a"}).json["numberReturned"] == 1


def test_etags_are_compared(web):
    place = f"{ITEMS}/b"
    shown = web.ask("", place)
    tag = shown.headers["ETag"]
    unchanged = web.ask("", place, headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    send(web, "PATCH", place, {"properties": {"gsd": 1}}, 204, headers={"If-Match": tag})
    for old in (tag, '"x"', 'W/"x"', "x"):
        send(web, "PATCH", place, {}, 412, headers={"If-Match": old})
        send(web, "DELETE", place, None, 412, headers={"If-Match": old})
    send(web, "PUT", place, make_item("b"), 412, headers={"If-None-Match": "*"})
    now = web.ask("", place)
    assert now.headers["ETag"] != tag and now.json["properties"]["gsd"] == 1
    send(web, "PATCH", place, {}, 204, headers={"If-Match": f'"x", {now.headers["ETag"]}'})
    send(web, "PATCH", place, {}, 204, headers={"If-Match": "*"})


def test_a_feature_collection_is_created_whole_or_not_at_all(web):
    def several(*items):
        return {"type": "FeatureCollection", "features": list(items)}

    answer = send(web, "POST", ITEMS, several(make_item("m1"), make_item("m2")), 201)
    assert "Location" not in answer.headers
    for wrong, status in [
        (make_item("m1"), 409), (make_item("m4", **BROKEN), 422), ({"id": 3}, 400),
        (make_item("m3"), 400), (make_item("m4", collection="beta"), 400),
        (make_item("m4") | {"geometry": None}, 400), ({"type": "Feature"}, 400),
    ]:  # fmt: skip
        answer = send(web, "POST", ITEMS, several(make_item("m3"), wrong), status)
        assert answer.mimetype == "application/problem+json"
        assert web.ask("", f"{ITEMS}/m3").status_code == 404
    told = send(web, "POST", ITEMS, several(make_item("m3"), make_item("m4", **BROKEN)), 422).json
    assert "ValidationReport" in told["report"] and "features/1" in told["where"]
    send(web, "POST", ITEMS, several(), 201)
    assert web.ask("", ITEMS, query_string={"ids": "m1,m2,m3,m4"}).json["numberMatched"] == 2


def test_collections(web):
    made = send(web, "POST", "/stac/collections", collection("delta"), 201)
    place = urlsplit(made.headers["Location"]).path
    assert place == "/stac/collections/delta"
    send(web, "POST", "/stac/collections", collection("delta"), 409)
    tag = web.ask("", place).headers["ETag"]
    send(web, "PATCH", place, {"title": "D"}, 204, kind=MERGE, headers={"If-Match": tag})
    assert web.ask("", place).json["title"] == "D"
    send(web, "PUT", place, collection("delta"), 412, headers={"If-Match": tag})
    send(web, "PUT", place, collection("delta"), 204)
    assert "title" not in web.ask("", place).json
    send(web, "POST", f"{place}/items", make_item("in", collection="delta"), 201)
    send(web, "DELETE", place, None, 409)
    send(web, "DELETE", f"{place}/items/in", None, 204)
    send(web, "DELETE", place, None, 204)
    assert web.ask("", place).status_code == 404
    send(web, "POST", f"{place}/items", make_item("in", collection="delta"), 404)
    send(web, "PUT", "/stac/collections/alpha", collection("alpha"), 404)  # made by the catalogue
    send(web, "POST", "/stac/collections", collection("alpha"), 201)
    assert web.ask("", "/stac/collections/alpha").json["description"] == "What it is"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"null", b"{", b'{"id": "x"}', b'{"id": ""}', b'{"id": "a", "id": "b"}',
        b"\xff",
        b"[" * 5000, b'{"type": "FeatureCollection"',
        b'{"type": "FeatureCollection", "features": [1]}',
        json.dumps(make_item("x") | {"links": 3}).encode(),
        json.dumps(make_item("x") | {"links": [3, {"rel": 1}, {"rel": "self"}]}).encode(),
        json.dumps(make_item("x") | {"properties": []}).encode(),
        json.dumps(make_item("x") | {"id": "y" * 70_000}).encode(),
        json.dumps(make_item("x") | {"stac_version": 7}).encode(),
        json.dumps(make_item("x") | {"collection": {"a": 1}}).encode(),
        json.dumps(make_item("\ud800")).encode(),
    ],
)  # fmt: skip
def test_bad_bodies_are_problems(web, data):
    for method, path in [("POST", ITEMS), ("PUT", f"{ITEMS}/a"), ("POST", "/stac/collections"),
                         ("PATCH", f"{ITEMS}/a"), ("PUT", "/stac/collections/alpha")]:  # fmt: skip
        answer = send(web, method, path, data)
        assert answer.status_code < 500, (method, path, answer.text)
        if answer.status_code >= 400:
            assert answer.mimetype == "application/problem+json"
    send(web, "POST", ITEMS, data, 415, kind="text/turtle")
    web.ask("write", f"{ITEMS}/x", "DELETE")


def test_an_item_without_a_time_is_none(web):
    for told in (
        {},
        {"datetime": None},
        {"datetime": None, "start_datetime": "2022-09-01T00:00:00Z"},
    ):
        item = {**make_item("timeless"), "properties": told}
        answer = send(web, "POST", ITEMS, item, 400)
        assert "datetime" in answer.json["where"]
    send(web, "PATCH", f"{ITEMS}/b", {"properties": {"datetime": None}}, 400, kind=MERGE)
