"""How many of the items that a search finds have what: the facets beside a list of results."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final, cast

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.search.inferred import TYPES
from dafab_kg.search.library import Library, once
from dafab_kg.search.matched import CLOUDS, Matched, matched
from dafab_kg.search.told import QUERIES, values_listed
from dafab_kg.search.tree import Search

CLOUD_ENDS: Final = ((0, 5), (5, 20), (20, 50), (50, None))
"""Ranges of cloud cover, per cent: from the first number on, below the second."""
MOST_TOLD: Final = 1_000
"""Of how many items the graph is asked what it tells of each."""
MOST_YEARS: Final = 60
SECONDS: Final = 0.5
"""No facet is begun after this time; what was counted is kept, so that asked again more are told.
A time instead of a number, as what a facet costs hangs on what the products have."""
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
    of one year.  ``about``: there may be a little fewer.  ``whole``: all that can be told is.
    ``products``: how many products the items are of, None where that is not told.
    """

    total: int | None
    counts: Mapping[str, Counts]
    times: Mapping[str, int]
    about: bool = False
    whole: bool = True
    products: int | None = None


def facets(library: Library, search: Search, *, seconds: float = SECONDS) -> Facets:
    """Count what is found by each facet."""
    search = replace(search, sort=(), after=None, limit=1, count=False)
    key = "facets", search.filter, search.collections, search.ids
    until = time.monotonic() + seconds

    def find() -> tuple[Matched | None, int | None]:
        try:
            found = matched(library, search, about=True)
            return found, found.total()
        except QueryNotValid:
            return None, None

    found, total = once(library, key, find)
    if found is None or not total:
        return Facets(total, {}, {})
    told: dict[str, Counts] = {}
    whole = True
    for name, count in _each(library, found, total):
        if (*key, name) not in library.kept and time.monotonic() > until:
            whole = False
            continue
        told[name] = once(library, (*key, name), count)
    times = cast("Mapping[str, int]", told.pop("times", {}))
    counts = {n: one for n, one in told.items() if one}
    products = once(library, (*key, "products"), found.products) if total <= MOST_TOLD else None
    return Facets(total, counts, times, found.about, whole, products)


def _each(
    library: Library, found: Matched, total: int
) -> Iterator[tuple[str, Callable[[], Counts]]]:
    """Give the facets and what counts them, those first that are asked for most."""
    yield "collection", found.collections
    yield "cloud", partial(_clouds, found)
    if total <= MOST_TOLD:
        yield TYPES, partial(found.told, TYPES)
    yield "times", partial(_times, found)
    for name in QUERIES:
        if total <= MOST_TOLD:
            yield name, partial(found.told, name)
        else:
            yield name, partial(_listed, library, name)
    if total > MOST_TOLD:
        yield TYPES, partial(found.of_classes, SCENES)


def _listed(library: Library, name: str) -> Counts:
    return dict.fromkeys(values_listed(library, name))


def _clouds(found: Matched) -> Counts:
    return {
        f"{low}-{'' if high is None else high}": number
        for low, high in CLOUD_ENDS
        if (number := found.within(CLOUDS, low, high))
    }


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
