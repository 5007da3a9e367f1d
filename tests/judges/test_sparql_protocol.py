"""The W3C tests of the SPARQL 1.1 Protocol, run over the endpoint: queries and updates."""

from __future__ import annotations

import json

import pytest

from tests.judges import w3c

FORMATS = {
    "boolean": {"application/sparql-results+json", "application/sparql-results+xml"},
    "tabular": {
        "application/sparql-results+json", "application/sparql-results+xml", "text/csv",
        "text/tab-separated-values",
    },
    "RDF": {"text/turtle", "application/rdf+xml", "application/n-triples", "application/ld+json"},
}  # fmt: skip
CASES = w3c.exchange_cases("protocol")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with w3c.server(tmp_path_factory.mktemp("protocol")) as started:
        yield started


def test_the_manifest_is_here(shared):
    assert len(CASES) == 34


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_w3c_protocol(case, server):
    server.clear()
    for graph, file in case.data:
        server.put(graph, file.read_text())
    for exchange in case.exchanges:
        response = server.ask(exchange.path, exchange.method, exchange.headers, data=exchange.body)
        assert exchange.expects(response.status_code), response.text
        if exchange.form:
            assert response.mimetype in FORMATS[exchange.form]
        if exchange.truth is not None:
            assert json.loads(response.data)["boolean"] is exchange.truth


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.name.startswith("update_")], ids=lambda case: case.name
)
def test_updates_need_a_token(case, server):
    server.clear()
    for exchange in case.exchanges:
        if b"ASK" not in exchange.body:
            response = server.client.open(
                exchange.path,
                method=exchange.method,
                headers=exchange.headers,
                data=exchange.body,
            )
            assert response.status_code == 401
    found = server.ask("/sparql", query_string={"query": "SELECT ?s { GRAPH ?g { ?s ?p ?o } "
        f'FILTER(!STRSTARTS(STR(?g), "{server.base}")) }}'})  # fmt: skip
    assert json.loads(found.data)["results"]["bindings"] == []
