"""Areas on the ellipsoid against known figures, geodesics, and themselves."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from dafab_kg.loaders.parcels.area import ellipsoidal_areas

EARTH = 510_065_621.724e6  # m², the surface of the WGS 84 ellipsoid


def area(shape: shapely.Geometry) -> float:
    return float(ellipsoidal_areas(np.array([shape]))[0])


def test_the_whole_earth_and_its_halves() -> None:
    assert area(shapely.box(-180, -90, 180, 90)) == pytest.approx(EARTH, rel=1e-9)
    assert area(shapely.box(-180, 0, 180, 90)) == pytest.approx(EARTH / 2, rel=1e-9)
    assert area(shapely.box(0, -90, 90, 90)) == pytest.approx(EARTH / 4, rel=1e-9)


def test_one_degree_at_the_equator_and_at_60_degrees() -> None:
    # columns of tables of the area of quadrilaterals of the ellipsoid: 12,308 and 6,200 km²
    assert area(shapely.box(0, 0, 1, 1)) == pytest.approx(12_308.8e6, rel=1e-4)
    assert area(shapely.box(0, 59.5, 1, 60.5)) == pytest.approx(6_215e6, rel=5e-3)


@given(
    st.floats(-179, 178), st.floats(-88, 87), st.floats(1e-4, 0.02), st.integers(3, 30),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_small_polygons_agree_with_geodesics(
    x: float, y: float, size: float, corners: int, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    turns = np.sort(chance.uniform(0, 2 * np.pi, corners))
    shape = shapely.convex_hull(
        shapely.MultiPoint(np.column_stack((x + size * np.cos(turns), y + size * np.sin(turns))))
    )
    if shape.geom_type != "Polygon" or shape.area < size**2 / 100:
        return
    expected = abs(Geod(ellps="WGS84").geometry_area_perimeter(shape)[0])
    # An edge is straight in degrees here, a geodesic there: the part of the area between the
    # two grows with the size in radians and with the tangent of the latitude.
    apart = np.radians(size) * abs(np.tan(np.radians(y)))
    assert area(shape) == pytest.approx(expected, rel=1e-6 + 2 * apart, abs=0.01)


@given(st.floats(-170, 160), st.floats(-80, 70), st.floats(0.001, 10), st.floats(0.05, 0.95))
def test_the_parts_sum_to_the_whole(x: float, y: float, size: float, cut: float) -> None:
    whole = shapely.Polygon([(x, y), (x + size, y + size / 3), (x + size / 2, y + size)])
    blade = x + size * cut
    parts = [
        whole.intersection(shapely.box(x - 1, -90, blade, 90)),
        whole.intersection(shapely.box(blade, -90, x + size + 1, 90)),
    ]
    assert sum(map(area, parts)) == pytest.approx(area(whole), rel=1e-8)


def test_holes_are_taken_off_and_parts_are_added() -> None:
    outer, inner = shapely.box(5, 45, 6, 46), shapely.box(5.2, 45.2, 5.4, 45.4)
    holed = outer.difference(inner)
    assert area(holed) == pytest.approx(area(outer) - area(inner), rel=1e-12)
    both = shapely.MultiPolygon([holed, inner])
    assert area(both) == pytest.approx(area(outer), rel=1e-12)
    assert ellipsoidal_areas(np.array([None, outer, shapely.Polygon()])).tolist() == [
        0,
        area(outer),
        0,
    ]
