"""Literals of every serialisation against shapely, pyproj and the standard's own examples."""

from __future__ import annotations

import contextlib
import json

import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.affinity import translate

from dafab_kg.model.errors import ArgumentNotValid
from dafab_kg.spatial.geosparql.literals import LiteralCache, read_literal, write_literal
from dafab_kg.spatial.geosparql.names import CRS84, DGGS, GEO, GEOJSON, GML, KML, WKT
from dafab_kg.store.protocol import Iri, Literal

from .asking import evaluate, fault, number, text, wkt

ATHENS_GA = shapely.Point(-83.38, 33.95)  # the point of the examples of clause 8
EXAMPLES = [
    ("Point(-83.38 33.95)", WKT),
    ("<http://www.opengis.net/def/crs/EPSG/0/4326> Point(33.95 -83.38)", WKT),
    ('<gml:Point srsName="http://www.opengis.net/def/crs/OGC/1.3/CRS84" '
     'xmlns:gml="http://www.opengis.net/ont/gml"><gml:pos>-83.38 33.95</gml:pos></gml:Point>', GML),
    ('{"type": "Point", "coordinates": [-83.38,33.95]}', GEOJSON),
    ('<Point xmlns="http://www.opengis.net/kml/2.2"><coordinates>-83.38,33.95</coordinates></Point>',
     KML),
]  # fmt: skip


@pytest.mark.parametrize(("value", "datatype"), EXAMPLES)
def test_examples_of_the_standard_are_one_point(value: str, datatype: str) -> None:
    geometry = read_literal(Literal(value, datatype))
    assert geometry.lonlat().equals(ATHENS_GA)
    if geometry.crs.is_crs84:
        assert geometry.shape.equals(ATHENS_GA)


@pytest.mark.parametrize("datatype", [WKT, GML, GEOJSON, KML, DGGS])
def test_empty_literals_are_empty_geometries(datatype: str) -> None:
    """Requirements wkt-literal-empty to dggs-literal-empty."""
    for value in ("", " \n"):
        assert read_literal(Literal(value, datatype)).shape.is_empty


def coordinates() -> st.SearchStrategy[float]:
    return st.integers(-1_790_000, 1_790_000).map(lambda n: n / 10_000)


def latitudes() -> st.SearchStrategy[float]:
    return st.integers(-890_000, 890_000).map(lambda n: n / 10_000)


@st.composite
def shapes(draw: st.DrawFn) -> shapely.Geometry:
    place = st.tuples(coordinates(), latitudes())
    high = draw(st.booleans())
    if high:
        place = st.tuples(coordinates(), latitudes(), st.integers(-100, 100).map(float))
    many = draw(st.lists(place, min_size=4, max_size=8, unique=True))
    hull = shapely.MultiPoint(many).convex_hull
    kinds = {
        "Point": shapely.Point(many[0]),
        "MultiPoint": shapely.MultiPoint(many),
        "LineString": shapely.LineString(many),
        "MultiLineString": shapely.MultiLineString([many[:2], many[2:]]),
        "Polygon": hull,
        "MultiPolygon": shapely.MultiPolygon([hull, translate(hull, 0.25)])
        if hull.geom_type == "Polygon"
        else hull,
        "GeometryCollection": shapely.GeometryCollection([hull, shapely.Point(many[1])]),
        "EmptyPoint": shapely.Point(),
        "EmptyPolygon": shapely.Polygon(),
        "EmptyLine": shapely.LineString(),
    }
    return kinds[draw(st.sampled_from(sorted(kinds)))]


@given(shapes(), st.sampled_from(["asWKT", "asGML", "asGeoJSON", "asKML"]))
def test_serialisers_keep_the_geometry(shape: shapely.Geometry, serialiser: str) -> None:
    source = f'"{shapely.to_wkt(shape, rounding_precision=-1)}"^^geo:wktLiteral'
    written = evaluate(f"geof:{serialiser}({source})")
    assert written is not None
    assert (
        written.datatype
        == GEO
        + serialiser.replace("as", "", 1)
        .replace("GeoJSON", "geoJSON")
        .replace("WKT", "wkt")
        .replace("GML", "gml")
        .replace("KML", "kml")
        + "Literal"
    )
    back = read_literal(written)
    assert back.crs.iri == CRS84
    assert back.shape.geom_type == shape.geom_type
    assert shapely.equals_exact(shapely.normalize(back.shape), shapely.normalize(shape), 1e-12)
    assert back.shape.is_empty or back.shape.has_z == shape.has_z


