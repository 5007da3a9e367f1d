"""How many of the items that a search finds have what: the facets beside a list of results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.search.inferred import TYPES
from dafab_kg.search.library import Library, once
from dafab_kg.search.matched import CLOUDS, Matched, matched
from dafab_kg.search.told import QUERIES
from dafab_kg.search.tree import Path, Search

CLOUD_ENDS: Final = ((0, 5), (5, 20), (20, 50), (50, None))
"""Ranges of cloud cover, per cent: from the first number on, below the second."""
MOST_TOLD: Final = 20_000
"""Of how many items the graph is asked what it tells of each."""
MOST_YEARS: Final = 60
PLATFORM: Final[Path] = ("properties", "platform")

Counts = Mapping[str, int]


@dataclass(frozen=True)
class Facets:
    """``total`` is the number of items, None where they are too many for the filter to count.

    ``counts`` are numbers by value by facet; a facet of which numbers are not told within
    bounds is not there.  ``times`` are numbers by year, or by month (``2022-09``) where all are
    of one year.
    """

    total: int | None
    counts: Mapping[str, Counts]
    times: Counts


def facets(library: Library, search: Search) -> Facets:
    """Count what is found by each facet."""
    search = replace(search, sort=(), after=None, limit=1)
    key = "facets", search.filter, search.collections, search.ids
    return once(library, key, lambda: _facets(library, search))


def _facets(library: Library, search: Search) -> Facets:
    try:
        found = matched(library, search)
        total = found.total()
    except QueryNotValid:
        return Facets(None, {}, {})
    if not total:
        return Facets(0, {}, {})
    counts = {
        "collection": found.collections(),
        "cloud": {
            f"{low}-{'' if high is None else high}": number
            for low, high in CLOUD_ENDS
            if (number := found.within(CLOUDS, low, high))
        },
        "platform": found.values(PLATFORM),
    }
    if total <= MOST_TOLD:
        counts |= {name: found.told(name) for name in (TYPES, *QUERIES)}
    return Facets(total, {name: told for name, told in counts.items() if told}, _times(found))


def _times(found: Matched) -> Counts:
    """Numbers by year; by month where there is one year alone."""
    ends = found.ends()
    if ends is None:
        return {}
    first, last = (one.astimezone(UTC) for one in ends)
    if last.year - first.year >= MOST_YEARS:
        return {}
    if first.year == last.year:
        return _numbers(found, [f"{first.year}-{month:02}" for month in range(1, 13)], _month)
    return _numbers(found, [str(year) for year in range(first.year, last.year + 1)], _year)


def _numbers(
    found: Matched, names: list[str], ends: Callable[[str], tuple[datetime, datetime]]
) -> Counts:
    return {name: found.between(*ends(name)) for name in names}


def _year(name: str) -> tuple[datetime, datetime]:
    year = int(name)
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)


def _month(name: str) -> tuple[datetime, datetime]:
    year, month = map(int, name.split("-"))
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return datetime(year, month, 1, tzinfo=UTC), following
