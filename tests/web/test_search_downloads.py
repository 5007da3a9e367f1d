"""All that is found, as files: each is read by another program and compared with the items."""

from __future__ import annotations

import csv
import io
import json

import geopandas
import pystac
import pytest
import shapely

import dafab_kg.web.search_downloads as downloads
from tests.search.items import many, meets, name_of, write
from tests.web.written import clients

NUMBER = 40
BOX = (-5, 40, 10, 55)
HOSTILE = 'a"b,\n<script>alert(1)</script>\u2028=1+1'


@pytest.fixture(scope="module")
def items():
    found = many(NUMBER, seed=31)
    for item in found:
        item["properties"]["title"] = HOSTILE
        item["properties"]["deep"] = {"inner": {"list": [1, "two"]}, "truth": True}
    return found


@pytest.fixture(scope="module")
def web(items, tmp_path_factory):
    place = tmp_path_factory.mktemp("downloads")
    with clients(place) as made:
        made.catalogue.load(write(items, place / "items"))
        yield made


def get(web, form, status=200, **query):
    response = web.ask("", f"/search.{form}", query_string=query)
    assert response.status_code == status, response.text
    return response


SEARCHES = {
    "all": ({}, lambda item: True),
    "box": ({"bbox": ",".join(map(str, BOX))}, lambda item: meets(item, BOX)),
    "two": ({"collection": ["alpha", "beta"], "cloud": "20-60"},
            lambda item: item.get("collection") in ("alpha", "beta")
            and 20 <= item["properties"].get("eo:cloud_cover", -1) < 60),
    "none": ({"filter": "id = 'nowhere'"}, lambda item: False),
}  # fmt: skip


@pytest.fixture(params=SEARCHES)
def asked(request, items, monkeypatch):
    monkeypatch.setattr(downloads, "AT_ONCE", 7)  # several pages
    query, right = SEARCHES[request.param]
    return query, {name_of(item): item for item in items if right(item)}


def added(row, name):
    """What the graph adds leads to the product, its page, the document and the identifier."""
    assert row["dafab:product"].endswith(f"/product/{name}")
    assert row["dafab:page"] == f"http://localhost/about/product/{name}"
    assert row["dafab:item"].startswith("http://localhost/stac/collections/")
    assert row["dafab:item"].endswith(f"/items/{name}")
    assert row["dafab:did"] == f"dafab:{name}"


def test_stac_holds_the_items(web, asked):
    query, ours = asked
    response = get(web, "json", **query)
    found = pystac.ItemCollection.from_dict(response.json)
    assert {(one.collection_id, one.id) for one in found} == set(ours)
    for one in response.json["features"]:
        mine = ours[one["collection"], one["id"]]
        assert one["properties"] == mine["properties"]
        assert {link["rel"] for link in one["links"]} >= {"self", "root"}


def test_geojson_is_flat_and_read_by_gdal(web, asked, tmp_path):
    query, ours = asked
    response = get(web, "geojson", **query)
    assert response.content_type == "application/geo+json"
    assert len(response.json["features"]) == len(ours)
    if ours:
        path = tmp_path / "found.geojson"
        path.write_bytes(response.data)
        table = geopandas.read_file(path)
        assert set(zip(table["collection"], table["id"], strict=True)) == set(ours)
        assert set(table["title"]) == {HOSTILE}
        for row in response.json["features"]:
            added(row["properties"], row["id"])
        for row in table.itertuples():
            mine = shapely.geometry.shape(ours[row.collection, row.id]["geometry"])
            assert row.geometry.equals(mine)


def test_geoparquet_is_read_by_geopandas(web, asked, tmp_path):
    query, ours = asked
    response = get(web, "parquet", **query)
    assert "filename=dafab-search.parquet" in response.headers["Content-Disposition"]
    path = tmp_path / "found.parquet"
    path.write_bytes(response.data)
    table = geopandas.read_parquet(path)
    assert table.crs == "OGC:CRS84"
    assert set(zip(table["collection"], table.index, strict=True)) == set(ours)
    for name, row in table.iterrows():
        mine = ours[row["collection"], name]
        added(row, name)
        assert row.geometry.equals(shapely.geometry.shape(mine["geometry"]))
        if "eo:cloud_cover" in mine["properties"]:
            assert row["eo:cloud_cover"] == mine["properties"]["eo:cloud_cover"]


def test_csv_is_read_by_a_reader_of_csv(web, asked):
    query, ours = asked
    rows = list(csv.DictReader(io.StringIO(get(web, "csv", **query).data.decode(), newline="")))
    assert {(row["collection"], row["id"]) for row in rows} == set(ours)
    for row in rows:
        mine = ours[row["collection"], row["id"]]
        assert row["title"] == HOSTILE
        added(row, row["id"])
        assert json.loads(row["deep.inner.list"]) == [1, "two"]
        assert row["deep.truth"] == "true"
        assert row["eo:cloud_cover"] == str(mine["properties"].get("eo:cloud_cover", ""))
        place = shapely.geometry.shape(mine["geometry"])
        assert shapely.from_wkt(row["geometry"]).equals_exact(place, 1e-12)


@pytest.mark.parametrize("form", downloads.WAYS)
def test_too_many_are_told_before_anything_is_sent(web, form, monkeypatch):
    monkeypatch.setattr(downloads, "MOST", NUMBER)
    get(web, form)
    monkeypatch.setattr(downloads, "MOST", NUMBER - 1)
    told = get(web, form, 400).json
    assert told["limit"] == {"items": NUMBER - 1}
    # a filter of which documents alone tell how many fulfil it
    monkeypatch.setattr("dafab_kg.search.counting.MOST_COUNTED", 1)
    monkeypatch.setattr("dafab_kg.search.counting.FEW", 1)
    web.catalogue._known._values.clear()
    get(web, form, 400, filter="title LIKE '%script%'")
    web.catalogue._known._values.clear()


@pytest.mark.parametrize("query", [{"bbox": "1,2"}, {"cloud": "x"}, {"filter": "((("}, {"q": "'"}])
def test_what_is_not_valid_is_a_problem(web, query):
    told = get(web, "csv", 400, **query)
    assert told.content_type == "application/problem+json"
