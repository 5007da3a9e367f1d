"""Footprints against RFC 7946, shapely, and the antimeridian package as an oracle."""

from __future__ import annotations

import math
import warnings
from decimal import Decimal
from typing import Any

import antimeridian
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from dafab_kg.model.errors import FieldNotValid, GeometryNotValid
from dafab_kg.model.geometry import (
    Footprint,
    footprint_from_geojson,
    footprint_from_projected,
    footprint_from_ring,
)


def polygon(*ring: tuple[Any, ...], holes: list[Any] | None = None) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]], *(holes or [])]}


def read(geometry: object, **options: Any) -> Footprint:
    return footprint_from_geojson(geometry, where="/geometry", **options)[0]


def polygons_of(footprint: Footprint) -> list[shapely.Polygon]:
    return list(shapely.get_parts(shapely.from_wkt(footprint.wkt)))


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    return polygon((west, south), (east, south), (east, north), (west, north))


# As delivered -----------------------------------------------------------------------------


def test_coordinates_keep_their_digits() -> None:
    ring = [
        (Decimal("23.303470403112804"), Decimal("1.10")),
        (24, 1e-5),
        (24.1, 2.5),
        (Decimal("23.303470403112804"), Decimal("1.1")),
    ]
    footprint = footprint_from_ring(ring, where="x")
    assert footprint.wkt == (
        "POLYGON ((23.303470403112804 1.1, 24 0.00001, 24.1 2.5, 23.303470403112804 1.1))"
    )
    assert footprint.west == Decimal("23.303470403112804")


@pytest.mark.parametrize(
    ("geometry", "wkt"),
    [
        ({"type": "Point", "coordinates": [1.5, 2]}, "POINT (1.5 2)"),
        ({"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}, "MULTIPOINT ((1 2), (3 4))"),
        ({"type": "LineString", "coordinates": [[1, 2], [3, 4]]}, "LINESTRING (1 2, 3 4)"),
        (
            {"type": "MultiLineString", "coordinates": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]},
            "MULTILINESTRING ((1 2, 3 4), (5 6, 7 8))",
        ),
        (
            {"type": "MultiPolygon", "coordinates": [box(0, 0, 1, 1)["coordinates"]]},
            "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 1, 0 0)))",
        ),
        (
            {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Point", "coordinates": [1, 2]},
                    {"type": "LineString", "coordinates": [[1, 2], [3, 4]]},
                ],
            },
            "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (1 2, 3 4))",
        ),
    ],
)
def test_each_type(geometry: dict[str, Any], wkt: str) -> None:
    footprint = read(geometry)
    assert footprint.wkt == wkt
    assert footprint.geometry_type == geometry["type"]
    assert shapely.from_wkt(wkt).equals(shapely.geometry.shape(geometry))


