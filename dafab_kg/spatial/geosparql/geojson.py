"""``geo:geoJSONLiteral``: a Geometry object of RFC 7946, always CRS84."""

from __future__ import annotations

from typing import Any, Final

import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from dafab_kg.model.errors import ArgumentNotValid
from dafab_kg.spatial.geosparql.geometry import Geometry, crs84
from dafab_kg.spatial.geosparql.names import GEOJSON
from dafab_kg.spatial.geosparql.parts import positions, rings

MOST_DEPTH: Final = 20


def read_geojson(text: str) -> Geometry:
    """Read the literal's text.

    Raises:
        ArgumentNotValid: it is no Geometry object (a Feature is none).
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ArgumentNotValid(f"Not GeoJSON: {error}") from None
    return Geometry(_shape(value, 0), crs84(), GEOJSON)


def write_geojson(geometry: Geometry) -> str:
    """Write the literal's text in CRS84, exterior rings counter-clockwise (RFC 7946, 3.1.6)."""
    shape = shapely.orient_polygons(geometry.shape_in(crs84()))
    return orjson.dumps(_object(shape)).decode()


def _shape(value: Any, depth: int) -> BaseGeometry:
    if not isinstance(value, dict) or depth > MOST_DEPTH:
        raise ArgumentNotValid("Not GeoJSON: a Geometry object is expected")
    crs = value.get("crs")
    if crs is not None and str(crs).count("CRS84") != 1:
        raise ArgumentNotValid("GeoJSON is always CRS84 (RFC 7946, section 4); it names another")
    kind, places = value.get("type"), value.get("coordinates")
    if kind == "GeometryCollection":
        members = value.get("geometries")
        if not isinstance(members, list):
            raise ArgumentNotValid("Not GeoJSON: a collection without geometries")
        return shapely.GeometryCollection([_shape(member, depth + 1) for member in members])
    if kind not in _LEVELS or not isinstance(places, list):
        raise ArgumentNotValid(
            f"Not GeoJSON: {str(kind)[:50]!r} is no Geometry object with coordinates"
        )
    _check(places, _LEVELS[kind])
    if kind == "MultiPolygon":
        return shapely.MultiPolygon([_polygon(part) for part in places])
    if kind == "Polygon":
        return _polygon(places)
    build: BaseGeometry = getattr(shapely, kind)(places) if places else getattr(shapely, kind)()
    return build


_LEVELS: Final = {
    "Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2,
    "MultiPolygon": 3,
}  # fmt: skip


def _check(places: Any, level: int) -> None:
    """Refuse what is no array of positions of this depth; an empty one is an empty geometry."""
    if not isinstance(places, list):
        raise ArgumentNotValid("Not GeoJSON: coordinates are no array")
    if level:
        for place in places:
            _check(place, level - 1)
    elif places and not (
        len(places) >= 2 and all(type(number) in (int, float) for number in places[:3])
    ):
        raise ArgumentNotValid("Not GeoJSON: a position is two or three numbers")
    else:
        del places[3:]  # RFC 7946, 3.1.1: what follows the third is ignored


def _polygon(places: list[Any]) -> shapely.Polygon:
    return shapely.Polygon(places[0], places[1:]) if places else shapely.Polygon()


def _object(shape: BaseGeometry) -> dict[str, Any]:
    kind = "LineString" if shape.geom_type == "LinearRing" else shape.geom_type
    if kind == "GeometryCollection":
        parts = shapely.get_parts(shape)
        return {"type": kind, "geometries": [_object(part) for part in parts]}
    return {"type": kind, "coordinates": _places(shape)}


def _places(shape: BaseGeometry) -> list[Any]:
    if shape.geom_type == "Polygon":
        return [_places(ring) for ring in rings(shape)]
    if shape.geom_type.startswith("Multi"):
        return [_places(part) for part in shapely.get_parts(shape)]
    points: list[Any] = positions(shape).tolist()
    if shape.geom_type == "Point":
        return points[0] if points else []
    return points
