"""Cutting at the antimeridian (RFC 7946 section 3.1.9), without touching delivered digits.

Lines between positions are straight in longitude and latitude, as GeoJSON means
them.  The ``antimeridian`` package does the same job in floating point and moves
each longitude by some 1e-14 degrees on the way; here every delivered vertex
comes out as it went in, and only the points on the cut are new.  The package
serves as an oracle in the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import pairwise
from math import atan, degrees, radians, sin, tan

import shapely
from shapely.geometry.base import BaseGeometry

Position = tuple[Decimal, Decimal]
"""Longitude and latitude in degrees."""
Line = tuple[Position, ...]
Rings = tuple[Line, ...]
"""A polygon: exterior first, then holes, each ring closed."""

_TURN = Decimal(360)
_HALF = Decimal(180)
_ON_CUT = 1e-9  # degrees: 0.1 mm, more than the error of an intersection
_LEAST_AREA = 1e-12  # square degrees: what is smaller is an artefact of the cut
_WIDEST_OVERHANG_EDGE = 90
_PLACES = 9  # of a degree: 0.1 mm


class NoPlace(Exception):
    """What makes a geometry describe no place; ``geometry`` turns it into a rejection."""


def crosses(line: Line) -> bool:
    """Tell whether a line jumps over the antimeridian or runs beyond it.

    A step of exactly 360 degrees is none: it is how a band around the whole
    globe is drawn.
    """
    if any(abs(lon) > _HALF for lon, _ in line):
        return True
    return any(_HALF < abs(b[0] - a[0]) < _TURN for a, b in pairwise(line))


def with_crossings(line: Line) -> Line:
    """Add the points where a line's great circles meet the antimeridian.

    For lines that were not straight in longitude and latitude to begin with,
    such as the edges of a projected footprint: at high latitudes a great circle
    leaves the straight line by kilometres.
    """
    points = [line[0]]
    for a, b in pairwise(line):
        if _HALF < abs(b[0] - a[0]) < _TURN and abs(a[0]) < _HALF and abs(b[0]) < _HALF:
            points.append((_HALF.copy_sign(a[0]), _latitude_between(a, b)))
        points.append(b)
    return tuple(points)


def _latitude_between(a: Position, b: Position) -> Decimal:
    """Return the latitude at which the great circle from ``a`` to ``b`` meets ±180 degrees."""
    (from_lon, from_lat), (to_lon, to_lat) = (tuple(map(float, p)) for p in (a, b))
    before, after = (radians(180 - abs(lon)) for lon in (from_lon, to_lon))
    rise = tan(radians(from_lat)) * sin(after) + tan(radians(to_lat)) * sin(before)
    return Decimal(repr(round(degrees(atan(rise / sin(before + after))), _PLACES)))


def cut_line(line: Line) -> list[Line]:
    """Cut a line that crosses the antimeridian into the lines on either side."""
    flat = _unrolled(line)
    known = _vertices(flat, line)
    parts: list[Line] = []
    for window, part in _windows(shapely.LineString(floats(flat))):
        parts += [_restored(p.coords, known, window) for p in _simple(part, "LineString")]
    return parts


def cut_polygon(rings: Rings) -> list[Rings]:
    """Cut a polygon that crosses the antimeridian into its parts, all within ±180.

    A ring that goes once around the globe encloses a pole: the result then
    reaches up to that pole, from -180 to 180.
    """
    flat = _unrolled(rings[0])
    known = _vertices(flat, rings[0])
    around = abs(flat[-1][0] - flat[0][0]) == _TURN
    if around:
        flat = _over_pole(flat)
    holes = [_beside(_unrolled(hole), flat) for hole in rings[1:]]
    for hole, delivered in zip(holes, rings[1:], strict=True):
        known |= _vertices(hole, delivered)
    whole = shapely.Polygon(floats(flat), [floats(hole) for hole in holes])
    if not whole.is_valid:
        raise NoPlace(shapely.is_valid_reason(whole))
    cut = [(window, p) for window, part in _windows(whole) for p in _simple(part, "Polygon")]
    parts = [_restored_rings(p, known, window) for window, p in cut if p.area > _LEAST_AREA]
    return _joined(parts) if around else parts


def _unrolled(line: Line) -> Line:
    """Give each position the longitude nearest to the one before, beyond ±180 if need be."""
    if any(abs(lon) > _HALF for lon, _ in line):
        _check_overhang(line)
        return line
    longitude = line[0][0]
    flat = [line[0]]
    for (before, _), (lon, lat) in pairwise(line):
        step = lon - before
        if abs(step) > _HALF:
            step -= _TURN.copy_sign(step)
        longitude += step
        flat.append((longitude, lat))
    return tuple(flat)


def _check_overhang(line: Line) -> None:
    longitudes = [lon for lon, _ in line]
    least, most = min(longitudes), max(longitudes)
    reaches_over = least >= -_TURN and most <= _TURN and least < _HALF and most > -_HALF
    longest = max(abs(b - a) for a, b in pairwise(longitudes))
    if not reaches_over or most - least >= _HALF or longest > _WIDEST_OVERHANG_EDGE:
        worst = max(longitudes, key=abs)
        raise NoPlace(f"longitude {worst} is out of range (-180 to 180)")


def _over_pole(flat: Line) -> Line:
    latitudes = [lat for _, lat in flat]
    if min(latitudes) > 0:
        pole = Decimal(90)
    elif max(latitudes) < 0:
        pole = Decimal(-90)
    else:
        raise NoPlace("the ring goes around the globe on both sides of the equator")
    return (*flat, (flat[-1][0], pole), (flat[0][0], pole), flat[0])


def _beside(hole: Line, exterior: Line) -> Line:
    """Shift a hole by whole turns so that it lies where the exterior does."""
    middle = (min(lon for lon, _ in exterior) + max(lon for lon, _ in exterior)) / 2
    turns = round((middle - hole[0][0]) / _TURN) * _TURN
    return tuple((lon + turns, lat) for lon, lat in hole)


def floats(line: Line) -> list[tuple[float, float]]:
    """Return a line's positions as shapely wants them."""
    return [(float(lon), float(lat)) for lon, lat in line]


