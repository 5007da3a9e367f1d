"""Where the Sentinel-2 tiles lie: squares of the Military Grid Reference System.

A tile covers 109.8 km by 109.8 km from the upper left corner of its 100 km
square (Sentinel-2 Products Specification Document, tiling grid).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil, floor

from pyproj import Transformer

TILE_METRES = 109_800
"""Length of a tile's side."""

TILE_KM2 = TILE_METRES * TILE_METRES / 1e6
"""Area of a tile on its grid."""

_BANDS = "CDEFGHJKLMNPQRSTUVWX"
_COLUMNS = ("STUVWXYZ", "ABCDEFGH", "JKLMNPQR")  # by zone modulo 3
_ROWS = "ABCDEFGHJKLMNPQRSTUV"
_GRID = 60  # the coarsest pixel: corners are multiples of it

Point = tuple[float, float]


@dataclass(frozen=True)
class Tile:
    """A tile with its UTM zone (EPSG code) and upper left corner in metres."""

    name: str
    epsg: int
    ulx: int
    uly: int

    @property
    def corners(self) -> tuple[Point, Point, Point, Point]:
        """UTM corners: upper left, upper right, lower right, lower left."""
        right, low = self.ulx + TILE_METRES, self.uly - TILE_METRES
        return (self.ulx, self.uly), (right, self.uly), (right, low), (self.ulx, low)


def tile(name: str) -> Tile:
    """Find a tile of the northern hemisphere by its MGRS name.

    >>> tile("31UFS")
    Tile(name='31UFS', epsg=32631, ulx=600000, uly=5700000)

    Raises:
        ValueError: the name is no MGRS square of the northern hemisphere.
    """
    zone, band, column, row = int(name[:2]), name[2], name[3], name[4]
    if band < "N" or band not in _BANDS:
        raise ValueError(f"{name} does not lie in the northern hemisphere")
    easting = (_COLUMNS[zone % 3].index(column) + 1) * 100_000
    northing = (_ROWS.index(row) - (0 if zone % 2 else 5)) % 20 * 100_000
    # rows repeat every 2000 km: take the repetition that lies in the latitude band
    south = (_BANDS.index(band) - 10) * 8
    lowest = _northing_of(south, 32600 + zone)
    while northing + 100_000 <= lowest:
        northing += 2_000_000
    return Tile(
        name=name,
        epsg=32600 + zone,
        ulx=floor(easting / _GRID) * _GRID,
        uly=ceil((northing + 100_000) / _GRID) * _GRID,
    )


def lonlat(epsg: int, points: Sequence[Point]) -> list[Point]:
    """Turn UTM metres to longitude and latitude, six decimals (0.1 m).

    Rounded, so that the last bits of a machine's arithmetic never show.
    """
    transformer = _to_lonlat(epsg)
    pairs = (transformer.transform(x, y) for x, y in points)
    return [(round(lon, 6), round(lat, 6)) for lon, lat in pairs]


def swath(of: Tile, side: str, share: float) -> list[Point]:
    """Return the UTM corners of the part of a tile that the sensor saw, clockwise.

    ``side`` is where the data lie: ``all``, ``west`` or ``east``; ``share`` is
    the part of the tile's area.  The swath's edge leans as a descending orbit
    does.
    """
    upper_left, upper_right, lower_right, lower_left = of.corners
    if side == "all":
        return list(of.corners)
    lean = min(0.2, 2 * share, 2 * (1 - share)) * TILE_METRES / 2
    if side == "west":
        edge = of.ulx + share * TILE_METRES
        return [upper_left, (edge + lean, of.uly), (edge - lean, lower_left[1]), lower_left]
    edge = of.ulx + (1 - share) * TILE_METRES
    return [(edge + lean, of.uly), upper_right, lower_right, (edge - lean, lower_left[1])]


@cache
def _to_lonlat(epsg: int) -> Transformer:
    return Transformer.from_crs(epsg, 4326, always_xy=True)


@cache
def _northing_of(latitude: float, epsg: int) -> float:
    to_utm = Transformer.from_crs(4326, epsg, always_xy=True)
    central = (epsg - 32600) * 6 - 183
    return float(to_utm.transform(central, latitude)[1])
