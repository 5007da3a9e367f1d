"""Items as JSON: as they were delivered, with our links; or made from the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from dafab_kg.search.documents import newest, value_of
from dafab_kg.search.entries import Entry
from dafab_kg.search.inferred import inferred_of
from dafab_kg.search.library import Library
from dafab_kg.search.links import GEOJSON, address_of, home, kept_links, link, resolved
from dafab_kg.search.making import made_items
from dafab_kg.search.related import Neighbours, links_of, neighbours

Ways = tuple[tuple[str, ...], ...]
Value = dict[str, Any]
"""An item's JSON."""


@dataclass(frozen=True)
class Wanted:
    """What of the items is wanted: ``root`` is the address of the STAC API, for links;
    ``include`` and ``exclude`` are ways of names to members (the fields extension);
    ``inferred``: what follows of the products by the ontology is wanted, too."""

    root: str
    include: Ways = ()
    exclude: Ways = ()
    inferred: bool = False


def write_items(
    library: Library, entries: Sequence[Entry], wanted: Wanted, known: Mapping[str, Value]
) -> list[bytes]:
    """Return items as JSON, in the order of ``entries``; ``known`` are some by IRI."""
    values = {**known, **values_of(library, [e for e in entries if e.iri not in known])}
    linked = ("links",) not in wanted.exclude
    near = neighbours(library, entries, wanted.root) if linked else {}
    follows = inferred_of(library, (e.product for e in entries)) if wanted.inferred else {}
    found = []
    for entry in entries:
        value = values[entry.iri]
        value = _linked(value, entry, near.get(entry.iri, Neighbours()), wanted.root)
        if entry.product in follows:
            told = value.get("properties") or {}
            value["properties"] = {**follows[entry.product], **told}
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


def _linked(value: Value, entry: Entry, near: Neighbours, root: str) -> Value:
    place = address_of(root, entry.collection, entry.id)
    above = place.rsplit("/items/", 1)[0]
    ours = [
        link("self", place, GEOJSON),
        link("root", root),
        link("parent", above),
        link("collection", above),
        {"rel": "via", "href": entry.iri, "title": "in the graph"},
    ]
    ours += links_of(near, root)
    known = {(one["rel"], one["href"]) for one in ours}
    delivered = (one for one in kept_links(value) if (one["rel"], one["href"]) not in known)
    return {
        **value,
        "links": [*ours, *delivered],
        "assets": resolved(value.get("assets") or {}, home(value)),
    }


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
