"""Collections: as delivered, or made where none was; one id is one collection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import orjson

from dafab_kg.model.errors import ThingNotFound
from dafab_kg.model.words import texts_of_collection
from dafab_kg.search.documents import newest, value_of
from dafab_kg.search.entries import BARE, LOOSE, NO_ENTRY, bare_products, collection_name
from dafab_kg.search.exact import moment
from dafab_kg.search.library import Library, iri, listed, number, once, rows, text
from dafab_kg.search.links import VERSION, kept_links, link

MOST_SPANNED: Final = 5_000
"""Up to how many items the box around them is computed; others are said to be anywhere."""
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


MOST_LISTED: Final = 50
"""Most collections whose products are counted one by one."""


@dataclass(frozen=True)
class Extent:
    """What the items of a collection span, in degrees and time; None: nothing is known."""

    box: tuple[float, float, float, float] | None
    start: str | None
    end: str | None


def shelves(library: Library) -> Mapping[str, tuple[str, ...]]:
    """Return all collections by id, each with the IRIs that stand for it: one a provider."""

    def look() -> Mapping[str, tuple[str, ...]]:
        iris = {iri(row[0]) for row in rows(library, "SELECT ?one { ?one a dafab:Collection }")}
        items = number(library, "?item dafab:inCollection ?collection", "item")
        if len(iris) > MOST_LISTED or items > sum(
            number(library, f"?item dafab:inCollection <{one}>", "item") for one in iris
        ):  # some are known by their items only: those are all to be read
            every = "SELECT DISTINCT ?one { ?item dafab:inCollection ?one }"
            iris |= {iri(row[0]) for row in rows(library, every)}
        found: dict[str, list[str]] = defaultdict(list)
        for one in iris:
            name = collection_name(one, library.names)
            if name:
                found[name].append(one)
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


def listing(library: Library, iris: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return collections (None: all that there are) if products can be counted instead of the
    items in them; none if not.

    Each product that a collection lists has an item in it; where there are as many of both, it
    has one.  Where all collections are asked for, every item must be in one.
    """

    def look() -> tuple[str, ...]:
        asked = iris
        if asked is None:
            asked = tuple(one for shelf in shelves(library).values() for one in shelf)
        if len(asked) > MOST_LISTED:
            return ()
        items = [number(library, f"?item dafab:inCollection <{one}>", "item") for one in asked]
        products = [products_of(library, one) for one in asked]
        if iris is None and number_of_entries(library) != sum(items):
            return ()
        return asked if items == products else ()

    return once(library, ("listing", iris), look)


def products_of(library: Library, collection: str, given: str = "") -> int:
    """Count the products that a collection lists, of which something holds."""
    return number(library, f"?product dafab:listedIn <{collection}> . {given}", "product")


def number_of_entries(library: Library) -> int:
    """Count the entries of all catalogues; once of each state."""
    entry = "?item a dafab:CatalogItem ; dafab:itemId ?id"
    return once(library, "entries", lambda: number(library, entry, "item"))


def collection_ids(library: Library) -> tuple[str, ...]:
    """Return the ids of all collections that are shown, in order."""

    def look() -> tuple[str, ...]:
        found = set(shelves(library))
        collected = number(library, "?item dafab:inCollection ?collection", "item")
        if number_of_entries(library) > collected:  # each names one at most
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
    from dafab_kg.search.browsing import children_links  # which is about collections, too

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
        link("aggregate", f"{place}/aggregate"),
        link("aggregations", f"{place}/aggregations"),
        *children_links(library, name, root),
    ]
    return orjson.dumps({**value, "links": [*links, *value["links"]]})


def texts_of(library: Library, name: str) -> list[str]:
    """Return the texts of a collection that words are looked for in."""
    return list(texts_of_collection(_told(library, name)))


def _collection(library: Library, name: str) -> dict[str, Any]:
    """Return a collection without our own links."""
    value = _told(library, name)
    return {**value, "extent": _complete(library, name, value.get("extent"))}


def _told(library: Library, name: str) -> dict[str, Any]:
    """Return a collection without what takes long: what its items span."""
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
    """Compute what the items of a collection span.

    Of a collection of more than ``MOST_SPANNED`` items only the time is computed.
    """
    return once(library, ("extent", name), lambda: _span_of(library, name))


def _span_of(library: Library, name: str) -> Extent:
    iris = shelves(library).get(name, ())
    if name == BARE and not iris:
        which = f"?product a dafab:Product . {NO_ENTRY}"
    elif name == LOOSE and not iris:
        which = (
            "?item a dafab:CatalogItem ; dafab:describes ?product . "
            "FILTER NOT EXISTS { ?item dafab:inCollection ?none }"
        )
    else:
        among = ", ".join(f"<{one}>" for one in iris)
        which = "?item dafab:inCollection ?in ; dafab:describes ?product . "
        which += f"FILTER(?in IN ({among}))"
        if len(iris) == 1 and listing(library, iris):  # the index knows the order of these
            which = f"?product dafab:listedIn <{iris[0]}> ."
    some = rows(library, f"SELECT ?product {{ {which} }} LIMIT {MOST_SPANNED + 1}")
    box = _box(library, which) if len(some) <= MOST_SPANNED else None
    return Extent(box, *_interval(library, which))


def _box(library: Library, which: str) -> tuple[float, float, float, float] | None:
    query = (
        "SELECT (MIN(?w) AS ?west) (MIN(?s) AS ?south) (MAX(?e) AS ?east) (MAX(?n) AS ?north) "
        f"{{ {which} ?product dafab:west ?w ; dafab:south ?s ; dafab:east ?e ; dafab:north ?n }}"
    )
    (corners,) = rows(library, query)
    if None in corners:
        return None
    low, bottom, high, top = (float(text(one)) for one in corners)
    # of items on both sides of the antimeridian the whole circle is said
    return (low, bottom, high, top) if low <= high else _WORLD


def _interval(library: Library, which: str) -> tuple[str | None, str | None]:
    """Return the first and the last time, each found in the order that the index has."""

    def end(names: tuple[str, ...], way: str) -> str | None:
        found = []
        for name in names:
            pattern = f"{which} ?product dafab:{name} ?time"
            query = f"SELECT ?time {{ {pattern} }} ORDER BY {way}(?time) LIMIT 1"
            found += [text(row[0]) for row in rows(library, query)]
        chosen = min if way == "ASC" else max
        return chosen(found, key=_moment, default=None)

    return end(("datetime", "sensingStart"), "ASC"), end(("datetime", "sensingStop"), "DESC")


def _moment(text: str) -> datetime:
    return moment(text) or datetime.min.replace(tzinfo=UTC)


def _extent_json(extent: Extent) -> dict[str, Any]:
    return {
        "spatial": {"bbox": [list(extent.box or _WORLD)]},
        "temporal": {"interval": [[extent.start, extent.end]]},
    }
