"""Distances, lengths, areas and buffers against Karney's geodesics and brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from dafab_kg.spatial.geosparql import ellipsoid
from dafab_kg.spatial.geosparql.literals import read_literal
from dafab_kg.spatial.geosparql.names import WKT
from dafab_kg.spatial.geosparql.units import unit_of
from dafab_kg.store.protocol import Literal

from .asking import evaluate, fault, number, text, wkt

WGS84 = Geod(ellps="WGS84")
A_DEGREE = 111_319.49079327357  # of the equator: 2 pi 6378137 / 360


def shape(literal: str) -> shapely.Geometry:
    value = evaluate(literal)
    assert value is not None, literal
    return read_literal(value).shape


def test_distance_of_points_is_the_geodesic() -> None:
    """JFK to LHR, as GeographicLib's documentation has it: 5,551.759400 km."""
    jfk, lhr = "4326:POINT(40.6 -73.8)", "POINT(-0.5 51.6)"
    assert number(f"geof:metricDistance({wkt(jfk)}, {wkt(lhr)})") == pytest.approx(
        5_551_759.4, abs=0.1
    )
    assert number(f"geof:distance({wkt(jfk)}, {wkt(lhr)}, unit:KiloM)") == pytest.approx(
        5551.7594, abs=1e-4
    )
    assert number(
        f"geof:distance({wkt('POINT(0 0)')}, {wkt('POINT(1 0)')}, uom:metre)"
    ) == pytest.approx(A_DEGREE)


def test_distance_of_points_in_angles_is_planar() -> None:
    assert number(
        f"geof:distance({wkt('POINT(0 0)')}, {wkt('POINT(3 4)')}, uom:degree)"
    ) == pytest.approx(5)
    assert number(
        f"geof:distance({wkt('POINT(0 0)')}, {wkt('POINT(3 4)')}, uom:radian)"
    ) == pytest.approx(math.radians(5))


def test_distance_in_a_projected_crs_is_planar() -> None:
    a, b = wkt("32632:POINT(500000 5500000)"), wkt("32632:POINT(500300 5500400)")
    assert number(f"geof:distance({a}, {b}, uom:metre)") == pytest.approx(500, abs=1e-9)
    assert number(f"geof:distance({a}, {b}, unit:FT)") == pytest.approx(500 / 0.3048)
    # On the central meridian the scale of UTM is 0.9996.
    assert number(f"geof:metricDistance({a}, {b})") == pytest.approx(500 / 0.9996, rel=1e-6)
    assert "fit" in fault(f"geof:distance({a}, {b}, uom:degree)")
    # Units of the CRS itself: EPSG:2263 is in US survey feet.
    a, b = wkt("2263:POINT(980000 200000)"), wkt("2263:POINT(980003 200004)")
    assert number(f"geof:distance({a}, {b}, uom:metre)") == pytest.approx(5 * 1200 / 3937)


def test_distance_over_the_antimeridian() -> None:
    a = wkt("POLYGON ((179 -1, 179.5 -1, 179.5 1, 179 1, 179 -1))")
    b = wkt("POLYGON ((-179.5 -1, -179 -1, -179 1, -179.5 1, -179.5 -1))")
    # The short way is along the parallel of one degree: there a degree is shorter.
    expected = WGS84.inv(179.5, 1, -179.5, 1)[2]
    assert number(f"geof:metricDistance({a}, {b})") == pytest.approx(expected, rel=1e-9)
    assert number(
        f"geof:metricDistance({wkt('POINT(180 10)')}, {wkt('POINT(-180 10)')})"
    ) == pytest.approx(0, abs=1e-6)


def test_distance_is_nought_where_they_meet_and_an_error_where_one_is_empty() -> None:
    a = wkt("POLYGON ((0 0, 1 0, 1 1, 0 0))")
    assert number(f"geof:distance({a}, {wkt('POINT (0.9 0.5)')}, uom:metre)") == 0
    assert "empty" in fault(f"geof:distance({a}, {wkt('POINT EMPTY')}, uom:metre)")
    assert "empty" in fault(f"geof:metricDistance({wkt('')}, {a})")


@st.composite
def places(draw: st.DrawFn) -> shapely.Geometry:
    lon, lat = draw(st.integers(-179, 179)), draw(st.integers(-80, 80))
    size = draw(st.sampled_from([0.01, 0.5, 3]))
    box = shapely.box(lon, lat, lon + size, lat + size / 2)
    kind = draw(st.sampled_from(["box", "line", "point", "triangle"]))
    if kind == "line":
        return shapely.LineString([(lon, lat), (lon + size, lat + size / 3), (lon, lat + size / 2)])
    if kind == "triangle":
        return shapely.Polygon([(lon, lat), (lon + size, lat), (lon + size / 2, lat + size)])
    return shapely.Point(lon, lat) if kind == "point" else box


