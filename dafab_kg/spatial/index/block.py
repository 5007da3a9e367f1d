"""Rows of the index with decoded values, before they are laid out for searching.

A block is what is read from the graph, and what segments are merged as.  Its things are
sorted by IRI; all entries name a thing by its number, and are sorted by that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from dafab_kg.spatial.index.flags import EXACT, NEAR
from dafab_kg.spatial.index.ordered import NONE, Rows, distinct, places_in
from dafab_kg.spatial.index.texts import Texts, joined


@dataclass(frozen=True)
class Column:
    """Values of a property: numbers (float64) or times (int64 µs since 1970 UTC), each
    with its thing and its flag (see :mod:`dafab_kg.spatial.index.values`)."""

    rows: Rows
    values: NDArray[Any]
    flags: NDArray[np.uint8]


@dataclass(frozen=True)
class Keywords:
    """Terms of a property, or classes: each entry is a thing and a number of ``terms``,
    which are sorted and each there once."""

    rows: Rows
    codes: Rows
    terms: Texts


@dataclass(frozen=True)
class Shapes:
    """Geometries by number, as WKB in CRS84, empty where one could not be read, with boxes.

    A box is (west, south, east, north) in degrees; ``box_of`` says which geometry each
    is of: a geometry on both sides of the antimeridian has two.
    """

    flags: NDArray[np.uint8]
    wkb: Texts
    boxes: NDArray[np.float64]
    box_of: Rows

    def __len__(self) -> int:
        return len(self.flags)

    def taken(self, numbers: NDArray[Any]) -> Shapes:
        """Some of them, in the order of ``numbers``."""
        boxes, owner = places_in(self.box_of, numbers)
        return Shapes(
            self.flags[numbers],
            self.wkb.taken(numbers),
            self.boxes[boxes],
            owner.astype(np.int32),
        )


@dataclass(frozen=True)
class Places:
    """Geometries of things, sorted by their thing: ``rows`` has that of each."""

    rows: Rows
    shapes: Shapes


@dataclass(frozen=True)
class Block:
    """Things with their classes, places, numbers or times, and keywords."""

    things: Texts
    classes: Keywords
    places: Places
    columns: Mapping[str, Column]
    keywords: Mapping[str, Keywords]

    def __len__(self) -> int:
        return len(self.things)


def keywords_of(rows: Rows, terms: pa.Array) -> Keywords:
    """Number terms in their sorted order."""
    encoded = terms.dictionary_encode()
    return keywords_coded(rows, encoded.indices.to_numpy(), encoded.dictionary)


def keywords_coded(rows: Rows, codes: Rows, terms: pa.Array) -> Keywords:
    """Bring terms, each there once, into their sorted order, and number entries anew."""
    terms = terms.cast(pa.large_binary())
    order = pc.sort_indices(terms)
    number = np.empty(len(terms), np.int32)
    number[order.to_numpy()] = np.arange(len(terms), dtype=np.int32)
    codes = number[codes] if len(codes) else NONE
    return _distinct(Keywords(rows, codes, Texts.from_arrow(terms.take(order))))


def keywords_joined(rows: Rows, pieces: Sequence[tuple[Rows, pa.Array]]) -> Keywords:
    """Bring entries together whose terms were numbered for themselves, in each piece.

    ``rows`` are those of all pieces, a piece the numbers of its terms, and these.
    """
    empty = pa.array([], pa.large_string())
    every = pa.concat_arrays([empty, *(terms for _, terms in pieces)]).dictionary_encode()
    number = every.indices.to_numpy()
    codes, base = [NONE], 0
    for own, terms in pieces:
        codes.append(number[own.astype(np.int64) + base])
        base += len(terms)
    used, short = np.unique(np.concatenate(codes), return_inverse=True)
    return keywords_coded(rows, short.astype(np.int32), every.dictionary.take(pa.array(used)))


def _distinct(keywords: Keywords) -> Keywords:
    """Each pair of thing and term once, sorted."""
    kept = distinct(keywords.rows.astype(np.int64) << 32 | keywords.codes)
    return Keywords(
        (kept >> 32).astype(np.int32), (kept & 0xFFFFFFFF).astype(np.int32), keywords.terms
    )


def column_of(rows: Rows, values: NDArray[Any], flags: NDArray[np.uint8]) -> Column:
    """Sort entries by thing, then value."""
    order = np.lexsort((values, rows))
    return Column(rows[order], values[order], flags[order])


def shapes_of(shapes: NDArray[Any], flags: NDArray[np.uint8]) -> Shapes:
    """Lay out shapes; None stands for one that could not be read."""
    boxes, box_of = boxes_of(shapes)
    blobs = shapely.to_wkb(shapes)
    wkb = Texts.of(b"" if blob is None else blob for blob in blobs)
    return Shapes(flags, wkb, boxes, box_of)


def shapes_joined(parts: Sequence[Shapes]) -> Shapes:
    """One after the other."""
    bases = np.cumsum([0, *map(len, parts)])
    return Shapes(
        np.concatenate([np.empty(0, np.uint8), *(part.flags for part in parts)]),
        joined([part.wkb for part in parts]),
        np.concatenate([np.empty((0, 4)), *(part.boxes for part in parts)]),
        np.concatenate(
            [NONE,
             *(part.box_of + base for part, base in zip(parts, bases[:-1], strict=True))]
        ).astype(np.int32),
    )  # fmt: skip


def places_of(
    rows: Rows, numbers: NDArray[Any], usual: NDArray[np.bool_], shapes: Shapes
) -> Places:
    """The places of things: ``rows`` has the geometry of that number, sorted by row.

    One that a thing does not have in the usual way, geo:hasGeometry/geo:asWKT, is ``NEAR``
    where it would be ``EXACT``: it is where it is, and not what a query may ask of.
    """
    order = np.argsort(rows, kind="stable")
    chosen = shapes.taken(numbers[order])
    chosen.flags[(chosen.flags == EXACT) & ~usual[order]] = NEAR
    return Places(rows[order], chosen)


def boxes_of(shapes: NDArray[Any]) -> tuple[NDArray[np.float64], Rows]:
    """The boxes of shapes: one, or one for each hemisphere of a shape in parts that would
    else reach around most of the Earth; none for None."""
    known = np.flatnonzero(~shapely.is_missing(shapes)).astype(np.int32)
    boxes = shapely.bounds(shapes[known]).reshape(-1, 4)
    wide = np.flatnonzero(boxes[:, 2] - boxes[:, 0] > 180)
    more, more_of, whole = [], [], np.ones(len(known), bool)
    for index in wide:
        parts = shapely.bounds(shapely.get_parts(shapes[known[index]])).reshape(-1, 4)
        parts = parts[~np.isnan(parts).any(axis=1)]
        west = parts[:, 0] + parts[:, 2] < 0
        if west.all() or not west.any():
            continue
        whole[index] = False
        for side in (parts[west], parts[~west]):
            more.append([*side[:, :2].min(axis=0), *side[:, 2:].max(axis=0)])
            more_of.append(known[index])
    both = np.concatenate((boxes[whole], np.array(more, float).reshape(-1, 4)))
    owner = np.concatenate((known[whole], np.array(more_of, np.int32)))
    order = np.argsort(owner, kind="stable")
    return both[order], owner[order].astype(np.int32)


def merged(parts: Sequence[tuple[Block, NDArray[np.bool_]]]) -> Block:
    """Merge blocks that have no thing in common; of each, the things that the mask keeps."""
    names = joined([block.things for block, _ in parts])
    keep = np.concatenate([mask for _, mask in parts]) if parts else np.empty(0, bool)
    kept = np.flatnonzero(keep)
    texts = names.taken(kept)
    order = pc.sort_indices(texts.arrow().cast(pa.large_binary())).to_numpy()
    number = np.full(len(keep), -1, np.int32)
    number[kept[order]] = np.arange(len(order), dtype=np.int32)
    bases = np.cumsum([0, *(len(block) for block, _ in parts)])
    renumbered = [
        number[base : base + len(block)] for (block, _), base in zip(parts, bases[:-1], strict=True)
    ]
    blocks = [block for block, _ in parts]

    def columns(name: str) -> Column:
        held = [(block.columns[name], to) for block, to in zip(blocks, renumbered, strict=True)
                if name in block.columns]  # fmt: skip
        rows = np.concatenate([to[column.rows] for column, to in held])
        values = np.concatenate([column.values for column, _ in held])
        flags = np.concatenate([column.flags for column, _ in held])
        chosen = rows >= 0
        return column_of(rows[chosen], values[chosen], flags[chosen])

    def keywords(name: str) -> Keywords:
        return _keywords(
            [(block.keywords[name], to) for block, to in zip(blocks, renumbered, strict=True)
             if name in block.keywords]
        )  # fmt: skip

    return Block(
        texts.taken(order),
        _keywords([(b.classes, to) for b, to in zip(blocks, renumbered, strict=True)]),
        _places([(b.places, to) for b, to in zip(blocks, renumbered, strict=True)]),
        {name: columns(name) for name in sorted({n for b in blocks for n in b.columns})},
        {name: keywords(name) for name in sorted({n for b in blocks for n in b.keywords})},
    )


def _keywords(held: Sequence[tuple[Keywords, Rows]]) -> Keywords:
    rows, pieces = [NONE], []
    for keywords, to in held:
        moved = to[keywords.rows]
        chosen = moved >= 0
        rows.append(moved[chosen])
        pieces.append((keywords.codes[chosen], keywords.terms.arrow()))
    return keywords_joined(np.concatenate(rows), pieces)


def _places(held: Sequence[tuple[Places, Rows]]) -> Places:
    rows = np.concatenate([NONE, *(to[places.rows] for places, to in held)])
    order = np.argsort(rows, kind="stable")
    order = order[rows[order] >= 0]
    return Places(rows[order], shapes_joined([places.shapes for places, _ in held]).taken(order))
