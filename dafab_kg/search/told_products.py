"""The products of which the graph tells a value, found from the value on, once of each state.

What is told hangs on things that are few: places, tiles, sets of parcels.  These are looked for
first; the engine by itself would go through all items for a value that no product has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from dafab_kg.search.compile import Branch, Candidates
from dafab_kg.search.crops import products_of_crop
from dafab_kg.search.library import Library, iri, listed, once, quoted, rows
from dafab_kg.search.told import COMPUTED, QUERIES, is_told, query_of, told_name
from dafab_kg.search.tree import And, Contains, Node
from dafab_kg.store.protocol import Iri

MOST_PRODUCTS: Final = 2_000
"""Up to how many products are named in a query."""
MOST_HOLDERS: Final = 200
"""Up to how many things that hold a value are named in a query."""
_IN_PLACE: Final = "dafab:inPlace"
_NAMED: Final = "?place dafab:toponym ?name ."
_BASIN: Final = '?place dafab:placeDataset ?data . FILTER(CONTAINS(LCASE(?data), "basin"))'
_HOLDERS: Final[Mapping[str, tuple[str, str]]] = {
    "dafab:place": ("?place", _NAMED),
    "dafab:river_basin": ("?place", f"{_NAMED} {_BASIN}"),
    "dafab:crop": ("?set", "?boundary dafab:cropName ?name ; dafab:ofParcelSet ?set ."),
    "dafab:mgrs_tile": ("?tile", "?tile dafab:mgrsTile ?name ."),
}
"""What holds a value, and which of these do: those whose ?name it is."""


def products_told(library: Library, name: str, value: str) -> tuple[str, ...] | None:
    """Return the products of which a value is told; None: they are many, or not soon found."""

    def look() -> tuple[str, ...] | None:
        holders = _holders(library, name, value)
        if not holders:
            return () if holders is not None else None
        if name == "dafab:crop":
            crops = products_of_crop(library, holders, value, MOST_PRODUCTS + 1)
            return None if len(crops) > MOST_PRODUCTS else tuple(sorted(crops))
        given = f"VALUES {_HOLDERS[name][0]} {{ {listed(holders)} }}"
        pattern = query_of(QUERIES[name], given, f"FILTER(?value = {quoted(value)})")
        query = f"SELECT DISTINCT ?product {pattern} LIMIT {MOST_PRODUCTS + 1}"
        found = rows(library, query, plain=True)
        return None if len(found) > MOST_PRODUCTS else tuple(sorted(iri(row[0]) for row in found))

    return once(library, ("products told", name, value), look)


def products_named(library: Library, node: Node | None) -> tuple[str, ...] | None:
    """Return the products of all items of which a filter may be true, and maybe others; None:
    what is told does not tell, or they are many."""
    match node:
        case And(parts):
            return _common(products_named(library, part) for part in parts)
        case Contains(values=values, every=every) if values and is_told(node):
            name = told_name(node)
            each = [
                products_told(library, name, value) if isinstance(value, str) else None
                for value in values
            ]
            if every:
                return _common(each)
            known = [one for one in each if one is not None]
            return tuple(sorted(set().union(*known))) if len(known) == len(each) else None
    return None


def candidates_told(library: Library, name: str, value: str, variable: str) -> Candidates:
    """Return where a value is told of a product, each once; None: it is not found from the
    value on.  Variables begin with ``variable``."""
    products = products_told(library, name, value)
    if products is not None:
        named = f"VALUES ?product {{ {listed(products)} }}"
        return (Branch((named,)),) if products else ()
    holders = _holders(library, name, value)
    if not holders or _HOLDERS[name][0] != "?place":
        return None
    if len(holders) == 1:
        return (Branch((f"?product {_IN_PLACE} <{holders[0]}>",)),)
    among = ", ".join(f"<{one}>" for one in holders)
    inner = f"?product {_IN_PLACE} {variable} . FILTER({variable} IN ({among}))"
    return (Branch((), (f"EXISTS {{ {inner} }}",)),)


def _holders(library: Library, name: str, value: str) -> tuple[str, ...] | None:
    """Return what holds a value; None: too much, or something without a name."""
    if name not in _HOLDERS or name in COMPUTED:
        return None

    def look() -> tuple[str, ...] | None:
        variable, pattern = _HOLDERS[name]
        query = f"SELECT DISTINCT {variable} {{ {pattern} FILTER(STR(?name) = {quoted(value)}) }}"
        found = rows(library, f"{query} LIMIT {MOST_HOLDERS + 1}", plain=True)
        if len(found) > MOST_HOLDERS or not all(isinstance(row[0], Iri) for row in found):
            return None
        return tuple(sorted(iri(row[0]) for row in found))

    return once(library, ("holders", name, value), look)


def _common(each: Iterable[tuple[str, ...] | None]) -> tuple[str, ...] | None:
    known = [frozenset(one) for one in each if one is not None]
    return tuple(sorted(known[0].intersection(*known[1:]))) if known else None
