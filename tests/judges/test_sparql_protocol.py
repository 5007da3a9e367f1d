"""The W3C tests of the SPARQL 1.1 Protocol, run over the endpoint."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rdflib import RDF, Graph, Namespace, Node, URIRef
from rdflib.collection import Collection

from dafab_kg.model.names import Names
from dafab_kg.model.settings import Settings
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.web import create_app

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
HT = Namespace("http://www.w3.org/2011/http#")
CNT = Namespace("http://www.w3.org/2011/content#")
UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
RDFS_LABEL = URIRef("http://www.w3.org/2000/01/rdf-schema#label")

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("DAFAB_SHARED", ROOT.parent / "shared")) / "data"
FOLDER = SHARED / "w3c_tests/rdf-tests/sparql/sparql11/protocol"

FORMATS = {
    "boolean": {"application/sparql-results+json", "application/sparql-results+xml"},
    "tabular": {
        "application/sparql-results+json", "application/sparql-results+xml", "text/csv",
        "text/tab-separated-values",
    },
    "RDF": {"text/turtle", "application/rdf+xml", "application/n-triples", "application/ld+json"},
}  # fmt: skip


@dataclass(frozen=True)
class Exchange:
    """One request of a test, and what must come back."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    statuses: frozenset[str]
    truth: bool | None
    form: str


@dataclass(frozen=True)
class Case:
    """One test of the manifest; ``data`` maps graph names to files."""

    name: str
    data: tuple[tuple[str, Path], ...]
    exchanges: tuple[Exchange, ...]

    @property
    def updates(self) -> bool:
        """True if the test needs an update to succeed."""
        return self.name.startswith("update_")


def read_cases() -> list[Case]:
    if not FOLDER.is_dir():
        return []
    manifest = Graph().parse(FOLDER / "manifest.ttl", publicID=(FOLDER / "x").as_uri())
    entries = manifest.value(predicate=MF.entries, any=True)
    top = manifest.value(predicate=RDF.type, object=MF.Manifest, any=True)
    entries = manifest.value(top, MF.entries)
    return [_case(manifest, entry) for entry in Collection(manifest, entries)]


def _case(manifest: Graph, entry: Node) -> Case:
    data = tuple(
        (str(manifest.value(node, RDFS_LABEL)),
         FOLDER / str(manifest.value(node, UT.graph)).rsplit("/", 1)[-1])
        for node in manifest.objects(entry, UT.graphData)
    )  # fmt: skip
    action = manifest.value(entry, MF.action)
    requests = Collection(manifest, manifest.value(action, HT.requests))
    name = str(entry).rsplit("#", 1)[-1]
    return Case(name, data, tuple(_exchange(manifest, request) for request in requests))


def _exchange(manifest: Graph, request: Node) -> Exchange:
    body = manifest.value(request, HT.body)
    encoding = str(manifest.value(body, CNT.characterEncoding) or "UTF-8") if body else "UTF-8"
    headers = manifest.value(request, HT.headers)
    response = manifest.value(request, HT.resp)
    truth = manifest.value(response, MF.expectedBoolean)
    return Exchange(
        method=str(manifest.value(request, HT.methodName)),
        path=str(manifest.value(request, HT.absolutePath)),
        headers=tuple(
            (str(manifest.value(h, HT.fieldName)), str(manifest.value(h, HT.fieldValue)))
            for h in (Collection(manifest, headers) if headers else ())
        ),
        body=str(manifest.value(body, CNT.chars)).encode(encoding) if body else b"",
        statuses=frozenset(
            str(status).rsplit("StatusCode", 1)[-1]
            for status in manifest.objects(response, MF.expectedStatus)
        ),
        truth=None if truth is None else bool(truth.toPython()),
        form=str(manifest.value(response, MF.expectedFormat) or ""),
    )


CASES = read_cases()


class Catalogue:
    """A store in memory with the test's graphs, each also in the default graph."""

    def __init__(self, data: tuple[tuple[str, Path], ...]) -> None:
        self.settings, self.names, self.store = Settings(), Names(), OxigraphStore()
        for graph, file in data:
            triples = file.read_text()
            self.store.bulk_load(triples)
            self.store.bulk_load(triples.replace(" .\n", f" <{graph}> .\n"))

    def query(self, text: str, *, facts: str, **options: Any) -> Any:
        """There is no graph of inferred triples here, so that `facts` says nothing."""
        return self.store.query(text, **options)


def test_the_manifest_is_here(shared):
    assert len(CASES) == 34


@pytest.mark.parametrize(
    "case", [case for case in CASES if not case.updates], ids=lambda case: case.name
)
def test_w3c_protocol(case):
    """Updates are left to the issue that brings writing; that they are refused is tested below."""
    client = create_app(Catalogue(case.data)).test_client()  # type: ignore[arg-type]
    for exchange in case.exchanges:
        response = client.open(
            exchange.path, method=exchange.method, headers=exchange.headers, data=exchange.body
        )
        assert f"{response.status_code // 100}xx" in exchange.statuses, response.text
        if exchange.form:
            assert response.mimetype in FORMATS[exchange.form]
        if exchange.truth is not None:
            assert json.loads(response.data)["boolean"] is exchange.truth


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.updates], ids=lambda case: case.name
)
def test_updates_are_refused(case):
    catalogue = Catalogue(case.data)
    before = sorted(catalogue.store.graphs())
    client = create_app(catalogue).test_client()  # type: ignore[arg-type]
    for exchange in case.exchanges:
        response = client.open(
            exchange.path, method=exchange.method, headers=exchange.headers, data=exchange.body
        )
        if b"ASK" not in exchange.body and "ASK" not in exchange.path:
            assert response.status_code == 403
    assert sorted(catalogue.store.graphs()) == before
