"""Things: pages and machine twins of every IRI, how each fact is known, and originals."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from flask.testing import FlaskClient
from rdflib import Graph, Literal, URIRef
from rdflib.compare import isomorphic

import dafab_kg
from dafab_kg.catalogue.viewing import digest_of
from dafab_kg.model.names import NS, PREFIXES
from dafab_kg.store.protocol import Iri
from dafab_kg.web import create_app
from tests.web.test_pages import BROWSER, Page

ID = "https://w3id.org/dafab/id/"
SCENE = "product/P1"
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
POINTING = 230
ONE = f"""
@prefix dafab: <{NS}> . @prefix id: <{ID}> . @prefix geo: <{PREFIXES["geo"]}> .
@prefix xsd: <{PREFIXES["xsd"]}> . @prefix rdfs: <{PREFIXES["rdfs"]}> .
<{ID}product/P1> a dafab:SourceProduct ; dafab:cloudCover 12.5 ;
  rdfs:label {json.dumps(EVIL)} ; dafab:datetime "2022-09-30T16:03:21Z"^^xsd:dateTime ;
  dafab:tile <{ID}tile/17RLM> ; geo:hasGeometry <{ID}product/P1/geometry> ;
  dafab:supersededBy <{ID}product/P2> ;
  <http://e/odd> <javascript:alert(1)> , "Zürich"@de .
<{ID}product/P2> a dafab:SourceProduct ; rdfs:label "the newer" .
<{ID}product/P3> <http://e/p'=1> "no name of XML" .
<{ID}product/P1/geometry> geo:asWKT "POLYGON ((6 49, 7 49, 7 50, 6 50, 6 49))"^^geo:wktLiteral .
<{ID}place/a%2Fb> rdfs:label "a slash within" .
<{ID}place/FL> dafab:toponym "Florida" ; dafab:wikidata <http://www.wikidata.org/entity/Q812> .
<{ID}product/x.json> rdfs:label "named like a twin" .
<{ID}parcel/some/F-7> a dafab:Parcel .
<{ID}parcel/some/F-7/boundary/2023> a dafab:ParcelBoundary ; dafab:season "2023" ;
  dafab:boundaryOf <{ID}parcel/some/F-7> ; dafab:boundaryArea 398.39 ;
  dafab:cropName "grain maize" ; geo:hasGeometry <{ID}parcel/some/F-7/boundary/2023/geometry> .
<{ID}parcel/some/F-7/boundary/2023/geometry>
  geo:asWKT "POLYGON ((6 49, 6.1 49, 6.1 49.1, 6 49.1, 6 49))"^^geo:wktLiteral .
<{ID}item/i/c/a%3Cb> dafab:describes <{ID}product/P1> .
<{ID}product/turned> rdfs:label "\u202e{"long " * 400}" ; dafab:derivedFrom <{ID}product/P1> .
""" + "".join(f"<{ID}product/N{n}> dafab:tile <{ID}tile/17RLM> .\n" for n in range(POINTING))
OTHER = f"<{ID}product/P1> <{NS}cloudCover> 13.1 ."


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A catalogue of two documents that differ on one figure."""
    folder = tmp_path_factory.mktemp("about")
    (folder / "one.ttl").write_text(ONE)
    (folder / "other.ttl").write_text(OTHER)
    with dafab_kg.open(folder / "store") as catalogue:
        report = catalogue.load(folder / "one.ttl", folder / "other.ttl", validate=False)
        assert report.ok, report
        yield create_app(catalogue).test_client()


FORMS = {
    "ttl": ("text/turtle", "turtle"),
    "nt": ("application/n-triples", "nt"),
    "jsonld": ("application/ld+json", "json-ld"),
    "rdf": ("application/rdf+xml", "xml"),
    "json": ("application/json", ""),
    "geojson": ("application/geo+json", ""),
}


def test_a_place_is_called_by_its_name_and_addresses_stand_bare(asked: FlaskClient) -> None:
    text = asked.get("/about/place/FL", headers=BROWSER).text
    assert "<h1>Florida</h1>" in text
    assert ">http://www.wikidata.org/entity/Q812</a>" in text


