"""From a name to the data identifier."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from dafab_kg.dids.names import LONGEST, Did, Scopes, assets_of, container, files_of, items_in
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.search.collections import collection_ids, hidden
from dafab_kg.search.documents import newest
from dafab_kg.search.entries import NO_ENTRY, Entry, bare_products, entry_of
from dafab_kg.search.facets import all_facets, value_names
from dafab_kg.search.library import Library, iri, listed, once, quoted, rows, text
from dafab_kg.search.lineage import ROOT, ROOT_NAME, Node, documents_of, item_node

Pair = tuple[str, str]
"""A scope and a name."""

MOST_IDS: Final = 1_000
"""Most ids that one query names."""


def find(library: Library, scopes: Scopes, scope: str, name: str) -> Did:
    """Return a data identifier.

    Raises:
        ThingNotFound: there is none.
    """
    return find_all(library, scopes, [(scope, name)])[0]


def find_all(library: Library, scopes: Scopes, pairs: Sequence[Pair]) -> list[Did]:
    """Return data identifiers in the order in which they are named.

    Raises:
        ThingNotFound: there is none for one of them.
    """
    found = found_of(library, scopes, pairs)
    for scope, name in pairs:
        if (scope, name) not in found:
            raise ThingNotFound(f"There is no data identifier {scope[:80]}:{name[:300]} here")
    return [found[pair] for pair in pairs]


def found_of(library: Library, scopes: Scopes, pairs: Iterable[Pair]) -> dict[Pair, Did]:
    """Return those data identifiers that there are."""
    wanted = [pair for pair in dict.fromkeys(pairs) if 0 < len(pair[1]) <= LONGEST]
    found: dict[Pair, Did] = {}
    for pair in wanted:
        node = catalog_named(library, pair[1])
        if node is not None and scopes.of(node) == pair[0]:
            found[pair] = container(scopes, node)
    wanted = [pair for pair in wanted if pair not in found]
    items = items_named(library, scopes, (name for _, name in wanted))
    found |= {pair: container(scopes, items[pair]) for pair in wanted if pair in items}
    left = [pair for pair in wanted if pair not in found]
    return {**found, **_parts(library, scopes, left)} if left else found


def _parts(library: Library, scopes: Scopes, wanted: Sequence[Pair]) -> dict[Pair, Did]:
    """Data sets of assets, and files, by the names of their items."""
    names = {name for _, name in wanted}
    items = items_named(library, scopes, (item for name in names for item in items_in(name)))
    found: dict[Pair, Did] = {}
    opened: dict[Node, None] = {}
    for scope, name in wanted:
        for item in items_in(name):
            node = items.get((scope, item))
            if node is None:
                continue
            if assets_of(scopes, node).name == name:
                found[scope, name] = assets_of(scopes, node)
            opened[node] = None
    values = documents_of(library, opened)
    for node in opened:
        for did in files_of(scopes, node, values[node]):
            if did.name in names:
                found.setdefault((did.scope, did.name), did)
    return {pair: found[pair] for pair in wanted if pair in found}


def catalog_named(library: Library, name: str) -> Node | None:
    """Return the container of this name that is no item, if there is one."""
    if name == ROOT_NAME:
        return ROOT
    if name in collection_ids(library):
        return Node("collection", name)
    for facet in all_facets(library):
        if name == facet.name:
            return Node("facet", name, facet=facet)
        if name.startswith(f"{facet.name}_") and name in value_names(library, facet):
            return Node("value", name, facet=facet)
    return None


def items_named(library: Library, scopes: Scopes, ids: Iterable[str]) -> dict[Pair, Node]:
    """Return the items of these ids by scope and id; of several of one the one loaded last."""
    wanted = [one for one in dict.fromkeys(ids) if catalog_named(library, one) is None]
    if not wanted:
        return {}
    rivals: dict[Pair, list[Entry]] = defaultdict(list)
    for start in range(0, len(wanted), MOST_IDS):
        for entry in _entries(library, wanted[start : start + MOST_IDS]):
            rivals[scopes.of(item_node(entry)), entry.id].append(entry)
    return {pair: item_node(one) for pair, one in _last(library, rivals).items()}


def ids_are_names(library: Library) -> bool:
    """Tell whether each id is that of one item alone, and no catalogue's name."""

    def look() -> bool:
        if _bare_by_id(library) != {}:
            return False
        query = "SELECT (COUNT(?item) AS ?n) (COUNT(DISTINCT ?id) AS ?m) { ?item dafab:itemId ?id }"
        number, different = (text(one) for one in rows(library, query)[0])
        named = [*collection_ids(library), ROOT_NAME]
        for facet in all_facets(library):
            named += [facet.name, *value_names(library, facet)]
        known = f"VALUES ?id {{ {' '.join(map(quoted, named))} }} ?item dafab:itemId ?id"
        return number == different and not rows(library, f"SELECT ?item {{ {known} }} LIMIT 1")

    return once(library, "ids are names", look)


def _entries(library: Library, ids: Sequence[str]) -> list[Entry]:
    if not ids:
        return []
    values = f"VALUES ?id {{ {' '.join(map(quoted, ids))} }}"
    kinds = ["?item dafab:itemId ?id ; a dafab:CatalogItem ; dafab:describes ?product ."]
    known = _bare_by_id(library)
    if known is None:
        bare = "?product dafab:productId ?id ; a dafab:Product . "
        kinds.append(f"{bare}{NO_ENTRY} BIND(?product AS ?item)")
    left_out = hidden(library)
    found = (
        entry_of(iri(row[0]), iri(row[1]), text(row[2]), library.names)
        for kind in kinds
        for row in rows(library, f"SELECT ?item ?product ?id {{ {values} {kind} }}")
    )
    some = [known[one] for one in ids if one in known] if known else []
    return [*(entry for entry in found if entry.iri not in left_out), *some]


def _bare_by_id(library: Library) -> dict[str, Entry] | None:
    """Return the products without an entry by their ids; None: they are too many to be kept."""

    def look() -> dict[str, Entry] | None:
        bare = bare_products(library)
        if not bare:
            return {} if bare is not None else None
        query = f"SELECT ?product ?id {{ VALUES ?product {{ {listed(bare)} }} "
        return {
            text(row[1]): entry_of(iri(row[0]), iri(row[0]), text(row[1]), library.names)
            for row in rows(library, f"{query} ?product dafab:productId ?id }}")
        }

    return once(library, "bare products by id", look)


def _last(library: Library, rivals: dict[Pair, list[Entry]]) -> dict[Pair, Entry]:
    several = [one.iri for entries in rivals.values() if len(entries) > 1 for one in entries]
    loaded = newest(library, several) if several else {}
    found = {}
    for pair, entries in rivals.items():
        found[pair] = max(
            entries,
            key=lambda one: (loaded[one.iri].loaded_at if one.iri in loaded else "", one.iri),
        )
    return found
