"""The search page: what it shows is what is found, and its query behind it finds the same."""

from __future__ import annotations

import html
import json
import random
import re
import shlex
import subprocess
import sys
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import orjson
import pytest
import shapely
from pyoxigraph import Store

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.search.counts import Facets
from dafab_kg.search.pages import Page
from dafab_kg.store.protocol import Iri
from dafab_kg.web import create_app
from dafab_kg.web.search_form import Form, area_of, read_query
from dafab_kg.web.search_languages import languages
from dafab_kg.web.search_shown import facets_shown, results
from dafab_kg.web.searching import pages_around
from tests.listening import serving_app
from tests.search.items import many, meets, name_of, write
from tests.web.conftest import MemoryCatalogue
from tests.web.written import clients

NUMBER = 40
BOX = (-5, 40, 10, 55)
BROWSER = {"Accept": "text/html"}
AREA = "POLYGON((-5 40,10 40,10 55,-5 55,-5 40))"


@pytest.fixture(scope="module")
def items():
    return many(NUMBER, seed=61)


@pytest.fixture(scope="module")
def web(items, tmp_path_factory):
    place = tmp_path_factory.mktemp("page")
    with clients(place) as made:
        made.catalogue.load(write(items, place / "items"))
        yield made


@pytest.fixture(scope="module")
def address(web):
    with serving_app(web.app) as address:
        yield address


def page(web, query, status=200):
    response = web.ask("", f"/?{query}", headers=BROWSER)
    assert response.status_code == status, response.text
    return response.text


def day(item):
    return (item["properties"]["datetime"] or "")[:10]


SEARCHES = {
    "": lambda item: True,
    "collection=alpha&collection=beta": lambda item: item.get("collection") in ("alpha", "beta"),
    "bbox=-5,40,10,55": lambda item: meets(item, BOX),
    f"area={AREA}&cloud=5-50": lambda item: meets(item, BOX) and 5 <= cloud(item) < 50,
    "from=2022-09-05&to=2022-09-20": lambda item: "2022-09-05" <= day(item) <= "2022-09-20",
    "cloud=50-": lambda item: cloud(item) >= 50,
    "season=summer": lambda item: False,  # all are of September
    "collection=uncollected": lambda item: "collection" not in item,
    # sides that cross: two triangles, each with a side of the box
    "area=POLYGON((-5 40,10 55,10 40,-5 55,-5 40))": lambda item: shapely.box(
        *item["bbox"]
    ).intersects(CROSSED),
}
CROSSED = shapely.union_all([shapely.Polygon([(x, 40), (x, 55), (2.5, 47.5)]) for x in (-5, 10)])


def cloud(item):
    return item["properties"].get("eo:cloud_cover", -1)


@pytest.mark.parametrize("query", SEARCHES)
def test_the_list_holds_what_is_found(web, items, query):
    ours = {name_of(item)[1] for item in items if SEARCHES[query](item)}
    text = page(web, query)
    told = re.search(r'<h2 id="results">([\d,]+) item', text)
    assert told
    assert int(told[1]) == len(ours)
    found = set()
    while True:
        found |= set(re.findall(r'<a class="id" href="[^"]*">([^<]*)</a>', text))
        following = re.search(r'href="\?([^"]*token=[^"]*)"', text)
        if following is None:
            break
        text = page(web, html.unescape(following[1]))
    assert found == ours


def told(query, address):
    return {name: text for name, text, _ in languages(read_query(query), address)}


@pytest.mark.parametrize("query", SEARCHES)
def test_the_query_behind_it_finds_the_same(web, items, address, query):
    ours = sorted(name_of(item)[1] for item in items if SEARCHES[query](item))
    shown = told(query, address)
    curl = shlex.split(shown["curl"].replace("\\\n", " "))
    answer = subprocess.run([curl[0], "-sS", *curl[1:]], capture_output=True, check=True).stdout

    assert sorted(one["id"] for one in json.loads(answer)["features"]) == ours
    if "collection" not in query:
        text = shown["CQL2"]
        found = web.catalogue.search(filter=None if text == "TRUE" else text)
        assert sorted(found.ids()) == ours
    rows = web.catalogue.query(shown["SPARQL"])
    products = {row[0].value for row in rows if isinstance(row[0], Iri)}
    names = {item["id"]: f"product/{item['id']}" for item in items}
    assert {one for one in names if any(p.endswith(names[one]) for p in products)} == set(ours)


