"""Items as JSON: as they were delivered, with our links; or made from the graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from dafab_kg.search.documents import newest, value_of
from dafab_kg.search.entries import Entry, entry_of
from dafab_kg.search.library import Library, iri, listed, rows, text
from dafab_kg.search.links import GEOJSON, address_of, home, kept_links, link, resolved
from dafab_kg.search.making import made_items

Ways = tuple[tuple[str, ...], ...]
Value = dict[str, Any]
"""An item's JSON."""


@dataclass(frozen=True)
class Wanted:
    """What of the items is wanted: ``root`` is the address of the STAC API, for links;
    ``include`` and ``exclude`` are ways of names to members (the fields extension)."""

    root: str
    include: Ways = ()
    exclude: Ways = ()


def write_items(
    library: Library, entries: Sequence[Entry], wanted: Wanted, known: Mapping[str, Value]
) -> list[bytes]:
    """Return items as JSON, in the order of ``entries``; ``known`` are some by IRI."""
    values = {**known, **values_of(library, [e for e in entries if e.iri not in known])}
    sources = sources_of(library, entries)
    found = []
    for entry in entries:
        value = _linked(values[entry.iri], entry, sources.get(entry.product, ()), wanted.root)
        found.append(orjson.dumps(chosen(value, wanted.include, wanted.exclude)))
    return found


def values_of(library: Library, entries: Iterable[Entry]) -> dict[str, Value]:
    """Return the items by IRI, without our links."""
    entries = tuple(entries)
    documents = newest(library, (e.iri for e in entries if not e.is_bare))
    made = made_items(library, [entry for entry in entries if entry.iri not in documents])
    found: dict[str, Value] = {}
    for entry in entries:
        document = documents.get(entry.iri)
        value = made[entry.iri] if document is None else value_of(library, document)
        found[entry.iri] = {**value, "collection": entry.collection}
    return found


def _linked(value: Value, entry: Entry, sources: Sequence[Entry], root: str) -> Value:
    place = address_of(root, entry.collection, entry.id)
    above = place.rsplit("/items/", 1)[0]
    ours = [
        link("self", place, GEOJSON),
        link("root", root),
        link("parent", above),
        link("collection", above),
        {"rel": "via", "href": entry.iri, "title": "in the graph"},
    ]
    for source in sources:
        address = address_of(root, source.collection, source.id)
        ours.append(link("derived_from", address, GEOJSON))
    return {
        **value,
        "links": [*ours, *kept_links(value)],
        "assets": resolved(value.get("assets") or {}, home(value)),
    }


def sources_of(library: Library, entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Return the items that products were made from, by product."""
    products = listed(dict.fromkeys(entry.product for entry in entries))
    found: dict[str, list[Entry]] = defaultdict(list)
    if not products:
        return found
    query = (
        f"SELECT DISTINCT ?product ?item ?source ?id {{ VALUES ?product {{ {products} }} "
        "{ ?product dafab:derivedFrom ?source } UNION { ?product dafab:madeFrom ?source } "
        "{ ?item dafab:describes ?source ; a dafab:CatalogItem ; dafab:itemId ?id } UNION "
        "{ ?source a dafab:Product ; dafab:productId ?id BIND(?source AS ?item) "
        "FILTER NOT EXISTS { ?entry dafab:describes ?source ; a dafab:CatalogItem } } } "
        "ORDER BY ?item"
    )
    for product, item, source, item_id in rows(library, query):
        entry = entry_of(iri(item), iri(source), text(item_id), library.names)
        found[iri(product)].append(entry)
    return found


# the fields extension

_ALWAYS = (("type",), ("stac_version",), ("id",), ("links",))


def chosen(value: Value, include: Ways, exclude: Ways) -> Value:
    """Return what is wanted of an item (STAC API, Fields extension 1.0.0).

    What lies within an included member may be left out, an included member itself not;
    ``id`` and ``type`` always stay.
    """
    found = value
    if include:
        found = {}
        for way in (*_ALWAYS, *include):
            _copy(value, found, way)
        exclude = tuple(
            way for way in exclude if any(way[: len(one)] == one != way for one in include)
        )
    for way in exclude:
        if way not in {("id",), ("type",)}:
            found = _without(found, way)
    return found


def _copy(value: Any, into: dict[str, Any], way: tuple[str, ...]) -> None:
    name, *rest = way
    if not isinstance(value, dict) or name not in value:
        return
    if not rest:
        into[name] = value[name]
    elif isinstance(value[name], dict):
        inner = into.setdefault(name, {})
        if inner is not value[name]:
            _copy(value[name], inner, tuple(rest))


def _without(value: Any, way: tuple[str, ...]) -> Any:
    name, *rest = way
    if not isinstance(value, dict) or name not in value:
        return value
    if not rest:
        return {key: one for key, one in value.items() if key != name}
    return {**value, name: _without(value[name], tuple(rest))}
