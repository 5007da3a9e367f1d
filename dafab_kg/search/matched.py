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

import shapely
from shapely.geometry.base import BaseGeometry

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.model.names import decode
from dafab_kg.model.plain_json import as_double
from dafab_kg.search.collections import collection_ids
from dafab_kg.search.compile import stamp
from dafab_kg.search.conditions import certain, is_whole, nearly
from dafab_kg.search.counting import MOST_HIDDEN, count_of
from dafab_kg.search.exact import at, moment, place_of_item
from dafab_kg.search.habits import Habits
from dafab_kg.search.inferred import TYPES
from dafab_kg.search.items import values_of
from dafab_kg.search.library import Library, iri, listed, rows, text
from dafab_kg.search.mentioning import with_collections
from dafab_kg.search.names import held
from dafab_kg.search.pages import candidates
from dafab_kg.search.sources import Source, entries_of, right_among, sources_of
from dafab_kg.search.told import class_named, is_told_alone, shown, telling_all, values_told
from dafab_kg.search.tree import DATETIME, And, Path, Search
from dafab_kg.store.protocol import Iri

MOST_READ: Final = 1_000
"""Up to how many candidates are read."""
MOST_READ_ABOUT: Final = 250
"""Up to how many candidates are read where figures may be those of all candidates."""
MOST_READ_AT_ONCE: Final = 500
"""Up to how many are read where somebody waits, and nothing else tells."""
MOST_READ_AT_LEAST: Final = 20_000
"""Up to how many are read where the graph alone cannot tell."""
READ_AT_ONCE: Final = 500
MOST_NAMED: Final = 1_000
"""Up to how many items what the graph tells is asked of each by its name."""
MOST_PLACES: Final = 50_000
"""Of how many items the places are looked at."""
MOST_VALUES: Final = 10_000
"""Most values of a property that are counted."""
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
        return _told_of(self.library, name, Counter(item["product"] for item in self.items))

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


