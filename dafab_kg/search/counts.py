"""How many of the items that a search finds have what: the facets beside a list of results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from dafab_kg.search.inferred import TYPES
from dafab_kg.search.library import Library, once
from dafab_kg.search.matched import CLOUDS, Matched, matched, read_matched
from dafab_kg.search.told import QUERIES, values_listed
from dafab_kg.search.tree import Search

CLOUD_ENDS: Final = ((0, 5), (5, 20), (20, 50), (50, None))
"""Ranges of cloud cover, per cent: from the first number on, below the second."""
MOST_READ: Final = 700
"""How many items that a filter finds are read to be counted: a page waits for it."""
MOST_TOLD: Final = 20_000
"""Of how many items the graph is asked what it tells of each."""
MOST_YEARS: Final = 60
SCENES: Final = tuple(
    f"dafab:{name}"
    for name in (
        *("SourceProduct", "AIProduct", "WaterProduct", "AgricultureProduct", "CloudFreeScene"),
        *("FieldImage", "AgriculturalScene", "FloodImage", "FloodScene", "SevereFloodScene"),
        *("DroughtImage", "DroughtScene", "NormalScene", "SupersededProduct"),
    )
)
"""Classes that are counted one by one where there are many items."""

Counts = Mapping[str, int | None]
"""Numbers by value; None where that is not counted."""


@dataclass(frozen=True)
class Facets:
    """``total`` is the number of items, None where a filter finds more than are read for that.

    ``counts`` are numbers by value by facet; a facet of which numbers are not told within
    bounds is not there.  ``times`` are numbers by year, or by month (``2022-09``) where all are
    of one year.
    """

    total: int | None
    counts: Mapping[str, Counts]
    times: Mapping[str, int]


def facets(library: Library, search: Search) -> Facets:
    """Count what is found by each facet."""
    search = replace(search, sort=(), after=None, limit=1, count=False)
    key = "facets", search.filter, search.collections, search.ids
    return once(library, key, lambda: _facets(library, search))


def _facets(library: Library, search: Search) -> Facets:
    found: Matched | None
    if search.filter is None:
        found = matched(library, search)
    else:
        found = read_matched(library, search, MOST_READ)
    if found is None:
        return Facets(None, {}, {})
    total = found.total()
    if not total:
        return Facets(0, {}, {})
    counts: dict[str, Counts] = {
        "collection": found.collections(),
        "cloud": {
            f"{low}-{'' if high is None else high}": number
            for low, high in CLOUD_ENDS
            if (number := found.within(CLOUDS, low, high))
        },
    }
    if total <= MOST_TOLD:
        counts |= {name: found.told(name) for name in (TYPES, *QUERIES)}
    else:
        counts[TYPES] = found.of_classes(SCENES)
        counts |= {name: dict.fromkeys(values_listed(library, name)) for name in QUERIES}
    return Facets(total, {name: told for name, told in counts.items() if told}, _times(found))


def _times(found: Matched) -> dict[str, int]:
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
) -> dict[str, int]:
    return {name: found.between(*ends(name)) for name in names}


def _year(name: str) -> tuple[datetime, datetime]:
    year = int(name)
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)


def _month(name: str) -> tuple[datetime, datetime]:
    year, month = map(int, name.split("-"))
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return datetime(year, month, 1, tzinfo=UTC), following