def test_the_python_behind_it_runs(web, items, address):
    query = f"area={AREA}&cloud=5-50"
    code = told(query, address)["Python"].replace(
        "print(found.to_geopandas())", "print(*found.ids())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = sorted(name_of(item)[1] for item in items if SEARCHES[query](item))
    assert sorted(done.stdout.split()) == ours


HOSTILE = ("'; DROP --", '"><script>alert(1)</script>', "{{7*7}}", "\\u0022 } #", "$(id)`id`\n")


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", ["q", "collection", "place", "class", "filter", "cloud", "sort"])
def test_hostile_text_stays_text(web, name, text):
    response = web.ask("", "/", query_string={name: text}, headers=BROWSER)
    assert response.status_code in (200, 400)
    assert "<script>alert" not in response.text
    assert ">49<" not in response.text
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_one_argument_of_each_language(text):
    form = read_query("place=" + quote(text))
    shown = {name: one for name, one, _ in languages(form, "http://e")}
    words = shlex.split(shown["curl"].replace("\\\n", " "))
    assert [one for one in words if one.startswith("filter=")] == [f"filter={shown['CQL2']}"]
    compile(shown["Python"], "shown", "exec")

    Store().query(shown["SPARQL"])


def test_an_id_leads_to_its_page_and_an_iri_too(web, items):
    name = items[0]["id"]
    response = web.ask("", "/", query_string={"q": name}, headers=BROWSER)
    assert response.status_code == 303
    assert name in response.headers["Location"]
    response = web.ask("", "/", query_string={"q": "https://e.example/x"}, headers=BROWSER)
    assert response.status_code in (200, 303)


def test_as_json_a_search_is_that_of_stac(web, items):
    response = web.ask("", "/?cloud=50-&format=json")
    assert response.status_code == 303
    parts = urlsplit(response.headers["Location"])
    assert parts.path == "/stac/search"
    assert dict(parse_qsl(parts.query))["filter"] == "eo:cloud_cover >= 50"
    assert "holds" in web.ask("", "/?format=json").json


def test_where_nothing_is_found_it_is_told_what_to_leave_out(web, items):
    text = page(web, "cloud=50-&filter=id = 'nowhere'")
    ours = sum(cloud(item) >= 50 for item in items)
    hints = html.unescape(re.search(r'<ul class="hints">(.*?)</ul>', text)[1])
    assert f"Without “condition: id = 'nowhere'” there are {ours}" in hints
    assert "cloud cover" not in hints


def test_results_show_figures(items):

    item = {**items[0], "links": []}
    item["properties"] = {**item["properties"], "eo:cloud_cover": 12.5}
    (one,) = results([orjson.dumps(item)])
    assert ("cloud", "12.5", "%") in one.figures


@pytest.mark.parametrize(
    ("number", "told"),
    [(84.245159, "84.25"), (110474, "110,474"), (0.007029, "0.007"), (0, "0"), (95, "95")],
)
def test_figures_are_short(items, number, told):
    item = {**items[0], "links": [], "properties": {"eo:cloud_cover": number}}
    (one,) = results([orjson.dumps(item)])
    assert one.figures == (("cloud", told, "%"),)


def test_classes_are_in_words_and_what_was_not_counted_has_no_number():
    counted = Facets(3, {"dafab:types": {"dafab:AIProduct": 2, "dafab:FieldImage": 1}}, {})
    (classes,) = facets_shown(counted, Form(), counted=True)
    assert [(one.label, one.number) for one in classes.values] == [
        ("AI product", 2),
        ("Field image", 1),
    ]
    chosen = Form(several={"place": ("Luxembourg",)})
    (places,) = facets_shown(Facets(201, {}, {}, whole=False), chosen, counted=True)
    assert [(one.label, one.number) for one in places.values] == [("Luxembourg", None)]


def test_what_is_asked_is_in_words():
    form = Form({"cloud": "0-5"}, {"class": ("CloudFreeScene",)})
    assert {one.label for one in form.chosen} == {
        "class: Cloud free scene",
        "cloud cover: 0 to 5 %",
    }


def test_results_and_ids_lead_to_products(web, items):
    text = page(web, "collection=alpha")
    led = re.findall(r'<a class="id" href="([^"]*)">', text)
    assert led
    assert all(one.startswith("/about/product/") for one in led)
    entries = re.findall(r'<a class="quiet" href="([^"]*)"', text)
    assert len(entries) == len(led)
    assert all(one.startswith("/about/item/") for one in entries)
    name = items[0]["id"]
    response = web.ask("", "/", query_string={"q": name}, headers=BROWSER)
    assert response.headers["Location"].startswith("/about/product/")


def test_an_entry_of_two_collections_leads_to_their_product():
    class Twice(MemoryCatalogue):
        def find_items(self, search, root):
            items = [
                {"id": "x", "collection": c, "properties": {}, "links": []} for c in ("a", "b")
            ]
            return Page(tuple(map(orjson.dumps, items)), products=("http://e/p", "http://e/p"))

    response = create_app(Twice()).test_client().get("/?q=x", headers=BROWSER)
    assert response.status_code == 303
    assert response.headers["Location"] == "/about?iri=http://e/p"


def test_what_is_not_valid_can_be_left_out(web):
    """What is not seen in the form is not sent again; the map is there to draw anew."""
    text = page(web, "area=POLYGON((5 5,6 6))&cloud=0-5&class=FieldImage&q=Rhine", 400)
    assert 'name="area" id="area" value=""' in text
    assert 'name="cloud" value="0-5"' in text
    assert 'name="class" value="FieldImage"' in text
    assert "data-draw" in text
    chips = re.search(r'<ul class="chips"(.*?)</ul>', text, re.DOTALL)[1]
    left = {html.unescape(one) for one in re.findall(r'href="\?([^"]*)"', chips)}
    assert "q=Rhine&cloud=0-5&class=FieldImage" in left
    assert page(web, "cloud=5-2", 400)


def test_areas_that_no_one_can_mean_are_told():
    chance = random.Random(5)
    tangle = ",".join(f"{chance.randrange(99)} {chance.randrange(80)}" for _ in range(300))
    for ring in (
        f"{tangle},{tangle.split(',')[0]}",
        "0 0,1 1,2 2,0 0",
        "inf 0,1 1,1 0,inf 0",
        "nan nan,1 1,1 0,nan nan",
    ):
        with pytest.raises(QueryNotValid, match="area"):
            area_of(f"POLYGON(({ring}))")


def test_pages_lead_back_and_tell_where_they_are(web):
    first = text = page(web, "sort=id")
    assert "1 to 20 are in this list" in first
    assert 'rel="prev"' not in first
    shown = [re.findall(r'<a class="id" href="[^"]*">([^<]*)</a>', first)]
    while following := re.search(r'href="\?([^"]*)" rel="next"', text):
        text = page(web, html.unescape(following[1]))
        shown.append(re.findall(r'<a class="id" href="[^"]*">([^<]*)</a>', text))
    assert len(shown) == NUMBER // 20
    assert "21 to 40 are in this list" in text
    back = page(web, html.unescape(re.search(r'href="\?([^"]*)" rel="prev"', text)[1]))
    assert re.findall(r'<a class="id" href="[^"]*">([^<]*)</a>', back) == shown[-2]
    assert page(web, "sort=id&token=x&at=-1", 400)


def test_trails_are_bounded():
    form = read_query("token=t9&at=801&trail=" + ".".join(f"{n:0100}" for n in range(39)))
    with create_app(MemoryCatalogue()).test_request_context():
        told = pages_around(form, "t10", 20)
    assert len(told["following"]) < 4_000
    trail = parse_qs(told["following"][1:])["trail"][0].split(".")
    assert trail[-1] == "t9"
    assert parse_qs(told["previous"][1:])["token"] == [f"{38:0100}"]


def test_what_was_drawn_is_on_the_map(web):
    for query in ("bbox=100,0,101,1", "area=POLYGON((5 49,6 49,6 50,5 49))"):
        text = page(web, query)
        drawn = json.loads(html.unescape(re.search(r'data-geojson="([^"]*)"', text)[1]))
        (asked,) = (one for one in drawn["features"] if one["properties"].get("asked"))
        right = shapely.box(100, 0, 101, 1) if "bbox" in query else shapely.from_wkt(AREA_DRAWN)
        assert shapely.geometry.shape(asked["geometry"]).equals(right)
        assert 'class="asked-area"' in text


AREA_DRAWN = "POLYGON((5 49,6 49,6 50,5 49))"


def test_a_chosen_value_that_was_not_counted_has_no_number():
    told = Facets(201, {"dafab:place": {"Mekong Delta": 3}}, {})
    for facet in facets_shown(told, read_query("place=Luxembourg"), counted=True):
        (chosen,) = (one for one in facet.values if one.chosen)
        assert (chosen.label, chosen.number) == ("Luxembourg", None)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("filter=foo=1", "foo is no property that is described here"),
        ("filter=eo:cloud_cover < 'x'", "eo:cloud_cover is a number, which 'x' is not"),
        ("class=FloodScen", "The ontology has no class FloodScen. Is FloodScene meant?"),
        ("place=Nowhere", "There is no place called “Nowhere” here"),
        ("crop=unicorn", "No field here has the crop “unicorn”"),
        ("tile=99XXX", "Nothing here lies on a tile called “99XXX”"),
        ("season=monsoon", "monsoon is no season"),
    ],
)
def test_what_is_not_known_is_told(web, query, told):
    assert told in html.unescape(page(web, query))


def test_what_is_known_is_not_told_to_be_unknown(web):
    for query in ("filter=id='x' AND eo:cloud_cover=-1", "class=FloodScene", "season=winter"):
        assert 'class="unknown"' not in page(web, query)
