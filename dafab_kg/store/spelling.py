"""How literals are spelled for a server that does not keep them as they are.

Some servers turn literals into values of their own: Virtuoso 7.2.5 rounds decimals to 15
digits, refuses durations and long integers, and reads WKT as geometries, which it changes or
refuses (docs/decisions/remote-store.md).  For such a server a literal that may not come back is
stored under a datatype that it cannot know, and turned back in answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pyoxigraph as ox

from dafab_kg.model.errors import GraphNotWritable
from dafab_kg.store.verbatim import KEPT, XSD, kept

MOST_DIGITS: Final = 15
"""Digits of a number that a double keeps, which is what such servers compute with."""
_STRING: Final = XSD + "string"
_NUMBERS: Final = frozenset(XSD + name for name in ("decimal", "double", "float"))

TRIALS: Final = (
    ox.Literal("0.1234567890123456789", datatype=ox.NamedNode(XSD + "decimal")),
    ox.Literal("2022-01-02T03:04:05.123456Z", datatype=ox.NamedNode(XSD + "dateTime")),
    ox.Literal("P10D", datatype=ox.NamedNode(XSD + "dayTimeDuration")),
    ox.Literal(
        "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> POINT(5.1 50.20000000000001)",
        datatype=ox.NamedNode("http://www.opengis.net/ont/geosparql#wktLiteral"),
    ),
)
"""Literals of which a server must keep all if it is to be given literals as they are."""


def guarded(literal: ox.Literal) -> ox.Literal:
    """Return the literal that is stored where a server does not keep all of them."""
    datatype = literal.datatype.value
    if literal.language or datatype == _STRING:
        return literal
    name = kept(datatype, literal.value)
    digits = sum(map(str.isdigit, literal.value))
    if not name.startswith((XSD, KEPT)) or (name in _NUMBERS and digits > MOST_DIGITS):
        name = KEPT + datatype
    return literal if name == datatype else ox.Literal(literal.value, datatype=ox.NamedNode(name))


def unguarded(term: object) -> object:
    """Return a term of an answer as it was before :func:`guarded`."""
    if not isinstance(term, ox.Literal):
        return term
    datatype = term.datatype.value
    if datatype.startswith(KEPT):
        return ox.Literal(term.value, datatype=ox.NamedNode(datatype[len(KEPT) :]))
    if datatype == XSD + "boolean" and term.value in ("0", "1"):
        return ox.Literal("true" if term.value == "1" else "false", datatype=term.datatype)
    return term


class Spelling:
    """Terms as they are written to one server, and read from it; ``exact``: as they are."""

    def __init__(self, *, exact: bool) -> None:
        self.exact = exact

    def sent(self, term: object) -> str:
        """Write a term for the server.

        Raises:
            GraphNotWritable: it is a blank node, which no later statement could name.
        """
        if isinstance(term, ox.BlankNode):
            raise GraphNotWritable(
                "A statement has a blank node, which a graph behind a server cannot take: another "
                "request could not name it. Give it an IRI"
            )
        if isinstance(term, ox.Literal) and not self.exact:
            return str(guarded(term))
        return str(term)

    def read(self, term: object) -> object:
        """Return a term of an answer as it was sent."""
        return term if self.exact else unguarded(term)

    def data(self, action: str, quads: Iterable[ox.Quad], merged: str) -> str:
        """Write INSERT DATA, or DELETE DATA for each graph; ``merged`` is the default graph.

        Of one DELETE DATA with two graphs Virtuoso 7.2.5 leaves the literals.
        """
        blocks: dict[str, list[str]] = {}
        for quad in quads:
            triple = " ".join(map(self.sent, (quad.subject, quad.predicate, quad.object)))
            graph = quad.graph_name
            name = f"<{merged}>"
            if not isinstance(graph, ox.DefaultGraph):
                if str(graph) == name:
                    raise GraphNotWritable(
                        f"{name} stands for the default graph here. Write a graph of another name"
                    )
                name = str(graph)
            blocks.setdefault(name, []).append(f"{triple} .\n")
        parts = [f"GRAPH {name} {{\n{''.join(triples)}}}" for name, triples in blocks.items()]
        if action == "INSERT":
            parts = ["\n".join(parts)]
        return ";\n".join(f"{action} DATA {{ {part} }}" for part in parts)
