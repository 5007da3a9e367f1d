"""What the alignments point at exists in the vocabularies themselves."""

from __future__ import annotations

import warnings

import pytest
from rdflib import OWL, RDF, RDFS, Graph, URIRef
from rdflib.namespace import SKOS

from tests.ontology.conftest import NS, ROOT

VOCABULARIES = ROOT.parent / "shared" / "data" / "vocab"
KEPT = {
    "http://www.w3.org/ns/sosa/": [
        f"w3c-sosa-ssn/ontology/core/sosa-{part}.ttl"
        for part in ("actuation", "common", "deprecated", "observation", "sampling")
    ],
    "http://www.w3.org/ns/dcat#": ["w3c-dxwg/dcat/rdf/dcat3.ttl"],
    "http://purl.org/dc/terms/": ["kurrawong/ontologies/processed/dcterms.ttl"],
    "http://www.w3.org/ns/prov#": ["kurrawong/ontologies/processed/prov.ttl"],
    "http://www.opengis.net/ont/geosparql#": ["kurrawong/ontologies/processed/geo.ttl"],
    "http://www.w3.org/2006/time#": ["kurrawong/ontologies/processed/time.ttl"],
    "http://qudt.org/schema/qudt/": ["kurrawong/ontologies/processed/qudt.ttl"],
    "http://www.w3.org/2004/02/skos/core#": ["kurrawong/ontologies/processed/skos.ttl"],
    "https://w3id.org/ogc/stac/core/": ["kurrawong/ontologies/processed/stac-core.ttl"],
}
HOLDS = (RDFS.subClassOf, RDFS.subPropertyOf, OWL.equivalentClass)
NEAR = (SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch, SKOS.relatedMatch)
MATCHES_ONLY = {"agrovoc", "envo", "fiboa", "hyfeatures", "qudt", "saref4agri", "stac", "time"}


def alignments() -> dict[str, Graph]:
    files = sorted((ROOT / "ontology").glob("align-*.ttl"))
    return {file.stem.removeprefix("align-"): Graph().parse(file) for file in files}


def targets() -> set[URIRef]:
    found = {o for g in alignments().values() for p in (*HOLDS, *NEAR) for o in g.objects(None, p)}
    return {o for o in found if isinstance(o, URIRef)}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("namespace", sorted(KEPT))
def test_a_target_exists_and_is_of_the_kind_that_we_declare(namespace: str) -> None:
    files = [VOCABULARIES / file for file in KEPT[namespace]]
    if not all(file.exists() for file in files):
        pytest.skip("needs the vocabularies in ../shared/data/vocab")
    theirs = Graph()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for file in files:
            theirs.parse(file)
    mine = {t for t in targets() if t.startswith(namespace)}
    assert mine
    assert {t for t in mine if (t, None, None) not in theirs} == set()
    for graph in alignments().values():
        for term, kind in graph.subject_objects(RDF.type):
            if str(term).startswith(namespace) and kind == OWL.Class:
                types = set(theirs.objects(term, RDF.type))
                assert types & {OWL.Class, RDFS.Class}, term


def test_every_alignment_starts_from_a_term_of_ours(ontology: Graph) -> None:
    for name, graph in alignments().items():
        for predicate in (*HOLDS, *NEAR):
            for ours in graph.subjects(predicate):
                assert str(ours).startswith(NS), name
                assert (ours, RDFS.label, None) in ontology, (name, ours)


def test_what_is_only_near_is_only_matched() -> None:
    for name in MATCHES_ONLY:
        graph = alignments()[name]
        assert not any(True for predicate in HOLDS for _ in graph.subjects(predicate)), name


def test_an_alignment_imports_nothing_from_elsewhere(ontology: Graph) -> None:
    ours = set(ontology.subjects(RDF.type, OWL.Ontology))
    assert set(ontology.objects(None, OWL.imports)) <= ours
