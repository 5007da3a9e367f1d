"""Relations against GEOS, against the standard's tables, and against their own algebra."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.affinity import rotate, scale, translate

from dafab_kg.spatial.geosparql.geometry import Geometry, crs84
from dafab_kg.spatial.geosparql.literals import LiteralCache, read_literal
from dafab_kg.spatial.geosparql.names import WKT
from dafab_kg.spatial.geosparql.relations import RELATIONS, matches, relate
from dafab_kg.store.protocol import Literal

from .asking import evaluate, fault, text, wkt

A = "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"
# Hand-drawn: each with A, which of the eight of each family hold (SF, Egenhofer, RCC8).
CASES = [
    (A, "sfEquals sfIntersects sfWithin sfContains", "ehEquals", "rcc8eq"),
    ("POLYGON ((9 9, 10 9, 10 10, 9 9))", "sfDisjoint", "ehDisjoint", "rcc8dc"),
    ("POLYGON ((4 0, 8 0, 8 4, 4 4, 4 0))", "sfIntersects sfTouches", "ehMeet", "rcc8ec"),
    ("POLYGON ((4 4, 5 4, 5 5, 4 4))", "sfIntersects sfTouches", "ehMeet", "rcc8ec"),
    ("POLYGON ((2 2, 6 2, 6 6, 2 6, 2 2))", "sfIntersects sfOverlaps", "ehOverlap", "rcc8po"),
    ("POLYGON ((1 1, 2 1, 2 2, 1 2, 1 1))", "sfIntersects sfContains", "ehContains", "rcc8ntppi"),
    ("POLYGON ((0 1, 2 1, 2 2, 0 2, 0 1))", "sfIntersects sfContains", "ehCovers", "rcc8tppi"),
    ("POLYGON ((-1 -1, 5 -1, 5 5, -1 5, -1 -1))", "sfIntersects sfWithin", "ehInside", "rcc8ntpp"),
    ("POLYGON ((0 -1, 5 -1, 5 5, 0 5, 0 -1))", "sfIntersects sfWithin", "ehCoveredBy", "rcc8tpp"),
]  # fmt: skip
FAMILIES = {
    "sf": "Equals Disjoint Intersects Touches Crosses Within Contains Overlaps",
    "eh": "Equals Disjoint Meet Overlap Covers CoveredBy Inside Contains",
    "rcc8": "eq dc ec po tppi tpp ntpp ntppi",
}


@pytest.mark.parametrize(("other", "sf", "eh", "rcc8"), CASES)
def test_areas_by_hand(other: str, sf: str, eh: str, rcc8: str) -> None:
    for family, expected in (("sf", sf), ("eh", eh), ("rcc8", rcc8)):
        names = [family + name for name in FAMILIES[family].split()]
        held = {n for n in names if text(f"geof:{n}({wkt(A)}, {wkt(other)})") == "true"}
        assert held == set(expected.split())


LINES_AND_POINTS = [
    ("sfCrosses", "LINESTRING (-1 2, 5 2)", A, True),
    ("sfOverlaps", "LINESTRING (-1 2, 5 2)", A, False),  # only of the same dimension
    ("sfCrosses", "LINESTRING (0 0, 2 2)", "LINESTRING (0 2, 2 0)", True),
    ("sfOverlaps", "LINESTRING (0 0, 2 0)", "LINESTRING (1 0, 3 0)", True),
    ("sfTouches", "POINT (0 0)", "LINESTRING (0 0, 1 1)", True),
    ("sfTouches", "POINT (0 0)", "POINT (0 0)", False),
    ("sfEquals", "POINT (1 2)", "POINT (1 2)", True),
    ("sfEquals", "LINESTRING (0 0, 1 1)", "LINESTRING (1 1, 0 0)", True),
    ("sfEquals", "LINESTRING (0 0, 2 2)", "LINESTRING (0 0, 1 1, 2 2)", True),
    ("sfEquals", "LINESTRING EMPTY", "", True),
    ("sfEquals", "POINT EMPTY", A, False),
    ("sfWithin", "POINT (0 2)", A, False),  # on the boundary is not within
    ("sfIntersects", "POINT (0 2)", A, True),
    ("sfDisjoint", "POINT EMPTY", A, True),
    ("ehInside", "POINT (2 2)", A, True),
    ("ehMeet", "POINT (0 2)", A, True),
    ("ehOverlap", "LINESTRING (-1 2, 5 2)", A, True),
]


@pytest.mark.parametrize(("name", "one", "other", "expected"), LINES_AND_POINTS)
def test_lines_and_points_by_hand(name: str, one: str, other: str, expected: bool) -> None:
    assert text(f"geof:{name}({wkt(one)}, {wkt(other)})") == str(expected).lower()


# The patterns of GeoSPARQL 1.1, clause 9, tables 6 and 7, once more and by another hand.
TABLES = {
    "ehEquals": ["TFFFTFFFT"], "ehDisjoint": ["FF*FF****"],
    "ehMeet": ["FT*******", "F**T*****", "F***T****"], "ehOverlap": ["T*T***T**"],
    "ehCovers": ["T*TFT*FF*"], "ehCoveredBy": ["TFF*TFT**"], "ehInside": ["TFF*FFT**"],
    "ehContains": ["T*TFF*FF*"],
    "rcc8eq": ["TFFFTFFFT"], "rcc8dc": ["FFTFFTTTT"], "rcc8ec": ["FFTFTTTTT"],
    "rcc8po": ["TTTTTTTTT"], "rcc8tppi": ["TTTFTTFFT"], "rcc8tpp": ["TFFTTFTTT"],
    "rcc8ntpp": ["TFFTFFTTT"], "rcc8ntppi": ["TTTFFTFFT"],
}  # fmt: skip


@st.composite
def areas(draw: st.DrawFn, holes: bool = True) -> shapely.Geometry:
    """Areas on a small grid, so that they meet, touch and equal each other often."""
    west, south = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    area = shapely.box(west, south, west + draw(st.integers(1, 4)), south + draw(st.integers(1, 4)))
    cut = draw(st.integers(0 if holes else 1, 3))
    if cut == 0:
        area = shapely.difference(area, scale(area, 0.5, 0.5))
    if cut == 1:
        area = shapely.difference(area, shapely.box(west, south, west + 0.5, south + 0.5))
    if cut == 3:
        area = shapely.Polygon([(west, south), (west + 3, south), (west, south + 3)])
    return area


@st.composite
def shapes(draw: st.DrawFn) -> shapely.Geometry:
    kind = draw(st.sampled_from(["area", "line", "point", "points", "empty"]))
    places = st.tuples(st.integers(0, 6), st.integers(0, 6))
    if kind == "area":
        return draw(areas())
    if kind == "line":
        return shapely.LineString(draw(st.lists(places, min_size=2, max_size=4, unique=True)))
    if kind == "points":
        return shapely.MultiPoint(draw(st.lists(places, min_size=1, max_size=4, unique=True)))
    return shapely.Point(draw(places)) if kind == "point" else shapely.Polygon()


def geometry(shape: shapely.Geometry) -> Geometry:
    return Geometry(shape, crs84())


def holds(name: str, one: shapely.Geometry, other: shapely.Geometry) -> bool:
    return RELATIONS[name](geometry(one), geometry(other))


@given(shapes(), shapes())
def test_relations_agree_with_geos_and_tables(
    one: shapely.Geometry, other: shapely.Geometry
) -> None:
    for name in FAMILIES["sf"].split():
        expected = getattr(shapely, name.lower())(one, other)
        assert holds(f"sf{name}", one, other) == expected
    for name, patterns in TABLES.items():
        expected = any(shapely.relate_pattern(one, other, pattern) for pattern in patterns)
        assert holds(name, one, other) == expected
        assert expected == any(relate(geometry(one), geometry(other), p) for p in patterns)


@given(shapes(), shapes())
def test_relations_have_their_converses(one: shapely.Geometry, other: shapely.Geometry) -> None:
    for left, right in (
        ("sfContains", "sfWithin"), ("ehContains", "ehInside"), ("ehCovers", "ehCoveredBy"),
        ("rcc8tpp", "rcc8tppi"), ("rcc8ntpp", "rcc8ntppi"), ("sfEquals", "sfEquals"),
        ("sfTouches", "sfTouches"), ("sfOverlaps", "sfOverlaps"), ("ehMeet", "ehMeet"),
        ("ehOverlap", "ehOverlap"), ("rcc8dc", "rcc8dc"), ("rcc8ec", "rcc8ec"),
        ("rcc8po", "rcc8po"), ("rcc8eq", "rcc8eq"), ("sfIntersects", "sfIntersects"),
    ):  # fmt: skip
        assert holds(left, one, other) == holds(right, other, one)
    assert holds("sfIntersects", one, other) != holds("sfDisjoint", one, other)


@given(areas(holes=False), areas(holes=False))
def test_rcc8_and_egenhofer_partition_areas(one: shapely.Geometry, other: shapely.Geometry) -> None:
    """Of any two regions without holes, exactly one of the eight holds.

    Beside holes the standard's tables know cases of none: of a region and the same with a
    hole, for instance.
    """
    for family in ("rcc8", "eh"):
        held = [n for n in FAMILIES[family].split() if holds(family + n, one, other)]
        assert len(held) == 1, held
    pairs = dict(zip(FAMILIES["eh"].split(), FAMILIES["rcc8"].split(), strict=True))
    for eh, rcc8 in pairs.items():
        assert holds(f"eh{eh}", one, other) == holds(f"rcc8{rcc8}", one, other)


@given(shapes(), shapes())
def test_preparing_changes_no_answer(one: shapely.Geometry, other: shapely.Geometry) -> None:
    """A literal that comes again is prepared, on either side."""
    fresh = {name: holds(name, one, other) for name in RELATIONS}
    for first, second in ((3, 0), (0, 3), (3, 3)):
        a, b = geometry(one), geometry(other)
        for kept, times in ((a, first), (b, second)):
            for _ in range(times):
                kept.prepare()
        for name, expected in fresh.items():
            assert RELATIONS[name](a, b) == expected, name


@given(shapes(), shapes(), st.floats(-60, 60), st.integers(0, 90))
def test_axis_order_and_crs_change_no_answer(
    one: shapely.Geometry, other: shapely.Geometry, north: float, turn: int
) -> None:
    """EPSG:4326 has the same coordinates as CRS84 in the other order."""
    one, other = (rotate(translate(s, 5, north), turn, origin=(0, 0)) for s in (one, other))
    cache = LiteralCache()
    a = cache.read(Literal(shapely.to_wkt(one, rounding_precision=-1), WKT))
    swapped = shapely.transform(other, lambda p: p[:, ::-1])
    b = cache.read(
        Literal(
            "<http://www.opengis.net/def/crs/EPSG/0/4326> "
            + shapely.to_wkt(swapped, rounding_precision=-1),
            WKT,
        )
    )
    for name, relation in RELATIONS.items():
        assert relation(a, b) == holds(
            name, a.shape, shapely.from_wkt(shapely.to_wkt(other, rounding_precision=-1))
        ), name


def test_relations_over_projections() -> None:
    """A place in UTM is inside its own bounds in degrees."""
    utm = "32632:POINT (500000 5538630)"  # 9 E, 50 N
    box = "POLYGON ((8.99 49.99, 9.01 49.99, 9.01 50.01, 8.99 50.01, 8.99 49.99))"
    assert text(f"geof:sfWithin({wkt(utm)}, {wkt(box)})") == "true"
    assert text(f"geof:sfContains({wkt(box)}, {wkt(utm)})") == "true"
    assert text(f"geof:sfDisjoint({wkt('4326:POINT (9 50)')}, {wkt(box)})") == "true"


def test_relate_takes_patterns_only() -> None:
    a = wkt(A)
    assert text(f'geof:relate({a}, {a}, "2FFF1FFF2")') == "true"
    assert text(f'geof:relate({a}, {a}, "tfff*ffft")') == "true"
    assert text(f'geof:relate({a}, {a}, "FF*FF****")') == "false"
    for wrong in ("T", "TFFFTFFFTT", "XFFFTFFFT", ""):
        assert "DE-9IM" in fault(f'geof:relate({a}, {a}, "{wrong}")')
    assert evaluate(f"geof:relate({a}, {a}, 1)") is None
    assert matches("212101212", "T*T***T**")


def test_invalid_areas_do_not_end_the_query() -> None:
    bowtie = wkt("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))")
    for name in RELATIONS:
        evaluate(f"geof:{name}({bowtie}, {wkt(A)})")
    assert read_literal(Literal("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))", WKT)).shape.is_valid is False
