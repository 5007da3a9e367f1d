"""Footprints: GeoJSON, rings and projected rings to WKT in CRS84, or a reason why not.

Coordinates are written with the digits they were delivered with.  Rings follow
RFC 7946 (closed, exterior counter-clockwise, holes clockwise), and what crosses
the antimeridian is cut there (section 3.1.9) with ``west`` > ``east`` (5.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Final

import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from dafab_kg.model.errors import FieldNotValid, GeometryNotValid
from dafab_kg.model.geojson import (
    Remarks,
    Shape,
    as_decimal,
    as_sequence,
    read_ring,
    read_shape,
    wrong_type,
)
from dafab_kg.model.meridian import (
    Line,
    NoPlace,
    Rings,
    crosses,
    cut_line,
    cut_polygon,
    floats,
    with_crossings,
)
from dafab_kg.model.values import decimal_text

_SPLIT_TYPES: Final = {"LineString": "MultiLineString", "Polygon": "MultiPolygon"}
_PROJECTED_PLACES = 9  # of a degree: 0.1 mm, finer than any projection is inverted
_FAR_OFF = Decimal("0.1")  # degrees by which a bbox may differ before it is remarked


@dataclass(frozen=True)
class Footprint:
    """Where something is on the Earth.

    ``wkt`` is in CRS84 (longitude first) without a CRS prefix; ``west`` to
    ``north`` bound it in degrees, with ``west`` > ``east`` where it crosses the
    antimeridian.  ``geometry_type`` is the GeoJSON type of what ``wkt`` says.
    """

    wkt: str
    west: Decimal
    south: Decimal
    east: Decimal
    north: Decimal
    geometry_type: str


def footprint_from_geojson(
    geometry: object, *, where: str, bbox: Sequence[object] | None = None
) -> tuple[Footprint, tuple[str, ...]]:
    """Return the footprint that a GeoJSON geometry describes, and warnings.

    Numbers may be int, float or Decimal.  ``where`` is the JSON Pointer of the
    geometry.  ``bbox`` is the bounding box delivered with it: it decides where
    the geometry alone is ambiguous (a box that spans most of the globe), and a
    contradiction is a warning.

    Raises:
        GeometryNotValid: missing, empty, out of range, of contradicting type, or
            crossing itself.
    """
    if geometry is None:
        raise GeometryNotValid(
            "The geometry is missing", where=where, remedy="State where the thing is"
        )
    remarks = Remarks()
    box = _box(bbox, remarks)
    shape = read_shape(geometry, where, remarks)
    shape = _placed(shape, where, remarks, box)
    footprint = _footprint(shape, box)
    _compare(footprint, box, remarks)
    return footprint, tuple(remarks)


def footprint_from_ring(lonlat: Sequence[tuple[Decimal | float, ...]], *, where: str) -> Footprint:
    """Return the footprint within one ring of (longitude, latitude); it need not be closed.

    Raises:
        GeometryNotValid: as for :func:`footprint_from_geojson`.
    """
    ring = read_ring(lonlat, where, Remarks())
    return _footprint(_placed(Shape("Polygon", polygons=((ring,),)), where, Remarks()))


def footprint_from_projected(
    coords: Sequence[Sequence[Sequence[Decimal | float]]], crs: str, *, where: str
) -> Footprint:
    """Return the footprint of a polygon in a projected CRS.

    ``coords`` are its rings of (easting, northing) in the units of ``crs``, any
    name that PROJ understands (``EPSG:32610``).  Positions in degrees are
    rounded to 1e-9 degrees.  An edge over the antimeridian is cut where its great
    circle is, which a straight edge of a conformal projection comes close to.

    Raises:
        FieldNotValid: there is no such CRS.
        GeometryNotValid: as for :func:`footprint_from_geojson`, or outside of the
            projection's domain.
    """
    to_degrees = _to_degrees(crs, where)
    rings = tuple(
        with_crossings(
            read_ring(_in_degrees(ring, to_degrees, f"{where}/{index}"), where, Remarks())
        )
        for index, ring in enumerate(as_sequence(coords, where))
    )
    if not rings:
        raise GeometryNotValid("The geometry is empty", where=where, remedy="Deliver the rings")
    return _footprint(_placed(Shape("Polygon", polygons=(rings,)), where, Remarks()))


def _in_degrees(ring: object, transformer: Transformer, where: str) -> list[tuple[float, float]]:
    positions = []
    for index, position in enumerate(as_sequence(ring, where)):
        place = f"{where}/{index}"
        pair = as_sequence(position, place)
        if len(pair) < 2:
            raise wrong_type(place, "easting and northing")
        easting, northing = (float(as_decimal(value, place)) for value in pair[:2])
        longitude, latitude = transformer.transform(easting, northing)
        positions.append((round(longitude, _PROJECTED_PLACES), round(latitude, _PROJECTED_PLACES)))
    return positions


@cache
def _transformer(crs: str) -> Transformer:
    return Transformer.from_crs(CRS.from_user_input(crs), "OGC:CRS84", always_xy=True)


def _to_degrees(crs: str, where: str) -> Transformer:
    try:
        return _transformer(crs)
    except ProjError:
        raise FieldNotValid(
            f"{crs!r} is no coordinate reference system",
            where=where,
            remedy="Give a code such as EPSG:32631",
        ) from None


# Placing: range, validity, antimeridian, ring direction -----------------------------------


def _placed(
    shape: Shape, where: str, remarks: Remarks, box: tuple[Decimal, ...] | None = None
) -> Shape:
    try:
        for longitude, _ in shape.points:
            if abs(longitude) > 180:
                raise NoPlace(f"longitude {longitude} is out of range (-180 to 180)")
        lines = tuple(part for line in shape.lines for part in _line_parts(line))
        polygons = tuple(part for p in shape.polygons for part in _polygon_parts(p, box))
        _check_parts(polygons)
    except NoPlace as error:
        raise GeometryNotValid(
            str(error), where=where, remedy="Correct the geometry at its source (WGS 84 degrees)"
        ) from None
    shapes = tuple(
        _placed(member, f"{where}/geometries/{index}", remarks, box)
        for index, member in enumerate(shape.shapes)
    )
    cut = len(lines) > len(shape.lines) or len(polygons) > len(shape.polygons)
    if cut:
        remarks.add("The geometry was cut at the antimeridian")
    kind = _SPLIT_TYPES.get(shape.kind, shape.kind) if cut else shape.kind
    return Shape(kind, shape.points, lines, polygons, shapes)


def _line_parts(line: Line) -> list[Line]:
    return cut_line(line) if crosses(line) else [line]


def _polygon_parts(rings: Rings, box: tuple[Decimal, ...] | None) -> list[Rings]:
    over = crosses(rings[0]) and not _is_box(rings, box)
    parts = cut_polygon(rings) if over else [rings]
    if not parts:
        raise NoPlace("the polygon has no area")
    for part in parts:
        polygon = _polygon(part)
        if not polygon.is_valid:
            raise NoPlace(f"the polygon crosses itself: {shapely.is_valid_reason(polygon)}")
    return [tuple(_wound(ring, i == 0) for i, ring in enumerate(part)) for part in parts]


def _is_box(rings: Rings, box: tuple[Decimal, ...] | None) -> bool:
    """Tell whether the polygon is its own bounding box, so that the long way round is meant."""
    if box is None or box[0] > box[2] or len(rings) > 1:
        return False
    west, south, east, north = box
    return set(rings[0]) == {(west, south), (east, south), (east, north), (west, north)}


def _check_parts(polygons: tuple[Rings, ...]) -> None:
    if len(polygons) > 1:
        whole = shapely.MultiPolygon([_polygon(rings) for rings in polygons])
        if not whole.is_valid:
            raise NoPlace(f"parts of the geometry overlap: {shapely.is_valid_reason(whole)}")


def _polygon(rings: Rings) -> shapely.Polygon:
    return shapely.Polygon(floats(rings[0]), [floats(hole) for hole in rings[1:]])


def _wound(ring: Line, exterior: bool) -> Line:
    """Turn a ring counter-clockwise if exterior, else clockwise (RFC 7946 section 3.1.6)."""
    x0, y0 = ring[0]  # relative, so that small rings far from the origin keep their sign
    doubled = sum((a[0] - x0) * (b[1] - y0) - (b[0] - x0) * (a[1] - y0) for a, b in pairwise(ring))
    return ring if (doubled > 0) == exterior else ring[::-1]


# Writing ----------------------------------------------------------------------------------


def _footprint(shape: Shape, box: tuple[Decimal, ...] | None = None) -> Footprint:
    spans = list(_spans(shape))
    west, east = _west_east([(s[0], s[2]) for s in spans], box)
    south, north = min(s[1] for s in spans), max(s[3] for s in spans)
    return Footprint(_wkt(shape), west, south, east, north, shape.kind)


def _spans(shape: Shape) -> Iterator[tuple[Decimal, Decimal, Decimal, Decimal]]:
    """Yield west, south, east, north of each part."""
    for line in (*((p,) for p in shape.points), *shape.lines, *(p[0] for p in shape.polygons)):
        longitudes, latitudes = [p[0] for p in line], [p[1] for p in line]
        yield min(longitudes), min(latitudes), max(longitudes), max(latitudes)
    for member in shape.shapes:
        yield from _spans(member)


def _west_east(
    spans: list[tuple[Decimal, Decimal]], box: tuple[Decimal, ...] | None
) -> tuple[Decimal, Decimal]:
    """Return the bounds, over the antimeridian if parts reach it from both sides."""
    west, east = min(s[0] for s in spans), max(s[1] for s in spans)
    over = (west == -180 and east == 180) or (box is not None and box[0] > box[2])
    if not over:
        return west, east
    widest, bounds, reach = Decimal(0), (west, east), west
    for start, end in sorted(spans):
        if start - reach > widest:
            widest, bounds = start - reach, (start, reach)
        reach = max(reach, end)
    return bounds


def _wkt(shape: Shape) -> str:
    match shape.kind:
        case "Point":
            body = _pairs(shape.points)
        case "MultiPoint":
            body = "(" + ", ".join(_pairs((point,)) for point in shape.points) + ")"
        case "LineString":
            body = _pairs(shape.lines[0])
        case "MultiLineString":
            body = _nested(shape.lines)
        case "Polygon":
            body = _nested(shape.polygons[0])
        case "MultiPolygon":
            body = "(" + ", ".join(_nested(rings) for rings in shape.polygons) + ")"
        case _:
            body = "(" + ", ".join(_wkt(member) for member in shape.shapes) + ")"
    return f"{shape.kind.upper()} {body}"


def _nested(lines: Rings) -> str:
    return "(" + ", ".join(_pairs(line) for line in lines) + ")"


def _pairs(line: Line) -> str:
    return "(" + ", ".join(f"{decimal_text(x)} {decimal_text(y)}" for x, y in line) + ")"


# The delivered bounding box ---------------------------------------------------------------


def _box(bbox: Sequence[object] | None, remarks: Remarks) -> tuple[Decimal, ...] | None:
    """Return west, south, east, north of a bbox of 4 or 6 numbers, None if it is neither."""
    if bbox is None:
        return None
    try:
        values = [as_decimal(value, "bbox") for value in as_sequence(bbox, "bbox")]
    except GeometryNotValid:
        values = []
    if len(values) == 6:
        values = [values[0], values[1], values[3], values[4]]
    if len(values) != 4:
        remarks.add("The bbox is not four or six numbers")
        return None
    return tuple(values)


def _compare(footprint: Footprint, box: tuple[Decimal, ...] | None, remarks: Remarks) -> None:
    if box is None:
        return
    sides = [(box[1], footprint.south), (box[3], footprint.north)]
    # around the antimeridian too many conventions for the box are in use
    if footprint.west <= footprint.east and box[0] <= box[2]:
        sides += [(box[0], footprint.west), (box[2], footprint.east)]
    if any(abs(told - found) > _FAR_OFF for told, found in sides):
        remarks.add("The bbox contradicts the geometry")