@settings(max_examples=40)
@given(places(), places(), st.booleans())
def test_distance_is_the_least_of_many(
    one: shapely.Geometry, other: shapely.Geometry, near: bool
) -> None:
    """Brute force along both boundaries finds nothing shorter, and comes near."""
    if near:
        west, south, _, _ = one.bounds
        other = shapely.affinity.translate(
            other, west + 3.6 - other.bounds[0], south - other.bounds[1]
        )
    found = ellipsoid.distance(one, other, WGS84)
    if shapely.intersects(one, other):
        assert found == 0
        return
    samples = [_along(one), _along(other)]
    grid = np.array(np.meshgrid(*(range(len(s)) for s in samples))).reshape(2, -1)
    a, b = samples[0][grid[0]], samples[1][grid[1]]
    brute = WGS84.inv(a[:, 0], a[:, 1], b[:, 0], b[:, 1])[2]
    assert found <= brute.min() + 1e-6
    longest = max(one.length, other.length) * A_DEGREE / 150
    assert found >= brute.min() - longest


def _along(part: shapely.Geometry) -> np.ndarray:
    line = part.boundary if part.geom_type == "Polygon" else part
    if part.geom_type == "Point":
        return shapely.get_coordinates(part)
    more = shapely.line_interpolate_point(line, np.linspace(0, line.length, 150))
    return np.concatenate((shapely.get_coordinates(line), shapely.get_coordinates(more)))


@given(places(), places())
def test_distance_is_symmetric(one: shapely.Geometry, other: shapely.Geometry) -> None:
    there, back = ellipsoid.distance(one, other, WGS84), ellipsoid.distance(other, one, WGS84)
    assert there == pytest.approx(back, rel=1e-9, abs=1e-6)


def test_areas_on_the_ellipsoid() -> None:
    """The whole Earth has 510,065,621,724,088 square metres (WGS 84)."""
    eighth = wkt("POLYGON ((0 0, 90 0, 0 90, 0 0))")
    assert number(f"geof:metricArea({eighth})") == pytest.approx(510_065_621_724_088 / 8, rel=1e-9)
    assert number(f"geof:area({eighth}, unit:KiloM2)") == pytest.approx(
        510_065_621.724088 / 8, rel=1e-9
    )
    hole = wkt("POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0), (0.5 0.5, 1 0.5, 1 1, 0.5 0.5))")
    polygon = shapely.from_wkt(
        "POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0), (0.5 0.5, 1 0.5, 1 1, 0.5 0.5))"
    )
    expected = abs(WGS84.geometry_area_perimeter(shapely.Polygon(polygon.exterior))[0])
    expected -= abs(WGS84.geometry_area_perimeter(shapely.Polygon(polygon.interiors[0]))[0])
    assert number(f"geof:metricArea({hole})") == pytest.approx(expected)
    assert number(f"geof:area({hole}, uom:metre)") == pytest.approx(expected)
    assert number(f"geof:area({hole}, unit:HA)") == pytest.approx(expected / 10_000)
    assert number(f"geof:area({hole}, uom:degree)") == pytest.approx(4 - 0.125)
    assert number(f"geof:metricArea({wkt('LINESTRING (0 0, 1 1)')})") == 0
    assert number(
        f"geof:area({wkt('32632:POLYGON ((0 0, 10 0, 10 10, 0 0))')}, uom:metre)"
    ) == pytest.approx(50)


def test_lengths() -> None:
    line = wkt("LINESTRING (0 0, 1 0, 1 1)")
    expected = WGS84.line_length([0, 1, 1], [0, 0, 1])
    assert number(f"geof:metricLength({line})") == pytest.approx(expected)
    assert number(f"geof:length({line}, unit:KiloM)") == pytest.approx(expected / 1000)
    assert number(f"geof:length({line}, uom:degree)") == pytest.approx(2)
    assert number(f"geof:metricLength({wkt('POINT (1 1)')})") == 0
    square = "32632:POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (3 3, 6 3, 6 6, 3 6, 3 3))"
    assert number(f"geof:perimeter({wkt(square)}, uom:metre)") == pytest.approx(36 + 12)
    assert number(f"geof:length({wkt(square)}, uom:metre)") == pytest.approx(36 + 12)
    # The quarter meridian of WGS 84.
    meridian = wkt("LINESTRING (0 0, 0 90)")
    assert number(f"geof:metricLength({meridian})") == pytest.approx(10_001_965.729, abs=0.01)


