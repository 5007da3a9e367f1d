"""The items that a search finds, as the graph alone tells of them; see ``matched.py``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.model.names import decode
from dafab_kg.search.collections import collection_ids
from dafab_kg.search.compile import stamp
from dafab_kg.search.counting import MOST_HIDDEN, count_of
from dafab_kg.search.exact import moment
from dafab_kg.search.library import Library, iri, listed, rows, text
from dafab_kg.search.names import held
from dafab_kg.search.sources import Source, entries_of, sources_of
from dafab_kg.search.told import class_named, shown, telling_all, values_told
from dafab_kg.search.tree import Path, Search
from dafab_kg.store.protocol import Iri

MOST_NAMED: Final = 1_000
"""Up to how many items what the graph tells is asked of each by its name."""
MOST_PLACES: Final = 50_000
"""Of how many items the places are looked at."""
MOST_VALUES: Final = 10_000
"""Most values of a property that are counted."""


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
        """See :class:`~dafab_kg.search.matched.Matched`."""
        return self._count("")

    def products(self) -> int | None:
        """See :class:`~dafab_kg.search.matched.Matched`."""
        return None if self._items is None else len(self._items)

    def ends(self) -> tuple[datetime, datetime] | None:
        """See :class:`~dafab_kg.search.matched.Matched`; the order is the index's."""
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
        """See :class:`~dafab_kg.search.matched.Matched`."""
        return self._count(
            "?product dafab:datetime ?when . "
            f"FILTER(?when >= {stamp(low)} && ?when < {stamp(high)})"
        )

    def within(self, path: Path, low: float | None, high: float | None) -> int:
        """See :class:`~dafab_kg.search.matched.Matched`."""
        bounds = [] if low is None else [f"?number >= {low}"]
        bounds += [] if high is None else [f"?number < {high}"]
        term = self._term(path)
        return self._count(f"?product <{term}> ?number . FILTER({' && '.join(bounds) or 'true'})")

    def collections(self) -> dict[str, int]:
        """See :class:`~dafab_kg.search.matched.Matched`."""
        named = self._search.collections or collection_ids(self._library)
        found = {}
        for name in named:
            one = replace(self._search, collections=(name,))
            number = ByGraph(self._library, one, self._sure).total()
            if number:
                found[name] = number
        return found

    def values(self, path: Path) -> dict[str, int]:
        """See :class:`~dafab_kg.search.matched.Matched`."""
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
        """See :class:`~dafab_kg.search.matched.Matched`."""
        items = self._items
        if items is not None:
            return counted_of(self._library, name, items)
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
        """See :class:`~dafab_kg.search.matched.Matched`; the search index knows these numbers."""
        told = {name: self._count(f"?product a <{class_named(name)}> .") for name in names}
        return {name: number for name, number in told.items() if number}

    def places(self) -> Iterator[BaseGeometry]:
        """See :class:`~dafab_kg.search.matched.Matched`."""
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


def counted_of(library: Library, name: str, items: Counter[str]) -> dict[str, int]:
    """Count the items by what the graph tells of their products."""
    found: Counter[str] = Counter()
    for product, values in values_told(library, name, items).items():
        found.update(dict.fromkeys(values, items[product]))
    return dict(found)


def _shown(path: Path, value: Any) -> str:
    """Return a value as items have it."""
    told = decode(value.value.rsplit("/", 1)[-1]) if isinstance(value, Iri) else text(value)
    return f"MGRS-{told}" if path[-1] == "grid:code" else told
