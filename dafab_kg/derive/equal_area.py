"""Areas on the ellipsoid: Lambert's azimuthal equal-area projection, centred on a scene.

On WGS 84 it keeps areas exactly, so the plane area of whatever union or difference
is made there is the area on the ellipsoid.  It has no zones and no seam near its
centre: a scene across the antimeridian is one piece in it.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

Geometries = npt.NDArray[np.object_]

LONGEST_EDGE: Final = 0.01
"""Degrees.  Edges are straight in longitude and latitude; longer ones are divided before
they are projected.  An edge of this length is off by less than 5 cm up to 70° of latitude."""


class EqualArea:
    """The projection around the middle of one geometry (CRS84)."""

    def __init__(self, about: BaseGeometry) -> None:
        self.longitude, self.latitude = middle(about)
        plane = pyproj.CRS.from_dict(
            {
                "proj": "laea",
                "lat_0": self.latitude,
                "lon_0": self.longitude,
                "datum": "WGS84",
                "units": "m",
            }
        )
        self._plane = plane
        self._from_degrees = pyproj.Transformer.from_crs("OGC:CRS84", plane, always_xy=True)

    def project(self, geometries: Any) -> Any:
        """Return one geometry, or an array of them, in metres of the plane; valid."""
        divided = shapely.segmentize(geometries, LONGEST_EDGE)
        return valid(moved(divided, self._from_degrees.transform))

    def project_from(self, geometries: Any, crs: Any, longest: float) -> Any:
        """The same from another CRS, whose edges are straight there; ``longest`` in its unit."""
        there = pyproj.Transformer.from_crs(crs, self._plane, always_xy=True)
        divided = shapely.segmentize(geometries, longest)
        return valid(moved(divided, there.transform))


def moved(geometries: Any, move: Any) -> Any:
    """Return geometries with ``move(xs, ys)`` done to all their positions."""
    return shapely.transform(geometries, move, interleaved=False)


def valid(geometries: Any) -> Any:
    """Return the geometries, those mended that are not valid; only areas are left of these."""
    wrong = ~shapely.is_valid(geometries)
    if not np.any(wrong):
        return geometries
    if isinstance(geometries, BaseGeometry):
        return _areas(shapely.make_valid(geometries))
    mended = geometries.copy()
    mended[wrong] = [_areas(one) for one in shapely.make_valid(geometries[wrong])]
    return mended


def _areas(geometry: BaseGeometry) -> BaseGeometry:
    if geometry.geom_type in {"Polygon", "MultiPolygon"}:
        return geometry
    parts = [p for p in shapely.get_parts(geometry) if p.geom_type in {"Polygon", "MultiPolygon"}]
    return shapely.union_all(parts)


def middle(geometry: BaseGeometry) -> tuple[float, float]:
    """Longitude and latitude of the middle, right across the antimeridian and at the poles too."""
    longitude, latitude = np.radians(shapely.get_coordinates(geometry)).T
    flat = np.cos(latitude)
    x, y, z = (
        float(values.mean())
        for values in (flat * np.cos(longitude), flat * np.sin(longitude), np.sin(latitude))
    )
    return (
        round(float(np.degrees(np.arctan2(y, x))), 6),
        round(float(np.degrees(np.arctan2(z, np.hypot(x, y)))), 6),
    )
