"""What is linked from an item: what it was made from, what is related, its facets.

Related are what was made from the item's product, what else was made from the same sources,
and other entries of the same product.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dafab_kg.model.names import term
from dafab_kg.search.collections import hidden
from dafab_kg.search.entries import Entry, entry_of
from dafab_kg.search.facets import facet_address, placements
from dafab_kg.search.habits import Habits
from dafab_kg.search.library import Library, iri, listed, once, rows, text
from dafab_kg.search.links import GEOJSON, address_of, link

MOST_RELATED: Final = 20
"""Most links of a kind that an item gets."""
_MADE_OF: Final = (term("derivedFrom"), term("madeFrom"))
_SHOWN: Final = (
    "{ ?item dafab:describes ?other ; a dafab:CatalogItem ; dafab:itemId ?id } UNION "
    "{ ?other a dafab:Product ; dafab:productId ?id BIND(?other AS ?item) "
    "FILTER NOT EXISTS { ?entry dafab:describes ?other ; a dafab:CatalogItem } }"
)
_TWINS: Final = (
    "?item dafab:describes ?product ; a dafab:CatalogItem ; dafab:itemId ?id "
    'BIND(?product AS ?other) BIND("entry" AS ?kind)'
)
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
    found = {entry.iri: Neighbours() for entry in entries}
    habits = Habits(library)
    used = [f"<{way}>" for way in _MADE_OF if habits.uses(way)]
    products = listed(dict.fromkeys(entry.product for entry in entries))
    if used and products:
        way = f"({'|'.join(used)})" if len(used) > 1 else used[0]
        _gather(
            library,
            entries,
            found,
            {
                "derived_from": f"?product {way} ?other",
                "derivative": f"?other {way} ?product",
                "sibling": f"?product {way} ?source . ?other {way} ?source "
                "FILTER(?other != ?product)",
            },
        )
    if products and _has_twins(library):
        _gather(library, entries, found, {})
    for name, placed in placements(library, entries).items():
        for facet, value in placed:
            shown = value.removeprefix(f"{facet.name}_").replace("_", " ")
            place = facet_address(root, facet, value)
            found[name].facets.append(link("related", place, title=f"{facet.title}: {shown}"))
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


def _gather(
    library: Library,
    entries: Sequence[Entry],
    found: dict[str, Neighbours],
    ways: dict[str, str],
) -> None:
    """Find what is related in these ways; in none: what describes the same product."""
    products = listed(dict.fromkeys(entry.product for entry in entries))
    choices = " UNION ".join(
        f'{{ {pattern} BIND("{kind}" AS ?kind) }}' for kind, pattern in ways.items()
    )
    where = f"{choices} {_SHOWN}" if ways else _TWINS
    query = (
        f"SELECT DISTINCT ?product ?kind ?item ?other ?id {{ VALUES ?product {{ {products} }} "
        f"{where} }} ORDER BY ?item"
    )
    by_product: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_product[entry.product].append(entry)
    left_out = hidden(library)
    for product, kind, item, other, item_id in rows(library, query):
        if iri(item) in left_out:
            continue
        near = entry_of(iri(item), iri(other), text(item_id), library.names)
        for entry in by_product[iri(product)]:
            if near.iri != entry.iri:
                found[entry.iri].items[text(kind)].append(near)


def _has_twins(library: Library) -> bool:
    """Tell whether any product has two entries: found out once of each state."""

    def look() -> bool:
        query = (
            "SELECT (COUNT(?item) AS ?items) (COUNT(DISTINCT ?product) AS ?products) "
            "{ ?item a dafab:CatalogItem ; dafab:describes ?product }"
        )
        ((items, products),) = rows(library, query)
        return int(text(items)) > int(text(products))

    return once(library, "twins", look)
