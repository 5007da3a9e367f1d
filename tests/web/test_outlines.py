"""The outlines below maps, cut into cells: land is land, sea is sea, and as much as there is."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path

import pytest

BUILT = Path(__file__).parents[2] / "dafab_kg/web/static/built"
GRIDS = {"50m": (30, 30, 200), "110m": (360, 180, 20)}
"""Width and height of a cell in degrees, and steps of a degree, as web/src/parts/grids.mjs."""
LAND = [
    *[(6.1, 49.7), (2.35, 48.7), (106.0, 11.0), (-81.5, 28.0), (149.0, -35.5), (24.0, -30.2)],
    *[(178.0, -17.8), (-179.0, 66.5), (179.0, 66.8), (106.8, -78.5), (179.99, -86.0)],
    (-42.0, 72.0),
]  # fmt: skip
"""Luxembourg, by Paris, Mekong, Florida, by Canberra, at a corner of a cell in South Africa,
Fiji, Chukotka on both sides of the antimeridian, Vostok, Antarctica by it, Greenland."""
SEA = [(-30.0, 0.0), (-90.0, 25.0), (160.0, -45.0), (0.0, 85.0), (-179.0, 60.0), (51.0, 42.0)]
"""Atlantic, Gulf of Mexico, Tasman Sea, Arctic, Bering Sea, Caspian."""
Ring = list[tuple[float, float]]


def rings(scale: str) -> Iterator[tuple[tuple[int, int, int, int], Ring]]:
    """Each ring in degrees, with the box of its cell."""
    width, height, steps = GRIDS[scale]
    for file in BUILT.glob(f"land-{scale}-*.json"):
        column, row = map(int, file.stem.split("-")[2:])
        west, south = column * width - 180, row * height - 90
        for told in json.loads(file.read_text())["land"]:
            xs, ys = accumulate(told[::2]), accumulate(told[1::2])
            ring = [(west + x / steps, south + y / steps) for x, y in zip(xs, ys, strict=True)]
            yield (west, south, west + width, south + height), ring


def crossings(ring: Ring, x: float, y: float) -> int:
    """How often a ray from a point to the north meets a ring."""
    return sum(
        (a[0] > x) != (b[0] > x) and a[1] + (x - a[0]) * (b[1] - a[1]) / (b[0] - a[0]) > y
        for a, b in pairwise([*ring, ring[0]])
    )


@pytest.mark.parametrize("scale", GRIDS)
def test_land_is_where_it_is(scale: str) -> None:
    met = dict.fromkeys((*LAND, *SEA), 0)
    share = 0.0
    edge = 1.01 / GRIDS[scale][2]
    for (west, south, east, north), ring in rings(scale):
        assert all(
            west - edge < x < east + edge and south - edge < y < north + edge for x, y in ring
        )
        for x, y in met:
            if west <= x < east and south <= y < north:
                met[x, y] += crossings(ring, x, y)
        # on a sphere: degrees eastward times the sine of the latitude keep areas
        flat = [(x, math.sin(math.radians(min(90, max(-90, y))))) for x, y in ring]
        share += sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise([*flat, flat[0]])) / 2
    small = {(178.0, -17.8)} if scale == "110m" else set()
    assert [one for one in LAND if not met[one] % 2 and one not in small] == []
    assert [one for one in SEA if met[one] % 2] == []
    # 148.94 of 510.07 million square kilometres (CIA World Factbook)
    assert abs(share) / 720 == pytest.approx(148.94 / 510.07, rel=0.02)
