"""All functions of GeoSPARQL 1.1 (section 8.7, clause 9) from terms to terms.

:data:`FUNCTIONS` has them by local name.  Each takes terms and returns a term, or raises
:class:`~dafab_kg.model.errors.ArgumentNotValid`, which makes its expression an error.
"""

from __future__ import annotations

from collections.abc import Callable
from math import cos, isfinite, pi
from typing import Final, TypeVar

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from dafab_kg.model.errors import ArgumentNotValid
from dafab_kg.spatial.geosparql import measures
from dafab_kg.spatial.geosparql.crs import crs_of
from dafab_kg.spatial.geosparql.geometry import Geometry
from dafab_kg.spatial.geosparql.gml import gml_version, write_gml
from dafab_kg.spatial.geosparql.literals import LiteralCache, write_literal
from dafab_kg.spatial.geosparql.names import GEOJSON, GML, KML, SVG, WKT, XSD
from dafab_kg.spatial.geosparql.relations import RELATIONS, relate
from dafab_kg.spatial.geosparql.svg import write_svg
from dafab_kg.store.protocol import XSD_STRING, Iri, Literal, Term

V = TypeVar("V")
Function = Callable[..., Term]

CONCAVE_RATIO: Final = 0.3
"""Default of concaveHull: 0 the tightest hull of GEOS, 1 the convex one."""

