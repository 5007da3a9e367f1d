"""What an item is in the graph.

An item is an entry of a STAC catalogue (``dafab:CatalogItem``), or a product that no such
entry describes, as a SAFE product may be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dafab_kg.model.names import TEMPLATES, Names, decode
from dafab_kg.search.library import Library, iri, once, rows

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
        kinds = " ".join(f'"{kind}"' for kind in library.kinds if kind not in ENTRIES_OF)
        found = rows(
            library,
            f"SELECT DISTINCT ?product {{ VALUES ?kind {{ {kinds} }} "
            "?graph dafab:loaderName ?kind ; prov:wasDerivedFrom ?document . "
            "?document dafab:describes ?product . ?product a dafab:Product . "
            f"{NO_ENTRY} }} LIMIT {MOST_BARE + 1}",
        )
        return None if len(found) > MOST_BARE else tuple(sorted(iri(row[0]) for row in found))

    return once(library, "bare products", look)
