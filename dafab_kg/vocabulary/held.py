"""The ontology and the shapes that travel with the package, as graphs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from threading import Lock
from typing import Final

from rdflib import OWL, RDF, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from dafab_kg.model import resources
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.model.names import NS, is_iri
from dafab_kg.store.protocol import XSD_STRING, Blank, Iri, Term
from dafab_kg.store.turtle import read_turtle_terms
from dafab_kg.vocabulary.order import KNOWN_PREFIXES

_READING: Final = Lock()
OWN: Final = (NS, KNOWN_PREFIXES["hcat"])
"""Namespaces whose terms are ours to describe."""


@dataclass(frozen=True)
class Vocabulary:
    """Modules by name (their text and graph), all of them as one, and the shapes.

    Made by :func:`read_vocabulary`; what is in it never changes.
    """

    texts: Mapping[str, str]
    modules: Mapping[str, Graph]
    whole: Graph
    shapes: Graph

    @cached_property
    def all_apart(self) -> tuple[frozenset[Node], ...]:
        """Sets of terms of which no two have anything in common."""
        return tuple(
            frozenset(self._members(axiom))
            for kind in (OWL.AllDisjointClasses, OWL.AllDisjointProperties)
            for axiom in self.whole.subjects(RDF.type, kind)
        )

    def _members(self, axiom: Node) -> list[Node]:
        head = self.whole.value(axiom, OWL.members)
        return list(Collection(self.whole, head)) if head is not None else []

    def find(self, iri: str) -> URIRef:
        """Return the term of this IRI.

        Raises:
            ThingNotFound: no module declares it.
        """
        # rdflib logs each that is no IRI, and anybody may ask for some
        term = URIRef(iri) if is_iri(iri) else None
        if term is None or (term, RDF.type, None) not in self.whole:
            raise ThingNotFound(f"The ontology has no term {iri[:200]!r}. See /ns for all terms")
        return term

    def terms(self, module: str) -> list[URIRef]:
        """Return the terms that a module describes, by IRI."""
        graph = self.modules[module]
        ontologies = set(graph.subjects(RDF.type, OWL.Ontology))
        return sorted(
            {
                s
                for s in graph.subjects(RDF.type, None)
                if isinstance(s, URIRef) and s not in ontologies and str(s).startswith(OWN)
            },
            key=str,
        )

    def version(self, module: str) -> str:
        """Return the version of a module, "" where it states none."""
        graph = self.modules[module]
        ontology = graph.value(None, RDF.type, OWL.Ontology)
        return str(graph.value(ontology, OWL.versionInfo) or "")

    def about(self, term: Node) -> Graph:
        """Return what is said of a term, with the blank nodes that hang on it."""
        found = Graph(bind_namespaces="none")
        todo = [term]
        while todo:
            subject = todo.pop()
            for predicate, value in self.whole.predicate_objects(subject):
                if (subject, predicate, value) not in found:
                    found.add((subject, predicate, value))
                    if isinstance(value, BNode):
                        todo.append(value)
        return found


def read_vocabulary() -> Vocabulary:
    """Read the ontology and the shapes that travel with the package."""
    texts = {
        file.removesuffix(".ttl"): resources.text("ontology", file)
        for file in resources.names("ontology", ".ttl")
    }
    modules = {name: Graph(bind_namespaces="none") for name in texts}
    whole, shapes = Graph(bind_namespaces="none"), Graph(bind_namespaces="none")
    for name, text in texts.items():
        for triple in _nodes(text):
            modules[name].add(triple)
            whole.add(triple)
    for file in resources.names("shapes", ".ttl"):
        for triple in _nodes(resources.text("shapes", file)):
            shapes.add(triple)
    return Vocabulary(texts, modules, whole, shapes)


@cache
def _vocabulary() -> Vocabulary:
    return read_vocabulary()


def kept_vocabulary() -> Vocabulary:
    """Return the vocabulary, read once in a process, however many threads ask at once."""
    with _READING:
        return _vocabulary()


def _nodes(text: str) -> Iterator[tuple[Node, Node, Node]]:
    """Give the triples of a file; that they are well-formed is seen when a file is changed."""
    for triple in read_turtle_terms(text):
        subject, predicate, value = map(node_of, triple)
        yield subject, predicate, value


def node_of(term: Term) -> Node:
    """Return a term as rdflib has it; the digits of a literal stay as they are stated."""
    if isinstance(term, Iri):
        return URIRef(term.value)
    if isinstance(term, Blank):
        return BNode(term.value)
    if term.language:
        return Literal(term.value, lang=term.language)
    kind = None if term.datatype == XSD_STRING else URIRef(term.datatype)
    return Literal(term.value, datatype=kind, normalize=False)
