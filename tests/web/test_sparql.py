"""The table of HTTP behaviours of /sparql."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from dafab_kg.web.app import MOST_BYTES

SELECT = "SELECT ?s ?o WHERE { ?s <http://e/cloud> ?o }"
MAP = "SELECT ?s ?wkt WHERE { ?s <http://e/wkt> ?wkt }"
ASK = "ASK {}"
CONSTRUCT = "CONSTRUCT WHERE { ?s <http://e/cloud> ?o }"
DESCRIBE = "DESCRIBE <http://e/scene>"
FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
JSON, XML = "application/sparql-results+json", "application/sparql-results+xml"
CSV, TSV = "text/csv; charset=utf-8", "text/tab-separated-values; charset=utf-8"
TURTLE, NTRIPLES = "text/turtle; charset=utf-8", "application/n-triples"
JSONLD, RDFXML, GEOJSON = "application/ld+json", "application/rdf+xml", "application/geo+json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def get(client: FlaskClient, query: str, accept: str | None = None, **parameters: str):
    headers = {} if accept is None else {"Accept": accept}
    return client.get("/sparql", query_string={"query": query, **parameters}, headers=headers)


# what is answered, by the Accept header

NEGOTIATION = [
    (SELECT, None, JSON),
    (SELECT, "", JSON),
    (SELECT, "*/*", JSON),
    (SELECT, "application/*", JSON),
    (SELECT, "text/*", CSV),
    (SELECT, JSON, JSON),
    (SELECT, XML, XML),
    (SELECT, "text/csv", CSV),
    (SELECT, "text/tab-separated-values", TSV),
    (SELECT, "application/json", "application/json"),
    (SELECT, "text/xml", "text/xml"),
    (SELECT, "TEXT/CSV", CSV),
    (SELECT, "text/csv;q=0.5, application/sparql-results+xml;q=0.7", XML),
    (SELECT, "text/csv, */*;q=0.1", CSV),
    (SELECT, "text/csv, */*", CSV),
    (SELECT, f"{JSON};q=0, */*", XML),
    (SELECT, "text/csv;header=present", CSV),
    (SELECT, "text/turtle, text/csv;q=0.2", CSV),
    (SELECT, f"{JSON};q=0.1,text/*;q=0.2,text/csv;q=0.05", TSV),
    (SELECT, BROWSER, "application/xml"),
    (MAP, "application/geo+json", GEOJSON),
    (MAP, "application/geo+json;q=0.9, application/sparql-results+json;q=0.8", GEOJSON),
    (ASK, None, JSON),
    (ASK, XML, XML),
    (ASK, "text/csv", CSV),
    (CONSTRUCT, None, TURTLE),
    (CONSTRUCT, "*/*", TURTLE),
    (CONSTRUCT, "text/turtle", TURTLE),
    (CONSTRUCT, "application/n-triples", NTRIPLES),
    (CONSTRUCT, "application/ld+json", JSONLD),
    (CONSTRUCT, 'application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"', JSONLD),
    (CONSTRUCT, "application/rdf+xml", RDFXML),
    (CONSTRUCT, "application/n-triples;q=0.3,application/rdf+xml;q=0.4,text/*;q=0.1", RDFXML),
    (DESCRIBE, "application/n-triples", NTRIPLES),
]


@pytest.mark.parametrize(("query", "accept", "expected"), NEGOTIATION)
def test_negotiation(client, query, accept, expected):
    response = get(client, query, accept)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == expected
    assert "Accept" in response.headers["Vary"]
    assert response.content_length == len(response.data) > 0


REFUSED = [
    (SELECT, "text/turtle", [JSON, XML, "text/csv", "text/tab-separated-values", GEOJSON]),
    (SELECT, "image/png;q=0.9, text/turtle", None),
    (SELECT, "*/*;q=0", None),
    (SELECT, "nonsense", None),
    (ASK, "application/geo+json", [JSON, XML, "text/csv", "text/tab-separated-values"]),
    (CONSTRUCT, "text/csv", ["text/turtle", NTRIPLES, JSONLD, RDFXML]),
]


@pytest.mark.parametrize(("query", "accept", "offered"), REFUSED)
def test_what_is_not_offered_is_406_with_what_is(client, query, accept, offered):
    response = get(client, query, accept)
    problem = problem_of(response, 406)
    assert problem["where"] == "header Accept"
    if offered is not None:
        assert problem["offered"] == offered


FORMATS = [
    (SELECT, "json", JSON), (SELECT, "xml", XML), (SELECT, "csv", CSV), (SELECT, "tsv", TSV),
    (MAP, "geojson", GEOJSON), (ASK, "json", JSON), (CONSTRUCT, "turtle", TURTLE),
    (CONSTRUCT, "ntriples", NTRIPLES), (CONSTRUCT, "jsonld", JSONLD),
    (CONSTRUCT, "rdfxml", RDFXML), (CONSTRUCT, "xml", RDFXML), (CONSTRUCT, "json", JSONLD),
    (CONSTRUCT, "rdf+xml", RDFXML), (CONSTRUCT, "application/n-triples", NTRIPLES),
    (SELECT, "text/csv", CSV), (SELECT, "application/json", JSON), (SELECT, "CSV", CSV),
]  # fmt: skip


@pytest.mark.parametrize(("query", "name", "expected"), FORMATS)
def test_format_overrides_accept(client, query, name, expected):
    response = get(client, query, "image/png", format=name)
    assert (response.status_code, response.headers["Content-Type"]) == (200, expected)


@pytest.mark.parametrize(
    ("query", "name", "named"),
    [
        (SELECT, "parquet", "geojson"),
        (SELECT, "turtle", "csv"),
        (CONSTRUCT, "csv", "turtle"),
        (ASK, "geojson", "json"),
        (SELECT, "geojson", "wktLiteral"),  # no column holds a geometry
    ],
)
def test_a_format_that_does_not_fit_is_400_and_says_which_do(client, query, name, named):
    problem = problem_of(get(client, query, format=name), 400)
    assert named in problem["detail"] + problem["remedy"]


def test_answers_say_what_the_store_holds(client):
    rows = get(client, SELECT).json["results"]["bindings"]
    assert [row["o"]["value"] for row in rows] == ["12.5"]
    assert get(client, ASK).json == {"head": {}, "boolean": True}
    assert b"12.5" in get(client, CONSTRUCT).data
    [feature] = get(client, MAP, "application/geo+json").get_json(force=True)["features"]
    assert feature["geometry"]["type"] == "Polygon"


# how a query is sent

POSTS = [
    ({"data": {"query": ASK}}, 200),
    ({"data": urlencode({"query": ASK}), "content_type": FORM + "; charset=UTF-8"}, 200),
    ({"data": ASK, "content_type": DIRECT}, 200),
    ({"data": ASK, "content_type": DIRECT + "; charset=utf-8"}, 200),
    ({"data": "ASK { FILTER('ü' = 'ü') }".encode(), "content_type": DIRECT}, 200),
    ({"data": ASK, "content_type": "text/plain"}, 415),
    ({"data": ASK}, 415),
    ({"data": ASK.encode("utf-16"), "content_type": DIRECT + "; charset=UTF-16"}, 415),
    ({"data": ASK.encode("utf-16"), "content_type": DIRECT}, 400),
    ({"data": b"query=%ff", "content_type": FORM}, 400),
    ({"data": b"query=%ED%A0%80", "content_type": FORM}, 400),
    ({"data": "", "content_type": DIRECT}, 400),
    ({"data": "", "content_type": FORM}, 400),
    ({"data": "query=", "content_type": FORM}, 400),
    ({"data": "query=ASK%7B%7D&query=ASK%7B%7D", "content_type": FORM}, 400),
    ({"data": ASK, "content_type": DIRECT, "query_string": {"query": ASK}}, 400),
    ({"data": {"query": ASK}, "content_type": "multipart/form-data"}, 415),
    ({"data": "&".join(["a=1"] * 2000), "content_type": FORM}, 400),
    ({"data": "CLEAR ALL", "content_type": "application/sparql-update"}, 401),
    ({"data": {"update": "CLEAR ALL"}}, 401),
    ({"data": {"query": ASK, "update": "CLEAR ALL"}}, 400),
    ({"data": "INSERT DATA { <a:a> <a:a> <a:a> }", "content_type": DIRECT}, 400),
    ({"data": b"a" * (MOST_BYTES + 1), "content_type": DIRECT}, 413),
]


@pytest.mark.parametrize(("request_", "status"), POSTS)
def test_post(client, request_, status):
    response = client.post("/sparql", **request_)
    if status == 200:
        assert response.json["boolean"] is True
    else:
        problem_of(response, status)


GETS = [
    ("", 200),  # the service description
    ("query=", 400),
    ("query=%20", 400),
    ("query=ASK%7B%7D", 200),
    ("query=ASK+%7B%7D", 200),
    ("query=ASK%7B%7D&unknown=1", 200),
    ("query=ASK%7B%7D&query=ASK%7B%7D", 400),
    ("query=ASK%7B%7D&format=json&format=csv", 400),
    ("query=ASK%7B%7D&format=json&format=application/sparql-results%2Bjson", 200),
    ("query=ASK%7B%7D&format=", 400),
    ("query=ASK%7B%7D&format=,", 400),
    ("query=ASK%7B", 400),
    ("query=%ff", 400),
    ("update=CLEAR%20ALL", 405),
    ("query=CLEAR%20ALL", 400),
    ("query=ASK%7B%7D&default-graph-uri=relative", 400),
    ("query=ASK%7B%7D&default-graph-uri=", 400),
    ("query=ASK%7B%7D&named-graph-uri=http://e/%3Ex", 400),
]


@pytest.mark.parametrize("path", ["/sparql", "/sparql/"])
@pytest.mark.parametrize(("parameters", "status"), GETS)
def test_get(client, path, parameters, status):
    response = client.get(path, query_string=parameters)
    assert response.status_code == status
    if status != 200:
        problem_of(response, status)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_405_and_told_which_there_are(client, method):
    response = client.open("/sparql", method=method, query_string={"query": ASK})
    problem_of(response, 405)
    assert {"GET", "HEAD", "POST"} <= set(response.headers["Allow"].split(", "))


def test_head_has_the_headers_of_get_and_no_body(client):
    response = client.head("/sparql", query_string={"query": ASK})
    assert (response.status_code, response.headers["Content-Type"]) == (200, JSON)
    assert response.data == b""


def test_a_wrong_content_type_is_told_which_are_right(client):
    response = client.post("/sparql", data=ASK, content_type="text/plain")
    assert response.headers["Accept-Post"] == f"{DIRECT}, application/sparql-update, {FORM}"


# the dataset

DATASETS = [
    ({}, "ASK { <http://e/scene> ?p ?o }", True),
    ({"default-graph-uri": "http://e/g2"}, "ASK { <http://e/scene> ?p ?o }", False),
    ({"default-graph-uri": "http://e/g2"}, "ASK { <http://e/other> ?p ?o }", True),
    ({"default-graph-uri": ["http://e/g1", "http://e/g2"]},
     "ASK { <http://e/other> ?p ?o . <http://e/scene> ?q ?r }", True),
    ({"named-graph-uri": "http://e/g1"}, "ASK { GRAPH ?g { <http://e/scene> ?p ?o } }", True),
    ({"named-graph-uri": "http://e/g1"}, "ASK { GRAPH ?g { <http://e/other> ?p ?o } }", False),
    ({"named-graph-uri": "http://e/g1"}, "ASK { <http://e/scene> ?p ?o }", False),
    ({"default-graph-uri": "http://e/g1"},
     "ASK FROM <http://e/g2> { <http://e/other> ?p ?o }", False),
]  # fmt: skip


@pytest.mark.parametrize(("dataset", "query", "expected"), DATASETS)
def test_the_dataset_of_the_request_replaces_that_of_the_query(client, dataset, query, expected):
    parameters = urlencode({"query": query, **dataset}, doseq=True)
    assert client.get(f"/sparql?{parameters}").json["boolean"] is expected
    posted = client.post(f"/sparql?{urlencode(dataset, doseq=True)}", data={"query": query})
    assert posted.json["boolean"] is expected
    direct = client.post(
        f"/sparql?{urlencode(dataset, doseq=True)}", data=query, content_type=DIRECT
    )
    assert direct.json["boolean"] is expected


# what is refused


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
        "SELECT * { SERVICE SILENT <http://127.0.0.1/> { ?s ?p ?o } }",
        "SELECT * { service ?where { ?s ?p ?o } }",
    ],
)
def test_service_is_refused(client, query):
    problem = problem_of(get(client, query), 400)
    assert "SERVICE" in problem["detail"]


@pytest.mark.parametrize(
    "query",
    [
        'ASK { FILTER("SERVICE <http://e/> {}" != "") }',
        "ASK { # SERVICE <http://e/> {}\n}",
        "ASK { FILTER(<http://e/SERVICE> != <http://e/>) }",
    ],
)
def test_the_word_service_is_no_false_alarm(client, query):
    assert get(client, query).json["boolean"] is True


def test_a_malformed_query_is_400_with_its_position(client):
    problem = problem_of(get(client, "SELECT * {\n  ?s ?p\n}"), 400)
    assert problem["where"].startswith("line 3, column ")


@pytest.mark.parametrize(
    ("query", "where", "said"),
    [
        ("SELECT * {\n ?s geo:hasGeometry ?g }", "line 2, column 5",
         "prefix geo: is not declared. Begin with PREFIX geo: <http://www.opengis.net/ont/geosparql#>"),
        ("PREFIX a: <a:>\nSELECT * { ?s a:b 'é, o:o' ; no.such:thing ?g }", "line 2, column 30",
         "prefix no.such: is not declared"),
        ("INSERT DATA { <a:a> <a:b> 1 }", "line 1, column 1", "an update (INSERT), not a query"),
        ("# DROP\nPREFIX a: <a:#>\nwith a:g DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
         "line 3, column 1", "an update (WITH), not a query"),
    ],
)  # fmt: skip
def test_what_is_mistaken_is_said_in_words(client, query, where, said):
    problem = problem_of(get(client, query), 400)
    assert problem["where"].startswith(where)
    assert said in problem["detail"] and "expected" not in problem["detail"]


def test_more_rows_than_the_bound_are_400_with_the_bound(client):
    numbers = " ".join(map(str, range(51)))
    problem = problem_of(get(client, f"SELECT * {{ VALUES ?x {{ {numbers} }} }}"), 400)
    assert "50 rows" in problem["detail"] and "LIMIT" in problem["detail"]
    assert (problem["reason"], problem["limit"]) == ("AnswerTooLong", {"rows": 50})


@pytest.mark.parametrize(
    "query",
    [
        "ASK " + "{" * 9_000 + "}" * 9_000,
        "ASK { FILTER(" + "(" * 9_000 + "1" + ")" * 9_000 + ") }",
        "ASK { FILTER(1" + " + ?x" * 9_000 + ") }",
        "ASK { " + "OPTIONAL { ?s ?p ?o } " * 9_000 + "}",
    ],
    ids=["groups", "brackets", "sum", "optional"],
)
def test_a_query_that_would_overflow_the_engine_is_refused(client, query):
    problem_of(client.post("/sparql", data=query, content_type=DIRECT), 400)


# problems and headers


def problem_of(response, status: int) -> dict:
    """Check that a response is an RFC 9457 problem with place and remedy."""
    assert response.status_code == status, response.data[:500]
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(response.data)
    assert problem["status"] == status
    assert {"type", "title", "detail", "where", "remedy"} <= set(problem)
    assert problem["title"] and problem["detail"] and problem["remedy"]
    return problem


def test_a_browser_gets_a_problem_as_a_page(client):
    response = get(client, "ASK { <script>", BROWSER)
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"<script>" not in response.data


def test_an_unknown_path_is_a_problem(client):
    problem_of(client.get("/nowhere"), 404)


def test_a_browser_without_a_query_is_led_to_the_editor(client):
    response = client.get("/sparql", headers={"Accept": BROWSER})
    assert (response.status_code, response.headers["Location"]) == (303, "/query")


@pytest.mark.parametrize("path", ["/sparql?query=ASK%7B%7D", "/sparql", "/", "/health", "/none"])
def test_reads_are_open_to_other_origins_and_nothing_may_run(client, path):
    response = client.get(path, headers={"Origin": "http://elsewhere.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_preflight(client):
    response = client.options(
        "/sparql",
        headers={
            "Origin": "http://elsewhere.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert response.status_code == 204
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in response.headers["Access-Control-Allow-Headers"]
