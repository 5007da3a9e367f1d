"""Terms and modules dereference: a page for a browser, RDF for a tool, the same facts in each."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pyoxigraph import BlankNode, Literal, RdfFormat, parse
from rdflib import OWL, RDF, RDFS, SH, Graph, URIRef
from rdflib.compare import isomorphic

from dafab_kg.vocabulary.constraints import demands_on
from dafab_kg.vocabulary.held import kept_vocabulary
from dafab_kg.web import create_app, terms, terms_forms
from tests.web.conftest import MemoryCatalogue
from tests.web.test_pages import BROWSER, ELSEWHERE, Page, page

NS = "https://w3id.org/dafab/ns#"
ROOT = Path(__file__).parents[2]
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
    missing = [name for name in ontology_terms if f' id="{name}"' not in text]
    assert missing == []


@pytest.fixture(scope="session")
def ontology_terms() -> set[str]:
    graph = Graph()
    for file in (Path(__file__).parents[2] / "ontology").glob("*.ttl"):
        graph.parse(file)
    return {str(s)[len(NS) :] for s in graph.subjects(RDF.type) if str(s).startswith(NS)}


def test_a_terms_page_tells_what_it_is(client: FlaskClient) -> None:
    text = client.get("/ns/ofProduct", headers=BROWSER).text
    for told in (
        "of product", "The product that a part hangs on.", "Object property", "/ns/ProductPart",
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
    # those above it by name, too: codes say nothing to people
    assert ">common soft wheat</a>" in client.get("/ns/hcat/3301010101", headers=BROWSER).text


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
    for link in Page(response.text).links:
        if link.startswith(("http", "#")) or link in ELSEWHERE:  # another vocabulary
            continue
        with client.get(link, headers=BROWSER) as followed:
            assert followed.status_code in (200, 303), link


def test_a_tool_without_a_wish_gets_turtle(client: FlaskClient) -> None:
    for headers in ({}, {"Accept": "*/*"}):
        response = client.get("/ns/Product", headers=headers)
        assert response.headers["Content-Type"] == "text/turtle; charset=utf-8"


def test_what_the_ontology_says_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    from dafab_kg.vocabulary.held import Vocabulary

    text = (
        f"<{NS}Evil> a <{OWL.Class}> ; <{RDFS.label}> '<script>alert(1)</script>' ;"
        f" <{RDFS.comment}> '\"><img src=x>' ; <{RDFS.subClassOf}> <javascript:alert(1)> ;"
        " <http://purl.org/dc/terms/source> <javascript:alert(1)>, 'javascript:alert(1)' ;"
        " <http://www.w3.org/2004/02/skos/core#closeMatch> <javascript:alert(1)> ."
    )
    shape = (
        f"<{NS}Shape> <{SH.targetClass}> <{NS}Evil> ;"
        f" <{SH.property}> [ <{SH.path}> <javascript:alert(1)> ; <{SH.minCount}> 1 ;"
        f" <{SH.message}> '<script>alert(1)</script>' ] ."
    )
    graph, shapes = Graph().parse(data=text), Graph().parse(data=shape)
    evil = Vocabulary({"m": text}, {"m": graph}, graph, shapes)
    monkeypatch.setattr(terms, "kept_vocabulary", lambda: evil)
    client = create_app(MemoryCatalogue()).test_client()  # type: ignore[arg-type]
    for path in ("/ns", "/ns?q=script", "/ns/Evil", "/ont/m"):
        shown = page(client, path)
        assert not {"script", "img"} & shown.tags
        assert not [link for link in shown.links if link.startswith("javascript")]


def test_what_takes_long_to_write_is_written_once(client, monkeypatch):
    """Each request for /ns took seconds of the process that speaks HTTP."""
    for path in ("/ns.ttl", "/ns.jsonld", "/ont/core.nt"):
        first = client.get(path)
        with monkeypatch.context() as patch:
            patch.setattr(terms, "written", None)
            assert client.get(path).data == first.data
        assert first.status_code == 200
    assert terms_forms.SUFFIXES


def test_the_tree_shows_classes_below_their_superclass_with_the_numbers_of_things() -> None:
    data = "".join(f"<http://e/{n}> <{RDF.type}> <{NS}SourceProduct> .\n" for n in range(3))
    client = create_app(MemoryCatalogue(data)).test_client()  # type: ignore[arg-type]
    tree = client.get("/ns", headers=BROWSER).text
    tree = tree[tree.index('<ul class="tree">') : tree.index('<section id="properties">')]
    upper, lower = tree.index('id="Product"'), tree.index('id="SourceProduct"')
    assert upper < lower < tree.index("</details>", lower)
    assert "<ul>" in tree[upper:lower] and "</ul>" not in tree[upper:lower].split('id="Opt')[-1]
    line = tree[lower : tree.index("</li>", lower)]
    assert ">3</span>" in line


def test_a_class_of_the_tree_is_below_what_the_ontology_says() -> None:
    from dafab_kg.vocabulary.outline import kept_outline

    graph = Graph()
    for file in (ROOT / "ontology").glob("*.ttl"):
        graph.parse(file)
    seen = set()

    def walk(branch) -> None:
        seen.add(branch.term.iri)
        for below in branch.below:
            assert (URIRef(below.term.iri), RDFS.subClassOf, URIRef(branch.term.iri)) in graph
            walk(below)

    for top in kept_outline().tree:
        walk(top)
    classes = {str(s) for s in graph.subjects(RDF.type, OWL.Class) if str(s).startswith(NS)}
    assert seen == classes


def test_terms_are_found_by_name_label_and_meaning(client: FlaskClient) -> None:
    text = client.get("/ns?q=cloud+cover", headers=BROWSER).text
    first = text[text.index("<tbody>") :]
    assert first.index("/ns/cloudCover") < first.index("/ns/cloudFreeAgriculturalCoverage")
    assert "No terms with" in client.get("/ns?q=zzzz", headers=BROWSER).text
    for hostile in ("%3Cscript%3E", "a" * 5000, "%00", "%22%3E"):
        assert "<script>" not in client.get(f"/ns?q={hostile}", headers=BROWSER).text


def test_shapes_are_written_out(client: FlaskClient) -> None:
    """What the shape's file says of cloud cover, found in the file itself."""
    shapes = Graph().parse(ROOT / "shapes/core.ttl") + Graph().parse(ROOT / "shapes/eo.ttl")
    told = json.loads(client.get("/ns/cloudCover?format=json").text)["demands"]
    expected = {
        (str(shapes.value(c, SH.maxInclusive)), str(shapes.value(c, SH.message)))
        for c in shapes.subjects(SH.path, URIRef(NS + "cloudCover"))
    }
    assert {(d["demands"][-1].removeprefix("at most "), d["message"]) for d in told} == expected
    text = client.get("/ns/cloudCover", headers=BROWSER).text
    assert "at most one, xsd:decimal, at least 0, at most 100" in text
    assert "a decimal from 0 to 100" in text


