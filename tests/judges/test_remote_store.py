"""A graph behind a server of ours in a process of its own, and behind Debian's Virtuoso.

Both fulfil the contract of a graph store; a catalogue over Virtuoso, which knows none of our
functions, keeps no WKT and rounds decimals, holds and answers what one with a graph of its own
does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dafab_kg.access.tokens import Tokens
from dafab_kg.catalogue import Catalogue, open_catalogue
from dafab_kg.catalogue.graph_server import GraphServer
from dafab_kg.model.errors import ServiceNotUsable
from dafab_kg.model.settings import Settings
from dafab_kg.sample import write_sample
from dafab_kg.store.endpoint import Ours
from dafab_kg.store.protocol import Store
from dafab_kg.store.remote import RemoteStore
from dafab_kg.store.trying import keeps_literals
from tests.catalogue.test_graph_server import content
from tests.judges.virtuoso import Virtuoso, virtuoso
from tests.python.questions import questions
from tests.python.test_same_sets import compare, items_of
from tests.serving.served import Server
from tests.store.contract import ServerContract, with_things

pytestmark = pytest.mark.oracle

MERGED = "http://e/merged"
BASE = "http://127.0.0.1/behind/"
"""Of our server, which keeps graphs of its own there: where each written graph comes from."""
ALIEN = ("http://www.openlinksw.com/", "http://www.w3.org/", "http://localuriqaserver/")
"""Graphs that Virtuoso brings along."""


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphServer]:
    place = tmp_path_factory.mktemp("behind")
    open_catalogue(place / "store", settings=Settings(base=BASE)).close()
    (place / "login").write_text(Tokens(place / "store", "").create("keeper", ["write"])[1])
    server = Server(
        place / "store", base=BASE, workers=1, http_processes=1, reasoning=False, index=False
    )
    try:
        made = GraphServer(
            Settings(
                graph_url=f"{server.address}sparql",
                graph_login=place / "login",
                graph_auth="bearer",
            )
        )
        yield made
        made.close()
    finally:
        server.stop()


class TestOurServer(ServerContract):
    @pytest.fixture
    def store(self, ours: GraphServer) -> Store:
        ours.tell("DROP SILENT ALL")
        return RemoteStore(ours, Ours(MERGED, ignored=(BASE,)), exact=True)

    @pytest.fixture
    def loaded(self, store: Store) -> Store:
        return with_things(store)

    def test_it_keeps_literals(self, ours: GraphServer) -> None:
        assert keeps_literals(ours, "http://e/trial")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Virtuoso]:
    with virtuoso(tmp_path_factory.mktemp("contract")) as made:
        yield made


@pytest.fixture(scope="module")
def endpoint(started: Virtuoso) -> Iterator[GraphServer]:
    made = GraphServer(started.settings)
    yield made
    made.close()


class TestVirtuoso(ServerContract):
    @pytest.fixture
    def store(self, endpoint: GraphServer) -> Store:
        made = RemoteStore(endpoint, Ours(MERGED, ignored=ALIEN), exact=False)
        for graph in (*made.graphs(), MERGED):
            made.drop(graph)
        return made

    @pytest.fixture
    def loaded(self, store: Store) -> Store:
        return with_things(store)

    def test_it_does_not_keep_literals(self, endpoint: GraphServer) -> None:
        assert not keeps_literals(endpoint, "http://e/trial")


def test_an_answer_that_virtuoso_cuts_is_refused(tmp_path: Path) -> None:
    with virtuoso(tmp_path / "virtuoso", rows=20) as made:
        endpoint = GraphServer(made.settings)
        store = with_things(RemoteStore(endpoint, Ours(MERGED, ignored=ALIEN), exact=False))
        with pytest.raises(ServiceNotUsable, match="ResultSetMaxRows"):
            list(store.graph_triples(None))
        endpoint.close()


@dataclass
class Both:
    """The same documents with a graph here, and behind Virtuoso."""

    here: Catalogue
    there: Catalogue


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    place = tmp_path_factory.mktemp("catalogue")
    write_sample(place / "sample", products=6)
    with (
        virtuoso(place / "virtuoso") as made,
        open_catalogue(place / "here", settings=Settings()) as here,
        open_catalogue(place / "there", settings=made.settings) as there,
    ):
        for kg in (here, there):
            kg.load(place / "sample", validate=False)
        yield Both(here, there)


GEO = (
    "PREFIX dafab: <https://w3id.org/dafab/ns#> "
    "PREFIX geo: <http://www.opengis.net/ont/geosparql#> "
    "PREFIX geof: <http://www.opengis.net/def/function/geosparql/> "
    "PREFIX uom: <http://www.opengis.net/def/uom/OGC/1.0/> "
)
AREA = '"POLYGON((5 45, 12 45, 12 52, 5 52, 5 45))"^^geo:wktLiteral'
PLACED = "?s geo:hasGeometry/geo:asWKT ?w"
ASKED = (
    f"SELECT ?s {{ ?s a dafab:SourceProduct ; geo:hasGeometry/geo:asWKT ?w "
    f"FILTER(geof:sfIntersects(?w, {AREA})) }}",
    f"SELECT ?s {{ ?s a dafab:Product . {PLACED} FILTER(!geof:sfIntersects(?w, {AREA})) }}",
    f"SELECT ?s ?d {{ ?s a dafab:Product . {PLACED} "
    f'BIND(geof:distance(?w, "POINT(6 49)"^^geo:wktLiteral, uom:metre) AS ?d) }}',
    f"SELECT ?s {{ ?s a dafab:Product . {PLACED} }} "
    f'ORDER BY geof:distance(?w, "POINT(6 49)"^^geo:wktLiteral, uom:metre) ?s LIMIT 4',
    "SELECT ?a ?b { ?a a dafab:SourceProduct ; geo:hasGeometry/geo:asWKT ?v . "
    "?b a dafab:WaterProduct ; geo:hasGeometry/geo:asWKT ?w FILTER(geof:sfIntersects(?v, ?w)) }",
    f"SELECT (COUNT(*) AS ?n) {{ ?s a dafab:ParcelBoundary . {PLACED} "
    f"FILTER(geof:sfWithin(?w, {AREA})) }}",
    "SELECT ?s ?c { ?s a dafab:Product OPTIONAL { ?s dafab:cloudCover ?c FILTER(?c < 20) } }",
    "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s a dafab:Product } } GROUP BY ?g",
    "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c } GROUP BY ?c",
)


@pytest.mark.parametrize("query", ASKED)
def test_queries_of_places_and_numbers_have_the_same_answers(both: Both, query: str) -> None:
    answers: list[Any] = [list(kg.query(GEO + query)) for kg in (both.here, both.there)]
    if "ORDER" not in query:
        answers = [sorted(map(str, rows)) for rows in answers]
    assert answers[0] == answers[1] and answers[0]


def test_the_graphs_are_the_same(both: Both) -> None:
    assert content(both.here) == content(both.there)


def test_a_replaced_and_a_deleted_document_leave_the_same(both: Both, tmp_path: Path) -> None:
    from tests.ingest.documents import write_items

    first, second = write_items(tmp_path / "a", 3), write_items(tmp_path / "b", 2, "b")
    for kg in (both.here, both.there):
        kg.load(first, validate=False)
        kg.load(second, validate=False)
        gone = sorted(d.document_id for d in kg.documents() if d.kind == "dafab")[0]
        kg.delete(gone)
    assert content(both.here) == content(both.there)


def test_the_253_questions_have_the_same_answers(
    shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """As CQL2, DaFab filter and SPARQL: what brute force over the documents finds."""
    place = tmp_path_factory.mktemp("real")
    with (
        virtuoso(place / "virtuoso") as made,
        open_catalogue(place / "store", settings=made.settings) as kg,
    ):
        kg.load(shared / "water_analysis", shared / "stac_catalogues", validate=False, jobs=2)
        items = items_of(kg)
        assert len(items) > 530
        asked = questions([item for item in items.values() if "bbox" in item])
        told = compare(kg, asked, items)
        print(made.version, told, Counter(one.kind for one in asked))  # noqa: T201
        assert told["in 3 languages"] >= 200
        assert told["found something"] > 0.8 * len(asked)
