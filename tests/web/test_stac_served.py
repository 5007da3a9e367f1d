"""The STAC API of a server in processes of its own: searches are done by query workers."""

from __future__ import annotations

import httpx
import pystac_client
import pytest

import dafab_kg
from dafab_kg.model.settings import Settings
from tests.search.items import in_order, make_item, many, meets, name_of, write
from tests.serving.served import Server

NUMBER = 12


@pytest.fixture(scope="module")
def items():
    return many(NUMBER, seed=5)


@pytest.fixture(scope="module")
def server(items, tmp_path_factory):
    place = tmp_path_factory.mktemp("served-stac")
    with dafab_kg.open(place / "store", settings=Settings(store=place / "store")) as catalogue:
        catalogue.load(write(items, place / "items"))
    running = Server(place / "store")
    yield running
    assert running.stop() == 0


def test_a_client_searches_the_running_server(server, items):
    client = pystac_client.Client.open(f"{server.address}stac")
    search = client.search(bbox=[-10, 30, 20, 60], limit=2)
    right = in_order([item for item in items if meets(item, (-10, 30, 20, 60))])
    assert [(one.collection_id, one.id) for one in search.items()] == right
    refused = httpx.get(f"{server.address}stac/search", params={"sortby": "nothing"})
    assert (refused.status_code, refused.headers["Content-Type"]) == (
        400, "application/problem+json",
    )  # fmt: skip


def test_what_is_loaded_is_found_at_once(server, tmp_path):
    new = make_item("newest", collection="alpha", when="2030-01-01T00:00:00Z")
    server.catalogue.load(write([new, new], tmp_path / "new"))
    answer = httpx.get(f"{server.address}stac/search", params={"limit": 1}).json()
    assert [name_of(item) for item in answer["features"]] == [("alpha", "newest")]
    assert answer["numberMatched"] == NUMBER + 1
