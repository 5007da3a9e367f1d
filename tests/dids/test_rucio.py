"""Each route of ``/rucio`` over plain HTTP: shapes, types, errors by their names."""

from __future__ import annotations

import json
from urllib.parse import quote_plus

import pytest

from dafab_kg.access.tokens import Tokens
from dafab_kg.model.did_names import encode_did_name
from dafab_kg.model.settings import Settings
from dafab_kg.web import create_app
from dafab_kg.web.rucio_answers import Refused
from dafab_kg.web.rucio_sessions import SECONDS, Sessions
from tests.dids import making

SOURCE = making.scene("T48PWS")
WATER = f"{SOURCE}_water_analysis_300"
OBJECT, STREAM = "application/json", "application/x-json-stream"
FEATURE = {"type": "comparison", "comparator": "equals", "path": ["type"], "value": "Feature"}


class Client:
    def __init__(self, app, account="guest", password="any"):
        self.http = app.test_client()
        told = self.http.get(
            "/rucio/auth/userpass",
            headers={
                "X-Rucio-Account": account,
                "X-Rucio-Username": account,
                "X-Rucio-Password": password,
            },
        )
        self.login = told
        self.token = told.headers.get("X-Rucio-Auth-Token", "")

    def ask(self, path, method="GET", body=None, **headers):
        headers = {"X-Rucio-Auth-Token": self.token, **headers}
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body)
        return self.http.open(f"/rucio/{path}", method=method, data=data, headers=headers)

    def lines(self, path, method="GET", body=None):
        answer = self.ask(path, method, body)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, STREAM), answer.text
        return [json.loads(line) for line in answer.get_data().splitlines()]

    def value(self, path, method="GET", body=None):
        answer = self.ask(path, method, body)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, OBJECT), answer.text
        return answer.json


@pytest.fixture(scope="module")
def app(catalogue):
    return create_app(catalogue)


@pytest.fixture(scope="module")
def client(app):
    return Client(app)


def refused(answer, status, name):
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == OBJECT
    assert answer.headers["ExceptionClass"] == answer.json["ExceptionClass"] == name
    assert answer.json["ExceptionMessage"]
    assert set(answer.json) == {"ExceptionClass", "ExceptionMessage"}


def test_logging_in(app, client, catalogue):
    assert client.login.status_code == 200
    assert client.login.get_data() == b""
    assert client.login.headers["X-Rucio-Auth-Account"] == "guest"
    assert client.login.headers["X-Rucio-Auth-Token-Expires"].endswith(" UTC")
    assert client.value("accounts/whoami")["account"] == "guest"
    _, token = Tokens(catalogue.settings.store, "").create("loader", ["write"])
    loader = Client(app, "loader", token)
    assert loader.value("accounts/whoami")["account"] == "loader"
    assert loader.value("accounts/loader/scopes/") == ["dafab"]
    refused(client.ask("accounts/guest/scopes/"), 404, "ScopeNotFound")
    refused(client.ask("accounts/root"), 404, "AccountNotFound")
    assert [one["account"] for one in loader.lines("accounts/")] == ["loader"]
    for name, password in (("loader", "wrong"), ("loader", ""), ("other", token), ("", "")):
        refused(Client(app, name, password).login, 401, "CannotAuthenticate")
    Tokens(catalogue.settings.store, "").revoke("loader")
    refused(loader.ask("accounts/whoami"), 401, "CannotAuthenticate")


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c", "dafabkg1.W10.0", "dafabkg1..", "é.é.é", "x" * 5000]
)
def test_a_bad_token_means_to_log_in_again(client, token):
    answer = client.http.get("/rucio/scopes/", headers={"X-Rucio-Auth-Token": token})
    refused(answer, 401, "CannotAuthenticate")


