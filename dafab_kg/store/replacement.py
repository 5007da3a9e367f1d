"""What must change so that graphs are replaced and the default graph stays their merge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dafab_kg.store.nquads import GraphText, canonical, in_graph
from dafab_kg.store.protocol import Change, Store


def plan_replacement(
    store: Store,
    contents: Mapping[str, GraphText],
    new: Iterable[tuple[str, str]] = (),
    named_before: Mapping[str, frozenset[tuple[str, str]]] | None = None,
) -> Change:
    """Compute what replaces the graphs by ``contents`` (empty: delete the graph).

    A triple leaves the default graph when no named graph states it any more.
    ``new`` are further documents of the same batch (graph, N-Quads).
    """
    removed: list[str] = []
    added: list[str] = []
    gone: set[str] = set()
    for graph, text in contents.items():
        old = set(store.graph_triples(graph))
        removed.extend(in_graph(line, graph) for line in sorted(old - text.triples))
        for line in sorted(text.triples - old):
            added.extend((line, in_graph(line, graph)))
        gone |= old - text.triples
        named_old = (named_before or {}).get(graph, frozenset())
        removed.extend(in_graph(line, name) for name, line in sorted(named_old - text.named))
        added.extend(in_graph(line, name) for name, line in sorted(text.named - named_old))
    gone -= set().union(*(text.triples for text in contents.values()), set())
    if gone:
        for graph, nquads in new:
            gone -= canonical(nquads, graph).triples
    removed.extend(line for line in sorted(gone) if not store.stating(line) - contents.keys())
    dropped = tuple(graph for graph, text in contents.items() if not text.triples)
    return Change(tuple(removed), "".join(added), dropped)
