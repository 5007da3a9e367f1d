"""Distance, length, area and buffer with units (GeoSPARQL 1.1, section 8.7).

In a projected CRS measures with a unit are taken on its plane.  In a geographic CRS a unit of
length is taken on the ellipsoid, a unit of angle on the plane of longitude and latitude.
``metric...`` functions measure on the ellipsoid in every CRS.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

import shapely

from dafab_kg.model.errors import ArgumentNotValid
from dafab_kg.spatial.geosparql import ellipsoid
from dafab_kg.spatial.geosparql.geometry import Geometry
from dafab_kg.spatial.geosparql.units import Unit, unit_of

_AROUND = 16  # edges of a quarter of a circle


def distance(one: Geometry, other: Geometry, unit: str) -> float:
    """Shortest distance in the unit of this IRI."""
    _refuse_empty(one, other)
    return _measure(
        one,
        unit_of(unit),
        lambda: metric_distance(one, other),
        lambda: float(shapely.distance(one.shape, other.shape_in(one.crs))),
    )


def metric_distance(one: Geometry, other: Geometry) -> float:
    """Shortest distance in metres on the ellipsoid of the first geometry's CRS."""
    _refuse_empty(one, other)
    moved = one.crs.to_lonlat(other.shape_in(one.crs)) if one.crs != other.crs else other.lonlat()
    return ellipsoid.distance(one.lonlat(), moved, one.crs.geod)


def length(one: Geometry, unit: str) -> float:
    """Length of lines, or of the boundary of areas; 0 of points."""
    return _measure(
        one, unit_of(unit), lambda: metric_length(one), lambda: float(shapely.length(one.shape))
    )


def metric_length(one: Geometry) -> float:
    """:func:`length` in metres on the ellipsoid."""
    return ellipsoid.length(one.lonlat(), one.crs.geod)


def area(one: Geometry, unit: str) -> float:
    """Area in a unit of area, or in the square of a unit of length; 0 of points and lines."""
    found = unit_of(unit)
    factor = found.factor if found.kind == "area" else found.factor**2
    if found.kind == "angle":
        if not one.crs.is_geographic:
            raise _unfit(found)
        return float(shapely.area(one.shape)) * one.crs.unit**2 / factor
    if one.crs.is_geographic:
        return metric_area(one) / factor
    return float(shapely.area(one.shape)) * one.crs.unit**2 / factor


def metric_area(one: Geometry) -> float:
    """:func:`area` in square metres on the ellipsoid."""
    return ellipsoid.area(one.lonlat(), one.crs.geod)


def buffer(one: Geometry, radius: float, unit: str) -> Geometry:
    """All within a radius, in the CRS of the geometry."""
    found = unit_of(unit)
    if found.kind == "area" or (found.kind == "angle" and not one.crs.is_geographic):
        raise _unfit(found)
    if found.kind == "length" and one.crs.is_geographic:
        return metric_buffer(one, radius * found.factor)
    _refuse_endless(radius)
    planar = radius * found.factor / one.crs.unit
    return one.like(shapely.buffer(one.shape, planar, quad_segs=_AROUND))


def metric_buffer(one: Geometry, radius: float) -> Geometry:
    """All within a radius in metres on the ellipsoid, in the CRS of the geometry."""
    _refuse_endless(radius)
    grown = ellipsoid.buffer(one.lonlat(), radius, one.crs.geod)
    return one.like(one.crs.from_lonlat(grown))


def _measure(
    one: Geometry, unit: Unit, metres: Callable[[], float], planar: Callable[[], float]
) -> float:
    geographic = one.crs.is_geographic
    if unit.kind == "length" and geographic:
        return metres() / unit.factor
    if unit.kind == ("angle" if geographic else "length"):
        return planar() * one.crs.unit / unit.factor
    raise _unfit(unit)


def _unfit(unit: Unit) -> ArgumentNotValid:
    return ArgumentNotValid(
        f"A unit of {unit.kind} does not fit: lengths fit every CRS, angles a geographic one"
    )


def _refuse_empty(*geometries: Geometry) -> None:
    if any(geometry.shape.is_empty for geometry in geometries):
        raise ArgumentNotValid("An empty geometry is at no distance from anything")


def _refuse_endless(radius: float) -> None:
    if not isfinite(radius):
        raise ArgumentNotValid("A radius must be a finite number")
