"""Asking the queries that shapes bring along."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from dafab_kg.store.protocol import Blank, Literal, Term
from dafab_kg.validation.patterns import Focus
from dafab_kg.validation.shapes import SparqlConstraint
from dafab_kg.validation.sparql_constraints import filled, for_node, joined_with


class Asked(Protocol):
    """Where a query can be asked so that its columns have names."""

    def named_rows(
        self, query: str, default_graph: str | None = None, this: Term | None = None
    ) -> Iterator[dict[str, Term | None]]:
        """Answer a SELECT, its variable ``this`` fixed if it is given."""
        ...


@dataclass(frozen=True)
class Found:
    """A row that a constraint in SPARQL gives for a focus node."""

    graph: str
    focus: Term
    path: Term | None
    value: Term | None
    messages: tuple[Literal, ...]


def run_sparql(
    source: Asked,
    focus: Focus,
    constraint: SparqlConstraint,
    nodes: Callable[[Focus], Iterable[tuple[str, Term]]],
    by_graph: bool,
) -> Iterator[Found]:
    """Yield what a constraint finds, with one query for all nodes where that means the same."""
    pattern = re.sub(rf"\{focus.variable}\b", "?this", focus.pattern.replace("GRAPH ?g ", ""))
    together = joined_with(constraint.select, pattern)
    if together is not None and not by_graph:
        yield from _found("", source.named_rows(together), constraint)
        return
    by_graphs: defaultdict[str, list[Term]] = defaultdict(list)
    for graph, node in nodes(focus):
        by_graphs[graph].append(node)
    for graph, members in by_graphs.items():
        place = graph or None
        if together is not None:
            yield from _found(graph, source.named_rows(together, place), constraint)
            continue
        for node in members:
            if isinstance(node, Blank):
                rows = source.named_rows(constraint.select, place, this=node)
            else:
                rows = source.named_rows(for_node(constraint.select, node), place)
            told = ({**row, "this": node} for row in rows)
            yield from _found(graph, told, constraint)


def _found(
    graph: str, rows: Iterable[dict[str, Term | None]], constraint: SparqlConstraint
) -> Iterator[Found]:
    for row in rows:
        focus = row.get("this")
        failure = row.get("failure")
        if focus is None or (failure is not None and failure.value in ("true", "1")):
            continue
        messages = tuple(filled(message, row) for message in constraint.messages)
        told = row.get("message")
        if not messages and isinstance(told, Literal):
            messages = (told,)
        yield Found(graph, focus, row.get("path"), row.get("value"), messages)
