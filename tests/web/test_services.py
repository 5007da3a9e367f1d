"""SERVICE: only of endpoints that are allowed, by their whole IRI; no redirect is followed."""

from __future__ import annotations

import socket
from http.server import BaseHTTPRequestHandler

import pytest

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.store.refusals import refuse_remote
from tests.listening import listening
from tests.web.written import clients

ANSWER = b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"far"}}]}}'


class Handler(BaseHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path.partition("?")[0])
        if self.path.startswith("/away"):
            self.send_response(302)
            self.send_header("Location", "/inside")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/sparql-results+json")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def other():
    with listening(Handler) as address:
        yield address


@pytest.fixture(scope="module")
def web(tmp_path_factory, other):
    allowed = (f"{other}/sparql", f"{other}/away", "http://inside.example/sparql")
    with clients(tmp_path_factory.mktemp("service"), service_allowed=allowed) as made:
        yield made


def test_an_allowed_endpoint_is_called(web, other):
    assert web.select(f"SELECT ?x {{ SERVICE <{other}/sparql> {{ ?x ?y ?z }} }}") == [{"x": "far"}]
    text = f"INSERT {{ <a:a> <a:b> ?x }} WHERE {{ SERVICE <{other}/sparql> {{ ?x ?y ?z }} }}"
    assert web.update(text).json["added"] == 1


@pytest.mark.parametrize(
    "call",
    ["SERVICE <{0}/other>", "SERVICE ?e", "SERVICE <{0}/sparql#x>", "service silent <{0}/x>",
     "SERVICE <{0}/sparql> {{}} SERVICE <{0}/other>", "SERVICE SERVICE:x", "SERVICE:x"],
)  # fmt: skip
def test_others_are_not(web, other, call):
    Handler.asked.clear()
    query = f"SELECT * {{ VALUES ?e {{ <{other}/other> }} {call.format(other)} {{ ?x ?y ?z }} }}"
    response = web.ask("", "/sparql", query_string={"query": query})
    assert response.status_code == 400 and "SERVICE" in response.json["detail"]
    assert Handler.asked == []


def test_redirects_are_not_followed(web, other):
    Handler.asked.clear()
    query = f"SELECT * {{ SERVICE <{other}/away> {{ ?x ?y ?z }} }}"
    assert web.ask("", "/sparql", query_string={"query": query}).status_code == 400
    assert "/inside" not in Handler.asked


def test_a_name_that_leads_inside_is_refused(web, monkeypatch):
    place = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: place)
    query = "SELECT * { SERVICE <http://inside.example/sparql> { ?x ?y ?z } }"
    response = web.ask("", "/sparql", query_string={"query": query})
    assert response.status_code == 400 and "not public" in response.json["detail"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <a:ok> { ?x ?y 'SERVICE <a:bad>' } } # SERVICE <a:bad>",
        "SELECT * { SERVICE # comment\n SILENT <a:ok> { ?s ?p ?o } }",
        "SELECT * { SERVICE<a:ok>{ ?s ?p ?o } }",
    ],
)
def test_calls_are_told_from_words(query):
    refuse_remote(query, ("a:ok",))
    with pytest.raises(QueryNotValid):
        refuse_remote(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <a:ok> { SERVICE <a:bad> { ?s ?p ?o } } }",
        "SELECT * { \\u0053ERVICE <a:bad> { ?s ?p ?o } }",
        "PREFIX service: <a:bad> SELECT * { SERVICE service: { ?s ?p ?o } }",
        "SELECT * { SERVICE \\u003Ca:bad> { ?s ?p ?o } }",
        "SELECT * { SERVICE ok:ok { ?s ?p ?o } }",
    ],
)
def test_hidden_calls_are_refused(query):
    with pytest.raises(QueryNotValid):
        refuse_remote(query, ("a:ok", "", "ok:ok"))
