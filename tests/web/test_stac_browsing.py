"""Following links alone: every item is reached, and what is linked from one is right."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime
from importlib.resources import files
from urllib.parse import urlsplit

import jsonschema_rs
import pytest

import dafab_kg.search.browsing as browsing
import dafab_kg.search.months as months
from dafab_kg.sample import write_sample
from tests.search.items import make_item, write
from tests.web.written import clients

NS = "https://w3id.org/dafab/ns#"


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    place = tmp_path_factory.mktemp("browsing")
    write_sample(place / "sample", products=4)
    odd = [
        make_item("undated", when=None, span=("2022-09-01T00:00:00Z", "2022-09-03T00:00:00Z")),
        make_item("edge", when="2022-09-30T23:59:59.999999Z"),
        make_item("after", when="2022-10-01T00:00:00Z"),
        make_item("zoned", when="2022-10-01T01:00:00+02:00"),
        make_item("long ago", when="0999-02-01T00:00:00Z", collection="a/b"),
        make_item("loose", collection=None),
    ]
    with clients(place) as made:
        made.catalogue.load(
            *(place / "sample" / one for one in ("dafab", "places", "safe", "stac"))
        )
        made.catalogue.load(write(odd, place / "odd"))
        yield made


def get(web, path, status=200, **query):
    response = web.ask("", path, query_string=query or None)
    assert response.status_code == status, response.text
    return response.json


def linked(value, rel):
    return [one for one in value["links"] if one["rel"] == rel]


def path_of(link):
    parts = urlsplit(link["href"])
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def crawl(web):
    """All catalogues from the landing page by `child` alone, and what they link as `item`."""
    seen, items, waiting = {}, defaultdict(list), ["/stac"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen[path] = value = get(web, path)
        waiting += map(path_of, linked(value, "child"))
        for link in linked(value, "item"):
            items[path_of(link)].append(path)
    return seen, items


def everything(web):
    return get(web, "/stac/search", limit=1000)["features"]


def self_of(item):
    return path_of(linked(item, "self")[0])


def test_every_item_is_reached_by_links_alone(web, monkeypatch):
    monkeypatch.setattr(months, "MOST_LINKED", 1)
    monkeypatch.setattr(browsing, "MOST_LINKED", 1)
    seen, items = crawl(web)
    assert set(items) == {self_of(item) for item in everything(web)}
    for path, above in items.items():
        by_month = [one for one in above if "/catalogs/month/" in one]
        assert len(by_month) == 1, (path, above)
    for path, value in seen.items():
        assert path_of(linked(value, "self")[0]) == path
        assert value["type"] == ("Collection" if "extent" in value else "Catalog")
        for link in linked(value, "parent"):
            assert urlsplit(link["href"]).path in seen
    assert any("?after=" in path for path in seen)


def test_catalogues_fit_the_schema_of_stac(web):
    packaged = files("pystac.validation.jsonschemas")

    def schema(address):
        parts = ("geojson",) if "geojson.org" in address else ("stac-spec", "v1.1.0")
        name = address.split("#")[0].rsplit("/", 1)[-1]
        return json.loads(packaged.joinpath(*parts, name).read_text())

    judge = jsonschema_rs.validator_for(schema("/catalog.json"), retriever=schema)
    seen, _ = crawl(web)
    catalogues = [value for path, value in seen.items() if "/catalogs/" in path]
    assert len(catalogues) > 10
    for value in catalogues:
        assert judge.is_valid(value), value


def test_months_hold_the_items_of_that_time(web):
    place = "/stac/collections/alpha/catalogs/month"
    assert [one["title"] for one in linked(get(web, place), "child")] == [
        "2022-09", "2022-10", "undated",
    ]  # fmt: skip
    for month, names in [
        ("2022-09", ["zoned", "edge"]), ("2022-10", ["after"]), ("undated", ["undated"]),
    ]:  # fmt: skip
        value = get(web, f"{place}/{month}")
        assert [one["href"].rsplit("/", 1)[-1] for one in linked(value, "item")] == names
    assert linked(get(web, "/stac/collections/a%2Fb/catalogs/month/0999-02"), "item")
    for wrong in ("2022-11", "2022", "x", "0000-00", "%00"):
        get(web, f"{place}/{wrong}", 404)
    get(web, f"{place}/2022-09", 400, other="1")
    get(web, "/stac/collections/alpha/catalogs/nothing", 404)
    get(web, "/stac/collections/nothing/catalogs/month", 404)
    get(web, "/stac/collections/nothing/children", 404)
    for item in everything(web):
        when = item["properties"]["datetime"]
        if when and item["collection"] == "water_analysis":
            month = f"{datetime.fromisoformat(when):%Y-%m}"
            own = get(web, f"/stac/collections/water_analysis/catalogs/month/{month}")
            assert self_of(item) in map(path_of, linked(own, "item"))


def test_children_are_those_that_are_linked(web):
    for path in ("/stac", "/stac/collections/water_analysis", "/stac/collections/alpha"):
        value = get(web, path)
        (link,) = linked(value, "children")
        told = get(web, path_of(link))
        own = [linked(one, "self")[0]["href"] for one in told["children"]]
        assert own == [one["href"] for one in linked(value, "child")]
        assert path_of(linked(told, "self")[0]) == path_of(link)
        for one in told["children"]:
            assert get(web, path_of(linked(one, "self")[0])) == one
    first = get(web, "/stac/children", limit=1)
    assert len(first["children"]) == 1
    again = get(web, path_of(linked(first, "next")[0]))
    assert again["children"][0]["id"] > first["children"][0]["id"]


def test_each_analysis_is_in_one_value_of_each_facet_and_links_it(web):
    placed = Counter()
    for facet in ("water_anomaly", "water_basin"):
        top = get(web, f"/stac/collections/water_analysis/catalogs/{facet}")
        for link in linked(top, "child"):
            value = get(web, path_of(link))
            for item in linked(value, "item"):
                placed[facet, path_of(item)] += 1
                shown = get(web, path_of(item))
                assert link["href"] in [one["href"] for one in linked(shown, "related")]
    ours = [self_of(item) for item in everything(web) if item["collection"] == "water_analysis"]
    assert ours and placed == Counter((f, one) for f in ("water_anomaly", "water_basin")
                                      for one in ours)  # fmt: skip
    get(web, "/stac/collections/water_analysis/catalogs/water_anomaly/nothing", 404)


def test_items_link_what_was_made_from_them_and_from_the_same(web):
    shown = {self_of(item): item for item in everything(web)}
    sources = {
        path: {path_of(one) for one in linked(item, "derived_from") if "localhost" in one["href"]}
        for path, item in shown.items()
    }
    assert any(sources.values())
    for path, item in shown.items():
        related = {
            path_of(one) for one in linked(item, "related") if one["type"] == "application/geo+json"
        }
        made = {other for other, above in sources.items() if path in above}
        siblings = {other for other, above in sources.items() if above & sources[path]} - {path}
        twins = {other for other in related if other not in made | siblings}
        assert made | siblings <= related | sources[path]
        for twin in twins:  # other entries of the same product
            query = (
                f"SELECT ?p {{ <{linked(item, 'via')[0]['href']}> <{NS}describes> ?p . "
                f"<{linked(shown[twin], 'via')[0]['href']}> <{NS}describes> ?p }}"
            )
            assert web.select(query), (path, twin)


def test_what_follows_is_added_on_wish(web):
    plain = {self_of(item): item for item in everything(web)}
    found = get(web, "/stac/search", limit=1000, inferred="true")["features"]
    assert len(found) == len(plain)
    told = 0
    for item in found:
        own = plain[self_of(item)]
        via = linked(item, "via")[0]["href"]
        query = (
            f"SELECT ?type {{ <{via}> <{NS}describes>? ?product . GRAPH "
            f"<{web.catalogue.names.make('inferred_graph')}> {{ ?product a ?type }} "
            f"FILTER(STRSTARTS(STR(?type), '{NS}') && ?product != <{via}> ) }}"
        )
        types = {row["type"].replace(NS, "dafab:") for row in web.select(query)}
        if item["collection"] != "products-without-entry":
            assert set(item["properties"].get("dafab:types", ())) == types
        told += bool(types)
        kept = {k: v for k, v in item["properties"].items() if k in own["properties"]}
        assert kept == own["properties"]
        assert get(web, self_of(item), inferred="true") == item
    assert told > 5
    posted = web.ask("", "/stac/search", "POST", json={"inferred": True, "limit": 1}).json
    assert posted["features"][0] == found[0]
    assert get(web, "/stac/search", 400, inferred="yes")["where"] == "parameter inferred"
    chosen = get(web, "/stac/search", limit=5, inferred="true", fields="properties.dafab:types")
    assert all(set(one["properties"]) <= {"dafab:types"} for one in chosen["features"])


def test_classes_are_asked_for_with_what_follows(web):
    """Each class: the items whose products have it, as the graph with inference says."""
    products: defaultdict[str, set[str]] = defaultdict(set)
    query = f"SELECT ?p ?c {{ ?p a ?c FILTER(STRSTARTS(STR(?c), '{NS}')) }}"
    for row in web.select(query):
        products[row["c"].replace(NS, "dafab:")].add(row["p"])
    product_of = {}
    for item in everything(web):
        via = linked(item, "via")[0]["href"]
        described = web.select(f"SELECT ?p {{ <{via}> <{NS}describes> ?p }}")
        product_of[self_of(item)] = described[0]["p"] if described else via
    asked = {kind: own & set(product_of.values()) for kind, own in products.items()}
    assert sum(bool(own) and len(own) < len(product_of) for own in asked.values()) > 3

    def found(text):
        page = get(web, "/stac/search", limit=1000, filter=text, **{"filter-lang": "cql2-text"})
        names = {self_of(item) for item in page["features"]}
        assert page.get("numberMatched", len(names)) == len(names)
        return names

    for kind, own in asked.items():
        wanted = {name for name, product in product_of.items() if product in own}
        assert found(f"A_CONTAINS(dafab:types, ('{kind}'))") == wanted, kind
        assert found(f"NOT A_CONTAINS(dafab:types, ('{kind}'))") == product_of.keys() - wanted
    assert found("A_CONTAINS(dafab:types, ('flood'))") == set()
    assert found("A_OVERLAPS(dafab:types, ('flood', 'dafab:Product'))") == set(product_of)
