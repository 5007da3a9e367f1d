"""The contract of a graph store: of the embedded one, and of one behind a plain server.

``tests/judges/test_remote_store.py`` asks the same of a server of ours and of Virtuoso.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dafab_kg.catalogue.graph_server import GraphServer
from dafab_kg.model.settings import Settings
from dafab_kg.store.endpoint import Ours
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Store
from dafab_kg.store.remote import RemoteStore
from dafab_kg.store.trying import graphs_there, keeps_literals
from tests.store.contract import Contract, ServerContract, with_things
from tests.store.plain_server import Plain, plain_server

MERGED = "http://e/merged"


class TestEmbedded(Contract):
    @pytest.fixture
    def store(self) -> Store:
        return OxigraphStore()

    @pytest.fixture
    def loaded(self, store: Store) -> Store:
        return with_things(store)


@pytest.fixture(scope="module")
def one_server() -> Iterator[Plain]:
    with plain_server() as made:
        yield made


@pytest.fixture
def plain(one_server: Plain) -> Plain:
    one_server.begin()
    return one_server


@pytest.fixture
def endpoint(plain: Plain) -> Iterator[GraphServer]:
    made = GraphServer(Settings(graph_url=f"{plain.address}/sparql"))
    yield made
    made.close()


class TestPlainServer(ServerContract):
    """A server that keeps literals as they are: it is asked all that is SPARQL 1.1."""

    @pytest.fixture
    def store(self, endpoint: GraphServer) -> Store:
        return RemoteStore(endpoint, Ours(MERGED), exact=True)

    @pytest.fixture
    def loaded(self, store: Store) -> Store:
        return with_things(store)

    def test_it_keeps_literals(self, endpoint: GraphServer) -> None:
        assert keeps_literals(endpoint, "http://e/trial")
        assert not graphs_there(endpoint)

    def test_what_it_can_answer_it_is_asked_as_it_stands(self, loaded: Store, plain: Plain) -> None:
        query = "SELECT ?s { ?s <http://e/size> ?z FILTER(?z > 3) } ORDER BY ?z LIMIT 2"
        assert [row[0].value for row in loaded.query(query)] == ["http://e/t3", "http://e/t4"]
        assert plain.queries[-1] == query


class TestGuardedServer(ServerContract):
    """One that does not: it is asked for patterns, and never told of a literal it would change."""

    @pytest.fixture
    def store(self, endpoint: GraphServer) -> Store:
        return RemoteStore(endpoint, Ours(MERGED), exact=False)

    @pytest.fixture
    def loaded(self, store: Store) -> Store:
        return with_things(store)

    def test_it_is_asked_for_patterns_alone(self, loaded: Store, plain: Plain) -> None:
        query = "SELECT ?s { ?s <http://e/size> ?z FILTER(?z > 3) } ORDER BY ?z LIMIT 2"
        assert [row[0].value for row in loaded.query(query)] == ["http://e/t3", "http://e/t4"]
        assert "FILTER" not in plain.queries[-1] and "<http://e/size>" in plain.queries[-1]
        assert "wktLiteral" not in "".join(plain.updates).replace("urn:x-verbatim:", "")
