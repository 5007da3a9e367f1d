"""Which described properties may occur in the items of a collection, as the graph tells it."""

from __future__ import annotations

from typing import Final

from dafab_kg.model.documents import escape_pointer
from dafab_kg.search.collections import products_of, shelves
from dafab_kg.search.habits import Habits
from dafab_kg.search.library import Library, once, quoted, rows, text
from dafab_kg.search.names import Held, held, stac_names

MOST_SHELVES: Final = 20
"""Of collections of more providers it is not found out."""
MOST_ITEMS: Final = 10_000
"""Nor of collections of more items: a term that none of them has takes a look at each."""


def occurring(library: Library, collection: str) -> tuple[str, ...] | None:
    """Return the names of described properties that items of a collection may have, in order.

    Steps of a name have a slash between them, as in :func:`dafab_kg.search.names.stac_names`.
    A name is left out where no product that the collection lists has a value of its term, none
    was kept as it was under that name, and documents do not differ in it: then no item has it.
    None: it is not found out (no collection lists them, one is empty, many are of the name, or
    they are large).
    """
    iris = shelves(library).get(collection, ())
    if not 0 < len(iris) <= MOST_SHELVES:
        return None

    def look() -> tuple[str, ...] | None:
        if not all(products_of(library, iri) for iri in iris) or _are_large(library, iris):
            return None
        names = sorted({name for some in stac_names().values() for name in some})
        kept = _kept(library, tuple(names))
        return tuple(name for name in names if name in kept or _told(library, iris, name))

    return once(library, ("occurring", collection), look)


def _are_large(library: Library, iris: tuple[str, ...]) -> bool:
    query = "SELECT ?thing {{ ?thing dafab:listedIn <{}> }} LIMIT {}"
    some = (rows(library, query.format(iri, MOST_ITEMS + 1)) for iri in iris)
    return sum(map(len, some)) > MOST_ITEMS


def _told(library: Library, iris: tuple[str, ...], name: str) -> bool:
    terms = held(("properties", *name.split("/")), library.names.base)
    return terms is None or any(_has(library, iris, one) for one in terms)


def _has(library: Library, iris: tuple[str, ...], one: Held) -> bool:
    """Tell whether anything in these collections has a value of a term; several names have one."""
    habits = Habits(library)
    if habits.claimed(one.iri):
        return True
    if not habits.uses(one.iri):
        return False
    way = "inCollection" if one.of_entry else "listedIn"

    def look() -> bool:
        return any(
            rows(
                library, f"SELECT ?thing {{ ?thing dafab:{way} <{iri}> ; <{one.iri}> ?v }} LIMIT 1"
            )
            for iri in iris
        )

    return once(library, ("occurs", iris, one.iri, one.of_entry), look)


def _kept(library: Library, names: tuple[str, ...]) -> frozenset[str]:
    """Return the names under which any value in the catalogue was kept as it was."""

    def look() -> frozenset[str]:
        pointers = {_pointer(name): name for name in names}
        values = " ".join(map(quoted, pointers))
        query = (
            f"SELECT ?pointer {{ VALUES ?pointer {{ {values} }} "
            "FILTER EXISTS { ?thing dafab:pointer ?pointer } }"
        )
        return frozenset(pointers[text(row[0])] for row in rows(library, query, plain=True))

    return once(library, "names kept", look)


def _pointer(name: str) -> str:
    return "/properties/" + "/".join(map(escape_pointer, name.split("/")))