def test_sessions_end_and_cannot_be_made_by_others(tmp_path):
    tokens = Tokens(tmp_path, "")
    _, token = tokens.create("loader", ["write"])
    clock = [1_000.0]
    sessions = Sessions(Settings(store=tmp_path), tokens, lambda: clock[0])
    session = sessions.open("loader", "loader", token)
    assert sessions.caller(session.token).scopes == {"read", "write"}
    prefix, body, signature = session.token.split(".")
    guest = sessions.open("guest", "guest", "")
    assert sessions.caller(guest.token).scopes == frozenset()
    _, other_body, other_signature = guest.token.split(".")
    changed = ("0" if signature[0] != "0" else "1") + signature[1:]
    for made in (
        f"{prefix}.{body}.{other_signature}",
        f"{prefix}.{other_body}.{signature}",
        f"{prefix}.{body}.{changed}",
        f"{prefix}.{body}",
        session.token.upper(),
    ):
        with pytest.raises(Refused):
            sessions.caller(made)
    clock[0] += SECONDS + 1
    with pytest.raises(Refused):
        sessions.caller(session.token)
    closed = Sessions(Settings(store=tmp_path, read_closed=True), tokens)
    with pytest.raises(Refused):
        closed.open("guest", "guest", "")


def test_where_reading_is_closed_a_session_opens_it(catalogue):
    closed = create_app(catalogue, catalogue.settings.model_copy(update={"read_closed": True}))
    _, token = Tokens(catalogue.settings.store, "").create("reader", ["read"])
    assert Client(closed, "reader", token).value("scopes/") == ["dafab"]
    refused(Client(closed).login, 401, "CannotAuthenticate")
    Tokens(catalogue.settings.store, "").revoke("reader")


def test_what_every_client_asks_first(client):
    assert client.http.get("/rucio/ping").json["version"]
    assert client.value("scopes/") == ["dafab"]
    assert client.lines("rses/?expression=") == []
    refused(client.ask("rses/NOWHERE"), 404, "RSENotFound")
    refused(client.ask("rses/NOWHERE/lfns2pfns?lfn=a:b"), 404, "RSENotFound")
    refused(client.ask("credentials/signurl"), 400, "UnsupportedOperation")
    refused(client.ask("dids/dafab/x/rules"), 404, "DataIdentifierNotFound")
    refused(client.ask("scopes/", "POST", {}), 400, "UnsupportedOperation")


def test_data_identifiers(client):
    did = client.value(f"dids/dafab/{SOURCE}?")
    assert (did["scope"], did["name"], did["type"]) == ("dafab", SOURCE, "CONTAINER")
    file = client.value(f"dids/dafab/{SOURCE}_thumb.png?")
    assert (file["type"], file["bytes"], file["md5"]) == ("FILE", 1234, "0123456789abcdef" * 2)
    assert client.value(f"dids/dafab/{SOURCE}_assets/meta")["did_type"] == "DATASET"
    members = client.lines(f"dids/dafab/{SOURCE}/dids")
    assert {one["name"]: one["type"] for one in members} == {
        f"{SOURCE}_assets": "DATASET",
        WATER: "CONTAINER",
        f"{SOURCE}_smart_agriculture_300": "CONTAINER",
    }
    assert set(members[0]) == {"scope", "name", "type", "bytes", "adler32", "md5"}
    parents = client.lines(f"dids/dafab/{SOURCE}_assets/parents")
    assert parents == [{"scope": "dafab", "name": SOURCE, "type": "CONTAINER"}]
    files = client.lines(f"dids/dafab/{WATER}_assets/files")
    assert [one["name"] for one in files] == [f"{WATER}_dafab-water-excess.geojson"]
    assert set(files[0]) == {"scope", "name", "bytes", "adler32", "guid", "events"}
    assert client.lines("dids/dafab/nobody/parents") == []
    for path in ("", "/dids", "/files", "/meta"):
        refused(client.ask(f"dids/dafab/nobody{path}"), 404, "DataIdentifierNotFound")
    refused(client.ask("dids/dafab/beta/files"), 400, "InvalidObject")


def test_names_with_signs_that_paths_have(client):
    told, name = "plain/one + two", "plain/one_x0020__x002B__x0020_two"
    quoted = quote_plus(told)
    assert client.value(f"dids/dafab/{quoted}?")["name"] == told
    assert client.value(f"dids/dafab/{quote_plus(name)}")["name"] == name
    assert [one["name"] for one in client.lines(f"dids/dafab/{quoted}/parents")] == ["beta"]
    members = client.lines("dids/dafab/beta/dids")
    assert [one["name"] for one in members] == [name, "plain_assets"]


