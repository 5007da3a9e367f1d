"""Where an event was: GeoJSON, WKT, GeoRSS or a point, as a footprint in CRS84."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import shapely

from dafab_kg.model.errors import GeometryNotValid
from dafab_kg.model.geometry import footprint_from_geojson
from dafab_kg.model.values import decimal_text

_SRID: Final = re.compile(r"\s*SRID\s*=\s*(\d+)\s*;\s*", re.IGNORECASE)
_LONGEST_WKT: Final = 32 * 1024 * 1024


@dataclass(frozen=True)
class Area:
    """A footprint as fields of a report, and what was done to read it."""

    footprint_wkt: str
    west: Decimal
    south: Decimal
    east: Decimal
    north: Decimal
    warnings: tuple[str, ...] = ()

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of a record."""
        return {
            "footprint_wkt": self.footprint_wkt,
            "west": self.west,
            "south": self.south,
            "east": self.east,
            "north": self.north,
        }


def of_geojson(geometry: object, *, where: str, bbox: Sequence[object] | None = None) -> Area:
    """Return the area of a GeoJSON geometry.

    A line over the antimeridian may be written with longitudes beyond 180 degrees.

    Raises:
        GeometryNotValid: it describes no place.
    """
    footprint, warnings = footprint_from_geojson(geometry, where=where, bbox=bbox)
    return Area(
        footprint.wkt,
        footprint.west,
        footprint.south,
        footprint.east,
        footprint.north,
        warnings,
    )


def of_point(longitude: Decimal, latitude: Decimal, *, where: str) -> Area:
    """Return a point as an area: a source that gives a point gives no more."""
    return of_geojson({"type": "Point", "coordinates": [longitude, latitude]}, where=where)


def of_line(points: Sequence[tuple[Decimal, Decimal]], *, where: str) -> Area:
    """Return the line through the points, or the point if they are one.

    Neighbours more than half the globe apart lie on two sides of the antimeridian.
    """
    line = [list(p) for i, p in enumerate(points) if i == 0 or points[i - 1] != p]
    if len(line) == 1:
        return of_point(*points[0], where=where)
    return of_geojson({"type": "LineString", "coordinates": line}, where=where)


def of_wkt(text: str, *, where: str) -> Area:
    """Return the area of a WKT geometry in WGS 84, longitude first.

    Raises:
        GeometryNotValid: it is no WKT, in another CRS, or describes no place.
    """
    return of_geojson(geojson_of_wkt(text, where=where), where=where)


def of_wkts(texts: Sequence[str], *, where: str) -> Area | None:
    """Return the union of several WKT polygons (they may overlap), None of none."""
    if not texts:
        return None
    for text in texts:
        of_wkt(text, where=where)  # each must be a place by itself
    united = shapely.union_all([shapely.from_wkt(_SRID.sub("", text)) for text in texts])
    return of_geojson(_geojson(united), where=where)


def geojson_of_wkt(text: str, *, where: str) -> dict[str, Any]:
    """Return a WKT geometry as GeoJSON.

    Raises:
        GeometryNotValid: it is no WKT, or in another CRS than WGS 84.
    """
    remedy = "Write WKT in WGS 84, longitude first: POINT (6.1 49.6)"
    srid = _SRID.match(text)
    if srid is not None and srid[1] != "4326":
        raise GeometryNotValid(f"the WKT is in EPSG:{srid[1]}", where=where, remedy=remedy)
    if len(text) > _LONGEST_WKT:
        raise GeometryNotValid("the WKT is too long", where=where, remedy="Simplify it")
    try:
        return _geojson(shapely.from_wkt(_SRID.sub("", text, count=1)))
    except shapely.errors.ShapelyError as error:
        reason = str(error).splitlines()[0][:120]
        raise GeometryNotValid(f"not WKT: {reason}", where=where, remedy=remedy) from None


def _geojson(geometry: shapely.Geometry) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shapely.to_geojson(geometry), parse_float=Decimal)
    return found


def of_georss(kind: str, text: str, *, where: str) -> Area:
    """Return the area of a GeoRSS simple element (``point``, ``line``, ``polygon``, ``box``).

    GeoRSS writes latitude first.

    Raises:
        GeometryNotValid: not pairs of numbers, or no place.
    """
    try:
        numbers = [Decimal(word) for word in text.replace(",", " ").split()]
    except ArithmeticError:
        numbers = []
    if not numbers or len(numbers) % 2:
        raise GeometryNotValid(
            f"georss:{kind} {text[:60]!r} is not pairs of latitude and longitude",
            where=where,
            remedy="Write numbers with a space between them, latitude first",
        )
    pairs = [[numbers[i + 1], numbers[i]] for i in range(0, len(numbers), 2)]
    if kind == "box" and len(pairs) == 2:
        (west, south), (east, north) = pairs
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        return of_geojson({"type": "Polygon", "coordinates": [ring]}, where=where)
    match kind:
        case "point" if len(pairs) == 1:
            return of_point(pairs[0][0], pairs[0][1], where=where)
        case "polygon":
            return of_geojson({"type": "Polygon", "coordinates": [pairs]}, where=where)
    return of_geojson({"type": "LineString", "coordinates": pairs}, where=where)


def point_wkt(longitude: Decimal, latitude: Decimal) -> str:
    """Write a point."""
    return f"POINT ({decimal_text(longitude)} {decimal_text(latitude)})"
