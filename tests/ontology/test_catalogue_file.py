"""An editor opens the ontology with no network, through the catalogue file."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree

import pytest
from rdflib import OWL, RDF, Graph, URIRef

from tests.ontology.conftest import NS, ROOT

CATALOGUE = ROOT / "ontology" / "catalog-v001.xml"
URI = "{urn:oasis:names:tc:entity:xmlns:xml:catalog}uri"


def entries() -> dict[str, Path]:
    root = ElementTree.parse(CATALOGUE).getroot()
    return {e.attrib["name"]: CATALOGUE.parent / e.attrib["uri"] for e in root.iter(URI)}


def test_catalogue_leads_to_the_file_that_declares_the_ontology() -> None:
    for name, file in entries().items():
        graph = Graph().parse(file)
        (iri,) = graph.subjects(RDF.type, OWL.Ontology)
        assert URIRef(name) in {iri, graph.value(iri, OWL.versionIRI)}


def test_catalogue_names_every_import_and_every_file(ontology: Graph) -> None:
    known = entries()
    assert {str(o) for o in ontology.objects(None, OWL.imports)} <= set(known)
    assert set(known.values()) == set((ROOT / "ontology").glob("*.ttl"))


def test_owlready2_opens_all_modules_without_network(
    ontology: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owlready2 = pytest.importorskip("owlready2")
    for name, file in entries().items():
        # owlready2 reads no Turtle, and finds an import by the last part of its IRI
        if not name.rsplit("/", 1)[-1][0].isdigit():
            Graph().parse(file).serialize(
                tmp_path / f"{name.rsplit('/', 1)[-1]}.nt", format="nt", encoding="utf-8"
            )

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(owlready2, "onto_path", [str(tmp_path)])
    monkeypatch.setattr(owlready2.namespace, "onto_path", [str(tmp_path)])
    world = owlready2.World()
    whole = world.get_ontology("https://w3id.org/dafab/ont/dafab-full").load()
    opened = {o.base_iri.rstrip("#/") for o in whole.indirectly_imported_ontologies()}
    assert opened == {n for n in entries() if not n.rsplit("/", 1)[-1][0].isdigit()}
    classes = {c.iri for c in world.classes() if c.iri.startswith(NS)}
    assert classes == {str(c) for c in ontology.subjects(RDF.type, OWL.Class) if NS in c}
    source = world[NS + "SourceProduct"]
    assert world[NS + "Product"] in source.ancestors()
    assert world[NS + "AIProduct"] in {e for d in source.disjoints() for e in d.entities}