@pytest.mark.parametrize("suffix", FORMS)
def test_a_twin_is_chosen_by_suffix_parameter_and_accept(asked: FlaskClient, suffix: str) -> None:
    media_type = FORMS[suffix][0]
    name = {"ttl": "turtle", "nt": "ntriples", "rdf": "rdfxml"}.get(suffix, suffix)
    answers = [
        asked.get(f"/about/{SCENE}.{suffix}", headers=BROWSER),
        asked.get(f"/about/{SCENE}?format={name}", headers=BROWSER),
        asked.get(f"/about/{SCENE}", headers={"Accept": media_type}),
        asked.get("/about", query_string={"iri": ID + SCENE}, headers={"Accept": media_type}),
    ]
    for one in answers:
        assert one.status_code == 200
        assert one.headers["Content-Type"].split(";")[0] == media_type
        assert "Accept" in one.headers["Vary"]
        assert 'rel="alternate"; type="text/html"' in ", ".join(one.headers.getlist("Link"))
    assert len({one.data for one in answers}) == 1


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")
def test_all_forms_of_rdf_hold_the_same_triples(asked: FlaskClient) -> None:
    graphs = []
    for suffix, (_, form) in FORMS.items():
        if form:
            text = asked.get(f"/about/{SCENE}.{suffix}").text
            graphs.append(Graph().parse(data=text, format=form))
            assert "12.5" in text
    assert all(isomorphic(graphs[0], one) for one in graphs)
    wanted = (URIRef(ID + SCENE), URIRef("http://e/odd"), Literal("Zürich", lang="de"))
    assert wanted in graphs[0]
    geometry = URIRef(f"{ID}{SCENE}/geometry")
    assert (geometry, URIRef(PREFIXES["geo"] + "asWKT"), None) in graphs[0]


def test_accept_decides_between_the_page_and_data(asked: FlaskClient) -> None:
    for accept, found in {
        "text/html": "text/html",
        BROWSER["Accept"]: "text/html",
        "*/*": "text/turtle",
        "text/turtle;q=0.4, text/html;q=0.6": "text/html",
        "text/turtle;q=0.6, text/html;q=0.4": "text/turtle",
        "application/json": "application/json",
    }.items():
        answer = asked.get(f"/about/{SCENE}", headers={"Accept": accept})
        assert answer.headers["Content-Type"].startswith(found), accept
    assert asked.get(f"/about/{SCENE}", headers={"Accept": "image/png"}).status_code == 406
    assert asked.get(f"/about/{SCENE}?format=word").status_code == 400


def test_an_iri_of_a_thing_leads_to_its_description(asked: FlaskClient) -> None:
    for accept, address in {
        BROWSER["Accept"]: f"/about/{SCENE}",
        "text/turtle": f"/about/{SCENE}.ttl",
        "application/ld+json": f"/about/{SCENE}.jsonld",
        "*/*": f"/about/{SCENE}",
    }.items():
        answer = asked.get(f"/id/{SCENE}", headers={"Accept": accept})
        assert (answer.status_code, answer.headers["Location"]) == (303, address)
        assert "Accept" in answer.headers["Vary"]
    encoded = asked.get("/id/place/a%2Fb", headers=BROWSER, environ_overrides={
        "RAW_URI": "/id/place/a%2Fb"})  # fmt: skip
    assert encoded.status_code == 303
    asked_for = urlsplit(encoded.headers["Location"])
    assert parse_qs(asked_for.query)["iri"] == [f"{ID}place/a%2Fb"]
    assert "a slash within" in asked.get(encoded.headers["Location"], headers=BROWSER).text


def test_a_name_that_ends_like_a_twin_is_that_thing(asked: FlaskClient) -> None:
    answer = asked.get("/about/product/x.json", headers=BROWSER)
    assert "named like a twin" in answer.text
    assert answer.headers["Content-Type"].startswith("text/html")
    assert asked.get("/about/product/x.json.json").json["label"] == "named like a twin"


def test_geojson_holds_the_geometry_and_flat_facts(asked: FlaskClient) -> None:
    [feature] = asked.get(f"/about/{SCENE}.geojson").json["features"]
    assert feature["geometry"]["type"] == "Polygon"
    assert feature["properties"]["cloudCover"] == "12.5"
    assert feature["id"] == ID + SCENE


def test_facts_stand_by_category_with_units_and_definitions(asked: FlaskClient) -> None:
    text = asked.get(f"/about/{SCENE}", headers=BROWSER).text
    Page(text)
    headings = re.findall(r'<h2 id="g-(\w+)"', text)
    order = ["identifying", "descriptive", "technical", "structural", "provenance", "others"]
    assert headings == [one for one in order if one in headings]
    assert {"descriptive", "others"} <= set(headings)
    section = text[text.index('id="g-descriptive"') : text.index("</section>", text.index(
        'id="g-descriptive"'))]  # fmt: skip
    assert "cloud cover" in section
    assert "The share of the scene that clouds cover." in section
    assert re.search(r'12\.5</span> <span class="unit">%</span>', section)
    assert "There is a newer version" in text
    assert "the newer" in text


