"""Figures of searches: each is counted again from the items as they were written."""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import h3
import pytest
import shapely
from pyproj import Transformer

import dafab_kg.search.matched as by
import dafab_kg.search.matched_by_graph as by_graph
from dafab_kg.catalogue import open_catalogue
from dafab_kg.model.errors import QueryNotValid
from dafab_kg.model.settings import Settings
from dafab_kg.search import cql2, grids
from dafab_kg.search.aggregation import AGGREGATIONS, Wished, floor, following
from dafab_kg.search.geohash import LETTERS, cells, geohash
from dafab_kg.search.geotile import geotile, tiles
from dafab_kg.search.tree import Search
from tests.search.items import many, moment, name_of, write

NUMBER = 40


@pytest.fixture(scope="module")
def items():
    found = many(NUMBER, seed=23)
    chance = random.Random(1)
    for item in found:
        if chance.random() < 0.6:
            item["properties"]["platform"] = chance.choice(["sentinel-2a", "sentinel-2b"])
    return found


HIDDEN = 5


def delivered(items):
    """With older versions of some, from another provider, which those hide."""
    again = [one for one in items if "collection" in one][:HIDDEN]
    older = []
    for one in again:
        (place, *rest) = one["links"]
        href = place["href"].replace("one.example", "old.example")
        older.append(one | {"links": [place | {"href": href.replace("two.", "old.")}, *rest]})
    return older


@pytest.fixture(scope="module")
def catalogue(items, tmp_path_factory):
    place = tmp_path_factory.mktemp("figures")
    with open_catalogue(settings=Settings(store=place / "store", reasoning=False)) as made:
        made.load(write(delivered(items), place / "older"))
        made.load(write(items, place / "items"))
        yield made


BOX = (-10, 35, 15, 55)
SEARCHES = {
    "all": (Search(), lambda item: True),
    "collection": (Search(collections=("alpha", "uncollected")),
                   lambda item: name_of(item)[0] in ("alpha", "uncollected")),
    "time": (Search(filter=cql2.read_text("T_AFTER(datetime, TIMESTAMP('2022-09-12T00:00:00Z'))")),
             lambda item: (item["properties"]["datetime"] or "") > "2022-09-12T00:00:00Z"),
    "nothing": (Search(filter=cql2.read_text("id = 'none'")), lambda item: False),
    "clouds": (Search(filter=cql2.read_text("eo:cloud_cover > 20")),
               lambda item: item["properties"].get("eo:cloud_cover", 0) > 20),
}  # fmt: skip


def figures(catalogue, search, *names, **wished):
    return {one["name"]: one for one in catalogue.aggregate(search, names, Wished(**wished))}


def buckets(figure):
    return {one["key"]: one["frequency"] for one in figure["buckets"]}


@pytest.fixture(params=["documents", "graph"])
def way(request, catalogue, monkeypatch):
    """Both ways: by reading, and by the graph alone where it can tell."""
    if request.param == "graph":
        monkeypatch.setattr(by, "MOST_READ", 0)
        monkeypatch.setattr(by_graph, "MOST_HIDDEN", 2)
    catalogue._known._values.clear()
    return request.param


@pytest.mark.parametrize("name", SEARCHES)
def test_figures_are_those_of_the_items(catalogue, items, way, name):
    search, right = SEARCHES[name]
    ours = [item for item in items if right(item)]
    found = figures(catalogue, search, *AGGREGATIONS)
    assert list(found) == list(AGGREGATIONS)
    times = [moment(t) for t in (item["properties"]["datetime"] for item in ours) if t]
    assert found["total_count"]["value"] == len(ours)
    for figure, end in (("datetime_min", min), ("datetime_max", max)):
        value = found[figure]["value"]
        assert (value and moment(value)) == (end(times) if times else None)
    assert buckets(found["collection_frequency"]) == Counter(name_of(one)[0] for one in ours)
    platforms = Counter(
        one["properties"]["platform"] for one in ours if "platform" in one["properties"]
    )
    assert buckets(found["platform_frequency"]) == platforms
    assert found["platform_frequency"]["overflow"] == len(ours) - platforms.total()
    clouds = [one["properties"].get("eo:cloud_cover") for one in ours]
    edges = [(0, 5), (5, 15), (15, 40), (40, 1000)]
    assert list(buckets(found["cloud_cover_frequency"]).values()) == [
        sum(c is not None and low <= c < high for c in clouds) for low, high in edges
    ]
    assert found["cloud_cover_frequency"]["overflow"] == clouds.count(None)
    told = found["datetime_frequency"]
    assert sum(buckets(told).values()) == len(times)
    assert told["overflow"] == len(ours) - len(times)
    centres = [shapely.box(*one["bbox"]).centroid for one in ours]
    for grid, cell in CELLS.items():
        counted = Counter(cell(point.x, point.y) for point in centres)
        assert buckets(found[f"centroid_{grid}_grid_frequency"]) == counted
        assert found[f"centroid_{grid}_grid_frequency"]["overflow"] == 0
    for grid, inside in (("geohash", cells), ("geotile", tiles)):
        precision = 3 if grid == "geohash" else 7
        met = Counter(
            key for one in ours for key in inside(shapely.box(*one["bbox"]), precision, 10**6)
        )
        assert buckets(found[f"geometry_{grid}_grid_frequency"]) == met


def tile_of(longitude, latitude, zoom=7):
    """By the formula of the projection in metres (EPSG 3857), which PROJ knows."""
    x, y = Transformer.from_crs(4326, 3857, always_xy=True).transform(longitude, latitude)
    half = math.pi * 6378137
    size = 2 * half / 2**zoom
    return f"{zoom}/{math.floor((x + half) / size)}/{math.floor((half - y) / size)}"


