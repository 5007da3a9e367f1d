"""Facets: how the DaFab catalogue sorts the items of a collection below values of a few kinds.

A facet is a catalogue below its collection, its values are catalogues below it, and the items
are below the values; each item has one value of a facet at most.  What an item's value is, the
graph tells: a query each in ``queries/internal``.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from dafab_kg.search.collections import shelves
from dafab_kg.search.entries import Entry, entry_of
from dafab_kg.search.given import query_with
from dafab_kg.search.library import Library, iri, listed, once, rows, text
from dafab_kg.search.links import GEOJSON, catalog, link


@dataclass(frozen=True)
class Facet:
    """A facet: ``values`` in the order in which one is chosen where the graph tells several.

    ``values`` empty: it is open, any may come.  ``other`` is the value of items of which the
    graph tells none; "": they have none.
    """

    name: str
    collection: str
    title: str
    query: str
    values: tuple[str, ...] = ()
    other: str = ""

    def named(self, value: str) -> str:
        """Return the name of the catalogue of a value.

        >>> FACETS[1].named("Mekong (lower)")
        'water_basin_mekong_lower'
        """
        plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode()
        return f"{self.name}_{re.sub(r'[^a-z0-9]+', '_', plain.lower()).strip('_') or 'other'}"


FACETS: Final = (
    Facet(
        "water_anomaly",
        "water_analysis",
        "Water anomaly",
        "facet-water-anomaly.rq",
        ("flood", "drought", "normal"),
    ),
    Facet(
        "water_basin",
        "water_analysis",
        "River basin",
        "facet-water-basin.rq",
        other="unclassified",
    ),
    Facet(
        "agriculture_season",
        "smart_agriculture",
        "Season",
        "facet-agriculture-season.rq",
        ("spring", "summer", "autumn", "winter"),
    ),
)
"""The facets of the DaFab catalogue, as its public client (dafab-client 4.0.0) knows them."""


def facets_of(library: Library, collection: str) -> tuple[Facet, ...]:
    """Return the facets of a collection; none if the collection is not here."""
    if collection not in shelves(library):
        return ()
    return tuple(facet for facet in FACETS if facet.collection == collection)


def all_facets(library: Library) -> tuple[Facet, ...]:
    """Return the facets of all collections that are here."""
    return tuple(facet for facet in FACETS if facet.collection in shelves(library))


def value_names(library: Library, facet: Facet) -> tuple[str, ...]:
    """Return the names of the values of a facet: all of a closed one, else those in use."""
    closed = [facet.named(value) for value in facet.values]
    if not facet.values:
        used = {_chosen(facet, told) for told in _values(library, facet).values()}
        closed = sorted({*used, facet.named(facet.other)})
    return tuple(closed)


def _among(library: Library, facet: Facet) -> str:
    """Write what binds the items and products of a facet's collection."""
    among = listed(shelves(library).get(facet.collection, ()))
    return f"VALUES ?in {{ {among} }} ?item dafab:inCollection ?in ; dafab:describes ?product ."


def _values(library: Library, facet: Facet) -> Mapping[str, Sequence[str]]:
    """Return the values of all products of a facet's collection that have any."""

    def look() -> Mapping[str, Sequence[str]]:
        return _told(library, facet, _among(library, facet))

    return once(library, ("values of a facet", facet.name), look)


def placed(library: Library, facet: Facet) -> Mapping[str, tuple[Entry, ...]]:
    """Return the items by the name of their value, in the order of their ids.

    It is worked out once a state of the catalogue.
    """

    def look() -> Mapping[str, tuple[Entry, ...]]:
        given = f"{_among(library, facet)} ?item dafab:itemId ?id"
        found = rows(library, f"SELECT ?item ?product ?id {{ {given} }}")
        told = _values(library, facet)
        shelf: dict[str, list[Entry]] = defaultdict(list)
        for row in found:
            entry = entry_of(iri(row[0]), iri(row[1]), text(row[2]), library.names)
            name = _chosen(facet, told.get(entry.product, ()))
            if name:
                shelf[name].append(entry)
        return {
            name: tuple(sorted(entries, key=lambda one: (one.id, one.iri)))
            for name, entries in shelf.items()
        }

    return once(library, ("facet", facet.name), look)


def placements(
    library: Library, entries: Iterable[Entry]
) -> dict[str, tuple[tuple[Facet, str], ...]]:
    """Return of each item, by its IRI, the facets with the names of their values."""
    entries = tuple(entries)
    found: dict[str, list[tuple[Facet, str]]] = {entry.iri: [] for entry in entries}
    for facet in all_facets(library):
        some = [entry for entry in entries if entry.collection == facet.collection]
        if not some:
            continue
        products = listed(dict.fromkeys(entry.product for entry in some))
        told = _told(library, facet, f"VALUES ?product {{ {products} }}")
        for entry in some:
            name = _chosen(facet, told.get(entry.product, ()))
            if name:
                found[entry.iri].append((facet, name))
    return {name: tuple(one) for name, one in found.items()}


def _told(library: Library, facet: Facet, given: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for product, value in rows(library, query_with(facet.query, given)):
        found[iri(product)].append(text(value))
    return found


def _chosen(facet: Facet, told: Sequence[str]) -> str:
    if told:
        best = min(told, key=facet.values.index) if facet.values else min(told)
        return facet.named(best)
    return facet.named(facet.other) if facet.other else ""


# as STAC catalogues


def facet_address(root: str, facet: Facet, value: str = "") -> str:
    """Return where the catalogue of a facet, or of one of its values, is below ``root``."""
    place = f"{root}/collections/{quote(facet.collection, safe='')}/catalogs/{facet.name}"
    return f"{place}/{quote(value, safe='')}" if value else place


def facet_catalog(library: Library, facet: Facet, root: str) -> dict[str, Any]:
    """Return a facet as a STAC catalogue, with its values as children."""
    own = facet_address(root, facet)
    values = value_names(library, facet)
    links = [
        link("root", root),
        link("self", own),
        link("parent", own.rpartition("/catalogs/")[0]),
        *(link("child", facet_address(root, facet, value), title=value) for value in values),
    ]
    description = f"Items of {facet.collection} by {facet.title.lower()}."
    return catalog(facet.name, facet.title, description, links)


def value_catalog(facet: Facet, value: str, root: str, items: Iterable[str] = ()) -> dict[str, Any]:
    """Return a value of a facet as a STAC catalogue; ``items`` are addresses to link."""
    shown = value.removeprefix(f"{facet.name}_").replace("_", " ")
    links = [
        link("root", root),
        link("self", facet_address(root, facet, value)),
        link("parent", facet_address(root, facet)),
        *(link("item", address, GEOJSON) for address in items),
    ]
    description = f"Items of {facet.collection} whose {facet.title.lower()} is {shown}."
    return catalog(value, f"{facet.title}: {shown}", description, links)
