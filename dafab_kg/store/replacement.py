"""What must change so that graphs are replaced and the default graph stays their merge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dafab_kg.store.nquads import GraphText, canonical, in_graph
from dafab_kg.store.protocol import Change, Store


def plan_replacement(
    store: Store,
    contents: Mapping[str, GraphText],
    new: Iterable[tuple[str, str]] = (),
    leaving: frozenset[tuple[str, str]] = frozenset(),
) -> Change:
    """Compute what replaces the graphs by ``contents`` (empty: delete the graph).

    A triple leaves the default graph when no named graph states it any more.
    ``new`` are further documents of the same batch (graph, N-Quads).  ``leaving``
    is what leaves the named graphs that documents bring of their own: (graph,
    N-Triples line) pairs.
    """
    removed: list[str] = []
    added: list[str] = []
    gone: set[str] = set()
    coming: set[tuple[str, str]] = set()
    for graph, text in contents.items():
        old = set(store.graph_triples(graph))
        removed.extend(in_graph(line, graph) for line in sorted(old - text.triples))
        for line in sorted(text.triples - old):
            added.extend((line, in_graph(line, graph)))
        gone |= old - text.triples
        coming |= text.named
    leaving -= coming
    removed.extend(in_graph(line, name) for name, line in sorted(leaving))
    gone |= {line for _, line in leaving}
    kept = set().union(*(text.triples for text in contents.values()), set())
    held = {name: set(store.graph_triples(name)) for name in {name for name, _ in coming}}
    for name, line in sorted(coming):
        if line not in held[name]:
            added.extend([in_graph(line, name)] if line in kept else [line, in_graph(line, name)])
    gone -= kept
    gone -= {line for _, line in coming}
    if gone:
        for graph, nquads in new:
            gone -= canonical(nquads, graph).triples
    removed.extend(
        line
        for line in sorted(gone)
        if not {
            graph
            for graph in store.stating(line)
            if graph not in contents and (graph, line) not in leaving
        }
    )
    dropped = [graph for graph, text in contents.items() if not text.triples]
    dropped.extend(_emptied(store, leaving, coming))
    return Change(tuple(removed), "".join(added), tuple(dropped))


def _emptied(
    store: Store, leaving: frozenset[tuple[str, str]], coming: set[tuple[str, str]]
) -> list[str]:
    """Return the documents' own named graphs that hold nothing afterwards."""
    filled = {name for name, _ in coming}
    return [
        name
        for name in sorted({name for name, _ in leaving} - filled)
        if all((name, line) in leaving for line in store.graph_triples(name))
    ]
