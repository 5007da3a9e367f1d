"""SERVICE by bound joins (as FedX does, Schwarte et al., ISWC 2011, section 4.2).

An engine asks an endpoint for all that a SERVICE's pattern finds there, and joins afterwards.
Here the endpoint is asked only about what the rest of the query can be joined with, in batches,
and its solutions stand in the query's text as VALUES.  A call for which that would not be exact,
or not better, is left to the engine as it is.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from time import perf_counter
from typing import Any, Final

from dafab_kg.federation.sparql.endpoint import Bounds, select
from dafab_kg.federation.sparql.prefix import NOTHING, Place, certain, local_part, places
from dafab_kg.model.errors import NotAnalysed, ServiceNotUsable
from dafab_kg.sparql.edits import Edit, edited
from dafab_kg.sparql.parse import parse_query
from dafab_kg.sparql.scope import visible
from dafab_kg.sparql.tree import Filter, IriTerm, Query, Service, Triple, Variable, walk
from dafab_kg.store.protocol import XSD_STRING, Blank, Iri, Literal, Row, Solutions, Term
from dafab_kg.store.rows import term_turtle

BATCH: Final = 500
"""Values that one request asks about."""
MOST_VALUES: Final = 10_000
"""More are not asked about: the whole pattern is left to the engine."""
MOST_ROWS: Final = 100_000
"""More solutions do not go into a query's text."""
_IRI: Final = re.compile(r"[^\x00-\x20<>\"{}|^`\\]+")

Ask = Callable[[str], Solutions]
"""Answers a SELECT by the graph here, with the dataset of the query."""


