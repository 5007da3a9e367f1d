"""/openapi.json says all that there is; schemathesis asks by it, and the answers keep to it.

schemathesis reads the description, makes requests, and judges statuses, media types and schemas.
"""

from __future__ import annotations

import json
from collections import Counter

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from werkzeug.test import Client

import dafab_kg
from dafab_kg.access.tokens import Tokens
from dafab_kg.queries import saved
from dafab_kg.store.answers import FORMATS
from dafab_kg.vocabulary.held import read_vocabulary
from dafab_kg.web import create_app
from dafab_kg.web.openapi import undescribed
from tests.ingest.documents import water_item, write_items
from tests.search.items import make_item
from tests.serving.served import Server
from tests.web import mutating
from tests.web.written import few

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
FEW, MANY = 4, 50
"""Requests of each operation: in `make test`, and in `make judges`."""


def texts(seeds):
    return st.integers(0, 2**31).map(lambda seed: mutating.texts(seeds, 1, seed)[0])


schemathesis.openapi.format(
    "sparql-query", st.sampled_from(mutating.SEEDS) | texts(mutating.SEEDS) | st.text()
)
schemathesis.openapi.format(
    "sparql-update", st.sampled_from(mutating.UPDATES) | texts(mutating.UPDATES) | st.text()
)
schemathesis.openapi.format(
    "iri", st.sampled_from(["a:g", "a:h", "http://e/g", "http://e/é"]) | st.text()
)
for name, text in {
    "ttl": "<a:a> <a:b> 1 .",
    "nt": "<a:a> <a:b> <a:c> .",
    "jsonld": '{"@id": "a:a", "a:b": 1}',
    "rdf": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
}.items():
    schemathesis.openapi.format(name, st.just(text) | st.text() | texts([text]))


@schemathesis.serializer(
    "application/sparql-query", "application/sparql-update", "text/turtle",
    "application/n-triples", "application/rdf+xml", "application/ld+json",
)  # fmt: skip
def as_it_is(ctx, value):
    text = value if isinstance(value, str) else json.dumps(value, default=repr)
    return text.encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    with few(tmp_path_factory.mktemp("openapi")) as made:
        refuse_one(made.catalogue, tmp_path_factory.mktemp("refused"))
        yield made


def refuse_one(catalogue, place):
    """Put a document in quarantine, and tell its id and that of the load."""
    (place / "item.json").write_text(json.dumps({**water_item(5), "geometry": None}))
    report = catalogue.load(place / "item.json")
    REAL["identifier"] = [report.rejected[0].document_id]
    REAL["load_id"] = [report.load_id]


def test_every_route_is_described(web):
    assert undescribed(web.app) == []


def test_a_route_that_says_nothing_is_found(web):
    app = create_app(web.catalogue)
    app.add_url_rule("/new", "new", lambda: "", methods=["GET", "PUT"])
    assert undescribed(app) == ["GET /new", "PUT /new"]


def test_the_document(web):
    response = web.ask("", "/openapi.json")
    assert response.mimetype == "application/json"
    told = response.json
    assert told["openapi"].startswith("3.1.")
    ids = [
        operation["operationId"]
        for path in told["paths"].values()
        for method, operation in path.items()
    ]
    assert len(ids) == len(set(ids)) > 30
    for reference in json.dumps(told).split('"$ref": "')[1:]:
        node = told
        for part in reference.split('"')[0].removeprefix("#/").split("/"):
            node = node[part]
    rows = told["paths"]["/sparql"]["get"]["responses"]["200"]["content"]
    assert {f.media_type for f in FORMATS.values()} <= rows.keys()
    assert told["paths"]["/graphs"]["put"]["security"] == [{"token": []}]
    assert {} in told["paths"]["/graphs"]["get"]["security"]


def operations(schema):
    return [found.ok() for found in schema.get_all_operations()]


