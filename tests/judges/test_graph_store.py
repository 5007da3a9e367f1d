"""The W3C tests of the Graph Store HTTP Protocol and of the service description."""

from __future__ import annotations

import re

import pytest
from rdflib import RDF, Graph, Namespace, URIRef
from rdflib.compare import isomorphic

from tests.judges import w3c

SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
HOST = "http://www.example"
CASES = [
    case
    for file in ("manifest-direct.ttl", "manifest-indirect.ttl")
    for case in w3c.exchange_cases("graph-store-protocol", file)
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with w3c.server(tmp_path_factory.mktemp("graphs")) as started:
        yield started


def ours(text: str) -> str:
    """The suite's endpoint is /gsp, ours /graphs."""
    return re.sub(r"(/|%2F)gsp\b", r"\1graphs", text)


def test_the_manifests_are_here(shared):
    assert len(CASES) == 13


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_w3c_graph_store(case, server):
    server.clear()
    told: dict[str, str] = {}
    for exchange in case.exchanges:
        path, body = ours(exchange.path), exchange.body.decode()
        for name, value in told.items():
            path, body = path.replace(name, value), body.replace(name, value)
        response = server.ask(
            path.removeprefix(HOST), exchange.method, exchange.headers, data=ours(body).encode(),
            base_url=HOST,
        )  # fmt: skip
        assert exchange.expects(response.status_code), (exchange, response.text)
        if exchange.location:
            told[exchange.location] = response.headers["Location"]
        if exchange.answer:
            expected = Graph().parse(data=ours(exchange.answer), format="turtle", publicID=HOST)
            found = Graph().parse(data=response.text, format="turtle", publicID=HOST)
            assert isomorphic(expected, found), response.text
        if exchange.method == "HEAD":
            assert response.data == b""


# service description: the three tests of the suite are said in words


@pytest.mark.parametrize("accept", ["text/turtle", "application/rdf+xml", "*/*", None])
def test_w3c_returns_rdf(server, accept):
    headers = [] if accept is None else [("Accept", accept)]
    response = server.ask("/sparql", headers=headers)
    assert response.status_code == 200
    syntax = {"text/turtle": "turtle", "application/rdf+xml": "xml"}[response.mimetype]
    assert len(Graph().parse(data=response.data, format=syntax)) > 10


@pytest.mark.parametrize("path", ["/sparql", "/sparql/"])
def test_w3c_has_endpoint_triple(server, path):
    found = Graph().parse(data=server.ask(path, base_url=HOST).data, format="turtle")
    assert URIRef(HOST + path) in set(found.objects(predicate=SD.endpoint))


def test_w3c_conforms_to_schema(server):
    """Classes, properties and individuals are those of the vocabulary, in their places."""
    found = Graph().parse(data=server.ask("/sparql").data, format="turtle")
    known = {
        SD.endpoint: (SD.Service, None),
        SD.supportedLanguage: (SD.Service, {SD.SPARQL11Query, SD.SPARQL11Update}),
        SD.resultFormat: (SD.Service, None),
        SD.inputFormat: (SD.Service, None),
        SD.extensionFunction: (SD.Service, SD.Function),
        SD.extensionAggregate: (SD.Service, SD.Aggregate),
        SD.propertyFeature: (SD.Service, None),
        SD.defaultDataset: (SD.Service, SD.Dataset),
        SD.defaultGraph: (SD.Dataset, SD.Graph),
        SD.namedGraph: (SD.Dataset, SD.NamedGraph),
        SD.name: (SD.NamedGraph, None),
    }
    assert len(set(found.subjects(RDF.type, SD.Service))) == 1
    # the spatial aggregate functions of GeoSPARQL 1.1
    aggregates = "BoundingBox", "BoundingCircle", "Centroid", "ConcaveHull", "ConvexHull", "Union"
    assert set(found.objects(predicate=SD.extensionAggregate)) == {
        URIRef(f"http://www.opengis.net/def/function/geosparql/agg{name}") for name in aggregates
    }
    for subject, predicate, value in found:
        if predicate == RDF.type:
            continue
        domain, values = known[predicate]
        assert (subject, RDF.type, domain) in found
        if isinstance(values, set):
            assert value in values
        elif values is not None:
            assert (value, RDF.type, values) in found
