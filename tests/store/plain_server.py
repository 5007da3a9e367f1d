"""A SPARQL 1.1 server of the plainest kind: the engine in memory, and nothing of ours.

It can be told to fail in the ways in which servers do.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox

from tests.listening import serving


class Plain:
    """What the server holds, what it was asked, and how it fails.

    ``failing`` is how requests fail from the update on that has the text ``at`` in it: ``down``
    (no answer), ``500``, ``type`` (a page of HTML), ``half`` (the answer breaks off), ``slow``,
    ``redirect``, or ``done`` (the update is done, the answer is 500).
    """

    def __init__(self) -> None:
        self.address = ""
        self.begin()

    def begin(self) -> None:
        """Forget everything that was before."""
        self.store = ox.Store()
        self.failing = ""
        self.at = ""
        self.fallen = False
        self.updates: list[str] = []
        self.queries: list[str] = []
        self.logins: list[str] = []
        self.added: list[str] = []

    def fail(self, how: str, at: str = "") -> None:
        """Fail from now on, or from an update on; "" ends it."""
        self.failing, self.at, self.fallen = how, at, not at
        if at:
            self.updates.clear()

    def fails(self, *, update: bool) -> str:
        self.fallen |= bool(self.failing) and self.at in (self.updates[-1:] or [""])[0]
        if not self.failing or not self.fallen:
            return ""
        return self.failing if update or self.failing != "done" else ""


def _nodes(graphs: list[str] | None) -> list[Any] | None:
    return None if graphs is None else [ox.NamedNode(graph) for graph in graphs]


@contextmanager
def plain_server() -> Iterator[Plain]:
    plain = Plain()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: else each answer waits for an acknowledgement

        def log_message(self, *_: Any) -> None:
            pass

        def send(self, status: int, body: bytes, kind: str, size: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body) if size is None else size))
            if status == 302:
                self.send_header("Location", f"{plain.address}/sparql")
            self.end_headers()
            self.wfile.write(body)

        def failed(self, how: str) -> bool:
            if how == "down":
                self.close_connection = True
                self.connection.close()
            elif how in ("500", "done"):
                self.send(500, b"<h1>Internal error</h1>", "text/html")
            elif how == "type":
                self.send(200, b"<h1>Welcome</h1>", "text/html")
            elif how == "half":
                self.send(200, b'{"head":{"vars":["s"]},"results":{"bind', "application/"
                          "sparql-results+json", 5000)  # fmt: skip
                self.close_connection = True
            elif how == "slow":
                time.sleep(3)
            elif how == "redirect":
                self.send(302, b"", "text/plain")
            return bool(how)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            plain.logins.append(self.headers.get("Authorization", ""))
            place = urlsplit(self.path)
            if place.path == "/graphs":
                graph = ox.NamedNode(parse_qs(place.query)["graph"][0])
                plain.added.append(graph.value)
                plain.store.load(body, ox.RdfFormat.TURTLE, to_graph=graph)
                self.send(204, b"", "text/plain")
                return
            if self.headers["Content-Type"] == "application/sparql-update":
                plain.updates.append(body.decode())
                how = plain.fails(update=True)
                try:
                    if how in ("", "done"):
                        plain.store.update(body.decode())
                except (SyntaxError, ValueError) as error:
                    self.send(400, str(error).encode(), "text/plain")
                    return
                if not self.failed(how):
                    self.send(204, b"", "text/plain")
                return
            form = parse_qs(body.decode())
            plain.queries.append(form["query"][0])
            if self.failed(plain.fails(update=False)):
                return
            defaults, named = form.get("default-graph-uri"), form.get("named-graph-uri")
            given = bool(defaults or named)
            try:
                found: Any = plain.store.query(
                    form["query"][0],
                    default_graph=_nodes((defaults or []) if given else None),
                    named_graphs=_nodes((named or []) if given else None),
                )
                kind = "application/sparql-results+json"
                if isinstance(found, ox.QueryTriples):
                    kind = "application/n-triples"
                    data = found.serialize(format=ox.RdfFormat.N_TRIPLES)
                else:
                    data = found.serialize(format=ox.QueryResultsFormat.JSON)
            except (SyntaxError, ValueError) as error:
                self.send(400, str(error).encode(), "text/plain")
                return
            self.send(200, data or b"", kind)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    plain.address = f"http://127.0.0.1:{server.server_port}"
    with serving(server):
        yield plain
