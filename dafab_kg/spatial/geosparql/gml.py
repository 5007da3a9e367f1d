"""``geo:gmlLiteral``: GML 2.1.2, 3.1.1 and 3.2 with straight edges.

Read: Point, LineString, LinearRing, Polygon, Curve and Ring of straight segments, Surface of
planar patches, Triangle, Rectangle, Tin, the Multi and Composite forms, Envelope and Box, in
the namespaces of GML and in the one that GeoSPARQL's own examples use.  Written: the Simple
Features profile (OGC 10-100r3) of the version asked for, 3.2 if none is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final
from xml.sax.saxutils import quoteattr

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dafab_kg.model.errors import ArgumentNotValid
from dafab_kg.spatial.geosparql.crs import Crs, crs_of, move_shape
from dafab_kg.spatial.geosparql.geometry import Geometry
from dafab_kg.spatial.geosparql.names import CRS84, GML
from dafab_kg.spatial.geosparql.parts import positions, rings
from dafab_kg.spatial.geosparql.xml import children, local, numbers, read_root

NAMESPACE: Final = {
    "3.2": "http://www.opengis.net/gml/3.2",
    "3.1": "http://www.opengis.net/gml",
    "2": "http://www.opengis.net/gml",
}
_READ: Final = frozenset(
    scheme + rest
    for scheme in ("http://", "https://")
    for rest in (
        *("www.opengis.net/gml", "www.opengis.net/gml/3.2", "www.opengis.net/gml/3.2.1"),
        *("www.opengis.net/ont/gml", "www.opengis.net/ont/gml/3.2"),
    )
)
_KINDS: Final = {
    "Triangle": "Triangle", "TriangulatedSurface": "TIN", "Tin": "TIN",
    "PolyhedralSurface": "PolyhedralSurface",
}  # fmt: skip
_PATCHES: Final = ("PolygonPatch", "Triangle", "Rectangle")
_MOST_DIMENSIONS: Final = 3

Points = NDArray[np.float64]


def read_gml(text: str) -> Geometry:
    """Read the literal's text; without ``srsName`` it is CRS84, as it is in WKT.

    Raises:
        ArgumentNotValid: no GML geometry, one with curved edges, or a CRS that is not known.
    """
    root = read_root(text, _READ, "GML")
    crs = _crs(root, crs_of(CRS84))
    return Geometry(_shape(root, crs, _dimensions(root, 0)), crs, GML, _KINDS.get(local(root), ""))


def _crs(element: Any, outer: Crs) -> Crs:
    name = element.get("srsName")
    return crs_of(name) if name else outer


def _dimensions(element: Any, outer: int) -> int:
    given = element.get("srsDimension") or element.get("dimension")
    if given is None:
        return outer
    if given not in ("2", "3"):
        raise ArgumentNotValid(f"Not GML: srsDimension {given[:20]!r}; 2 and 3 are read")
    return int(given)


def _shape(element: Any, outer: Crs, dimensions: int) -> BaseGeometry:
    """Build an element's shape in the CRS ``outer``."""
    name = local(element)
    reader = _READERS.get(name)
    if reader is None:
        raise ArgumentNotValid(f"GML {name[:100]} is not read: edges must be straight")
    own = _crs(element, outer)
    shape = reader(element, own, _dimensions(element, dimensions))
    return move_shape(shape, own, outer)


def _points(element: Any, dimensions: int) -> Points:
    """Coordinates that stand directly in an element, one row each."""
    rows: list[Points] = []
    for child in children(element):
        name, size = local(child), _dimensions(child, dimensions)
        if name in ("pos", "posList"):
            values = numbers(child.text, "GML")
            size = size or (len(values) if name == "pos" and len(values) else 2)
            if len(values):
                rows.append(_rows(values, size))
        elif name == "coordinates":
            rows.append(_tuples(child))
        elif name == "coord":
            values = numbers(" ".join(c.text or "" for c in children(child)), "GML")
            rows.append(_rows(values, len(values)))
        elif name in ("pointProperty", "pointRep"):
            rows.extend(_points(point, size) for point in children(child, "Point"))
    rows = [row for row in rows if len(row)]
    if len({row.shape[1] for row in rows}) > 1:
        raise ArgumentNotValid("Not GML: positions of different dimension")
    return np.concatenate(rows) if rows else np.empty((0, 2))


def _rows(values: Points, size: int) -> Points:
    if not 2 <= size <= _MOST_DIMENSIONS or len(values) % size:
        raise ArgumentNotValid(f"Not GML: {len(values)} numbers are no positions of {size}")
    return values.reshape(-1, size)