def test_searching_page_by_page(client):
    body = {"filter": FEATURE, "limit": 4, "long": True, "count": True}
    found, sizes = [], []
    while True:
        page = client.value("dids/dafab/dids/search", "POST", body)
        assert set(page) <= {"dids", "next_cursor", "count"}
        found += [one["name"] for one in page["dids"]]
        sizes.append(len(page["dids"]))
        if page["next_cursor"] is None:
            break
        body["cursor"] = page["next_cursor"]
    assert found == [encode_did_name(one) for one in sorted(i["id"] for i in making.items())]
    assert sizes == [4, 4, 4, 2]
    row = {"scope": "dafab", "name": found[0], "did_type": "CONTAINER", "bytes": None}
    assert client.value("dids/dafab/dids/search", "POST", {"filter": FEATURE, "long": True})[
        "dids"
    ][0] == {**row, "length": None}


def test_documents_that_fulfil_a_filter(client):
    inherited = {
        "type": "comparison", "comparator": "greaterThan", "valueType": "number",
        "path": ["properties", "eo:cloud_cover"], "value": 30, "inherited": True,
    }  # fmt: skip
    right = sorted(
        f"{making.scene(tile)}_{kind}_300"
        for tile in ("T33HTC", "T01KAB")
        for kind in ("water_analysis", "smart_agriculture")
    )
    for name in ("scope", "stac_scope", "stac_namespace", "namespace"):
        page = client.value("stac_filter", "POST", {name: "dafab", "filter": inherited})
        assert [item["id"] for item in page["items"]] == right
        assert page["nextCursor"] is None
    items = {item["id"]: item for item in making.items()}
    assert page["items"] == [items[name] for name in right]
    first = client.value("stac_filter?limit=3", "POST", {"filter": inherited})
    cursor = quote_plus(first["nextCursor"])
    last = client.value(f"stac_filter?limit=3&cursor={cursor}", "POST", {"filter": inherited})
    assert ([one["id"] for one in last["items"]], last["nextCursor"]) == (right[3:], None)


def test_documents_in_bulk(client):
    wanted = [{"scope": "dafab", "name": name} for name in (WATER, "stac", f"{SOURCE}_assets")]
    lines = client.lines("dids/bulkmetadoc", "POST", {"dids": wanted})
    assert [line["name"] for line in lines] == [one["name"] for one in wanted]
    assert [line["document"].get("id") for line in lines] == [WATER, "stac", None]
    body = {"dids": wanted[:1], "paths": ["/id", "/none"], "inherit": True}
    (line,) = client.lines("dids/bulkmetadoc", "POST", body)
    assert line["values"] == {"/id": {"found": True, "value": WATER}, "/none": {"found": False}}
    assert [(one["name"], one["depth"]) for one in line["ancestors"][:3]] == [
        (SOURCE, 1), ("water_anomaly_flood", 1), ("water_basin_unclassified", 1),
    ]  # fmt: skip
    missing = {"dids": [*wanted, {"scope": "dafab", "name": "none"}]}
    refused(client.ask("dids/bulkmetadoc", "POST", missing), 404, "DataIdentifierNotFound")
    archived = {"dids": wanted, "archived": True}
    refused(client.ask("dids/bulkmetadoc", "POST", archived), 400, "UnsupportedOperation")


def test_replicas_are_not_known_here(client):
    (row,) = client.lines(
        "replicas/list", "POST", {"dids": [{"scope": "dafab", "name": f"{SOURCE}_thumb.png"}]}
    )
    assert (row["name"], row["bytes"], row["rses"], row["pfns"]) == (
        f"{SOURCE}_thumb.png", 1234, {}, {},
    )  # fmt: skip


def test_stable_addresses_of_assets(client):
    def ask(item, key):
        return client.http.get(f"/stac/assets/dafab/items/{quote_plus(item)}/{key}")

    answer = ask(SOURCE, "thumb")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"https://files.example/{SOURCE}.png"
    for item, key in ((SOURCE, "B02_10m"), (SOURCE, "none"), ("none", "thumb")):
        answer = ask(item, key)
        assert answer.status_code == 404
        assert "ExceptionClass" not in answer.json


DEEP = FEATURE
for _ in range(40):
    DEEP = {"type": "logical", "combinator": "not", "filters": [DEEP]}
