"""Metadata by Rucio's ways: listings by filters, get, set, delete; and what the plugin asks."""

from __future__ import annotations

import json
import random
from urllib.parse import quote

import pytest
import shapely

import dafab_kg
from dafab_kg.access.tokens import Tokens
from dafab_kg.dids.metadata import managed
from dafab_kg.model.settings import Settings
from dafab_kg.web import create_app
from tests.dids import making
from tests.dids.test_rucio import Client, refused

SOURCE, OTHER = making.scene("T48PWS"), making.scene("T31UFR")
WATER = f"{SOURCE}_water_analysis_300"
ITEMS = {item["id"]: item for item in making.items()}
ODD, ODD_NAME = "plain/one + two", "plain/one_x0020__x002B__x0020_two"
PLACES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": "Ardennes", "kind": "region"},
            "id": f"part-{n}",
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[w, 49], [e, 49], [e, 51], [w, 51], [w, 49]]],
            },
        }
        for n, (w, e) in enumerate([(4.0, 5.0), (5.0, 6.5)])
    ],
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    place = tmp_path_factory.mktemp("metadata")
    store = place / "store"
    with dafab_kg.open(store, settings=Settings(store=store)) as catalogue:
        catalogue.load(making.write(place / "items"))
    (place / "places.geojson").write_text(json.dumps(PLACES))
    chosen = Settings(store=store, load_as="places", dataset="regions")
    with dafab_kg.open(store, settings=chosen) as catalogue:
        assert catalogue.load(place / "places.geojson").counts["loaded"] == 2
    with dafab_kg.open(store, settings=Settings(store=store)) as catalogue:
        yield catalogue
        assert not [one for one in catalogue.doctor() if one.severity == "error"]


@pytest.fixture(scope="module")
def app(opened):
    return create_app(opened)


@pytest.fixture(scope="module")
def client(app, opened):
    _, token = Tokens(opened.settings.store, "").create("loader", ["write"])
    made = Client(app, "loader", token)
    made.bearer = {"Authorization": f"Bearer {token}"}
    return made


def listed(client, sent, kind="all", **more):
    text = sent if isinstance(sent, str) else repr(sent)
    extra = "".join(f"&{name}={value}" for name, value in more.items())
    return client.lines(f"dids/dafab/dids/search?type={kind}&filters={quote(text)}{extra}")


def plugin(client, way, body=None, status=200):
    method = "GET" if body is None else "POST"
    answer = client.http.open(
        f"/rucio-plugin/{way}", method=method, json=body, headers=client.bearer
    )
    assert answer.status_code == status, answer.text
    return answer.json


# listings


def test_what_filters_find(client):
    waters = {f"{making.scene(tile)}_water_analysis_300": v for tile, v in making.ANOMALIES.items()}
    assert listed(client, "anomaly=flood") == [WATER]
    assert listed(client, "anomaly!=flood") == sorted(n for n, v in waters.items() if v != "flood")
    assert listed(client, [{"anomaly": "drought"}, {"anomaly": "flood"}]) == sorted(
        name for name, verdict in waters.items() if verdict in ("flood", "drought")
    )
    assert listed(client, "product.isa=FloodImage") == [SOURCE]
    figure = "dafab:water-analysis__excess_total_water_observed"
    assert listed(client, f"{figure}>=250") == [WATER]
    assert listed(client, "processing:level=L4,ancestor.eo:cloud_cover=20") == [
        f"{SOURCE}_smart_agriculture_300", WATER,
    ]  # fmt: skip
    assert listed(client, "gsd=10") == ["plain_assets"]
    assert listed(client, "title='ä*'") == [ODD_NAME]
    assert listed(client, "name=PLAIN*,gsd=10", ignore_case="True") == ["plain_assets"]
    assert listed(client, "title=Ä*", ignore_case="True") == [ODD_NAME]