def _tuples(element: Any) -> Points:
    """``gml:coordinates`` of GML 2: tuples between ``ts``, numbers between ``cs``."""
    text = (element.text or "").strip()
    decimal, cs, ts = (element.get(key, default) for key, default in _SEPARATORS)
    tuples = [t for t in (text.split() if ts.isspace() else text.split(ts)) if t.strip()]
    parts = [[n.replace(decimal, ".") for n in t.strip().split(cs)] for t in tuples]
    if len({len(part) for part in parts}) > 1:
        raise ArgumentNotValid("Not GML: tuples of different length")
    values = numbers(" ".join(n for part in parts for n in part), "GML")
    return _rows(values, len(parts[0])) if parts else np.empty((0, 2))


_SEPARATORS: Final = (("decimal", "."), ("cs", ","), ("ts", " "))


def _point(element: Any, _: Crs, dimensions: int) -> BaseGeometry:
    points = _points(element, dimensions)
    if len(points) > 1:
        raise ArgumentNotValid("Not GML: a point with several positions")
    return shapely.Point(points[0]) if len(points) else shapely.Point()


def _line(element: Any, _: Crs, dimensions: int) -> BaseGeometry:
    points = _points(element, dimensions)
    return shapely.LineString(points) if len(points) else shapely.LineString()


def _ring(element: Any, crs: Crs, dimensions: int) -> Points:
    if local(element) == "Ring":
        return _joined(children(element, "curveMember", "curveMembers"), crs, dimensions)
    if local(element) != "LinearRing":
        raise ArgumentNotValid(f"Not GML: {local(element)[:100]} bounds no polygon that is read")
    return _points(element, dimensions)


def _joined(members: Iterator[Any], crs: Crs, dimensions: int) -> Points:
    """The positions of curves one after the other, without the doubled ones between them."""
    rows: list[Points] = []
    for member in members:
        for curve in children(member):
            points = shapely.get_coordinates(_shape(curve, crs, dimensions), include_z=True)
            doubled = rows and np.array_equal(rows[-1][-1], points[0], equal_nan=True)
            rows.append(points[1:] if doubled else points)
    joined = np.concatenate(rows) if rows else np.empty((0, 3))
    return joined[:, :2] if np.isnan(joined[:, 2]).all() else joined


def _linear_ring(element: Any, crs: Crs, dimensions: int) -> BaseGeometry:
    points = _ring(element, crs, dimensions)
    return shapely.LinearRing(points) if len(points) else shapely.LinearRing()


def _polygon(element: Any, crs: Crs, dimensions: int) -> shapely.Polygon:
    shells = _bounds(element, ("exterior", "outerBoundaryIs"), crs, dimensions)
    holes = _bounds(element, ("interior", "innerBoundaryIs"), crs, dimensions)
    if not shells:
        return shapely.Polygon()
    return shapely.Polygon(shells[0], holes)


def _bounds(element: Any, names: tuple[str, ...], crs: Crs, dimensions: int) -> list[Points]:
    return [
        _ring(ring, crs, dimensions)
        for bound in children(element, *names)
        for ring in children(bound)
    ]


def _curve(element: Any, crs: Crs, dimensions: int) -> BaseGeometry:
    if local(element) == "CompositeCurve":
        points = _joined(children(element, "curveMember"), crs, dimensions)
    else:
        rows: list[Points] = []
        for segment in (s for part in children(element, "segments") for s in children(part)):
            if local(segment) != "LineStringSegment":
                raise ArgumentNotValid(
                    f"GML {local(segment)[:100]} is not read: edges must be straight"
                )
            more = _points(segment, dimensions)
            rows.append(more[1:] if rows and np.array_equal(rows[-1][-1], more[0]) else more)
        points = np.concatenate(rows) if rows else np.empty((0, 2))
    return shapely.LineString(points) if len(points) else shapely.LineString()


def _patches(element: Any, crs: Crs, dimensions: int) -> Iterator[shapely.Polygon]:
    for part in children(element, "patches", "polygonPatches", "trianglePatches"):
        for patch in children(part, *_PATCHES):
            yield _polygon(patch, crs, dimensions)


def _surface(element: Any, crs: Crs, dimensions: int) -> BaseGeometry:
    patches = list(_patches(element, crs, dimensions))
    return patches[0] if len(patches) == 1 else shapely.MultiPolygon(patches)


def _faces(element: Any, crs: Crs, dimensions: int) -> BaseGeometry:
    return shapely.MultiPolygon(list(_patches(element, crs, dimensions)))


def _members(element: Any, crs: Crs, dimensions: int) -> list[BaseGeometry]:
    return [
        _shape(part, crs, dimensions)
        for member in children(element)
        if local(member).endswith(("Member", "Members"))
        for part in children(member)
    ]


def _multi(kind: str) -> Callable[[Any, Crs, int], BaseGeometry]:
    def build(element: Any, crs: Crs, dimensions: int) -> BaseGeometry:
        # A member may itself have several parts: a Surface of two patches, for instance.
        parts = [
            part
            for member in _members(element, crs, dimensions)
            for part in shapely.get_parts(member)
        ]
        if any(part.geom_type.replace("LinearRing", "LineString") != kind for part in parts):
            raise ArgumentNotValid(f"Not GML: a {local(element)} has a member of another kind")
        many: BaseGeometry = getattr(shapely, f"Multi{kind}")(parts)
        return many

    return build


