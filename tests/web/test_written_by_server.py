"""Writing through the server's processes: one's own write is read, and private stays private."""

from __future__ import annotations

import json
from functools import cache

import httpx
import pytest

import dafab_kg
from dafab_kg.access.tokens import Tokens
from dafab_kg.model.settings import Settings
from tests.serving.served import Server

UPDATE = {"Content-Type": "application/sparql-update"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    store = tmp_path_factory.mktemp("served") / "store"
    with dafab_kg.open(settings=Settings(store=store, reasoning=False)):
        pass
    started = Server(store, workers=2, http_processes=2, query_seconds=5, reasoning="false")
    yield started
    assert started.stop() == 0


@pytest.fixture(scope="module")
def client(server):
    with httpx.Client(base_url=server.address, timeout=60) as made:
        yield made


@cache
def bearer(server, scope: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {Tokens(server.store, '').create(scope, [scope])[1]}"}


def rows(client, query: str, headers=None) -> list:
    response = client.get("/sparql", params={"query": query}, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()["results"]["bindings"]


def test_a_write_is_read_at_once(server, client):
    writer = bearer(server, "write")
    for number in range(5):
        text = f"DELETE {{ <a:n> <a:is> ?o }} INSERT {{ <a:n> <a:is> {number} }} WHERE "
        text += "{ OPTIONAL { <a:n> <a:is> ?o } }"
        response = client.post("/sparql", content=text, headers={**writer, **UPDATE})
        assert response.status_code == 200, response.text
        (found,) = rows(client, "SELECT ?o { <a:n> <a:is> ?o }")
        assert found["o"]["value"] == str(number)


def test_the_graph_store_through_processes(server, client):
    writer = {**bearer(server, "write"), "Content-Type": "text/turtle"}
    assert (
        client.put("/graphs/x", content="<> <a:p> [ <a:q> 1 ] .", headers=writer).status_code == 201
    )
    found = client.get("/graphs/x")
    assert found.status_code == 200 and found.headers["ETag"]
    headers = {"If-None-Match": found.headers["ETag"]}
    assert client.get("/graphs/x", headers=headers).status_code == 304
    wrong = client.put(
        "/graphs/x", content="<a:a> <a:b> 1 .", headers={**writer, "If-Match": '"0"'}
    )
    assert wrong.status_code == 412
    broken = "<a:a> a <https://w3id.org/dafab/ns#DocumentGraph> ."
    response = client.put("/graphs/y", content=broken, headers=writer)
    assert response.status_code == 422 and "ValidationReport" in response.json()["report"]
    assert client.delete("/graphs/x", headers=writer).status_code == 204
    assert client.get("/graphs/x").status_code == 404


def test_private_through_processes(server, client):
    admin = {**bearer(server, "admin"), "Content-Type": "text/turtle"}
    response = client.put(
        "/graphs", params={"graph": "a:hidden", "private": "1"}, headers=admin,
        content="<a:s> <a:hush> 'zq9secret' .",
    )  # fmt: skip
    assert response.status_code == 201, response.text
    query = "SELECT ?o { ?s <a:hush> ?o }"
    assert rows(client, query) == []
    assert len(rows(client, query, admin)) == 1
    assert client.get("/graphs", params={"graph": "a:hidden"}).status_code == 404
    assert "zq9secret" in client.get("/graphs", params={"graph": "a:hidden"}, headers=admin).text
    client.post("/sparql", content="INSERT DATA { <a:x> <a:hush> 2 }", headers={**admin, **UPDATE})
    assert (len(rows(client, query)), len(rows(client, query, admin))) == (1, 2)


def test_what_the_server_tells_of_itself(server, client):
    assert "sparql-service-description" in client.get("/sparql").text
    assert "void:triples" in client.get("/.well-known/void").text
    count = "dafab_http_requests_total{"
    assert count in client.get("/metrics").text


def test_the_log_is_json_without_secrets(server, client):
    rows(client, "SELECT ?o { ?s <a:hush> 'in-the-query' }")
    lines = [line for line in server.log.read_text().splitlines() if line.startswith("{")]
    told = [json.loads(line) for line in lines]
    assert {"method", "route", "status", "ms", "stages_ms", "query", "request"} <= told[-1].keys()
    text = "\n".join(lines)
    for secret in ("zq9secret", "in-the-query", "Bearer", "dafab_"):
        assert secret not in text