@pytest.mark.parametrize(
    "place",
    ["POINT (9 50)", "POINT (179.99 10)", "POINT (-180 -20)", "POINT (30 89.99)", "POINT (0 -90)"],
)
def test_buffer_in_metres_is_round_on_the_ellipsoid(place: str) -> None:
    radius = 5_000
    middle = shapely.from_wkt(place)
    grown = shape(f"geof:buffer({wkt(place)}, {radius}, uom:metre)")
    assert grown.is_valid
    west, south, east, north = grown.bounds
    assert -180 <= west <= east <= 180 and -90 <= south <= north <= 90
    assert ellipsoid.area(grown, WGS84) == pytest.approx(math.pi * radius**2, rel=0.01)
    inside, outside = [], []
    for azimuth in range(0, 360, 10):
        for far, into in ((0.98, inside), (1.02, outside)):
            lon, lat, _ = WGS84.fwd(middle.x, middle.y, azimuth, far * radius)
            into.append(shapely.Point((lon + 180) % 360 - 180, lat))
    assert all(shapely.intersects(grown, inside))
    assert not any(shapely.intersects(grown, outside))


def test_buffers_of_lines_and_areas() -> None:
    line = wkt("LINESTRING (0 50, 12 50)")
    grown = shape(f"geof:metricBuffer({line}, 10000)")
    # Along the middle of the line the buffer reaches ten kilometres up and down.
    up = WGS84.fwd(6, 50, 0, 10_000)[1]
    assert shapely.intersects(grown, shapely.Point(6, up - 0.0005))
    assert not shapely.intersects(grown, shapely.Point(6, up + 0.0005))
    area = "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))"
    smaller = shape(f"geof:metricBuffer({wkt(area)}, -10000)")
    assert shapely.contains_properly(shapely.from_wkt(area), smaller)
    assert smaller.bounds[0] == pytest.approx(10_000 / A_DEGREE, rel=1e-3)
    assert shape(f"geof:metricBuffer({wkt(area)}, -100000)").is_empty
    utm = shape(f"geof:buffer({wkt('32632:POINT (500000 5500000)')}, 2, unit:KiloM)")
    assert utm.bounds == pytest.approx((498_000, 5_498_000, 502_000, 5_502_000))
    degrees = shape(f"geof:buffer({wkt('POINT (0 0)')}, 10, uom:degree)")
    assert degrees.bounds == pytest.approx((-10, -10, 10, 10))
    assert evaluate(f"geof:buffer({wkt('POINT (0 0)')}, 1e400, uom:metre)") is None
    assert "fit" in fault(f"geof:buffer({wkt('32632:POINT (0 0)')}, 1, uom:degree)")


@given(places(), st.sampled_from([100.0, 20_000.0, 150_000.0]))
@settings(max_examples=25)
def test_what_is_near_is_in_the_buffer(place: shapely.Geometry, radius: float) -> None:
    grown = ellipsoid.buffer(place, radius, WGS84)
    west, south, east, north = place.bounds
    for lon in np.linspace(west - 2, east + 2, 7):
        for lat in np.linspace(max(south - 2, -90), min(north + 2, 90), 7):
            probe = shapely.Point((lon + 180) % 360 - 180, lat)
            away = ellipsoid.distance(place, probe, WGS84)
            if abs(away - radius) > 0.02 * radius:
                assert shapely.intersects(grown, probe) == (away < radius)