class ByGraph:
    """Items of which the graph tells; ``sure`` is what holds of ?product.

    ``about``: it holds of some others, too.
    """

    def __init__(self, library: Library, search: Search, sure: str, *, about: bool = False) -> None:
        self.about = about
        self._library, self._search, self._sure = library, search, sure
        self._sources = tuple(filter(None, map(self._narrowed, sources_of(library, search))))

    def _narrowed(self, source: Source) -> Source | None:
        """Find once which of few products without an entry are among them; None: no one is."""
        if not (self._sure and source.bare and source.few):
            return source
        query = f"SELECT DISTINCT ?product {{ {source.pattern} {self._sure} }}"
        plain = source.is_plain(self._sure)
        found = listed(iri(row[0]) for row in rows(self._library, query, plain=plain))
        if not found:
            return None
        pattern = f"VALUES ?product {{ {found} }} ?product dafab:productId ?id ."
        return replace(source, pattern=pattern, counted=pattern)

    def total(self) -> int:
        """See :class:`Matched`."""
        return self._count("")

    def ends(self) -> tuple[datetime, datetime] | None:
        """See :class:`Matched`; the order is the index's."""
        found: list[datetime] = []
        for source in self._sources:
            for way in ("ASC", "DESC"):
                where = f"{source.pattern} {self._sure} ?product dafab:datetime ?time"
                query = f"SELECT ?time {{ {where} }} ORDER BY {way}(?time) LIMIT 1"
                plain = source.is_plain(self._sure)
                rows_found = rows(self._library, query, plain=plain)
                told = (moment(text(row[0])) for row in rows_found)
                found += [one for one in told if one is not None]
        return (min(found), max(found)) if found else None

    def between(self, low: datetime, high: datetime) -> int:
        """See :class:`Matched`."""
        return self._count(
            "?product dafab:datetime ?when . "
            f"FILTER(?when >= {stamp(low)} && ?when < {stamp(high)})"
        )

    def within(self, path: Path, low: float | None, high: float | None) -> int:
        """See :class:`Matched`."""
        bounds = [] if low is None else [f"?number >= {low}"]
        bounds += [] if high is None else [f"?number < {high}"]
        term = self._term(path)
        return self._count(f"?product <{term}> ?number . FILTER({' && '.join(bounds) or 'true'})")

    def collections(self) -> dict[str, int]:
        """See :class:`Matched`."""
        named = self._search.collections or collection_ids(self._library)
        found = {}
        for name in named:
            one = replace(self._search, collections=(name,))
            number = ByGraph(self._library, one, self._sure).total()
            if number:
                found[name] = number
        return found

    def values(self, path: Path) -> dict[str, int]:
        """See :class:`Matched`."""
        found: Counter[str] = Counter()
        term = self._term(path)
        for source in self._sources:
            left_out = sorted(source.hidden(self._library))
            if source.listed and not left_out and not self._sure:
                # as many products as items, and each of them is told by fewer statements
                for collection in source.listed:
                    query = (
                        "SELECT ?value (COUNT(?product) AS ?n) { ?product dafab:listedIn "
                        f"<{collection}> ; <{term}> ?value }} GROUP BY ?value LIMIT {MOST_VALUES}"
                    )
                    for value, number in rows(self._library, query):
                        found[_shown(path, value)] += int(text(number))
                continue
            found.update(self._values(source, path, term))
            for start in range(0, len(left_out), MOST_HIDDEN):
                some = f"VALUES ?item {{ {listed(left_out[start : start + MOST_HIDDEN])} }} "
                found.subtract(self._values(source, path, term, some))
        return {value: number for value, number in found.items() if number > 0}

    def _values(self, source: Source, path: Path, term: str, some: str = "") -> Counter[str]:
        query = (
            f"SELECT ?value (COUNT(DISTINCT {source.thing}) AS ?n) "
            f"{{ {some}{source.pattern} {self._sure} ?product <{term}> ?value }} "
            f"GROUP BY ?value LIMIT {MOST_VALUES}"
        )
        found: Counter[str] = Counter()
        for value, number in rows(self._library, query, plain=source.is_plain(self._sure)):
            found[_shown(path, value)] += int(text(number))
        return found

    def told(self, name: str) -> dict[str, int]:
        """See :class:`Matched`."""
        items = self._items
        if items is not None:
            return _told_of(self._library, name, items)
        found: Counter[str] = Counter()
        for source in self._sources:
            given = f"{source.pattern} {self._sure}"
            query = (
                f"SELECT ?value (COUNT(DISTINCT {source.thing}) AS ?n) {telling_all(name, given)} "
                f"GROUP BY ?value LIMIT {MOST_VALUES}"
            )
            left_out = sorted(source.hidden(self._library))
            for value, number in rows(self._library, query):
                found[shown(name, value)] += int(text(number))
            for start in range(0, len(left_out), MOST_HIDDEN):
                some = f"VALUES ?item {{ {listed(left_out[start : start + MOST_HIDDEN])} }} "
                query = (
                    f"SELECT ?value (COUNT(DISTINCT {source.thing}) AS ?n) "
                    f"{telling_all(name, some + given)} GROUP BY ?value LIMIT {MOST_VALUES}"
                )
                for value, number in rows(self._library, query):
                    found[shown(name, value)] -= int(text(number))
        return {value: number for value, number in found.items() if value and number > 0}

    @cached_property
    def _items(self) -> Counter[str] | None:
        """How many items of each product there are; None: they are too many to be named."""
        found: Counter[str] = Counter()
        for source in self._sources:
            left = MOST_NAMED - found.total()
            told = entries_of(self._library, source, self._sure, left)
            if told is None:
                return None
            left_out = source.hidden(self._library)
            found.update(one.product for one in told if one.iri not in left_out)
        return found

    def of_classes(self, names: Sequence[str]) -> dict[str, int]:
        """See :class:`Matched`; the search index knows these numbers."""
        told = {name: self._count(f"?product a <{class_named(name)}> .") for name in names}
        return {name: number for name, number in told.items() if number}

    def places(self) -> Iterator[BaseGeometry]:
        """See :class:`Matched`."""
        if self.total() > MOST_PLACES:
            raise QueryNotValid(
                f"There are more than {MOST_PLACES} items, too many to look where each is. "
                "Narrow the search by place, time or collection"
            )
        for source in self._sources:
            query = (
                f"SELECT DISTINCT {source.thing} ?shape {{ {source.pattern} {self._sure} "
                f"?product geo:hasGeometry ?place . ?place geo:asWKT ?shape }}"
            )
            told = rows(self._library, query)
            left_out = source.hidden(self._library)
            for row in told:
                if iri(row[0]) not in left_out:
                    yield shapely.from_wkt(text(row[1]))

    def _count(self, given: str) -> int:
        return sum(
            count_of(self._library, source, f"{self._sure} {given}".strip())
            for source in self._sources
        )

    def _term(self, path: Path) -> str:
        terms = held(path, self._library.names.base) or ()
        return terms[0].iri if terms else ""


def _told_of(library: Library, name: str, items: Counter[str]) -> dict[str, int]:
    """Count the items by what the graph tells of their products."""
    found: Counter[str] = Counter()
    for product, values in values_told(library, name, items).items():
        found.update(dict.fromkeys(values, items[product]))
    return dict(found)


def _shown(path: Path, value: Any) -> str:
    """Return a value as items have it."""
    told = decode(value.value.rsplit("/", 1)[-1]) if isinstance(value, Iri) else text(value)
    return f"MGRS-{told}" if path[-1] == "grid:code" else told


def utc(value: datetime) -> str:
    """Write a moment as STAC does."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