WIDE = {"type": "logical", "combinator": "or", "filters": [FEATURE] * 255}
HOSTILE = [
    b"", b"{", b"[]", b"null", b'{"filter": NaN}', b'{"filter": "\\ud800"}', b"\xff\xfe",
    b"[" * 100_000, b'{"filter":' * 5_000,
    *({"filter": one} for one in (
        None, [], {}, "x", 1, {**FEATURE, "extra": 1}, {**FEATURE, "comparator": "near"},
        {**FEATURE, "path": []}, {**FEATURE, "path": [True]}, {**FEATURE, "path": [2**31]},
        {**FEATURE, "path": ["a"] * 65}, {**FEATURE, "path": ["name", "x"], "on": "did"},
        {**FEATURE, "path": ["bytes"], "on": "did"}, {**FEATURE, "value": "x" * 4097},
        {**FEATURE, "value": "a\0b"}, {**FEATURE, "comparator": "in", "value": ["a"] * 257},
        {**FEATURE, "valueType": "geometry"}, {**FEATURE, "value": {"a": 1}}, DEEP,
        {"type": "logical", "combinator": "or", "filters": [FEATURE] * 256},
        {"type": "logical", "combinator": "xor", "filters": [FEATURE]},
        {"type": "logical", "combinator": "not", "filters": [FEATURE, FEATURE]},
        {"type": "logical", "combinator": "and", "filters": [], "inherited": True},
    )),
    {"filter": FEATURE, "cursor": "x"}, {"filter": FEATURE, "cursor": 1},
    {"filter": FEATURE, "sort": {"path": ["id"]}}, {"filter": FEATURE, "sort": 1},
    {"filter": FEATURE, "sort": {"path": ["links"], "valueType": "string", "direction": "asc"}},
]  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: repr(body)[:40])
def test_a_request_that_is_not_understood_is_refused_by_name(client, body):
    refused(client.ask("dids/dafab/dids/search", "POST", body), 400, "InvalidObject")
    if not (isinstance(body, dict) and "cursor" in body):  # it is in the address there
        refused(client.ask("stac_filter", "POST", body), 400, "InvalidObject")


def test_limits_of_pages_and_scopes(client):
    for limit in (0, 101, -1, "5", 1.5, True, None):
        if limit is not None:
            body = {"filter": FEATURE, "limit": limit}
            refused(client.ask("dids/dafab/dids/search", "POST", body), 400, "InvalidObject")
        answer = client.ask(f"stac_filter?limit={limit}x", "POST", {"filter": FEATURE})
        refused(answer, 400, "InvalidObject")
    refused(client.ask("dids/hand/dids/search", "POST", {"filter": FEATURE}), 404, "ScopeNotFound")
    refused(
        client.ask("stac_filter", "POST", {"scope": "hand", "filter": FEATURE}),
        404, "ScopeNotFound",
    )  # fmt: skip
    refused(
        client.ask("stac_filter", "POST", {"scope": 1, "filter": FEATURE}), 400, "InvalidObject"
    )
    for dids in (None, [], {}, [1], [{"scope": "dafab"}], [{"scope": 1, "name": "a"}]):
        refused(client.ask("dids/bulkmetadoc", "POST", {"dids": dids}), 400, "InvalidObject")
    many = [{"scope": "dafab", "name": "stac"}] * 1001
    refused(client.ask("dids/bulkmetadoc", "POST", {"dids": many}), 400, "InvalidObject")
    stac = many[:1]
    for paths in ("/id", [1], ["id"], ["/"] * 257, ["/" + "x" * 5000]):
        body = {"dids": stac, "paths": paths}
        refused(client.ask("dids/bulkmetadoc", "POST", body), 400, "InvalidObject")


def test_the_largest_filters_are_answered(client):
    page = client.value("stac_filter", "POST", {"filter": WIDE})
    assert len(page["items"]) == len(making.items())
    paths = [["properties", "eo:cloud_cover"], ["properties", "datetime"], ["bbox", 0], ["id"]]
    tests = [
        {"type": "comparison", "comparator": "notEquals", "path": paths[n % 4], "value": f"{n}"}
        for n in range(255)
    ]
    every = {"type": "logical", "combinator": "or", "filters": tests}
    assert client.value("stac_filter", "POST", {"filter": every})["items"]