def test_geometry_functions_by_hand() -> None:
    square = wkt("POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))")
    assert shape(f"geof:envelope({wkt('LINESTRING (0 0, 2 1, 1 3)')})").equals(
        shapely.box(0, 0, 2, 3)
    )
    assert shape(f"geof:convexHull({wkt('MULTIPOINT (0 0, 2 0, 2 2, 0 2, 1 1)')})").equals(
        shapely.box(0, 0, 2, 2)
    )
    assert shape(f"geof:boundary({square})").equals(shapely.box(0, 0, 2, 2).boundary)
    assert shape(f"geof:boundary({wkt('POINT (1 1)')})").is_empty
    assert "boundary" in fault(f"geof:boundary({wkt('GEOMETRYCOLLECTION (POINT (1 1))')})")
    assert shape(f"geof:centroid({square})").equals(shapely.Point(1, 1))
    circle = shape(f"geof:boundingCircle({square})")
    assert circle.contains(shapely.box(0, 0, 2, 2))
    assert circle.area == pytest.approx(2 * math.pi, rel=0.01)
    assert shape(f"geof:boundingCircle({wkt('POINT (3 4)')})").equals(shapely.Point(3, 4))
    hull = wkt("MULTIPOINT (0 0, 4 0, 4 4, 0 4, 2 1)")
    assert shape(f"geof:concaveHull({hull}, 1)").equals(shapely.box(0, 0, 4, 4))
    assert shape(f"geof:concaveHull({hull}, 0)").area < 16
    assert "from 0 to 1" in fault(f"geof:concaveHull({hull}, 2)")
    assert (
        text(f"geof:dimension({wkt('GEOMETRYCOLLECTION (POINT (0 0), LINESTRING (0 0, 1 1))')})")
        == "1"
    )
    assert text(f"geof:numGeometries({wkt('MULTIPOINT (0 0, 1 1, 2 2)')})") == "3"
    assert text(f"geof:geometryN({wkt('MULTIPOINT (0 0, 1 1, 2 2)')}, 1)") == "POINT (0 0)"
    assert text(f"geof:geometryN({square}, 1)").startswith("POLYGON")
    for index in ("0", "4", "1.5"):
        assert "no geometry" in fault(
            f"geof:geometryN({wkt('MULTIPOINT (0 0, 1 1, 2 2)')}, {index})"
        )
    assert text(f"geof:isSimple({wkt('LINESTRING (0 0, 2 2, 2 0, 0 2)')})") == "false"
    assert text(f"geof:isSimple({square})") == "true"
    assert number(f"geof:maxY({square})") == 2
    # The axes are those of the literal's CRS: latitude is the first of EPSG:4326.
    assert number(f"geof:minX({wkt('4326:POINT (50 6)')})") == 50
    assert number(f"geof:maxZ({wkt('LINESTRING Z (0 0 1, 0 0 7)')})") == 7
    assert "coordinate" in fault(f"geof:minX({wkt('POINT EMPTY')})")


def test_results_have_form_and_crs_of_the_first_argument() -> None:
    """Section 8.7, function notes."""
    gml = f"geof:asGML({wkt('4326:POLYGON ((50 6, 50 8, 52 8, 50 6))')})"
    united = evaluate(f"geof:union({gml}, {wkt('POINT (9 51)')})")
    assert united is not None
    assert united.datatype.endswith("gmlLiteral") and "EPSG/0/4326" in united.value
    assert read_literal(united).shape.bounds == pytest.approx((50, 6, 52, 9))
    other = evaluate(f"geof:union({wkt('POINT (9 51)')}, {gml})")
    assert other is not None
    assert other.datatype == WKT and "<" not in other.value


AGGREGATES = {
    "aggUnion": lambda many: shapely.union_all(many),
    "aggBoundingBox": lambda many: shapely.box(*shapely.total_bounds(many)),
    "aggConvexHull": lambda many: shapely.convex_hull(shapely.GeometryCollection(many)),
    "aggCentroid": lambda many: shapely.centroid(shapely.GeometryCollection(many)),
}


@pytest.mark.parametrize("name", AGGREGATES)
def test_aggregates(name: str) -> None:
    from .asking import PREFIXES, STORE

    many = ["POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))", "POLYGON ((1 1, 3 1, 3 3, 1 3, 1 1))"]
    rows = f"('a' {wkt(many[0])}) ('a' {wkt('4326:' + many[1])}) ('b' {wkt('POINT (7 8)')})"
    query = (
        f"{PREFIXES} SELECT ?g (geof:{name}(?x) AS ?y) "
        f"{{ VALUES (?g ?x) {{ {rows} }} }} GROUP BY ?g"
    )
    found = {g.value: read_literal(y).shape for g, y in STORE.query(query)}
    expected = AGGREGATES[name]([shapely.from_wkt(one) for one in many])
    assert found["a"].equals(expected) or shapely.equals_exact(found["a"], expected, 1e-9)
    assert found["b"].equals(shapely.Point(7, 8))