def test_what_points_here_comes_page_by_page(asked: FlaskClient) -> None:
    text = asked.get("/about/tile/17RLM", headers=BROWSER).text
    [link] = [one for one in Page(text).links if "way=in" in one]
    seen: set[str] = set()
    while link:
        found = asked.get(link, headers=BROWSER)
        assert found.status_code == 200
        seen |= set(re.findall(r'href="/about/product/([NP]\d+)"', found.text))
        onward = re.search(r'href="([^"]+)" rel="next"', found.text)
        link = onward[1].replace("&amp;", "&") if onward else ""
    assert seen == {f"N{n}" for n in range(POINTING)} | {"P1"}


def test_nothing_of_a_document_runs(asked: FlaskClient) -> None:
    for path in (
        f"/about/{SCENE}",
        f"/about?iri={quote('javascript:alert(1)')}",
        f"/about?iri={quote(EVIL)}",
        "/about/nothing/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    ):
        answer = asked.get(path, headers=BROWSER)
        assert "<script>alert" not in answer.text
        assert "onerror=alert(1)>" not in answer.text.replace("&gt;", "")
        assert not [one for one in Page(answer.text).links if one.startswith("javascript:")]
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_what_is_not_known_is_said_and_led_outside(asked: FlaskClient) -> None:
    answer = asked.get("/about", query_string={"iri": "https://a.example/x"}, headers=BROWSER)
    assert answer.status_code == 404
    assert 'href="https://a.example/x" rel="noopener' in answer.text
    assert asked.get("/about/nothing/here", headers=BROWSER).status_code == 404
    problem = asked.get("/about/nothing/here.json")
    assert problem.status_code == 404
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert asked.get("/about").status_code == 400


def why_of(asked: FlaskClient, name: str) -> str:
    links = Page(asked.get(f"/about/{SCENE}", headers=BROWSER).text).links
    told = [(one, parse_qs(urlsplit(one).query)) for one in links if one.startswith("/why")]
    [link, *_] = [one for one, asking in told if asking["property"] == [name]]
    return link


def test_a_figure_is_followed_back_to_its_file(asked: FlaskClient) -> None:
    link = why_of(asked, NS + "cloudCover")
    answer = asked.get(link, headers=BROWSER)
    assert "It is stated" in answer.text
    # the other document's value, and that it was not taken
    assert "Who says otherwise" in answer.text
    assert "13.1" in answer.text
    told = asked.get(link + "&format=json").json
    [document] = told["documents"]
    assert document["origin"].endswith("one.ttl")
    assert {"loader_version", "mapping_version", "shapes_version", "loaded_at"} <= document.keys()
    [to_document] = {one for one in Page(answer.text).links if one.startswith("/documents/")}
    shown = asked.get(to_document, headers=BROWSER)
    [view, download] = [one for one in Page(shown.text).links if "/files/" in one]
    file = asked.get(view)
    assert file.data == ONE.encode()
    assert file.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in file.headers["Content-Security-Policy"]
    saved = asked.get(download)
    assert saved.data == ONE.encode()
    assert saved.headers["Content-Type"] == "application/octet-stream"
    assert saved.headers["Content-Disposition"] == "attachment; filename*=UTF-8''one.ttl"


def test_what_follows_is_told_with_its_axiom_and_premises(asked: FlaskClient) -> None:
    # an image that a finding was derived from is analysed, says the ontology
    graph = f"{ID}inferred"
    facts = asked.get(f"/about/{SCENE}.json").json["facts"]
    [value, *_] = [one["object"]["value"] for one in facts if one["graphs"] == [graph]]
    parameters = {"iri": ID + SCENE, "property": PREFIXES["rdf"] + "type"}
    answer = asked.get("/why", query_string={**parameters, "value": digest_of(Iri(value))},
                       headers=BROWSER)  # fmt: skip
    assert answer.status_code == 200
    assert "No document states it" in answer.text
    assert "one.ttl" in answer.text


def test_a_fact_that_is_not_there_is_not_found(asked: FlaskClient) -> None:
    link = why_of(asked, NS + "cloudCover")
    assert asked.get(link[:-3] + "000", headers=BROWSER).status_code == 404
    assert asked.get(link[:-3] + "'><", headers=BROWSER).status_code == 404
    assert asked.get("/documents/" + "0" * 32, headers=BROWSER).status_code == 404


@pytest.mark.parametrize("number", ["99", "-1", "element", "x", "../0", "²"])
def test_a_file_that_a_document_does_not_have(asked: FlaskClient, number: str) -> None:
    why = asked.get(why_of(asked, NS + "cloudCover"), headers=BROWSER)
    link = next(one for one in Page(why.text).links if one.startswith("/documents/"))
    assert asked.get(f"{link}/files/{number}").status_code == 404


def test_terms_that_only_the_ontology_names_have_pages(asked: FlaskClient) -> None:
    answer = asked.get("/about", query_string={"iri": PREFIXES["prov"] + "Entity"}, headers=BROWSER)
    assert answer.status_code == 200
    assert "what the ontology says" in answer.text
    assert 'rel="noopener noreferrer external"' in answer.text
    turtle = asked.get("/about", query_string={"iri": PREFIXES["prov"] + "Entity"})
    assert len(Graph().parse(data=turtle.text)) > 0


@pytest.mark.parametrize(
    "path",
    [
        f"/about/{SCENE}?of=no%20iri",
        f"/about/{SCENE}?of=http://e/x&page=99999999999",
        f"/about/{SCENE}?of=http://e/x&page=-1",
        "/about/%00",
        "/about/%F0%9F%98%80",
        "/about?iri=%5B",
        f"/why?iri={ID}{SCENE}&property=no%20iri&value={'0' * 20}",
        f"/why?iri=no%20iri&property=http://e/x&value={'0' * 20}",
        "/id/%00",
        "/documents/%00",
    ],
)
def test_odd_addresses_are_refused_as_such(asked: FlaskClient, path: str) -> None:
    assert asked.get(path, headers=BROWSER, follow_redirects=True).status_code in (400, 404)


def test_a_property_that_xml_cannot_name_is_told(asked: FlaskClient) -> None:
    """RDF/XML has properties as names of elements (RDF/XML 1.1, section 2.6)."""
    answer = asked.get("/about/product/P3.rdf")
    assert answer.status_code == 406
    assert "turtle" in answer.get_json()["remedy"]
    told = Graph().parse(data=asked.get("/about/product/P3.nt").data, format="nt")
    assert (URIRef(ID + "product/P3"), URIRef("http://e/p'=1"), Literal("no name of XML")) in told


def test_no_property_leads_nowhere(asked: FlaskClient) -> None:
    """What neither we nor the ontology tell of leads to the vocabulary that it is of."""
    text = asked.get(f"/about/{SCENE}", headers=BROWSER).text
    links = re.findall(r'<th scope="row"><a href="([^"]+)"', text)
    links = [html.unescape(one) for one in links]
    own = {one for one in links if one.startswith("/")}
    assert set(links) - own == {
        PREFIXES["rdf"] + "type", PREFIXES["rdfs"] + "label", PREFIXES["geo"] + "hasGeometry",
        "http://e/odd",
    }  # fmt: skip
    assert {asked.get(one, headers=BROWSER).status_code for one in own} == {200}


def test_json_of_what_is_only_inferred(asked: FlaskClient) -> None:
    iri = f"{NS}AnalysedProduct"
    told = asked.get("/about", query_string={"iri": iri, "format": "json"})
    assert told.status_code == 200
    assert f"{ID}{SCENE}" in {one["subject"]["value"] for one in told.json["incoming"]}


def test_a_parcel_has_its_map_crop_and_area(asked: FlaskClient) -> None:
    text = asked.get("/about/parcel/some/F-7", headers=BROWSER).text
    assert "grain maize" in text and "398.39" in text and "data-map" in text
    # its boundaries are told apart
    assert ">F-7, 2023</a>" in text
    [feature] = asked.get("/about/parcel/some/F-7.geojson").json["features"]
    assert feature["id"] == f"{ID}parcel/some/F-7/boundary/2023"
    assert feature["geometry"]["coordinates"][0][0] == [6.0, 49.0]


def test_an_entry_shows_where_its_product_is(asked: FlaskClient) -> None:
    query = {"iri": f"{ID}item/i/c/a%3Cb"}
    shown = asked.get("/about", query_string=query, headers=BROWSER).text
    assert "<h1>a&lt;b</h1>" in shown and "data-map" in shown
    [feature] = asked.get("/about", query_string={**query, "format": "geojson"}).json["features"]
    assert feature["id"] == f"{ID}{SCENE}"


def test_a_long_label_is_cut_where_it_is_a_link(asked: FlaskClient) -> None:
    text = asked.get(f"/about/{SCENE}", headers=BROWSER).text
    labels = {one for one in re.findall(r">([^<]*)</a>", text) if "long long" in one}
    assert [len(one) for one in labels] == [201]
