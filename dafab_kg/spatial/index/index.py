"""One state of the index: its segments, less the rows that are out of date."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dafab_kg.spatial.geosparql.crs import crs_of
from dafab_kg.spatial.geosparql.names import CRS84
from dafab_kg.spatial.index.flags import EXACT
from dafab_kg.spatial.index.ordered import NONE, Rows, member
from dafab_kg.spatial.index.schema import Schema
from dafab_kg.spatial.index.segment import SURE, KeywordColumn, NumberColumn, Segment, Sure, reach
from dafab_kg.spatial.index.words import find_words
from dafab_kg.spatial.lookup import Found, Interval, Kind, Near, Nearby, Wanted
from dafab_kg.spatial.lookup import Rows as AnyRows

FEW_BOXES = 2_000
"""Boxes that are looked for one by one; of more, a tree is made of those to be found."""
SAMPLED = 256
"""Boxes of which is told how many all of them would meet."""
MOST_BOXES = 200_000
"""Boxes of which a tree is made for one question."""
FEW = 4096
"""Rows that are rather found and sorted than met in the order of a column."""


@dataclass(frozen=True)
class Part:
    """A segment with the rows of it that are out of date, sorted."""

    name: str
    segment: Segment
    dead: Rows

    @property
    def living(self) -> int:
        """How many rows are not out of date."""
        return len(self.segment) - len(self.dead)

    @property
    def alive(self) -> NDArray[np.bool_]:
        """For each row of the segment, whether it is not out of date."""
        mask = np.ones(len(self.segment), bool)
        mask[self.dead] = False
        return mask


class SearchIndex:
    """A state of the index (:class:`~dafab_kg.spatial.lookup.Lookup`)."""

    def __init__(
        self, commit: str, schema: Schema, parts: Sequence[Part], words: Path | None = None
    ) -> None:
        self.commit = commit
        self.schema = schema
        self.parts = tuple(parts)
        self._bases = np.cumsum([0, *(len(part.segment) for part in parts)])
        self._words = words

    def __len__(self) -> int:
        return sum(part.living for part in self.parts)

    def kind(self, property: str) -> Kind | None:
        """How a property is indexed; None: it is not."""
        return self.schema.properties.get(property)

    def find(self, wanted: Wanted, *, most: int | None = None) -> Found | None:
        """Find the things that fulfil ``wanted``; None: there may be more than ``most``."""
        found, sure = [], SURE
        if most is not None and most < sum(
            part.segment.least(wanted) - len(part.dead) for part in self.parts
        ):
            return None
        for number, part in enumerate(self.parts):
            rows, surely = part.segment.find(wanted)
            found.append(_living(rows, part) + self._bases[number])
            sure &= surely
            if most is not None and sum(map(len, found)) > most:
                return None
        return Found(_joined(found), sure.exact, sure.alone)

    def estimate(self, wanted: Wanted) -> int:
        """How many things fulfil ``wanted`` at most, roughly."""
        return int(sum(part.segment.cost(wanted) for part in self.parts))

    def count(self, wanted: Wanted) -> int | None:
        """How many things fulfil ``wanted``, exactly; None: only the graph can tell."""
        found = self.find(wanted)
        return len(found) if found is not None and found.exact else None

    def top(
        self, wanted: Wanted, property: str, *, descending: bool, start: int, count: int
    ) -> Found | None:
        """Things in the order of a property; see :class:`~dafab_kg.spatial.lookup.Lookup`."""
        need = start + count
        if not property:
            return self._by_name(wanted, descending, start, need)
        rows, values, sure = [], [], SURE
        for number, part in enumerate(self.parts):
            column = part.segment.column(property) or part.segment.keyword(property)
            if column is None:
                continue
            if not (column.single and column.exact):
                return None
            found, their, surely = _first(part, column, property, wanted, descending, need)
            sure &= surely
            rows.append(found + self._bases[number])
            values.append(column.comparable(their))
        if not rows:
            return Found(_joined([]), sure.exact, sure.alone)
        every, keys = np.concatenate(rows), np.concatenate(values)
        if keys.dtype == object:  # texts
            keys = np.unique(keys, return_inverse=True)[1]
        order = np.argsort(-keys if descending else keys, kind="stable")
        keys = keys[order]
        end = _with_ties(keys, need)
        begin = min(start, len(keys))
        if 0 < begin < len(keys):  # what ties with the first comes too
            rising = -keys if descending else keys
            begin = int(np.searchsorted(rising, rising[begin]))
        return Found(every[order[begin:end]], sure.exact and begin == start, sure.alone)

    def _by_name(self, wanted: Wanted, descending: bool, start: int, need: int) -> Found:
        """Things in the order of their IRIs, which segments are sorted by."""
        found, sure = [], SURE
        for number, part in enumerate(self.parts):
            rows, surely = part.segment.find(wanted)
            living = _living(rows, part)
            first = living[max(0, len(living) - need) :] if descending else living[:need]
            found.append((first[::-1] if descending else first) + self._bases[number])
            sure &= surely
        rows = _joined(found)
        if len(self.parts) > 1:
            names = [iri.encode() for iri in self.iris(rows)]
            rows = rows[sorted(range(len(rows)), key=names.__getitem__, reverse=descending)]
        return Found(rows[start:need], sure.exact, sure.alone)

    def nearest(
        self, wanted: Wanted, to: BaseGeometry, *, count: int, metres: bool = False
    ) -> Nearby | None:
        """The things nearest to a shape; see :class:`~dafab_kg.spatial.lookup.Lookup`."""
        if to.is_empty or wanted.place is not None or count < 1:
            return None
        radius = 0.002  # degrees
        while True:
            west, south, east, north = to.bounds
            area = shapely.box(west - radius, south - radius, east + radius, north + radius)
            asked = replace(wanted, place=Near(area, relation=None), located=True)
            rows, lines, known, alone = self._shortest_lines(asked, to)
            apart = shapely.length(lines)
            within = np.sort(apart[known])
            if len(within) >= count and within[count - 1] <= radius:
                break
            if radius > 720:
                return Nearby(rows, math.inf, False)
            radius *= 4
        bound = within[count - 1] * (1 + 1e-9) + 1e-12
        if metres:
            # between the points nearest in degrees it is no shorter than it can be
            chosen = lines[known & (apart <= bound)]
            most = float(np.sort(_metres(chosen))[count - 1])
            near = Near(to, most * 1.001 + 1, relation=None)
            found = self.find(replace(wanted, place=near, located=True))
            return None if found is None else Nearby(found.rows, most, False)
        taken = (apart <= bound) | ~known
        return Nearby(rows[taken], bound, bool((known & alone)[taken].all()))

    def _shortest_lines(
        self, wanted: Wanted, to: BaseGeometry
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_], NDArray[np.bool_]]:
        """Rows, the shortest line from a geometry of each, whether that is known, and
        whether the geometry is the only one."""
        rows, lines = [np.empty(0, np.int64)], [np.empty(0, object)]
        known, alone = [np.empty(0, bool)], [np.empty(0, bool)]
        shapely.prepare(to)
        for number, part in enumerate(self.parts):
            segment = part.segment
            found = _living(segment.find(wanted)[0], part)
            numbers, owner = segment.geometries_of(found)
            drawn = shapely.shortest_line(segment.shapes(numbers), to)
            order = np.lexsort((shapely.length(drawn), owner))
            held, first = np.unique(owner[order], return_index=True)
            best, sure = np.full(len(found), None, object), np.zeros(len(found), bool)
            best[held], sure[held] = drawn[order][first], True
            sure[owner[segment.place_flags[numbers] != EXACT]] = False
            rows.append(found + self._bases[number])
            lines.append(best)
            known.append(sure & ~shapely.is_missing(best))
            alone.append(np.bincount(owner, minlength=len(found)) == 1)
        return (
            np.concatenate(rows), np.concatenate(lines),
            np.concatenate(known), np.concatenate(alone),
        )  # fmt: skip

    def single(self, property: str) -> bool:
        """Whether each thing has one value of a property at most."""
        for part in self.parts:
            column = part.segment.column(property) or part.segment.keyword(property)
            if column is not None and not column.single:
                return False
        return True

    @property
    def singly_placed(self) -> bool:
        """Whether each located thing has one geometry, as geo:hasGeometry/geo:asWKT."""
        return all(part.segment.singly_placed for part in self.parts)

    def extent(self, rows: AnyRows, property: str) -> Interval | None:
        """The least and greatest value of some things; None where one is not exact."""
        low, high = [], []
        every = np.asarray(rows, np.int64)
        for part, base, places in self._by_part(every):
            column = part.segment.column(property)
            if column is None:
                continue
            if not column.exact:
                return None
            values = column.values_of(every[places] - base)
            if len(values):
                low.append(values.min())
                high.append(values.max())
        return Interval(min(low).item(), max(high).item()) if low else None

    def _by_part(self, rows: NDArray[Any]) -> Iterator[tuple[Part, int, NDArray[np.int64]]]:
        """The segments that some rows are of, with the number of each one's first row, and
        the places of its own among ``rows``."""
        of_part = np.searchsorted(self._bases, rows, "right") - 1
        for number, part in enumerate(self.parts):
            places = np.flatnonzero(of_part == number)
            if len(places):
                yield part, int(self._bases[number]), places

    def pairs(
        self, left: Wanted, right: Wanted, *, metres: float = 0.0, most: int
    ) -> tuple[AnyRows, AnyRows] | None:
        """Pairs of things whose boxes touch; see :class:`~dafab_kg.spatial.lookup.Lookup`."""
        one, two = self._located(left), self._located(right)
        turned = len(two) < len(one)
        few, many = (two, one) if turned else (one, two)
        if not len(few):
            return [], []
        if len(few) <= FEW_BOXES:
            found = self._met(few, many, metres, most)
        elif len(many) <= MOST_BOXES:
            tree = shapely.STRtree(self._boxes(many, 0.0)[1])
            boxes = self._boxes(few, metres)[1]
            some = boxes[:: max(1, len(boxes) // SAMPLED)]
            if tree.query(some)[0].size * (len(boxes) / len(some)) > 4 * most:
                return None  # an estimate: what would be too much is not begun
            asked, met = tree.query(boxes)
            numbers = self._boxes(few, 0.0)[0][asked], self._boxes(many, 0.0)[0][met]
            found = np.unique(np.column_stack(numbers), axis=0)
        else:
            return None
        if found is None or len(found) > most:
            return None
        first, second = (1, 0) if turned else (0, 1)
        return found[:, first], found[:, second]

    def _located(self, wanted: Wanted) -> NDArray[Any]:
        """Things with a geometry that may fulfil a wish, sorted."""
        found = self.find(replace(wanted, located=True))
        assert found is not None
        return np.asarray(found.rows)

    def _met(
        self, few: NDArray[Any], many: NDArray[Any], metres: float, most: int
    ) -> NDArray[Any] | None:
        """Pairs of each of a few things and those that its boxes touch, through the trees."""
        owners, boxes = self._boxes(few, metres)
        pairs, size = [np.empty((0, 2), np.int64)], 0
        for owner, box in zip(owners, boxes, strict=True):
            area = Near(box, relation=None)
            for number, part in enumerate(self.parts):
                met = part.segment.rows_at(area) + self._bases[number]
                met = met[member(met, many)]
                size += len(met)
                pairs.append(np.column_stack((np.full(len(met), owner), met)))
            if size > 4 * most:
                return None
        return np.unique(np.concatenate(pairs), axis=0)

    def _boxes(self, rows: NDArray[Any], metres: float) -> tuple[NDArray[Any], NDArray[Any]]:
        """The boxes of things, with ``metres`` around; of what may be anywhere, the Earth."""
        owners, boxes = [np.empty(0, np.int64)], [np.empty(0, object)]
        for part, base, places in self._by_part(rows):
            segment, found = part.segment, rows[places] - base
            geometries, owner = segment.geometries_of(found)
            numbers, of = segment.boxes_of(geometries)
            shapes = np.asarray(shapely.box(*segment.boxes[numbers].T), object)
            if metres:
                for index, shape in enumerate(shapes):
                    shapes[index] = shapely.box(*reach(Near(shape, metres)))
            anywhere = found[member(found, segment.place_rows[segment.unplaced])]
            world = np.full(len(anywhere), shapely.box(-1e9, -1e9, 1e9, 1e9), object)
            owners += [found[owner[of]] + base, anywhere + base]
            boxes += [shapes, world]
        return np.concatenate(owners), np.concatenate(boxes)

    def iris(self, rows: AnyRows) -> list[str]:
        """The IRIs of rows."""
        every = np.asarray(rows, np.int64)
        result: list[str] = [""] * len(every)
        for part, base, places in self._by_part(every):
            chosen = part.segment.things.many(every[places] - base)
            for place, iri in zip(places.tolist(), chosen, strict=True):
                result[place] = iri
        return result

    def row_of(self, iri: str) -> tuple[Part, int] | None:
        """Where the row of a thing is; None if it has none."""
        for part in self.parts:
            row = part.segment.things.find(iri)
            if row >= 0 and not member(np.array([row], np.int32), part.dead)[0]:
                return part, row
        return None

    def search(self, words: str, *, limit: int) -> Iterator[tuple[str, str]]:
        """Things by IRI, identifier, label or name, the best first."""
        iri = words.strip().strip("<>")
        if limit > 0 and self.row_of(iri) is not None:
            yield iri, iri
            limit -= 1
        if self._words is None or limit < 1:
            return
        try:
            found = list(find_words(self._words, words, limit))
        except sqlite3.Error:  # damaged, or made anew at this moment: `doctor` tells
            return
        yield from (pair for pair in found if pair[0] != iri)


def _first(
    part: Part,
    column: NumberColumn | KeywordColumn,
    property: str,
    wanted: Wanted,
    descending: bool,
    need: int,
) -> tuple[NDArray[Any], NDArray[Any], Sure]:
    """The first ``need`` rows of a segment in the order of a column, with ties; their values."""
    segment = part.segment
    # how many rows of the column are met until there are enough
    met = need * len(segment) / max(segment.expected(wanted), 1)
    if segment.cost(wanted) <= max(FEW, 4 * met):
        rows, sure = segment.find(wanted)
        rows = _living(rows, part)
        rows = rows[column.entries.member(rows)]
        values = column.values_of(rows)
        order = np.argsort(-values if descending else values, kind="stable")
        order = order[: _with_ties(values[order], need)]
        return rows[order], values[order], sure
    first, last = _stretch(column, property, wanted)
    kept: list[NDArray[Any]] = []
    size, sure, held = max(FEW, need), SURE, 0
    while first < last and held < need:
        # whole runs of one value: what ties with the last row comes too
        if descending:
            place = max(first, column.run(column.value_at(max(first, last - size)))[0])
            rows, last = column.by_value[place:last][::-1], place
        else:
            place = min(last, column.run(column.value_at(min(last, first + size) - 1))[1])
            rows, first = column.by_value[first:place], place
        fit, surely = segment.matches(rows, wanted)
        found = rows[fit]
        found = found[~member(found, part.dead)]
        kept.append(found)
        held += len(found)
        sure &= surely
        size *= 2
    rows = np.concatenate([NONE, *kept])
    values = column.values_of(rows)
    end = _with_ties(values, need)
    return rows[:end], values[:end], sure


def _stretch(
    column: NumberColumn | KeywordColumn, property: str, wanted: Wanted
) -> tuple[int, int]:
    """The stretch of the sorted values that the wish leaves over."""
    first, last = 0, column.ranked
    for value in wanted.values:
        if value.property == property:
            left, right = column.stretch(value)
            first, last = max(first, left), min(last, right)
    return first, last


def _with_ties(values: NDArray[Any], need: int) -> int:
    """How many values to take for the first ``need``, those equal to the last among them."""
    if need >= len(values):
        return len(values)
    if need <= 0:
        return 0
    return need + int(np.argmin(np.append(values[need:] == values[need - 1], False)))


def _living(rows: Rows, part: Part) -> NDArray[Any]:
    return rows[~member(rows, part.dead)] if len(part.dead) else rows


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _metres(lines: NDArray[Any]) -> NDArray[np.float64]:
    """Lengths on the ellipsoid of lines between two points."""
    ends = shapely.get_coordinates(lines).reshape(-1, 4)
    lengths: NDArray[np.float64] = np.abs(crs_of(CRS84).geod.inv(*ends.T)[2])
    return lengths