def test_rings_are_turned_and_closed_with_a_warning() -> None:
    hole = [[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]
    clockwise = {"type": "Polygon", "coordinates": [[[0, 0], [0, 3], [3, 3], [3, 0]], hole]}
    footprint, warned = footprint_from_geojson(clockwise, where="g")
    assert footprint.wkt == ("POLYGON ((0 0, 3 0, 3 3, 0 3, 0 0), (1 1, 1 2, 2 2, 2 1, 1 1))")
    assert warned == ("g/coordinates/0: the ring was not closed",)


def test_heights_are_dropped_with_a_warning() -> None:
    footprint, warned = footprint_from_geojson(
        {"type": "Point", "coordinates": [1, 2, 300]}, where="g"
    )
    assert footprint.wkt == "POINT (1 2)"
    assert warned == ("Heights were dropped from the geometry",)


# Refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("geometry", "place"),
    [
        (None, "/geometry"),
        ("POINT (1 2)", "/geometry"),
        ({}, "/geometry/type"),
        ({"type": "Circle", "coordinates": [1, 2]}, "/geometry/type"),
        ({"type": "Polygon"}, "/geometry/coordinates"),
        ({"type": "Polygon", "coordinates": []}, "/geometry/coordinates"),
        ({"type": "Polygon", "coordinates": [[]]}, "/geometry/coordinates/0"),
        ({"type": "GeometryCollection", "geometries": []}, "/geometry/geometries"),
        ({"type": "Point", "coordinates": []}, "/geometry/coordinates"),
        ({"type": "Point", "coordinates": [[1, 2]]}, "/geometry/coordinates"),
        ({"type": "Polygon", "coordinates": [1, 2]}, "/geometry/coordinates/0"),
        ({"type": "Polygon", "coordinates": [[[[0, 0], [1, 0], [1, 1]]]]}, "/geometry"),
        ({"type": "Point", "coordinates": ["1", "2"]}, "/geometry/coordinates/0"),
        ({"type": "Point", "coordinates": [True, 2]}, "/geometry/coordinates/0"),
        ({"type": "LineString", "coordinates": [[1, 2]]}, "/geometry/coordinates"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}, "/geometry/coordinates/0"),
        ({"type": "Point", "coordinates": [math.nan, 2]}, "/geometry/coordinates/0"),
        ({"type": "Point", "coordinates": [Decimal("Infinity"), 2]}, "/geometry/coordinates/0"),
        ({"type": "Point", "coordinates": [10**400, 2]}, "/geometry/coordinates/0"),
        ({"type": "Point", "coordinates": [Decimal("1e-99999"), 2]}, "/geometry/coordinates/0"),
        ({"type": "Point", "coordinates": [181, 2]}, "/geometry"),
        ({"type": "Point", "coordinates": [2, -90.1]}, "/geometry/coordinates"),
        (polygon((0, 0), (200, 0), (200, 1)), "/geometry"),
        (polygon((23, 0), (200, 0.5), (23, 1)), "/geometry"),
        (polygon((200, 0), (201, 0), (201, 1)), "/geometry"),
        (polygon((0, 0), (1, 1), (1, 0), (0, 1)), "/geometry"),
        (polygon((179, 0), (-179, 1), (-179, 0), (179, 1)), "/geometry"),
        (polygon((0, 0), (1, 1), (2, 2)), "/geometry"),
        (
            {"type": "MultiPolygon", "coordinates": [box(0, 0, 2, 2)["coordinates"]] * 2},
            "/geometry",
        ),
    ],
)
def test_what_describes_no_place(geometry: object, place: str) -> None:
    with pytest.raises(GeometryNotValid) as caught:
        read(geometry)
    assert caught.value.where.startswith(place)
    assert caught.value.remedy
    assert len(str(caught.value)) < 400


def test_deep_collections_end_in_an_error() -> None:
    geometry: dict[str, Any] = {"type": "Point", "coordinates": [1, 2]}
    for _ in range(1000):
        geometry = {"type": "GeometryCollection", "geometries": [geometry]}
    with pytest.raises(GeometryNotValid, match="nested"):
        read(geometry)


# The antimeridian -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "geometry",
    [
        box(179, 0, -179, 1),
        box(179, 0, 181, 1),
        box(-181, 0, -179, 1),
        polygon((179, 1), (-179, 1), (-179, 0), (179, 0)),
    ],
)
def test_a_box_over_the_antimeridian(geometry: dict[str, Any]) -> None:
    footprint = read(geometry)
    parts = polygons_of(footprint)
    assert footprint.geometry_type == "MultiPolygon"
    assert (footprint.west, footprint.east) == (179, -179)
    assert sorted(part.bounds for part in parts) == [(-180, 0, -179, 1), (179, 0, 180, 1)]


@pytest.mark.parametrize(
    "geometry",
    [
        box(178, 0, 180, 1),
        box(-180, 0, -179, 1),
        polygon((179, 0), (180, 0), (-180, 1), (179, 1)),
        box(179, 0, 179.9999, 1),
    ],
)
def test_what_ends_at_the_antimeridian_is_not_cut(geometry: dict[str, Any]) -> None:
    footprint = read(geometry)
    assert footprint.geometry_type == "Polygon"
    assert footprint.west < footprint.east
    assert footprint.east - footprint.west <= 2


def test_the_whole_globe_is_not_cut() -> None:
    footprint = read(box(-180, -90, 180, 90))
    assert footprint.wkt == "POLYGON ((-180 -90, 180 -90, 180 90, -180 90, -180 -90))"


def test_a_box_that_is_its_own_bbox_goes_the_long_way() -> None:
    assert read(box(-170, -80, 170, 80), bbox=[-170, -80, 170, 80]).east == 170
    assert read(box(-170, -80, 170, 80)).east == -170


def test_a_hole_over_the_antimeridian() -> None:
    hole = [[-175, 2], [175, 2], [175, 8], [-175, 8], [-175, 2]]
    footprint = read(polygon((170, 0), (-170, 0), (-170, 10), (170, 10), holes=[hole]))
    assert sum(part.area for part in polygons_of(footprint)) == pytest.approx(200 - 60)


