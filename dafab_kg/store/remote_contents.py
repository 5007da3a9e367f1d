"""What a graph behind another server holds: graphs, their statements, how many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any, Final

import pyoxigraph as ox

from dafab_kg.model.errors import ServiceNotUsable
from dafab_kg.store.endpoint import Endpoint, Ours, in_groups, plain_triple, terms_of
from dafab_kg.store.nquads import parse_triple
from dafab_kg.store.oxigraph import EngineSolutions
from dafab_kg.store.results import read_answer
from dafab_kg.store.spelling import Spelling

_ALL: Final = "SELECT ?s ?p ?o { ?s ?p ?o }"
_GRAPHS: Final = "SELECT ?g { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
"""Virtuoso takes seconds for a DISTINCT of this, and some milliseconds for the grouping."""


class Contents:
    """Reads a server's graphs by queries of patterns alone, which every server answers.

    ``ours`` tells which of its graphs are the catalogue's.
    """

    def __init__(self, endpoint: Endpoint, ours: Ours, spelling: Spelling) -> None:
        self._endpoint, self._spelling = endpoint, spelling
        self._ours, self._merged = ours, ours.merged

    def present(self, triples: Iterable[str], graphs: Sequence[str | None]) -> set[str]:
        """Tell which N-Triples lines are in one of some graphs."""
        found: set[str] = set()
        for lines in in_groups(triples):
            parsed = [parse_triple(line) for line in lines]
            held = ox.Store()
            things = [quad for quad in parsed if isinstance(quad.object, ox.NamedNode)]
            others = {
                f"({quad.subject} {quad.predicate})": None
                for quad in parsed
                if not isinstance(quad.object, ox.NamedNode)
            }
            for variables, rows in (
                ("?s ?p ?o", [f"({q.subject} {q.predicate} {q.object})" for q in things]),
                # literals are compared here: servers spell them in their own ways
                ("?s ?p", list(others)),
            ):
                if rows:
                    given = f"VALUES ({variables}) {{ {' '.join(rows)} }}"
                    text = f"SELECT ?s ?p ?o {{ {given} ?s ?p ?o }}"
                    held.extend(ox.Quad(*row) for row in self._rows(text, graphs))
            found.update(
                line for line, q in zip(lines, parsed, strict=True) if plain_triple(q) in held
            )
        return found

    def graphs(self) -> Iterator[str]:
        """All named graphs of the catalogue."""
        for (graph,) in self._rows(_GRAPHS):
            if isinstance(graph, ox.NamedNode) and self._ours.has(graph.value):
                yield graph.value

    def graph_triples(self, graph: str | None) -> Iterator[str]:
        """Triples of one graph as canonical N-Triples lines."""
        for s, p, o in self._rows(_ALL, (graph,)):
            yield f"{s} {p} {o} .\n"

    def graph_size(self, graph: str) -> int:
        """Number of triples in one named graph."""
        ((number,),) = self._rows("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", (graph,))
        return int(number.value)

    def states(self, triple: str, graph: str | None) -> bool:
        """Tell whether one graph holds an N-Triples line."""
        return bool(self.present([triple], [graph]))

    def stating(self, triple: str) -> frozenset[str]:
        """Named graphs that hold an N-Triples line."""
        quad = parse_triple(triple)
        found = set()
        if isinstance(quad.object, ox.NamedNode):
            text = f"SELECT DISTINCT ?g {{ GRAPH ?g {{ {' '.join(terms_of(quad))} }} }}"
            found = {graph.value for (graph,) in self._rows(text)}
        else:
            text = f"SELECT ?g ?o {{ GRAPH ?g {{ {quad.subject} {quad.predicate} ?o }} }}"
            held = ox.Store()
            held.extend(
                ox.Quad(quad.subject, quad.predicate, value, graph)
                for graph, value in self._rows(text)
            )
            pattern = quad.subject, quad.predicate, quad.object, None
            found = {str(one.graph_name)[1:-1] for one in held.quads_for_pattern(*pattern)}
        return frozenset(filter(self._ours.has, found))

    def describes(self, subject: str) -> bool:
        """Tell whether the default graph holds a triple about ``subject``."""
        return bool(list(self._rows(f"SELECT ?p {{ <{subject}> ?p ?o }} LIMIT 1", (None,))))

    def predicates(self, subject: str) -> Iterator[str]:
        """The predicate of each triple of the default graph about ``subject``."""
        for predicate, _ in self._rows(f"SELECT ?p ?o {{ <{subject}> ?p ?o }}", (None,)):
            yield predicate.value

    def values(self, subject: str, predicate: str) -> Iterator[tuple[str, str]]:
        """Objects as N-Triples terms, each with its graph ("" for the default graph)."""
        text = f"SELECT ?o ?g {{ GRAPH ?g {{ <{subject}> <{predicate}> ?o }} }}"
        for value, graph in self._rows(text):
            if graph.value == self._merged or self._ours.has(graph.value):
                yield str(value), "" if graph.value == self._merged else graph.value

    def has_graph(self, graph: str) -> bool:
        """Tell whether a named graph of the catalogue holds anything."""
        if not self._ours.has(graph):
            return False
        return bool(list(self._rows("SELECT ?s { ?s ?p ?o } LIMIT 1", (graph,))))

    def count(self) -> int:
        """Number of statements in all graphs of the catalogue, the default graph's among them."""
        text = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
        return sum(
            int(number.value)
            for graph, number in self._rows(text)
            if graph and (graph.value == self._merged or self._ours.has(graph.value))
        )

    def dump(self, out: IO[bytes]) -> None:
        """Write all statements as N-Quads."""
        for line in self.graph_triples(None):
            out.write(line.encode())
        for graph in sorted(self.graphs()):
            for line in self.graph_triples(graph):
                out.write(f"{line[:-3]} <{graph}> .\n".encode())

    def _graphs(self, graphs: Sequence[str | None]) -> tuple[str, ...]:
        return tuple(self._merged if graph is None else graph for graph in graphs)

    def _rows(
        self, text: str, graphs: Sequence[str | None] = (), named: Sequence[str] = ()
    ) -> Iterator[tuple[Any, ...]]:
        """Rows of a SELECT of ours of patterns alone, which the server answers, as the engine's
        terms; without ``graphs`` over all that it has."""
        reply = self._endpoint.ask(text, self._graphs(graphs), named)
        answer = read_answer(reply.pieces, reply.media_type)
        if not isinstance(answer, EngineSolutions):
            raise ServiceNotUsable(f"{self._endpoint.name} answers a SELECT with no rows")
        for row in reply.uncut(answer.engine_rows()):
            yield tuple(self._spelling.read(term) for term in row)
