"""A part of the index: rows laid out for searching, in one file that never changes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from geoindex_rs import rtree  # type: ignore[attr-defined]
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dafab_kg.spatial.index.block import Block, Column, Keywords, Places, Shapes
from dafab_kg.spatial.index.container import Container, write_container
from dafab_kg.spatial.index.flags import EXACT, LOOSE, NEAR, ODD
from dafab_kg.spatial.index.ordered import NONE, Rows, Sorted, distinct, member, rising
from dafab_kg.spatial.index.texts import Arrays, Texts
from dafab_kg.spatial.lookup import (
    Constraint,
    Has,
    Interval,
    Near,
    OneOfTerms,
    Wanted,
    Within,
    WithinTexts,
)

EXACT_UP_TO = 20_000
"""Places that are compared by true geometry; of more, boxes have to do."""
_QUOTE, _BACKSLASH = ord('"'), ord("\\")
METRES_OF_A_DEGREE = 110_000.0  # of latitude, less than anywhere on the ellipsoid


@dataclass(frozen=True)
class Sure:
    """What is sure of things found: that they fulfil a wish, and that each was compared with
    a place by the one geometry that it has."""

    exact: bool
    alone: bool

    def __and__(self, other: Sure) -> Sure:
        return Sure(self.exact and other.exact, self.alone and other.alone)


SURE = Sure(True, True)


def write_segment(file: Path, block: Block) -> None:
    """Lay out a block for searching, and write it."""
    arrays: Arrays = {**block.things.arrays("things")}
    arrays.update(_keywords(block.classes, "classes", len(block)))
    places, shapes = block.places, block.places.shapes
    tree_bytes = b""
    if len(shapes.boxes):
        tree = rtree.RTreeBuilder(len(shapes.boxes))
        tree.add(*np.ascontiguousarray(shapes.boxes.T))
        tree_bytes = bytes(memoryview(tree.finish()))
    arrays.update(
        {
            "places.rows": places.rows,
            "places.flags": shapes.flags,
            "places.boxes": shapes.boxes.reshape(-1),
            "places.box_of": shapes.box_of,
            "places.tree": np.frombuffer(tree_bytes, np.uint8),
            **shapes.wkb.arrays("places.wkb"),
        }
    )
    columns, keywords = sorted(block.columns), sorted(block.keywords)
    for number, name in enumerate(columns):
        column = block.columns[name]
        arrays.update(_column(column, f"column{number}"))
    for number, name in enumerate(keywords):
        arrays.update(_keywords(block.keywords[name], f"keyword{number}", len(block)))
    about = {"columns": columns, "keywords": keywords, "things": len(block)}
    write_container(file, arrays, about)


def _column(column: Column, name: str) -> Arrays:
    usual = np.flatnonzero(column.flags <= NEAR)
    order = usual[np.argsort(column.values[usual], kind="stable")]
    return {
        f"{name}.rows": column.rows,
        f"{name}.values": column.values,
        f"{name}.flags": column.flags,
        f"{name}.sorted": column.values[order],
        f"{name}.by_value": column.rows[order],
        f"{name}.loose": distinct(column.rows[column.flags == LOOSE]),
        # one value each, and all of them as the graph compares them
        f"{name}.plain": np.array(
            [rising(column.rows), bool((column.flags == EXACT).all())], np.uint8
        ),
    }


def _keywords(keywords: Keywords, name: str, size: int) -> Arrays:
    order = np.lexsort((keywords.rows, keywords.codes))
    starts = np.searchsorted(keywords.codes[order], np.arange(len(keywords.terms) + 1))
    return {
        **keywords.terms.arrays(f"{name}.terms"),
        f"{name}.rows": keywords.rows,
        f"{name}.codes": keywords.codes,
        f"{name}.of_term": keywords.rows[order],
        f"{name}.starts": starts.astype(np.int64),
        f"{name}.plain": np.array([_in_order(keywords.terms)], np.uint8),
    }


def _in_order(terms: Texts) -> bool:
    """Whether terms, sorted as they are written, are plain texts in the order of these.

    A quote ends a text, so nothing that sorts before it may be within, and no escape.
    """
    if not len(terms):
        return True
    first, last = terms.data[terms.offsets[:-1]], terms.data[terms.offsets[1:] - 1]
    if (first != _QUOTE).any() or (last != _QUOTE).any():
        return False
    low = np.count_nonzero(terms.data <= _QUOTE)
    return low == 2 * len(terms) and not (terms.data == _BACKSLASH).any()


class NumberColumn:
    """A column of numbers or times of one segment."""

    def __init__(self, container: Container, name: str) -> None:
        self.rows: Rows = container[f"{name}.rows"]
        self.entries = Sorted(self.rows)
        self.values: NDArray[Any] = container[f"{name}.values"]
        self.flags: NDArray[np.uint8] = container[f"{name}.flags"]
        self.sorted: NDArray[Any] = container[f"{name}.sorted"]
        self.by_value: Rows = container[f"{name}.by_value"]
        self.loose: Rows = container[f"{name}.loose"]
        single, exact = container[f"{name}.plain"]
        self.single, self.exact = bool(single), bool(exact)

    def span(self, interval: Interval) -> tuple[int, int]:
        """The stretch of the sorted values that may lie within; bounds are widened by
        rounding unless all values are exact."""
        low, high = interval.low, interval.high
        left, right = 0, len(self.sorted)
        if low is not None:
            closed = not (self.exact and interval.low_open)
            left = int(np.searchsorted(self.sorted, self._bound(low, -1), _side(closed)))
        if high is not None:
            closed = not (self.exact and interval.high_open)
            right = int(np.searchsorted(self.sorted, self._bound(high, 1), _side(not closed)))
        return left, max(left, right)

    @property
    def ranked(self) -> int:
        """How many of ``by_value`` there are."""
        return len(self.sorted)

    def value_at(self, place: int) -> Any:
        """The value that stands at a place of ``by_value``."""
        return self.sorted[place]

    def run(self, value: Any) -> tuple[int, int]:
        """The stretch of ``by_value`` with one value."""
        left, right = (np.searchsorted(self.sorted, value, side) for side in ("left", "right"))
        return int(left), int(right)

    def comparable(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values as they compare with those of other segments."""
        return values

    def stretch(self, value: Constraint) -> tuple[int, int]:
        """The stretch of ``by_value`` that a constraint leaves over."""
        return self.span(value.interval) if isinstance(value, Within) else (0, self.ranked)

    def values_of(self, rows: NDArray[Any]) -> NDArray[Any]:
        """All values that some rows have."""
        values: NDArray[Any] = self.values[self.entries.places(rows)[0]]
        return values

    def _bound(self, value: float, way: int) -> Any:
        bound = self.sorted.dtype.type(_limited(value, self.sorted.dtype))
        if self.exact:
            return bound
        if self.sorted.dtype.kind == "i":
            return bound + way
        return np.nextafter(bound, np.inf * way)

    def fulfil(self, rows: Rows, interval: Interval) -> NDArray[np.bool_]:
        """Tell which of ``rows`` may have a value within."""
        left, right = self.span(interval)
        low = self.sorted[left] if left < len(self.sorted) else None
        if left >= right:
            return member(rows, self.loose)
        high = self.sorted[right - 1]

        def inside(entries: NDArray[np.int64]) -> NDArray[np.bool_]:
            values = self.values[entries]
            fit: NDArray[np.bool_] = (values >= low) & (values <= high)
            if not self.exact:
                flags = self.flags[entries]
                fit &= flags != ODD
                fit |= flags == LOOSE
            return fit

        return some_entry(self.entries, rows, inside)


