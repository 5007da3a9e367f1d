"""RML that any RDF parser reads, and the JSON sources beside it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
import rdflib

from dafab_kg.mapping import export_rml, records_to_json
from dafab_kg.mapping.apply import read_mappings
from dafab_kg.model.errors import FieldNotValid, MappingNotValid
from tests.mapping.test_apply import CONDITION, KIND_IS_X
from tests.mapping.things import GRAPH, NAMES, OddThing, Part, mapping

RR = rdflib.Namespace("http://www.w3.org/ns/r2rml#")
RML = rdflib.Namespace("http://semweb.mmlab.be/ns/rml#")


def exported(text: str) -> rdflib.Graph:
    return rdflib.Graph().parse(data=export_rml(NAMES, {"odd.yml": text}), format="turtle")


def test_each_kind_of_term_map() -> None:
    po = r"""
      - [dafab:p, 'a{b}\ $(title)', en~lang]
      - [dafab:q, $(size), xsd:integer]
      - [dafab:r, 'say "x"']
      - [dafab:s, $(url)~iri]
    """
    graph = exported(mapping(po))
    assert set(graph.objects(None, RR.template)) == {
        rdflib.Literal(r"a\{b\}\\ {title}"),
        rdflib.Literal("https://data.example/id/thing/{thing_id}"),
    }
    assert rdflib.Literal('say "x"') in set(graph.objects(None, RR.constant))
    references = {str(o) for o in graph.objects(None, RML.reference)}
    assert references == {"size", "url", "document_graph"}
    assert set(graph.objects(None, RR.language)) == {rdflib.Literal("en")}
    assert set(graph.objects(None, RR.datatype)) == {rdflib.XSD.integer}


def test_conditions_become_filters_of_the_iterator() -> None:
    condition = CONDITION.format("equal", KIND_IS_X)
    same = CONDITION.format("equal", KIND_IS_X.replace(" x]", " $(kind)]"))
    graph = exported(mapping(f"[[dafab:p, x], {{p: dafab:q, o: y, {condition}}}]"))
    assert {str(o) for o in graph.objects(None, RML.iterator)} == {"$[*]", '$[?(@.kind=="x")]'}
    graph = exported(mapping("[[dafab:p, x]]", more=same))
    assert {str(o) for o in graph.objects(None, RML.iterator)} == {'$[?(@.kind>="")]'}


@pytest.mark.parametrize(
    "text",
    [
        mapping("[[dafab:p, x]]", more=CONDITION.format("equal", KIND_IS_X.replace("x]", "'\"']"))),
        mapping("[[dafab:p, x]]").replace("  thing:\n    sources", "  a-b:\n    sources"),
    ],
)
def test_what_cannot_be_said_in_rml_is_refused(text: str) -> None:
    assert read_mappings(NAMES, {"odd.yml": text})
    with pytest.raises(MappingNotValid, match="cannot be exported"):
        export_rml(NAMES, {"odd.yml": text})


def test_every_shipped_mapping_has_its_triples_map() -> None:
    graph = rdflib.Graph().parse(data=export_rml(NAMES), format="turtle")
    exported_names = {
        str(s).rsplit("/", 1)[1] for s in graph.subjects(rdflib.RDF.type, RR.TriplesMap)
    }
    assert exported_names == {one.name for one in read_mappings(NAMES)}


def test_the_text_is_the_same_each_time() -> None:
    assert export_rml(NAMES) == export_rml(NAMES)


def test_json_holds_canonical_text_and_leaves_out_what_is_missing() -> None:
    thing = OddThing("é", ratio=Decimal("1.50"), flag=True, tags=("a", "b"), parts=(Part("1"),))
    files = records_to_json([thing, OddThing("y", size=3)], GRAPH)
    empty = {"tags": [], "codes": [], "urls": [], "parts": []}
    assert {name: json.loads(data) for name, data in files.items()} == {
        "odd_thing.json": [
            {
                **empty,
                "document_graph": GRAPH,
                "thing_id": "é",
                "ratio": "1.5",
                "flag": "true",
                "tags": ["a", "b"],
                "parts": [{"document_graph": GRAPH, "part_id": "1"}],
            },
            {**empty, "document_graph": GRAPH, "thing_id": "y", "size": "3"},
        ]
    }


def test_json_refuses_half_characters() -> None:
    with pytest.raises(FieldNotValid):
        records_to_json([OddThing("\ud800")], GRAPH)
