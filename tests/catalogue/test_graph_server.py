"""A catalogue whose graph lies behind a server: it is the same as one with a graph of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dafab_kg.catalogue import Catalogue, open_catalogue
from dafab_kg.catalogue.graph_server import GraphServer
from dafab_kg.model.errors import (
    DafabError,
    NotDoneHere,
    QueryNotValid,
    ServiceNotUsable,
    StoreNotUsable,
)
from dafab_kg.model.names import NS
from dafab_kg.model.settings import Settings
from dafab_kg.search.cql2 import read_text
from dafab_kg.search.tree import Search
from tests.ingest.documents import write_items
from tests.store.plain_server import Plain, plain_server

QUERY = (
    "PREFIX geo: <http://www.opengis.net/ont/geosparql#> "
    "PREFIX geof: <http://www.opengis.net/def/function/geosparql/> "
    f"SELECT ?s {{ ?s a <{NS}WaterProduct> ; geo:hasGeometry/geo:asWKT ?w "
    'FILTER(geof:sfIntersects(?w, "POLYGON((-180 -90, 180 -90, 180 90, -180 90, -180 -90))"'
    "^^geo:wktLiteral)) }"
)


@pytest.fixture(scope="module")
def one_server() -> Iterator[Plain]:
    with plain_server() as made:
        yield made


@pytest.fixture
def plain(one_server: Plain) -> Plain:
    one_server.begin()
    return one_server


def settings_of(plain: Plain, **more: Any) -> Settings:
    return Settings(graph_url=f"{plain.address}/sparql", graph_seconds=1.0, **more)


def content(catalogue: Catalogue) -> set[str]:
    """Everything but when it was loaded, and by which load."""
    store, names = catalogue._store, catalogue.names
    return {
        f"{graph} {line}"
        for graph in (None, names.make("inferred_graph"), *store.graphs())
        if graph is None or "graph-of-loads" not in graph
        for line in store.graph_triples(graph)
        if "generatedAtTime" not in line and "/load/" not in line
    }


def found(catalogue: Catalogue, filter: str) -> set[str]:
    page = catalogue.find_items(Search(filter=read_text(filter), limit=100), "")
    return {json.loads(item)["id"] for item in page.items}


@pytest.mark.parametrize("reasoning", [False, pytest.param(True, marks=pytest.mark.oracle)])
def test_it_holds_and_answers_the_same(plain: Plain, tmp_path: Path, reasoning: bool) -> None:
    items = write_items(tmp_path / "items", 3)
    changed = write_items(tmp_path / "changed", 2, "b")
    graphs = f"{plain.address}/graphs"
    settings = settings_of(plain, graph_store_url=graphs, reasoning=reasoning)
    with (
        open_catalogue(tmp_path / "here", settings=Settings(reasoning=reasoning)) as here,
        open_catalogue(tmp_path / "there", settings=settings) as there,
    ):
        for kg in (here, there):
            kg.load(items, validate=False)
        assert content(here) == content(there) and len(content(here)) > 100
        assert sorted(map(str, here.query(QUERY))) == sorted(map(str, there.query(QUERY)))  # type: ignore[arg-type]
        assert there.explain_query(QUERY)["rewritten"] and there.explain_query(QUERY)["rows"] == 3
        everything = "S_INTERSECTS(geometry, BBOX(-180,-90,180,90))"
        assert found(here, everything) == found(there, everything) != set()
        for kg in (here, there):
            kg.load(changed, validate=False)
            kg.delete(kg.documents()[-1].document_id)
        assert content(here) == content(there)
        assert found(here, everything) == found(there, everything)
        assert there.doctor() == here.doctor()
        there.dump(tmp_path / "dump.nq.gz")
        expected = content(there)
    with open_catalogue(tmp_path / "again", settings=Settings(reasoning=reasoning)) as again:
        again.restore(tmp_path / "dump.nq.gz")
        assert content(again) == expected


def test_a_reader_sees_each_commit_of_the_writer(plain: Plain, tmp_path: Path) -> None:
    settings = settings_of(plain, reasoning=False)
    with open_catalogue(tmp_path / "kg", settings=settings) as writer:
        writer.load(write_items(tmp_path / "items", 2), validate=False)
    with open_catalogue(tmp_path / "kg", settings=settings, read_only=True) as reader:
        assert len(list(reader.query(QUERY))) == 2  # type: ignore[arg-type]
        assert reader.explain_query(QUERY)["rewritten"]
        # another process: one may have the documents open only once
        plain.store.update(f"DELETE WHERE {{ GRAPH ?g {{ ?s a <{NS}WaterProduct> }} }}")
        (tmp_path / "kg" / "index" / "touched").write_text("*\n")
        assert len(list(reader.query(QUERY))) == 0  # type: ignore[arg-type]
        assert not reader.explain_query(QUERY)["rewritten"]


LONG = [pytest.param(how, marks=pytest.mark.oracle) for how in ("half", "down", "500", "slow")]


@pytest.mark.parametrize("how", ["done", *LONG])
def test_a_commit_that_breaks_off_is_ended_by_the_journal(
    plain: Plain, tmp_path: Path, how: str
) -> None:
    settings = settings_of(plain, reasoning=False)
    items = write_items(tmp_path / "items", 2)
    changed = write_items(tmp_path / "changed", 3, "b")
    with open_catalogue(tmp_path / "right", settings=Settings(reasoning=False)) as right:
        right.load(items, validate=False)
        right.load(changed, validate=False)
        expected = content(right)
    with open_catalogue(tmp_path / "kg", settings=settings) as kg:
        kg.load(items, validate=False)
        before = content(kg)
        new = kg.names.make("graph", document_id=right_id(tmp_path, items, changed))
        plain.fail(how, at=f"GRAPH <{new}>")
        with pytest.raises(DafabError) as told:
            kg.load(changed, validate=False)
        assert plain.address in str(told.value)
        plain.fail("")
        # what was replaced is there, what is new is not: nobody is told that this is all
        assert content(kg) != before and (how == "done" or content(kg) != expected)
        assert [f.what for f in kg.doctor() if "did not end" in f.what]
        # the next commit of the same process ends it first
        kg.load(changed, validate=False)
        assert content(kg) == expected
        assert not [f for f in kg.doctor() if f.severity == "error"]


def right_id(place: Path, items: Path, changed: Path) -> str:
    """The id of the document that is in ``changed`` alone."""
    with open_catalogue(place / "right", settings=Settings(reasoning=False), read_only=True) as kg:
        old = {path.name for path in items.iterdir()}
        return next(d.document_id for d in kg.documents() if Path(d.origin).name not in old)


def test_a_crash_after_a_fault_is_ended_by_the_next_opening(plain: Plain, tmp_path: Path) -> None:
    settings = settings_of(plain, reasoning=False)
    with open_catalogue(tmp_path / "kg", settings=settings) as kg:
        plain.fail("500", at="id/graph/")
        with pytest.raises(ServiceNotUsable):
            kg.load(write_items(tmp_path / "items", 2), validate=False)
        assert not kg.documents()
        plain.fail("")
    with open_catalogue(tmp_path / "kg", settings=settings) as kg:
        assert len(kg.documents()) == 2 and len(list(kg.query(QUERY))) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize("how", ["down", "500", "half", "type", "redirect"])
def test_an_answer_that_fails_is_an_error_and_no_answer(
    plain: Plain, tmp_path: Path, how: str
) -> None:
    with open_catalogue(tmp_path / "kg", settings=settings_of(plain)) as kg:
        plain.fail(how)
        with pytest.raises(ServiceNotUsable):
            list(kg.query("SELECT ?s { ?s ?p ?o }"))  # type: ignore[arg-type]
        plain.fail("")


def test_what_takes_copies_of_the_graph_is_refused(plain: Plain, tmp_path: Path) -> None:
    settings = settings_of(plain, reasoning=False)
    with open_catalogue(tmp_path / "kg", settings=settings) as kg:
        for call in (kg.publish, lambda: kg.load(tmp_path, private=True)):
            with pytest.raises(NotDoneHere, match="graph_url"):
                call()
        written = kg.update("INSERT DATA { GRAPH <http://e/g> { <http://e/a> <http://e/b> 1 } }")
        assert written.created == ("http://e/g",)
        with pytest.raises(NotDoneHere, match="graph_url"):
            kg.update(
                "INSERT DATA { GRAPH <http://e/g> { <http://e/a> <http://e/b> 2 } } ; "
                "DELETE WHERE { GRAPH <http://e/g> { ?s ?p ?o } }"
            )
        assert not [f for f in kg.doctor() if f.severity == "error"]


def test_where_the_graph_lies_is_told_apart(plain: Plain, tmp_path: Path) -> None:
    open_catalogue(tmp_path / "there", settings=settings_of(plain)).close()
    plain.store.update("INSERT DATA { GRAPH <https://w3id.org/dafab/id/merged> { <a:a> <a:b> 1 } }")
    open_catalogue(tmp_path / "here").close()
    for place, settings, said in (
        ("there", Settings(), "lies behind"),
        ("here", settings_of(plain), "graph of its own"),
        ("new", settings_of(plain), "holds a catalogue already"),
        ("there", settings_of(plain, graph_default="http://e/other"), "DAFAB_GRAPH_DEFAULT"),
    ):
        with pytest.raises(StoreNotUsable, match=said):
            open_catalogue(tmp_path / place, settings=settings)


def test_too_much_for_one_query_is_refused(plain: Plain, tmp_path: Path) -> None:
    settings = settings_of(plain, graph_statements=1000)
    with open_catalogue(tmp_path / "kg", settings=settings) as kg:
        lines = "".join(f"<http://e/{n}> <http://e/size> {n} .\n" for n in range(1200))
        plain.store.update(
            f"INSERT DATA {{ GRAPH <https://w3id.org/dafab/id/merged> {{ {lines} }} }}"
        )
        query = "SELECT (SUM(?z) AS ?n) { ?s <http://e/size> ?z LATERAL { ?s ?p ?z } }"
        with pytest.raises(QueryNotValid, match="graph_statements"):
            kg.query(query)
        near = query.replace("{ ?s", "{ VALUES ?s { <http://e/7> <http://e/9> } ?s", 1)
        ((term,),) = kg.query(near)  # type: ignore[misc]
        assert term.value == "16"


def test_the_login_is_read_from_a_file_and_never_told(plain: Plain, tmp_path: Path) -> None:
    login = tmp_path / "login"
    login.write_text("keeper:top-secret-word\n")
    server = GraphServer(settings_of(plain, graph_login=login))
    plain.fail("500")
    with pytest.raises(ServiceNotUsable) as told:
        server.tell("INSERT DATA { <a:a> <a:b> 1 }")
    assert "secret" not in str(told.value) and plain.logins[-1].startswith("Basic ")
    login.write_text("no colon")
    with pytest.raises(StoreNotUsable) as refused:
        GraphServer(settings_of(plain, graph_login=login))
    assert "no colon" not in str(refused.value)
    with pytest.raises(ValueError, match="without user"):
        Settings(graph_url="http://user:secret@127.0.0.1/sparql")


def test_no_proxy_of_the_environment_is_used(plain: Plain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    monkeypatch.delenv("no_proxy", raising=False)
    GraphServer(settings_of(plain)).tell("INSERT DATA { <a:a> <a:b> 1 }")
    assert len(plain.store) == 1
