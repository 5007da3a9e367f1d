"""The STAC API: what it answers, whom it links, what it refuses; and what clients make of it.

Judges are pystac-client over HTTP and the schemas that pystac carries.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.resources import files
from urllib.parse import urlsplit

import jsonschema_rs
import pystac_client
import pytest

from dafab_kg.sample import write_sample
from tests.listening import serving_app
from tests.search.items import in_order, make_item, many, meets, name_of, time_of, write
from tests.web.written import clients

NUMBER = 40


@pytest.fixture(scope="module")
def items():
    return many(NUMBER, seed=11)


@pytest.fixture(scope="module")
def web(items, tmp_path_factory):
    place = tmp_path_factory.mktemp("stac")
    with clients(place) as made:
        assert made.catalogue.load(write(items, place / "items")).counts["loaded"] == NUMBER
        write_sample(place / "sample", products=3)
        made.catalogue.load(place / "sample" / "safe")
        yield made


@pytest.fixture(scope="module")
def address(web):
    with serving_app(web.app) as address:
        yield f"{address}/stac"


def get(web, path, status=200, **query):
    response = web.ask("", path, query_string=query or None)
    assert response.status_code == status, response.text
    return response.json


def following(answer):
    return next((link for link in answer["links"] if link["rel"] == "next"), None)


def names(answer):
    return [(one["collection"], one["id"]) for one in answer["features"]]


def test_links_lead_to_what_they_say(web):
    seen = set()
    waiting = ["/stac"]
    while waiting:
        path = waiting.pop()
        response = web.ask("", path)
        assert response.status_code == 200, path
        answer = response.json
        kind = response.content_type
        listed = [answer, *answer.get("collections", ()), *answer.get("features", ())]
        for link in (link for one in listed for link in one.get("links", ())):
            parts = urlsplit(link["href"])
            if parts.netloc != "localhost":
                continue
            to = f"{parts.path}?{parts.query}" if parts.query else parts.path
            if link["rel"] == "self":
                assert link["type"] in (kind, "application/geo+json", "application/json")
            if to.startswith("/stac") and to not in seen and len(seen) < 120:
                seen.add(to)
                waiting.append(to)
    assert {"/stac/conformance", "/stac/api", "/stac/queryables", "/stac/sortables"} <= seen
    assert any("/items/" in path for path in seen)


def test_media_types_are_those_of_the_links(web):
    landing = get(web, "/stac")
    for link in landing["links"]:
        if link.get("method", "GET") == "GET":
            parts = urlsplit(link["href"])
            response = web.ask("", f"{parts.path}?{parts.query}")
            assert response.status_code == 200, link
            assert response.content_type.split("; charset")[0] == link["type"], link


def test_conformance_is_that_of_the_landing_page_and_names_what_is_there(web):
    classes = get(web, "/stac/conformance")["conformsTo"]
    assert classes == get(web, "/stac")["conformsTo"]
    for part in ("core", "collections", "item-search", "ogcapi-features", "item-search#filter"):
        assert f"https://api.stacspec.org/v1.0.0/{part}" in classes
    assert not any("language" in one or "cql-text" in one for one in classes)


def test_each_function_that_is_told_is_answered(web):
    """The resource has the schema of OGC 19-079r2 (`/req/filter/get-functions-response-json`)."""
    assert "http://www.opengis.net/spec/cql2/1.0/conf/functions" in get(web, "/stac")["conformsTo"]
    told = get(web, "/stac/functions")["functions"]
    assert {one["name"] for one in told} == {"ancestor", "descendant"}
    for one in told:
        assert one["returns"] == ["boolean"]
        assert [argument["type"] for argument in one["args"]] == [["boolean"]]
        inside = {"op": "=", "args": [{"property": "id"}, "nothing"]}
        asked = {"filter": {"op": one["name"], "args": [inside]}}
        assert web.ask("", "/stac/search", "POST", json=asked).json["features"] == []
        assert names(get(web, "/stac/search", filter=f"{one['name']}(id = 'nothing')")) == []
    every = get(web, "/stac/search", filter="ancestor(id = 'alpha')", limit=1000)
    assert {name for name, _ in names(every)} == {"alpha"}


def test_pages_follow_each_other_by_get_and_by_post(web, items):
    ours = [item for item in items if meets(item, (-20, 30, 10, 60))]
    right = in_order(ours)
    listed = ["alpha", "beta", "gamma", "uncollected"]
    asked = {"bbox": "-20,30,10,60", "limit": 4, "collections": ",".join(listed)}
    answer, found = get(web, "/stac/search", **asked), []
    assert answer["numberMatched"] == len(right)
    while True:
        found += names(answer)
        link = following(answer)
        if link is None:
            break
        parts = urlsplit(link["href"])
        answer = get(web, f"{parts.path}?{parts.query}")
    assert found == right
    body, found = {"bbox": [-20, 30, 10, 60], "limit": 4, "collections": listed}, []
    while body is not None:
        response = web.ask("", "/stac/search", "POST", json=body)
        assert response.status_code == 200, response.text
        found += names(response.json)
        link = following(response.json)
        assert link is None or (link["method"], link["merge"]) == ("POST", False)
        body = None if link is None else link["body"]
    assert found == right


def test_names_with_slashes_have_addresses(tmp_path):
    odd = make_item("S2/a b?c#d", collection="COPERNICUS/S2")
    more = [odd, make_item("items/x", collection="a/b"), make_item("queryable")]
    with clients(tmp_path) as made:
        made.catalogue.load(write(more, tmp_path / "items"))
        found = get(made, "/stac/search")["features"]
        assert len(found) == 3
        for item in found:
            rels = {link["rel"]: urlsplit(link["href"]).path for link in item["links"]}
            assert get(made, rels["self"])["id"] == item["id"]
            assert get(made, rels["collection"])["id"] == item["collection"]
            shown = get(made, f"{rels['collection']}/items")
            assert [one["id"] for one in shown["features"]] == [item["id"]]
            assert get(made, f"{rels['collection']}/queryables")["title"] == "Queryables"


def test_fields_as_they_are_sent(web):
    def members(answer):
        return set(answer["features"][0])

    whole = members(get(web, "/stac/search", limit=1))
    assert members(get(web, "/stac/search", limit=1, fields="-geometry")) == whole - {"geometry"}
    always = {"type", "stac_version", "id", "links"}
    assert members(get(web, "/stac/search", limit=1, fields="bbox,+assets")) == always | {
        "bbox", "assets",
    }  # fmt: skip
    told = get(web, "/stac/search", limit=1, fields="-properties,+properties.datetime")
    assert set(told["features"][0]["properties"]) == {"datetime"}
    for include in ([], None):
        fields = {"include": include, "exclude": ["geometry"]}
        answer = web.ask("", "/stac/search", "POST", json={"fields": fields, "limit": 1}).json
        assert members(answer) == whole - {"geometry", "stac_extensions"}
        assert set(answer["features"][0]["properties"]) == {"datetime"}


def test_items_of_a_collection(web, items):
    right = [name for name in in_order(items) if name[0] == "alpha"]
    answer = get(web, "/stac/collections/alpha/items", limit=100)
    assert names(answer) == right
    again = get(web, "/stac/collections/alpha/items", limit=100, collections="alpha,beta")
    assert names(again) == right
    assert names(get(web, "/stac/collections/alpha/items", collections="beta")) == []
    one = get(web, f"/stac/collections/alpha/items/{right[0][1]}")
    assert one["id"] == right[0][1]
    for path in (
        "/stac/collections/none", "/stac/collections/none/items", "/stac/collections/none/items/a",
        "/stac/collections/alpha/items/none", f"/stac/collections/beta/items/{right[0][1]}",
        "/stac/collections/none/queryables", "/stac/none",
    ):  # fmt: skip
        assert get(web, path, 404)["status"] == 404


def test_collections_are_searched_by_their_extent(web, items):
    for box in [(-20, 30, -15, 35), (60, 60, 70, 70), (6, 49, 6, 49)]:
        shown = get(web, "/stac/collections", bbox=",".join(map(str, box)))
        right = []
        for name in ("alpha", "beta", "gamma", "uncollected"):
            own = [item["bbox"] for item in items if name_of(item)[0] == name]
            span = [min(b[0] for b in own), min(b[1] for b in own),
                    max(b[2] for b in own), max(b[3] for b in own)]  # fmt: skip
            right += [name] if meets({"bbox": span}, box) else []
        found = [one["id"] for one in shown["collections"] if one["id"] != "products-without-entry"]
        assert found == right
    early = get(web, "/stac/collections", datetime="../2020-01-01T00:00:00Z")
    assert {one["id"] for one in early["collections"]} <= {"products-without-entry"}
    answer, found = get(web, "/stac/collections", limit=2), []
    while True:
        found += [one["id"] for one in answer["collections"]]
        assert answer["numberMatched"] == 5
        link = following(answer)
        if link is None:
            break
        parts = urlsplit(link["href"])
        answer = get(web, f"{parts.path}?{parts.query}")
    assert found == ["alpha", "beta", "gamma", "products-without-entry", "uncollected"]
    for query in ({"limit": 0}, {"token": "x"}, {"bbox": "1"}, {"q": "-"}, {"x": "1"}):
        get(web, "/stac/collections", 400, **query)


@pytest.mark.parametrize(
    "value",
    [
        "2022-09-01", "1937-01-01T12:00:27.87+0100", "37-01-01T12:00:27.87Z",
        "1985-12-12T23:20:50.52", "21985-12-12T23:20:50.52Z", "1985-13-12T23:20:50.52Z",
        "1985-12-32T23:20:50.52Z", "1985-12-01T25:20:50.52Z", "1985-12-01T00:60:50.52Z",
        "1985-12-01T00:06:61.52Z", "1990-12-31T23:59:61Z", "1986-04-12T23:20:50,52Z",
        "../..", "/", "2022-09-02T00:00:00Z/2022-09-01T00:00:00Z", "a/b/c", "", "٢022-09-01",
        "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:60Z",
    ],
)  # fmt: skip
def test_times_that_are_none_are_refused(web, value):
    problem = get(web, "/stac/search", 400, datetime=value)
    assert problem["where"] == "parameter datetime"


@pytest.mark.parametrize(
    ("value", "ends"),
    [
        ("2022-09-10T00:00:00Z/..", ("2022-09-10T00:00:00Z", None)),
        ("../2022-09-10T02:00:00+02:00", (None, "2022-09-10T00:00:00Z")),
        ("/2022-09-10t00:00:00z", (None, "2022-09-10T00:00:00Z")),
        (
            "2022-09-10T00:00:00.000Z/2022-09-30T23:59:60Z",
            ("2022-09-10T00:00:00Z", "2022-10-01T00:00:00Z"),
        ),
    ],
)
def test_times_and_intervals(web, items, value, ends):
    low, high = (None if one is None else datetime.fromisoformat(one) for one in ends)
    right = [
        item
        for item in items
        if (high is None or time_of(item)[0] <= high) and (low is None or time_of(item)[1] >= low)
    ]
    collections = "alpha,beta,gamma,uncollected"
    answer = get(web, "/stac/search", datetime=value, limit=100, collections=collections)
    assert names(answer) == in_order(right)
    assert 0 < len(right) < len(items)
    assert datetime.now(UTC) > time_of(right[0])[0]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"bbox": "1,2,3"}, "bbox"), ({"bbox": "1,2,3,a"}, "bbox"), ({"bbox": "1,5,3,4"}, "bbox"),
        ({"bbox": "1,2,300,4"}, "bbox"), ({"bbox": "nan,2,3,4"}, "bbox"),
        ({"bbox": "1,2,3,4", "intersects": '{"type":"Point","coordinates":[1,2]}'}, "bbox"),
        ({"intersects": "{"}, "intersects"), ({"intersects": '{"type":"Point"}'}, "intersects"),
        ({"intersects": '{"type":"Polygon","coordinates":[[[0,0],[1,1],[0,1],[1,0],[0,0]]]}'},
         "intersects"),
        ({"limit": "0"}, "limit"), ({"limit": "-1"}, "limit"), ({"limit": "ten"}, "limit"),
        ({"nothing": "1"}, "nothing"), ({"filter-lang": "sql", "filter": "a=1"}, "filter-lang"),
        ({"filter-crs": "EPSG:4326", "filter": "a=1"}, "filter-crs"),
        ({"filter-lang": "cql2-json", "filter": "a=1"}, "filter"),
        ({"fields": "a" + ",a" * 1000}, "fields"), ({"ids": "a," * 1001 + "b"}, None),
    ],
)  # fmt: skip
def test_parameters_that_are_not_valid_are_named(web, query, name):
    if name is None:  # the same id again and again is one id
        get(web, "/stac/search", 400, ids=",".join(f"i{n}" for n in range(1001)))
        return
    problem = get(web, "/stac/search", 400, **query)
    assert problem["where"] == f"parameter {name}", problem
    assert problem["remedy"]


@pytest.mark.parametrize(
    "body",
    [
        b"[1]", b"{", b'{"limit": 1, "limit": 2}', b'{"limit": "1"}', b'{"limit": true}',
        b'{"ids": {"a": 1}}', b'{"ids": [1]}', b'{"sortby": "id"}', b'{"sortby": [{"field": 1}]}',
        b'{"sortby": [{"field": "id", "direction": "up"}]}', b'{"fields": null}',
        b'{"fields": {"include": [1]}}', b'{"fields": {"only": []}}', b'{"bbox": "1,2,3,4"}',
        b'{"bbox": [1, 2, true, 4]}', b'{"bbox": [1, 2, 3, 1e400]}', b'{"intersects": []}',
        b'{"intersects": {"type": "Point", "coordinates": [1, 91]}}', b'{"datetime": 1}',
        b'{"token": 1}', b'{"token": "\\u0000"}', b'{"ids": ["\\ud800"]}', b"\xff",
        b'{"filter": "eo:cloud_cover < 3"}', b'{"filter": {"op": "x", "args": []}}',
        b'{"filter": 3}', b"[" * 5000, b'{"sortby": [{"field": "nothing"}]}',
    ],
)  # fmt: skip
def test_bodies_that_are_not_valid_are_problems(web, body):
    response = web.ask("", "/stac/search", "POST", data=body, content_type="application/json")
    assert response.status_code == 400, response.text
    assert response.mimetype == "application/problem+json"


def test_strange_names_find_nothing(web):
    for strange in ('"', "\\", "'; DROP", "\n", "ü", "a}b{", "<x>", "-", "..", "%00", "\x7f"):
        answer = web.ask("", "/stac/search", "POST", json={"ids": [strange]})
        assert (answer.status_code, names(answer.json)) == (200, [])
        answer = web.ask("", "/stac/search", "POST", json={"collections": [strange]})
        assert (answer.status_code, names(answer.json)) == (200, [])


def test_filters_agree_with_the_items_in_both_languages(web, items):
    right = in_order([i for i in items if i["properties"].get("eo:cloud_cover", 100) < 40])
    found = get(web, "/stac/search", filter="eo:cloud_cover < 40", limit=100)
    assert [one for one in names(found) if one[0] != "products-without-entry"] == right
    told = {"op": "<", "args": [{"property": "eo:cloud_cover"}, 40]}
    within = {
        "op": "and",
        "args": [
            told,
            {"op": "<>", "args": [{"property": "collection"}, "products-without-entry"]},
        ],
    }
    answer = web.ask("", "/stac/search", "POST", json={"filter": within, "limit": 100})
    assert (names(answer.json), answer.json["numberMatched"]) == (right, len(right))
    again = get(
        web, "/stac/search", limit=100, **{"filter": json.dumps(within), "filter-lang": "cql2-json"}
    )
    assert names(again) == right
    lacking = get(web, "/stac/collections/alpha/items", filter="eo:cloud_cover IS NULL", limit=100)
    assert names(lacking) == [
        name_of(item)
        for item in items_in_order(items)
        if name_of(item)[0] == "alpha" and "eo:cloud_cover" not in item["properties"]
    ]


def items_in_order(items):
    by_name = {name_of(item): item for item in items}
    return [by_name[name] for name in in_order(items)]


def test_queryables_are_a_schema_with_words_of_the_ontology(web):
    found = get(web, "/stac/queryables")
    jsonschema_rs.meta.validate(found)
    clouds = found["properties"]["eo:cloud_cover"]
    assert clouds["type"] == "number"
    assert clouds["x-term"] == "https://w3id.org/dafab/ns#cloudCover"
    assert {"id", "collection", "geometry", "datetime", "platform"} <= set(found["properties"])
    own = get(web, "/stac/collections/alpha/queryables")
    assert own["properties"].items() <= found["properties"].items()
    assert "eo:cloud_cover" in get(web, "/stac/sortables")["properties"]


def test_all_that_is_shown_fits_the_schemas_of_stac(web):
    packaged = files("pystac.validation.jsonschemas")

    def schema(address):
        parts = ("geojson",) if "geojson.org" in address else ("stac-spec", "v1.1.0")
        name = address.split("#")[0].rsplit("/", 1)[-1]
        return json.loads(packaged.joinpath(*parts, name).read_text())

    def check(value, kind):
        found = jsonschema_rs.validator_for(schema(f"/{kind}.json"), retriever=schema)
        errors = [f"{one.instance_path}: {one.message}" for one in found.iter_errors(value)]
        assert not errors, (value["id"], errors)

    check(get(web, "/stac"), "catalog")
    shown = get(web, "/stac/collections")["collections"]
    assert "products-without-entry" in {one["id"] for one in shown}
    for one in shown:
        check(one, "collection")
    features = get(web, "/stac/search", limit=1000)["features"]
    assert len(features) == NUMBER + 3
    for one in features:
        check(one, "item")


def test_a_product_without_an_entry_is_an_item_made_from_the_graph(web):
    (item, *rest) = get(web, "/stac/collections/products-without-entry/items")["features"]
    assert len(rest) == 2
    properties = item["properties"]
    told = web.select(
        "PREFIX d: <https://w3id.org/dafab/ns#> SELECT ?clouds ?time ?uri { ?p d:productId "
        f"'{item['id']}' ; d:cloudCover ?clouds ; d:datetime ?time ; d:productUri ?uri }}"
    )
    assert [
        {
            "clouds": str(properties["eo:cloud_cover"]),
            "time": properties["datetime"],
            "uri": properties["s2:product_uri"],
        }
    ] == told
    assert properties["instruments"] == ["msi"]
    assert properties["platform"].startswith("sentinel-2")


def test_pystac_client_works_with_it(address, items):
    client = pystac_client.Client.open(address)
    assert {one.id for one in client.get_collections()} == {
        "alpha", "beta", "gamma", "uncollected", "products-without-entry",
    }  # fmt: skip
    ours = ["alpha", "beta", "gamma", "uncollected"]
    right = in_order([item for item in items if meets(item, (-10, 35, 15, 55))])
    for method in ("GET", "POST"):
        search = client.search(
            bbox=[-10, 35, 15, 55], collections=ours, limit=3, method=method, max_items=None
        )
        assert search.matched() == len(right)
        assert [(one.collection_id, one.id) for one in search.items()] == right
    by_id = client.search(ids=[right[0][1]], sortby="-properties.datetime")
    assert [one.id for one in by_id.items()] == [right[0][1]]
    filtered = client.search(filter="eo:cloud_cover < 40", collections=ours, method="GET")
    again = client.search(
        filter={"op": "<", "args": [{"property": "eo:cloud_cover"}, 40]}, collections=ours
    )
    found = [one.id for one in filtered.items()]
    assert found == [one.id for one in again.items()] and found
    alpha = client.get_collection("alpha")
    assert {one.id for one in alpha.get_items()} == {
        item["id"] for item in items if name_of(item)[0] == "alpha"
    }
    one = alpha.get_item(next(name[1] for name in right if name[0] == "alpha"))
    assert one.get_parent().id == "alpha"


def test_the_query_extension_in_both_ways(web, items):
    between = {"eo:cloud_cover": {"gte": 10, "lt": 40}}
    for query, right in [
        (between, lambda p: 10 <= p.get("eo:cloud_cover", -1) < 40),
        ({"eo:cloud_cover": {"in": [5, 10]}}, lambda p: p.get("eo:cloud_cover") in (5, 10)),
        ({"eo:cloud_cover": {"neq": 10}}, lambda p: p.get("eo:cloud_cover", 10) != 10),
    ]:  # fmt: skip
        ours = ["alpha", "beta", "gamma", "uncollected"]
        expected = in_order([item for item in items if right(item["properties"])])
        told = get(web, "/stac/search", query=json.dumps(query), limit=100,
                   collections=",".join(ours))  # fmt: skip
        assert names(told) == expected and expected
        body = {"query": query, "limit": 100, "collections": ours}
        assert names(web.ask("", "/stac/search", "POST", json=body).json) == expected
    assert get(web, "/stac/search", 400, query="{")["where"] == "parameter query"
    assert "/a/is" in get(web, "/stac/search", 400, query='{"a": {"is": 1}}')["detail"]


def test_words_are_looked_for_in_items_and_collections(web, items):
    one = items[0]["id"]
    digits = one.split("-")[1]
    right = in_order([item for item in items if digits in item["id"].split("-")])
    assert names(get(web, "/stac/search", q=digits)) == right
    assert names(web.ask("", "/stac/search", "POST", json={"q": ["none", digits]}).json) == right
    alpha = [name for name in in_order(items) if name[0] == "alpha"]
    answer, found = get(web, "/stac/search", q="ALPHA", limit=3), []
    while True:
        found += names(answer)
        link = following(answer)
        if link is None:
            break
        parts = urlsplit(link["href"])
        answer = get(web, f"{parts.path}?{parts.query}")
    assert found == alpha
    assert names(get(web, "/stac/collections/beta/items", q="alpha")) == []
    listed = get(web, "/stac/collections", q="alpha,metadata only")["collections"]
    assert [one["id"] for one in listed] == ["alpha", "products-without-entry"]
    # the same with operators
    assert names(get(web, "/stac/search", q=f"{digits} AND item")) == right
    gone = get(web, "/stac/search", q=f"alpha -{digits}", limit=100)
    assert names(gone) == [name for name in alpha if name not in right]
    assert names(web.ask("", "/stac/search", "POST", json={"q": f"+{digits} none"}).json) == right
    listed = get(web, "/stac/collections", q='(alpha OR "metadata only") -alpha')["collections"]
    assert [one["id"] for one in listed] == ["products-without-entry"]
    assert "bracket" in get(web, "/stac/search", 400, q="(alpha")["detail"]
    for wrong in ("", ",", "-", "a," * 40, "a" * 600):
        assert get(web, "/stac/search", 400, q=wrong)["where"] == "parameter q"


def test_figures_of_searches(web, items):
    ours = [item for item in items if meets(item, (-10, 35, 15, 55))]
    asked = {"bbox": [-10, 35, 15, 55], "collections": ["alpha", "beta", "gamma", "uncollected"]}
    wanted = ["total_count", "collection_frequency", "datetime_frequency"]
    posted = web.ask("", "/stac/aggregate", "POST", json={**asked, "aggregations": wanted}).json
    told = get(
        web, "/stac/aggregate", bbox="-10,35,15,55", collections=",".join(asked["collections"]),
        aggregations=",".join(wanted),
    )  # fmt: skip
    assert posted["aggregations"] == told["aggregations"]
    assert [one["name"] for one in told["aggregations"]] == wanted
    total, by_collection, _ = told["aggregations"]
    assert total["value"] == len(ours)
    alpha = sum(name_of(item)[0] == "alpha" for item in ours)
    assert {"key": "alpha", "data_type": "string", "frequency": alpha} in by_collection["buckets"]
    own = get(web, "/stac/collections/alpha/aggregate", aggregations="total_count",
              filter="eo:cloud_cover < 40")  # fmt: skip
    assert own["aggregations"][0]["value"] == sum(
        name_of(i)[0] == "alpha" and i["properties"].get("eo:cloud_cover", 99) < 40 for i in items
    )
    listed = {one["name"] for one in get(web, "/stac/aggregations")["aggregations"]}
    assert listed >= set(wanted)
    assert get(web, "/stac/collections/alpha/aggregations")["aggregations"]
    assert get(web, "/stac/aggregate")["aggregations"] == []
    for query in (
        {"aggregations": "nothing"}, {"limit": 1}, {"datetime_frequency_interval": "second"},
        {"centroid_geohash_grid_frequency_precision": "0"}, {"bbox": "1"},
    ):  # fmt: skip
        get(web, "/stac/aggregate", 400, **query)
    get(web, "/stac/collections/none/aggregate", 404)
    get(web, "/stac/collections/none/aggregations", 404)
    for body in ({"aggregations": 3}, {"geometry_geohash_grid_frequency_precision": True}):
        assert web.ask("", "/stac/aggregate", "POST", json=body).status_code == 400


@pytest.mark.filterwarnings("ignore::pystac_client.warnings.FallbackToPystac")
def test_pystac_client_asks_the_extensions_too(address, items):
    client = pystac_client.Client.open(address)
    ours = ["alpha", "beta", "gamma", "uncollected"]
    right = in_order([i for i in items if i["properties"].get("eo:cloud_cover", 100) < 40])
    for method in ("GET", "POST"):
        search = client.search(
            query={"eo:cloud_cover": {"lt": 40}}, collections=ours, method=method, limit=3
        )
        assert [(one.collection_id, one.id) for one in search.items()] == right
    found = client.collection_search(q="metadata only")
    assert [one.id for one in found.collections()] == ["products-without-entry"]
    alpha = client.get_collection("alpha")
    by_month = [one for one in alpha.get_children() if one.id == "month"]
    reached = {item.id for month in by_month[0].get_children() for item in month.get_items()}
    assert reached == {item["id"] for item in items if name_of(item)[0] == "alpha"}
