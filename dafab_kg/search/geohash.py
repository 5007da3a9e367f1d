"""Geohash cells (Gustavo Niemeyer, 2008): boxes of longitude and latitude, halved in turns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

LETTERS: Final = "0123456789bcdefghjkmnpqrstuvwxyz"


def geohash(longitude: float, latitude: float, precision: int) -> str:
    """Return the cell of a place, in degrees.

    >>> geohash(-5.6, 42.6, 5)
    'ezs42'
    """
    width, height = _bits(precision)
    column = min(int((longitude + 180) / 360 * 2**width), 2**width - 1)
    row = min(int((latitude + 90) / 180 * 2**height), 2**height - 1)
    return _written(column, row, precision)


def cells(place: BaseGeometry, precision: int, most: int) -> Iterator[str]:
    """Yield the cells that have a point in common with a geometry; none if it has over ``most``."""
    if place.is_empty:
        return
    west, south, east, north = place.bounds
    width, height = _bits(precision)
    x, y = 360 / 2**width, 180 / 2**height
    left, right = (min(max(int((one + 180) // x), 0), 2**width - 1) for one in (west, east))
    low, high = (min(max(int((one + 90) // y), 0), 2**height - 1) for one in (south, north))
    if (right - left + 1) * (high - low + 1) > most:
        return
    shapely.prepare(place)
    for column in range(left, right + 1):
        for row in range(low, high + 1):
            corner = column * x - 180, row * y - 90
            box = shapely.box(*corner, corner[0] + x, corner[1] + y)
            if place.intersects(box):
                yield _written(column, row, precision)


def _bits(precision: int) -> tuple[int, int]:
    """How often longitude and latitude are halved."""
    return (5 * precision + 1) // 2, 5 * precision // 2


def _written(column: int, row: int, precision: int) -> str:
    width, height = _bits(precision)
    number = 0
    for turn in range(width + height):
        if turn % 2 == 0:
            bit = column >> (width - 1 - turn // 2) & 1
        else:
            bit = row >> (height - 1 - turn // 2) & 1
        number = number << 1 | bit
    return "".join(LETTERS[number >> 5 * (precision - 1 - n) & 31] for n in range(precision))
