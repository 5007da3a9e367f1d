"""The JSON-LD context gives each key the IRI and the type that the ontology says."""

from __future__ import annotations

import json

import pytest
from rdflib import OWL, RDF, RDFS, Dataset, Graph, Literal, URIRef
from rdflib.term import Node

from tests.ontology.conftest import NS, ROOT

# rdflib's own JSON-LD parser uses what rdflib calls deprecated
pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")

LEXICAL = {
    "Literal": "text",
    "string": "text",
    "decimal": "12.5",
    "integer": "7",
    "dateTime": "2024-05-06T07:08:09Z",
    "boolean": "true",
}


def parsed(document: dict[str, object]) -> set[tuple[Node, Node, Node]]:
    dataset = Dataset()
    dataset.parse(data=json.dumps(document), format="json-ld")
    return {(s, p, o) for s, p, o, _ in dataset.quads()}


def test_context_expands_each_property_to_its_type(ontology: Graph) -> None:
    context = json.loads((ROOT / "ontology" / "context.jsonld").read_text("utf-8"))["@context"]
    expected: dict[str, Literal | URIRef] = {}
    for term in ontology.subjects(RDF.type, OWL.DatatypeProperty):
        kind = ontology.value(term, RDFS.range)
        if str(term).startswith(NS) and kind is not None:
            lexical = LEXICAL[str(kind).split("#")[-1]]
            plain = str(kind).endswith(("#string", "#Literal"))
            expected[str(term)[len(NS) :]] = Literal(lexical, datatype=None if plain else kind)
    for term in ontology.subjects(RDF.type, OWL.ObjectProperty):
        if str(term).startswith(NS):
            expected[str(term)[len(NS) :]] = URIRef("https://example.org/thing")
    document: dict[str, object] = {"@context": context, "@id": "https://example.org/x"}
    document |= {key: str(value) for key, value in expected.items()}
    found = {str(p)[len(NS) :]: o for _, p, o in parsed(document)}
    assert found == expected


def test_context_types_the_borrowed_terms() -> None:
    context = json.loads((ROOT / "ontology" / "context.jsonld").read_text("utf-8"))["@context"]
    document: dict[str, object] = {
        "@context": context,
        "@id": "https://example.org/x",
        "@type": "SourceProduct",
        "label": "a product",
        "hasGeometry": {"@id": "https://example.org/g", "asWKT": "POINT (6 49)"},
    }
    lines = {" ".join((*(term.n3() for term in triple), ".")) for triple in parsed(document)}
    geo = "http://www.opengis.net/ont/geosparql#"
    assert lines == {
        f"<https://example.org/x> <{RDF.type}> <{NS}SourceProduct> .",
        f'<https://example.org/x> <{RDFS.label}> "a product" .',
        f"<https://example.org/x> <{geo}hasGeometry> <https://example.org/g> .",
        f'<https://example.org/g> <{geo}asWKT> "POINT (6 49)"^^<{geo}wktLiteral> .',
    }
