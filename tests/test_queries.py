"""The saved queries: the shapes they draw, and the headline questions against brute force."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import shapely

import dafab_kg
from dafab_kg.model import resources
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.queries import read_saved, saved
from dafab_kg.sample import write_sample

PRODUCT = "https://w3id.org/dafab/id/product/"

# (longitude, latitude) of towns, from any atlas
TOWNS = {
    "headline-1": {
        True: {"Luxembourg": (6.13, 49.61), "Clervaux": (6.03, 50.05), "Esch": (5.98, 49.50),
               "Echternach": (6.42, 49.81), "Wiltz": (5.93, 49.97), "Remich": (6.37, 49.55)},
        False: {"Trier": (6.64, 49.76), "Metz": (6.18, 49.12), "Liège": (5.57, 50.63),
                "Saarbrücken": (6.99, 49.24), "Neufchâteau": (5.43, 49.84)},
    },
    "headline-2": {
        True: {"Fort Myers": (-81.87, 26.64), "Tampa": (-82.46, 27.95), "Miami": (-80.19, 25.76),
               "Orlando": (-81.38, 28.54), "Tallahassee": (-84.28, 30.44),
               "Jacksonville": (-81.66, 30.33), "Pensacola": (-87.22, 30.42)},
        False: {"Atlanta": (-84.39, 33.75), "Havana": (-82.37, 23.11), "Nassau": (-77.35, 25.04),
                "New Orleans": (-90.07, 29.95), "Charleston": (-79.93, 32.78)},
    },
}  # fmt: skip


def shape_of(name: str) -> shapely.Geometry:
    [wkt] = re.findall(r'"((?:MULTI)?POLYGON[^"]*)"', read_saved(name).text)
    return shapely.from_wkt(wkt)


@pytest.mark.parametrize("name", TOWNS)
def test_the_drawn_shapes_hold_the_towns_of_the_place_and_no_others(name):
    shape = shape_of(name)
    assert shape.is_valid
    for inside, towns in TOWNS[name].items():
        for town, position in towns.items():
            assert shape.covers(shapely.Point(position)) is inside, town


def test_each_has_a_title_and_a_description_of_its_own():
    queries = saved()
    assert [query.name for query in queries][:2] == ["headline-1", "headline-2"]
    assert len({query.title for query in queries}) == len(queries)
    assert all(query.title and query.description for query in queries)
    assert len(queries) == len(resources.names("queries", ".rq"))


def test_an_unknown_name_is_refused_even_if_it_is_a_path():
    for name in ("none", "../pyproject", "internal/facts", ""):
        with pytest.raises(ThingNotFound, match="headline-1"):
            read_saved(name)


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("queries")
    write_sample(folder / "sample", products=300)
    return folder


@pytest.fixture(scope="module")
def items(sample) -> dict[str, dict]:
    """The DaFab items of the sample by id, as JSON."""
    read = (json.loads(file.read_text()) for file in (sample / "sample/dafab").glob("*.json"))
    return {item["id"]: item for item in read if item["type"] == "Feature"}


@pytest.fixture(scope="module")
def catalogue(sample):
    with dafab_kg.open(sample / "store") as opened:
        opened.load(sample / "sample/dafab", validate=False)
        yield opened


@pytest.fixture(scope="module")
def whole(sample):
    """The sample but for its SAFE metadata, with what is derived from it."""
    with dafab_kg.open(sample / "whole") as opened:
        folders = ("dafab", "stac", "fields", "events", "places")
        opened.load(*(sample / "sample" / name for name in folders), validate=False)
        opened.derive("coverage")
        opened.derive("water")
        yield opened


def things(catalogue, name: str) -> list[str]:
    return [row[0].value.removeprefix(PRODUCT) for row in catalogue.query(read_saved(name).text)]


def meets(item: dict, shape: shapely.Geometry) -> bool:
    return shapely.from_geojson(json.dumps(item["geometry"])).intersects(shape)


def test_headline_1_against_the_documents(catalogue, items):
    shape = shape_of("headline-1")
    expected = set()
    for item in items.values():
        figures = item["properties"].get("dafab:smart-agriculture")
        if figures and figures["number_of_fields"] > 0:
            [source] = [link for link in item["links"] if link["rel"] == "derived_from"]
            image = items[source["href"].rsplit("/", 1)[-1]]
            if image["properties"]["eo:cloud_cover"] <= 1 and meets(image, shape):
                expected.add(image["id"])
    assert expected
    found = things(catalogue, "headline-1")
    assert sorted(found) == sorted(expected)


def test_headline_2_against_the_documents(catalogue, items):
    shape = shape_of("headline-2")
    floods = catalogue.query(
        "PREFIX dafab: <https://w3id.org/dafab/ns#> SELECT ?p { ?p a dafab:WaterProduct ; "
        "dafab:anomalyType ?t FILTER(?t IN (dafab:flood, dafab:floodAndDrought)) }"
    )
    flooded = {row[0].value.removeprefix(PRODUCT) for row in floods}
    expected = {
        item["id"]
        for item in items.values()
        if "dafab:water-analysis" in item["properties"]
        and item["id"] in flooded
        and "2022-09" <= item["properties"]["datetime"] < "2022-12"
        and meets(item, shape)
    }
    assert expected
    found = things(catalogue, "headline-2")
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("query", saved(), ids=lambda query: query.name)
def test_every_query_finds_something_in_the_sample(whole, query):
    assert next(iter(whole.query(query.text)), None) is not None
