"""Figures of all items that a search finds: STAC API, Aggregation extension 0.3.0."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.search.grids import GRIDS, Grid
from dafab_kg.search.library import Library, once
from dafab_kg.search.matched import CLOUDS, SUN, TEXTS, Matched, matched, utc
from dafab_kg.search.tree import Path, Search

Figure = dict[str, Any]
"""An aggregation as JSON."""

INTERVALS: Final = ("year", "month", "week", "day", "hour")
RANGES: Final[tuple[float, ...]] = (0, 5, 15, 40)
"""Where the ranges of cloud cover begin, per cent."""
SUNS: Final[tuple[float, ...]] = (-90, 0, 10, 20, 30, 40, 50, 60, 70, 80)
"""Where the ranges of the sun's elevation begin, degrees."""
MOST_BUCKETS: Final = 500
CHOSEN_BUCKETS: Final = 60
"""Most intervals of time that are asked for, and that are chosen where none is."""


@dataclass(frozen=True)
class Wished:
    """How figures are to be made: ``interval`` of times ("": chosen by their span), and the
    precisions of grids by the names of their aggregations."""

    interval: str = ""
    precisions: tuple[tuple[str, int], ...] = ()

    def precision(self, name: str) -> int:
        """The precision of a grid."""
        return dict(self.precisions).get(name, GRIDS[name].precision)


@dataclass(frozen=True)
class Aggregation:
    """An aggregation: what it tells, the types that it says, and how it is made."""

    name: str
    data_type: str
    buckets: str
    make: Callable[[Matched, Wished], Figure]

    @property
    def told(self) -> dict[str, str]:
        """What the list of aggregations says of it."""
        found = {"name": self.name, "data_type": self.data_type}
        return found | ({"frequency_distribution_data_type": self.buckets} if self.buckets else {})


def aggregate(
    library: Library, search: Search, names: Sequence[str], wished: Wished
) -> tuple[Figure, ...]:
    """Return the figures of these names.

    Raises:
        QueryNotValid: a name or a wish is none that there is, or the items are too many.
    """
    for name in names:
        if name not in AGGREGATIONS:
            raise QueryNotValid(
                f"There is no aggregation {name[:80]!r}. There are: {', '.join(AGGREGATIONS)}"
            )
    if wished.interval not in ("", *INTERVALS):
        raise QueryNotValid(f"The interval is none of {', '.join(INTERVALS)}")
    for name in GRIDS:
        if not GRIDS[name].least <= wished.precision(name) <= GRIDS[name].most:
            raise QueryNotValid(
                f"The precision of {name} is not {GRIDS[name].least} to {GRIDS[name].most}"
            )
    if not names:
        return ()
    asked = search.filter, search.collections, search.ids

    @cache  # read once for all figures, and not kept longer: documents are large
    def found() -> Matched:
        return matched(library, search)

    def made(one: Aggregation) -> Figure:
        key = "aggregation", asked, one.name, wished
        return once(library, key, lambda: {**one.told, **one.make(found(), wished)})

    return tuple(made(AGGREGATIONS[name]) for name in dict.fromkeys(names))


def _total(found: Matched, wished: Wished) -> Figure:
    return {"value": found.total()}


def _first(found: Matched, wished: Wished) -> Figure:
    ends = found.ends()
    return {"value": utc(ends[0]) if ends else None}


def _last(found: Matched, wished: Wished) -> Figure:
    ends = found.ends()
    return {"value": utc(ends[1]) if ends else None}


def _times(found: Matched, wished: Wished) -> Figure:
    ends = found.ends()
    if ends is None:
        return {"buckets": [], "overflow": found.total()}
    chosen = wished.interval
    if not chosen:
        fitting = (one for one in reversed(INTERVALS) if _number(ends, one) <= CHOSEN_BUCKETS)
        chosen = next(fitting, "year")
    if _number(ends, chosen) > MOST_BUCKETS:
        raise QueryNotValid(
            f"From {utc(ends[0])} to {utc(ends[1])} there are more than {MOST_BUCKETS} intervals "
            f"of a {chosen}. Ask for a longer one, or narrow the time"
        )
    buckets, start = [], floor(ends[0], chosen)
    while start <= ends[1]:
        end = following(start, chosen)
        frequency = found.between(start, end)
        buckets.append({"key": utc(start), "data_type": "datetime", "frequency": frequency})
        start = end
    return _distribution(found, buckets) | {"interval": chosen}


