"""What a search gives, compared with the items as they were written."""

from __future__ import annotations

from datetime import UTC, datetime

import geopandas
import pandas
import pystac
import shapely
from shapely.geometry import shape

from dafab_kg.python import found, remote
from dafab_kg.python.tables import to_geopandas

WATER = "dafab:water-analysis"


def test_a_table_holds_what_the_items_say(both, kg):
    right = {item["id"]: item for item in both.items if item.get("collection") == "water_analysis"}
    table = kg.search(collections="water_analysis").to_geopandas()
    assert set(table.index) == set(right) and table.index.name == "id"
    assert (table["collection"] == "water_analysis").all()
    assert table.crs.to_authority() == ("OGC", "CRS84")
    for name, row in table.iterrows():
        item = right[name]
        assert row.geometry.equals(shape(item["geometry"]))
        assert row["datetime"] == pandas.Timestamp(item["properties"]["datetime"])
        assert row[f"{WATER}.observed_water"] == item["properties"][WATER]["observed_water"]
        inner = item["properties"][WATER]["excess_total_water"]["max_area(km2)"]
        assert row[f"{WATER}.excess_total_water.max_area(km2)"] == inner
    assert str(table["datetime"].dtype) == "datetime64[us, UTC]"
    assert table[f"{WATER}.observed_water"].dtype == float


def test_a_column_filters_under_its_own_name(both, kg):
    table = kg.search(collections="water_analysis").to_geopandas()
    name = f"{WATER}.observed_water"
    middle = table[name].median()
    found = kg.search(filter=f'"{name}" > {middle}', collections="water_analysis")
    assert set(found.ids()) == set(table.index[table[name] > middle]) != set()


def test_what_is_missing_is_missing(both, kg):
    right = {i["id"]: i["properties"].get("eo:cloud_cover") for i in both.items}
    table = kg.search(collections="alpha").to_geopandas()
    clouds = table["eo:cloud_cover"]
    assert {n: None if pandas.isna(c) else c for n, c in clouds.items()} == {
        name: right[name] for name in table.index
    }
    assert clouds.isna().any() and not clouds.isna().all()


def test_nothing_found_is_an_empty_table(kg):
    table = kg.search(collections="nowhere").to_geopandas()
    assert len(table) == 0 and table.crs is not None and table.index.name == "id"
    assert list(table.columns) == ["collection", "geometry"]


def test_properties_called_as_our_columns_stay_apart():
    item = {
        "id": "a",
        "collection": "c",
        "geometry": None,
        "properties": {"id": 7, "collection": "mine", "geometry": "round", "datetime": "not one"},
    }
    table = to_geopandas([item])
    assert table.loc["a", "properties.id"] == 7
    assert table.loc["a", "properties.collection"] == "mine"
    assert table.loc["a", "collection"] == "c" and table.geometry.isna().all()
    assert table.loc["a", "datetime"] == "not one"


def test_objects_of_pystac(both, kg):
    found = kg.search(collections="water_analysis").to_stac()
    right = {item["id"]: item for item in both.items}
    assert isinstance(found, pystac.ItemCollection) and len(found) > 0
    for item in found:
        assert item.properties[WATER] == right[item.id]["properties"][WATER]
        assert set(item.assets) == set(right[item.id]["assets"])


def test_a_file_holds_the_table(kg, tmp_path):
    found = kg.search()
    assert found.to_parquet(tmp_path / "all.parquet") == found.count()
    table, again = found.to_geopandas(), geopandas.read_parquet(tmp_path / "all.parquet")
    assert list(again.index) == list(table.index)
    assert again.geometry.geom_equals(table.geometry).all()
    clouds = again["eo:cloud_cover"]
    assert clouds.equals(table["eo:cloud_cover"])


def test_times_are_read_as_people_write_them(both, kg):
    first, last = datetime(2022, 9, 10, tzinfo=UTC), datetime(2022, 9, 12, tzinfo=UTC)
    right = {
        item["id"]
        for item in both.items
        if (span := _span(item)) and span[0] < last and span[1] >= first
    }
    assert right
    for written in ("2022-09-10/2022-09-11", ("2022-09-10", "2022-09-11"), [first, "2022-09-11"]):
        assert set(kg.search(datetime=written).ids()) == right
    assert set(kg.search(datetime="2022").ids()) >= right


def _span(item):
    said = item["properties"]
    ends = said.get("start_datetime"), said.get("end_datetime")
    if None in ends:
        ends = said["datetime"], said["datetime"]
    return tuple(map(datetime.fromisoformat, ends))


def test_places_are_read_as_people_have_them(both, kg):
    box = shapely.box(0, 40, 8, 50)
    right = {i["id"] for i in both.items if shape(i["geometry"]).intersects(box)}
    frame = geopandas.GeoDataFrame(geometry=[box], crs="EPSG:4326")
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(box)}
    for area in (box, frame, frame.geometry, feature, feature["geometry"], box.wkt):
        ids = kg.search(intersects=area).ids()
        assert {one for one in ids if one in {i["id"] for i in both.items}} == right


def test_it_is_asked_when_it_is_used(kg):
    found = kg.search(collections="alpha", limit=3)
    assert "alpha" in repr(found) and "source" not in repr(found)
    assert [item["id"] for item in found] == found.ids() == found.ids()
    assert next(found.items())["type"] == "Feature"


def test_pages_are_turned(both, kg, monkeypatch):
    whole = kg.search(sortby="id").ids()
    for module in (found, remote):
        monkeypatch.setattr(module, "PAGE", 7)
    assert kg.search(sortby="id").ids() == whole
    assert len(whole) > 40 and {item["id"] for item in both.items} <= set(whole)
    assert kg.search(sortby="id", limit=20).ids() == whole[:20]
    assert kg.search(sortby="-id", limit=14).ids() == whole[::-1][:14]
    assert kg.search(limit=3).count() == 3