def test_every_shape_is_told_with_all_it_demands(client: FlaskClient) -> None:
    """No constraint of the ingest shapes is left out: each message stands on the class's page."""
    shapes = Graph()
    for file in (ROOT / "shapes").glob("*.ttl"):
        shapes.parse(file)
    words = kept_vocabulary()
    for shape, target in shapes.subject_objects(SH.targetClass):
        demands = demands_on(URIRef(str(target)), words)
        constraints = list(shapes.objects(shape, SH.property))
        assert len([d for d in demands if d.shape == str(shape) and d.path_text]) >= len(
            {(shapes.value(c, SH.path), shapes.value(c, SH.message)) for c in constraints}
        ), shape
        messages = {str(shapes.value(c, SH.message)) for c in constraints}
        assert messages <= {demand.message for demand in demands}


def test_demands_of_every_kind_are_in_words() -> None:
    text = """
        @prefix sh: <http://www.w3.org/ns/shacl#> . @prefix e: <http://e/> .
        e:S a sh:NodeShape ; sh:targetSubjectsOf e:p ; sh:closed true ;
          sh:property [ sh:path ( e:a [ sh:inversePath e:b ] ) ; sh:minCount 2 ;
            sh:or ( [ sh:class e:C ] [ sh:not [ sh:pattern "^x" ] ] ) ;
            sh:in ( e:one 2 ) ; sh:minLength 3 ; sh:uniqueLang true ] ,
          [ sh:path [ sh:alternativePath ( e:a [ sh:zeroOrMorePath e:b ] ) ] ; sh:hasValue e:v ;
            sh:node [ sh:property [ sh:path e:q ; sh:maxCount 0 ] ] ] .
    """
    shapes = Graph().parse(data=text)
    words = kept_vocabulary()
    told = demands_on(
        URIRef("http://e/p"), type(words)(words.texts, words.modules, words.whole, shapes)
    )
    assert {(d.path_text, d.demands) for d in told} == {
        ("the thing itself", ("sh:closed true",)),
        (
            "http://e/a/^http://e/b",
            (
                "at least 2",
                "at least 3 characters",
                "one of http://e/one, 2",
                "either (a thing of class http://e/C) or (not: of the form ^x)",
                "sh:uniqueLang true",
            ),
        ),
        (
            "(http://e/a|http://e/b*)",
            ("with the value http://e/v", "http://e/q: at most 0"),
        ),
    }


def test_an_example_is_a_thing_of_the_catalogue() -> None:
    data = f"""<http://e/a> <{RDF.type}> <{NS}SourceProduct> .
<http://e/a> <{NS}cloudCover> "7.5"^^<http://www.w3.org/2001/XMLSchema#decimal> .
<http://e/a> <{NS}anomalyType> <{NS}flood> .
"""
    client = create_app(MemoryCatalogue(data)).test_client()  # type: ignore[arg-type]
    for name in ("SourceProduct", "cloudCover", "flood"):
        text = client.get(f"/ns/{name}", headers=BROWSER).text
        assert "/about?iri=http://e/a" in text or "/about?iri=http%3A%2F%2Fe%2Fa" in text
    text = client.get("/ns/cloudCover", headers=BROWSER).text
    assert '<b>7.5</b> <span class="unit">%</span>' in text and "unit:PERCENT" in text


