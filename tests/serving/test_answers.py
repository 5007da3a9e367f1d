"""Answers from query workers are those of the catalogue itself, short or long."""

from __future__ import annotations

import csv
import io
import json
import shutil
import time
from pathlib import Path

import httpx
import pytest

from dafab_kg.catalogue import open_catalogue
from dafab_kg.model.errors import QueryNotValid, ThingNotFound
from dafab_kg.store.answers import fitting, kind_of, write_answer
from tests.serving.conftest import DOCUMENTS
from tests.serving.served import Server

QUERIES = (
    "ASK { ?s a <https://w3id.org/dafab/ns#WaterProduct> }",
    "SELECT * { ?s <https://w3id.org/dafab/ns#tile> ?o } ORDER BY ?s ?o",
    "SELECT ?s ?p ?o { ?s a <https://w3id.org/dafab/ns#WaterProduct> ; ?p ?o } ORDER BY ?s ?p ?o",
    'SELECT ("x"@de AS ?a) (1.50 AS ?b) (?none AS ?c) (BNODE() AS ?d) {}',
    "CONSTRUCT { ?s a ?c } WHERE { ?s a ?c }",
    "DESCRIBE <https://w3id.org/dafab/id/load>",
)
LONG = "SELECT * { ?s ?p ?o . ?s ?q ?r } LIMIT 12000"


@pytest.mark.parametrize("query", QUERIES)
def test_every_format_is_what_the_catalogue_itself_writes(
    patient: Server, loaded: Path, query: str
) -> None:
    with open_catalogue(patient.store, published=True) as catalogue:
        for form in fitting(kind_of(catalogue.query(query))):
            if form.name == "geojson":
                continue  # none of these has a geometry
            expected = io.BytesIO()
            write_answer(
                catalogue.query(query), form.name, expected, catalogue.names.prefixes,
                most_rows=10**6,
            )  # fmt: skip
            answer = httpx.get(
                f"{patient.address}sparql", params={"query": query, "format": form.name}
            )
            assert answer.headers["Content-Type"] == form.content_type()
            if "BNODE" not in query:
                assert answer.content == expected.getvalue(), form.name


@pytest.mark.parametrize("query", QUERIES)
def test_terms_come_as_they_are(patient: Server, loaded: Path, query: str) -> None:
    if "BNODE" in query:
        return
    with open_catalogue(patient.store, published=True) as catalogue:
        own, served = catalogue.query(query), patient.catalogue.query(query)
        assert kind_of(own) == kind_of(served)
        if kind_of(own) == "truth":
            assert own == served
        else:
            assert sorted(own, key=str) == sorted(served, key=str)  # type: ignore[arg-type]


def test_methods_answer_as_the_catalogue_does(patient: Server, loaded: Path) -> None:
    with open_catalogue(patient.store, published=True) as catalogue:
        own, served = catalogue.stats(), patient.catalogue.stats()
        assert own.documents == served.documents and own.triples == served.triples
        assert catalogue.documents() == patient.catalogue.documents()
    with pytest.raises(ThingNotFound):
        patient.catalogue.show("no-such-thing")
    with pytest.raises(QueryNotValid):
        patient.catalogue.query("SELECT")
    with pytest.raises(AttributeError):
        patient.catalogue.close_everything  # noqa: B018


@pytest.mark.alone
def test_a_long_answer_begins_before_it_ends_and_comes_whole(patient: Server) -> None:
    longer = LONG.replace("12000", "40000")  # several times what a worker keeps before it sends
    for _ in range(4):  # a new worker's first answer waits for more than rows
        httpx.get(f"{patient.address}sparql", params={"query": longer, "format": "csv"})
    began = time.monotonic()
    with httpx.stream(
        "GET", f"{patient.address}sparql", params={"query": longer, "format": "csv"}
    ) as answer:
        pieces = answer.iter_bytes()
        first = next(pieces)
        first_after = time.monotonic() - began
        text = first + b"".join(pieces)
        whole_after = time.monotonic() - began
    assert "Content-Length" not in answer.headers
    assert "seconds=60; rows=" in answer.headers["Dafab-Limits"]
    assert first_after < whole_after / 2
    rows = list(csv.reader(io.StringIO(text.decode())))[1:]
    assert len(rows) == 40000
    assert len(text) > 2**20


def test_a_slow_reader_holds_no_worker_up(patient: Server) -> None:
    with httpx.stream(
        "GET",
        f"{patient.address}sparql",
        params={"query": LONG, "format": "csv"},
        headers={"Accept-Encoding": "identity"},
    ) as answer:
        pieces = answer.iter_raw(1000)
        next(pieces)
        until = time.monotonic() + 50
        while any(p.get("busy_seconds", 0) for p in patient.status()["processes"]):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert sum(map(len, pieces)) > 2**20  # and it still gets all of it


def test_a_bound_passed_late_breaks_the_answer_off(tmp_path: Path, loaded: Path) -> None:
    shutil.copytree(loaded, tmp_path / "store")
    server = Server(
        tmp_path / "store", workers=1, query_rows=5000, answer_bytes=2**21, http_processes=1
    )
    try:
        for form in ("json", "csv"):
            with pytest.raises(httpx.RemoteProtocolError):
                httpx.get(f"{server.address}sparql", params={"query": LONG, "format": form})
        early = httpx.get(
            f"{server.address}sparql", params={"query": "CONSTRUCT WHERE { ?s ?p ?o }"}
        )
        assert early.status_code == 400 and "5000" in early.json()["detail"]
        assert server.get("ASK {}").status_code == 200
    finally:
        assert server.stop() == 0


def test_pages_work_over_query_workers(patient: Server) -> None:
    page = httpx.get(patient.address, headers={"Accept": "text/html"})
    assert page.status_code == 200 and "water_analysis" in page.text
    table = httpx.get(
        f"{patient.address}query",
        params={"query": "SELECT * { ?s ?p ?o }"},
        headers={"Accept": "text/html"},
    )
    assert table.status_code == 200 and table.text.count("<tr") > 100
    assert json.loads(httpx.get(patient.address).text)["holds"]["documents"] == {"dafab": DOCUMENTS}
