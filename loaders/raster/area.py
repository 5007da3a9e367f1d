"""How large the pixels of a grid are on the ground.

Three ways, chosen by the CRS: ``grid``, the area that the grid itself states, where the
projection is true to area within 1 % (UTM is within 0.2 %); ``scaled``, what a pixel in the
middle of each row really covers, where it is not (Web Mercator); ``ellipsoid``, the exact area
of each row's pixels between two parallels of the ellipsoid, for longitude and latitude.

Source: Snyder, Map Projections: A Working Manual (USGS 1395), equations 3-12 and 4-18 to 4-21.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

Areas = NDArray[np.floating[Any]]

TRUE_TO_AREA: Final = 0.01
"""How far the areal scale of a projection may be from 1 for the grid's own area to be taken."""

_WIDE: Final = 4096
_PIXELS: Final = 4 * 1024 * 1024


@dataclass(frozen=True)
class Grid:
    """A grid of pixels in a CRS (anything that PROJ understands, as ``EPSG:32631``)."""

    crs: str
    transform: Affine
    width: int
    height: int


class PixelAreas:
    """The areas of a grid's pixels in m².

    Raises:
        ProjError: the CRS is unknown, or is none of the Earth's surface.
    """

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._crs = CRS.from_user_input(grid.crs)
        ellipsoid = self._crs.get_geod()
        if ellipsoid is None or not (self._crs.is_geographic or self._crs.is_projected):
            raise ProjError(f"{grid.crs} is neither geographic nor projected")
        self._a, self._es = ellipsoid.a, ellipsoid.es
        self._unit = self._crs.axis_info[0].unit_conversion_factor  # to radians or metres
        if self._crs.is_geographic:
            self.method = "ellipsoid"
            return
        self.pixel = abs(grid.transform.determinant) * self._unit * self._unit
        self._to_degrees = Transformer.from_crs(self._crs, self._crs.geodetic_crs, always_xy=True)
        edges = np.linspace(0, 1, 5, dtype=np.float64)
        columns, rows = np.meshgrid(edges * grid.width, edges * grid.height)
        scale = self._local(columns.ravel(), rows.ravel()) / self.pixel
        known = scale[np.isfinite(scale)]
        if known.size == 0:
            raise ProjError(f"the grid lies outside of {grid.crs}")
        true = bool(np.all(np.abs(known - 1) <= TRUE_TO_AREA))
        self.method = "grid" if true else "scaled"

    def block(self, row: int, column: int, height: int, width: int) -> Areas:
        """Return areas that broadcast to the ``height`` by ``width`` pixels from that corner."""
        if self.method == "grid":
            return np.full((1, 1), self.pixel)
        transform = self._grid.transform
        rows = np.arange(row, row + height) + 0.5
        if self.method == "scaled":
            middle = np.full(height, column + width / 2)
            return self._local(middle, rows)[:, np.newaxis]
        if transform.b == 0 and transform.d == 0:
            edges = (np.arange(row, row + height + 1) * transform.e + transform.f) * self._unit
            belt = np.abs(np.diff(self._zone(edges)))
            return (belt * abs(transform.a) * self._unit)[:, np.newaxis]
        columns = np.arange(column, column + width) + 0.5
        grid_columns, grid_rows = np.meshgrid(columns, rows)
        phi = (transform.d * grid_columns + transform.e * grid_rows + transform.f) * self._unit
        areas: Areas = self._per_radian(phi) * abs(transform.determinant) * self._unit**2
        return areas

    def _per_radian(self, phi: Areas) -> Areas:
        """Area in m² of one radian by one radian around a latitude (4-18, 4-20, 4-21)."""
        root = 1 - self._es * np.sin(phi) ** 2
        area: Areas = self._a**2 * (1 - self._es) / root**2 * np.cos(phi)
        return area

    def _zone(self, phi: Areas) -> Areas:
        """Area from the equator to a latitude, for one radian of longitude (3-12)."""
        sine = np.sin(np.clip(phi, -np.pi / 2, np.pi / 2))
        if self._es == 0:
            sphere: Areas = self._a**2 * sine
            return sphere
        e = sqrt(self._es)
        zone: Areas = (
            self._a**2
            * (1 - self._es)
            / 2
            * (sine / (1 - self._es * sine**2) + np.arctanh(e * sine) / e)
        )
        return zone

    def _local(self, columns: Areas, rows: Areas) -> Areas:
        """Area in m² of the pixel around a place of the grid, from the steps to its sides."""
        transform = self._grid.transform
        steps = []
        for column, row in ((0.5, 0.0), (0.0, 0.5)):
            ends = []
            for sign in (-1, 1):
                x, y = columns + sign * column, rows + sign * row
                longitude, latitude = self._to_degrees.transform(
                    transform.a * x + transform.b * y + transform.c,
                    transform.d * x + transform.e * y + transform.f,
                )
                ends.append((np.radians(longitude), np.radians(latitude)))
            # the step over the antimeridian is as short as any other
            turn = np.mod(ends[1][0] - ends[0][0] + np.pi, 2 * np.pi) - np.pi
            steps.append((turn, ends[1][1] - ends[0][1], (ends[0][1] + ends[1][1]) / 2))
        (dx, dy, phi), (ex, ey, _) = steps
        area: Areas = np.abs(dx * ey - dy * ex) * self._per_radian(phi)
        return area

    @property
    def ground_size(self) -> float:
        """Side of the square as large as the pixel in the middle of the grid, in metres."""
        grid = self._grid
        return sqrt(float(self.block(grid.height // 2, grid.width // 2, 1, 1)[0, 0]))


def windows(
    width: int, height: int, block_width: int = 1, block_height: int = 1
) -> Iterator[tuple[int, int, int, int]]:
    """Cut a grid into windows (row, column, height, width) of whole blocks, about 4 megapixels."""
    wide = max(_WIDE // block_width, 1) * block_width
    tall = max(_PIXELS // min(wide, width) // block_height, 1) * block_height
    for row in range(0, height, tall):
        for column in range(0, width, wide):
            yield row, column, min(tall, height - row), min(wide, width - column)


def square_kilometres(areas: Areas, chosen: NDArray[Any]) -> float:
    """Sum the areas of the ``chosen`` pixels (a boolean array), in km²."""
    if areas.shape == (1, 1):
        return float(areas[0, 0]) * int(np.count_nonzero(chosen)) / 1e6
    if areas.shape[1] == 1:
        return float(np.count_nonzero(chosen, axis=1) @ areas[:, 0]) / 1e6
    return float(areas[chosen].sum()) / 1e6
