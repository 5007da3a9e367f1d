"""The items that a search finds, as a whole: how many have what, told without listing them.

Few are read, and their documents tell (:class:`ByDocuments`).  Of many the graph tells, where
it knows for sure which they are (:class:`ByGraph`); then values are the graph's, as in orders.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, Protocol

from shapely.geometry.base import BaseGeometry

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.model.plain_json import as_double
from dafab_kg.search.conditions import certain, is_whole, nearly
from dafab_kg.search.exact import at, moment, place_of_item
from dafab_kg.search.habits import Habits
from dafab_kg.search.inferred import TYPES
from dafab_kg.search.items import values_of
from dafab_kg.search.library import Library
from dafab_kg.search.matched_by_graph import ByGraph, counted_of
from dafab_kg.search.mentioning import with_collections
from dafab_kg.search.pages import candidates
from dafab_kg.search.sources import entries_of, right_among, sources_of
from dafab_kg.search.told import is_told_alone
from dafab_kg.search.tree import DATETIME, And, Path, Search

MOST_READ: Final = 1_000
"""Up to how many candidates are read."""
MOST_READ_ABOUT: Final = 250
"""Up to how many candidates are read where figures may be those of all candidates."""
MOST_READ_AT_ONCE: Final = 500
"""Up to how many are read where somebody waits, and nothing else tells."""
MOST_READ_AT_LEAST: Final = 20_000
"""Up to how many are read where the graph alone cannot tell."""
READ_AT_ONCE: Final = 500
CLOUDS: Final[Path] = ("properties", "eo:cloud_cover")
SUN: Final[Path] = ("properties", "view:sun_elevation")
TEXTS: Final[Mapping[str, Path]] = {
    "platform_frequency": ("properties", "platform"),
    "processing_level_frequency": ("properties", "processing:level"),
    "grid_code_frequency": ("properties", "grid:code"),
}
NEEDED: Final = tuple(str(path[-1]) for path in (DATETIME, CLOUDS, SUN, *TEXTS.values()))
"""Properties of which there are figures."""


class Matched(Protocol):
    """What can be asked of the items that were found."""

    @property
    def about(self) -> bool:
        """Whether there may be a little fewer."""

    def total(self) -> int:
        """How many there are."""

    def products(self) -> int | None:
        """How many products they are of; None: they are too many to be looked at."""

    def ends(self) -> tuple[datetime, datetime] | None:
        """The first and the last of their times (``datetime``)."""

    def between(self, low: datetime, high: datetime) -> int:
        """How many have a time from ``low`` on, before ``high``."""

    def within(self, path: Path, low: float | None, high: float | None) -> int:
        """How many have a number from ``low`` on, below ``high``."""

    def collections(self) -> dict[str, int]:
        """How many are in each collection."""

    def values(self, path: Path) -> dict[str, int]:
        """How many have each value, a text."""

    def told(self, name: str) -> dict[str, int]:
        """How many have each value of what the graph alone tells (``told.py``)."""

    def of_classes(self, names: Sequence[str]) -> dict[str, int]:
        """How many are of each of some classes, by the names that filters have for them."""

    def places(self) -> Iterator[BaseGeometry]:
        """Their footprints.

        Raises:
            QueryNotValid: there are too many.
        """


def matched(library: Library, search: Search, *, about: bool = False) -> Matched:
    """Find the items of a search.

    ``about``: figures may be those of all candidates where nearly all of these fulfil the filter.

    Raises:
        QueryNotValid: they are too many for the filter.
    """
    search = replace(search, filter=with_collections(library, search.filter) or And(()))
    if about:
        return _about(library, search)
    by_graph = _by_graph(library, search)
    if by_graph is not None and search.filter == And(()) and by_graph.total() > MOST_READ:
        return by_graph
    found = _read(library, search, MOST_READ if by_graph else MOST_READ_AT_LEAST)
    if found is not None:
        return ByDocuments(library, found)
    if by_graph is None:
        raise _too_many(MOST_READ_AT_LEAST)
    return by_graph


def _about(library: Library, search: Search) -> Matched:
    """Read few items; of many take all candidates, which the search index counts alone."""
    node = search.filter
    assert node is not None
    if node == And(()):
        return ByGraph(library, search, "")
    where = nearly(node, Habits(library), library.names.base)
    if where is not None:
        rough = ByGraph(library, search, where, about=not is_told_alone(node))
        if rough.total() > MOST_READ_ABOUT:
            return rough
    found = _read(library, search, MOST_READ_AT_ONCE)
    if found is None:
        raise _too_many(MOST_READ_AT_ONCE)
    return ByDocuments(library, found)


def _too_many(most: int) -> QueryNotValid:
    return QueryNotValid(
        f"The filter leaves more than {most} items that would have to be read "
        "one by one. Narrow it by place or time, name a collection, or ask without it"
    )


def _read(library: Library, search: Search, most: int) -> list[Any] | None:
    """Return the items' JSON; None: there are more candidates than ``most``."""
    assert search.filter is not None
    compiled = candidates(library, search.filter)
    if compiled.none:
        return []
    found = []
    left = most
    for source in sources_of(library, search):
        told = entries_of(library, source, compiled.where, left)
        if told is None:
            return None
        left -= len(told)
        left_out = source.hidden(library)
        entries = [one for one in told if one.iri not in left_out]
        for start in range(0, len(entries), READ_AT_ONCE):
            some = entries[start : start + READ_AT_ONCE]
            values = values_of(library, some)
            right = right_among(library, search.filter, some, values)
            products = {one.iri: one.product for one in some}
            found += [
                _needed(value, products[name]) for name, value in values.items() if name in right
            ]
    return found


