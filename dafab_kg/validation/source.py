"""A store as what shapes are judged over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from rdflib import Graph

from dafab_kg.model.quiet import quiet
from dafab_kg.store.protocol import Row, Solutions, Store, Term
from dafab_kg.store.verbatim import KEPT, as_written
from dafab_kg.validation.evaluation import Statements
from dafab_kg.validation.terms import to_rdflib

_SUBCLASS = "<http://www.w3.org/2000/01/rdf-schema#subClassOf>"


@dataclass(frozen=True)
class StoreSource:
    """Answers from a store; literals come back as they were loaded."""

    store: Store
    verbatim: bool = True

    def rows(self, query: str, default_graph: str | None = None) -> Iterator[Row]:
        """Answer a SELECT (over one named graph as the default graph, if given)."""
        answer = self._ask(query, default_graph, None)
        if not self.verbatim:
            yield from answer
            return
        for row in answer:
            yield tuple(map(as_written, row))

    def named_rows(
        self, query: str, default_graph: str | None = None, this: Term | None = None
    ) -> Iterator[dict[str, Term | None]]:
        """Answer a SELECT, its variable ``this`` fixed if it is given."""
        answer = self._ask(query, default_graph, this)
        for row in answer:
            yield dict(zip(answer.variables, map(as_written, row), strict=True))

    def _ask(self, query: str, default_graph: str | None, this: Term | None) -> Solutions:
        answer = self.store.query(
            query if self.verbatim else query.replace(KEPT, ""),
            default_graphs=None if default_graph is None else [default_graph],
            bindings={} if this is None else {"this": this},
        )
        return cast(Solutions, answer)

    def classes(self, *, by_graph: bool) -> frozenset[str]:
        """Return all classes that the data mention in a type."""
        pattern = "?node a ?class"
        query = f"SELECT DISTINCT ?class {{ {_in(pattern, by_graph)} }}"
        return frozenset(row[0].value for row in self.rows(query) if row[0] is not None)

    def predicates(self, *, by_graph: bool) -> frozenset[str]:
        """Return all predicates of the data."""
        pattern = "?node ?predicate ?value"
        query = f"SELECT DISTINCT ?predicate {{ {_in(pattern, by_graph)} }}"
        return frozenset(row[0].value for row in self.rows(query) if row[0] is not None)

    def statements(self, most: int, *, by_graph: bool) -> Statements | None:
        """Return all statements, each once; None: there are more than ``most``."""
        pattern = "?node ?predicate ?value"
        graph = "?g" if by_graph else ""
        query = f"SELECT DISTINCT ?node ?predicate ?value {graph} {{ {_in(pattern, by_graph)} }}"
        found: defaultdict[tuple[str, Term, Term], list[Term]] = defaultdict(list)
        for number, row in enumerate(self.rows(f"{query} LIMIT {most + 1}")):
            if number == most:
                return None
            node, predicate, value, *rest = (term for term in row if term is not None)
            found[rest[0].value if rest else "", node, predicate].append(value)
        return found

    def subclasses(self, *, by_graph: bool) -> dict[str, list[tuple[str, str]]]:
        """Return what the data say of subclasses: (class, class above), by graph."""
        pattern = f"?class {_SUBCLASS} ?above"
        graph = "?g" if by_graph else ""
        query = f"SELECT ?class ?above {graph} {{ {_in(pattern, by_graph)} }}"
        found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for row in self.rows(query):
            one, above, *rest = (term.value for term in row if term is not None)
            found[rest[0] if rest else ""].append((one, above))
        return found

    def as_graph(self, graph: str = "") -> Graph:
        """Return the triples of a graph for rdflib ("": the default graph)."""
        made = Graph(bind_namespaces="none")
        with quiet():
            for triple in self.rows("SELECT ?s ?p ?o { ?s ?p ?o }", graph or None):
                made.add(tuple(to_rdflib(term) for term in triple if term is not None))  # type: ignore[arg-type]
        return made


def _in(pattern: str, by_graph: bool) -> str:
    return f"GRAPH ?g {{ {pattern} }}" if by_graph else pattern
