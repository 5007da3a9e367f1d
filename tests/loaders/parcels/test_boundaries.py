"""From any CRS to CRS84: places, repairs, and what is nowhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer

from dafab_kg.loaders.parcels import boundaries
from dafab_kg.loaders.parcels.area import ellipsoidal_areas
from dafab_kg.loaders.parcels.boundaries import Placed, Placing
from dafab_kg.model.errors import FieldNotValid

# those that parcels of Europe and others come in, each with a place within it
PLACES = {
    "EPSG:2056": (8.2, 46.8), "EPSG:2100": (23.0, 39.0), "EPSG:2154": (2.5, 46.5),
    "EPSG:2157": (-8.0, 53.3), "EPSG:2180": (19.0, 52.0), "EPSG:23700": (19.5, 47.2),
    "EPSG:25830": (-4.0, 40.0), "EPSG:25832": (9.5, 51.0), "EPSG:27700": (-1.5, 52.5),
    "EPSG:28992": (5.4, 52.1), "EPSG:3006": (15.0, 59.5), "EPSG:3035": (10.0, 50.0),
    "EPSG:3059": (24.5, 56.9), "EPSG:3067": (27.0, 63.0), "EPSG:31287": (14.0, 47.5),
    "EPSG:31370": (4.5, 50.6), "EPSG:3301": (25.5, 58.6), "EPSG:3346": (24.0, 55.2),
    "EPSG:3765": (16.4, 45.2), "EPSG:3794": (14.8, 46.1), "EPSG:32760": (178.5, -38.5),
    "EPSG:3857": (-45.8, -12.1), "EPSG:4258": (14.3, 48.9), "EPSG:4674": (-47.9, -15.8),
    "EPSG:5070": (-96.0, 40.0), "EPSG:5514": (15.5, 49.8),
}  # fmt: skip


def place(crs: str, *shapes: Any) -> Placed:
    return Placing(crs, "file").place(np.array(shapes, dtype=object))


def test_there_are_twenty_and_more() -> None:
    assert len(PLACES) >= 20


@pytest.mark.parametrize("crs", PLACES)
@hypothesis_settings(max_examples=hypothesis_settings.default.max_examples // 3)
@given(data=st.data())
def test_there_and_back_within_a_centimetre(crs: str, data: st.DataObject) -> None:
    lon, lat = PLACES[crs]
    turns = sorted(data.draw(st.lists(st.floats(0, 6.28), min_size=3, max_size=12, unique=True)))
    reach = data.draw(st.floats(0.0002, 0.05))
    degrees = shapely.convex_hull(
        shapely.MultiPoint([(lon + reach * np.cos(t), lat + reach * np.sin(t)) for t in turns])
    )
    if degrees.geom_type != "Polygon" or degrees.area < reach**2 / 1000:
        return
    there = Transformer.from_crs("OGC:CRS84", crs, always_xy=True)
    delivered = shapely.transform(degrees, there.transform, interleaved=False)
    if not delivered.is_valid:
        return
    placed = place(crs, delivered)
    assert placed.faults == {}
    # the other way by itself: axes as the authority orders them
    own = CRS(crs)
    back = Transformer.from_crs("EPSG:4326", own)
    found = shapely.get_coordinates(placed.shapes[0])
    first, second = back.transform(found[:, 1], found[:, 0])
    if own.axis_info[0].direction in {"north", "south"}:
        first, second = second, first
    if own.axis_info[0].direction in {"west"}:
        first = -first
    vertices = shapely.get_coordinates(delivered)
    scale = 111_000 if own.is_geographic else 1
    for x, y in vertices:
        nearest = np.hypot(first - x, second - y).min() * scale
        assert nearest < 0.01


def test_the_area_is_that_of_the_ground_not_of_the_map() -> None:
    # Web Mercator doubles lengths at 60 degrees
    there = Transformer.from_crs("OGC:CRS84", "EPSG:3857", always_xy=True)
    degrees = shapely.box(10, 60, 10.01, 60.005)
    delivered = shapely.transform(degrees, there.transform, interleaved=False)
    placed = place("EPSG:3857", delivered)
    expected = abs(Geod(ellps="WGS84").geometry_area_perimeter(degrees)[0])
    assert placed.areas[0] == pytest.approx(expected, rel=1e-4)
    assert delivered.area / placed.areas[0] == pytest.approx(4, rel=0.02)


def test_a_long_edge_is_where_its_map_has_it() -> None:
    # 200 km in UTM: the middle of the straight edge on the map is far off the one in degrees
    delivered = shapely.box(400_000, 6_500_000, 600_000, 6_510_000)
    placed = place("EPSG:32632", delivered)
    to_degrees = Transformer.from_crs("EPSG:32632", "OGC:CRS84", always_xy=True)
    middle = shapely.Point(to_degrees.transform(500_000, 6_500_000))
    assert placed.shapes[0].exterior.distance(middle) * 111_000 < 5
    assert placed.areas[0] == pytest.approx(200_000 * 10_000, rel=1e-3)


def test_over_the_antimeridian_it_is_cut_there() -> None:
    to_utm = Transformer.from_crs("OGC:CRS84", "EPSG:32760", always_xy=True)
    x, y = to_utm.transform(180.0, -16.5)
    delivered = shapely.box(x - 500, y - 500, x + 500, y + 500)
    placed = place("EPSG:32760", delivered)
    (shape,) = placed.shapes
    assert shape.geom_type == "MultiPolygon"
    longitudes = shapely.get_coordinates(shape)[:, 0]
    assert set(np.sign(longitudes)) == {-1, 1}
    assert (np.abs(longitudes) > 179.9).all()
    scale = 1.0005**2  # of the projection, three degrees off its meridian
    assert placed.areas[0] == pytest.approx(1e6 / scale, rel=2e-3)
    assert placed.repaired["boundaries were cut at the antimeridian"] == 1


def test_degrees_over_the_antimeridian_are_cut_too() -> None:
    jumping = shapely.Polygon([(179.99, 0), (-179.99, 0), (-179.99, 0.01), (179.99, 0.01)])
    placed = place("OGC:CRS84", jumping)
    west = shapely.box(179.99, 0, 180, 0.01)
    assert placed.areas[0] == pytest.approx(2 * float(ellipsoidal_areas(np.array([west]))[0]))


# scale at the pole of a stereographic projection that is true at 70 or 71 degrees
@pytest.mark.parametrize(
    ("crs", "latitude", "factor"), [("EPSG:3413", 90, 0.96986), ("EPSG:3031", -90, 0.97276)]
)
def test_around_a_pole(crs: str, latitude: int, factor: float) -> None:
    placed = place(crs, shapely.box(-5000, -5000, 5000, 5000))
    assert placed.faults == {}
    (shape,) = placed.shapes
    assert shape.is_valid
    assert latitude in shapely.get_coordinates(shape)[:, 1]
    assert placed.areas[0] == pytest.approx(1e8 / factor**2, rel=2e-3)


def test_a_crs_that_nobody_knows_is_refused() -> None:
    with pytest.raises(FieldNotValid, match="CRS") as caught:
        Placing("EPSG:999999", "file")
    assert caught.value.where == "file"
    with pytest.raises(FieldNotValid):
        Placing('LOCAL_CS["somewhere", UNIT["metre", 1]]', "file")


def test_what_is_no_boundary_is_left_out_with_the_reason() -> None:
    with np.errstate(invalid="ignore"):
        nan = shapely.polygons([[0, 0], [1, np.nan], [1, 1], [0, 0]])
    bow_tie = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    flat = shapely.Polygon([(0, 0), (1, 1), (2, 2), (0, 0)])
    placed = place(
        "OGC:CRS84", None, shapely.Polygon(), shapely.Point(1, 1), nan, bow_tie, flat,
        shapely.box(0, 89, 1, 91), shapely.box(900, 0, 901, 1), shapely.box(0, 0, 1, 1),
    )  # fmt: skip
    assert [placed.shapes[row] is None for row in range(9)] == [True] * 8 + [False]
    words = [
        "no geometry", "no geometry", "Point", "finite", "crosses itself", "area", "latitude",
        "longitude",
    ]  # fmt: skip
    for row, word in enumerate(words):
        assert word in placed.faults[row]
    assert 8 not in placed.faults


def test_what_touches_itself_is_repaired_and_its_area_stays() -> None:
    spiked = shapely.Polygon([(0, 0), (1, 0), (1, 0), (1, 1), (1, 2), (1, 1), (0, 1), (0, 0)])
    assert not spiked.is_valid
    placed = place("OGC:CRS84", spiked)
    assert placed.shapes[0].is_valid
    assert placed.shapes[0].equals(shapely.box(0, 0, 1, 1))
    assert placed.repaired["boundaries that touched themselves were repaired"] == 1


def test_overlapping_parts_are_no_boundary() -> None:
    parts = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(0.5, 0, 1.5, 1)])
    assert "crosses itself" in place("OGC:CRS84", parts).faults[0]


def test_heights_are_dropped_and_collections_of_polygons_gathered() -> None:
    high = shapely.force_3d(shapely.box(0, 0, 1, 1), 200.0)
    collection = shapely.GeometryCollection(
        [shapely.box(0, 0, 1, 1), shapely.MultiPolygon([shapely.box(2, 0, 3, 1)])]
    )
    mixed = shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.Point(5, 5)])
    placed = place("OGC:CRS84", high, collection, mixed)
    assert not shapely.has_z(placed.shapes[0])
    assert placed.repaired["heights were dropped"] == 1
    assert placed.shapes[1].geom_type == "MultiPolygon"
    assert placed.areas[1] == pytest.approx(2 * placed.areas[0], rel=1e-6)
    assert "GeometryCollection" in placed.faults[2]


def test_outside_of_a_projection_it_is_left_out_and_its_neighbour_is_not() -> None:
    placed = place("EPSG:28992", shapely.box(1e9, 1e9, 1e9 + 10, 1e9 + 10),
                   shapely.box(155_000, 463_000, 155_100, 463_100))  # fmt: skip
    assert list(placed.faults) == [0]
    assert placed.shapes[1] is not None


@pytest.mark.oracle
def test_a_million_vertices() -> None:
    turns = np.linspace(0, 2 * np.pi, 1_000_000, endpoint=False)
    reach = 20_000 + 50 * np.sin(turns * 5000)
    shape = shapely.Polygon(
        np.column_stack((500_000 + reach * np.cos(turns), 5_500_000 + reach * np.sin(turns)))
    )
    placed = place("EPSG:32632", shape)
    assert placed.faults == {}
    assert placed.areas[0] == pytest.approx(shape.area / 0.9996**2, rel=1e-3)
    # in one line of N-Quads, of which Oxigraph reads 16 MiB
    wkt = shapely.to_wkt(placed.shapes[0], rounding_precision=9, trim=True)
    assert 1_000_000 < len(wkt) < 16_000_000
    back = Transformer.from_crs("OGC:CRS84", "EPSG:32632", always_xy=True)
    drawn = shapely.transform(placed.shapes[0], back.transform, interleaved=False)
    assert drawn.symmetric_difference(shape).area / shape.length < 0.02
    assert placed.repaired.total() == 1


def test_more_positions_than_can_be_written_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(boundaries, "_MOST_POSITIONS", 1000)
    chance = np.random.default_rng(1)
    turns = np.linspace(0, 2 * np.pi, 7_000, endpoint=False)
    reach = 0.1 + 0.01 * chance.uniform(size=len(turns))
    shape = shapely.Polygon(np.column_stack((reach * np.cos(turns), reach * np.sin(turns))))
    placed = place("OGC:CRS84", shape)
    assert "7001 positions" in placed.faults[0]
