"""What is linked from an item: what it was made from, what is related, its facets.

Related are what was made from the item's product, what else was made from the same sources,
and other entries of the same product.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dafab_kg.model.names import term
from dafab_kg.search.collections import hidden, listing, number_of_entries
from dafab_kg.search.entries import Entry, entry_of
from dafab_kg.search.facets import facet_address, placements
from dafab_kg.search.habits import Habits
from dafab_kg.search.library import Library, iri, listed, number, once, rows, text
from dafab_kg.search.links import GEOJSON, address_of, link

MOST_RELATED: Final = 20
"""Most links of a kind that an item gets."""
_MADE_OF: Final = (term("derivedFrom"), term("madeFrom"))
_TITLES: Final = {
    "derived_from": "",
    "derivative": "Made from this",
    "sibling": "Made from the same source",
    "entry": "Another entry of the same product",
}


@dataclass
class Neighbours:
    """Items by how they are related, and the catalogues of facets that an item is in."""

    items: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    facets: list[dict[str, Any]] = field(default_factory=list)


def neighbours(library: Library, entries: Sequence[Entry], root: str) -> dict[str, Neighbours]:
    """Return of each item, by its IRI, what is linked from it."""
    near: list[tuple[str, str, str]] = []
    products = tuple(dict.fromkeys(entry.product for entry in entries))
    habits = Habits(library)
    for way in (one for one in _MADE_OF if habits.uses(one)):
        near += _along(library, way, products)
    if products and _has_twins(library):
        near += [(product, "entry", product) for product in products]
    shown = items_showing(library, dict.fromkeys(other for _, _, other in near))
    found = {entry.iri: Neighbours() for entry in entries}
    by_product: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_product[entry.product].append(entry)
    for product, kind, other in dict.fromkeys(near):
        for one in shown.get(other, ()):
            for entry in by_product[product]:
                if one.iri != entry.iri:
                    found[entry.iri].items[kind].append(one)
    for name, placed in placements(library, entries).items():
        for facet, value in placed:
            told = value.removeprefix(f"{facet.name}_").replace("_", " ")
            place = facet_address(root, facet, value)
            found[name].facets.append(link("related", place, title=f"{facet.title}: {told}"))
    return found


def sources_of(library: Library, entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Return the items that products were made from, by product."""
    products = listed(dict.fromkeys(entry.product for entry in entries))
    pairs: dict[tuple[str, str], None] = {}
    for way in (one for one in _MADE_OF if Habits(library).uses(one)):
        found = _pairs(library, f"VALUES ?one {{ {products} }} ?one <{way}> ?two")
        pairs |= dict.fromkeys(found)
    shown = items_showing(library, dict.fromkeys(source for _, source in pairs))
    made: dict[str, list[Entry]] = defaultdict(list)
    for product, source in pairs:
        made[product] += shown.get(source, ())
    return made


def made_from(library: Library, products: Sequence[str]) -> list[tuple[str, str]]:
    """Return pairs of these products and what was made from them."""
    pairs: dict[tuple[str, str], None] = {}
    for way in (one for one in _MADE_OF if Habits(library).uses(one)):
        found = _pairs(library, f"VALUES ?one {{ {listed(products)} }} ?two <{way}> ?one")
        pairs |= dict.fromkeys(found)
    return list(pairs)


def _along(library: Library, way: str, products: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return (product, kind, other product) for what is made in a way; few rows at a time, each
    query from what is known to what is not."""
    found: list[tuple[str, str, str]] = []
    sources = _pairs(library, f"VALUES ?one {{ {listed(products)} }} ?one <{way}> ?two")
    found += [(one, "derived_from", two) for one, two in sources]
    made = _pairs(library, f"VALUES ?one {{ {listed(products)} }} ?two <{way}> ?one")
    found += _few((one, "derivative", two) for one, two in made)
    above = dict.fromkeys(two for _, two in sources)
    if above:
        below: dict[str, list[str]] = defaultdict(list)
        for one, two in _pairs(library, f"VALUES ?one {{ {listed(above)} }} ?two <{way}> ?one"):
            below[one].append(two)
        found += _few(
            (product, "sibling", other)
            for product, source in sources
            for other in below[source]
            if other != product
        )
    return found


def _few(found: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    """Leave out what goes beyond the bound of one product."""
    counted: Counter[str] = Counter()
    for one in found:
        counted[one[0]] += 1
        if counted[one[0]] <= MOST_RELATED:
            yield one


def _pairs(library: Library, where: str) -> list[tuple[str, str]]:
    found = rows(library, f"SELECT DISTINCT ?one ?two {{ {where} }}", plain=True)
    return sorted((iri(one), iri(two)) for one, two in found)


def items_showing(library: Library, products: Iterable[str]) -> dict[str, list[Entry]]:
    """Return the items that show products, in the order of their IRIs."""
    wanted = tuple(products)
    found: dict[str, list[Entry]] = defaultdict(list)
    if not wanted:
        return found
    left_out = hidden(library)
    query = (
        f"SELECT ?item ?product ?id {{ VALUES ?product {{ {listed(wanted)} }} "
        "?item dafab:describes ?product ; a dafab:CatalogItem ; dafab:itemId ?id }"
    )
    told = rows(library, query, plain=True)
    bare = listed(sorted(set(wanted) - {iri(row[1]) for row in told}))
    if bare:
        told += rows(
            library,
            f"SELECT (?product AS ?item) ?product ?id {{ VALUES ?product {{ {bare} }} "
            "?product dafab:productId ?id ; a dafab:Product }",
        )
    for item, product, item_id in sorted(told, key=lambda row: iri(row[0])):
        if iri(item) not in left_out:
            entry = entry_of(iri(item), iri(product), text(item_id), library.names)
            found[iri(product)].append(entry)
    return found


def links_of(found: Neighbours, root: str) -> list[dict[str, Any]]:
    """Write the links of an item; those of a kind are at most ``MOST_RELATED``."""
    written: dict[str, dict[str, Any]] = {}
    for kind, entries in found.items.items():
        rel = "derived_from" if kind == "derived_from" else "related"
        for entry in entries[: None if rel == "derived_from" else MOST_RELATED]:
            place = address_of(root, entry.collection, entry.id)
            written.setdefault(place, link(rel, place, GEOJSON, _TITLES[kind]))
    return [*written.values(), *found.facets]


def _has_twins(library: Library) -> bool:
    """Tell whether any product has two entries: found out once of each state."""

    def look() -> bool:
        if listing(library, None):  # then the search index counts both alone
            listed_once = number(library, "?product dafab:listedIn ?collection", "product")
            return number_of_entries(library) > listed_once
        query = (
            "SELECT (COUNT(?item) AS ?items) (COUNT(DISTINCT ?product) AS ?products) "
            "{ ?item a dafab:CatalogItem ; dafab:describes ?product }"
        )
        ((items, products),) = rows(library, query)
        return int(text(items)) > int(text(products))

    return once(library, "twins", look)