@given(shapes())
def test_geojson_is_what_another_reader_reads(shape: shapely.Geometry) -> None:
    written = text(
        f'geof:asGeoJSON("{shapely.to_wkt(shape, rounding_precision=-1)}"^^geo:wktLiteral)'
    )
    other = shapely.from_geojson(written)
    assert shapely.equals_exact(shapely.normalize(other), shapely.normalize(shape), 1e-12)


@pytest.mark.parametrize("version", ["2.1.2", "3.1.1", "3.2.1"])
def test_gml_is_what_gdal_reads(version: str) -> None:
    """GDAL reads each version; it is told nothing but the text."""
    pyogrio = pytest.importorskip("pyogrio")
    shape = (
        "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 2, 2 2, 2 1, 1 1)), "
        "((5 5, 6 5, 6 6, 5 5)))"
    )
    written = text(f'geof:asGML({wkt(shape)}, "{version}")')
    space = "http://www.opengis.net/gml/3.2" if version == "3.2.1" else "http://www.opengis.net/gml"
    document = (
        f'<c xmlns:gml="{space}"><gml:featureMember><f><g>{written}</g></f></gml:featureMember></c>'
    )
    frame = pyogrio.read_dataframe(document.encode(), force_2d=True)
    assert frame.geometry.iloc[0].equals(shapely.from_wkt(shape))


GML_FORMS = [
    ('<gml:LineString xmlns:gml="http://www.opengis.net/gml" srsName="EPSG:4326">'
     "<gml:coordinates>1,2 3,4</gml:coordinates></gml:LineString>", "LINESTRING (2 1, 4 3)"),
    ('<gml:LineString xmlns:gml="http://www.opengis.net/gml">'
     '<gml:coordinates cs=" " ts=";" decimal=",">1,5 2;3 4</gml:coordinates></gml:LineString>',
     "LINESTRING (1.5 2, 3 4)"),
    ('<gml:Point xmlns:gml="http://www.opengis.net/gml"><gml:coord><gml:X>1</gml:X><gml:Y>2</gml:Y>'
     "</gml:coord></gml:Point>", "POINT (1 2)"),
    ('<Curve xmlns="http://www.opengis.net/gml/3.2"><segments><LineStringSegment><posList>0 0 1 1'
     "</posList></LineStringSegment><LineStringSegment><posList>1 1 2 0</posList>"
     "</LineStringSegment></segments></Curve>", "LINESTRING (0 0, 1 1, 2 0)"),
    ('<Surface xmlns="http://www.opengis.net/gml/3.2"><patches><PolygonPatch><exterior><LinearRing>'
     "<posList>0 0 1 0 1 1 0 0</posList></LinearRing></exterior></PolygonPatch></patches>"
     "</Surface>",
     "POLYGON ((0 0, 1 0, 1 1, 0 0))"),
    ('<Polygon xmlns="http://www.opengis.net/gml/3.2"><exterior><Ring><curveMember><LineString>'
     "<posList>0 0 1 0 1 1</posList></LineString></curveMember><curveMember><LineString>"
     "<posList>1 1 0 0</posList></LineString></curveMember></Ring></exterior></Polygon>",
     "POLYGON ((0 0, 1 0, 1 1, 0 0))"),
    ('<MultiSurface xmlns="http://www.opengis.net/gml/3.2"><surfaceMembers><Polygon><exterior>'
     "<LinearRing><posList>0 0 1 0 1 1 0 0</posList></LinearRing></exterior></Polygon>"
     "</surfaceMembers></MultiSurface>", "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))"),
    ('<Envelope xmlns="http://www.opengis.net/gml/3.2"><lowerCorner>0 1</lowerCorner>'
     "<upperCorner>2 3</upperCorner></Envelope>", "POLYGON ((0 1, 2 1, 2 3, 0 3, 0 1))"),
    ('<LineString xmlns="http://www.opengis.net/gml/3.2" srsDimension="3"><posList>0 0 9 1 1 9'
     "</posList></LineString>", "LINESTRING Z (0 0 9, 1 1 9)"),
    ('<MultiPoint xmlns="http://www.opengis.net/gml/3.2" srsName="urn:ogc:def:crs:OGC::CRS84">'
     '<pointMember><Point srsName="urn:ogc:def:crs:EPSG::4326"><pos>50 6</pos></Point>'
     "</pointMember></MultiPoint>", "MULTIPOINT ((6 50))"),
    ('<LineString xmlns="https://www.opengis.net/gml"><posList></posList></LineString>',
     "LINESTRING EMPTY"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), GML_FORMS)
