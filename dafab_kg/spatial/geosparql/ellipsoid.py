"""Measures on the ellipsoid: shapes are in degrees, longitude first; results in metres.

A geometry is the set of points that its CRS makes of it: edges are straight in longitude
and latitude for distances and buffers.  Lengths and areas follow the geodesic between
vertices (Karney 2013), as PROJ measures them; the two differ by less than a millionth where
edges are shorter than a kilometre.  All measures work over the antimeridian.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from dafab_kg.model.errors import ArgumentNotValid
from dafab_kg.spatial.geosparql.parts import rings, simple_parts

Array = NDArray[np.float64]

LONGEST_EDGE: Final = 0.5
"""Degrees: longer edges are divided before distances are taken along them."""

FURTHEST: Final = 9_900_000.0
"""Metres: beyond a quarter of the way around, an azimuthal plane turns a ring inside out."""

_CANDIDATES: Final = 6  # pairs of vertex and edge that are measured exactly
_CHUNK: Final = 1_000_000  # pairs compared at once
_CELL: Final = 5.0  # degrees: the size of the pieces that are buffered each on its own plane
_MOST_PIECES: Final = 200
_QUARTER: Final = 16  # edges of a quarter of a circle


def distance(one: BaseGeometry, other: BaseGeometry, geod: Geod) -> float:
    """Shortest distance between two shapes in metres; 0 where they meet."""
    if isinstance(one, shapely.Point) and isinstance(other, shapely.Point):
        return abs(float(geod.inv(one.x, one.y, other.x, other.y)[2]))
    if shapely.intersects(one, other):
        return 0.0
    found = min(
        _nearest(_vertices(one), _edges(other), geod), _nearest(_vertices(other), _edges(one), geod)
    )
    return float(found)


def _vertices(shape: BaseGeometry) -> Array:
    return np.unique(shapely.get_coordinates(shape), axis=0)


def _edges(shape: BaseGeometry) -> Array:
    """Edges as rows of four degrees (from, to); a point is an edge without length."""
    lines: list[Array] = []
    for part in simple_parts(shape):
        if part.geom_type == "Point":
            lines.append(np.tile(shapely.get_coordinates(part), 2))
            continue
        divided = shapely.segmentize(part, LONGEST_EDGE)
        points, ring = shapely.get_coordinates(
            shapely.get_rings(divided) if part.geom_type == "Polygon" else divided,
            return_index=True,
        )
        same = ring[1:] == ring[:-1]
        lines.append(np.hstack((points[:-1], points[1:]))[same])
    return np.concatenate(lines) if lines else np.empty((0, 4))


def _nearest(points: Array, edges: Array, geod: Geod) -> float:
    """Shortest distance from any of the points to any of the edges.

    The nearest pairs are found by straight lines through the Earth, which order near
    distances as geodesics do, and then measured on the ellipsoid.
    """
    space = _Space(geod)
    start, end = space.place(edges[:, :2]), space.place(edges[:, 2:])
    along = end - start
    square = np.einsum("ij,ij->i", along, along)
    square[square == 0] = 1
    best: list[tuple[float, int, int, float]] = []
    rows = max(1, _CHUNK // max(1, len(edges)))
    for first in range(0, len(points), rows):
        place = space.place(points[first : first + rows])
        ahead = (place @ along.T - np.einsum("ij,ij->i", start, along)) / square
        share = np.clip(ahead, 0, 1)
        foot = space.raised(start + share[..., None] * along)
        gap = np.linalg.norm(foot - place[:, None, :], axis=2)
        for flat in np.argpartition(gap, min(_CANDIDATES, gap.size) - 1, axis=None)[:_CANDIDATES]:
            row, column = divmod(int(flat), len(edges))
            best.append((float(gap[row, column]), first + row, column, float(share[row, column])))
    best = sorted(best)[:_CANDIDATES]
    return _measured(
        points[[row for _, row, _, _ in best]],
        edges[[column for _, _, column, _ in best]],
        np.array([share for _, _, _, share in best]),
        geod,
    )


class _Space:
    """Places on the ellipsoid as points in space (metres from the Earth's centre)."""

    def __init__(self, geod: Geod) -> None:
        self.a, self.b = float(geod.a), float(geod.b)
        self.squeeze = 1 - float(geod.es)

    def place(self, lonlat: Array) -> Array:
        lon, lat = np.radians(lonlat).T
        across = self.a / np.sqrt(1 - (1 - self.squeeze) * np.sin(lat) ** 2)
        return np.column_stack(
            (
                across * np.cos(lat) * np.cos(lon),
                across * np.cos(lat) * np.sin(lon),
                across * self.squeeze * np.sin(lat),
            )
        )

    def raised(self, places: Array) -> Array:
        """Bring points of chords up to the ellipsoid."""
        scale = np.array([1 / self.a, 1 / self.a, 1 / self.b])
        raised: Array = places / np.linalg.norm(places * scale, axis=-1, keepdims=True)
        return raised


def _measured(points: Array, edges: Array, share: Array, geod: Geod) -> float:
    """Least distance of each point to its edge, by parabolas through the squared distance."""
    turn = (edges[:, 2] - edges[:, 0] + 180) % 360 - 180  # the short way over the antimeridian
    step = np.column_stack((turn, edges[:, 3] - edges[:, 1]))

    def reach(at: Array) -> Array:
        there = edges[:, :2] + at[:, None] * step
        gap: Array = np.abs(geod.inv(points[:, 0], points[:, 1], there[:, 0], there[:, 1])[2])
        return gap

    least = reach(share)
    for width in (0.1, 0.01, 0.001):
        below, above = reach(share - width) ** 2, reach(share + width) ** 2
        middle = least**2
        bend = below - 2 * middle + above
        move = np.divide(width * (below - above), 2 * bend, out=np.zeros_like(bend), where=bend > 0)
        tried = np.clip(share + move, 0, 1)
        found = reach(tried)
        better = found < least
        share, least = np.where(better, tried, share), np.where(better, found, least)
    return float(least.min())


def length(shape: BaseGeometry, geod: Geod) -> float:
    """Metres of a shape's lines and of its polygons' rings, holes too."""
    total = 0.0
    for part in simple_parts(shape):
        if part.geom_type == "Polygon":
            lines = rings(part)
        else:
            lines = [] if part.geom_type == "Point" else [part]
        total += sum(float(geod.line_length(*line.coords.xy)) for line in lines)
    return total


def area(shape: BaseGeometry, geod: Geod) -> float:
    """Square metres of a shape's polygons, without their holes."""
    total = 0.0
    for part in simple_parts(shape):
        if part.geom_type == "Polygon":
            areas = [
                abs(float(geod.polygon_area_perimeter(*ring.coords.xy)[0])) for ring in rings(part)
            ]
            total += areas[0] - sum(areas[1:])
    return total


def buffer(shape: BaseGeometry, metres: float, geod: Geod) -> BaseGeometry:
    """All that is within ``metres`` of a shape, or (negative) of what is outside of it.

    Pieces of at most five degrees are buffered each on an azimuthal equidistant plane around
    it, and united: a plane's scale is off by less than 0.1 % over 500 km.  The result lies
    between -180 and 180 degrees, cut at the antimeridian.
    """
    if shape.is_empty:
        return shapely.Polygon()
    if abs(metres) > FURTHEST:
        raise ArgumentNotValid(f"A buffer of more than {FURTHEST / 1000:,.0f} km is not computed")
    pieces = [shape] if metres < 0 else list(_pieces(shape))
    grown = [_grown(piece, metres, geod) for piece in pieces]
    united: BaseGeometry = shapely.union_all([part for part in grown if not part.is_empty])
    return united if not united.is_empty else shapely.Polygon()


def _pieces(shape: BaseGeometry) -> Iterator[BaseGeometry]:
    west, south, east, north = shape.bounds
    columns, rows = ceil((east - west) / _CELL) or 1, ceil((north - south) / _CELL) or 1
    if columns * rows == 1:
        yield shape
        return
    if columns * rows > _MOST_PIECES * 20:
        raise ArgumentNotValid("The geometry is too large to be buffered in metres")
    for column in range(columns):
        for row in range(rows):
            x, y = west + column * _CELL, south + row * _CELL
            piece = shapely.intersection(shape, shapely.box(x, y, x + _CELL, y + _CELL))
            if not piece.is_empty:
                yield piece


def _grown(piece: BaseGeometry, metres: float, geod: Geod) -> BaseGeometry:
    west, south, east, north = piece.bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    figure = {"a": float(geod.a), "b": float(geod.b), "no_defs": True}
    there = Transformer.from_crs(
        CRS.from_dict({"proj": "longlat", **figure}),
        CRS.from_dict({"proj": "aeqd", "lat_0": lat, "lon_0": lon, "units": "m", **figure}),
        always_xy=True,
    )
    divided = shapely.segmentize(piece, LONGEST_EDGE / 2)
    flat = shapely.transform(divided, lambda p: np.column_stack(there.transform(p[:, 0], p[:, 1])))
    grown = shapely.buffer(flat, metres, quad_segs=_QUARTER)
    if metres < 0:
        # What was divided is straight on the plane only by way of points that are not needed.
        grown = shapely.simplify(grown, 0.001)
    parts = [part for part in simple_parts(grown) if part.geom_type == "Polygon"]
    if not parts:
        return shapely.Polygon()
    back: list[BaseGeometry] = []
    for part in parts:
        bounds = [_unrolled(ring, there, lon) for ring in rings(part)]
        back.extend(_within_180(shapely.make_valid(shapely.Polygon(bounds[0], bounds[1:]))))
    united: BaseGeometry = shapely.union_all(back)
    return united


def _unrolled(ring: BaseGeometry, plane: Transformer, middle: float) -> Array:
    """A ring in degrees without a jump: longitudes may go beyond 180; around a pole, over it."""
    x, y = shapely.get_coordinates(ring).T
    lon, lat = plane.transform(x, y, direction="INVERSE")
    steps = (np.diff(lon) + 180) % 360 - 180
    lon = np.concatenate(([lon[0]], lon[0] + np.cumsum(steps)))
    lon += 360 * np.round((middle - (lon.min() + lon.max()) / 2) / 360)
    if abs(lon[-1] - lon[0]) > 180:  # once around: the pole is inside
        pole = 90.0 if lat.mean() > 0 else -90.0
        lon = np.concatenate((lon, (lon[-1], lon[0], lon[0])))
        lat = np.concatenate((lat, (pole, pole, lat[0])))
    return np.column_stack((lon, lat))


def _within_180(shape: BaseGeometry) -> Iterator[BaseGeometry]:
    west, _, east, _ = shape.bounds
    if west >= -180 and east <= 180:
        yield shape
        return
    for turn in range(int((west + 180) // 360), int((east + 180) // 360) + 1):
        part = shapely.intersection(
            shape, shapely.box(-180 + 360 * turn, -90, 180 + 360 * turn, 90)
        )
        if part.area > 0:
            yield affinity.translate(part, -360.0 * turn)
