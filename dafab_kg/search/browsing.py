"""Catalogues below collections: facets and months, with links to each item (STAC)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson

from dafab_kg.model.errors import ThingNotFound
from dafab_kg.search.collections import collection_ids
from dafab_kg.search.facets import (
    Facet,
    facet_address,
    facet_catalog,
    facets_of,
    placed,
    value_catalog,
    value_names,
)
from dafab_kg.search.library import Library
from dafab_kg.search.links import address_of, link
from dafab_kg.search.months import (
    MOST_LINKED,
    NAME,
    Part,
    items_of_month,
    month_address,
    month_catalog,
    one_month,
)


def catalogs_of(library: Library, collection: str, root: str) -> tuple[bytes, ...]:
    """Return the catalogues right below a collection as JSON.

    Raises:
        ThingNotFound: there is no such collection.
    """
    _require(library, collection)
    found = [facet_catalog(library, one, root) for one in facets_of(library, collection)]
    return tuple(map(orjson.dumps, (*found, month_catalog(library, collection, root))))


def find_catalog(
    library: Library, collection: str, name: str, value: str, after: str, root: str
) -> bytes:
    """Return a catalogue below a collection as JSON: a facet, or one of its values.

    ``after`` is the id of the last item that a catalogue before it linked.

    Raises:
        ThingNotFound: there is none.
    """
    _require(library, collection)
    facet = next((one for one in facets_of(library, collection) if one.name == name), None)
    if facet is not None and not value:
        return orjson.dumps(facet_catalog(library, facet, root))
    if facet is not None and value in value_names(library, facet):
        return orjson.dumps(_value(library, facet, value, after, root))
    if name == NAME and not value:
        return orjson.dumps(month_catalog(library, collection, root))
    part = items_of_month(library, collection, value, after) if name == NAME else None
    if part is None:
        raise ThingNotFound(
            f"The collection {collection[:80]!r} has no catalogue {name[:80]!r}"
            + (f" with a value {value[:80]!r}" if value else "")
        )
    own = month_address(root, collection, value) + _continued(after)
    return orjson.dumps(one_month(collection, value, part, root, own))


def children_links(library: Library, collection: str, root: str) -> list[dict[str, Any]]:
    """Return the links from a collection to the catalogues below it."""
    facets = (
        link("child", facet_address(root, one), title=one.title)
        for one in facets_of(library, collection)
    )
    place = f"{root}/collections/{quote(collection, safe='')}"
    return [
        *facets,
        link("child", month_address(root, collection), title="Month"),
        link("children", f"{place}/children"),
    ]


def _value(library: Library, facet: Facet, value: str, after: str, root: str) -> dict[str, Any]:
    entries = [one for one in placed(library, facet).get(value, ()) if one.id > after]
    part = Part(tuple(entries[:MOST_LINKED]), None)
    found = value_catalog(
        facet, value, root, (address_of(root, one.collection, one.id) for one in part.entries)
    )
    if after:
        own = facet_address(root, facet, value) + _continued(after)
        found["links"] = [
            {**one, "href": own} if one["rel"] == "self" else one for one in found["links"]
        ]
    if len(entries) > MOST_LINKED:
        more = facet_address(root, facet, value) + _continued(part.entries[-1].id)
        found["links"].append(link("child", more, title=f"{value}, continued"))
    return found


def _continued(after: str) -> str:
    return f"?after={quote(after, safe='')}" if after else ""


def _require(library: Library, collection: str) -> None:
    if collection not in collection_ids(library):
        raise ThingNotFound(
            f"There is no collection {collection[:80]!r} here. /stac/collections lists what is"
        )
