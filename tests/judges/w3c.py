"""W3C's SPARQL suites: their manifests, and a catalogue over HTTP to put them to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from rdflib import RDF, Graph, Namespace, Node, URIRef
from rdflib.collection import Collection

from dafab_kg.access.tokens import Tokens
from dafab_kg.catalogue import Catalogue, open_catalogue
from dafab_kg.model.settings import Settings
from dafab_kg.web import create_app

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
HT = Namespace("http://www.w3.org/2011/http#")
CNT = Namespace("http://www.w3.org/2011/content#")
UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
QT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
RDFS_LABEL = URIRef("http://www.w3.org/2000/01/rdf-schema#label")

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("DAFAB_SHARED", ROOT.parent / "shared")) / "data"
SUITES = SHARED / "w3c_tests/rdf-tests/sparql/sparql11"

STATUSES = {"Created": {201}, "OK": {200}, "NoContent": {204}, "NotFound": {404}}


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
    location: str
    answer: str

    def expects(self, status: int) -> bool:
        return any(
            name == f"StatusCode{status // 100}xx" or status in STATUSES.get(name, ())
            for name in self.statuses
        )


@dataclass(frozen=True)
class Case:
    """One test of exchanges; ``data`` maps graph names to files."""

    name: str
    data: tuple[tuple[str, Path], ...]
    exchanges: tuple[Exchange, ...]


def manifest(folder: str, file: str = "manifest.ttl") -> tuple[Graph, list[Node]]:
    """Read a manifest; return it and its entries."""
    place = SUITES / folder / file
    if not place.is_file():
        return Graph(), []
    graph = Graph().parse(place, publicID=place.as_uri())
    top = graph.value(predicate=RDF.type, object=MF.Manifest, any=True)
    entries = graph.value(top, MF.entries)
    return graph, list(Collection(graph, entries)) if entries else []


def exchange_cases(folder: str, file: str = "manifest.ttl") -> list[Case]:
    graph, entries = manifest(folder, file)
    return [_case(graph, entry, SUITES / folder) for entry in entries]


def _case(graph: Graph, entry: Node, folder: Path) -> Case:
    data = tuple(
        (str(graph.value(node, RDFS_LABEL)),
         folder / str(graph.value(node, UT.graph)).rsplit("/", 1)[-1])
        for node in graph.objects(entry, UT.graphData)
    )  # fmt: skip
    action = graph.value(entry, MF.action)
    requests = Collection(graph, graph.value(action, HT.requests))
    name = str(entry).rsplit("#", 1)[-1]
    return Case(name, data, tuple(_exchange(graph, request) for request in requests))


def _exchange(graph: Graph, request: Node) -> Exchange:
    body = graph.value(request, HT.body)
    encoding = str(graph.value(body, CNT.characterEncoding) or "UTF-8") if body else "UTF-8"
    headers = graph.value(request, HT.headers)
    response = graph.value(request, HT.resp)
    truth = graph.value(response, MF.expectedBoolean)
    answer = graph.value(response, HT.body)
    return Exchange(
        method=str(graph.value(request, HT.methodName)),
        path=str(graph.value(request, HT.absolutePath)),
        headers=tuple(
            (str(graph.value(h, HT.fieldName)), str(graph.value(h, HT.fieldValue)))
            for h in (Collection(graph, headers) if headers else ())
        ),
        body=str(graph.value(body, CNT.chars)).encode(encoding) if body else b"",
        statuses=frozenset(
            str(status).rsplit("#", 1)[-1] for status in graph.objects(response, MF.expectedStatus)
        ),
        truth=None if truth is None else bool(truth.toPython()),
        form=str(graph.value(response, MF.expectedFormat) or ""),
        location=str(graph.value(response, MF.expectedLocation) or ""),
        answer=str(graph.value(answer, CNT.chars)) if answer else "",
    )


class Server:
    """A catalogue in a directory, asked by a client that may write."""

    def __init__(self, catalogue: Catalogue, token: str) -> None:
        settings = catalogue.settings
        self.catalogue = catalogue
        self.client: FlaskClient = create_app(catalogue).test_client()
        self.token = token
        self.home = settings.names.make("written_default")
        self.base = settings.base

    def ask(self, path: str, method: str = "GET", headers: Any = (), **options: Any) -> Any:
        given = [*headers, ("Authorization", f"Bearer {self.token}")]
        return self.client.open(path, method=method, headers=given, **options)

    def clear(self) -> None:
        response = self.ask("/sparql", "POST", data={"update": "DROP SILENT ALL"})
        assert response.status_code == 200, response.text

    def put(self, graph: str | None, data: str) -> None:
        address = {"default": ""} if graph is None else {"graph": graph}
        response = self.ask(
            "/graphs", "PUT", query_string=address, data=data, content_type="text/turtle"
        )
        assert response.status_code in (201, 204), response.text


@contextmanager
def server(place: Path) -> Iterator[Server]:
    """A server over a new catalogue; nothing is inferred, as the suites expect."""
    settings = Settings(store=place / "store", reasoning=False)
    assert settings.index and settings.rewriting
    with open_catalogue(settings=settings) as catalogue:
        _, token = Tokens(settings.store).create("judge", ["write"])
        yield Server(catalogue, token)