def test_a_line_over_the_antimeridian() -> None:
    footprint = read({"type": "LineString", "coordinates": [[170, 0], [-170, 10]]})
    assert footprint.wkt == "MULTILINESTRING ((170 0, 180 5), (-180 5, -170 10))"
    assert (footprint.west, footprint.east) == (170, -170)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("clockwise", [False, True])
def test_a_ring_around_a_pole_reaches_the_pole(sign: int, clockwise: bool) -> None:
    ring = [(-150, sign * 80), (-60, sign * 75), (30, sign * 82), (120, sign * 70)]
    footprint = read(polygon(*(ring[::-1] if clockwise else ring)))
    [ours] = polygons_of(footprint)
    assert ours.is_valid
    assert (footprint.west, footprint.east) == (-180, 180)
    assert 90 in {footprint.north, -footprint.south}
    # antimeridian takes the winding for meaning, so it gets the one that means the pole
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = antimeridian.fix_polygon(
            shapely.Polygon(ring if sign > 0 else ring[::-1]), great_circle=False, fix_winding=False
        )
    # it rounds the latitude of the cut to seven decimals
    assert ours.symmetric_difference(oracle).area < 1e-5


def test_a_ring_around_the_globe_without_a_pole_is_refused() -> None:
    with pytest.raises(GeometryNotValid, match="equator"):
        read(polygon((-150, 10), (-60, -10), (30, 10), (120, -10)))


def test_parts_on_both_sides_have_west_beyond_east() -> None:
    parts = [box(170, 0, 180, 1)["coordinates"], box(-180, 0, -175, 1)["coordinates"]]
    footprint = read({"type": "MultiPolygon", "coordinates": parts})
    assert (footprint.west, footprint.east) == (170, -175)


def test_a_contradicting_bbox_is_remarked() -> None:
    warned = footprint_from_geojson(box(0, 0, 1, 1), where="g", bbox=[50, 0, 51, 1])[1]
    assert warned == ("The bbox contradicts the geometry",)
    assert footprint_from_geojson(box(0, 0, 1, 1), where="g", bbox=[0, 0, 9, 1, 1, 9])[1] == ()
    assert footprint_from_geojson(box(0, 0, 1, 1), where="g", bbox=["a"])[1] != ()


# Properties -------------------------------------------------------------------------------

COORDINATE = st.floats(-1, 1).map(lambda value: round(value, 9))


@st.composite
def rings(draw: st.DrawFn, middle: st.SearchStrategy[float]) -> list[tuple[float, float]]:
    """Star-shaped rings around a middle, up to 20 degrees wide; longitudes may pass ±180."""
    x, y = draw(middle), draw(st.floats(-60, 60))
    turns = draw(st.lists(st.floats(0.2, 1), min_size=3, max_size=12))
    angles = [2 * math.pi * sum(turns[: i + 1]) / sum(turns) for i in range(len(turns))]
    radii = draw(st.lists(st.floats(0.5, 10), min_size=len(turns), max_size=len(turns)))
    ring = [(x + r * math.cos(a), y + r * math.sin(a)) for a, r in zip(angles, radii, strict=True)]
    assume(shapely.Polygon(ring).is_valid)
    return ring


def wrapped(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(x - 360 if x > 180 else x + 360 if x < -180 else x, y) for x, y in ring]


ANYWHERE = rings(st.floats(-180, 180))
NEAR_THE_MERIDIAN = rings(st.one_of(st.floats(172, 180), st.floats(-180, -172)))


@settings(deadline=None)
@given(ANYWHERE)
def test_reading_what_was_written_changes_nothing(ring: list[tuple[float, float]]) -> None:
    first = read(polygon(*wrapped(ring)))
    written = shapely.geometry.mapping(shapely.from_wkt(first.wkt))
    written["coordinates"] = _lists(written["coordinates"])
    again, warned = footprint_from_geojson(written, where="g")
    assert (again.wkt, again.west, again.east) == (first.wkt, first.west, first.east)
    assert warned == ()


def _lists(value: Any) -> Any:
    return [_lists(item) for item in value] if isinstance(value, tuple) else value


@settings(deadline=None)
@given(ANYWHERE)
def test_rings_follow_rfc_7946(ring: list[tuple[float, float]]) -> None:
    for part in polygons_of(read(polygon(*wrapped(ring)))):
        assert part.is_valid
        assert part.exterior.is_ccw
        assert part.exterior.coords[0] == part.exterior.coords[-1]
        assert all(-180 <= x <= 180 for x, _ in part.exterior.coords)