def _collection(element: Any, crs: Crs, dimensions: int) -> BaseGeometry:
    return shapely.GeometryCollection(_members(element, crs, dimensions))


def _envelope(element: Any, _: Crs, dimensions: int) -> BaseGeometry:
    corners = [
        numbers(corner.text, "GML")
        for name in ("lowerCorner", "upperCorner")
        for corner in children(element, name)
    ]
    if not corners:
        corners = list(_points(element, dimensions))
    if len(corners) != 2 or any(len(corner) < 2 for corner in corners):
        raise ArgumentNotValid("Not GML: an envelope needs two corners")
    return shapely.box(*corners[0][:2], *corners[1][:2])


_READERS: Final[dict[str, Callable[[Any, Crs, int], BaseGeometry]]] = {
    "Point": _point, "LineString": _line, "LinearRing": _linear_ring, "Ring": _linear_ring,
    "Polygon": _polygon, "Triangle": _polygon, "Rectangle": _polygon,
    "Curve": _curve, "CompositeCurve": _curve, "Surface": _surface,
    "TriangulatedSurface": _faces, "Tin": _faces, "PolyhedralSurface": _faces,
    "CompositeSurface": _multi("Polygon"),
    "MultiPoint": _multi("Point"), "MultiLineString": _multi("LineString"),
    "MultiCurve": _multi("LineString"), "MultiPolygon": _multi("Polygon"),
    "MultiSurface": _multi("Polygon"), "MultiGeometry": _collection,
    "Envelope": _envelope, "Box": _envelope,
}  # fmt: skip


def write_gml(geometry: Geometry, version: str = "3.2") -> str:
    """Write the literal's text as GML ``3.2``, ``3.1`` or ``2``; measures (M) are left out."""
    if version not in NAMESPACE:
        raise ArgumentNotValid(f"GML {version[:20]!r} is not written; 2, 3.1 and 3.2 are")
    head = f' xmlns:gml="{NAMESPACE[version]}" srsName={quoteattr(geometry.crs.iri)}'
    return _written(geometry.shape, head, version)


def gml_version(profile: str) -> str:
    """The version that a profile's name tells, as ``http://www.opengis.net/def/profile/...``.

    Raises:
        ArgumentNotValid: it tells none.
    """
    for sign, version in _PROFILES:
        if sign in profile:
            return version
    raise ArgumentNotValid(f"{profile[:100]!r} is no profile of GML 2, 3.1 or 3.2")


_PROFILES: Final = (
    ("3.2", "3.2"), ("gml-sf", "3.2"), ("gmlsf", "3.2"), ("3.1", "3.1"), ("2.1", "2"),
    ("2.0", "2"), ("GML2", "2"), ("GML3", "3.2"),
)  # fmt: skip

_MULTI: Final = {
    "MultiPoint": ("MultiPoint", "pointMember"),
    "MultiLineString": ("MultiCurve", "curveMember"),
    "MultiPolygon": ("MultiSurface", "surfaceMember"),
    "GeometryCollection": ("MultiGeometry", "geometryMember"),
}
_MULTI_2: Final = _MULTI | {
    "MultiLineString": ("MultiLineString", "lineStringMember"),
    "MultiPolygon": ("MultiPolygon", "polygonMember"),
}


def _written(shape: BaseGeometry, head: str, version: str) -> str:
    kind = shape.geom_type
    if kind in _MULTI:
        name, member = (_MULTI_2 if version == "2" else _MULTI)[kind]
        parts = "".join(
            f"<gml:{member}>{_written(part, '', version)}</gml:{member}>"
            for part in shapely.get_parts(shape)
        )
        return f"<gml:{name}{head}>{parts}</gml:{name}>"
    if kind == "Polygon":
        outer, inner = _BOUNDS[version == "2"]
        text = "".join(
            f"<gml:{inner if place else outer}><gml:LinearRing>{_positions(ring, version)}"
            f"</gml:LinearRing></gml:{inner if place else outer}>"
            for place, ring in enumerate(rings(shape))
        )
        return f"<gml:Polygon{head}>{text}</gml:Polygon>"
    return f"<gml:{kind}{head}>{_positions(shape, version)}</gml:{kind}>"


_BOUNDS: Final = (("exterior", "interior"), ("outerBoundaryIs", "innerBoundaryIs"))


def _positions(shape: BaseGeometry, version: str) -> str:
    points = positions(shape).tolist()
    if version == "2":
        text = " ".join(",".join(map(_number, point)) for point in points)
        return f"<gml:coordinates>{text}</gml:coordinates>"
    name = "pos" if shape.geom_type == "Point" else "posList"
    size = ' srsDimension="3"' if points and len(points[0]) == 3 else ""
    text = " ".join(_number(value) for point in points for value in point)
    return f"<gml:{name}{size}>{text}</gml:{name}>"


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