def test_places_by_name(client):
    belgian = [*sorted(name for name in ITEMS if OTHER in name), ODD_NAME]
    assert listed(client, "footprint.intersects=Ardennes") == belgian
    assert listed(client, "footprint.within=ardennes") == belgian

    error = client.ask(f"dids/dafab/dids/search?filters={quote('footprint.within=Nowhere')}")
    refused(error, 400, "InvalidObject")
    assert "IRI" in error.json["ExceptionMessage"]


def test_files_are_found_by_what_is_told_of_their_assets(client):
    assert listed(client, "type=file,file:size>1000") == sorted(
        f"{making.scene(tile)}_thumb.png" for tile in making.SCENES
    )
    kinds = listed(client, [{"type": "file", "href": "s3://*"}], long="True")
    assert {one["did_type"] for one in kinds} == {"FILE"} and len(kinds) == len(making.SCENES)
    assert listed(client, "file:size>1000", kind="dataset") == []
    assert listed(client, "file:size>1000", kind="collection") == []


def test_old_parameters_are_conditions(client):
    assert client.lines("dids/dafab/dids/search?type=all&gsd=10") == ["plain_assets"]
    assert client.lines(f"dids/dafab/dids/search?name={WATER}") == [WATER]
    assert len(client.lines("dids/dafab/dids/search?name=S2*&limit=3")) == 3


def brute(group, item):
    """Conditions of a few simple kinds on the documents, told anew."""
    for key, wanted in group.items():
        name, _, way = key.partition(".")
        told = item["id"] if name == "name" else item["properties"].get(name)
        if way == "intersects":
            box = shapely.box(*map(float, wanted.split()))
            shape = shapely.from_geojson(json.dumps(item["geometry"]))
            if not box.intersects(shape):
                return False
            continue
        if told is None:
            return False
        if "*" in wanted:
            if str(told).startswith(wanted[:-1]) is not (way != "ne"):
                return False
            continue
        number = isinstance(told, int | float)
        right = float(wanted) if number else wanted
        same = {"": told == right, "ne": told != right}
        if way in same:
            if not same[way]:
                return False
            continue
        order = {"lt": told < right, "lte": told <= right, "gt": told > right, "gte": told >= right}
        if not order[way]:
            return False
    return True


def test_random_filters_find_what_the_documents_say(client):
    chance = random.Random(5)
    conditions = [
        lambda: (chance.choice(["eo:cloud_cover.lt", "eo:cloud_cover.gte", "eo:cloud_cover",
                                "eo:cloud_cover.ne"]), chance.choice(["0", "20", "40.0", "33"])),
        lambda: (chance.choice(["gsd", "gsd.ne", "gsd.lte"]), chance.choice(["10", "9"])),
        lambda: (chance.choice(["processing:level", "processing:level.ne"]),
                 chance.choice(["L4", "L2A", "L*"])),
        lambda: (chance.choice(["datetime.lt", "datetime.gte"]),
                 chance.choice(list(making.SCENES.values()))[4]),
        lambda: (chance.choice(["name", "name.ne"]), chance.choice([WATER, "S2A*", "plain*"])),
        lambda: ("footprint.intersects", chance.choice(["4 49 6 51", "100 0 120 20", "0 0 1 1"])),
    ]  # fmt: skip
    found = 0
    for _ in range(30):
        some = [dict(one() for one in chance.sample(conditions, chance.randint(1, 2)))
                for _ in range(chance.randint(1, 2))]  # fmt: skip
        right = sorted(
            name for name, item in ITEMS.items() if any(brute(group, item) for group in some)
        )
        told = [ODD if one == ODD_NAME else one for one in listed(client, some, "container")]
        names = [one for one in told if one in ITEMS]
        assert names == right, some
        found += bool(right)
    assert found > 20


@pytest.mark.parametrize(
    "sent", ["a=b=c", "[{", "[]", "anomaly=wet", "bytes>5", "a.foo=1", "[{'a': {}}]", "x" * 20_000]
)
def test_filters_that_are_refused(client, sent):
    refused(client.ask(f"dids/dafab/dids/search?filters={quote(sent)}"), 400, "InvalidObject")


