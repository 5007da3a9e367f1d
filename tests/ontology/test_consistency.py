"""HermiT finds no contradiction in the ontology and no class that nothing can be in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rdflib import OWL, RDF, RDFS, BNode, Graph, Literal, URIRef

from tests.ontology.conftest import NS, ROOT

pytestmark = pytest.mark.slow

WKT = URIRef("http://www.opengis.net/ont/geosparql#wktLiteral")
LEFT_OUT = ("align-", "dafab-full", "hcat")
"""Alignments speak of others' terms; hcat lists 600 concepts, which takes HermiT minutes
and adds no axiom but those of SKOS that the other schemes have too."""


def classified(graph: Graph, folder: Path) -> set[str]:
    """Return the unsatisfiable classes; a contradiction raises an error."""
    owlready2 = pytest.importorskip("owlready2")
    if shutil.which("java") is None:
        pytest.skip("needs Java: apt-get install default-jre-headless")
    file = folder / "merged.nt"
    graph.serialize(file, format="nt", encoding="utf-8")
    world = owlready2.World()
    world.get_ontology(file.as_uri()).load()
    owlready2.sync_reasoner_hermit(world, debug=0)
    return {c.iri for c in world.inconsistent_classes() if c is not owlready2.Nothing}


def merged() -> Graph:
    """Return the modules and the thresholds as one graph."""
    graph = Graph(bind_namespaces="none")
    for file in sorted((ROOT / "ontology").glob("*.ttl")):
        if not file.stem.startswith(LEFT_OUT):
            graph.parse(file)
    graph.remove((None, OWL.imports, None))
    # HermiT aborts on datatypes that are not in the OWL 2 map
    graph.remove((None, RDFS.range, WKT))
    for triple in [t for t in graph if isinstance(t[2], Literal) and t[2].datatype == WKT]:
        graph.remove(triple)
    return graph


def test_no_class_is_unsatisfiable(tmp_path: Path) -> None:
    assert classified(merged(), tmp_path) == set()


@pytest.mark.oracle  # of the way to find it; takes as long as the test itself
def test_a_class_below_two_disjoint_ones_is_found(tmp_path: Path) -> None:
    graph = merged()
    for above in ("SourceProduct", "AIProduct"):
        graph.add((URIRef(NS + "Both"), RDFS.subClassOf, URIRef(NS + above)))
    graph.add((URIRef(NS + "Both"), RDF.type, OWL.Class))
    assert classified(graph, tmp_path) == {NS + "Both"}


def test_a_thing_in_two_disjoint_classes_is_a_contradiction(tmp_path: Path) -> None:
    owlready2 = pytest.importorskip("owlready2")
    graph = merged()
    for kind in ("SourceProduct", "AIProduct"):
        graph.add((BNode("x"), RDF.type, URIRef(NS + kind)))
    with pytest.raises(owlready2.OwlReadyInconsistentOntologyError):
        classified(graph, tmp_path)