def test_gml_forms(value: str, expected: str) -> None:
    geometry = read_literal(Literal(value, GML))
    wanted = shapely.from_wkt(expected)
    assert geometry.lonlat().geom_type == wanted.geom_type
    assert geometry.lonlat().equals(wanted)
    assert geometry.shape.has_z == wanted.has_z


KML_FORMS = [
    ("<Polygon><outerBoundaryIs><LinearRing><coordinates>0,0,1 4,0,1 4,4,1 0,0,1</coordinates>"
     "</LinearRing></outerBoundaryIs></Polygon>", "POLYGON Z ((0 0 1, 4 0 1, 4 4 1, 0 0 1))"),
    ("<MultiGeometry><Point><coordinates>1,2</coordinates></Point><Point><coordinates>3,4"
     "</coordinates></Point></MultiGeometry>", "MULTIPOINT ((1 2), (3 4))"),
    ("<MultiGeometry><Point><coordinates>1,2</coordinates></Point><LineString><coordinates>\n 3,4 "
     "\n 5,6 </coordinates></LineString></MultiGeometry>",
     "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (3 4, 5 6))"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), KML_FORMS)
def test_kml_forms(value: str, expected: str) -> None:
    value = value.replace(">", ' xmlns="http://www.opengis.net/kml/2.2">', 1)
    geometry = read_literal(Literal(value, KML))
    assert shapely.equals_exact(geometry.shape, shapely.from_wkt(expected))


def test_surfaces_that_geos_does_not_know() -> None:
    tin = "TIN (((0 0, 1 0, 0 1, 0 0)), ((1 0, 1 1, 0 1, 1 0)))"
    assert text(f"geof:geometryType({wkt(tin)})") == "http://www.opengis.net/ont/sf#TIN"
    assert number(f"geof:area({wkt(tin)}, uom:degree)") == pytest.approx(1)
    triangle = wkt("TRIANGLE ((0 0, 1 0, 0 1, 0 0))")
    assert text(f"geof:geometryType({triangle})") == "http://www.opengis.net/ont/sf#Triangle"


def test_measured_coordinates_are_kept() -> None:
    assert text(f"geof:asWKT({wkt('POINT ZM (1 2 3 4)')})") == "POINT ZM (1 2 3 4)"
    assert text(f"geof:isMeasured({wkt('POINT M (1 2 4)')})") == "true"
    assert text(f"geof:coordinateDimension({wkt('POINT ZM (1 2 3 4)')})") == "4"
    assert text(f"geof:spatialDimension({wkt('POINT ZM (1 2 3 4)')})") == "3"