@settings(deadline=None)
@given(ANYWHERE)
def test_the_area_stays_and_the_bbox_covers(ring: list[tuple[float, float]]) -> None:
    footprint = read(polygon(*wrapped(ring)))
    parts = polygons_of(footprint)
    assert sum(p.area for p in parts) == pytest.approx(shapely.Polygon(ring).area, abs=1e-9)
    width = float(footprint.east - footprint.west) % 360
    wanted = max(x for x, _ in ring) - min(x for x, _ in ring)
    assert width == pytest.approx(wanted, abs=1e-9)
    for part in parts:
        for x, y in part.exterior.coords:
            beyond_west = (x - float(footprint.west)) % 360
            assert min(beyond_west, 360 - beyond_west) < 1e-9 or beyond_west <= width + 1e-9
            assert float(footprint.south) <= y <= float(footprint.north)


@settings(deadline=None)
@given(NEAR_THE_MERIDIAN, st.lists(st.tuples(COORDINATE, COORDINATE), min_size=20, max_size=20))
def test_a_point_is_inside_after_the_cut_if_it_was_before(
    ring: list[tuple[float, float]], offsets: list[tuple[float, float]]
) -> None:
    whole = shapely.Polygon(ring)
    after = shapely.from_wkt(read(polygon(*wrapped(ring))).wkt)
    middle = whole.representative_point()
    for dx, dy in offsets:
        point = shapely.Point(middle.x + 10 * dx, middle.y + 10 * dy)
        if whole.boundary.distance(point) < 1e-6 or abs(abs(point.x) - 180) < 1e-6:
            continue
        [(x, y)] = wrapped([(point.x, point.y)])
        assert after.contains(shapely.Point(x, y)) == whole.contains(point)


@settings(deadline=None)
@given(NEAR_THE_MERIDIAN)
def test_the_antimeridian_package_agrees(ring: list[tuple[float, float]]) -> None:
    assume(all(abs(abs(x) - 180) > 1e-6 for x, _ in ring))
    ours = shapely.from_wkt(read(polygon(*wrapped(ring))).wkt)
    oracle = antimeridian.fix_polygon(
        shapely.Polygon(wrapped(ring)), great_circle=False, fix_winding=True
    )
    assert ours.symmetric_difference(oracle.buffer(0)).area < 1e-6


@settings(deadline=None)
@given(ANYWHERE)
def test_delivered_vertices_survive(ring: list[tuple[float, float]]) -> None:
    delivered = wrapped(ring)
    written = set(
        map(tuple, shapely.get_coordinates(shapely.from_wkt(read(polygon(*delivered)).wkt)))
    )
    for x, y in delivered:
        assert (x, y) in written or abs(abs(x) - 180) < 1e-8


# Projected --------------------------------------------------------------------------------


def test_utm_tile_agrees_with_pyproj_corner_by_corner() -> None:
    ring = [[399960, 4200000], [509760, 4200000], [509760, 4090200], [399960, 4090200]]
    footprint = footprint_from_projected([ring], "EPSG:32610", where="t")
    to_degrees = Transformer.from_crs("EPSG:32610", "EPSG:4326")
    corners = {tuple(round(v, 9) for v in to_degrees.transform(*corner)) for corner in ring}
    [part] = polygons_of(footprint)
    assert {(y, x) for x, y in part.exterior.coords} == corners


def test_utm_tile_over_the_antimeridian_is_cut_on_great_circles() -> None:
    ring = [[399960, 1200040], [509760, 1200040], [509760, 1090240], [399960, 1090240]]
    footprint = footprint_from_projected([ring], "EPSG:32701", where="t")
    to_degrees = Transformer.from_crs("EPSG:32701", "OGC:CRS84", always_xy=True)
    corners = [to_degrees.transform(*corner) for corner in ring]
    oracle = antimeridian.fix_polygon(shapely.Polygon(corners), fix_winding=True)
    assert footprint.geometry_type == "MultiPolygon"
    assert shapely.from_wkt(footprint.wkt).symmetric_difference(oracle).area < 1e-6


@pytest.mark.parametrize("crs", ["EPSG:999999", "nonsense", ""])
def test_unknown_crs(crs: str) -> None:
    with pytest.raises(FieldNotValid):
        footprint_from_projected([[[0, 0], [1, 0], [1, 1]]], crs, where="t")


@pytest.mark.parametrize(
    "coordinates",
    [[], [[]], "x", [[[1e30, 0], [1, 0], [1, 1]]], [[[1], [1, 0], [1, 1]]], [[[None, 1]]]],
)
def test_projected_nonsense(coordinates: Any) -> None:
    with pytest.raises(GeometryNotValid):
        footprint_from_projected(coordinates, "EPSG:32631", where="t")
