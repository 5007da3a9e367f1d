"""Finding out what a server does with what it is given."""

from __future__ import annotations

from typing import Final

import pyoxigraph as ox

from dafab_kg.model.errors import (
    NotServed,
    QueryNotValid,
    ServiceNotUsable,
    StoreNotUsable,
)
from dafab_kg.store.endpoint import Endpoint
from dafab_kg.store.oxigraph import EngineSolutions
from dafab_kg.store.results import read_answer
from dafab_kg.store.spelling import TRIALS

MOST_FOREIGN: Final = 1_000
"""Graphs of others that a server may hold beside ours."""


def graphs_there(endpoint: Endpoint) -> frozenset[str]:
    """Return the names of the graphs that a server holds.

    Raises:
        StoreNotUsable: they are too many: it is somebody else's store.
    """
    text = f"SELECT ?g {{ GRAPH ?g {{ ?s ?p ?o }} }} GROUP BY ?g LIMIT {MOST_FOREIGN + 1}"
    found = frozenset(row[0].value for row in _rows(endpoint, text, ()))
    if len(found) > MOST_FOREIGN:
        raise StoreNotUsable(
            f"{endpoint.name} holds more than {MOST_FOREIGN} graphs already. Give the catalogue "
            "a server, or a data set of it, of its own"
        )
    return found


def keeps_literals(endpoint: Endpoint, trial: str) -> bool:
    """Tell whether a server gives literals back as they were; ``trial`` is a graph to try in."""
    subject, predicate = ox.NamedNode(trial), ox.NamedNode(f"{trial}#holds")
    lines = "".join(f"{subject} {predicate} {literal} .\n" for literal in TRIALS)
    try:
        endpoint.tell(f"INSERT DATA {{ GRAPH <{trial}> {{\n{lines}}} }}")
        text = f"SELECT ?o {{ {subject} {predicate} ?o }}"
        found = {row[0] for row in _rows(endpoint, text, (trial,))}
    except (QueryNotValid, NotServed, ServiceNotUsable):
        # that it can be written at all is shown by what follows
        found = set()
    endpoint.tell(f"DROP SILENT GRAPH <{trial}>")
    return found == set(TRIALS)


def _rows(endpoint: Endpoint, text: str, graphs: tuple[str, ...]) -> list[tuple[ox.NamedNode, ...]]:
    reply = endpoint.ask(text, graphs, ())
    answer = read_answer(reply.pieces, reply.media_type)
    if not isinstance(answer, EngineSolutions):
        raise ServiceNotUsable(f"{endpoint.name} answers a SELECT with no rows")
    return [tuple(row) for row in reply.uncut(answer.engine_rows())]
