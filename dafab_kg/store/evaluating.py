"""Answering a query here, from the statements that a server has for its patterns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

import pyoxigraph as ox

from dafab_kg.model.errors import ServiceNotUsable
from dafab_kg.sparql.tree import IriTerm, LiteralTerm, Variable
from dafab_kg.sparql.tree import Term as Slot
from dafab_kg.store.diagnostics import Diagnostics
from dafab_kg.store.endpoint import Endpoint, Ours
from dafab_kg.store.gathering import AT_ONCE, Gathered, Listed, Pattern, connected
from dafab_kg.store.oxigraph import EngineSolutions, OxigraphStore
from dafab_kg.store.protocol import Answer, Term
from dafab_kg.store.results import read_answer
from dafab_kg.store.spelling import Spelling

_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"
_WRITTEN: Final = 10_000
"""Statements that are put into the store at once."""


class TooMuch(Exception):
    """More was to be gathered than may be."""


class Held(OxigraphStore):
    """What a query needs of a server, in memory.

    ``graphs`` are merged into the default graph; ``named`` are those that GRAPH sees (None:
    all that are ``ours``).  ``most`` bounds the statements, and the rows read for them.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        spelling: Spelling,
        ours: Ours,
        graphs: Sequence[str],
        named: Sequence[str] | None,
        most: int,
    ) -> None:
        super().__init__(property_forms=False)
        self._endpoint, self._spelling = endpoint, spelling
        self._ours, self._graphs = ours, tuple(graphs)
        self._named = None if named is None else frozenset(named)
        self._most, self._read = most, 0

    def gather(self, asked: Sequence[Gathered]) -> None:
        """Fetch what patterns match.

        Raises:
            TooMuch: it is more than may be.
        """
        done: set[str] = set()
        for each in asked:
            for part in connected(each):
                if part.graph is None and not self._graphs:
                    continue
                wanted, columns = self._columns(part.wanted, "wanted")
                given = self._columns(part.given, "given")[0]
                for text in _texts(part, wanted, given, columns, self._written):
                    if text not in done:
                        done.add(text)
                        self._fetch(text, part, wanted, columns)

    def answer(
        self,
        text: str,
        bindings: Mapping[str, Term] | None,
        base: str | None,
        diagnostics: Diagnostics | None,
    ) -> Answer:
        """Answer the query for which was gathered; it was judged before."""
        return self._evaluated(text, bindings, [None], None, base, diagnostics)

    def _columns(self, patterns: Sequence[Pattern], kind: str) -> tuple[list[Pattern], list[str]]:
        """Patterns as they are asked for, and their variables: a literal that the server may
        compare otherwise is left open, and a pattern has one variable at least."""
        found: list[Pattern] = []
        for number, (subject, predicate, value) in enumerate(patterns):
            if isinstance(value, LiteralTerm) and self._is_open(value):
                value = Variable(f"open_{kind}_{number}", start=0, end=0)
            if not any(isinstance(term, Variable) for term in (subject, predicate, value)):
                predicate = Variable(f"known_{kind}_{number}", start=0, end=0)
            found.append((subject, predicate, value))
        names = {t.name: None for pattern in found for t in pattern if isinstance(t, Variable)}
        return found, list(names)

    def _is_open(self, literal: LiteralTerm) -> bool:
        return not self._spelling.exact and (bool(literal.language) or literal.datatype != _STRING)

    def _written(self, term: Slot) -> str:
        if isinstance(term, Variable):
            return f"?{term.name}"
        return self._spelling.sent(_engine_term(term))

    def _fetch(
        self, text: str, part: Gathered, wanted: Sequence[Pattern], columns: Sequence[str]
    ) -> None:
        graphs = self._graphs if part.graph is None else ()
        reply = self._endpoint.ask(text, graphs, ())
        answer = read_answer(reply.pieces, reply.media_type)
        if not isinstance(answer, EngineSolutions):
            raise ServiceNotUsable(f"{self._endpoint.name} answers a SELECT with no rows")
        places = {name: place for place, name in enumerate(answer.variables)}
        if not all(name in places for name in columns):
            raise ServiceNotUsable(f"{self._endpoint.name} answers with other columns than asked")
        quads: list[ox.Quad] = []
        for row in reply.uncut(answer.engine_rows()):
            self._read += 1
            values = tuple(self._spelling.read(term) for term in row)
            quads.extend(self._made(wanted, places, values, part.graph))
            if len(quads) >= _WRITTEN:
                self._keep(quads)
        self._keep(quads)

    def _keep(self, quads: list[ox.Quad]) -> None:
        self._store.extend(quads)
        quads.clear()
        if self._read > 4 * self._most or len(self._store) > self._most:
            raise TooMuch

    def _made(
        self, wanted: Sequence[Pattern], places: dict[str, int], row: Sequence[Any], graph: Any
    ) -> Iterator[ox.Quad]:
        def value(term: Slot) -> Any:
            return row[places[term.name]] if isinstance(term, Variable) else _engine_term(term)

        name = ox.DefaultGraph() if graph is None else value(graph)
        if isinstance(name, ox.NamedNode) and not self._shows(name.value):
            return
        for pattern in wanted:
            subject, predicate, found = map(value, pattern)
            if isinstance(subject, ox.Literal) or not isinstance(predicate, ox.NamedNode):
                continue
            yield ox.Quad(subject, predicate, found, name)

    def _shows(self, graph: str) -> bool:
        if self._named is not None:
            return graph in self._named
        return self._ours.has(graph)


def _engine_term(term: Slot) -> ox.NamedNode | ox.Literal:
    if isinstance(term, IriTerm):
        return ox.NamedNode(term.value)
    literal = cast(LiteralTerm, term)
    if literal.language:
        return ox.Literal(literal.value, language=literal.language)
    return ox.Literal(literal.value, datatype=ox.NamedNode(literal.datatype))


def _texts(
    part: Gathered,
    wanted: Sequence[Pattern],
    given: Sequence[Pattern],
    columns: list[str],
    written: Any,
) -> Iterator[str]:
    """The queries for a part: its longest list is cut, and other long ones are left out."""
    if isinstance(part.graph, Variable) and part.graph.name not in columns:
        columns.append(part.graph.name)
    body = " . ".join(
        " ".join(map(written, pattern)) for pattern in dict.fromkeys((*given, *wanted))
    )
    names = " ".join(f"?{name}" for name in columns)
    lists = sorted(part.lists, key=lambda one: len(one.rows))
    short = [one.text(one.rows) for one in lists[:-1] if len(one.rows) <= AT_ONCE]
    for some in _pieces(lists[-1]) if lists else [""]:
        inner = f"{' '.join((*short, some))} {body}"
        if part.graph is not None:
            inner = f"{' '.join((*short, some))} GRAPH {written(part.graph)} {{ {body} }}"
        yield f"SELECT DISTINCT {names} {{ {inner} }}"


def _pieces(listed: Listed) -> Iterator[str]:
    for start in range(0, len(listed.rows), AT_ONCE):
        yield listed.text(listed.rows[start : start + AT_ONCE])
