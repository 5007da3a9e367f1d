"""LOAD: from an allow-list, from nowhere inside, following nobody."""

from __future__ import annotations

import socket
from http.server import BaseHTTPRequestHandler

import pytest

from dafab_kg.access import fetching
from dafab_kg.access.fetching import fetch, is_allowed, refuse_inside
from dafab_kg.model.errors import NotSafe, ServiceNotUsable, TooLarge
from tests.listening import listening


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://data.example/rdf/a.ttl", True),
        ("https://data.example/rdf/", True),
        ("https://data.example/rdf", False),
        ("https://data.example/other", False),
        ("https://data.example/rdf/../other", False),
        ("https://data.example/rdf/%2e%2e/other", False),
        ("http://data.example/rdf/a.ttl", False),
        ("https://data.example:444/rdf/a.ttl", False),
        ("https://data.example.evil.example/rdf/", False),
        ("https://u@data.example/rdf/a", False),
        ("https://data.example\\@evil.example/rdf/a", False),
        ("https://one.example/exactly", True),
        ("https://one.example/exactly/more", False),
        ("file:///etc/passwd", False),
    ],
)
def test_the_allow_list(url, allowed):
    entries = ("https://data.example/rdf/", "https://one.example/exactly")
    assert is_allowed(url, entries) is allowed


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "0.0.0.0", "::1",
     "fe80::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "100.64.0.1",
     "224.0.0.1", "2002:7f00:1::", "::", "nonsense"],
)  # fmt: skip
def test_addresses_inside_are_refused(address):
    with pytest.raises(NotSafe):
        refuse_inside(address, "x")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_public_addresses_are_not(address):
    refuse_inside(address, "x")


def test_a_name_that_leads_inside_is_refused(monkeypatch):
    place = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: place)
    with pytest.raises(NotSafe):
        fetch("http://metadata.example/x", ("http://metadata.example/",))


def test_one_bad_address_among_good_ones_is_enough(monkeypatch):
    found = [(socket.AF_INET, 1, 6, "", (a, 80)) for a in ("8.8.8.8", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    with pytest.raises(NotSafe):
        fetch("http://mixed.example/x", ("http://mixed.example/",))


class Handler(BaseHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/secret")
            self.end_headers()
            return
        body = b"<a:b> <a:c> <a:d> ." if self.path != "/long" else b"#" * 10_000
        self.send_response(200)
        self.send_header("Content-Type", "text/turtle; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def other():
    with listening(Handler) as address:
        yield address


def test_an_address_that_is_allowed_as_such_is_fetched(other):
    assert fetch(f"{other}/x", (f"{other}/",)) == (b"<a:b> <a:c> <a:d> .", "text/turtle")


def test_redirects_are_not_followed(other):
    Handler.asked.clear()
    with pytest.raises(ServiceNotUsable, match="302"):
        fetch(f"{other}/away", (f"{other}/",))
    assert Handler.asked == ["/away"]


def test_what_is_long_is_cut_off(other, monkeypatch):
    monkeypatch.setattr(fetching, "MOST_BYTES", 1000)
    with pytest.raises(TooLarge):
        fetch(f"{other}/long", (f"{other}/",))
