"""What a shape consists of: simple parts, and the rings of a polygon."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry


def simple_parts(shape: BaseGeometry) -> Iterator[BaseGeometry]:
    """Points, lines and polygons of a shape, those of nested collections too, none empty."""
    if is_collection(shape):
        for part in shapely.get_parts(shape):
            yield from simple_parts(part)
    elif not shape.is_empty:
        yield shape


def is_collection(shape: BaseGeometry) -> bool:
    """Tell whether a shape is made of parts."""
    return shape.geom_type == "GeometryCollection" or shape.geom_type.startswith("Multi")


def rings(polygon: Any) -> list[Any]:
    """Exterior ring, then interior rings; none of an empty polygon."""
    return [] if polygon.is_empty else [polygon.exterior, *polygon.interiors]


def positions(shape: BaseGeometry) -> NDArray[np.float64]:
    """Coordinates, with heights if all points have one."""
    if shape.has_z:
        points = shapely.get_coordinates(shape, include_z=True)
        if not np.isnan(points[:, 2]).any():
            return points
    return shapely.get_coordinates(shape)
