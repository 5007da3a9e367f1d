"""``geof:asSVG``: a geometry as an SVG ``path``; the y axis of SVG points down.

Not in GeoSPARQL 1.1 itself; drafts of its successor have it.  The coordinates are those of
the geometry's CRS, east to the right and north up.
"""

from __future__ import annotations

import shapely
from shapely.geometry.base import BaseGeometry

from dafab_kg.spatial.geosparql.geometry import Geometry
from dafab_kg.spatial.geosparql.parts import rings, simple_parts


def write_svg(geometry: Geometry) -> str:
    """Write an SVG document with one path, its viewBox the bounds of the geometry."""
    shape = geometry.shape
    axes = geometry.crs.proj.axis_info
    if axes and axes[0].direction in ("north", "south"):
        shape = shapely.transform(shape, lambda points: points[:, ::-1])
    path = "".join(_path(part) for part in simple_parts(shape))
    if shape.is_empty:
        return '<svg xmlns="http://www.w3.org/2000/svg"/>'
    west, south, east, north = (float(bound) for bound in shape.bounds)
    box = " ".join(map(_number, (west, -north, east - west, north - south)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">'
        f'<path fill-rule="evenodd" d="{path}"/></svg>'
    )


def _path(shape: BaseGeometry) -> str:
    if shape.geom_type == "Polygon":
        return "".join(f"{_line(ring)}Z" for ring in rings(shape))
    if shape.geom_type == "Point":
        return f"{_line(shape)}h0"
    return _line(shape)


def _line(shape: BaseGeometry) -> str:
    points = shapely.get_coordinates(shape).tolist()
    return "M" + "L".join(f"{_number(x)},{_number(-y)}" for x, y in points)


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
