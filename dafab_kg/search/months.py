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

from dafab_kg.search.compile import stamp
from dafab_kg.search.entries import Entry
from dafab_kg.search.library import Library, iri, once, quoted, rows, text
from dafab_kg.search.links import GEOJSON, address_of, catalog, link
from dafab_kg.search.matched_by_graph import ByGraph
from dafab_kg.search.sources import entry_in, sources_of
from dafab_kg.search.tree import And, Search

NAME: Final = "month"
UNDATED: Final = "undated"
MOST_LINKED: Final = 1_000
"""Most items that one catalogue links; the others are below the next one."""
_NO_TIME: Final = "FILTER NOT EXISTS { ?product dafab:datetime ?none }"


@dataclass(frozen=True)
class Part:
    """Items of a month; ``following`` names the place after which the next part begins."""

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
    """Return the items of a month by time, then id; None: there is no such month, or place."""
    if month not in months_of(library, collection):
        return None
    try:
        where, last = _wanted(month, after)
    except ValueError:
        return None
    found: dict[str, tuple[tuple[str, str, str], Entry]] = {}
    for source in sources_of(library, _search(collection)):
        left_out = source.hidden(library)
        order = f"ASC(?id) ASC({source.thing})"
        order = f"ASC(?time) {order}" if month != UNDATED else order
        time = "?time" if month != UNDATED else "?id"
        query = (
            f"SELECT {source.item} ?product ?id ({time} AS ?key) {{ {source.pattern} {where} }} "
            f"ORDER BY {order} LIMIT {MOST_LINKED + 1 + len(left_out)}"
        )
        for row in rows(library, query):
            if iri(row[0]) not in left_out:
                entry = entry_in(library, row)
                found[entry.iri] = ((_key(text(row[3]), month), entry.id, entry.iri), entry)
    ordered = sorted(one for one in found.values() if not last or one[0][:2] > last)
    page = ordered[:MOST_LINKED]
    more = len(ordered) > MOST_LINKED
    return Part(tuple(entry for _, entry in page), "/".join(page[-1][0][:2]) if more else None)


def _wanted(month: str, after: str) -> tuple[str, tuple[str, str] | None]:
    """Write what holds of the items of a month, after a place that a link named.

    Raises:
        ValueError: the place is none.
    """
    time, _, last = after.partition("/")
    if month == UNDATED:
        return _NO_TIME + (f" FILTER(?id > {quoted(last)})" if after else ""), None
    number = 12 * int(month[:4]) + int(month[5:]) - 1
    start, end = _start(number), _start(number + 1)
    if after:
        start = max(start, datetime.fromisoformat(time).replace(tzinfo=UTC))
    where = (
        f"?product dafab:datetime ?time . FILTER(?time >= {stamp(start)} && ?time < {stamp(end)})"
    )
    if not after:
        return where, None
    moment = stamp(start)
    condition = f"?time > {moment} || (?time = {moment} && ?id > {quoted(last)})"
    return f"{where} FILTER({condition})", (time, last)


def _key(told: str, month: str) -> str:
    """Return a time such that texts are in its order, with all digits that a link needs."""
    if month == UNDATED:
        return ""
    found = datetime.fromisoformat(told)
    plain = found.astimezone(UTC) if found.tzinfo else found
    return plain.replace(tzinfo=None).isoformat(timespec="microseconds")


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
    above = [link("root", root), link("self", own), link("parent", own.rpartition("/catalogs/")[0])]
    return catalog(NAME, "Month", f"Items of {collection} by month.", [*above, *children])


def one_month(collection: str, month: str, part: Part, root: str, own: str) -> dict[str, Any]:
    """Return a part of a month as a STAC catalogue at the address ``own``."""
    above = month_address(root, collection)
    links = [link("root", root), link("self", own), link("parent", above)]
    places = (address_of(root, entry.collection, entry.id) for entry in part.entries)
    links += [link("item", place, GEOJSON) for place in places]
    if part.following is not None:
        more = f"{month_address(root, collection, month)}?after={quote(part.following, safe='')}"
        links.append(link("child", more, title=f"{month}, continued"))
    return catalog(month, month, f"Items of {collection}, {month}.", links)
