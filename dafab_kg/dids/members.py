"""What is below a data identifier, and what it is below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from dafab_kg.dids.finding import find, items_named
from dafab_kg.dids.names import Did, Scopes, assets_of, container, files_of
from dafab_kg.model.errors import QueryNotValid
from dafab_kg.search.collections import collection_ids
from dafab_kg.search.entries import Entry, entry_of
from dafab_kg.search.facets import facets_of, placed, value_names
from dafab_kg.search.library import Library, iri, listed, rows, text
from dafab_kg.search.lineage import Node, documents_of, item_node, parents_of
from dafab_kg.search.order import Place
from dafab_kg.search.pages import find_entries
from dafab_kg.search.tree import Search, Sort
from dafab_kg.store.protocol import Literal

MOST: Final = 1_000
"""Most members of one answer."""
MOST_MADE: Final = 200
"""Most items below an item whose files are listed with its own."""


@dataclass(frozen=True)
class Members:
    """Some of the members; ``after`` is what the next begin after, "" if there are no more."""

    dids: tuple[Did, ...]
    after: str = ""


def members(library: Library, scopes: Scopes, scope: str, name: str, after: str = "") -> Members:
    """Return what is directly below a data identifier, after the name ``after``.

    Raises:
        ThingNotFound: there is no such one.
    """
    did = find(library, scopes, scope, name)
    if did.type != "CONTAINER":
        return _cut(_files(library, scopes, did) if did.type == "DATASET" else (), after)
    node = did.node
    if node.kind == "root":
        return _cut(
            (container(scopes, Node("collection", one)) for one in collection_ids(library)), after
        )
    if node.kind == "facet" and node.facet is not None:
        values = value_names(library, node.facet)
        return _cut(
            (container(scopes, Node("value", one, facet=node.facet)) for one in values), after
        )
    if node.kind == "value" and node.facet is not None:
        return _cut(_shown(library, scopes, placed(library, node.facet).get(name, ())), after)
    if node.kind == "collection":
        return _of_collection(library, scopes, node, after)
    made = (container(scopes, one) for one in made_from(library, scopes, node))
    return _cut((assets_of(scopes, node), *made), after)


def _cut(dids: Iterable[Did], after: str) -> Members:
    """The members in the order of their names."""
    found = sorted((did for did in dids if did.name > after), key=lambda did: did.name)
    more = len(found) > MOST
    return Members(tuple(found[:MOST]), found[MOST - 1].name if more else "")


def _of_collection(library: Library, scopes: Scopes, node: Node, after: str) -> Members:
    facets = facets_of(library, node.name)
    if facets:  # only what no facet places is below the collection itself
        placing = [placed(library, facet) for facet in facets]
        there = {one.iri for shelf in placing for some in shelf.values() for one in some}
        below: list[Did] = [
            container(scopes, Node("facet", facet.name, facet=facet)) for facet in facets
        ]
        if not any(facet.other for facet in facets):
            every = (one for one in _all_of(library, node.name) if one.iri not in there)
            below += _shown(library, scopes, tuple(every))
        return _cut(below, after)
    found: list[Did] = []
    place: Place | None = (Literal(after),) if after else None
    search = Search(collections=(node.name,), sort=(Sort(("id",)),), limit=MOST)
    while True:
        page = find_entries(library, search, place)
        found += _shown(library, scopes, page.entries)
        if page.place is None:
            return Members(tuple(found))
        if found:
            return Members(tuple(found), page.entries[-1].id)
        place = page.place


def _all_of(library: Library, collection: str) -> Iterable[Entry]:
    place: Place | None = None
    search = Search(collections=(collection,), sort=(Sort(("id",)),), limit=MOST)
    while True:
        page = find_entries(library, search, place)
        yield from page.entries
        if page.place is None:
            return
        place = page.place


def _shown(library: Library, scopes: Scopes, entries: Sequence[Entry]) -> list[Did]:
    """Of entries those that their names stand for."""
    names = items_named(library, scopes, (entry.id for entry in entries))
    nodes = dict.fromkeys(item_node(entry) for entry in entries)
    return [
        container(scopes, node) for node in nodes if names.get((scopes.of(node), node.name)) == node
    ]


def made_from(library: Library, scopes: Scopes, node: Node) -> list[Node]:
    """Return the items that are directly below an item: what was made from it."""
    if node.entry is None:
        return []
    query = (
        f"SELECT DISTINCT ?item ?product ?id {{ VALUES ?source {{ {listed([node.entry.product])} }}"
        " { ?product dafab:derivedFrom ?source } UNION { ?product dafab:madeFrom ?source } "
        "{ ?item dafab:describes ?product ; a dafab:CatalogItem ; dafab:itemId ?id } UNION "
        "{ ?product a dafab:Product ; dafab:productId ?id BIND(?product AS ?item) "
        "FILTER NOT EXISTS { ?entry dafab:describes ?product ; a dafab:CatalogItem } } }"
    )
    entries = [
        entry_of(iri(row[0]), iri(row[1]), text(row[2]), library.names)
        for row in rows(library, query)
    ]
    nodes = [did.node for did in _shown(library, scopes, entries)]
    above = parents_of(library, nodes)
    return sorted((one for one in nodes if node in above[one]), key=lambda one: one.name)


def parents(library: Library, scopes: Scopes, scope: str, name: str) -> tuple[Did, ...]:
    """Return what a data identifier is directly below.

    Raises:
        ThingNotFound: there is no such one.
    """
    return parents_of_did(library, scopes, find(library, scopes, scope, name))


def parents_of_did(library: Library, scopes: Scopes, did: Did) -> tuple[Did, ...]:
    """Return the same of one that was found."""
    if did.type == "FILE":
        return (assets_of(scopes, did.node),)
    if did.type == "DATASET":
        return (container(scopes, did.node),)
    return tuple(container(scopes, up) for up in parents_of(library, [did.node])[did.node])


def files(library: Library, scopes: Scopes, scope: str, name: str) -> tuple[Did, ...]:
    """Return the files below a data identifier, at any distance.

    Raises:
        ThingNotFound: there is no such one.
        QueryNotValid: it is no item, nor of one, so that there may be any number.
    """
    did = find(library, scopes, scope, name)
    if did.type == "FILE":
        return (did,)
    if did.type == "DATASET":
        return _files(library, scopes, did)
    if did.node.entry is None:
        raise QueryNotValid(
            f"{scope}:{name[:200]} is a catalogue. List its members first, then the files of each"
        )
    nodes = dict.fromkeys([did.node])
    left = [did.node]
    while left and len(nodes) < MOST_MADE:
        new = [one for one in made_from(library, scopes, left.pop()) if one not in nodes]
        nodes |= dict.fromkeys(new)
        left += new
    values = documents_of(library, nodes)
    return tuple(one for node in nodes for one in files_of(scopes, node, values[node]))


def _files(library: Library, scopes: Scopes, did: Did) -> tuple[Did, ...]:
    return files_of(scopes, did.node, documents_of(library, [did.node])[did.node])
