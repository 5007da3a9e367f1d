"""Servers that are busy, broken, hostile or none of ours."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import orjson
import pytest
from flask import Flask, Response, request

import dafab_kg
from dafab_kg.model.errors import (
    DafabError,
    DeadlinePassed,
    NotServed,
    QueryNotValid,
    ServiceNotUsable,
)
from dafab_kg.python import http
from tests.python.conftest import served

TOKEN = "dkg_secret-of-the-test"


class Scripted:
    """A server that answers as the test says; ``seen`` are the requests."""

    def __init__(self) -> None:
        self.answers: Iterator[Response | Callable[[], Response]] = iter(())
        self.seen: list[tuple[str, str, str]] = []
        self.app = Flask("scripted")

        @self.app.before_request
        def answer() -> Response:
            header = request.headers.get("Authorization", "")
            self.seen.append((request.method, request.path, header))
            if request.path == "/health":
                return Response('{"status":"ok","version":"1"}', content_type="application/json")
            found = next(self.answers)
            return found if isinstance(found, Response) else found()


@pytest.fixture(scope="module")
def running():
    scripted = Scripted()
    with served(scripted.app) as address:
        yield scripted, address


@pytest.fixture
def script(running, monkeypatch):
    scripted, address = running
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    scripted.waits = waits

    with ExitStack() as opened:

        def connected(*answers):
            scripted.answers, scripted.seen = iter(answers), []
            kg = dafab_kg.connect(address, token=TOKEN, timeout=2)
            return scripted, opened.enter_context(kg)

        yield connected


def problem(status, reason="", headers=(), **more):
    body = {"title": "t", "status": status, "detail": "Because.", **more}
    if reason:
        body["reason"] = reason
    return lambda: Response(
        orjson.dumps(body), status, dict(headers), content_type="application/problem+json"
    )


def rows():
    return Response(
        '{"head":{"vars":["a"]},"results":{"bindings":[{"a":{"type":"uri","value":"http://e"}}]}}',
        content_type="application/sparql-results+json",
    )


def test_who_is_busy_is_asked_again_after_what_it_says(script):
    busy = problem(503, "QueueFull", {"Retry-After": "3"})
    scripted, kg = script(busy, problem(429, headers={"Retry-After": "2"}), rows)
    assert len(list(kg.query("SELECT ?a {}"))) == 1
    assert scripted.waits == [3, 2]
    assert {header for _, _, header in scripted.seen} == {f"Bearer {TOKEN}"}


def test_who_stays_busy_is_told(script):
    scripted, kg = script(*itertools.repeat(problem(503, "QueueFull"), 10))
    with pytest.raises(NotServed, match="Because"):
        kg.query("ASK {}")
    assert len(scripted.seen) == 1 + http.TRIES


@pytest.mark.parametrize("reason", ["DeadlinePassed", "MemoryExceeded", "AnswerTooLong"])
def test_what_will_fail_again_is_not_asked_again(script, reason):
    scripted, kg = script(problem(503, reason, limit={"seconds": 1.0}))
    with pytest.raises(DafabError, match="Because") as caught:
        kg.query("ASK {}")
    assert type(caught.value).__name__ == reason and len(scripted.seen) == 2
    assert caught.value.limit == {"seconds": 1.0}
    assert DeadlinePassed in NotServed.__subclasses__()


def test_a_long_wait_is_the_users(script):
    scripted, kg = script(problem(503, "QueueFull", {"Retry-After": "86400"}))
    with pytest.raises(NotServed):
        kg.query("ASK {}")
    assert scripted.waits == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (problem(400, "NoSuchClass"), QueryNotValid),
        (problem(400, "Exception"), QueryNotValid),
        (problem(401), ServiceNotUsable),
        (lambda: Response("<html>", 500), ServiceNotUsable),
        (lambda: Response("[1]", 500, content_type="application/problem+json"), ServiceNotUsable),
        (lambda: Response("<html>", content_type="text/html"), ServiceNotUsable),
        (lambda: Response("{", content_type="application/sparql-results+json"), ServiceNotUsable),
        (lambda: Response("", 302, {"Location": "http://127.0.0.1:1/"}), ServiceNotUsable),
    ],
)
def test_what_is_wrong_has_a_class(script, answer, kind):
    _, kg = script(*itertools.repeat(answer, 5))
    with pytest.raises(kind) as caught:
        list(kg.query("SELECT * {}"))
    assert TOKEN not in str(caught.value) and TOKEN not in repr(kg)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"features": 5}', b'{"features": [5]}', b"\xff"])
def test_what_is_no_page_is_refused(script, body):
    _, kg = script(Response(body, content_type="application/json"))
    with pytest.raises(ServiceNotUsable):
        kg.search().ids()


def test_links_lead_nowhere_else(script):
    page = {
        "features": [{"id": "a"}],
        "links": [
            {"rel": "next", "href": "http://elsewhere.example/steal?token=t2", "method": "GET"}
        ],
    }
    last = {"features": [{"id": "b"}], "links": []}
    scripted, kg = script(
        *(Response(orjson.dumps(one), content_type="application/json") for one in (page, last))
    )
    assert kg.search().ids() == ["a", "b"]
    assert [path for _, path, _ in scripted.seen] == ["/health", "/stac/search", "/stac/search"]


def test_an_answer_that_breaks_off_is_no_whole_one(script):
    def half():
        def pieces():
            yield rows().get_data()[:60]
            raise BrokenPipeError

        return Response(
            pieces(), content_type="application/sparql-results+json",
            headers={"Content-Length": "9999"},
        )  # fmt: skip

    _, kg = script(half)
    with pytest.raises(ServiceNotUsable, match="break"):
        list(kg.query("SELECT ?a {}"))


@pytest.mark.parametrize(
    "address",
    [
        "ftp://e.example/",
        "nothing",
        "http://name:word@127.0.0.1:1/",
        "http://",
        "http://127.0.0.1:1/",
    ],
)
def test_where_no_server_is_it_is_said(address, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    with pytest.raises(ServiceNotUsable) as caught:
        dafab_kg.connect(address)
    assert "word" not in str(caught.value).replace("password", "")


def test_another_server_is_recognised(script, running):
    scripted, address = running
    scripted.answers = iter([Response("<html>")])
    with pytest.raises(ServiceNotUsable):
        dafab_kg.connect(f"{address}else/where")


def test_a_token_that_would_break_the_header_is_refused():
    with pytest.raises(ServiceNotUsable) as caught:
        dafab_kg.connect("http://127.0.0.1:1/", token="a\r\nX: y")
    assert "X: y" not in str(caught.value)
