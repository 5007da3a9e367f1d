"""The square of the Military Grid Reference System (MGRS) in which a parcel lies."""

from __future__ import annotations

from typing import Any

import mgrs
import numpy as np
import shapely
from numpy.typing import NDArray

# toMGRS truncates, and its library takes 180 degrees for the next turn
_EAST_MOST = 179.9999999


def squares(boundaries: NDArray[Any]) -> list[str]:
    """Return for each boundary in CRS84 the 10 km square that a point within it lies in.

    Its first characters name the 100 km square, see :func:`hundred`.  Beyond 84° N and
    80° S it is a square of the polar grid (UPS), without a zone number.
    """
    points = shapely.get_coordinates(shapely.point_on_surface(boundaries))
    grid = mgrs.MGRS()
    longitudes = np.minimum(points[:, 0], _EAST_MOST).tolist()
    latitudes = points[:, 1].tolist()
    return [
        str(grid.toMGRS(latitude, longitude, MGRSPrecision=1)).strip()
        for longitude, latitude in zip(longitudes, latitudes, strict=True)
    ]


def hundred(square: str) -> str:
    """Return the 100 km square of a 10 km square.

    >>> hundred("33TVM60"), hundred("ZAG12")
    ('33TVM', 'ZAG')
    """
    return square[:-2]
