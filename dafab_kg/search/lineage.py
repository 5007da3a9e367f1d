"""What is above an item: what it was made from, the values of facets, collections, the root.

An item is below the items that its product was made from, and below the values of its
collection's facets; below its collection itself where no facet places it.  Values are below
their facet, facets below their collection, collections below the root.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

import orjson

from dafab_kg.model.names import TEMPLATES, encode
from dafab_kg.search.collections import collection_ids, find_collection, shelves
from dafab_kg.search.compile import Branch
from dafab_kg.search.documents import newest
from dafab_kg.search.entries import BARE, LOOSE, Entry
from dafab_kg.search.exact import truth
from dafab_kg.search.facets import (
    Facet,
    all_facets,
    facet_catalog,
    placements,
    value_catalog,
    value_names,
)
from dafab_kg.search.items import Value, values_of
from dafab_kg.search.library import Library, listed, once
from dafab_kg.search.links import catalog, link
from dafab_kg.search.related import sources_of
from dafab_kg.search.tree import Node as Tree

Place = TypeVar("Place")

DEEPEST: Final = 20
"""Most levels above an item that are looked at."""
ROOT_NAME: Final = "stac"
MADE: Final = "(dafab:derivedFrom|dafab:madeFrom)"
"""The path from a product to what it was made from."""


@dataclass(frozen=True)
class Node:
    """A place in the tree; ``name`` is its id.  An item has its ``entry``, a facet and a value
    of it the ``facet``."""

    kind: Literal["root", "collection", "facet", "value", "item"]
    name: str
    entry: Entry | None = None
    facet: Facet | None = None

    @property
    def collection(self) -> str:
        """The collection that it is in, or is; "" for the root."""
        if self.entry is not None:
            return self.entry.collection
        if self.facet is not None:
            return self.facet.collection
        return self.name if self.kind == "collection" else ""


ROOT: Final = Node("root", ROOT_NAME)


def item_node(entry: Entry) -> Node:
    """Return the node of an item."""
    return Node("item", entry.id, entry)


def catalogs(library: Library) -> tuple[Node, ...]:
    """Return all nodes that are no items."""

    def look() -> tuple[Node, ...]:
        found = [ROOT, *(Node("collection", name) for name in collection_ids(library))]
        for facet in all_facets(library):
            found.append(Node("facet", facet.name, facet=facet))
            found += [Node("value", name, facet=facet) for name in value_names(library, facet)]
        return tuple(found)

    return once(library, "catalogs", look)


def catalog_documents(library: Library) -> dict[Node, Value]:
    """Return the JSON of all nodes that are no items, without the address of the API in links."""
    return once(library, "documents of catalogs", lambda: documents_of(library, catalogs(library)))


def parents_of(library: Library, nodes: Iterable[Node]) -> dict[Node, tuple[Node, ...]]:
    """Return what each node is directly below."""
    nodes = tuple(nodes)
    entries = [node.entry for node in nodes if node.entry is not None]
    sources = sources_of(library, entries) if entries else {}
    placed = placements(library, entries) if entries else {}
    found: dict[Node, tuple[Node, ...]] = {}
    for node in nodes:
        if node.entry is not None:
            made = _named_as_product(library, sources.get(node.entry.product, ()))
            values = [
                Node("value", name, facet=facet) for facet, name in placed.get(node.entry.iri, ())
            ]
            home = values or [Node("collection", node.entry.collection)]
            above = [item_node(one) for one in made if one.id != node.name]
            found[node] = (*above, *home)
        elif node.kind == "value":
            assert node.facet is not None
            found[node] = (Node("facet", node.facet.name, facet=node.facet),)
        elif node.kind == "facet":
            found[node] = (Node("collection", node.collection),)
        else:
            found[node] = () if node.kind == "root" else (ROOT,)
    return found


def _named_as_product(library: Library, entries: Sequence[Entry]) -> list[Entry]:
    """Of the entries of one source product those that go by its own id, if there are any;
    of those of one id the one loaded last."""
    room = library.names.base + TEMPLATES["product"].split("{", 1)[0]
    by_product: dict[str, list[Entry]] = {}
    for entry in entries:
        by_product.setdefault(entry.product, []).append(entry)
    found: dict[str, Entry] = {}
    for product, some in by_product.items():
        own = [entry for entry in some if product == room + encode(entry.id)] or some
        twice = len({entry.id for entry in own}) < len(own)
        loaded = newest(library, [entry.iri for entry in own]) if twice else {}
        own.sort(key=lambda one: (loaded[one.iri].loaded_at if one.iri in loaded else "", one.iri))
        found |= {entry.id: entry for entry in own}
    return sorted(found.values(), key=lambda one: one.id)


def above(library: Library, nodes: Iterable[Node]) -> dict[Node, dict[Node, int]]:
    """Return all that each node is below, with the least number of steps up to it."""
    nodes = tuple(dict.fromkeys(nodes))
    parents: dict[Node, tuple[Node, ...]] = {}
    level: list[Node] = list(nodes)
    for _ in range(DEEPEST):
        new = [node for node in level if node not in parents]
        if not new:
            break
        parents |= parents_of(library, new)
        level = list(dict.fromkeys(up for node in new for up in parents[node]))
    return {node: steps(node, parents) for node in nodes}


def steps(node: Place, parents: Mapping[Place, tuple[Place, ...]]) -> dict[Place, int]:
    """Return all that a node is below, by what each is directly below, with the least number
    of steps up to it; the other way round where ``parents`` are children."""
    found: dict[Place, int] = {}
    level: Sequence[Place] = (node,)
    for depth in range(1, DEEPEST + 1):
        ups = (up for one in level for up in parents.get(one, ()))
        level = [up for up in dict.fromkeys(ups) if up not in found and up != node]
        if not level:
            break
        found |= dict.fromkeys(level, depth)
    return found


def documents_of(library: Library, nodes: Iterable[Node], root: str = "") -> dict[Node, Value]:
    """Return the JSON of nodes: items as delivered, catalogues with links below ``root``."""
    nodes = tuple(dict.fromkeys(nodes))
    values = values_of(library, [node.entry for node in nodes if node.entry is not None])
    return {
        node: _catalog(library, node, root) if node.entry is None else values[node.entry.iri]
        for node in nodes
    }


def _catalog(library: Library, node: Node, root: str) -> Value:
    if node.kind == "collection":
        found: Value = orjson.loads(find_collection(library, node.name, root))
        return found
    if node.facet is not None and node.kind == "facet":
        return facet_catalog(library, node.facet, root)
    if node.facet is not None:
        return value_catalog(node.facet, node.name, root)
    children = (f"{root}/collections/{name}" for name in collection_ids(library))
    return catalog(
        ROOT_NAME,
        "Catalogue of Earth Observation data",
        "Collections of products and of what was derived from them.",
        [link("root", root), link("self", root), *(link("child", one) for one in children)],
    )


def below(
    library: Library, part: Tree, items: Callable[[Tree], Sequence[Entry] | None], variable: str
) -> tuple[Branch, ...] | None:
    """Write where an item may be below something of which ``part`` is true; None: anywhere.

    ``items`` finds the items of which it is true; None: too many to be named.  All variables
    but ``?product`` begin with ``variable``.
    """

    def look() -> tuple[tuple[str, ...], tuple[str, ...] | None]:
        values = catalog_documents(library)
        true = [node.collection for node, value in values.items() if truth(part, value) is True]
        entries = items(part)
        made = None if entries is None else tuple(dict.fromkeys(one.product for one in entries))
        return tuple(dict.fromkeys(true)), made

    names, products = once(library, ("below", repr(part)), look)  # 0 is False, as a key
    if products is None or not {"", BARE, LOOSE}.isdisjoint(names):
        return None
    found: list[Branch] = []
    for name in names:
        for number, shelf in enumerate(shelves(library).get(name, ())):
            entry, source = f"{variable}e{number}", f"{variable}s{number}"
            here = f"{entry} dafab:inCollection <{shelf}>"
            found.append(Branch((here, f"{entry} dafab:describes ?product")))
            made = f"?product {MADE}+ {source}"
            found.append(Branch((here, f"{entry} dafab:describes {source}", made)))
    if products:
        source = f"{variable}s"
        values = f"VALUES {source} {{ {listed(products)} }}"
        found.append(Branch((values, f"?product {MADE}+ {source}")))
    return tuple(found)
