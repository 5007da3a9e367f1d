"""Terms and modules dereference: a page for a browser, RDF for a tool, the same facts in each."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from pyoxigraph import Literal, RdfFormat, parse
from rdflib import OWL, RDF, RDFS, Graph, URIRef
from rdflib.compare import isomorphic

from dafab_kg.web import create_app, terms
from tests.web.conftest import MemoryCatalogue
from tests.web.test_pages import BROWSER, Page, page

NS = "https://w3id.org/dafab/ns#"
PARSED = {
    "text/turtle": RdfFormat.TURTLE,
    "application/n-triples": RdfFormat.N_TRIPLES,
    "application/ld+json": RdfFormat.JSON_LD,
    "application/rdf+xml": RdfFormat.RDF_XML,
}
PATHS = ["/ns", "/ns/SourceProduct", "/ont/core", "/ont/core/0.2.0", "/ns/hcat/3301010000"]


def rows(body: bytes, media_type: str) -> list[tuple[str, str]]:
    return sorted(
        (str(q.predicate), value_of(q.object))
        for q in parse(body, format=PARSED[media_type])
        if "BlankNode" not in type(q.subject).__name__ + type(q.object).__name__
    )


def value_of(term: object) -> str:
    """A term as text; Turtle's short form of a decimal has a point where others have none."""
    if isinstance(term, Literal) and term.datatype.value.endswith("#decimal"):
        return f"{Decimal(term.value).normalize():f}"
    return str(term)


@pytest.mark.parametrize("path", PATHS)
def test_every_form_says_the_same(client: FlaskClient, path: str) -> None:
    told = []
    for media_type in PARSED:
        response = client.get(path, headers={"Accept": media_type})
        assert response.status_code == 200, response.text
        assert response.headers["Content-Type"].split(";")[0] == media_type
        assert "Accept" in response.headers["Vary"]
        told.append(rows(response.data, media_type))
    assert told[0] and all(one == told[0] for one in told)
    assert page(client, path)


def test_the_module_is_the_file(client: FlaskClient) -> None:
    from dafab_kg.model import resources

    response = client.get("/ont/core", headers={"Accept": "text/turtle"})
    assert response.text == resources.text("ontology", "core.ttl")
    nt = client.get("/ont/core?format=nt").text
    assert isomorphic(Graph().parse(data=nt, format="nt"), Graph().parse(data=response.text))


def test_a_terms_data_are_what_the_ontology_says(client: FlaskClient) -> None:
    found = Graph().parse(data=client.get("/ns/SourceProduct.ttl").text)
    term = URIRef(NS + "SourceProduct")
    assert (term, RDF.type, OWL.Class) in found
    assert (term, RDFS.subClassOf, URIRef(NS + "Product")) in found
    assert set(found.subjects()) <= {term, *(s for s in found.subjects() if "#" not in s)}


def test_the_namespace_page_has_an_anchor_for_each_term(
    client: FlaskClient, ontology_terms
) -> None:
    text = client.get("/ns", headers=BROWSER).text
    missing = [name for name in ontology_terms if f'<tr id="{name}">' not in text]
    assert missing == []


@pytest.fixture(scope="session")
def ontology_terms() -> set[str]:
    from pathlib import Path

    graph = Graph()
    for file in (Path(__file__).parents[2] / "ontology").glob("*.ttl"):
        graph.parse(file)
    return {str(s)[len(NS) :] for s in graph.subjects(RDF.type) if str(s).startswith(NS)}


def test_a_terms_page_tells_what_it_is(client: FlaskClient) -> None:
    text = client.get("/ns/ofProduct", headers=BROWSER).text
    for told in (
        "of product", "The product that a part hangs on.", "object property", "/ns/ProductPart",
        "/ns/Product", "/ont/core", "has at most one value", "structural", "dsh:Band",
    ):  # fmt: skip
        assert told in text, told
    assert "is told apart by productId" in client.get("/ns/Product", headers=BROWSER).text


