"""Collections: as delivered, or made where none was; one id is one collection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import orjson

from dafab_kg.model.errors import ThingNotFound
from dafab_kg.search.documents import newest, value_of
from dafab_kg.search.entries import BARE, LOOSE, NO_ENTRY, bare_products, collection_name
from dafab_kg.search.library import Library, iri, listed, once, rows, text
from dafab_kg.search.links import kept_links, link

VERSION: Final = "1.1.0"
_WORLD: Final = (-180.0, -90.0, 180.0, 90.0)
_MADE: Final = {
    LOOSE: (
        "Items without a collection",
        "Entries of catalogues that name no collection.",
    ),
    BARE: (
        "Products without a catalogue entry",
        "Products known by their own metadata only, for instance from SAFE directories.",
    ),
}


@dataclass(frozen=True)
class Extent:
    """What the items of a collection span, in degrees and time; None: nothing is known."""

    box: tuple[float, float, float, float] | None
    start: str | None
    end: str | None


def shelves(library: Library) -> Mapping[str, tuple[str, ...]]:
    """Return all collections by id, each with the IRIs that stand for it: one a provider."""

    def look() -> Mapping[str, tuple[str, ...]]:
        query = (
            "SELECT DISTINCT ?collection "
            "{ { ?collection a dafab:Collection } UNION { ?item dafab:inCollection ?collection } }"
        )
        found: dict[str, list[str]] = defaultdict(list)
        for row in rows(library, query):
            name = collection_name(iri(row[0]), library.names)
            if name:
                found[name].append(iri(row[0]))
        return {name: tuple(sorted(iris)) for name, iris in sorted(found.items())}

    return once(library, "shelves", look)


def hidden(library: Library) -> frozenset[str]:
    """Return the entries that others hide: of one item of several providers the one loaded
    last is shown."""

    def look() -> frozenset[str]:
        found: set[str] = set()
        for iris in shelves(library).values():
            if len(iris) > 1:
                found |= set(_hidden_among(library, iris))
        return frozenset(found)

    return once(library, "hidden", look)


def _hidden_among(library: Library, iris: tuple[str, ...]) -> Iterator[str]:
    among = listed(iris)
    query = (
        f"SELECT ?id ?item {{ VALUES ?one {{ {among} }} ?item dafab:inCollection ?one ; "
        f"dafab:itemId ?id . FILTER EXISTS {{ VALUES ?two {{ {among} }} "
        "?other dafab:itemId ?id ; dafab:inCollection ?two . FILTER(?other != ?item) } }"
    )
    same: dict[str, list[str]] = defaultdict(list)
    for row in rows(library, query):
        same[text(row[0])].append(iri(row[1]))
    loaded = newest(library, [one for items in same.values() for one in items])
    for items in same.values():
        items.sort(key=lambda one: (loaded[one].loaded_at if one in loaded else "", one))
        yield from items[:-1]


def collection_ids(library: Library) -> tuple[str, ...]:
    """Return the ids of all collections that are shown, in order."""

    def look() -> tuple[str, ...]:
        found = set(shelves(library))
        loose = "?item a dafab:CatalogItem FILTER NOT EXISTS { ?item dafab:inCollection ?none }"
        if rows(library, f"SELECT ?item {{ {loose} }} LIMIT 1"):
            found.add(LOOSE)
        if bare_products(library) != ():
            found.add(BARE)
        return tuple(sorted(found))

    return once(library, "collection ids", look)


def find_collections(library: Library, root: str) -> tuple[bytes, ...]:
    """Return all collections as JSON."""
    return tuple(find_collection(library, name, root) for name in collection_ids(library))


def find_collection(library: Library, name: str, root: str) -> bytes:
    """Return one collection as JSON.

    Raises:
        ThingNotFound: there is none of this id.
    """
    if name not in collection_ids(library):
        raise ThingNotFound(
            f"There is no collection {name[:80]!r} here. /stac/collections lists those that are"
        )
    value = once(library, ("collection", name), lambda: _collection(library, name))
    place = f"{root}/collections/{quote(name, safe='')}"
    links = [
        link("self", place),
        link("root", root),
        link("parent", root),
        link("items", f"{place}/items", "application/geo+json"),
        link(
            "http://www.opengis.net/def/rel/ogc/1.0/queryables",
            f"{place}/queryables",
            "application/schema+json",
        ),
    ]
    return orjson.dumps({**value, "links": [*links, *value["links"]]})


def _collection(library: Library, name: str) -> dict[str, Any]:
    """Return a collection without our own links."""
    iris = shelves(library).get(name, ())
    documents = newest(library, iris)
    delivered = max(documents.items(), key=lambda one: (one[1].loaded_at, one[0]), default=None)
    named = [{"rel": "via", "href": one, "title": "in the graph"} for one in iris]
    if delivered is not None:
        value = value_of(library, delivered[1])
        links = [*named, *kept_links(value, own=_OWN)]
        return {
            "type": "Collection",
            **value,
            "id": name,
            "description": value.get("description") or name,
            "license": value.get("license") or "other",
            "extent": _complete(library, name, value.get("extent")),
            "links": links,
        }
    title, description = _MADE.get(name, (name, f"Items of the collection {name}."))
    return {
        "type": "Collection",
        "stac_version": VERSION,
        "id": name,
        "title": title,
        "description": description,
        "license": "other",
        "extent": _extent_json(extent_of(library, name)),
        "links": named,
    }


_OWN: Final = frozenset({"self", "root", "parent", "items", "item", "child", "queryables"})


def _complete(library: Library, name: str, extent: Any) -> dict[str, Any]:
    """Return the extent that was delivered, or the computed one where it is none."""
    told = extent if isinstance(extent, dict) else {}
    spatial, temporal = told.get("spatial"), told.get("temporal")
    whole = isinstance(spatial, dict) and bool(spatial.get("bbox"))
    if whole and isinstance(temporal, dict) and temporal.get("interval"):
        return told
    return {**_extent_json(extent_of(library, name)), **told}


def extent_of(library: Library, name: str) -> Extent:
    """Compute what the items of a collection span."""

    def look() -> Extent:
        iris = shelves(library).get(name, ())
        if name == BARE and not iris:
            which = f"?product a dafab:Product . {NO_ENTRY}"
        elif name == LOOSE and not iris:
            which = (
                "?item a dafab:CatalogItem ; dafab:describes ?product . "
                "FILTER NOT EXISTS { ?item dafab:inCollection ?none }"
            )
        else:
            which = (
                f"VALUES ?in {{ {listed(iris)} }} "
                "?item dafab:inCollection ?in ; dafab:describes ?product ."
            )
        ((west, south, east, north),) = rows(
            library,
            "SELECT (MIN(?w) AS ?west) (MIN(?s) AS ?south) (MAX(?e) AS ?east) (MAX(?n) AS ?north) "
            f"{{ {which} ?product dafab:west ?w ; dafab:south ?s ; dafab:east ?e ; "
            "dafab:north ?n }",
        )
        ((first, last),) = rows(
            library,
            "SELECT (MIN(?low) AS ?first) (MAX(?high) AS ?last) "
            f"{{ {which} OPTIONAL {{ ?product dafab:datetime ?t }} "
            "OPTIONAL { ?product dafab:sensingStart ?a } OPTIONAL { ?product dafab:sensingStop ?b }"
            " BIND(COALESCE(?a, ?t) AS ?low) BIND(COALESCE(?b, ?t) AS ?high) }",
        )
        corners = [None if one is None else float(text(one)) for one in (west, south, east, north)]
        low, bottom, high, top = corners
        box = None
        if low is not None and bottom is not None and high is not None and top is not None:
            # of items on both sides of the antimeridian the whole circle is said
            box = (low, bottom, high, top) if low <= high else _WORLD
        return Extent(
            box,
            None if first is None else text(first),
            None if last is None else text(last),
        )

    return once(library, ("extent", name), look)


def _extent_json(extent: Extent) -> dict[str, Any]:
    return {
        "spatial": {"bbox": [list(extent.box or _WORLD)]},
        "temporal": {"interval": [[extent.start, extent.end]]},
    }