def test_aggregates_of_nothing_and_of_what_is_no_geometry() -> None:
    from dafab_kg.store.diagnostics import Diagnostics

    from .asking import PREFIXES, STORE

    query = f"{PREFIXES} SELECT (geof:aggUnion(?x) AS ?y) {{ VALUES ?x {{ %s }} }}"
    [[nothing]] = list(STORE.query(query % ""))
    assert nothing.value == "GEOMETRYCOLLECTION EMPTY"
    diagnostics = Diagnostics()
    wrong = f"{wkt('POINT (0 0)')} 1 2"
    assert list(STORE.query(query % wrong, diagnostics=diagnostics)) == [(None,)]
    assert [(fault.function, fault.count) for fault in diagnostics] == [("aggUnion", 1)]
    circle = query.replace("aggUnion", "aggBoundingCircle")
    [[around]] = list(STORE.query(circle % f"{wkt('POINT (0 0)')} {wkt('POINT (2 0)')}"))
    assert read_literal(around).shape.area == pytest.approx(math.pi, rel=0.01)


UNITS = [
    ("http://www.opengis.net/def/uom/OGC/1.0/metre", "length", 1),
    ("http://www.opengis.net/def/uom/OGC/1.0/degree", "angle", math.pi / 180),
    ("urn:ogc:def:uom:OGC:1.0:radian", "angle", 1),
    ("http://www.opengis.net/def/uom/EPSG/0/9001", "length", 1),
    ("http://www.opengis.net/def/uom/EPSG/0/9002", "length", 0.3048),
    ("http://www.opengis.net/def/uom/EPSG/0/9003", "length", 1200 / 3937),
    ("http://www.opengis.net/def/uom/EPSG/0/9030", "length", 1852),
    ("urn:ogc:def:uom:EPSG::9102", "angle", math.pi / 180),
    ("http://www.opengis.net/def/uom/UCUM/km", "length", 1000),
    ("http://www.opengis.net/def/uom/UCUM/0/m2", "area", 1),
    ("http://qudt.org/vocab/unit/M", "length", 1),
    ("https://qudt.org/vocab/unit/MI", "length", 1609.344),
    ("http://qudt.org/vocab/unit/MI_N", "length", 1852),
    ("http://qudt.org/vocab/unit/AC", "area", 4046.8564224),
    ("http://qudt.org/1.1/vocab/unit#DEG", "angle", math.pi / 180),
]  # fmt: skip


@pytest.mark.parametrize(("iri", "kind", "factor"), UNITS)
def test_units(iri: str, kind: str, factor: float) -> None:
    assert unit_of(iri).kind == kind
    assert unit_of(iri).factor == pytest.approx(factor, rel=1e-9)


def test_unit_may_be_given_as_a_literal() -> None:
    point = f"{wkt('POINT(0 0)')}, {wkt('POINT(1 0)')}"
    iri = "http://www.opengis.net/def/uom/OGC/1.0/metre"
    for unit in (f'"{iri}"^^xsd:anyURI', f'"{iri}"', f"<{iri}>"):
        assert number(f"geof:distance({point}, {unit})") == pytest.approx(A_DEGREE)
    assert "unit" in fault(f"geof:distance({point}, <http://qudt.org/vocab/unit/SEC>)")
    assert "unit" in fault(f"geof:distance({point}, unit:NONSENSE)")
    assert "fit" in fault(f"geof:distance({point}, unit:HA)")


def test_literal_is_read_with_its_crs() -> None:
    assert (
        read_literal(Literal("<http://www.opengis.net/def/crs/EPSG/0/3857> POINT(0 0)", WKT))
        .lonlat()
        .equals(shapely.Point(0, 0))
    )


@pytest.mark.parametrize("place", [(0, 0), (10, 50), (170, -80)])
@pytest.mark.parametrize("radius", [1e6, 5e6, 8e6])
def test_a_large_buffer_has_the_area_of_a_cap(place: tuple[int, int], radius: float) -> None:
    """The area of a cap of a sphere of the Earth's mean radius, within what flattening does."""
    grown = shape(f"geof:buffer({wkt(f'POINT ({place[0]} {place[1]})')}, {radius}, uom:metre)")
    assert grown.covers(shapely.Point(*place))
    flat = shapely.transform(
        grown, lambda at: np.column_stack((np.radians(at[:, 0]), np.sin(np.radians(at[:, 1]))))
    )
    assert flat.area == pytest.approx(2 * np.pi * (1 - np.cos(radius / 6371008.8)), rel=0.012)


@pytest.mark.parametrize("radius", ["2e7", "1e308", "-2e7"])
def test_a_buffer_beyond_a_quarter_of_the_earth_is_refused(radius: str) -> None:
    assert "9,900 km" in fault(f"geof:buffer({wkt('POINT (0 0)')}, {radius}, uom:metre)")
