"""What a graph behind a server asks of the connection to it, and the size of its requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Protocol, TypeVar

import pyoxigraph as ox

from dafab_kg.model.errors import ServiceNotUsable

AT_ONCE: Final = 400
"""Things that are asked for in one query."""
MOST_TRIPLES: Final = 1_000
"""Triples of one update: Virtuoso's compiler takes no 5,000."""
MOST_LENGTH: Final = 150_000
"""Characters of one update, but of a single longer statement: ours takes 200,000."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Reply:
    """The answer to a query: its media type and its body, which comes in pieces.

    ``most_rows`` is where the server cuts its answers without a word in them, ``name`` what it
    is called in messages.
    """

    media_type: str
    pieces: Iterator[bytes]
    most_rows: int | None = None
    name: str = ""

    def uncut(self, rows: Iterable[Any]) -> Iterator[Any]:
        """Yield the rows, and refuse the answer where the server may have cut it.

        Raises:
            ServiceNotUsable: there are as many rows as it gives at most.
        """
        number = 0
        for row in rows:
            number += 1
            yield row
        if self.most_rows is not None and number >= self.most_rows:
            raise ServiceNotUsable(
                f"{self.name} cuts its answers after {self.most_rows} rows. Raise its bound "
                "(Virtuoso: ResultSetMaxRows in its ini file), or remove it"
            )


@dataclass(frozen=True)
class Ours:
    """Which named graphs of a server are the catalogue's: not ``merged``, which stands for its
    default graph, no ``foreign`` one, and none whose name begins as one of ``ignored``."""

    merged: str
    foreign: frozenset[str] = frozenset()
    ignored: tuple[str, ...] = ()

    def has(self, graph: str) -> bool:
        """Tell whether a graph is the catalogue's."""
        known = graph == self.merged or graph in self.foreign
        return not known and not graph.startswith(self.ignored)


class Endpoint(Protocol):
    """A connection to a server's graphs; all its calls raise ServiceNotUsable, or
    QueryNotValid where the server refuses the text."""

    @property
    def name(self) -> str:
        """The server's address as it may be shown."""
        ...

    @property
    def keeps_graphs(self) -> bool:
        """Whether it speaks the Graph Store Protocol too."""
        ...

    def ask(
        self, query: str, graphs: Sequence[str], named: Sequence[str], *, triples: bool = False
    ) -> Reply:
        """Answer a query; no ``graphs``: over the server's own dataset.

        ``triples``: it is a CONSTRUCT (some servers would give the columns of a table).
        """
        ...

    def tell(self, update: str) -> None:
        """Do an update."""
        ...

    def add(self, graph: str, ntriples: bytes) -> None:
        """Add triples to a graph (Graph Store Protocol, POST)."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


def batches(
    quads: Iterable[ox.Quad], *, most_triples: int = MOST_TRIPLES, most_length: int = MOST_LENGTH
) -> Iterator[list[ox.Quad]]:
    """Cut statements into parts that one request may hold."""
    held: list[ox.Quad] = []
    length = 0
    for quad in quads:
        size = len(str(quad))
        if held and (len(held) >= most_triples or length + size > most_length):
            yield held
            held, length = [], 0
        held.append(quad)
        length += size
    if held:
        yield held


def in_groups(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Cut a list into parts that one query may name."""
    left = iter(items)
    while some := list(islice(left, AT_ONCE)):
        yield some


def terms_of(quad: ox.Quad) -> tuple[str, str, str]:
    """The terms of a statement, less its graph, as N-Triples writes them."""
    return str(quad.subject), str(quad.predicate), str(quad.object)


def plain_triple(quad: ox.Quad) -> ox.Quad:
    """The statement in the default graph."""
    return ox.Quad(quad.subject, quad.predicate, quad.object)
