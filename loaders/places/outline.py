"""The outline of a place, mended where a ring touches or crosses itself.

Boundaries drawn for maps often have such rings.  Which place is meant is not in
doubt, so they are mended if next to nothing of the area changes, with a warning.
"""

from __future__ import annotations

import json
from typing import Any, Final

import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from dafab_kg.model.errors import GeometryNotValid
from dafab_kg.model.geometry import Footprint, footprint_from_geojson
from dafab_kg.model.strict_json import write_json

_MOST_CHANGE: Final = 0.01  # of the area


def outline(geometry: object, where: str) -> tuple[Footprint, tuple[str, ...]]:
    """Return the footprint of a place and warnings; ``where`` is the place in the document.

    Raises:
        GeometryNotValid: as for a footprint, where it cannot be mended.
    """
    try:
        return footprint_from_geojson(geometry, where=where)
    except GeometryNotValid as error:
        mended = _mended(geometry)
        if mended is None:
            raise
        footprint, warnings = footprint_from_geojson(mapping(mended), where=where)
        return footprint, (f"{where}: the outline was mended: {error.what}", *warnings)


def _mended(geometry: object) -> BaseGeometry | None:
    try:
        polygons = [_polygon(rings) for rings in _polygons(geometry)]
    except (TypeError, ValueError, KeyError, IndexError, shapely.errors.GEOSException):
        return None
    area = sum(polygon.area for polygon in polygons)
    parts = [p for one in polygons for p in _areas(shapely.make_valid(one))]
    whole = shapely.union_all(parts) if parts else None
    if whole is None or not area or abs(whole.area - area) > _MOST_CHANGE * area:
        return None
    return whole


def _polygons(geometry: object) -> list[Any]:
    if not isinstance(geometry, dict):
        raise TypeError
    coordinates: list[Any] = json.loads(write_json(geometry["coordinates"]))
    kinds = {"Polygon": [coordinates], "MultiPolygon": coordinates}
    return kinds[geometry["type"]]


def _polygon(rings: list[list[list[float]]]) -> shapely.Polygon:
    closed = [[p[:2] for p in (*ring, ring[0])] for ring in rings]
    longitudes = [longitude for ring in closed for longitude, _ in ring]
    if max(map(abs, longitudes)) > 180:
        raise ValueError
    return shapely.Polygon(closed[0], closed[1:])


def _areas(geometry: BaseGeometry) -> list[BaseGeometry]:
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return [part for part in parts if part.geom_type == "Polygon"]