REAL = {
    "local": ["Product", "cloudCover", "3301010000"],
    "module": ["core"],
    "version": [read_vocabulary().version("core")],
    "name": [*(query.name for query in saved()), "month", "water_anomaly", "stac"],
    "value": ["water_anomaly_flood"],
    "suffix": ["ttl", "nt", "jsonld", "rdf", "html", "csv", "json"],
    "rest": ["a", "b/c"],
    "filename": ["style.css"],
    "file": ["agri"],
    "collection": ["water_analysis"],
    "item": [water_item(0)["id"]],
    "scope": ["dafab"],
    "account": ["whoami", "guest"],
    "document_id": ["0123456789abcdef"],
    "number": ["0"],
    "key": ["dafab-water-excess"],
}
"""Values of the path that there are, since few of those made up are."""
SHELVES = {"name": ["month", "water_anomaly"], "value": ["2022-10"]}
"""The same of catalogues below a collection."""
GUEST = {f"X-Rucio-{name}": "guest" for name in ("Account", "Username", "Password")}
RUCIO = {
    "filter": {"type": "comparison", "comparator": "equals", "path": ["id"], "value": "stac"},
    "dids": [{"scope": "dafab", "name": "stac"}],
}
"""A body that each operation below /rucio understands."""
ASKED = {
    "id": [water_item(0)["id"]],
    "triple": [f"<https://w3id.org/dafab/id/product/{water_item(0)['id']}> a dafab:WaterProduct"],
}
"""The same of what names a thing in the parameters of /things."""


COLLECTION = {
    "type": "Collection", "stac_version": "1.1.0", "id": "water_analysis", "description": "Water",
    "license": "other", "links": [],
    "extent": {"spatial": {"bbox": [[0, 0, 1, 1]]}, "temporal": {"interval": [[None, None]]}},
}  # fmt: skip
ITEM = make_item(water_item(0)["id"], collection="water_analysis")
ITEM["assets"] = water_item(0)["assets"]
STAC = {
    "POST /stac/collections": COLLECTION,
    "PUT /stac/collections/{collection}": COLLECTION,
    "PATCH /stac/collections/{collection}": {"title": "Water"},
    "POST /stac/collections/{collection}/items": ITEM | {"id": "another"},
    "PUT /stac/collections/{collection}/items/{item}": ITEM,
    "PATCH /stac/collections/{collection}/items/{item}": {"properties": {"gsd": 10}},
    "POST /stac/collections/{collection}/aggregate": {"aggregations": ["total_count"]},
}
"""Bodies that the operations of STAC take."""


def strategies(operation):
    """Requests, right and wrong ones."""
    right = operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE)
    try:
        wrong = operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
    except Unsatisfiable:  # nothing of it can be wrong
        return right
    return right | wrong