def test_more_than_can_be_counted_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from dafab_kg.web import term_uses

    monkeypatch.setattr(term_uses, "MOST_COUNTED", 2)
    data = "".join(f"<http://e/{n}> <{RDF.type}> <{NS}SourceProduct> .\n" for n in range(3))
    client = create_app(MemoryCatalogue(data)).test_client()  # type: ignore[arg-type]
    assert "More than" in client.get("/ns/SourceProduct", headers=BROWSER).text
    assert json.loads(client.get("/ns/SourceProduct?format=json").text)["uses"] == {"class": 2}


def test_a_module_tells_its_versions(client: FlaskClient) -> None:
    text = client.get("/ont/core", headers=BROWSER).text
    assert "https://w3id.org/dafab/ont/core/0.2.0" in text
    assert "https://w3id.org/dafab/ont/core/0.1.0" in text and "does not keep" in text
    assert "/ont/core.ttl" in text


def test_a_page_does_not_wait_until_all_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 100,000 products counting takes seconds; the page comes, and the numbers later."""
    import threading
    import time

    from dafab_kg.web import term_uses

    may = threading.Event()

    class Slow(MemoryCatalogue):
        commit = "one"

        def query(self, text, **options):
            if "?class" in text:
                assert may.wait(20)
            return super().query(text, **options)

    monkeypatch.setattr(term_uses, "ServedCatalogue", Slow)
    monkeypatch.setattr(term_uses, "COUNT_SECONDS", 0.01)
    monkeypatch.setattr(term_uses, "TERM_SECONDS", None)
    catalogue = Slow(f"<http://e/a> <{RDF.type}> <{NS}SourceProduct> .")
    client = create_app(catalogue).test_client()  # type: ignore[arg-type]
    assert "is being counted" in client.get("/ns", headers=BROWSER).text
    may.set()
    until = time.monotonic() + 10
    while "is being counted" in (text := client.get("/ns", headers=BROWSER).text):
        assert time.monotonic() < until
    assert "Numbers are those of things in this catalogue" in text


def test_the_ontology_in_one_file_opens_by_itself(client: FlaskClient) -> None:
    """One ontology that imports nothing, as an editor without a network needs it.

    The OWL API, which Protégé reads with, finds in it the axioms of all modules, and nothing
    outside OWL 2 DL.
    """
    told = client.get("/ont/dafab-merged.ttl")
    assert told.headers["Content-Type"].startswith("text/turtle")
    typed: dict[str, set[str]] = {}
    for quad in parse(told.data, format=RdfFormat.TURTLE):
        assert quad.predicate.value != str(OWL.imports)
        if quad.predicate.value == str(RDF.type) and not isinstance(quad.subject, BlankNode):
            typed.setdefault(quad.object.value, set()).add(quad.subject.value)
    assert typed[str(OWL.Ontology)] == {"https://w3id.org/dafab/ont/dafab-merged"}
    whole = kept_vocabulary().whole
    for kind in (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty):
        declared = {str(s) for s in whole.subjects(RDF.type, kind) if isinstance(s, URIRef)}
        assert declared == typed[str(kind)]
    assert "/ont/dafab-merged.ttl" in client.get("/ns", headers=BROWSER).text


def test_shapes_are_found_and_fetched(client: FlaskClient) -> None:
    links = page(client, "/ns/cloudCover").links
    assert "/shapes#Granule" in links
    shown = client.get("/shapes", headers=BROWSER).text
    assert 'id="Granule"' in shown
    files = [one for one in Page(shown).links if one.endswith(".ttl") and "/shapes/" in one]
    told = [quad for one in files for quad in parse(client.get(one).data, format=RdfFormat.TURTLE)]
    targets = {q.object.value for q in told if q.predicate.value == str(SH.targetClass)}
    shapes = kept_vocabulary().shapes
    assert targets == {str(one) for one in shapes.objects(None, SH.targetClass)}
    every = parse(client.get("/shapes.ttl").data, format=RdfFormat.TURTLE)
    assert sum(1 for _ in every) == len(told) == len(shapes)
    assert client.get("/shapes/none.ttl").status_code == 404


def test_an_axiom_about_a_class_is_a_sentence(client: FlaskClient) -> None:
    text = client.get("/ns/FloodScene", headers=BROWSER).text
    assert "Whatever is (Product and (anomalyType value flood)) is one." in text


def test_a_class_lists_its_things() -> None:
    kind = f"<{RDF.type}> <{NS}Place> ."
    data = "\n".join(f"<http://e/place/{n}> {kind}" for n in range(12))
    asked = create_app(MemoryCatalogue(data)).test_client()  # type: ignore[arg-type]
    links = page(asked, "/ns/Place").links
    assert len([one for one in links if "iri=http://e/place" in one]) == 10
    assert any("way=in" in one for one in links)
