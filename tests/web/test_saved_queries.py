"""Saved queries over HTTP: what a value asks is what SPARQL asks with that term."""

from __future__ import annotations

import csv
import io
import json
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from dafab_kg.queries import saved
from dafab_kg.web import create_app
from dafab_kg.web.saved_queries import SUFFIXES, describe, suffixes
from tests.web.conftest import MemoryCatalogue
from tests.web.test_pages import BROWSER, page

NS = "https://w3id.org/dafab/ns#"
XSD = "http://www.w3.org/2001/XMLSchema#"
FLOOD = """<http://e/{n}> a <{ns}WaterProduct> ; <{ns}anomalyType> <{ns}flood> ;
  <{ns}datetime> "2022-09-{day:02}T00:00:00Z"^^<{xsd}dateTime> ;
  <{ns}excessTotalWaterObservedArea> {n}.5 ."""
WITHIN = """SELECT ?water WHERE {{ ?water <{ns}datetime> ?time
  FILTER (?time >= ?from && ?time < ?until) VALUES (?from ?until) {{ ({one} {two}) }} }}"""


@pytest.fixture(scope="module")
def floods() -> MemoryCatalogue:
    catalogue = MemoryCatalogue("")
    told = "\n".join(FLOOD.format(n=n, ns=NS, xsd=XSD, day=n) for n in range(1, 29))
    placed = "\n".join(
        f"<http://e/{n}> <http://www.opengis.net/ont/geosparql#hasGeometry> <http://e/{n}/g> . "
        f"<http://e/{n}/g> <http://www.opengis.net/ont/geosparql#asWKT> "
        f'"POINT (-{n + 60} 27)"^^<http://www.opengis.net/ont/geosparql#wktLiteral> .'
        for n in range(1, 29)
    )
    catalogue.store.update(f"INSERT DATA {{ {told}\n{placed} }}")
    return catalogue


@pytest.fixture(scope="module")
def asked(floods: MemoryCatalogue) -> FlaskClient:
    return create_app(floods).test_client()  # type: ignore[arg-type]


def rows(client: FlaskClient, address: str) -> list[list[str]]:
    response = client.get(address)
    assert response.status_code == 200, response.text
    return list(csv.reader(io.StringIO(response.text)))[1:]


def test_how_many_is_how_many(asked: FlaskClient) -> None:
    found = rows(asked, "/queries/largest-floods.csv?rows=3")
    assert [row[0] for row in found] == ["http://e/28", "http://e/27", "http://e/26"]
    assert len(rows(asked, "/queries/largest-floods.csv")) == 28


EVERYWHERE = "-180,-90,180,90"


@settings(max_examples=25, deadline=None)
@given(days=st.lists(st.integers(1, 28), min_size=2, max_size=2).map(sorted))
def test_a_time_is_the_literal_that_sparql_has(asked, floods, days):
    one, two = (f"2022-09-{day:02}" for day in days)
    given = urlencode({"from": one, "until": two, "place": EVERYWHERE})
    ours = {row[0] for row in rows(asked, f"/queries/headline-2.csv?{given}")}
    literals = [f'"{day}T00:00:00Z"^^<{XSD}dateTime>' for day in (one, two)]
    theirs = floods.query(WITHIN.format(ns=NS, one=literals[0], two=literals[1]))
    assert ours == {row[0].value for row in theirs}


@settings(max_examples=25, deadline=None)
@given(box=st.tuples(st.integers(60, 89), st.integers(60, 89)).map(sorted))
def test_a_box_is_the_polygon_that_it_is(asked, box):
    least, most = box
    given = urlencode({"place": f"-{most},20,-{least},30"})
    ours = {row[0] for row in rows(asked, f"/queries/headline-2.csv?{given}")}
    assert ours == {f"http://e/{n}" for n in range(1, 29) if least <= n + 60 <= most}


@settings(max_examples=40, deadline=None)
@given(value=st.text(max_size=80) | st.text(alphabet="\"'\\}{<>#? \n", max_size=20))
@pytest.mark.parametrize("name", ["event-images?event", "parcel-seasons?parcel", "headline-2?from"])
def test_no_value_does_harm(asked, name, value):
    """Refused as a problem that names it, or asked for as one term: there is no such thing."""
    query, _, parameter = name.partition("?")
    response = asked.get(f"/queries/{query}.json", query_string={parameter: value})
    if response.status_code == 200:
        found = response.json["results"]["bindings"]
        assert found == [] or value.strip() == "" or parameter == "from"
    else:
        assert response.status_code == 400
        assert response.json["where"] == f"parameter {parameter}"
    shown = asked.get(f"/queries/{query}", query_string={parameter: value}, headers=BROWSER)
    assert shown.status_code == response.status_code
    assert "<script" not in shown.text.replace('<script type="module" src="/static/built/map', "")


@pytest.mark.parametrize(
    ("address", "status", "where"),
    [
        ("/queries/largest-floods.csv?rows=0", 400, "parameter rows"),
        ("/queries/largest-floods.csv?rows=1001", 400, "parameter rows"),
        ("/queries/largest-floods.csv?rows=1&rows=2", 400, "parameter rows"),
        ("/queries/largest-floods.csv?rose=1", 400, ""),
        ("/queries/largest-floods.exe", 404, ""),
        ("/queries/nothing.csv", 404, ""),
        ("/queries/largest-floods.ttl", 400, ""),
        ("/queries/..%2finternal%2fclasses.csv", 404, ""),
    ],
)
def test_what_does_not_fit_is_a_problem(asked, address, status, where):
    response = asked.get(address)
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json["where"] == where or not where


