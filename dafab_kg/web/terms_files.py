"""Files of the ontology that people take away: all modules as one, and the shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rdflib import DCTERMS, OWL, RDF, SH, Graph, Literal, URIRef

from dafab_kg.model import resources
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.model.names import ONTOLOGY
from dafab_kg.store.turtle import read_turtle_terms
from dafab_kg.vocabulary.held import Vocabulary, node_of

MERGED: Final = "dafab-merged"
"""Name of the file with all modules, and of its ontology."""
SHAPES: Final = "shapes"


@dataclass(frozen=True)
class ShapeFile:
    """A file of shapes: those with a name, each with the classes or properties it is about."""

    name: str
    title: str
    shapes: tuple[tuple[str, tuple[str, ...]], ...]


def merged_ontology(words: Vocabulary) -> Graph:
    """Return all modules as one ontology, which imports nothing and so opens by itself.

    An editor follows each import that it reads, to where there may be no network; the headers
    of the modules, which hold the imports, give way to one.
    """
    headers = set(words.whole.subjects(RDF.type, OWL.Ontology))
    graph = Graph(bind_namespaces="none")
    for triple in words.whole:
        if triple[0] not in headers:
            graph.add(triple)
    me = URIRef(ONTOLOGY + MERGED)
    full = words.modules.get("dafab-full", Graph())
    header = full.value(None, RDF.type, OWL.Ontology)
    graph.add((me, RDF.type, OWL.Ontology))
    title = "DaFab ontology in one file"
    graph.add((me, DCTERMS.title, Literal(title, lang="en")))
    for predicate in (OWL.versionInfo, DCTERMS.description, DCTERMS.creator, DCTERMS.license):
        for value in full.objects(header, predicate):
            graph.add((me, predicate, value))
    return graph


def shape_files() -> tuple[ShapeFile, ...]:
    """Return the files of shapes that a load is checked by."""
    return tuple(_shape_file(file) for file in resources.names("shapes", ".ttl"))


def shape_text(name: str) -> str:
    """Return a file of shapes as it stands.

    Raises:
        ThingNotFound: there is none of this name.
    """
    if f"{name}.ttl" not in resources.names("shapes", ".ttl"):
        raise ThingNotFound(f"There are no shapes {name[:80]!r}. See /shapes for all")
    return resources.text("shapes", f"{name}.ttl")


def _shape_file(file: str) -> ShapeFile:
    text = resources.text("shapes", file)
    graph = Graph(bind_namespaces="none")
    for subject, predicate, value in read_turtle_terms(text):
        graph.add((node_of(subject), URIRef(predicate.value), node_of(value)))
    targets = (SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf)
    shapes = {
        str(shape): tuple(sorted(str(one) for by in targets for one in graph.objects(shape, by)))
        for kind in (SH.NodeShape, SH.PropertyShape)
        for shape in graph.subjects(RDF.type, kind)
        if isinstance(shape, URIRef)
    }
    title = text.split("\n", 1)[0].lstrip("# ").rstrip()
    return ShapeFile(file.removesuffix(".ttl"), title, tuple(sorted(shapes.items())))
