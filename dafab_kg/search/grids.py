"""The grids whose cells' items are counted: geohash, H3 and tiles of web maps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import h3
from shapely.geometry.base import BaseGeometry

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.search.geohash import cells, geohash
from dafab_kg.search.geotile import geotile, tiles

MOST_CELLS: Final = 4_096
"""Most cells of one item that are counted."""
MOST_KEYS: Final = 10_000
"""Most cells of a figure."""


@dataclass(frozen=True)
class Grid:
    """A grid: ``cells_of`` a footprint at a precision from ``least`` to ``most``.

    ``unit`` says what the precision counts.
    """

    cells_of: Callable[[BaseGeometry, int], Iterator[str]]
    unit: str
    least: int
    most: int
    precision: int

    def counted(self, places: Iterator[BaseGeometry], precision: int) -> tuple[Counter[str], int]:
        """Return how many places are in each cell, and how many are in any.

        Raises:
            QueryNotValid: the cells are more than an answer holds.
        """
        found: Counter[str] = Counter()
        within = 0
        for place in places:
            own = list(self.cells_of(place, precision))
            found.update(own)
            within += bool(own)
            if len(found) > MOST_KEYS:
                raise QueryNotValid(
                    f"There are more than {MOST_KEYS} cells with a precision of {precision}. Ask "
                    "for a lower one, or narrow the search"
                )
        return found, within


def _middle(
    cell: Callable[[float, float, int], str],
) -> Callable[[BaseGeometry, int], Iterator[str]]:
    """The one cell of a footprint's centroid."""

    def cells_of(place: BaseGeometry, precision: int) -> Iterator[str]:
        if not place.is_empty:
            point = place.centroid
            yield cell(point.x, point.y, precision)

    return cells_of


def _hexagon(longitude: float, latitude: float, precision: int) -> str:
    return str(h3.latlng_to_cell(latitude, longitude, precision))


GRIDS: Final[Mapping[str, Grid]] = {
    "centroid_geohash_grid_frequency": Grid(
        _middle(geohash), "Letters of a geohash cell.", 1, 6, 3
    ),
    "centroid_geohex_grid_frequency": Grid(
        _middle(_hexagon), "Resolution of the hexagons of H3.", 0, 10, 3
    ),
    "centroid_geotile_grid_frequency": Grid(
        _middle(geotile), "Zoom level of the tiles of web maps.", 0, 18, 7
    ),
    "geometry_geohash_grid_frequency": Grid(
        lambda place, precision: cells(place, precision, MOST_CELLS),
        "Letters of a geohash cell.", 1, 6, 3,
    ),
    "geometry_geotile_grid_frequency": Grid(
        lambda place, precision: tiles(place, precision, MOST_CELLS),
        "Zoom level of the tiles of web maps.", 0, 18, 7,
    ),
}  # fmt: skip
"""The grids by the names of their aggregations."""