@pytest.mark.parametrize(
    ("sent", "near"),
    [
        ("eo:cluod_cover<5", "eo:cloud_cover"),
        ("platfrom=x;gsd>5000", "platform"),
        ("descendant.procesing:level=L9", "processing:level"),
        ("dafab:cloudCovr>1", "dafab:cloudCover"),
        ("nothing_like_it=1", ""),
    ],
)
def test_a_key_that_nothing_has_is_refused_with_such_as_are_like_it(client, sent, near):
    found = client.ask(f"dids/dafab/dids/search?filters={quote(sent)}")
    refused(found, 400, "InvalidMetadata")
    told = found.json["ExceptionMessage"]
    assert near in told and ("Did you mean" in told) is bool(near)
    told = plugin(client, "list", {"scope": "dafab", "filters": sent}, 400)
    assert near in told["detail"]


@pytest.mark.parametrize(
    "sent",
    ["eo:cloud_cover<-5", "name=nothing", "file:size>99999999999", "keywords=x", "roles=nobody",
     "proj:epsg=1", "dafab:water-analysis__observed_water>9999999"],
)  # fmt: skip
def test_a_key_that_there_is_may_find_nothing(client, sent):
    assert listed(client, sent) == []


# metadata


def test_metadata_are_read(client):
    path = f"dids/dafab/{quote(ODD, safe='')}/meta"
    assert client.value(f"{path}?plugin=DAFAB_KG") == ITEMS[ODD]["properties"]
    whole = client.value(f"{path}?plugin=ALL")
    assert whole["did_type"] == "CONTAINER" and whole["title"] == "ä*"
    assert "title" not in client.value(path)
    assert client.value("dids/dafab/water_basin/meta?plugin=json") == {}
    assert client.value(f"dids/dafab/{SOURCE}_thumb.png/meta?plugin=JSON")["file:size"] == 1234
    assert client.value("dids/dafab/nothing/meta?plugin=JSON") == {}
    refused(client.ask("dids/dafab/nothing/meta?plugin=ALL"), 404, "DataIdentifierNotFound")
    refused(client.ask(f"{path}?plugin=mongo"), 400, "UnsupportedMetadataPlugin")
    dids = [{"scope": "dafab", "name": name} for name in (ODD, "nothing", WATER)]
    rows = client.lines("dids/bulkmeta", "POST", {"dids": dids, "plugin": "ALL"})
    assert [row["name"] for row in rows] == [ODD, WATER]
    assert rows[0]["title"] == "ä*" and rows[1]["did_type"] == "CONTAINER"


def test_metadata_are_written(client):
    path = f"dids/dafab/{SOURCE}/meta"

    def told():
        return client.value(f"{path}?plugin=JSON")

    before = told()
    assert client.ask(f"{path}/eo:cloud_cover", "POST", {"value": "12.5"}).status_code == 201
    assert told()["eo:cloud_cover"] == 12.5  # declared to be a number
    meta = {"dafab:a__b": {"c": "5"}, "platform": "31"}
    assert client.ask(path, "POST", {"meta": meta}).status_code == 201
    assert told() == {**before, "eo:cloud_cover": 12.5, "platform": "31",
                      "dafab:a": {"b": {"c": "5"}}}  # fmt: skip
    assert listed(client, "dafab:a__b__c=5,eo:cloud_cover=12.5") == [SOURCE]
    assert client.ask(f"{path}?key=dafab:a__b__c", "DELETE").status_code == 200
    refused(client.ask(f"{path}?key=dafab:a__b__c", "DELETE"), 404, "KeyNotFound")
    many = [{"scope": "dafab", "name": one, "meta": {"gsd": 7}} for one in (SOURCE, OTHER)]
    assert client.ask("dids/bulkdidsmeta", "POST", {"dids": many}).status_code == 201
    assert listed(client, "gsd=7") == sorted([SOURCE, OTHER])
    half = [*many, {"scope": "dafab", "name": "nothing", "meta": {"gsd": 8}}]
    half[0] = {**half[0], "meta": {"gsd": 8}}
    answer = client.ask("dids/bulkdidsmeta", "POST", {"dids": half})
    refused(answer, 404, "DataIdentifierNotFound")
    assert "load its document" in answer.json["ExceptionMessage"]
    assert told()["gsd"] == 7


