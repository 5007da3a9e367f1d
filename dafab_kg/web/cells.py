"""Answers as tables for people: terms shortened, geometries abbreviated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from dafab_kg.store.answers import has_rows
from dafab_kg.store.geojson import WKT_LITERAL
from dafab_kg.store.protocol import Answer, Blank, Iri, Literal, Term, Truth
from dafab_kg.store.rows import XSD

_WKT_HEAD = re.compile(r"\s*(?:<[^<>]*>\s*)?([A-Za-z]+(?:\s+(?:Z|M|ZM))?)\s*[(]", re.IGNORECASE)
_LOCAL = re.compile(r"[\w%-][\w%.-]*(?<!\.)\Z")
LONG_GEOMETRY = 60
_NUMBERS = frozenset(
    XSD + name
    for name in (
        *("integer", "decimal", "double", "float", "long", "int", "short", "byte"),
        *("nonNegativeInteger", "positiveInteger", "unsignedLong", "unsignedInt"),
    )
)
_TIMES = frozenset(XSD + name for name in ("dateTime", "date", "dateTimeStamp"))


@dataclass(frozen=True)
class Cell:
    """A term for people: ``text`` is short, ``full`` all of it, ``iri`` where it leads.

    ``datatype`` is that of a literal.
    """

    text: str
    full: str = ""
    iri: str = ""
    datatype: str = ""

    @property
    def is_number(self) -> bool:
        """Tell whether it stands to the right, as numbers do."""
        return self.datatype in _NUMBERS

    @property
    def is_time(self) -> bool:
        """Tell whether it is a time or a day."""
        return self.datatype in _TIMES


@dataclass(frozen=True)
class Table:
    """Columns and rows; ``more`` tells that there are further rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    more: bool = False


def table_of(answer: Answer, prefixes: Mapping[str, str], *, most_rows: int | None = None) -> Table:
    """Make a table of any kind of answer; of the first ``most_rows`` rows, if given."""
    if isinstance(answer, Truth):
        return Table(("answer",), ((Cell("yes" if answer.value else "no"),),))
    columns = answer.variables if has_rows(answer) else ("subject", "predicate", "object")
    rows: Iterable[Sequence[Term | None]] = iter(answer)
    bound = None if most_rows is None else most_rows + 1
    taken = [tuple(cell_of(term, prefixes) for term in row) for row in islice(rows, bound)]
    shown = taken if most_rows is None else taken[:most_rows]
    return Table(tuple(columns), tuple(shown), more=len(taken) > len(shown))


def cell_of(term: Term | None, prefixes: Mapping[str, str]) -> Cell:
    """Make a term readable."""
    if term is None:
        return Cell("")
    if isinstance(term, Iri):
        return Cell(shorten(term.value, prefixes), term.value, term.value)
    if isinstance(term, Blank):
        return Cell(f"_:{term.value}", f"_:{term.value}")
    return Cell(_literal(term), term.value, datatype=term.datatype)


def shorten(iri: str, prefixes: Mapping[str, str]) -> str:
    """Write an IRI with the longest prefix that fits; in angle brackets if none does.

    What follows the prefix may hold a slash, which Turtle would have to escape:
    this is for reading.
    """
    best = max(
        (name for name, start in prefixes.items() if iri.startswith(start)),
        key=lambda name: len(prefixes[name]),
        default=None,
    )
    if best is None:
        return f"<{iri}>"
    local = iri[len(prefixes[best]) :]
    if all(_LOCAL.match(part) for part in local.split("/")):
        return f"{best}:{local}"
    return f"<{iri}>"


def _literal(literal: Literal) -> str:
    if literal.datatype == WKT_LITERAL:
        return _abbreviate(literal.value)
    return f"{literal.value} @{literal.language}" if literal.language else literal.value


def _abbreviate(wkt: str) -> str:
    head = _WKT_HEAD.match(wkt)
    if head is None or len(wkt) <= LONG_GEOMETRY:
        return wkt
    points = wkt.count(",") + 1
    return f"{head[1].upper()} (… {points} points)"
