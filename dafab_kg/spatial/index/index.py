"""One state of the index: its segments, less the rows that are out of date."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dafab_kg.spatial.index.block import Rows
from dafab_kg.spatial.index.schema import Schema
from dafab_kg.spatial.index.segment import NumberColumn, Segment, member, reach
from dafab_kg.spatial.index.values import EXACT
from dafab_kg.spatial.index.words import find_words
from dafab_kg.spatial.lookup import Found, Kind, Near, Wanted, Within
from dafab_kg.spatial.lookup import Rows as AnyRows

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
        found, exact = [], True
        for number, part in enumerate(self.parts):
            rows, surely = part.segment.find(wanted)
            found.append(_living(rows, part) + self._bases[number])
            exact &= surely
            if most is not None and sum(map(len, found)) > most:
                return None
        return Found(_joined(found), exact)

    def count(self, wanted: Wanted) -> int | None:
        """How many things fulfil ``wanted``, exactly; None: only the graph can tell."""
        found = self.find(wanted)
        return len(found) if found is not None and found.exact else None

    def top(
        self, wanted: Wanted, property: str, *, descending: bool, start: int, count: int
    ) -> Found | None:
        """Things in the order of a property; see :class:`~dafab_kg.spatial.lookup.Lookup`."""
        if self.kind(property) not in ("number", "time"):
            return None
        need = start + count
        rows, values, exact = [], [], True
        for number, part in enumerate(self.parts):
            column = part.segment.column(property)
            if column is None:
                continue
            if not (column.single and column.exact):
                return None
            found, surely = _first(part, column, property, wanted, descending, need)
            exact &= surely
            entries = np.searchsorted(column.rows, found)
            rows.append(found + self._bases[number])
            values.append(column.values[entries])
        if not rows:
            return Found(_joined([]), exact)
        every, keys = np.concatenate(rows), np.concatenate(values)
        order = np.argsort(-keys if descending else keys, kind="stable")
        keys = keys[order]
        end = _with_ties(keys, need)
        begin = min(start, len(keys))
        if 0 < begin < len(keys):  # what ties with the first comes too
            rising = -keys if descending else keys
            begin = int(np.searchsorted(rising, rising[begin]))
        return Found(every[order[begin:end]], exact and begin == start)

    def nearest(self, wanted: Wanted, to: BaseGeometry, *, count: int) -> Found | None:
        """The things nearest to a shape; see :class:`~dafab_kg.spatial.lookup.Lookup`."""
        if to.is_empty or wanted.place is not None or count < 1:
            return None
        radius = 0.05
        while True:
            west, south, east, north = to.bounds
            area = shapely.box(west - radius, south - radius, east + radius, north + radius)
            asked = Wanted(wanted.classes, Near(area, exact=False), True, wanted.values)
            rows, distances, known = self._distances(asked, to)
            within = np.sort(distances[known])
            if len(within) >= count and within[count - 1] <= radius:
                bound = within[count - 1] * (1 + 1e-9) + 1e-12
                return Found(rows[(distances <= bound) | ~known], False)
            if radius > 720:
                return Found(rows, False)
            radius *= 4

    def _distances(
        self, wanted: Wanted, to: BaseGeometry
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]:
        """Rows, the least distance of a geometry of each, and whether that is known."""
        rows, distances = [np.empty(0, np.int64)], [np.empty(0)]
        known = [np.empty(0, bool)]
        shapely.prepare(to)
        for number, part in enumerate(self.parts):
            segment = part.segment
            found = _living(segment.find(wanted)[0], part)
            numbers, owner = segment.geometries_of(found)
            apart = shapely.distance(segment.shapes(numbers), to)
            least, sure = np.full(len(found), np.inf), np.ones(len(found), bool)
            np.fmin.at(least, owner, apart)
            sure[owner[segment.place_flags[numbers] != EXACT]] = False
            rows.append(found + self._bases[number])
            distances.append(least)
            known.append(sure)
        return np.concatenate(rows), np.concatenate(distances), np.concatenate(known)

    def pairs(
        self, left: Wanted, right: Wanted, *, metres: float = 0.0, most: int
    ) -> tuple[AnyRows, AnyRows] | None:
        """Pairs of things whose boxes touch; see :class:`~dafab_kg.spatial.lookup.Lookup`."""
        (one, boxes_one), (two, boxes_two) = self._boxes(left, metres), self._boxes(right, 0.0)
        if not len(one) or not len(two):
            return [], []
        # an estimate first: a join of everything with everything is not begun
        if len(one) * len(two) > 64 * max(most, 1) and min(len(one), len(two)) > most:
            return None
        tree = shapely.STRtree(boxes_two)
        asked, met = tree.query(boxes_one)
        if len(asked) > 4 * most:
            return None
        found = np.unique(np.column_stack((one[asked], two[met])), axis=0)
        if len(found) > most:
            return None
        return found[:, 0].tolist(), found[:, 1].tolist()

    def _boxes(self, wanted: Wanted, metres: float) -> tuple[NDArray[Any], NDArray[Any]]:
        rows, boxes = [np.empty(0, np.int64)], [np.empty(0, object)]
        asked = Wanted(wanted.classes, wanted.place, True, wanted.values)
        for number, part in enumerate(self.parts):
            segment = part.segment
            found = _living(segment.find(asked)[0], part)
            of_box = segment.place_rows[segment.box_of] if len(segment.box_of) else segment.box_of
            held = np.flatnonzero(member(of_box, found))
            shapes = np.asarray(shapely.box(*segment.boxes[held].T), object)
            if metres:
                for index, shape in enumerate(shapes):
                    shapes[index] = shapely.box(*reach(Near(shape, metres)))
            anywhere = segment.place_rows[segment.unplaced]
            anywhere = anywhere[member(anywhere, found)]
            world = np.full(len(anywhere), shapely.box(-1e9, -1e9, 1e9, 1e9), object)
            rows += [of_box[held] + self._bases[number], anywhere + self._bases[number]]
            boxes += [shapes, world]
        return np.concatenate(rows), np.concatenate(boxes)

    def iris(self, rows: AnyRows) -> list[str]:
        """The IRIs of rows."""
        result = []
        for row in rows:
            number = int(np.searchsorted(self._bases, row, "right")) - 1
            result.append(self.parts[number].segment.things[int(row - self._bases[number])])
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
    column: NumberColumn,
    property: str,
    wanted: Wanted,
    descending: bool,
    need: int,
) -> tuple[NDArray[Any], bool]:
    """The first ``need`` rows of a segment in the order of a column, with ties."""
    segment = part.segment
    if segment.cost(wanted) <= max(FEW, 4 * need):
        rows, exact = segment.find(wanted)
        rows = _living(rows, part)
        rows = rows[member(rows, column.rows)]
        values = column.values[np.searchsorted(column.rows, rows)]
        order = np.argsort(-values if descending else values, kind="stable")
        return rows[order[: _with_ties(values[order], need)]], exact
    first, last = _stretch(column, property, wanted)
    kept: list[NDArray[Any]] = []
    size, exact, held = max(FEW, need), True, 0
    while first < last and held < need:
        # whole runs of one value: what ties with the last row comes too
        if descending:
            value = column.sorted[max(first, last - size)]
            place = max(first, int(np.searchsorted(column.sorted, value, "left")))
            rows, last = column.by_value[place:last][::-1], place
        else:
            value = column.sorted[min(last, first + size) - 1]
            place = min(last, int(np.searchsorted(column.sorted, value, "right")))
            rows, first = column.by_value[first:place], place
        fit, surely = segment.matches(rows, wanted)
        found = rows[fit]
        found = found[~member(found, part.dead)]
        kept.append(found)
        held += len(found)
        exact &= surely
        size *= 2
    rows = np.concatenate(kept) if kept else np.empty(0, np.int32)
    values = column.values[np.searchsorted(column.rows, rows)]
    return rows[: _with_ties(values, need)], exact


def _stretch(column: NumberColumn, property: str, wanted: Wanted) -> tuple[int, int]:
    """The stretch of the sorted values that the wish leaves over."""
    first, last = 0, len(column.sorted)
    for value in wanted.values:
        if isinstance(value, Within) and value.property == property:
            left, right = column.span(value.interval)
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
