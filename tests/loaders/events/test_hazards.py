"""The table of codes against the vocabulary, and against what the sources themselves pair."""

from __future__ import annotations

import json
from pathlib import Path

from rdflib import RDF, SKOS, Graph, Namespace

from dafab_kg.loaders.events import hazards
from dafab_kg.model import resources

DAFAB = Namespace("https://w3id.org/dafab/ns#")


def vocabulary() -> Graph:
    return Graph().parse(data=resources.text("ontology", "hazards.ttl"), format="turtle")


def test_the_table_is_the_vocabulary() -> None:
    graph = vocabulary()
    concepts = {str(one)[len(DAFAB) :] for one in graph.subjects(RDF.type, SKOS.Concept)}
    assert concepts == set(hazards.KINDS)
    for name, kind in hazards.KINDS.items():
        concept = DAFAB[name]
        assert {str(n) for n in graph.objects(concept, SKOS.notation)} == set(kind.exact.split())
        broader = {str(b)[len(DAFAB) :] for b in graph.objects(concept, SKOS.broader)}
        assert broader == ({kind.broader} if kind.broader else set())
        note = str(graph.value(concept, SKOS.scopeNote) or "")
        assert all(code in note for code in kind.narrower.split())


def test_every_code_stands_once_and_has_a_known_form() -> None:
    codes = [c for kind in hazards.KINDS.values() for c in f"{kind.exact} {kind.narrower}".split()]
    assert len(codes) == len(set(codes))
    assert all(hazards.CODE_FORM.fullmatch(code) for code in codes)
    assert set(hazards.WORDS.values()) <= set(hazards.KINDS)


def test_codes_that_one_event_carries_together_mean_one_line_of_kinds(shared: Path) -> None:
    """Each event of the shared examples is of one kind in all the systems that code it."""
    for file in (shared / "events/monty/examples").glob("*/*.json"):
        value = json.loads(file.read_text())
        if value["type"] != "Feature":
            continue
        codes = value["properties"]["monty:hazard_codes"]
        concept, unknown = hazards.concept_of_codes(codes)
        assert concept is not None and unknown == (), file
        assert all(concept in hazards.lineage(hazards.CONCEPT_OF[code]) for code in codes), file


def test_siblings_mean_what_is_broader_and_chains_what_is_narrower() -> None:
    of = hazards.concept_of_codes
    assert of(["MH0601", "MH0604"]) == ("floodHazard", ())
    assert of(["FL", "FF"]) == ("flashFloodHazard", ())
    assert of(["TC", "SS"]) == ("stormHazard", ())
    assert of(["OT", "WF"]) == ("wildfireHazard", ())
    assert of(["OT"]) == ("otherHazard", ())
    assert of(["EQ", "TS"]) == ("earthquakeHazard", ())  # nothing is broader: the first
    assert of([]) == (None, ())
