"""N-Quads as text lines: the border between mapping, journal and store."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, cast

import pyoxigraph as ox

from dafab_kg.model.errors import NotWellFormed

_ENDED: Final = re.compile(r'(?<!\\)(?:\\\\)*"(?:@[A-Za-z0-9-]+|\^\^<[^>]*>)?\Z')
"""The end of a literal."""


def parse_triple(line: str) -> ox.Quad:
    """Parse one N-Triples line; what it means is in the default graph."""
    quad: ox.Quad = next(iter(ox.parse(line.encode(), format=ox.RdfFormat.N_QUADS)))
    return quad


@dataclass(frozen=True)
class GraphText:
    """The triples of one document as canonical lines.

    ``triples`` are N-Triples lines of its graph, each once.  ``named`` are those that
    the document puts in a named graph of its own: (graph IRI, N-Triples line).
    """

    triples: frozenset[str]
    named: frozenset[tuple[str, str]] = frozenset()

    def lines(self, graph: str) -> str:
        """N-Quads for the document's graph, the default graph and its own named graphs."""
        suffix = f" <{graph}> .\n"
        ordered = sorted(self.triples)
        return (
            "".join(ordered)
            + "".join(line[:-3] + suffix for line in ordered)
            + "".join(in_graph(line, name) for name, line in sorted(self.named))
        )


def triple_line(subject: str, predicate: str, value: str) -> str:
    """Write an N-Triples line; ``value`` is a term as written there (``<iri>``, ``"text"``)."""
    return f"<{subject}> <{predicate}> {value} .\n"


def in_graph(triple: str, graph: str | None) -> str:
    """Write an N-Triples line as N-Quads in ``graph`` (None: the default graph)."""
    return triple if graph is None else f"{triple[:-3]} <{graph}> .\n"


def lines_in(nquads: str) -> list[str]:
    """Return the lines of N-Quads, without their ends.

    Only a line feed ends one: a literal may hold what else Unicode calls a line's end.
    """
    return [line for line in nquads.split("\n") if line]


def as_stored(terms: Iterable[str]) -> dict[str, str]:
    """Return how the store spells those terms that it spells otherwise.

    Oxigraph keeps values: ``"+05"^^xsd:byte`` comes back as ``"5"^^xsd:integer``.
    """
    typed = list({term for term in terms if term.startswith('"')})
    if not typed:
        return {}
    query = f"SELECT ?x {{ VALUES ?x {{ {' '.join(typed)} }} }}"
    answers = cast("ox.QuerySolutions", ox.Store().query(query))
    spelled = (str(row[0]) for row in answers)
    return {term: one for term, one in zip(typed, spelled, strict=True) if term != one}


def default_lines(lines: Iterable[str]) -> Iterator[str]:
    """Return those of some N-Quads lines that are in the default graph."""
    return (line for line in lines if is_value(line[:-3].split(" ", 2)[2]))


def is_value(rest: str) -> bool:
    """Tell whether what follows the predicate of an N-Quads line is a value alone.

    Its end tells: a graph is an IRI after a whole triple.
    """
    if not rest.endswith(">"):
        return True
    value, space, graph = rest.rpartition(" <")
    if not space:
        return True
    # a graph follows a term that has ended: an IRI, or a literal after its last quote
    return value[0] == '"' and ('"' in graph or not _ENDED.search(value))


def canonical(nquads: str, own_graph: str | None = None, *, apart: bool = False) -> GraphText:
    """Bring N-Quads to canonical lines.

    A statement in ``own_graph`` or in none is the document's own; one in any
    other graph is also kept in that graph; with ``apart`` it is kept there only.

    Raises:
        NotWellFormed: a line is no N-Quads.
    """
    triples: set[str] = set()
    named: set[tuple[str, str]] = set()
    try:
        for quad in ox.parse(nquads.encode(), format=ox.RdfFormat.N_QUADS):
            line = f"{quad.subject} {quad.predicate} {quad.object} .\n"
            graph = quad.graph_name
            elsewhere = isinstance(graph, ox.NamedNode) and graph.value != own_graph
            if elsewhere:
                named.add((graph.value, line))
            if not (elsewhere and apart):
                triples.add(line)
    except (SyntaxError, ValueError) as error:
        raise NotWellFormed(
            f"the statements made from it are no N-Quads: {error}",
            remedy="Report this with the document: the fault is in the loader or mapping",
        ) from error
    return GraphText(frozenset(triples), frozenset(named))
