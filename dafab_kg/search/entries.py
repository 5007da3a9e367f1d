"""What an item is in the graph.

An item is an entry of a STAC catalogue (``dafab:CatalogItem``), or a product that no such
entry describes, as a SAFE product may be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dafab_kg.model.names import TEMPLATES, Names, decode
from dafab_kg.search.library import Library, iri, listed, once, rows

LOOSE: Final = "uncollected"
"""Collection of the entries that name none."""
BARE: Final = "products-without-entry"
"""Collection of the products that no entry describes."""
NONE: Final = "-"
"""What stands in an entry's IRI for no collection, or an unknown provider."""
NO_ENTRY: Final = "FILTER NOT EXISTS { ?entry dafab:describes ?product ; a dafab:CatalogItem }"
ENTRIES_OF: Final = frozenset({"stac", "dafab"})
"""Kinds of documents that are entries themselves."""
MOST_BARE: Final = 500
"""Up to how many products without an entry a query names them."""
SOME_TOLD: Final = 5_000
"""Of how many things that are told of it is looked first whether too many have no entry."""
AT_ONCE: Final = 1_000
"""Things that one query names."""


@dataclass(frozen=True)
class Entry:
    """One item: its IRI (an entry's, or a product's), the product, and its names."""

    iri: str
    product: str
    collection: str
    id: str

    @property
    def is_bare(self) -> bool:
        """Whether it is a product without an entry."""
        return self.iri == self.product


def entry_of(iri: str, product: str, item_id: str, names: Names) -> Entry:
    """Return the item of an IRI; its collection is told by that."""
    if iri == product:
        return Entry(iri, product, BARE, item_id)
    room = names.base + TEMPLATES["item"].split("{", 1)[0]
    parts = iri.removeprefix(room).split("/")
    name = decode(parts[1]) if iri.startswith(room) and len(parts) == 3 else NONE
    return Entry(iri, product, LOOSE if name == NONE else name, item_id)


def collection_name(iri: str, names: Names) -> str:
    """Return the id of a collection by its IRI; "" if that is none of ours."""
    room = names.base + TEMPLATES["collection"].split("{", 1)[0]
    parts = iri.removeprefix(room).split("/")
    return decode(parts[1]) if iri.startswith(room) and len(parts) == 2 else ""


def bare_products(library: Library) -> tuple[str, ...] | None:
    """Return the IRIs of the products that no entry describes; None: too many to be named."""

    def look() -> tuple[str, ...] | None:
        some = _told_of(library, SOME_TOLD)
        bare = _bare_among(library, some)
        if len(some) == SOME_TOLD and len(bare) <= MOST_BARE:  # perhaps there are more
            bare = _bare_among(library, _told_of(library, 0))
        return None if len(bare) > MOST_BARE else tuple(sorted(bare))

    return once(library, "bare products", look)


def _told_of(library: Library, most: int) -> list[str]:
    """Return what documents that are no entries tell of, products among them; 0: all."""
    kinds = " ".join(f'"{kind}"' for kind in library.kinds if kind not in ENTRIES_OF)
    query = (
        f"SELECT DISTINCT ?product {{ VALUES ?kind {{ {kinds} }} "
        "?graph dafab:loaderName ?kind ; prov:wasDerivedFrom ?document . "
        "?document dafab:describes ?product }"
    )
    bound = f" LIMIT {most}" if most else ""
    return [iri(row[0]) for row in rows(library, query + bound, plain=True)]


def _bare_among(library: Library, things: Sequence[str]) -> list[str]:
    """Return the products without an entry among some things, maybe not all where they are more
    than are named.

    Two short queries by name: the engine would go through all entries for what is no entry's.
    """
    found: list[str] = []
    for start in range(0, len(things), AT_ONCE):
        named = f"VALUES ?product {{ {listed(things[start : start + AT_ONCE])} }}"
        products, described = (
            {iri(row[0]) for row in rows(library, f"{query} {{ {named} {pattern} }}", plain=True)}
            for query, pattern in (
                ("SELECT ?product", "?product a dafab:Product"),
                ("SELECT DISTINCT ?product", "?e dafab:describes ?product ; a dafab:CatalogItem"),
            )
        )
        found += products - described
        if len(found) > MOST_BARE:
            break
    return found
