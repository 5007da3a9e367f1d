"""The spatial aggregates of GeoSPARQL 1.1 (section 8.8).

The result has the CRS and form of the first geometry; others are brought to its CRS.  As
with SPARQL's own aggregates, one value that is no geometry makes the group's result an error.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from dafab_kg.model.errors import ArgumentNotValid
from dafab_kg.spatial.geosparql.functions import (
    CONCAVE_RATIO,
    Terms,
    bounding_circle,
    concave_hull,
)
from dafab_kg.spatial.geosparql.geometry import Geometry, crs84
from dafab_kg.spatial.geosparql.literals import LiteralCache, write_literal
from dafab_kg.store.protocol import Literal, Term

MOST_POINTS: Final = 20_000_000
"""Most vertices of one group, about 1 GB."""


def _collected(shapes: list[BaseGeometry]) -> BaseGeometry:
    return shapely.GeometryCollection(shapes)


Maker = Callable[[list[BaseGeometry]], BaseGeometry]

_MAKERS: Final[dict[str, Maker]] = {
    "aggUnion": shapely.union_all,
    "aggBoundingBox": lambda shapes: shapely.envelope(_collected(shapes)),
    "aggBoundingCircle": lambda shapes: bounding_circle(_collected(shapes)),
    "aggCentroid": lambda shapes: shapely.centroid(_collected(shapes)),
    "aggConvexHull": lambda shapes: shapely.convex_hull(_collected(shapes)),
    "aggConcaveHull": lambda shapes: concave_hull(_collected(shapes), CONCAVE_RATIO),
}


class Aggregate:
    """One group: takes terms one by one, then gives the result."""

    def __init__(self, make: Maker, terms: Terms) -> None:
        self._make = make
        self._terms = terms
        self._first: Geometry | None = None
        self._shapes: list[BaseGeometry] = []
        self._points = 0

    def accumulate(self, term: Term) -> None:
        """Take one more geometry.

        Raises:
            ArgumentNotValid: it is none, or the group has too many vertices.
        """
        geometry = self._terms.geometry(term)
        if self._first is None:
            self._first = geometry
        shape = geometry.shape_in(self._first.crs)
        self._points += int(shapely.get_num_coordinates(shape)) + 1
        if self._points > MOST_POINTS:
            raise ArgumentNotValid(f"A group of more than {MOST_POINTS} vertices is not united")
        self._shapes.append(shape)

    def finish(self) -> Literal:
        """Give the result; of no geometries, the empty one."""
        first = self._first or Geometry(shapely.GeometryCollection(), crs84())
        shapes = [shape for shape in self._shapes if not shape.is_empty]
        return write_literal(first.like(self._make(shapes) if shapes else first.shape))


def aggregates(cache: LiteralCache) -> dict[str, Callable[[], Aggregate]]:
    """Return what begins a group, for each aggregate by local name."""
    terms = Terms(cache)
    return {name: partial(Aggregate, make, terms) for name, make in _MAKERS.items()}