def _collections(found: Matched, wished: Wished) -> Figure:
    return _terms(found, found.collections())


def _ranges(path: Path, starts: Sequence[float]) -> Callable[[Matched, Wished], Figure]:
    def make(found: Matched, wished: Wished) -> Figure:
        buckets = []
        for low, high in zip(starts, (*starts[1:], None), strict=True):
            ends = {"from": low} | ({} if high is None else {"to": high})
            key = f"{low:g}-{'*' if high is None else f'{high:g}'}"
            frequency = found.within(path, low, high)
            buckets.append({"key": key, "data_type": "numeric", "frequency": frequency, **ends})
        return _distribution(found, buckets)

    return make


def _texts(path: Path) -> Callable[[Matched, Wished], Figure]:
    def make(found: Matched, wished: Wished) -> Figure:
        return _terms(found, found.values(path))

    return make


def _grid(name: str, grid: Grid) -> Callable[[Matched, Wished], Figure]:
    def make(found: Matched, wished: Wished) -> Figure:
        counted, within = grid.counted(found.places(), wished.precision(name))
        return _terms(found, counted) | {"overflow": max(0, found.total() - within)}

    return make


def _terms(found: Matched, counted: Mapping[str, int]) -> Figure:
    ordered = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    return _distribution(
        found,
        [{"key": key, "data_type": "string", "frequency": number} for key, number in ordered],
    )


def _distribution(found: Matched, buckets: list[Figure]) -> Figure:
    counted = sum(one["frequency"] for one in buckets)
    return {"buckets": buckets, "overflow": max(0, found.total() - counted)}


# intervals of time


def floor(value: datetime, interval: str) -> datetime:
    """Return the beginning of the interval, in UTC, that a moment is in; weeks begin on Monday."""
    hour = value.replace(minute=0, second=0, microsecond=0)
    match interval:
        case "hour":
            return hour
        case "week":
            day = hour.replace(hour=0)
            return day - timedelta(days=day.weekday())
        case "month":
            return hour.replace(hour=0, day=1)
        case "year":
            return hour.replace(hour=0, day=1, month=1)
    return hour.replace(hour=0)


def following(start: datetime, interval: str) -> datetime:
    """Return where the next interval begins."""
    match interval:
        case "year":
            return start.replace(year=start.year + 1)
        case "month":
            return (start + timedelta(days=31)).replace(day=1)
        case "week":
            return start + timedelta(days=7)
        case "day":
            return start + timedelta(days=1)
    return start + timedelta(hours=1)


def _number(ends: tuple[datetime, datetime], interval: str) -> float:
    """About how many intervals there are."""
    hours = {"hour": 1, "day": 24, "week": 168, "month": 730.5, "year": 8766}[interval]
    return (ends[1] - ends[0]).total_seconds() / 3600 / hours + 1


AGGREGATIONS: Final[Mapping[str, Aggregation]] = {
    one.name: one
    for one in (
        Aggregation("total_count", "integer", "", _total),
        Aggregation("datetime_min", "datetime", "", _first),
        Aggregation("datetime_max", "datetime", "", _last),
        Aggregation("datetime_frequency", "frequency_distribution", "datetime", _times),
        Aggregation("collection_frequency", "frequency_distribution", "string", _collections),
        Aggregation(
            "cloud_cover_frequency", "frequency_distribution", "numeric", _ranges(CLOUDS, RANGES)
        ),
        Aggregation(
            "sun_elevation_frequency",
            "frequency_distribution",
            "numeric",
            _ranges(SUN, SUNS),
        ),
        *(
            Aggregation(name, "frequency_distribution", "string", _texts(path))
            for name, path in TEXTS.items()
        ),
        *(
            Aggregation(name, "frequency_distribution", "string", _grid(name, grid))
            for name, grid in GRIDS.items()
        ),
    )
}
"""All aggregations by name."""