MALFORMED = [
    ("POINT(1)", WKT), ("POLYGON((0 0,1 1))", WKT), ("NOTHING(1 2)", WKT), ("POINT(1 2", WKT),
    ("POINT (nan 1)", WKT), ("POINT (inf 1)", WKT), ("POINT (1e999 1)", WKT),
    ("<http://example.org/crs> POINT(1 2)", WKT), ("<EPSG:99999> POINT(1 2)", WKT),
    ("<file:///etc/passwd> POINT(1 2)", WKT), ("<+init=epsg:4326> POINT(1 2)", WKT),
    ("CIRCULARSTRING (0 0, 1 1, 2 0)", WKT),
    ("GEOMETRYCOLLECTION (" * 100_000, WKT),
    ("<a/>", GML), ("<gml:Point", GML), ('<Arc xmlns="http://www.opengis.net/gml/3.2"/>', GML),
    ('<Point xmlns="http://www.opengis.net/gml/3.2"><pos>a b</pos></Point>', GML),
    ('<Point xmlns="http://www.opengis.net/gml/3.2"><pos>1</pos></Point>', GML),
    ('<LineString xmlns="http://www.opengis.net/gml/3.2"><posList>1 2 3</posList></LineString>',
     GML),
    ('<!DOCTYPE a [<!ENTITY b "1 2">]><Point xmlns="http://www.opengis.net/gml/3.2"><pos>&b;</pos>'
     "</Point>", GML),
    ('<MultiPoint xmlns="http://www.opengis.net/gml/3.2"><pointMember><LineString><posList>0 0 1 1'
     "</posList></LineString></pointMember></MultiPoint>", GML),
    ('<MultiGeometry xmlns="http://www.opengis.net/gml/3.2"><geometryMember>' * 500, GML),
    ("{", GEOJSON), ("[]", GEOJSON), ('{"type":"Feature","geometry":null}', GEOJSON),
    ('{"type":"Point","coordinates":["1","2"]}', GEOJSON),
    ('{"type":"Point","coordinates":[1]}', GEOJSON),
    ('{"type":"Point","coordinates":[true,false]}', GEOJSON),
    ('{"type":"Polygon","coordinates":[[[0,0],[1,1]]]}', GEOJSON),
    ('{"type":"LineString","coordinates":[1,2]}', GEOJSON),
    ('{"type":"GeometryCollection","geometries":[' * 900, GEOJSON),
    ('{"type":"Point","coordinates":[1,2],"crs":{"properties":{"name":"EPSG:3857"}}}', GEOJSON),
    ('<Point xmlns="http://www.opengis.net/kml/2.2"><coordinates>1</coordinates></Point>', KML),
    ('<Model xmlns="http://www.opengis.net/kml/2.2"/>', KML),
    ("<https://w3id.org/dggs/auspix> CELL (R3234)", DGGS),
    ("POINT(1 2)", "http://www.w3.org/2001/XMLSchema#string"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "datatype"), MALFORMED)
def test_malformed_literals_are_refused_with_a_reason(value: str, datatype: str) -> None:
    with pytest.raises(ArgumentNotValid) as caught:
        read_literal(Literal(value, datatype))
    assert 10 < len(str(caught.value)) < 700


@given(st.text(max_size=60), st.sampled_from([WKT, GML, GEOJSON, KML, DGGS]))
def test_any_text_is_read_or_refused(value: str, datatype: str) -> None:
    with contextlib.suppress(ArgumentNotValid):
        read_literal(Literal(value, datatype))


def test_arguments_that_are_no_geometries() -> None:
    assert "geometry literal" in fault("geof:isEmpty(<http://example.org/>)")
    assert "geometry literal" in fault('geof:isEmpty("POINT(0 0)")')
    assert "number of arguments" in fault(f"geof:isEmpty({wkt('POINT(0 0)')}, 1)")
    assert "number" in fault(f'geof:buffer({wkt("POINT(0 0)")}, "x", uom:metre)')
    assert "unit" in fault(f"geof:buffer({wkt('POINT(0 0)')}, 1, <http://example.org/metre>)")
    with pytest.raises(ArgumentNotValid):
        read_literal(Iri("http://example.org/"))


def test_cells_of_a_grid_are_refused_and_say_why() -> None:
    cell = '"<https://w3id.org/dggs/auspix> CELL (R3234)"^^geo:dggsLiteral'
    assert "Discrete Global Grid" in fault(f"geof:asWKT({cell})")


CODES = [4326, 3857, 32632, 3035, 2154, 27700, 31467, 2193, 4807, 4258, 3413, 5514]