@pytest.mark.parametrize(
    ("key", "value", "name"),
    [
        ("anomaly", "flood", "InvalidMetadata"),
        ("id", "other", "InvalidMetadata"),
        ("geometry", None, "InvalidMetadata"),
        ("name", "x", "InvalidMetadata"),
        ("a.b", 1, "InvalidMetadata"),
        ("datetime__x", 1, "InvalidMetadata"),
        ("x" * 300, 1, "InvalidMetadata"),
        ("datetime", "never", "InvalidMetadata"),
    ],
)
def test_metadata_that_cannot_be_written(client, key, value, name):
    refused_or_told = client.ask(f"dids/dafab/{OTHER}/meta/{key}", "POST", {"value": value})
    assert refused_or_told.status_code == 400, refused_or_told.text
    assert refused_or_told.json["ExceptionClass"] == name


def test_who_may_write_and_of_what(app, client):
    guest = Client(app)
    for path, method, body in (
        (f"dids/dafab/{SOURCE}/meta/gsd", "POST", {"value": 1}),
        (f"dids/dafab/{SOURCE}/meta", "POST", {"meta": {"gsd": 1}}),
        (f"dids/dafab/{SOURCE}/meta?key=gsd", "DELETE", None),
        ("dids/bulkdidsmeta", "POST", {"dids": [{"scope": "dafab", "name": SOURCE, "meta": {}}]}),
    ):
        refused(guest.ask(path, method, body), 403, "AccessDenied")
    for name in (f"{SOURCE}_assets", f"{SOURCE}_thumb.png", "water_basin", "stac"):
        answer = client.ask(f"dids/dafab/{name}/meta/gsd", "POST", {"value": 1})
        refused(answer, 400, "InvalidMetadata")
    body = {"value": 1, "recursive": True}
    refused(client.ask(f"dids/dafab/{SOURCE}/meta/gsd", "POST", body), 400, "UnsupportedOperation")


# what the plugin asks


def test_the_plugin_needs_a_token(app):
    http = app.test_client()
    assert http.get("/rucio-plugin/keys").status_code == 401
    for way in ("list", "get", "set", "delete"):
        assert http.post(f"/rucio-plugin/{way}", json={}).status_code == 401


def test_a_token_that_reads_does_not_write(app, opened):
    _, token = Tokens(opened.settings.store, "").create("reading", ["read"])
    http, headers = app.test_client(), {"Authorization": f"Bearer {token}"}
    assert http.get("/rucio-plugin/keys", headers=headers).status_code == 200
    for way in ("set", "delete"):
        answer = http.post(f"/rucio-plugin/{way}", json={}, headers=headers)
        assert answer.status_code == 403
    Tokens(opened.settings.store, "").revoke("reading")


def test_the_keys_that_are_managed(client):
    told = plugin(client, "keys")
    assert (told["vo"], told["scopes"]) == ("def", ["dafab"])
    assert {"eo:cloud_cover", "platform", "anomaly", "footprint", "ancestor"} <= {*told["keys"]}
    assert {"eo:", "dafab:"} <= {*told["prefixes"]}
    assert not any("." in key for key in managed()["keys"])
    # what Rucio has columns for is Rucio's (its DID_COLUMN comes first); these are not ours
    assert not {"name", "scope", "type", "bytes", "account", "length"} & {*told["keys"]}