class Held:
    """Sends what schemathesis makes, and holds the answers to the description."""

    def __init__(self, send, put, words, login):
        self.send = send
        self.login = login
        self.put = put
        self.words = words
        self.statuses = {}

    def hold(self, operation, number):
        @settings(max_examples=number, deadline=None, derandomize=True, database=None,
                  phases=(Phase.generate,), suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(case=strategies(operation), choice=st.integers(0, 999))
        def check(case, choice):
            if choice % 2:
                there = REAL | (SHELVES if case.path.startswith("/stac/") else {})
                for name in case.path_parameters or {}:
                    case.path_parameters[name] = there[name][choice // 2 % len(there[name])]
                if case.path.startswith("/things/") and isinstance(case.query, dict):
                    case.query |= {n: ASKED[n][0] for n in case.query if n in ASKED}
            if choice % 2 and operation.label in STAC:
                case.body = STAC[operation.label]
                case.headers.pop("If-Match", None)
                case.headers.pop("If-None-Match", None)
            if choice % 3 and case.path == "/graphs" and isinstance(case.query, dict):
                case.query = {"graph": "a:g"}
            if choice % 2 and case.path.startswith("/rucio/"):
                case.headers.update({**GUEST, "X-Rucio-Auth-Token": self.login()})
                if case.method == "POST":
                    members = ("dids",) if "search" not in case.path else ("filter",)
                    case.body = {n: RUCIO[n] for n in members} if "dids" in case.path else RUCIO
            response = self.send(case)
            self.statuses.setdefault(operation.label, Counter())[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)
            if response.status_code >= 500:
                # what a bound or a crash of others may end; the tests send nothing so heavy
                assert response.json()["reason"] == "DeadlinePassed", response.text
            told = response.content.decode("utf-8", "replace") + str(response.headers)
            for word in self.words:
                assert word not in told, told

        check()

    def hold_all(self, schema, number, methods):
        found = [one for one in operations(schema) if one.method.upper() in methods]
        found.sort(key=lambda one: methods.index(one.method.upper()))
        assert len(found) > 20
        for operation in found:
            if operation.label == "GET /graphs/{rest}":
                for rest in REAL["rest"]:  # what was put last may have left nothing
                    assert self.put(f"/graphs/{rest}", "<a:a> <a:b> <a:c> .") < 300
            self.hold(operation, number)
        # that all went wrong would tell little
        all_of_them = sum(self.statuses.values(), Counter())
        assert sum(n for s, n in all_of_them.items() if s < 400) > sum(all_of_them.values()) / 5
        if number == MANY:
            promised = {
                f"{method.upper()} {path}"
                for path, told in schema.raw_schema["paths"].items()
                for method, operation in told.items()
                if any(status.startswith(("2", "3")) for status in operation["responses"])
            }
            # below /rucio that is for test_dafab_client: few of its names can be made up; and what
            # is deleted once is gone; the operator's login asks from where its form is
            assert not {
                label: statuses
                for label, statuses in self.statuses.items()
                if label in promised and min(statuses) >= 400
                if " /rucio/" not in label and not label.startswith("DELETE")
                if not label.startswith("POST /operator/log")
            }


class Reading(Client):
    """A client that reads answers to their end, which closes files."""

    def open(self, *given, **options):
        return super().open(*given, buffered=True, **options)


def test_some_requests_of_each_kind(web):
    token = {"Authorization": f"Bearer {web.tokens['admin']}"}
    schema = schemathesis.openapi.from_wsgi("/openapi.json", web.app)
    client = Reading(web.app)
    text = {**token, "Content-Type": "text/turtle"}
    held = Held(
        lambda case: case.call(headers=token, session=client),
        lambda path, data: client.put(path, headers=text, data=data).status_code,
        mutating.paths_of(web.place),
        lambda: client.get("/rucio/auth/userpass", headers=GUEST).headers["X-Rucio-Auth-Token"],
    )
    held.hold_all(schema, FEW, ("PUT", "POST", "GET", "DELETE"))
    assert not [f for f in web.catalogue.doctor() if f.severity == "error"]


@pytest.mark.oracle
def test_many_requests_over_http(tmp_path, tmp_path_factory):
    """The same of the server as users start it, with its processes."""
    # where documents came from is told; where the server keeps them is not
    given = tmp_path_factory.mktemp("given")
    with dafab_kg.open(tmp_path / "store") as catalogue:
        catalogue.load(write_items(given / "items", 20), validate=False)
        refuse_one(catalogue, given)
    _, token = Tokens(tmp_path / "store").create("judge", ["admin"])
    server = Server(tmp_path / "store", query_seconds=20, reasoning=False)
    try:
        before = server.status()["restarts"]
        schema = schemathesis.openapi.from_url(f"{server.address}openapi.json")
        bearer = {"Authorization": f"Bearer {token}"}
        text = {**bearer, "Content-Type": "text/turtle"}
        with requests.Session() as session:
            held = Held(
                lambda case: case.call(headers=bearer, session=session, timeout=60),
                lambda path, data: (
                    session.put(server.address.rstrip("/") + path, data, headers=text).status_code
                ),
                mutating.paths_of(tmp_path),
                lambda: session.get(f"{server.address}rucio/auth/userpass", headers=GUEST).headers[
                    "X-Rucio-Auth-Token"
                ],
            )
            held.hold_all(schema, MANY, ("POST", "PUT", "PATCH", "GET", "HEAD", "DELETE"))
        assert server.status()["restarts"] == before
    finally:
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()
    with dafab_kg.open(tmp_path / "store") as catalogue:
        assert not [f for f in catalogue.doctor() if f.severity == "error"]