def test_uses_are_counted_in_the_store() -> None:
    data = f"""
<http://e/a> <{RDF.type}> <{NS}Product> .
<http://e/b> <{RDF.type}> <{NS}Product> .
<http://e/a> <{NS}cloudCover> "1.5"^^<http://www.w3.org/2001/XMLSchema#decimal> .
<http://e/a> <{NS}anomalyType> <{NS}flood> .
"""
    client = create_app(MemoryCatalogue(data)).test_client()  # type: ignore[arg-type]

    def uses(name: str) -> dict[str, int]:
        return json.loads(client.get(f"/ns/{name}?format=json").text)["uses"]  # type: ignore[no-any-return]

    assert uses("Product") == {"class": 2}
    assert uses("cloudCover") == {"property": 1}
    assert uses("flood") == {"value": 1}
    assert uses("Band") == {}


def test_a_crop_is_no_document(client: FlaskClient) -> None:
    response = client.get("/hcat/3301010000")
    assert response.status_code == 303
    assert response.headers["Location"].endswith("/ns/hcat/3301010000")
    assert "cereal" in client.get("/ns/hcat/3301010000", headers=BROWSER).text
    assert client.get("/hcat/12").status_code == 404


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/ns/NoSuchTerm", "*/*", 404),
        ("/ns/%3Cscript%3E", "text/html", 404),
        ("/ont/nowhere", "*/*", 404),
        ("/ont/core/9.9.9", "*/*", 404),
        ("/ont/..%2Fcore", "*/*", 404),
        ("/ns/Product.exe", "*/*", 404),
        ("/ns?format=word", "*/*", 400),
        ("/ns/Product", "image/png", 406),
        ("/ns/Product", "text/html;q=0.4, text/turtle;q=0.5", 200),
    ],
)
def test_what_is_not_there(client: FlaskClient, path: str, accept: str, status: int) -> None:
    response = client.get(path, headers={"Accept": accept})
    assert response.status_code == status, response.text
    assert "<script>" not in response.text


def test_links_lead_to_the_other_forms(client: FlaskClient) -> None:
    response = client.get("/ns/Product", headers=BROWSER)
    links = response.headers.getlist("Link")
    assert '</ns/Product?format=turtle>; rel="alternate"; type="text/turtle"' in links
    of_terms = ("/ns", "/ont", "/hcat", "/about")
    found = [link for link in Page(response.text).links if link.startswith(of_terms)]
    assert len(found) > 20
    for link in found:
        with client.get(link, headers=BROWSER) as followed:
            assert followed.status_code == 200, link


def test_a_tool_without_a_wish_gets_turtle(client: FlaskClient) -> None:
    for headers in ({}, {"Accept": "*/*"}):
        response = client.get("/ns/Product", headers=headers)
        assert response.headers["Content-Type"] == "text/turtle; charset=utf-8"


def test_what_the_ontology_says_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    from dafab_kg.vocabulary.describe import Vocabulary
    from dafab_kg.web import terms

    text = (
        f"<{NS}Evil> a <{OWL.Class}> ; <{RDFS.label}> '<script>alert(1)</script>' ;"
        f" <{RDFS.comment}> '\"><img src=x>' ; <{RDFS.subClassOf}> <javascript:alert(1)> ."
    )
    graph = Graph().parse(data=text, format="turtle")
    monkeypatch.setattr(
        terms, "read_vocabulary", lambda: Vocabulary({"m": text}, {"m": graph}, graph, Graph())
    )
    client = create_app(MemoryCatalogue()).test_client()  # type: ignore[arg-type]
    for path in ("/ns", "/ns/Evil", "/ont/m"):
        shown = page(client, path)
        assert not {"script", "img"} & shown.tags
        assert not [link for link in shown.links if link.startswith("javascript")]


@pytest.mark.parametrize("path", ["/ns", "/ns.ttl", "/ns.jsonld", "/ont/core", "/ont/core.nt"])
def test_what_takes_long_to_make_is_made_once(client, path, monkeypatch):
    """Each request for /ns took seconds of the process that speaks HTTP."""
    first = client.get(path, headers={"Accept": "text/html"})
    for name in ("describe", "_written"):
        monkeypatch.setattr(terms, name, None)
    assert client.get(path, headers={"Accept": "text/html"}).data == first.data
    assert first.status_code == 200
