"""``geo:kmlLiteral``: a Geometry element of KML 2.2 (OGC 07-147r2), always CRS84."""

from __future__ import annotations

from itertools import count
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dafab_kg.model.errors import ArgumentNotValid
from dafab_kg.spatial.geosparql.geometry import Geometry, crs84
from dafab_kg.spatial.geosparql.names import KML
from dafab_kg.spatial.geosparql.parts import is_collection, positions, rings
from dafab_kg.spatial.geosparql.xml import children, local, numbers, read_root

NAMESPACE: Final = "http://www.opengis.net/kml/2.2"
_READ: Final = frozenset(
    (
        *(NAMESPACE, "http://www.opengis.net/kml/2.3"),
        *(f"http://earth.google.com/kml/2.{minor}" for minor in range(3)),
    )
)


def read_kml(text: str) -> Geometry:
    """Read the literal's text.

    Raises:
        ArgumentNotValid: no Point, LineString, LinearRing, Polygon or MultiGeometry of KML.
    """
    return Geometry(_shape(read_root(text, _READ, "KML")), crs84(), KML)


def write_kml(geometry: Geometry) -> str:
    """Write the literal's text in CRS84."""
    shape = shapely.orient_polygons(geometry.shape_in(crs84()))
    return _written(shape, f' xmlns="{NAMESPACE}"')


def _shape(element: Any) -> BaseGeometry:
    name = local(element)
    if name == "Point":
        points = _points(element)
        if len(points) > 1:
            raise ArgumentNotValid("Not KML: a point with several positions")
        return shapely.Point(points[0]) if len(points) else shapely.Point()
    if name in ("LineString", "LinearRing"):
        points = _points(element)
        line: BaseGeometry = getattr(shapely, name)(points if len(points) else None)
        return line
    if name == "Polygon":
        shells, holes = (
            [_points(ring) for bound in children(element, side) for ring in children(bound)]
            for side in ("outerBoundaryIs", "innerBoundaryIs")
        )
        return shapely.Polygon(shells[0], holes) if shells else shapely.Polygon()
    if name == "MultiGeometry":
        parts = [_shape(part) for part in children(element)]
        kinds = {part.geom_type for part in parts}
        for kind in ("Point", "LineString", "Polygon"):
            if kinds == {kind}:
                many: BaseGeometry = getattr(shapely, f"Multi{kind}")(parts)
                return many
        return shapely.GeometryCollection(parts)
    raise ArgumentNotValid(f"KML {name[:100]} is no geometry that is read")


def _points(element: Any) -> NDArray[np.float64]:
    text = " ".join(child.text or "" for child in children(element, "coordinates"))
    tuples = [place.split(",") for place in text.split()]
    if not tuples:
        return np.empty((0, 2))
    sizes = {len(place) for place in tuples}
    if len(sizes) > 1 or not sizes <= {2, 3}:
        raise ArgumentNotValid("Not KML: a position is longitude,latitude or with an altitude")
    return numbers(" ".join(n for place in tuples for n in place), "KML").reshape(len(tuples), -1)


def _written(shape: BaseGeometry, head: str) -> str:
    kind = shape.geom_type
    if is_collection(shape):
        parts = "".join(_written(part, "") for part in shapely.get_parts(shape))
        return f"<MultiGeometry{head}>{parts}</MultiGeometry>"
    if kind == "Polygon":
        sides = ("inner" if place else "outer" for place in count())
        bounds = "".join(map(_bound, sides, rings(shape)))
        return f"<Polygon{head}>{bounds}</Polygon>"
    points = positions(shape).tolist()
    text = " ".join(",".join(map(repr, point)) for point in points)
    return f"<{kind}{head}><coordinates>{text}</coordinates></{kind}>"


def _bound(side: str, ring: BaseGeometry) -> str:
    return f"<{side}BoundaryIs>{_written(ring, '')}</{side}BoundaryIs>"
