"""A geometry literal that was read: a shape, its CRS, and the form it was written in."""

from __future__ import annotations

from dataclasses import dataclass, field

import shapely
from shapely.geometry.base import BaseGeometry

from dafab_kg.spatial.geosparql.crs import Crs, crs_of, move_shape
from dafab_kg.spatial.geosparql.names import CRS84, SF, WKT

MOST_MOVED = 8  # CRSs that one geometry is kept in


@dataclass(eq=False, slots=True)
class Geometry:
    """``shape`` in the axis order of ``crs``; ``datatype`` is the form results are written in.

    ``kind`` is a class of Simple Features that GEOS does not tell (Triangle, TIN,
    PolyhedralSurface), "" otherwise.
    """

    shape: BaseGeometry
    crs: Crs
    datatype: str = WKT
    kind: str = ""
    uses: int = 0
    _moved: dict[tuple[str, str], BaseGeometry] | None = field(default=None, repr=False)
    _lonlat: BaseGeometry | None = field(default=None, repr=False)

    def like(self, shape: BaseGeometry) -> Geometry:
        """A result of this geometry: the same CRS and form."""
        return Geometry(shape, self.crs, self.datatype)

    def shape_in(self, crs: Crs) -> BaseGeometry:
        """The shape in another CRS, kept for the next time."""
        if crs is self.crs or crs.key == self.crs.key:
            return self.shape
        if self._moved is None:
            self._moved = {}
        moved = self._moved.get(crs.key)
        if moved is None:
            moved = move_shape(self.shape, self.crs, crs)
            if len(self._moved) < MOST_MOVED:
                self._moved[crs.key] = moved
        return moved

    def lonlat(self) -> BaseGeometry:
        """The shape in degrees, longitude first, on its own datum."""
        if self._lonlat is None:
            self._lonlat = self.crs.to_lonlat(self.shape)
        return self._lonlat

    def prepare(self) -> bool:
        """Prepare the shape for relations once it is used again; true if it is."""
        self.uses += 1
        if self.uses == 2:
            shapely.prepare(self.shape)
        return self.uses >= 2

    @property
    def type_iri(self) -> str:
        """Its class in the Simple Features vocabulary."""
        return SF + (self.kind or self.shape.geom_type)


def crs84() -> Crs:
    """WGS 84, longitude first."""
    return crs_of(CRS84)
