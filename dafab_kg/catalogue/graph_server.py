"""The server that holds a catalogue's graph, as the settings name it.

What was found out of the server when the catalogue was made is kept beside the documents
(``graph.json``): whether it keeps literals as they are, and which graphs were there already.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import requests
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth

from dafab_kg.model.errors import (
    DafabError,
    NotServed,
    QueryNotValid,
    ServiceNotUsable,
    StoreNotUsable,
)
from dafab_kg.model.settings import Settings
from dafab_kg.python.http import Connection
from dafab_kg.store.endpoint import Ours, Reply
from dafab_kg.store.remote import RemoteStore
from dafab_kg.store.results import RESULTS, TRIPLES
from dafab_kg.store.trying import graphs_there, keeps_literals

FILE: Final = "graph.json"
MOST_BYTES: Final = 4 * 2**30
"""Longest answer of the server; its rows are read as they come."""
LONGEST_LOGIN: Final = 4096
_CUT: Final = "X-SPARQL-MaxRows"
"""Where Virtuoso says how many rows it gives at most."""
_STATE: Final = "X-SQL-State"
"""Where Virtuoso says that an answer is partial."""


class GraphServer:
    """Three addresses of a server: of its queries, its updates, and its graphs.

    Redirects are not followed, and no proxy is used.  All errors are ServiceNotUsable, but for a
    text that the server refuses (QueryNotValid) and a server that is busy for long (NotServed).
    """

    def __init__(self, settings: Settings) -> None:
        """Connect; raises StoreNotUsable where the login cannot be read."""
        query = settings.graph_url
        token, auth = _login(settings.graph_login, settings.graph_auth)

        def connection(url: str) -> Connection:
            return Connection(
                url, token=token, timeout=settings.graph_seconds, auth=auth, straight=True
            )

        self._query = connection(query)
        self._update = connection(settings.graph_update_url or query)
        self._store = connection(settings.graph_store_url) if settings.graph_store_url else None
        self.name = self._query.url
        self.keeps_graphs = self._store is not None

    def ask(
        self, query: str, graphs: Sequence[str], named: Sequence[str], *, triples: bool = False
    ) -> Reply:
        """Answer a query; see :class:`~dafab_kg.store.endpoint.Endpoint`."""
        form: list[tuple[str, str]] = [("query", query)]
        form += [("default-graph-uri", graph) for graph in graphs]
        form += [("named-graph-uri", graph) for graph in named]
        answer = self._query.send("POST", "", accept=TRIPLES if triples else RESULTS, data=form)
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if answer.headers.get(_STATE):
            answer.close()
            raise ServiceNotUsable(
                f"{self.name} gives a part of an answer only ({answer.headers[_STATE][:20]}): it "
                "passed a bound of the server. Raise that, or ask for less"
            )
        most = answer.headers.get(_CUT, "")
        return Reply(
            media_type,
            self._pieces(self._query, answer),
            int(most) if most.isascii() and most.isdigit() else None,
            self.name,
        )

    def _pieces(self, connection: Connection, answer: requests.Response) -> Iterator[bytes]:
        size = 0
        for piece in connection.pieces(answer):
            size += len(piece)
            if size > MOST_BYTES:
                raise ServiceNotUsable(
                    f"{self.name} answers with more than {MOST_BYTES:,} bytes. Ask for less"
                )
            yield piece

    def tell(self, update: str) -> None:
        """Do an update.

        Raises:
            ServiceNotUsable: it was not done, or it is not known whether it was.
        """
        self._send(
            self._update,
            "POST",
            data=update.encode(),
            headers={"Content-Type": "application/sparql-update"},
        )

    def add(self, graph: str, ntriples: bytes) -> None:
        """Add triples to a graph; N-Triples go as Turtle, which they are, as all servers read it.

        Raises:
            ServiceNotUsable: they were not added, or it is not known whether they were.
        """
        if self._store is None:
            raise ServiceNotUsable(f"{self.name} has no Graph Store. Set graph_store_url")
        self._send(
            self._store,
            "POST",
            params={"graph": graph},
            data=ntriples,
            headers={"Content-Type": "text/turtle; charset=utf-8"},
        )

    def _send(self, connection: Connection, method: str, **request: Any) -> None:
        try:
            answer = connection.send(method, "", accept="*/*", **request)
            for _ in connection.pieces(answer):
                pass
        except (ServiceNotUsable, NotServed):
            raise
        except DafabError as error:
            raise ServiceNotUsable(f"{connection.url} refuses a change: {error}") from error

    def close(self) -> None:
        """Close the connections."""
        for connection in (self._query, self._update, self._store):
            if connection is not None:
                connection.close()


@dataclass(frozen=True)
class Found:
    """What was found out of a server."""

    url: str
    merged: str
    exact: bool
    foreign: tuple[str, ...]

    def write(self, file: Path) -> None:
        """Write durably."""
        temporary = file.with_suffix(".tmp")
        with temporary.open("wb") as out:
            out.write(orjson.dumps(vars(self)))
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)

    @classmethod
    def read(cls, file: Path) -> Found:
        """Read it.

        Raises:
            StoreNotUsable: it cannot be read.
        """
        try:
            value = orjson.loads(file.read_bytes())
            return cls(value["url"], value["merged"], value["exact"], tuple(value["foreign"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreNotUsable(f"{file} cannot be read: {error}") from error


def open_graph(directory: Path, settings: Settings, *, read_only: bool) -> RemoteStore:
    """Open the graph behind the server of a catalogue in ``directory``.

    Raises:
        StoreNotUsable: the catalogue was made with a graph of its own, or of another server; or
            the server holds another catalogue.
        ServiceNotUsable: the server does not answer as it must.
    """
    file = directory / FILE
    merged = settings.graph_default or settings.names.make("merged_graph")
    if not file.is_file() and (read_only or (directory / "graph").exists()):
        raise StoreNotUsable(
            f"{directory} was made with a graph of its own, not with one behind a server. Unset "
            "DAFAB_GRAPH_URL, or name a new directory and restore a dump of this one there"
        )
    server = GraphServer(settings)
    try:
        if file.is_file():
            found = Found.read(file)
            if found.merged != merged:
                raise StoreNotUsable(
                    f"The merge of {directory} is <{found.merged}>; set DAFAB_GRAPH_DEFAULT to that"
                )
        else:
            found = _find_out(server, merged)
            found.write(file)
    except BaseException:
        server.close()
        raise
    return RemoteStore(
        server,
        Ours(merged, frozenset(found.foreign), settings.graph_ignored),
        exact=found.exact,
        most_statements=settings.graph_statements,
    )


def refuse_graph_elsewhere(directory: Path) -> None:
    """Refuse to open a directory as one with a graph of its own if that lies behind a server.

    Raises:
        StoreNotUsable: it does; the message names the server.
    """
    file = directory / FILE
    if file.is_file():
        raise StoreNotUsable(
            f"The graph of {directory} lies behind {Found.read(file).url}. Set DAFAB_GRAPH_URL to "
            "that"
        )


def _find_out(server: GraphServer, merged: str) -> Found:
    there = graphs_there(server)
    if merged in there:
        raise StoreNotUsable(
            f"{server.name} holds a catalogue already (<{merged}>). Use that one's directory, set "
            "another DAFAB_BASE and DAFAB_GRAPH_DEFAULT, or empty the server"
        )
    try:
        exact = keeps_literals(server, f"{merged}-trial")
    except QueryNotValid as error:
        raise ServiceNotUsable(f"{server.name} cannot be written: {error}") from error
    return Found(server.name, merged, exact, tuple(sorted(there)))


def _login(file: Path | None, kind: str) -> tuple[str, AuthBase | None]:
    """Read how to log in, which stands alone in a file: a token, or ``user:password``."""
    if file is None:
        return "", None
    try:
        with file.open(encoding="utf-8") as source:
            text = source.read(LONGEST_LOGIN).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreNotUsable(f"The login {file} cannot be read: {error}") from error
    if kind == "bearer":
        return text, None
    user, colon, password = text.partition(":")
    if not colon or not user:
        raise StoreNotUsable(f"{file} holds no user:password. Write that there, in one line")
    if kind == "digest":
        return "", HTTPDigestAuth(user, password)
    return "", HTTPBasicAuth(user.encode(), password.encode())
