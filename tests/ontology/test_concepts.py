"""Concept schemes hold together by the integrity conditions of SKOS."""

from __future__ import annotations

import pytest
from rdflib import RDF, SKOS, Graph, Namespace
from rdflib.term import Node

from tests.ontology.conftest import NS

DAFAB = Namespace(NS)
SCHEMES = {
    "anomalyTypes", "hazards", "hcat", "metadataCategories", "metadataOrigins",
    "processingLevels", "productTypes", "units",
}  # fmt: skip


def concepts(ontology: Graph) -> set[Node]:
    return set(ontology.subjects(RDF.type, SKOS.Concept))


def wider(ontology: Graph, concept: Node) -> set[Node]:
    """All concepts above one, by brute force."""
    found: set[Node] = set()
    left = list(ontology.objects(concept, SKOS.broader))
    while left:
        above = left.pop()
        if above not in found:
            found.add(above)
            left.extend(ontology.objects(above, SKOS.broader))
    return found


def test_the_schemes_are_those_that_are_promised(ontology: Graph) -> None:
    assert set(ontology.subjects(RDF.type, SKOS.ConceptScheme)) == {DAFAB[n] for n in SCHEMES}


def test_a_concept_is_in_one_scheme_and_has_one_preferred_label(ontology: Graph) -> None:
    schemes = set(ontology.subjects(RDF.type, SKOS.ConceptScheme))
    for concept in concepts(ontology):
        assert len(set(ontology.objects(concept, SKOS.inScheme)) & schemes) == 1, concept
        labels = list(ontology.objects(concept, SKOS.prefLabel))
        assert [label.language for label in labels] == ["en"], concept


def test_nothing_is_wider_than_itself_or_of_another_scheme(ontology: Graph) -> None:
    known = concepts(ontology)
    for concept in known:
        above = wider(ontology, concept)
        assert concept not in above
        assert above <= known
        for one in above:
            assert ontology.value(one, SKOS.inScheme) == ontology.value(concept, SKOS.inScheme)


def test_no_concept_is_a_scheme(ontology: Graph) -> None:
    assert concepts(ontology) & set(ontology.subjects(RDF.type, SKOS.ConceptScheme)) == set()


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_a_notation_names_one_concept_of_its_scheme(scheme: str, ontology: Graph) -> None:
    members = set(ontology.subjects(SKOS.inScheme, DAFAB[scheme]))
    notations = [str(n) for c in members for n in ontology.objects(c, SKOS.notation)]
    assert members
    assert len(notations) == len(set(notations))
