"""JSON-LD answers use the published context and mean exactly the triples asked for."""

from __future__ import annotations

import io
import json
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st
from rdflib.compare import isomorphic

from dafab_kg.model import resources
from dafab_kg.model.errors import QueryNotValid
from dafab_kg.store.answers import write_answer
from dafab_kg.store.jsonld import write_jsonld
from dafab_kg.store.oxigraph import OxigraphStore, from_engine

DAFAB = "https://w3id.org/dafab/ns#"
XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
IRIS = [
    *(DAFAB + name for name in ("Product", "onPlatform", "sunElevation", "title", "x:y", "a/b")),
    *("http://www.opengis.net/ont/geosparql#" + name for name in ("asWKT", "hasGeometry")),
    *("geo:48.2,16.4", "text:a", "unit:b", "dafab:c", "urn:a:b", "http://example.org/ä?q=1#f"),
    *(DAFAB, "http://purl.org/dc/terms/title", RDF + "nil", RDF + "first", RDF + "type"),
    *("dcat://host/x", "http://www.w3.org/ns/dcat#//x", "mailto:a@example.org"),
]
DATATYPES = [
    *(XSD + name for name in ("decimal", "integer", "boolean", "double", "dateTime", "string")),
    *(RDF + "JSON", RDF + "HTML", "http://www.opengis.net/ont/geosparql#wktLiteral", "geo:odd"),
]
nodes = st.sampled_from(IRIS).map(ox.NamedNode)
blanks = st.sampled_from("ab").map(ox.BlankNode)
TEXTS = ["12.50", "012", "true", "1E400", "@id", "_:a", "dcat:x", "[1]", '"\\', "POINT (1 2)"]
texts = st.sampled_from(TEXTS) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r")
)
literals = st.one_of(
    st.builds(ox.Literal, texts),
    st.builds(lambda t, tag: ox.Literal(t, language=tag), texts, st.sampled_from(["de", "en-gb"])),
    st.builds(
        lambda t, d: ox.Literal(t, datatype=ox.NamedNode(d)), texts, st.sampled_from(DATATYPES)
    ),
)
graphs = st.sets(st.builds(ox.Triple, nodes | blanks, nodes, nodes | blanks | literals))


def written(triples: set[ox.Triple]) -> bytes:
    """Write without a store between, which would turn 12.50 into 12.5."""
    out = io.BytesIO()
    plain = [
        (from_engine(t.subject), from_engine(t.predicate), from_engine(t.object))
        for t in sorted(triples, key=str)
    ]
    write_jsonld(plain, out)
    return out.getvalue()


def document(*statements: str) -> Any:
    triples = ox.parse("".join(statements), format=ox.RdfFormat.N_TRIPLES)
    return json.loads(written({quad.triple for quad in triples}))


@given(graphs)
def test_oxigraph_reads_the_same_triples(triples: set[ox.Triple]) -> None:
    quads = ox.parse(written(triples), format=ox.RdfFormat.JSON_LD)
    read, wanted = ox.Dataset(quads), ox.Dataset(ox.Quad(*triple) for triple in triples)
    for dataset in (read, wanted):
        dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    assert read == wanted


@pytest.mark.filterwarnings("ignore")
@given(graphs)
def test_rdflib_reads_the_same_triples(triples: set[ox.Triple]) -> None:
    wanted = rdflib.Graph().parse(data="".join(f"{t} .\n" for t in triples), format="nt")
    read = rdflib.Graph().parse(data=written(triples), format="json-ld")
    assert isomorphic(read, wanted), set(read) ^ set(wanted)


def test_the_context_is_the_published_one() -> None:
    published = json.loads(resources.text("ontology", "context.jsonld"))["@context"]
    assert document() == {"@context": published, "@graph": []}


def test_terms_are_short_and_decimals_keep_their_digits() -> None:
    answer = document(
        f"<urn:p> <{RDF}type> <{DAFAB}SourceProduct> .\n",
        f'<urn:p> <{DAFAB}sunElevation> "12.50"^^<{XSD}decimal> .\n',
        f"<urn:p> <{DAFAB}onPlatform> <urn:s> .\n",
        f'<urn:p> <{DAFAB}title> "Lake" .\n',
    )
    assert answer["@graph"] == [
        {
            "@id": "urn:p",
            "@type": "SourceProduct",
            "onPlatform": "urn:s",
            "sunElevation": "12.50",
            "title": "Lake",
        }
    ]


def test_a_scheme_named_like_a_prefix_is_no_prefix() -> None:
    answer = document("<geo:48.2,16.4> <urn:p> <geo:1,2> .\n")
    assert answer["@graph"] == [{"@id": "geo:48.2,16.4", "urn:p": {"@id": "geo:1,2"}}]
    assert "geo" not in answer["@context"]


def test_answers_are_written_in_these_terms() -> None:
    out = io.BytesIO()
    write_answer(
        OxigraphStore().query(f"CONSTRUCT {{ <urn:a> <{DAFAB}title> 'x' }} {{}}"), "jsonld", out
    )
    assert json.loads(out.getvalue())["@graph"] == [{"@id": "urn:a", "title": "x"}]


def test_statements_about_statements_are_refused() -> None:
    store = OxigraphStore()
    answer = store.query("CONSTRUCT { <urn:a> <urn:b> <<( <urn:c> <urn:d> 1 )>> } {}")
    with pytest.raises(QueryNotValid, match="Turtle"):
        write_answer(answer, "jsonld", io.BytesIO())


def test_a_direction_of_text_is_refused() -> None:
    store = OxigraphStore()
    answer = store.query('CONSTRUCT { <urn:a> <urn:b> "x"@ar--rtl } {}')
    with pytest.raises(QueryNotValid, match="Turtle"):
        write_answer(answer, "jsonld", io.BytesIO())