CELLS = {
    "geohash": lambda x, y: geohash(x, y, 3),
    "geohex": lambda x, y: nearest_hexagon(x, y, 3),
    "geotile": tile_of,
}


def nearest_hexagon(longitude, latitude, resolution):
    """The hexagon at whose middle a place is nearest; its neighbours in H3 are tried."""
    near = h3.grid_disk(h3.latlng_to_cell(latitude + 0.3, longitude - 0.3, resolution), 3)
    within = [
        one
        for one in near
        if shapely.Polygon([(x, y) for y, x in h3.cell_to_boundary(one)]).covers(
            shapely.Point(longitude, latitude)
        )
    ]
    return within[0]


def test_tiles_of_places():
    chance = random.Random(3)
    for _ in range(300):
        x, y, zoom = chance.uniform(-180, 180), chance.uniform(-85, 85), chance.randint(0, 18)
        assert geotile(x, y, zoom) == tile_of(x, y, zoom)
    assert geotile(180, 90, 3) == "3/7/0" and geotile(-180, -90, 3) == "3/0/7"
    for _ in range(50):
        x, y = chance.uniform(-179, 170), chance.uniform(-90, 80)
        box = shapely.box(x, y, x + chance.uniform(0.01, 9), y + chance.uniform(0.01, 9))
        found = set(tiles(box, 6, 10**6))
        for _ in range(20):
            point = chance.uniform(x, box.bounds[2]), chance.uniform(y, box.bounds[3])
            assert geotile(*point, 6) in found
        assert list(tiles(box, 6, 0)) == []


def test_cells_that_are_too_many_are_refused(catalogue, monkeypatch):
    monkeypatch.setattr(grids, "MOST_KEYS", 3)
    catalogue._known._values.clear()
    for name in grids.GRIDS:
        with pytest.raises(QueryNotValid, match="lower"):
            figures(catalogue, Search(), name, precisions=((name, 5),))
    catalogue._known._values.clear()


@pytest.mark.parametrize("interval", ["year", "month", "week", "day"])
def test_intervals_of_time(catalogue, items, interval):
    told = figures(catalogue, Search(), "datetime_frequency", interval=interval)
    found = told["datetime_frequency"]
    times = [moment(t) for t in (item["properties"]["datetime"] for item in items) if t]

    def start(time: datetime) -> datetime:
        day = datetime(time.year, time.month, time.day, tzinfo=UTC)
        return {
            "year": datetime(time.year, 1, 1, tzinfo=UTC),
            "month": datetime(time.year, time.month, 1, tzinfo=UTC),
            "week": day - timedelta(days=day.isoweekday() - 1),
            "day": day,
        }[interval]

    right = Counter(map(start, times))
    assert {moment(k): n for k, n in buckets(found).items() if n} == right
    assert found["interval"] == interval


def test_what_is_too_much_is_refused(catalogue, monkeypatch):
    monkeypatch.setattr(by, "MOST_READ_AT_LEAST", 3)
    monkeypatch.setattr(by, "MOST_READ", 3)
    monkeypatch.setattr(by_graph, "MOST_PLACES", 3)
    catalogue._known._values.clear()
    with pytest.raises(QueryNotValid, match="Narrow"):
        figures(catalogue, Search(filter=cql2.read_text("eo:cloud_cover > 1")), "total_count")
    with pytest.raises(QueryNotValid, match="Narrow"):
        figures(catalogue, Search(), "centroid_geohash_grid_frequency")
    with pytest.raises(QueryNotValid, match="longer"):
        figures(catalogue, Search(), "datetime_frequency", interval="hour")
    catalogue._known._values.clear()
    for wrong in (
        {"interval": "second"},
        {"precisions": (("centroid_geohash_grid_frequency", 0),)},
        {"precisions": (("geometry_geotile_grid_frequency", 19),)},
    ):
        with pytest.raises(QueryNotValid):
            figures(catalogue, Search(), "total_count", **wrong)
    with pytest.raises(QueryNotValid, match="There are: total_count"):
        figures(catalogue, Search(), "nothing")


def test_geohashes_are_those_that_are_published():
    """The examples of Wikipedia's page, and of the first description of geohash."""
    assert geohash(-5.60302734375, 42.60498046875, 5) == "ezs42"
    assert geohash(10.40744, 57.64911, 11) == "u4pruydqqvj"
    assert geohash(180, 90, 6) == "zzzzzz" and geohash(-180, -90, 6) == "000000"
    assert len(set(LETTERS)) == 32


def test_cells_of_a_place_hold_its_points():
    chance = random.Random(5)
    for _ in range(50):
        x, y = chance.uniform(-179, 170), chance.uniform(-89, 80)
        box = shapely.box(x, y, x + chance.uniform(0.01, 9), y + chance.uniform(0.01, 9))
        found = set(cells(box, 3, 10**6))
        for _ in range(20):
            point = chance.uniform(x, box.bounds[2]), chance.uniform(y, box.bounds[3])
            assert geohash(*point, 3) in found
        assert list(cells(box, 3, 0)) == []


def test_intervals_follow_each_other():
    chance = random.Random(9)
    for interval in ("year", "month", "week", "day", "hour"):
        for _ in range(200):
            time = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(10**6))
            start = floor(time, interval)
            end = following(start, interval)
            assert start <= time < end and floor(end, interval) == end
            assert floor(end - timedelta(microseconds=1), interval) == start
