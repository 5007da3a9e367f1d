"""The area on the WGS 84 ellipsoid within polygons whose edges are straight in CRS84.

RFC 7946 section 3.1.1 and GeoSPARQL mean an edge so: straight in longitude and
latitude, not along a geodesic.  The area under an edge is the integral over longitude
of the area between the equator and the edge's latitude, which is known in closed form;
it is integrated by Gauss-Legendre quadrature.  Since an edge counts the same from both
sides, the areas of the parts of a polygon sum to that of the whole.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MAJOR: Final = 6378137.0  # metres, WGS 84
_FLATTENING: Final = 1 / 298.257223563
_ECCENTRICITY: Final = float(np.sqrt(_FLATTENING * (2 - _FLATTENING)))
_MINOR: Final = _MAJOR * (1 - _FLATTENING)
_SHORT: Final = np.radians(0.2)  # of latitude: three nodes are exact to the last digit


def ellipsoidal_areas(polygons: NDArray[Any]) -> Floats:
    """Return the areas in m² of polygons and multipolygons in CRS84; holes are taken off."""
    areas = np.zeros(len(polygons))
    parts, owner = shapely.get_parts(polygons, return_index=True)
    if not len(parts):
        return areas
    rings, part = shapely.get_rings(parts, return_index=True)
    sizes = np.abs(_ring_areas(rings))
    exterior = np.r_[True, part[1:] != part[:-1]]
    np.add.at(areas, owner[part], np.where(exterior, sizes, -sizes))
    return areas


def _ring_areas(rings: NDArray[Any]) -> Floats:
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    longitude, latitude = np.radians(coordinates[:, 0]), np.radians(coordinates[:, 1])
    within = ring[1:] == ring[:-1]
    start, end = latitude[:-1][within], latitude[1:][within]
    step = (longitude[1:] - longitude[:-1])[within]
    under = np.empty_like(step)
    short = np.abs(end - start) < _SHORT
    for chosen, nodes in ((short, 3), (~short, 24)):
        under[chosen] = _mean_area(start[chosen], end[chosen], nodes)
    areas = np.zeros(len(rings))
    np.add.at(areas, ring[1:][within], step * under)
    return areas


def _mean_area(start: Floats, end: Floats, nodes: int) -> Floats:
    """Mean along an edge of the area from the equator, in m² for each radian of longitude."""
    places, weights = np.polynomial.legendre.leggauss(nodes)
    middle, half = (start + end) / 2, (end - start) / 2
    mean = np.zeros_like(start)
    for place, weight in zip(places, weights, strict=True):
        mean += weight / 2 * _area_from_equator(middle + half * place)
    return mean


def _area_from_equator(latitude: Floats) -> Floats:
    sine = np.sin(latitude)
    along = _ECCENTRICITY * sine
    result: Floats = _MINOR**2 / 2 * (sine / (1 - along**2) + np.arctanh(along) / _ECCENTRICITY)
    return result
