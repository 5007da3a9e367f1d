"""Polygons of one ring from WKT to WKB, all at once.

Most geometries of a catalogue are footprints and fields: one closed ring of plain numbers.
For these a geometry library would parse, build and write one object each; here their
numbers are read as one table.  Whatever is written in any other way is left to the library.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from dafab_kg.spatial.geosparql.names import WKT
from dafab_kg.spatial.index.texts import Texts

_SUFFIX: Final = f'))"^^<{WKT}>'
_RING: Final = (
    r'^"POLYGON ?\(\([0-9., \-]+\)\)"\^\^<' + WKT.replace(".", r"\.") + ">$"
)  # what stands between the brackets is judged by the reader of the table
EARTH: Final = (180.0, 90.0, 180.0, 90.0)
"""Bounds of a box of longitudes and latitudes; what lies beyond has no place in the index:
it is elsewhere for distances on the ellipsoid, where it is wrapped, than for relations."""
_HEADER: Final = np.dtype([("order", "u1"), ("kind", "<u4"), ("rings", "<u4"), ("points", "<u4")])
_POINT_BYTES: Final = 16

Rings = tuple[NDArray[np.bool_], Texts, NDArray[np.float64]]


def rings(literals: pa.LargeStringArray) -> Rings:
    """Read the literals that are polygons of one ring in CRS84.

    Returns which of ``literals`` are, and the WKB and the boxes of these.
    """
    chosen = pc.match_substring_regex(literals, _RING).to_numpy(zero_copy_only=False)
    if chosen.any():
        texts = literals.filter(pa.array(chosen))
        counts = pc.count_substring(texts, ",").to_numpy().astype(np.int64) + 1
        points = _points(texts, int(counts.sum()))
        if points is not None:
            good, wkb, boxes = _laid_out(points, counts)
            chosen[chosen] = good
            return chosen, wkb, boxes
    return np.zeros(len(literals), bool), Texts.of(()), np.empty((0, 4))


def _points(texts: pa.LargeStringArray, count: int) -> NDArray[np.float64] | None:
    """All points, one a row; None if one of them is not two plain numbers."""
    lines = Texts.from_arrow(texts).data.tobytes().replace(_SUFFIX.encode(), b"")
    for mark in (b'"POLYGON ((', b'"POLYGON((', b", "):
        lines = lines.replace(mark, b"\n")
    try:
        table = csv.read_csv(
            pa.BufferReader(lines),
            csv.ReadOptions(column_names=["x", "y"]),
            csv.ParseOptions(delimiter=" ", quote_char=False),
            csv.ConvertOptions(column_types={"x": pa.float64(), "y": pa.float64()}, null_values=[]),
        )
    except pa.ArrowInvalid:
        return None
    if len(table) != count:
        return None
    return np.column_stack([table.column(name).to_numpy() for name in ("x", "y")])


def _laid_out(points: NDArray[np.float64], counts: NDArray[np.int64]) -> Rings:
    ends = np.cumsum(counts)
    starts = ends - counts
    boxes = np.column_stack(
        (np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts))
    )
    good = (counts >= 4) & (points[starts] == points[ends - 1]).all(axis=1)
    good &= (np.abs(boxes) <= EARTH).all(axis=1)  # false for NaN and infinity, too
    if not good.all():
        points = points[np.repeat(good, counts)]
        counts, boxes = counts[good], boxes[good]
    return good, _wkb(points, counts), boxes


def _wkb(points: NDArray[np.float64], counts: NDArray[np.int64]) -> Texts:
    """Little-endian WKB of polygons of one ring (OGC 06-103r4, section 8.2)."""
    heads = np.empty(len(counts), _HEADER)
    heads["order"], heads["kind"], heads["rings"], heads["points"] = 1, 3, 1, counts
    offsets: NDArray[Any] = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts * _POINT_BYTES + _HEADER.itemsize, out=offsets[1:])
    head = np.zeros(int(offsets[-1]), bool)
    head[(offsets[:-1, None] + np.arange(_HEADER.itemsize)).reshape(-1)] = True
    data = np.empty(len(head), np.uint8)
    data[head] = heads.view(np.uint8)
    data[~head] = points.astype("<f8").reshape(-1).view(np.uint8)
    return Texts(offsets, data)
