"""Which crops are on the fields of a set of parcels in a season, found once of each set.

Fields are many and sets are few: joined with products anew each time, the fields of a set
would be gone through for every page of a search.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from dafab_kg.search.library import Library, iri, listed, once, quoted, rows, text
from dafab_kg.store.protocol import Term

Season = Term | None
Crops = Mapping[Season, tuple[str, ...]]


def crops_of(library: Library, parcels: str) -> Crops:
    """Return the names of the crops of a set of parcels, by season."""

    def look() -> Crops:
        found: dict[Season, dict[str, None]] = defaultdict(dict)
        query = (
            f"SELECT DISTINCT ?season ?name {{ ?boundary dafab:ofParcelSet <{parcels}> ; "
            "dafab:season ?season ; dafab:cropName ?name }"
        )
        for season, name in rows(library, query, plain=True):
            found[season][text(name)] = None
        return {season: tuple(sorted(names)) for season, names in found.items()}

    return once(library, ("crops", parcels), look)


def crops_told(library: Library, products: Iterable[str]) -> dict[str, list[str]]:
    """Return the crops on the fields that figures of some products were computed of."""
    query = (
        f"SELECT ?product ?set ?season {{ VALUES ?product {{ {listed(products)} }} "
        "?figures dafab:ofProduct ?product ; dafab:usedParcels ?set ; dafab:season ?season }"
    )
    found: dict[str, set[str]] = defaultdict(set)
    for product, parcels, season in rows(library, query, plain=True):
        found[iri(product)].update(crops_of(library, iri(parcels)).get(season, ()))
    return {product: sorted(names) for product, names in found.items() if names}


def products_of_crop(library: Library, sets: Iterable[str], crop: str, most: int) -> list[str]:
    """Return the products of which figures were computed of fields with a crop, up to ``most``."""
    found: dict[str, None] = {}
    for parcels in sets:
        for season, names in crops_of(library, parcels).items():
            if crop not in names or season is None:
                continue
            query = (
                f"SELECT DISTINCT ?product {{ ?figures dafab:usedParcels <{parcels}> ; "
                f"dafab:season ?season ; dafab:ofProduct ?product "
                f"FILTER(STR(?season) = {quoted(season.value)}) }} LIMIT {most}"
            )
            found.update((iri(row[0]), None) for row in rows(library, query, plain=True))
    return list(found)[:most]
