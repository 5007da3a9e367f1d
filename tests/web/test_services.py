"""SERVICE: only of endpoints that are allowed, by their whole IRI; no redirect is followed."""

from __future__ import annotations

import socket
import time
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs

import pytest

from dafab_kg.cli.asking import print_explanation
from dafab_kg.cli.frame import Session
from dafab_kg.model.errors import QueryNotValid
from dafab_kg.store.refusals import refuse_remote
from tests.listening import listening
from tests.web.written import clients

ANSWER = b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"far"}}]}}'


ROW = b'{"s":{"type":"uri","value":"http://e/a"},"x":{"type":"literal","value":"bound"}}'
BOUND = b'{"head":{"vars":["s","x"]},"results":{"bindings":[' + ROW + b"]}}"
FAULTS = {
    "down": (503, b"away"),
    "html": (200, b"<html>"),
    "truth": (200, b'{"boolean":true}'),
    "odd": (200, b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"?","value":1}}]}}'),
    "deep": (200, b"[" * 100_000),
    "moved": (302, b""),
    "long": (200, b" " * 2_000_000),
}


class Handler(BaseHTTPRequestHandler):
    asked: list[str] = []
    sent: list[str] = []

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

    def do_POST(self) -> None:
        """What a bound join asks."""
        name = self.path.strip("/")
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if "VALUES" not in form.get("query", [""])[0]:
            return self.do_GET()  # what the engine asks by itself
        self.sent.append(form["query"][0])
        status, body = FAULTS.get(name, (200, BOUND))
        if name == "slow":
            time.sleep(0.6)
        self.send_response(status)
        self.send_header("Content-Type", "application/sparql-results+json")
        self.send_header("Location", "/inside")
        self.send_header("Content-Length", str(len(body) + (name == "half") * 10))
        self.end_headers()
        self.wfile.write(body)
        return None

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def other():
    with listening(Handler) as address:
        yield address


@pytest.fixture(scope="module")
def web(tmp_path_factory, other):
    names = ("sparql", "away", "slow", "half", *FAULTS)
    allowed = (*(f"{other}/{name}" for name in names), "http://inside.example/sparql")
    place = tmp_path_factory.mktemp("service")
    with clients(
        place, service_allowed=allowed, service_seconds=0.4, answer_bytes=1_000_000
    ) as made:
        assert made.update("INSERT DATA { <http://e/a> <http://e/p> 1 }").json["added"] == 1
        yield made


JOIN = "SELECT ?x {{ ?s <http://e/p> ?o SERVICE {1} <{0}> {{ ?s <http://e/q> ?x }} }}"


def test_an_endpoint_is_asked_about_what_it_is_joined_with(web, other):
    Handler.sent.clear()
    assert web.select(JOIN.format(f"{other}/sparql", "")) == [{"x": "bound"}]
    (query,) = Handler.sent
    assert "VALUES (?s) { (<http://e/a>) }" in query
    told = web.catalogue.explain_query(JOIN.format(f"{other}/sparql", ""))
    assert {k: v for k, v in told["calls"][0].items() if k != "milliseconds"} == {
        "endpoint": f"{other}/sparql", "variables": ["s"], "values": 1, "requests": 1, "rows": 1,
    }  # fmt: skip
    assert told["rows"] == 1


def test_the_command_tells_what_was_asked(web, other, capsys):
    print_explanation(Session(), web.catalogue.explain_query(JOIN.format(f"{other}/sparql", "")))
    assert f"SERVICE <{other}/sparql>: asked about 1 values of ?s in 1 requests: 1" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize("fault", ["slow", "half", *FAULTS])
def test_faults_of_an_endpoint(web, other, fault):
    query = JOIN.format(f"{other}/{fault}", "")
    response = web.ask("", "/sparql", query_string={"query": query})
    assert response.status_code == 502 and f"SERVICE <{other}/{fault}>" in response.json["detail"]
    assert "/inside" not in Handler.asked
    query = JOIN.format(f"{other}/{fault}", "SILENT")
    assert web.select(query) == [{}]


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


def test_who_may_not_be_called_is_named(web, other):
    query = f"SELECT * {{ SERVICE <{other}/else> {{ ?x ?y ?z }} }}"
    told = web.ask("", "/sparql", query_string={"query": query}).json["detail"]
    assert f"<{other}/else>" in told and "service_allowed" in told and "no other" not in told


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