@pytest.mark.parametrize("code", CODES)
def test_axis_order_is_the_authoritys(code: int) -> None:
    """The place that pyproj comes to with the authority's order, from lat/lon of WGS 84."""
    crs = pyproj.CRS.from_epsg(code)
    area = crs.area_of_use
    lon, lat = (area.west + area.east) / 2, (area.south + area.north) / 2
    expected = pyproj.Transformer.from_crs("EPSG:4326", crs).transform(lat, lon)
    moved = read_literal(evaluate(f"geof:transform({wkt(f'POINT({lon} {lat})')}, epsg:{code})"))
    assert moved.crs.iri.endswith(f"/{code}")
    assert (moved.shape.x, moved.shape.y) == pytest.approx(expected, rel=1e-9)
    back = read_literal(
        evaluate(f"geof:transform({write_literal(moved).value!r}^^geo:wktLiteral, <{CRS84}>)")
    )
    assert (back.shape.x, back.shape.y) == pytest.approx((lon, lat), abs=1e-6)


def test_crs_of_other_authorities_and_spellings() -> None:
    first = wkt("POINT(6 50)")
    for iri in (
        "https://www.opengis.net/def/crs/OGC/1.3/CRS84",
        "http://www.opengis.net/def/crs/OGC/0/CRS84",
        "urn:ogc:def:crs:OGC:1.3:CRS84",
    ):
        assert text(f'geof:sfEquals({first}, "<{iri}> POINT(6 50)"^^geo:wktLiteral)') == "true"
    for iri in ("http://www.opengis.net/def/crs/EPSG/9.9.1/4326", "urn:ogc:def:crs:EPSG::4326"):
        assert text(f'geof:sfEquals({first}, "<{iri}> POINT(50 6)"^^geo:wktLiteral)') == "true"
    mars = "http://www.opengis.net/def/crs/IAU/2015/49900"
    assert text(f'geof:getSRID("<{mars}> POINT(1 2)"^^geo:wktLiteral)') == mars


def test_mars_and_earth_have_no_common_crs() -> None:
    mars = '"<http://www.opengis.net/def/crs/IAU/2015/49900> POINT(1 2)"^^geo:wktLiteral'
    assert "Cannot go" in fault(f"geof:sfEquals({wkt('POINT(1 2)')}, {mars})")


def test_points_outside_of_a_projection_are_refused() -> None:
    assert evaluate(f"geof:transform({wkt('POINT(0 91)')}, epsg:3857)") is None


def test_transform_keeps_the_form_where_it_can() -> None:
    gml = evaluate(f"geof:transform(geof:asGML({wkt('POINT(6 50)')}), epsg:4326)")
    assert gml is not None
    assert gml.datatype == GML and "50 6" in gml.value
    geojson = evaluate(f"geof:transform(geof:asGeoJSON({wkt('POINT(6 50)')}), epsg:4326)")
    assert geojson is not None
    assert geojson.datatype == WKT
    assert json.loads(text(f"geof:asGeoJSON({wkt('4326:POINT(50 6)')})"))["coordinates"] == [6, 50]


def test_cache_is_bounded() -> None:
    cache = LiteralCache(characters=20_000)
    kept = [cache.read(Literal(f"POINT({n} 0)", WKT)) for n in range(100)]
    assert 1 < len(cache) < 40
    assert cache.read(Literal("POINT(99 0)", WKT)) is kept[99]
    assert cache.read(Literal("POINT(0 0)", WKT)) is not kept[0]
    cache.read(Literal("POINT(" + " " * 30_000 + "1 1)", WKT))
    assert len(cache) < 40


def test_heights_that_only_some_points_have_are_left_out() -> None:
    mixed = f"geof:union({wkt('POINT Z (0 0 5)')}, {wkt('POINT (1 1)')})"
    assert text(f"geof:asWKT({mixed})") == "MULTIPOINT ((0 0), (1 1))"
    assert json.loads(text(f"geof:asGeoJSON({mixed})"))["coordinates"] == [[0, 0], [1, 1]]


def test_svg_has_the_y_axis_pointing_down() -> None:
    svg = text(f"geof:asSVG({wkt('4326:POLYGON((1 10, 1 12, 3 12, 1 10))')})")
    assert 'viewBox="10 -3 2 2"' in svg
    assert 'd="M10,-1L12,-1L12,-3L10,-1Z"' in svg
