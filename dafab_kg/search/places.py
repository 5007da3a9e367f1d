"""Places by name: what a filter means by "Luxembourg"."""

from __future__ import annotations

from typing import Final

import shapely

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.model.names import is_iri
from dafab_kg.search.given import query_with
from dafab_kg.search.library import Library, iri, once, quoted, rows, text

LONGEST: Final = 200
_ORDER: Final = ("country", "region", "county")
"""Levels, the largest first; of places of one name those of the largest are meant."""


def place_named(library: Library, name: str) -> bytes:
    """Return the outline of a place as WKB, by its IRI, name, or ISO 3166 code.

    Of several of one name the largest kind is meant, a country before a county; outlines that
    data sets draw of one and the same place are joined.

    Raises:
        QueryNotValid: there is no such place with an outline, or several are meant.
    """
    name = name.strip()
    return once(library, ("place", name), lambda: _found(library, name))


def _found(library: Library, name: str) -> bytes:
    if not name or len(name) > LONGEST:
        raise QueryNotValid(f"A place is named by 1 to {LONGEST} characters")
    if ":" in name and is_iri(name):
        given = f"VALUES ?place {{ <{name}> }}"
    else:
        given = f"VALUES ?wanted {{ {quoted(name.casefold())} }}"
        given += (
            " { ?place dafab:toponym|dafab:otherToponym ?name } UNION "
            "{ ?place dafab:isoCode|dafab:isoCodeShort|dafab:subdivisionCode ?name } "
            "FILTER(LCASE(STR(?name)) = ?wanted)"
        )
    told = rows(library, query_with("places-named.rq", given))
    found = {iri(row[0]): (text(row[1]), text(row[2]) if row[2] else "") for row in told}
    if not found:
        raise QueryNotValid(
            f"No place with an outline is called {name[:80]!r} here. Give another name, its IRI, "
            "a box (west,south,east,north) or WKT"
        )
    levels = {_rank(level) for _, level in found.values()}
    best = {
        place: wkt for place, (wkt, level) in sorted(found.items()) if _rank(level) == min(levels)
    }
    shapes = [shapely.make_valid(shapely.from_wkt(wkt)) for wkt in best.values()]
    if any(not one.intersects(shapes[0]) for one in shapes[1:]):
        listed = ", ".join(list(best)[:5])
        raise QueryNotValid(
            f"Several places are called {name[:80]!r}. Give the IRI of one: {listed}"
        )
    return bytes(shapely.to_wkb(shapely.union_all(shapes)))


def _rank(level: str) -> int:
    return _ORDER.index(level) if level in _ORDER else len(_ORDER)
