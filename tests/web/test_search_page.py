"""The search page: what it shows is what is found, and its query behind it finds the same."""

from __future__ import annotations

import html
import json
import re
import shlex
import subprocess
import sys
from urllib.parse import parse_qsl, quote, urlsplit

import orjson
import pytest
from pyoxigraph import Store

from dafab_kg.search.counts import Facets
from dafab_kg.store.protocol import Iri
from dafab_kg.web.search_form import Form, read_query
from dafab_kg.web.search_shown import facets_shown, languages, results
from tests.listening import serving_app
from tests.search.items import many, meets, name_of, write
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
}


def cloud(item):
    return item["properties"].get("eo:cloud_cover", -1)


@pytest.mark.parametrize("query", SEARCHES)
def test_the_list_holds_what_is_found(web, items, query):
    ours = {name_of(item)[1] for item in items if SEARCHES[query](item)}
    text = page(web, query)
    told = re.search(r'<h2 id="results">([\d,]+) product', text)
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
    curl = [*shlex.split(shown["curl"].replace("\\\n", " ")), "--data-urlencode", "limit=1000"]
    answer = subprocess.run([curl[0], "-sS", *curl[1:]], capture_output=True, check=True).stdout

    assert sorted(one["id"] for one in json.loads(answer)["features"]) == ours
    if "collection" not in query:
        text = shown["CQL2"]
        found = web.catalogue.search(filter=None if text == "TRUE" else text)
        assert sorted(found.ids()) == ours
    rows = web.catalogue.query(shown["SPARQL"].replace("LIMIT 100", ""))
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