@dataclass(frozen=True)
class Called:
    """What became of one call: how many values were asked about, in how many requests, how many
    solutions came; or the ``reason`` for which it is left to the engine."""

    endpoint: str
    variables: tuple[str, ...] = ()
    values: int = 0
    requests: int = 0
    rows: int = 0
    seconds: float = 0.0
    reason: str = ""

    def plain(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        told = {"endpoint": self.endpoint, "reason": self.reason}
        if self.reason:
            return told
        return {
            "endpoint": self.endpoint,
            "variables": list(self.variables),
            "values": self.values,
            "requests": self.requests,
            "rows": self.rows,
            "milliseconds": round(self.seconds * 1e3, 3),
        }


@dataclass(frozen=True)
class Joined:
    """The query's text to go on with, and what became of its calls."""

    text: str
    calls: tuple[Called, ...] = ()


def join(text: str, ask: Ask, bounds: Bounds, *, base: str | None = None) -> Joined:
    """Do the calls of a query that can be bound, in the order of the text; all must be allowed.

    Raises:
        ServiceNotUsable: an endpoint fails, and its call is not SILENT.
        NotSafe: an endpoint leads to where nobody may look.
    """
    calls: list[Called] = []
    rows = Rows()
    left = 0
    while True:
        try:
            query = parse_query(text, base=base)
        except NotAnalysed as error:
            return Joined(rows.put_into(text), (*calls, Called("", reason=str(error))))
        place = next(islice(places(query), left, None), None)
        if place is None:
            return Joined(rows.put_into(text), tuple(calls))
        called = _call(text, query, place, rows, ask, bounds)
        calls.append(called)
        if called.reason:
            left += 1
        else:
            service = place.service
            text = edited(text, [Edit(service.start, service.end, rows.last)])


class Rows:
    """Solutions of calls: many, so that while a text is read a mark stands for each call's."""

    def __init__(self) -> None:
        self._sign = secrets.token_hex(8)
        self._put: dict[str, str] = {}
        self.last = NOTHING

    def add(self, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Take the solutions of a call, terms as texts, "UNDEF" for none."""
        unbound = {n for n in range(len(names)) if any(row[n] == "UNDEF" for row in rows)}
        like = " ".join("UNDEF" if n in unbound else '""' for n in range(len(names)))
        mark = f"({like}) # {self._sign} {len(self._put)}\n"
        self._put[mark] = " ".join(f"({' '.join(row)})" for row in rows)
        self.last = f" VALUES ({_variables(names)}) {{ {mark} }} "

    def add_nothing(self) -> None:
        """Take it that a call failed, and may (SILENT)."""
        self.last = NOTHING

    def put_into(self, text: str) -> str:
        """Return a text with the solutions in the place of their marks."""
        for mark, rows in self._put.items():
            text = text.replace(mark, rows)
        return text


def _call(text: str, query: Query, place: Place, rows: Rows, ask: Ask, bounds: Bounds) -> Called:
    """Do one call: its solutions go to ``rows``."""
    service = place.service
    url = service.name.value if isinstance(service.name, IriTerm) else ""
    local, bound = local_part(text, place)
    names = sorted(bound & certain(service.group))
    if not url or any(isinstance(node, Service) for node in walk(service.group)):
        return Called(url, reason="its endpoint is a variable, or it calls another itself")
    if not names:
        return Called(url, reason="no variable is bound by both sides in every solution")
    prologue = _prologue(query)
    dataset = "".join(f" FROM <{one.value}>" for one in query.dataset)
    dataset += "".join(f" FROM NAMED <{one.value}>" for one in query.named)
    wanted = f"{prologue}SELECT DISTINCT {_variables(names)}{dataset} WHERE {local}"
    asked = ask(f"{rows.put_into(wanted)} LIMIT {MOST_VALUES + 1}")
    found = _asked_about(names, islice(asked, MOST_VALUES + 1))
    if found is None:
        return Called(url, reason=f"there are more than {MOST_VALUES} values to ask about")
    names, values = found
    if not names:
        return Called(url, reason="what is bound is compared by value: numbers, times")
    return _asked(text, query, service, rows, names, values, bounds)


def _asked_about(
    names: Sequence[str], rows: Iterable[Row]
) -> tuple[list[str], list[tuple[str, ...]]] | None:
    """Return the variables that can be asked about, and their values; None: too many.

    Endpoints may write numbers and times otherwise than they are joined here; and a blank node
    of here is none of theirs, so a row with one is joined with nothing.
    """
    taken = list(rows)
    if len(taken) > MOST_VALUES:
        return None
    right = [n for n in range(len(names)) if all(_is_same_everywhere(row[n]) for row in taken)]
    kept = {
        tuple(term_turtle(row[n]) for n in right): None
        for row in taken
        if not any(isinstance(row[n], Blank) for n in right)
    }
    return [names[n] for n in right], list(kept)


def _is_same_everywhere(term: Term | None) -> bool:
    if isinstance(term, Literal):
        return term.datatype == XSD_STRING and not term.language
    return term is not None


def _asked(
    text: str,
    query: Query,
    service: Service,
    rows: Rows,
    names: Sequence[str],
    values: Sequence[tuple[str, ...]],
    bounds: Bounds,
) -> Called:
    assert isinstance(service.name, IriTerm)
    url, began, columns = service.name.value, perf_counter(), _columns(service)
    head = f"{_prologue(query)}SELECT {_variables(columns)} WHERE "
    pattern = text[service.group.start : service.group.end]
    inline = _begins_with(service, names)
    solutions: list[list[str]] = []
    requests = 0
    for start in range(0, len(values), BATCH):
        told = " ".join(f"({' '.join(row)})" for row in values[start : start + BATCH])
        given = f"VALUES ({_variables(names)}) {{ {told} }}"
        body = f"{{ {given} {pattern[1:]}" if inline else f"{{ {given} {pattern} }}"
        requests += 1
        try:
            variables, found = select(url, head + body, bounds)
        except ServiceNotUsable:
            if not service.silent:
                raise
            rows.add_nothing()
            return Called(url, tuple(names), len(values), requests)
        for row in found:
            line = _line(dict(zip(variables, row, strict=True)), columns)
            if line is None:
                return Called(url, reason="a blank node is among the solutions")
            solutions.append(line)
        if len(solutions) > MOST_ROWS:
            return Called(url, reason=f"there are more than {MOST_ROWS} solutions")
    rows.add(columns, solutions)
    seconds = perf_counter() - began
    return Called(url, tuple(names), len(values), requests, len(solutions), seconds)


def _columns(service: Service) -> list[str]:
    """Return what the pattern may bind, in the order of the text, as SELECT * shows it."""
    names = (node.name for node in walk(service.group) if isinstance(node, Variable))
    shown = visible(service.group)
    return [name for name in dict.fromkeys(names) if name in shown]


def _begins_with(service: Service, names: Iterable[str]) -> bool:
    """Whether the pattern's first triples bind the variables: VALUES may stand before them,
    within the group, where endpoints make use of it."""
    bound: set[str] = set()
    for element in service.group.elements:
        if isinstance(element, Triple):
            bound |= certain(element)
        elif not isinstance(element, Filter):
            break
    return bound.issuperset(names)


def _line(row: dict[str, Term | None], columns: Sequence[str]) -> list[str] | None:
    """Return a row of VALUES; None if it cannot stand there."""
    terms = [row.get(name) for name in columns]
    for term in terms:
        if isinstance(term, Blank) or (isinstance(term, Iri) and not _IRI.fullmatch(term.value)):
            return None
    return ["UNDEF" if term is None else term_turtle(term) for term in terms]


def _prologue(query: Query) -> str:
    base = f"BASE <{query.base}> " if query.base else ""
    return base + "".join(f"PREFIX {name}: <{iri}> " for name, iri in query.prefixes.items())


def _variables(names: Iterable[str]) -> str:
    return " ".join(f"?{name}" for name in names)