def _side(left: bool) -> Any:
    return "left" if left else "right"


def _limited(value: float, dtype: np.dtype[Any]) -> float | int:
    if dtype.kind != "i":
        return value
    bounds = np.iinfo(dtype)
    if value != value:
        return 0
    return int(min(max(value, bounds.min + 1), bounds.max - 1))


class KeywordColumn:
    """A column of terms of one segment.

    Its values are numbers of terms; in their order (``by_value``) they are only where
    that is one (``exact``): where all are plain texts.
    """

    def __init__(self, container: Container, name: str) -> None:
        self.terms = Texts.read(container, f"{name}.terms")
        self.rows: Rows = container[f"{name}.rows"]
        self.entries = Sorted(self.rows)
        self.codes: Rows = container[f"{name}.codes"]
        self.by_value: Rows = container[f"{name}.of_term"]
        self._starts: NDArray[np.int64] = container[f"{name}.starts"]
        self.exact = bool(container[f"{name}.plain"][0])

    @property
    def single(self) -> bool:
        """Each thing has one term at most."""
        return self.entries.rising

    @property
    def ranked(self) -> int:
        """How many of ``by_value`` there are."""
        return len(self.by_value)

    def value_at(self, place: int) -> int:
        """The value that stands at a place of ``by_value``."""
        return int(np.searchsorted(self._starts, place, "right")) - 1

    def run(self, value: int) -> tuple[int, int]:
        """The stretch of ``by_value`` with one value."""
        return int(self._starts[value]), int(self._starts[value + 1])

    def values_of(self, rows: NDArray[Any]) -> NDArray[Any]:
        """All values that some rows have."""
        values: NDArray[Any] = self.codes[self.entries.places(rows)[0]]
        return values

    def comparable(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values as they compare with those of other segments: the terms."""
        return np.array(self.terms.raws(values), object)

    def stretch(self, value: Constraint) -> tuple[int, int]:
        """The stretch of ``by_value`` that a constraint leaves over."""
        if not (isinstance(value, WithinTexts) and self.exact):
            return 0, self.ranked
        left, right = 0, len(self.terms)
        if value.low is not None:
            left = self.terms.before(value.low, too=value.low_open)
        if value.high is not None:
            right = self.terms.before(value.high, too=not value.high_open)
        return int(self._starts[left]), int(self._starts[max(left, right)])

    def between(self, rows: Rows, left: int, right: int) -> NDArray[np.bool_]:
        """Tell which of ``rows`` stand in a stretch of ``by_value``."""
        if right - left <= len(rows):
            return member(rows, distinct(self.by_value[left:right]))
        low, high = self.value_at(left), self.value_at(right - 1)
        return some_entry(
            self.entries, rows, lambda at: (self.codes[at] >= low) & (self.codes[at] <= high)
        )

    def codes_of(self, terms: frozenset[str]) -> list[int]:
        """The numbers of those terms that are here."""
        return [code for code in map(self.terms.find, sorted(terms)) if code >= 0]

    def size(self, codes: list[int]) -> int:
        """How many things have the terms, at most."""
        return int(sum(self._starts[code + 1] - self._starts[code] for code in codes))

    def with_terms(self, codes: list[int]) -> Rows:
        """The things that have one of the terms, sorted."""
        found = [self.by_value[self._starts[code] : self._starts[code + 1]] for code in codes]
        if len(found) == 1:
            return found[0]
        return distinct(np.concatenate(found)) if found else NONE

    def fulfil(self, rows: Rows, codes: list[int]) -> NDArray[np.bool_]:
        """Tell which of ``rows`` have one of the terms."""
        if self.size(codes) > len(rows):
            return some_entry(self.entries, rows, lambda at: np.isin(self.codes[at], codes))
        return member(rows, self.with_terms(codes))


def some_entry(
    entry_rows: Sorted, rows: Rows, test: Callable[[NDArray[np.int64]], NDArray[np.bool_]]
) -> NDArray[np.bool_]:
    """Tell for which of ``rows`` some entry passes the test."""
    entries, owner = entry_rows.places(rows)
    result = np.zeros(len(rows), bool)
    if len(entries):
        result[owner[test(entries)]] = True
    return result


class Segment:
    """The rows of one file."""

    def __init__(self, file: Path, *, verify: bool = False) -> None:
        """Open it; raises IndexNotUsable where it is damaged."""
        self._file = Container(file, verify=verify)
        about = self._file.about
        self.things = Texts.read(self._file, "things")
        self._columns = {name: f"column{i}" for i, name in enumerate(about["columns"])}
        self._keywords = {name: f"keyword{i}" for i, name in enumerate(about["keywords"])}
        self._opened: dict[str, Any] = {}
        self._planned: tuple[Wanted, list[_Step], bool] | None = None
        self.bytes = self._file.size
        self.place_rows: Rows = self._file["places.rows"]
        self._placed = Sorted(self.place_rows)
        self.place_flags: NDArray[np.uint8] = self._file["places.flags"]
        self.boxes: NDArray[np.float64] = self._file["places.boxes"].reshape(-1, 4)
        self.box_of: Rows = self._file["places.box_of"]
        self._boxed = Sorted(self.box_of)
        self._tree: NDArray[np.uint8] = self._file["places.tree"]
        self.wkb = Texts.read(self._file, "places.wkb")

    def __len__(self) -> int:
        return len(self.things)

    @cached_property
    def unplaced(self) -> NDArray[np.int64]:
        """Geometries whose place is not known, by number."""
        return np.flatnonzero(self.place_flags == LOOSE)

    @cached_property
    def singly_placed(self) -> bool:
        """Each located thing has one geometry, as geo:hasGeometry/geo:asWKT, which is known."""
        return bool((self.place_flags == EXACT).all()) and self._placed.rising

    def column(self, name: str) -> NumberColumn | None:
        """The column of a property with numbers or times."""
        if name not in self._columns:
            return None
        if name not in self._opened:
            self._opened[name] = NumberColumn(self._file, self._columns[name])
        found: NumberColumn = self._opened[name]
        return found

    def keyword(self, name: str) -> KeywordColumn | None:
        """The column of a property with terms."""
        if name not in self._keywords:
            return None
        if name not in self._opened:
            self._opened[name] = KeywordColumn(self._file, self._keywords[name])
        found: KeywordColumn = self._opened[name]
        return found

    @cached_property
    def classes(self) -> KeywordColumn:
        """The classes of things, as IRIs in brackets."""
        return KeywordColumn(self._file, "classes")

    def block(self) -> Block:
        """The rows, to be merged."""
        classes = self.classes
        columns = {name: self.column(name) for name in self._columns}
        keywords = {name: self.keyword(name) for name in self._keywords}
        return Block(
            self.things,
            Keywords(classes.rows, classes.codes, classes.terms),
            Places(self.place_rows, Shapes(self.place_flags, self.wkb, self.boxes, self.box_of)),
            {n: Column(c.rows, c.values, c.flags) for n, c in columns.items() if c},
            {n: Keywords(k.rows, k.codes, k.terms) for n, k in keywords.items() if k},
        )

    # finding

    def cost(self, wanted: Wanted) -> float:
        """Roughly how many rows a search begins with."""
        steps, _ = self._plan(wanted)
        return min((step.cost for step in steps), default=len(self))

    def expected(self, wanted: Wanted) -> float:
        """How many rows would fulfil a wish whose constraints know nothing of each other."""
        steps, _ = self._plan(wanted)
        shares = (min(1.0, step.cost / max(len(self), 1)) for step in steps)
        return len(self) * math.prod(shares)

    def least(self, wanted: Wanted) -> int:
        """How many rows fulfil ``wanted`` at least; more than 0 only for bounds of one property
        of which each thing has one value at most."""
        bounds = [value for value in wanted.values if isinstance(value, Within)]
        of = {value.property for value in wanted.values}
        column = self.column(bounds[0].property) if len(bounds) == 1 == len(of) else None
        others = wanted.classes or wanted.place is not None or wanted.located
        if others or column is None or not (column.single and column.exact):
            return 0
        left, right = column.span(bounds[0].interval)
        return right - left

    def matches(self, rows: Rows, wanted: Wanted) -> tuple[NDArray[np.bool_], Sure]:
        """Tell which of ``rows`` may fulfil ``wanted``; and what is sure of them."""
        steps, exact = self._plan(wanted)
        sure = Sure(exact, False)
        kept = np.arange(len(rows))
        for step in steps:
            kept = kept[step.test(rows[kept])]
        if wanted.place is not None and len(kept):
            ordered = np.argsort(rows[kept], kind="stable")
            found, of_place = self._compare(rows[kept][ordered], wanted.place)
            kept = kept[member(rows[kept], found)]
            sure = Sure(exact and of_place.exact, of_place.alone)
        result = np.zeros(len(rows), bool)
        result[kept] = True
        return result, sure if len(kept) else SURE

    def find(self, wanted: Wanted) -> tuple[Rows, Sure]:
        """Rows that may fulfil ``wanted``, sorted; and what is sure of them."""
        steps, exact = self._plan(wanted)
        if not steps:
            return np.arange(len(self), dtype=np.int32), Sure(exact, False)
        steps.sort(key=lambda step: step.cost)
        rows = steps[0].rows()
        for step in steps[1:]:
            if not len(rows):
                break
            rows = rows[step.test(rows)]
        if wanted.place is None or not len(rows):
            return rows, Sure(exact, wanted.place is not None)
        rows, of_place = self._compare(rows, wanted.place)
        return rows, Sure(exact and of_place.exact, of_place.alone)

    def _plan(self, wanted: Wanted) -> tuple[list[_Step], bool]:
        """The steps that find what is wanted; a search asks for them several times."""
        last = self._planned
        if last is None or last[0] is not wanted:
            last = self._planned = (wanted, *self._planned_anew(wanted))
        return list(last[1]), last[2]

    def _planned_anew(self, wanted: Wanted) -> tuple[list[_Step], bool]:
        steps: list[_Step] = []
        exact = True
        if wanted.classes:
            brackets = frozenset(f"<{iri}>" for iri in wanted.classes)
            steps.append(_terms_step(self.classes, brackets))
        for value in wanted.values:
            step, surely = self._value_step(value)
            steps.append(step)
            exact &= surely
        if wanted.place is not None:
            area = wanted.place
            steps.append(
                _Step(
                    self._box_share(area) * len(self.place_rows),
                    lambda: self.rows_at(area),
                    lambda rows: self._may_be_at(rows, area),
                )
            )
        elif wanted.located:
            steps.append(_Step(len(self.place_rows), lambda: self._located, self._placed.member))
        return steps, exact

    def _value_step(self, value: Constraint) -> tuple[_Step, bool]:
        column, keyword = self.column(value.property), self.keyword(value.property)
        if isinstance(value, Within) and column is not None:
            left, right = column.span(value.interval)

            def within() -> Rows:
                found = column.by_value[left:right]
                parts = [found, column.loose] if len(column.loose) else [found]
                return distinct(np.concatenate(parts))

            step = _Step(
                right - left + len(column.loose),
                within,
                lambda rows: column.fulfil(rows, value.interval),
            )
            return step, column.exact
        if isinstance(value, WithinTexts) and keyword is not None:
            first, last = keyword.stretch(value)
            step = _Step(
                last - first,
                lambda: distinct(keyword.by_value[first:last]),
                lambda rows: keyword.between(rows, first, last),
            )
            return step, keyword.exact
        if isinstance(value, OneOfTerms) and keyword is not None:
            return _terms_step(keyword, value.terms), True
        held = column or keyword
        if isinstance(value, Has) and held is not None:
            rows = held.rows
            return _Step(len(rows), lambda: distinct(rows), held.entries.member), True
        return _Step(0, lambda: NONE, lambda rows: np.zeros(len(rows), bool)), True

    # places

    @cached_property
    def _located(self) -> Rows:
        """Things with a geometry, sorted."""
        return self.place_rows if self._placed.rising else distinct(self.place_rows)

    def _box_share(self, area: Near) -> float:
        """Roughly the share of the Earth that the box of an area takes."""
        west, south, east, north = reach(area)
        return min(1.0, (east - west) / 360 * (north - south) / 90 + 1e-6)

    def geometries_at(self, area: Near) -> NDArray[np.int64]:
        """Geometries, by number, whose box touches an area's box, or that are anywhere."""
        if not len(self._tree):
            return self.unplaced
        found = np.asarray(rtree.search(self._tree, *reach(area)))
        return distinct(np.concatenate((self.box_of[found], self.unplaced)))

    def rows_at(self, area: Near) -> Rows:
        """Things, sorted, of which the box of a geometry touches an area's box."""
        return distinct(self.place_rows[self.geometries_at(area)])

    def boxes_of(
        self, geometries: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Boxes of geometries, by number, each with the position of its geometry."""
        return self._boxed.places(geometries)

    def _may_be_at(self, rows: Rows, area: Near) -> NDArray[np.bool_]:
        west, south, east, north = reach(area)
        geometries, owner = self.geometries_of(rows)
        numbers, of = self.boxes_of(geometries)
        held = self.boxes[numbers]
        touch = (held[:, 0] <= east) & (held[:, 2] >= west)
        touch &= (held[:, 1] <= north) & (held[:, 3] >= south)
        result = np.zeros(len(rows), bool)
        result[owner[of[touch]]] = True
        result[owner[self.place_flags[geometries] == LOOSE]] = True
        return result

    def _compare(self, rows: Rows, area: Near) -> tuple[Rows, Sure]:
        """Compare true geometries with the area; what is not known stays."""
        if area.metres or area.relation is None or len(rows) > EXACT_UP_TO:
            return rows, Sure(False, False)
        geometries, owner = self.geometries_of(rows)
        shapely.prepare(area.area)
        try:
            with np.errstate(invalid="ignore"):
                fit = _RELATIONS[area.relation](area.area, self.shapes(geometries))
        except shapely.GEOSException:  # one that is not valid: the engine sees to each
            return rows, Sure(False, False)
        fit |= self.place_flags[geometries] == LOOSE
        kept = np.zeros(len(rows), bool)
        kept[owner[fit]] = True
        of_kept = kept[owner]
        exact = bool((self.place_flags[geometries[of_kept]] == EXACT).all())
        alone = exact and int(of_kept.sum()) == int(kept.sum())
        return rows[kept], Sure(exact, alone)

    def geometries_of(self, rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Geometries of rows, by number, each with the position of its row in ``rows``."""
        return self._placed.places(rows)

    def shapes(self, geometries: NDArray[np.int64]) -> NDArray[Any]:
        """Geometries by number; None where one could not be read."""
        return shapely.from_wkb(
            np.array([blob or None for blob in self.wkb.raws(geometries)], object)
        )


_RELATIONS: Final[dict[str, Callable[[BaseGeometry, NDArray[Any]], NDArray[np.bool_]]]] = {
    "intersects": shapely.intersects,
    "within": shapely.contains,  # the area contains the thing
    "contains": shapely.within,
}


class _Step:
    """One constraint: what it costs to begin with it, its rows, and a test of rows."""

    def __init__(
        self,
        cost: float,
        rows: Callable[[], Rows],
        test: Callable[[Rows], NDArray[np.bool_]],
    ) -> None:
        self.cost, self.rows, self.test = cost, rows, test


def _terms_step(column: KeywordColumn, terms: frozenset[str]) -> _Step:
    codes = column.codes_of(terms)
    return _Step(
        column.size(codes),
        lambda: column.with_terms(codes),
        lambda rows: column.fulfil(rows, codes),
    )


def reach(area: Near) -> tuple[float, float, float, float]:
    """The box around an area and the metres around that, in degrees."""
    shape: BaseGeometry = area.area
    if shape.is_empty:
        return 1.0, 1.0, -1.0, -1.0
    west, south, east, north = shape.bounds
    if not area.metres:
        return west, south, east, north
    up = area.metres / METRES_OF_A_DEGREE
    south, north = south - up, north + up
    furthest = max(abs(south), abs(north))
    if furthest >= 89:
        return -180.0, south, 180.0, north
    aside = up / float(np.cos(np.radians(furthest)))
    if west - aside < -180 or east + aside > 180:
        return -180.0, south, 180.0, north  # around the antimeridian
    return west - aside, south, east + aside, north