def _needed(item: Any, product: str) -> Any:
    """Return what figures are made of: whole items would take a hundred times the memory."""
    properties = item.get("properties")
    told = properties if isinstance(properties, dict) else {}
    return {
        "product": product,
        "collection": item["collection"],
        "properties": {name: told[name] for name in NEEDED if name in told},
        **{name: item[name] for name in ("geometry", "bbox") if name in item},
    }


def _by_graph(library: Library, search: Search) -> ByGraph | None:
    assert search.filter is not None
    habits = Habits(library)
    if search.filter == And(()):
        return ByGraph(library, search, "")
    sure = certain(search.filter, habits)
    if sure is None or not is_whole(search.filter, habits):
        return None
    return ByGraph(library, search, sure)


@dataclass(frozen=True)
class ByDocuments:
    """Items that were read."""

    library: Library
    items: Sequence[Any]
    about = False

    def total(self) -> int:
        """See :class:`Matched`."""
        return len(self.items)

    def products(self) -> int:
        """See :class:`Matched`."""
        return len({item["product"] for item in self.items})

    @cached_property
    def _times(self) -> list[datetime]:
        told = (moment(at(item, DATETIME)) for item in self.items)
        return [one for one in told if one is not None]

    def ends(self) -> tuple[datetime, datetime] | None:
        """See :class:`Matched`."""
        return (min(self._times), max(self._times)) if self._times else None

    def between(self, low: datetime, high: datetime) -> int:
        """See :class:`Matched`."""
        return sum(low <= one < high for one in self._times)

    def within(self, path: Path, low: float | None, high: float | None) -> int:
        """See :class:`Matched`."""
        told = (at(item, path) for item in self.items)
        numbers = (
            as_double(one)
            for one in told
            if isinstance(one, int | float | Decimal) and not isinstance(one, bool)
        )
        return sum((low is None or low <= n) and (high is None or n < high) for n in numbers)

    def collections(self) -> dict[str, int]:
        """See :class:`Matched`."""
        return dict(Counter(item["collection"] for item in self.items))

    def values(self, path: Path) -> dict[str, int]:
        """See :class:`Matched`."""
        told = (at(item, path) for item in self.items)
        return dict(Counter(one for one in told if isinstance(one, str)))

    def told(self, name: str) -> dict[str, int]:
        """See :class:`Matched`."""
        return counted_of(self.library, name, Counter(item["product"] for item in self.items))

    def of_classes(self, names: Sequence[str]) -> dict[str, int]:
        """See :class:`Matched`."""
        told = self.told(TYPES)
        return {name: told[name] for name in names if name in told}

    def places(self) -> Iterator[BaseGeometry]:
        """See :class:`Matched`."""
        for item in self.items:
            place = place_of_item(item)
            if place is not None:
                yield place


def utc(value: datetime) -> str:
    """Write a moment as STAC does."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
