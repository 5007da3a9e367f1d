"""Items of a collection by month: a way to each item for whoever follows links alone.

Every collection has it, beside the facets of the DaFab catalogue.  A month is that of
``datetime`` in UTC, by the graph's value; ``undated`` are items without one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from dafab_kg.search.collections import hidden
from dafab_kg.search.compile import stamp
from dafab_kg.search.entries import Entry
from dafab_kg.search.library import Library, iri, once, quoted, rows
from dafab_kg.search.links import GEOJSON, address_of, link
from dafab_kg.search.matched import ByGraph
from dafab_kg.search.pages import entry_in, sources_of
from dafab_kg.search.tree import And, Search

NAME: Final = "month"
UNDATED: Final = "undated"
VERSION: Final = "1.1.0"
MOST_LINKED: Final = 1_000
"""Most items that one catalogue links; the others are below the next one."""
_NO_TIME: Final = "FILTER NOT EXISTS { ?product dafab:datetime ?none }"


@dataclass(frozen=True)
class Part:
    """Items of a month; ``following`` is the id after which the next part begins, if any does."""

    entries: tuple[Entry, ...]
    following: str | None


def months_of(library: Library, collection: str) -> tuple[str, ...]:
    """Return the months of a collection's items, as 2022-09, and ``undated`` if some have none."""
    return once(library, ("months", collection), lambda: tuple(_months(library, collection)))


def _months(library: Library, collection: str) -> Iterator[str]:
    found = ByGraph(library, _search(collection), "")
    ends = found.ends()
    dated = 0
    if ends is not None:
        first, last = (12 * one.year + one.month - 1 for one in ends)
        for month, number in _counted(found, first, last + 1):
            dated += number
            yield f"{month // 12:04d}-{month % 12 + 1:02d}"
    if found.total() > dated:
        yield UNDATED


def _counted(found: ByGraph, first: int, end: int) -> Iterator[tuple[int, int]]:
    """Count by month: a stretch of time without items is looked at as a whole."""
    number = found.between(_start(first), _start(end))
    if not number:
        return
    if end - first == 1:
        yield first, number
        return
    middle = (first + end) // 2
    yield from _counted(found, first, middle)
    yield from _counted(found, middle, end)


def items_of_month(library: Library, collection: str, month: str, after: str = "") -> Part | None:
    """Return the items of a month in the order of their ids; None: there is no such month."""
    if month not in months_of(library, collection):
        return None
    where = _NO_TIME
    if month != UNDATED:
        number = 12 * int(month[:4]) + int(month[5:]) - 1
        start, end = _start(number), _start(number + 1)
        where = (
            "?product dafab:datetime ?time . "
            f"FILTER(?time >= {stamp(start)} && ?time < {stamp(end)})"
        )
    if after:
        where += f" FILTER(?id > {quoted(after)})"
    found: dict[str, Entry] = {}
    for source in sources_of(library, _search(collection)):
        item = "(?product AS ?item)" if source.bare else "?item"
        left_out = frozenset() if source.bare else hidden(library)
        most = MOST_LINKED + 1 + len(left_out)
        query = (
            f"SELECT DISTINCT {item} ?product ?id {{ {source.pattern} {where} }} "
            f"ORDER BY ?id LIMIT {most}"
        )
        for row in rows(library, query):
            if iri(row[0]) not in left_out:
                entry = entry_in(library, row)
                found[entry.iri] = entry
    ordered = sorted(found.values(), key=lambda one: (one.id, one.iri))
    page = tuple(ordered[:MOST_LINKED])
    return Part(page, page[-1].id if len(ordered) > MOST_LINKED else None)


def _search(collection: str) -> Search:
    return Search(collections=(collection,), filter=And(()))


def _start(month: int) -> datetime:
    year, number = divmod(month, 12)
    return datetime(min(year, 9999), number + 1, 1, tzinfo=UTC)


# as STAC catalogues


def month_address(root: str, collection: str, month: str = "") -> str:
    """Return where the months of a collection, or one of them, are below ``root``."""
    place = f"{root}/collections/{quote(collection, safe='')}/catalogs/{NAME}"
    return f"{place}/{month}" if month else place


def month_catalog(library: Library, collection: str, root: str) -> dict[str, Any]:
    """Return the months of a collection as a STAC catalogue."""
    own = month_address(root, collection)
    children = [
        link("child", month_address(root, collection, month), title=month)
        for month in months_of(library, collection)
    ]
    return {
        "type": "Catalog",
        "stac_version": VERSION,
        "id": NAME,
        "title": "Month",
        "description": f"Items of {collection} by month.",
        "links": [
            link("root", root),
            link("self", own),
            link("parent", own.rpartition("/catalogs/")[0]),
            *children,
        ],
    }


def one_month(collection: str, month: str, part: Part, root: str, own: str) -> dict[str, Any]:
    """Return a part of a month as a STAC catalogue at the address ``own``."""
    above = month_address(root, collection)
    links = [link("root", root), link("self", own), link("parent", above)]
    places = (address_of(root, entry.collection, entry.id) for entry in part.entries)
    links += [link("item", place, GEOJSON) for place in places]
    if part.following is not None:
        more = f"{month_address(root, collection, month)}?after={quote(part.following, safe='')}"
        links.append(link("child", more, title=f"{month}, continued"))
    return {
        "type": "Catalog",
        "stac_version": VERSION,
        "id": month,
        "title": month,
        "description": f"Items of {collection}, {month}.",
        "links": links,
    }
