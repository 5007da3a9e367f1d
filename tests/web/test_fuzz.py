"""Mutated queries and updates: no 500, no hang, no word of where things lie."""

from __future__ import annotations

import time

import pytest

from tests.web import mutating
from tests.web.written import few

FEW, MANY = 1_500, 50_000
"""Texts of each kind: in `make test`, and in `make judges` (two kinds: 100,000)."""
SECONDS = 20.0
LOCATED = """
PREFIX d: <https://w3id.org/dafab/ns#> PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
INSERT DATA {
    <a:p> a <a:C> ; d:cloudCover 12.5 ; d:datetime "2022-09-02T00:00:00Z"^^xsd:dateTime ;
        geo:hasGeometry <a:q> .
    <a:q> geo:asWKT "POINT(6.5 49.5)"^^geo:wktLiteral .
}
"""
"""Something that is in the search index, so that queries are rewritten."""
STATUSES = {200, 400, 403, 409, 413, 415, 422, 502, 503}


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    with few(tmp_path_factory.mktemp("fuzz")) as made:
        assert made.update(LOCATED).status_code == 200
        for text in mutating.SEEDS[-2:]:
            assert made.catalogue.explain_query(text)["rewritten"], text
        yield made


def put(web, text: str, number: int, *, update: bool) -> None:
    """Send one text, in one of the ways that there are."""
    body = text.encode("utf-8", "surrogatepass")
    kind = "update" if update else "query"
    began = time.monotonic()
    if number % 3:
        response = web.ask(
            "write", "/sparql", "POST", data=body, content_type=f"application/sparql-{kind}"
        )
    else:
        response = web.ask("write", "/sparql", "POST", data={kind: body})
    seconds = time.monotonic() - began
    told = response.get_data(as_text=True)
    assert response.status_code in STATUSES, (response.status_code, text)
    assert seconds < SECONDS, (seconds, text)
    for word in mutating.paths_of(web.place):
        assert word not in told, text
    if response.status_code != 200:
        assert response.mimetype == "application/problem+json", text
        assert {"title", "status", "detail"} <= response.json.keys(), text


def put_all(web, number: int, seed: int, *, update: bool) -> None:
    seeds = mutating.UPDATES if update else mutating.SEEDS
    for index, text in enumerate(mutating.texts(seeds, number, seed)):
        put(web, text, index, update=update)


def test_mutated_queries(web):
    put_all(web, FEW, 1, update=False)


def test_mutated_updates(web):
    put_all(web, FEW // 3, 2, update=True)
    assert not [f for f in web.catalogue.doctor() if f.severity == "error"]


@pytest.mark.oracle
def test_many_mutated_queries(web):
    put_all(web, MANY, 3, update=False)


@pytest.mark.oracle
def test_many_mutated_updates(web):
    put_all(web, MANY, 4, update=True)
    assert not [f for f in web.catalogue.doctor() if f.severity == "error"]