_AROUND: Final = 16  # edges of a quarter of a circle
_NUMERIC: Final = frozenset(
    XSD + name
    for name in (
        *("integer", "decimal", "double", "float", "long", "int", "short", "byte"),
        *("nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger"),
        *("unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
    )
)


class Terms:
    """Reads arguments from terms and writes results as terms; geometries come from a cache."""

    def __init__(self, cache: LiteralCache) -> None:
        self._cache = cache

    def geometry(self, term: Term) -> Geometry:
        """A geometry literal of any serialisation."""
        if not isinstance(term, Literal):
            raise ArgumentNotValid("A geometry literal is expected, not an IRI or blank node")
        return self._cache.read(term)

    @staticmethod
    def number(term: Term) -> float:
        """A finite number of any numeric type."""
        if isinstance(term, Literal) and term.datatype in _NUMERIC:
            try:
                value = float(term.value)
            except ValueError:
                value = float("nan")
            if isfinite(value):
                return value
        raise ArgumentNotValid(f"A number is expected, not {term.value[:100]!r}")

    @staticmethod
    def iri(term: Term) -> str:
        """An IRI, or a literal (xsd:anyURI, xsd:string) that says one."""
        if isinstance(term, Iri) or (
            isinstance(term, Literal) and term.datatype in (XSD + "anyURI", XSD_STRING)
        ):
            return term.value
        raise ArgumentNotValid(f"An IRI is expected, not {term.value[:100]!r}")

    @staticmethod
    def text(term: Term) -> str:
        """A string."""
        if isinstance(term, Literal) and term.datatype == XSD_STRING:
            return term.value
        raise ArgumentNotValid(f"A string is expected, not {term.value[:100]!r}")


def truth(value: bool) -> Literal:
    """An xsd:boolean."""
    return Literal("true" if value else "false", XSD + "boolean")


def whole(value: int) -> Literal:
    """An xsd:integer."""
    return Literal(str(int(value)), XSD + "integer")


def double(value: float) -> Literal:
    """An xsd:double."""
    if not isfinite(value):
        raise ArgumentNotValid("The result is no finite number")
    return Literal(repr(float(value)), XSD + "double")


def any_uri(value: str) -> Literal:
    """An xsd:anyURI."""
    return Literal(value, XSD + "anyURI")


def functions(cache: LiteralCache) -> dict[str, Function]:
    """Make all functions by local name; they share a cache of literals."""
    read = Terms(cache)

    def of_relation(name: str) -> Function:
        relation = RELATIONS[name]
        return lambda a, b: truth(relation(read.geometry(a), read.geometry(b)))

    def of_shape(make: Callable[[BaseGeometry], BaseGeometry]) -> Function:
        def function(a: Term) -> Term:
            geometry = read.geometry(a)
            return write_literal(geometry.like(make(geometry.shape)))

        return function

    def of_two(make: Callable[[BaseGeometry, BaseGeometry], BaseGeometry]) -> Function:
        def function(a: Term, b: Term) -> Term:
            one, other = read.geometry(a), read.geometry(b)
            return write_literal(one.like(make(one.shape, other.shape_in(one.crs))))

        return function

    def told(say: Callable[[V], Literal], ask: Callable[[Geometry], V]) -> Function:
        return lambda a: say(ask(read.geometry(a)))

    def as_form(datatype: str) -> Function:
        def function(a: Term) -> Term:
            one = read.geometry(a)
            crs = one.crs if datatype == WKT else crs_of(_CRS84)
            return write_literal(Geometry(one.shape_in(crs), crs, datatype, one.kind))

        return function

    def as_gml(a: Term, *profile: Term) -> Term:
        if len(profile) > 1:
            raise ArgumentNotValid("asGML takes a geometry and a profile")
        version = gml_version(read.iri(profile[0])) if profile else "3.2"
        return Literal(write_gml(read.geometry(a), version), GML)

    def as_dggs(a: Term, *_: Term) -> Term:
        raise ArgumentNotValid("Cells of a Discrete Global Grid are not written")

    def concave(a: Term, *ratio: Term) -> Term:
        if len(ratio) > 1:
            raise ArgumentNotValid("concaveHull takes a geometry and a share from 0 to 1")
        one = read.geometry(a)
        return write_literal(
            one.like(concave_hull(one.shape, read.number(ratio[0]) if ratio else CONCAVE_RATIO))
        )

    def transform(a: Term, iri: Term) -> Term:
        one, crs = read.geometry(a), crs_of(read.iri(iri))
        return write_literal(Geometry(one.shape_in(crs), crs, one.datatype, one.kind))

    def part(a: Term, index: Term) -> Term:
        one, n = read.geometry(a), read.number(index)
        count = shapely.get_num_geometries(one.shape)
        if not n.is_integer() or not 1 <= n <= count:
            raise ArgumentNotValid(f"There is no geometry {n:g}: the first is 1, the last {count}")
        found = list(shapely.get_parts(one.shape))[int(n) - 1]
        return write_literal(one.like(found))

    def bound(axis: int, greatest: bool) -> Function:
        def function(a: Term) -> Term:
            shape = read.geometry(a).shape
            places = shapely.get_coordinates(shape, include_z=axis == 2)
            if not len(places) or np.isnan(places[:, axis]).any():
                raise ArgumentNotValid(f"There is no coordinate {'XYZ'[axis]}")
            values = places[:, axis]
            return double(float(values.max() if greatest else values.min()))

        return function

    def measured(measure: Callable[[Geometry, str], float]) -> Function:
        return lambda a, unit: double(measure(read.geometry(a), read.iri(unit)))

    def metric(measure: Callable[[Geometry], float]) -> Function:
        return lambda a: double(measure(read.geometry(a)))

    made: dict[str, Function] = {name: of_relation(name) for name in RELATIONS}
    made |= {
        "relate": lambda a, b, pattern: truth(
            relate(read.geometry(a), read.geometry(b), read.text(pattern))
        ),
        # Sets of points (requirement query-functions).
        "boundary": of_shape(boundary),
        "boundingCircle": of_shape(bounding_circle),
        "centroid": of_shape(shapely.centroid),
        "concaveHull": concave,
        "convexHull": of_shape(shapely.convex_hull),
        "envelope": of_shape(shapely.envelope),
        "difference": of_two(shapely.difference),
        "intersection": of_two(shapely.intersection),
        "symDifference": of_two(shapely.symmetric_difference),
        "union": of_two(shapely.union),
        "transform": transform,
        "buffer": lambda a, radius, unit: write_literal(
            measures.buffer(read.geometry(a), read.number(radius), read.iri(unit))
        ),
        "metricBuffer": lambda a, radius: write_literal(
            measures.metric_buffer(read.geometry(a), read.number(radius))
        ),
        # Measures.
        "distance": lambda a, b, unit: double(
            measures.distance(read.geometry(a), read.geometry(b), read.iri(unit))
        ),
        "metricDistance": lambda a, b: double(
            measures.metric_distance(read.geometry(a), read.geometry(b))
        ),
        "area": measured(measures.area),
        "length": measured(measures.length),
        "perimeter": measured(measures.length),
        "metricArea": metric(measures.metric_area),
        "metricLength": metric(measures.metric_length),
        "metricPerimeter": metric(measures.metric_length),
        # What a geometry is (requirements query-functions, query-functions-non-sf).
        "dimension": told(whole, lambda g: int(shapely.get_dimensions(g.shape))),
        "coordinateDimension": told(whole, lambda g: 2 + g.shape.has_z + g.shape.has_m),
        "spatialDimension": told(whole, lambda g: 2 + g.shape.has_z),
        "is3D": told(truth, lambda g: bool(g.shape.has_z)),
        "isMeasured": told(truth, lambda g: bool(g.shape.has_m)),
        "isEmpty": told(truth, lambda g: bool(g.shape.is_empty)),
        "isSimple": told(truth, lambda g: bool(shapely.is_simple(g.shape))),
        "geometryType": told(any_uri, lambda g: g.type_iri),
        "getSRID": told(any_uri, lambda g: g.crs.iri),
        "numGeometries": told(whole, lambda g: int(shapely.get_num_geometries(g.shape))),
        "geometryN": part,
        "minX": bound(0, False), "minY": bound(1, False), "minZ": bound(2, False),
        "maxX": bound(0, True), "maxY": bound(1, True), "maxZ": bound(2, True),
        # Serialisations.
        "asWKT": as_form(WKT),
        "asGML": as_gml,
        "asGeoJSON": as_form(GEOJSON),
        "asKML": as_form(KML),
        "asSVG": lambda a: Literal(write_svg(read.geometry(a)), SVG),
        "asDGGS": as_dggs,
    }  # fmt: skip
    return made


_CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def boundary(shape: BaseGeometry) -> BaseGeometry:
    """The closure of the boundary; a collection of mixed kinds has none that is defined."""
    if shape.geom_type == "GeometryCollection" and not shape.is_empty:
        raise ArgumentNotValid("A collection of several kinds has no boundary")
    found = shapely.boundary(shape)
    return shape if found is None else found


def bounding_circle(shape: BaseGeometry) -> BaseGeometry:
    """The smallest circle around a shape, as a polygon that contains it."""
    if shape.is_empty:
        return shapely.Polygon()
    radius = float(shapely.minimum_bounding_radius(shape))
    if radius == 0:
        return shapely.Point(shapely.get_coordinates(shape)[0])
    middle = shapely.centroid(shapely.minimum_bounding_circle(shape))
    # The polygon's edges touch the circle from outside.
    return shapely.buffer(middle, radius / cos(pi / (4 * _AROUND)), quad_segs=_AROUND)


def concave_hull(shape: BaseGeometry, ratio: float) -> BaseGeometry:
    """The concave hull of GEOS: 0 is the tightest, 1 the convex hull."""
    if not 0 <= ratio <= 1:
        raise ArgumentNotValid("The share of concaveHull is from 0 to 1")
    return shapely.concave_hull(shape, ratio=ratio)
