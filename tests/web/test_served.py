"""The endpoint over real HTTP, asked by other people's clients; and fuzzed."""

from __future__ import annotations

import string

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from SPARQLWrapper import CSV, JSON, JSONLD, POST, RDFXML, TURTLE, XML, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

from dafab_kg.web import sparql
from dafab_kg.web.app import MOST_BYTES

# SPARQLWrapper makes its graphs with a class that rdflib is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")

SELECT = "SELECT ?s ?o WHERE { ?s <http://e/cloud> ?o }"
CONSTRUCT = "CONSTRUCT WHERE { ?s <http://e/cloud> ?o }"


def wrapper(address: str, query: str, form: str, *, post: bool = False) -> SPARQLWrapper:
    client = SPARQLWrapper(f"{address}/sparql")
    client.setQuery(query)
    client.setReturnFormat(form)
    if post:
        client.setMethod(POST)
    return client


@pytest.mark.parametrize("post", [False, True])
def test_sparqlwrapper_reads_json(address, post):
    rows = wrapper(address, SELECT, JSON, post=post).query().convert()["results"]["bindings"]
    assert rows == [
        {
            "s": {"type": "uri", "value": "http://e/scene"},
            "o": {
                "type": "literal",
                "datatype": "http://www.w3.org/2001/XMLSchema#decimal",
                "value": "12.5",
            },
        }
    ]


def test_sparqlwrapper_reads_xml_and_csv(address):
    assert "12.5" in wrapper(address, SELECT, XML).query().convert().toxml()
    assert wrapper(address, SELECT, CSV).query().convert() == b"s,o\r\nhttp://e/scene,12.5\r\n"


def test_sparqlwrapper_reads_ask(address):
    assert wrapper(address, "ASK {}", JSON).query().convert()["boolean"] is True


@pytest.mark.parametrize("form", [TURTLE, RDFXML, JSONLD])
def test_sparqlwrapper_reads_graphs(address, form):
    found = wrapper(address, CONSTRUCT, form).query().convert()
    text = found if isinstance(found, bytes) else found.serialize(format="nt").encode()
    assert b"http://e/cloud" in text and b"12.5" in text


def test_sparqlwrapper_reads_a_graph_with_its_defaults(address):
    client = SPARQLWrapper(f"{address}/sparql")
    client.setQuery("DESCRIBE <http://e/scene>")
    assert len(client.query().convert()) == 3


def test_sparqlwrapper_sees_a_malformed_query(address):
    with pytest.raises(QueryBadFormed):
        wrapper(address, "SELECT * {", JSON).query()


def test_an_answer_too_long_for_memory_comes_whole(address, monkeypatch):
    monkeypatch.setattr(sparql, "IN_MEMORY", 100)
    for query in (SELECT, CONSTRUCT):
        response = httpx.get(f"{address}/sparql", params={"query": query})
        assert len(response.content) == int(response.headers["Content-Length"]) > 100
        assert b"12.5" in response.content
    monkeypatch.undo()
    assert response.content == httpx.get(f"{address}/sparql", params={"query": query}).content


def test_many_clients_at_once(address):
    with httpx.Client(base_url=address) as client:
        pages = [client.get("/sparql", params={"query": SELECT}) for _ in range(40)]
    assert {response.status_code for response in pages} == {200}
    assert len({response.content for response in pages}) == 1


def test_a_body_beyond_the_bound_is_413(address):
    response = httpx.post(
        f"{address}/sparql",
        content=b"a" * (2 * 1024 * 1024),
        headers={"Content-Type": "application/sparql-query"},
    )
    assert response.status_code == 413
    assert str(MOST_BYTES) in response.json()["remedy"]
    assert response.headers["Connection"] == "close"


WORDS = r"""
SELECT ASK CONSTRUCT DESCRIBE WHERE FILTER OPTIONAL UNION MINUS BIND VALUES GRAPH SERVICE FROM
NAMED LIMIT OFFSET ORDER BY GROUP HAVING AS IN NOT EXISTS DISTINCT BASE PREFIX INSERT DATA DELETE
CLEAR ALL LOAD COUNT STR REGEX { } ( ) [ ] . ; , | / ^ * + ? ! = < > ?s ?p ?o ?wkt a true 1 1.5
<http://e/a> <relative> e: e:x _:b "text" 'text' ' " @en ^^ # \ \u0041
"""
TYPES = """
*/* text/* text/csv text/turtle application/json application/geo+json text/html */x x /
application/ld+json application/sparql-results+xml
"""
words = st.sampled_from(WORDS.split())
queries = st.lists(words, max_size=25).map(" ".join) | st.text(max_size=60)
accepts = st.text(string.printable.strip() + " ", max_size=40) | st.lists(
    st.tuples(
        st.sampled_from(TYPES.split()),
        st.sampled_from(["", ";q=0", ";q=0.5", ";q=1", ";q=x", ";q=-1", ";q=2", ";charset=utf-8"]),
    ).map("".join),
    max_size=4,
).map(", ".join)
paths = st.sampled_from(["/sparql", "/sparql/", "/", "/query", "/query/headline-1", "/health"])
methods = st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT"])
names = st.sampled_from(
    ["query", "format", "default-graph-uri", "named-graph-uri", "update", "x", ""]
)
types = st.sampled_from(
    ["application/sparql-query", "application/x-www-form-urlencoded", "text/plain", "",
     "application/sparql-query; charset=latin-1", "multipart/form-data; boundary=x", ";;", "a/b;="]
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    paths,
    methods,
    st.lists(st.tuples(names, queries), max_size=3),
    accepts,
    types,
    st.binary(max_size=60) | queries.map(lambda text: text.encode("utf-8", "replace")),
)
def test_no_request_is_the_servers_fault(client, path, method, pairs, accept, kind, body):
    response = client.open(
        path,
        method=method,
        query_string=pairs,
        headers={"Accept": accept},
        data=body if method in ("POST", "PUT") else None,
        content_type=kind or None,
    )
    assert response.status_code < 500, (response.status_code, response.data[:300])
    if response.status_code >= 400 and method != "HEAD":
        assert response.mimetype in ("application/problem+json", "text/html")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), accepts)
def test_no_bytes_in_the_address_are_the_servers_fault(client, data, accept):
    response = client.get(
        "/sparql", query_string=data.decode("latin-1"), headers={"Accept": accept}
    )
    assert response.status_code < 500
