"""The contract of a graph store, of the embedded one and of one behind a server of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dafab_kg.access.tokens import Tokens
from dafab_kg.catalogue import open_catalogue
from dafab_kg.catalogue.graph_server import GraphServer
from dafab_kg.model.settings import Settings
from dafab_kg.store.endpoint import Ours
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Change, Store
from dafab_kg.store.remote import RemoteStore
from dafab_kg.store.trying import graphs_there, keeps_literals
from tests.serving.served import Server
from tests.store.contract import THINGS, Contract, ServerContract, in_graph

MERGED = "http://e/merged"
BASE = "http://127.0.0.1/behind/"
"""Of the server, which keeps graphs of its own there: where each written graph comes from."""


def with_things(store: Store) -> Store:
    lines = "".join(line + in_graph(line, "http://e/g1") for line in THINGS)
    store.apply(Change(added=lines))
    return store


class TestEmbedded(Contract):
    @pytest.fixture
    def store(self) -> Store:
        return OxigraphStore()

    @pytest.fixture
    def loaded(self, store: Store) -> Store:
        return with_things(store)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A server of ours with an empty catalogue, and the settings of who keeps a graph there."""
    place = tmp_path_factory.mktemp("behind")
    open_catalogue(place / "store", settings=Settings(base=BASE)).close()
    (place / "login").write_text(Tokens(place / "store", "").create("keeper", ["write"])[1])
    server = Server(
        place / "store", base=BASE, workers=1, http_processes=1, reasoning=False, index=False
    )
    try:
        yield Settings(
            graph_url=f"{server.address}sparql",
            graph_login=place / "login",
            graph_auth="bearer",
        )
    finally:
        server.stop()


@pytest.fixture(scope="module")
def endpoint(settings: Settings) -> Iterator[GraphServer]:
    made = GraphServer(settings)
    yield made
    made.close()


class TestOurServer(ServerContract):
    @pytest.fixture
    def store(self, endpoint: GraphServer) -> Store:
        endpoint.tell("DROP SILENT ALL")
        return RemoteStore(endpoint, Ours(MERGED, ignored=(BASE,)), exact=True)

    @pytest.fixture
    def loaded(self, store: Store) -> Store:
        return with_things(store)

    def test_it_keeps_literals(self, endpoint: GraphServer) -> None:
        assert keeps_literals(endpoint, "http://e/trial")
        assert "http://e/trial" not in graphs_there(endpoint)