def _vertices(flat: Line, delivered: Line) -> dict[tuple[float, float], Position]:
    return dict(zip(floats(flat), delivered, strict=True))


def _windows(geometry: BaseGeometry) -> Iterator[tuple[int, BaseGeometry]]:
    """Yield what lies within each turn of the globe, with the turn's number."""
    for turn in (-1, 0, 1):
        window = shapely.box(360 * turn - 180, -90, 360 * turn + 180, 90)
        part = geometry.intersection(window)
        if not part.is_empty:
            yield turn, part


def _simple(geometry: BaseGeometry, kind: str) -> list[BaseGeometry]:
    return [part for part in shapely.get_parts(geometry) if part.geom_type == kind]


def _restored_rings(
    polygon: BaseGeometry, known: dict[tuple[float, float], Position], turn: int
) -> Rings:
    rings: Iterable[BaseGeometry] = (polygon.exterior, *polygon.interiors)  # type: ignore[attr-defined]
    return tuple(_restored(ring.coords, known, turn) for ring in rings)


def _restored(
    coords: Iterable[tuple[float, ...]], known: dict[tuple[float, float], Position], turn: int
) -> Line:
    """Bring vertices back within ±180, delivered ones with the digits they came with."""
    line: list[Position] = []
    for x, y in (c[:2] for c in coords):
        delivered = known.get((x, y))
        latitude = delivered[1] if delivered else Decimal(repr(y))
        offset = x - 360 * turn
        if abs(abs(offset) - 180) < _ON_CUT:
            longitude = _HALF.copy_sign(Decimal(offset))
        elif delivered is None:
            longitude = Decimal(repr(offset))
        else:
            longitude = _within(delivered[0])
        line.append((longitude, latitude))
    return tuple(p for i, p in enumerate(line) if i == 0 or p != line[i - 1])


def _within(longitude: Decimal) -> Decimal:
    if abs(longitude) <= _HALF:
        return longitude
    return longitude - _TURN.copy_sign(longitude)


def _joined(parts: list[Rings]) -> list[Rings]:
    """Join the parts of a polar cap, which share the edge where the ring began."""
    known = {(float(lon), float(lat)): (lon, lat) for p in parts for ring in p for lon, lat in ring}
    whole = shapely.union_all(
        [shapely.Polygon(floats(p[0]), [floats(hole) for hole in p[1:]]) for p in parts]
    )
    return [_restored_rings(p, known, 0) for p in _simple(whole, "Polygon")]