@pytest.mark.parametrize("query", saved(), ids=lambda query: query.name)
def test_each_offers_the_answers_that_it_has(asked, query):
    with asked.application.test_request_context():
        told = describe(query)
    assert set(told["answers"]) == set(suffixes(query)) <= set(SUFFIXES)
    for suffix in suffixes(query):
        response = asked.get(f"/queries/{query.name}.{suffix}")
        assert response.status_code == 200, suffix
    assert [p["name"] for p in told["parameters"]] == [p.name for p in query.parameters]
    assert not {"format", "ask", "name", "suffix"} & {p.name for p in query.parameters}
    shown = page(asked, f"/queries/{query.name}")
    assert f"/queries/{query.name}.csv" in shown.links or "ttl" in suffixes(query)


def test_programs_are_told_of_parameters_as_json_schema(asked):
    told = {one["name"]: one for one in asked.get("/queries?format=json").json["queries"]}
    [rows_] = told["largest-floods"]["parameters"]
    assert rows_ == {
        "name": "rows", "kind": "integer", "label": "How many", "unit": "", "default": "50",
        "schema": {"type": "integer", "minimum": 1.0, "maximum": 1000.0},
    }  # fmt: skip
    assert json.dumps(told)


def test_an_answer_is_kept_by_its_tag(asked, floods):
    floods.commit = "one"
    try:
        first = asked.get("/queries/largest-floods.csv?rows=2")
        again = asked.get(
            "/queries/largest-floods.csv?rows=2", headers={"If-None-Match": first.headers["ETag"]}
        )
        other = asked.get(
            "/queries/largest-floods.csv?rows=3", headers={"If-None-Match": first.headers["ETag"]}
        )
    finally:
        del floods.commit
    assert (again.status_code, other.status_code) == (304, 200)


def test_where_a_saved_query_was_leads_to_where_it_is(asked):
    response = asked.get("/query/headline-1")
    assert response.status_code == 301
    assert response.headers["Location"] == "/queries/headline-1"


def test_a_first_look_that_takes_too_long_says_so(monkeypatch, floods):
    from dafab_kg.model.errors import DeadlinePassed
    from dafab_kg.web import shown

    class Slow(MemoryCatalogue):
        def query(self, text, seconds=0.0, **options):
            if seconds:
                raise DeadlinePassed("too long", 1)
            return super().query(text, **options)

    monkeypatch.setattr(shown, "ServedCatalogue", Slow)
    client = create_app(Slow()).test_client()  # type: ignore[arg-type]
    first = client.get("/queries/what-is-here", headers=BROWSER)
    assert first.status_code == 200 and "longer than a first look" in first.text
    assert (
        "longer than a first look"
        not in client.get("/queries/what-is-here?ask=1", headers=BROWSER).text
    )


def test_the_editor_completes_from_the_ontology_and_the_catalogue():
    from rdflib import OWL, RDF, Graph

    from tests.web.test_terms import ROOT

    data = "<http://e/a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://e/Own> ."
    told = create_app(MemoryCatalogue(data)).test_client().get("/query/terms.json").json  # type: ignore[arg-type]
    graph = Graph()
    for file in (ROOT / "ontology").glob("*.ttl"):
        graph.parse(file)
    for name, kinds in (
        ("classes", [OWL.Class]), ("properties", [OWL.ObjectProperty, OWL.DatatypeProperty]),
    ):  # fmt: skip
        ours = {iri for iri, _ in told[name]}
        theirs = {str(s) for kind in kinds for s in graph.subjects(RDF.type, kind)}
        assert {iri for iri in theirs if iri.startswith("http")} <= ours
    assert ["http://e/Own", ""] in told["classes"]  # the catalogue holds things of it
    assert dict(map(tuple, told["properties"]))[NS + "cloudCover"] == "cloud cover"
    assert told["prefixes"]["dafab"] == NS


def test_an_answer_of_many_rows_is_cut_and_says_so(monkeypatch, asked):
    from dafab_kg.web import shown

    monkeypatch.setattr(shown, "MOST_SHOWN", 5)
    monkeypatch.setattr(shown, "MOST_RAW", 300)
    text = asked.get("/queries/largest-floods?rows=9", headers=BROWSER).text
    assert text.count("<tr><td") - text.count("<tr><td><code>") == 5
    assert "The first" in text and "All of it" in text and "Raw, the beginning" in text
    answer = text[text.index("<pre") : text.index("</pre>")]
    assert len(answer) < 1500


def test_a_graph_is_shown_as_turtle(client):
    text = client.get("/query?query=CONSTRUCT+WHERE+{?s+<http://e/cloud>+?o}", headers=BROWSER).text
    assert "1</span> triple," in text and "12.5" in text
    assert "format=turtle" in text and "format=csv" not in text


def test_a_query_too_long_for_an_address_is_posted(client):
    query = "SELECT ?s { ?s <http://e/cloud> ?c } #" + "x" * 9000
    response = client.post("/query", data={"query": query}, headers=BROWSER)
    assert response.status_code == 200 and "1</span> row," in response.text
    assert "data-link hidden" in response.text  # no address is long enough
    assert 'action="/sparql"' in response.text and 'name="format" value="csv"' in response.text
