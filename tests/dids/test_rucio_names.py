"""`/rucio` says the names that a Rucio would have, and takes them."""

from __future__ import annotations

import json
from urllib.parse import quote, quote_plus

import pytest

import dafab_kg
from dafab_kg.model.did_names import decode_did_name, encode_did_name, is_cut, is_did_name
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.model.settings import Settings
from dafab_kg.web import create_app
from tests.dids.test_rucio import FEATURE, Client, refused

LONG, ODD, NEAR = "a_b/" * 75, "ä ß" * 30, "n_" * 122 + "n"
"""The name of the first and second is cut; of the third those of its data set and files."""
PLAIN, SIGNS, LIKE = "plain", "one + two?", "a_x0020_b"
IDS = (LONG, ODD, NEAR, PLAIN, SIGNS, LIKE)
KEYS = ("thumb", "k ey" * 60)


def item(number, name):
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": name, "collection": "c d", "links": [],
        "geometry": {"type": "Point", "coordinates": [6.1, 49.6]},
        "bbox": [6.1, 49.6, 6.1, 49.6],
        "assets": {key: {"href": f"https://x.example/{number}.tif"} for key in KEYS},
        "properties": {"datetime": "2022-01-27T10:43:21Z", "gsd": number + 1},
    }  # fmt: skip


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    place = tmp_path_factory.mktemp("names")
    (place / "items").mkdir()
    for number, name in enumerate(IDS):
        (place / "items" / f"{number}.json").write_text(json.dumps(item(number, name)))
    settings = Settings(store=place / "store", reasoning=False)
    with dafab_kg.open(settings.store, settings=settings) as catalogue:
        assert catalogue.load(place / "items").ok
        yield catalogue


@pytest.fixture(scope="module")
def client(opened):
    return Client(create_app(opened))


def names(client, path):
    return [one["name"] for one in client.lines(path)]


def test_all_that_is_listed_is_a_name_and_can_be_asked_for(client):
    listed = client.lines("dids/dafab/dids/search?type=all")
    # the root, a collection, and of each item itself, its data set and two files
    assert len(listed) == len(set(listed)) == 2 + 4 * len(IDS)
    assert all(is_did_name(one) for one in listed)
    assert {*map(encode_did_name, IDS)} <= set(listed) and sum(map(is_cut, listed)) > 10
    for name in listed:
        path = f"dids/dafab/{quote_plus(name)}"
        told = client.value(path)
        assert told["name"] == name
        kinds = {"CONTAINER": "container", "DATASET": "dataset", "FILE": "file"}
        asked = quote(repr([{"name": name}]))
        kind = kinds[told["type"]]
        assert client.lines(f"dids/dafab/dids/search?type={kind}&filters={asked}") == [name]
        for up in names(client, f"{path}/parents"):
            assert name in names(client, f"dids/dafab/{quote_plus(up)}/dids")
            assert up in listed


def test_bodies_name_them_so(client):
    for name in IDS:
        did = {"scope": "dafab", "name": encode_did_name(name)}
        (line,) = client.lines("dids/bulkmetadoc", "POST", {"dids": [did], "inherit": True})
        assert line["document"]["id"] == name and line["name"] == did["name"]
        assert [one["name"] for one in line["ancestors"]] == ["c_x0020_d", "stac"]
        (line,) = client.lines("dids/bulkmeta", "POST", {"dids": [did], "plugin": "ALL"})
        assert (line["name"], line["gsd"]) == (did["name"], IDS.index(name) + 1)
        files = client.lines("replicas/list", "POST", {"dids": [did]})
        assert {one["name"] for one in files} == {
            encode_did_name(f"{name}_{key}.tif") for key in KEYS
        }
        test = {"type": "comparison", "comparator": "equals", "on": "did", "path": ["name"]}
        both = [FEATURE, {**test, "value": did["name"]}]
        some = {"type": "logical", "combinator": "and", "filters": both}
        page = client.value("dids/dafab/dids/search", "POST", {"filter": some})
        assert [one["name"] for one in page["dids"]] == [did["name"]]


def test_ids_are_taken_as_they_are_where_they_are_no_names(client):
    for name in (SIGNS, ODD, PLAIN):
        assert client.value(f"dids/dafab/{quote_plus(name)}")["name"] == name
        assert names(client, f"dids/dafab/{quote_plus(name)}_assets/parents") == [name]
        asked = {"dids": [{"scope": "dafab", "name": name}]}
        (line,) = client.lines("dids/bulkmetadoc", "POST", asked)
        assert (line["name"], line["document"]["id"]) == (name, name)
    assert client.value("dids/dafab/a_x005F_x0020_b")["name"] == encode_did_name(LIKE)
    refused(client.ask("dids/dafab/a_x0020_b"), 404, "DataIdentifierNotFound")  # that is "a b"
    wrong = encode_did_name(LONG)[:-1] + ("0" if encode_did_name(LONG)[-1] != "0" else "1")
    refused(client.ask(f"dids/dafab/{quote_plus(wrong)}"), 404, "DataIdentifierNotFound")


def test_files_are_found_by_the_names_of_items(opened, monkeypatch):
    for name in ("RUCIO_CONFIG", "RUCIO_HOME", "VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    for name in IDS:
        told = encode_did_name(name)
        assert {one.item for one in opened.files(told)} == {name}
        assert len(opened.files(told)) == len(KEYS)
    assert [one["id"] for one in opened.items_named((encode_did_name(LONG), PLAIN))] == [
        LONG,
        PLAIN,
    ]
    assert decode_did_name(encode_did_name(LONG)) is None
    with pytest.raises(ThingNotFound):
        opened.items_named((encode_did_name("b" * 300),))
