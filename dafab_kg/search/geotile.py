"""Tiles of web maps: squares of the Mercator projection, halved with each zoom level.

A tile is written zoom/x/y, counted from 180° W and from the north (OGC 17-083r4, tile matrix
set WebMercatorQuad).  What lies beyond 85.05° is in the tiles at the edge.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import shapely
from shapely.geometry.base import BaseGeometry


def geotile(longitude: float, latitude: float, zoom: int) -> str:
    """Return the tile of a place, in degrees.

    >>> geotile(6.13, 49.61, 7)
    '7/66/43'
    """
    return f"{zoom}/{_column(longitude, zoom)}/{_row(latitude, zoom)}"


def tiles(place: BaseGeometry, zoom: int, most: int) -> Iterator[str]:
    """Yield the tiles that have a point in common with a geometry; none if it has over ``most``."""
    if place.is_empty:
        return
    west, south, east, north = place.bounds
    left, right = _column(west, zoom), _column(east, zoom)
    top, bottom = _row(north, zoom), _row(south, zoom)
    if (right - left + 1) * (bottom - top + 1) > most:
        return
    shapely.prepare(place)
    width = 360 / 2**zoom
    for x in range(left, right + 1):
        for y in range(top, bottom + 1):
            low, high = _edge(y + 1, zoom), _edge(y, zoom)
            if place.intersects(shapely.box(x * width - 180, low, (x + 1) * width - 180, high)):
                yield f"{zoom}/{x}/{y}"


def _column(longitude: float, zoom: int) -> int:
    return _within(math.floor((longitude + 180) / 360 * 2**zoom), zoom)


def _row(latitude: float, zoom: int) -> int:
    # the projection has no poles; beyond 89° all is far beyond the last row
    angle = math.radians(min(max(latitude, -89), 89))
    return _within(math.floor((1 - math.asinh(math.tan(angle)) / math.pi) / 2 * 2**zoom), zoom)


def _edge(row: int, zoom: int) -> float:
    """The latitude of the northern edge of a row."""
    if row == 0:
        return 90
    if row == 2**zoom:
        return -90
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / 2**zoom))))


def _within(number: int, zoom: int) -> int:
    return min(max(number, 0), (1 << zoom) - 1)