def test_what_the_plugin_lists(client):
    def names(filters, **more):
        return plugin(client, "list", {"scope": "dafab", "filters": filters, **more})["names"]

    assert names([{"anomaly": "flood"}]) == [WATER]
    assert names([{"anomaly": "flood"}], vo="abc") == names("anomaly=flood", scope="other") == []
    assert names([{"title": "*"}]) == [ODD_NAME]
    assert names([{"name": "plain/one_x0020_*"}]) == [ODD_NAME]
    some = [SOURCE, WATER, "nothing"]
    assert names([{"name": "*"}], names=some) == [SOURCE, WATER]
    few = plugin(client, "list", {"scope": "dafab", "filters": [{"name": "S2*"}], "limit": 2})
    assert len(few["names"]) == 2 and few["more"] is True
    files = names([{"file:size.gt": 0}], did_type="file")
    assert f"{SOURCE}_thumb.png" in files and SOURCE not in files


def test_what_the_plugin_gets_sets_and_deletes(client):
    odd = {"scope": "dafab", "name": ODD_NAME}
    nothing = {"scope": "dafab", "name": "nothing"}
    asked = [odd, nothing, {"scope": "other", "name": "x"}]
    assert plugin(client, "get", {"dids": asked})["metadata"] == [ITEMS[ODD]["properties"], {}, {}]
    assert plugin(client, "get", {"dids": [odd], "vo": "abc"})["metadata"] == [{}]
    assert plugin(client, "set", {"dids": [{**odd, "meta": {"dafab:n": 1}}]}) == {"set": 1}
    assert listed(client, "dafab:n=1") == [ODD_NAME]
    assert plugin(client, "delete", {**odd, "key": "dafab:n"}) == {}
    told = plugin(client, "delete", {**odd, "key": "dafab:n"}, status=404)
    assert "no metadata dafab:n" in told["detail"]
    for pair in (nothing, {"scope": "other", "name": "x"}):
        told = plugin(client, "set", {"dids": [{**pair, "meta": {"dafab:n": 1}}]}, status=404)
        assert "harvest or load" in told["detail"]


@pytest.mark.parametrize(
    ("way", "body"),
    [
        ("list", {"scope": "dafab"}),
        ("list", {"scope": "dafab", "filters": 5}),
        ("list", {"scope": "dafab", "filters": "a=b=c"}),
        ("list", {"scope": "dafab", "filters": "", "did_type": "thing"}),
        ("list", {"scope": "dafab", "filters": "", "limit": 0}),
        ("list", {"scope": "dafab", "filters": "", "names": [1]}),
        ("list", {"scope": "dafab", "filters": "", "ignore_case": 1}),
        ("list", {"filters": ""}),
        ("list", []),
        ("get", {"dids": []}),
        ("get", {"dids": [{"scope": "dafab"}]}),
        ("get", {"dids": [{"scope": "a", "name": "b"}] * 1001}),
        ("set", {"dids": [{"scope": "dafab", "name": SOURCE}]}),
        ("set", {"dids": [{"scope": "dafab", "name": SOURCE, "meta": {"anomaly": 1}}]}),
        ("delete", {"scope": "dafab", "name": SOURCE}),
    ],
)
def test_requests_of_the_plugin_that_are_refused(client, way, body):
    told = plugin(client, way, body, status=400)
    assert told["detail"] and told["remedy"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("eo:cloud_cover", "abc"),
        ("eo:cloud_cover", True),
        ("eo:cloud_cover", {"a": 1}),
        ("eo:cloud_cover", [1, "abc"]),
        ("datetime", "soon"),
        ("datetime", 5),
    ],
)
def test_a_value_of_another_kind_does_not_take_the_place_of_a_fact(client, key, value):
    named = [{"scope": "dafab", "name": SOURCE}]
    before = plugin(client, "get", {"dids": named})
    sent = {"dids": [{**named[0], "meta": {"dafab:beside": 1, key: value}}]}
    told = plugin(client, "set", sent, status=400)["detail"]
    assert key in told and ("a number" in told or "a date and time" in told)
    assert plugin(client, "get", {"dids": named}) == before
