"""A small catalogue in memory, and the application over it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dafab_kg.catalogue import Stats
from dafab_kg.catalogue.picturing import Pictures, pictures
from dafab_kg.catalogue.viewing import View, view
from dafab_kg.model.names import Names
from dafab_kg.model.settings import Settings
from dafab_kg.python.things import Counted
from dafab_kg.search.counts import Facets
from dafab_kg.search.pages import Page
from dafab_kg.search.tree import Search
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.web import create_app
from tests.listening import serving_app

SQUARE = '"POLYGON((6 49,7 49,7 50,6 50,6 49))"^^<http://www.opengis.net/ont/geosparql#wktLiteral>'
DATA = f"""
<http://e/scene> <http://e/cloud> "12.5"^^<http://www.w3.org/2001/XMLSchema#decimal> .
<http://e/scene> <http://e/title> "<script>alert(1)</script> & Zürich"@de .
<http://e/scene> <http://e/wkt> {SQUARE} .
<http://e/scene> <http://e/wkt> {SQUARE} <http://e/g1> .
<http://e/other> <http://e/title> "other" <http://e/g2> .
"""


class MemoryCatalogue:
    """What the web faces need of a catalogue, over a store in memory."""

    def __init__(self, data: str = DATA) -> None:
        self.settings = Settings(query_rows=50)
        self.names = Names()
        self.store = OxigraphStore()
        self.store.bulk_load(data)

    def query(self, text: str, facts: str = "both", private: bool = False, **options: Any) -> Any:
        assert facts == "both"  # nothing is inferred here
        assert not private
        return self.store.query(text, **options)

    def view(self, iri: str) -> View:
        return view(iri, self.store, [None])

    def pictures(self, iri: str) -> Pictures:
        return pictures(iri, self.store, [None])

    def find_things(self, words: str, *, limit: int = 20) -> tuple[tuple[str, str], ...]:
        return ()

    def stats(self) -> Stats:
        return Stats(
            triples=3,
            statements=5,
            graphs=2,
            documents={"stac": 2},
            classes={"https://w3id.org/dafab/ns#SourceProduct": 1, "http://e/<b>": 1},
            quarantined=1,
            first="2022-09-01T00:00:00Z",
            last="2022-11-30T00:00:00Z",
            bytes_on_disk=0,
        )

    def find_items(self, search: Search, root: str) -> Page:
        return Page((), matched=0)

    def facets(self, search: Search) -> Facets:
        return Facets(0, {}, {})

    def recent_stats(self) -> Counted:
        return Counted(self.stats(), fresh=True)


@pytest.fixture(scope="session")
def app() -> Flask:
    return create_app(MemoryCatalogue())  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def address(app: Flask) -> Iterator[str]:
    """The application over HTTP on a free loopback port; tests/serving has the real server."""
    with serving_app(app) as address:
        yield address
