"""The JSON of an item's ancestors and descendants, of which a filter asks something."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from dafab_kg.search.descent import beneath
from dafab_kg.search.entries import Entry
from dafab_kg.search.exact import Relatives
from dafab_kg.search.items import values_of
from dafab_kg.search.library import Library
from dafab_kg.search.lineage import Node, above, catalog_documents, item_node
from dafab_kg.search.settled import asked_of_relatives, tests_of
from dafab_kg.search.told import with_told
from dafab_kg.search.tree import Node as Tree
from dafab_kg.search.tree import Related, Side

KEPT: Final = 2_000
"""Most relatives of several items that are read together and stay read."""
AT_ONCE: Final = 200
"""How many are read at a time of those beyond; one item may have very many descendants."""
_WALKS: Final[Mapping[Side, Callable[[Library, Iterable[Node]], Mapping[Node, Iterable[Node]]]]] = {
    "ancestor": above,
    "descendant": beneath,
}


def relatives_of(library: Library, test: Tree, entries: Iterable[Entry]) -> dict[str, Relatives]:
    """Return of each item, by its IRI, what :func:`dafab_kg.search.exact.truth` asks for."""
    nodes = {entry.iri: item_node(entry) for entry in entries}
    sides = {one.side for one in tests_of(test) if isinstance(one, Related)}
    near = {side: _WALKS[side](library, nodes.values()) for side in sorted(sides)}
    every = dict.fromkeys(one for found in near.values() for ups in found.values() for one in ups)
    asked = asked_of_relatives(test)
    known = _read(library, asked, [*every][:KEPT])

    def relatives(node: Node) -> Relatives:
        return lambda side: _documents(library, asked, [*near[side][node]], known)

    return {iri: relatives(node) for iri, node in nodes.items()}


def _documents(
    library: Library, asked: Tree, nodes: Sequence[Node], known: Mapping[Node, Any]
) -> Iterator[Any]:
    yield from (known[node] for node in nodes if node in known)
    rest = [node for node in nodes if node not in known]
    for start in range(0, len(rest), AT_ONCE):
        yield from _read(library, asked, rest[start : start + AT_ONCE]).values()


def _read(library: Library, asked: Tree, nodes: Sequence[Node]) -> dict[Node, Any]:
    """Read items, with their classes where these are asked for, and catalogues."""
    entries = [node.entry for node in nodes if node.entry is not None]
    values = with_told(library, asked, entries, values_of(library, entries))
    catalogs = catalog_documents(library) if len(entries) < len(nodes) else {}
    return {
        node: catalogs[node] if node.entry is None else values[node.entry.iri] for node in nodes
    }
