"""What the ontology says of its properties, as far as the store itself must know it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

import pyoxigraph as ox

from dafab_kg.model.names import PREFIXES, term
from dafab_kg.model.resources import names, text
from dafab_kg.store.protocol import Blank, Iri, Literal, Term

_TYPE: Final = ox.NamedNode(PREFIXES["rdf"] + "type")
_FUNCTIONAL: Final = ox.NamedNode(PREFIXES["owl"] + "FunctionalProperty")
_SINGLE: Final = ox.NamedNode(term("singleValued"))


@cache
def single_valued() -> frozenset[str]:
    """IRIs of the properties of which a thing has one value.

    They are the ontology's functional properties, and those of other vocabularies
    that it annotates with ``dafab:singleValued``.
    """
    found = set()
    for file in names("ontology", ".ttl"):
        for quad in ox.parse(text("ontology", file).encode(), format=ox.RdfFormat.TURTLE):
            functional = quad.predicate == _TYPE and quad.object == _FUNCTIONAL
            if (functional or quad.predicate == _SINGLE) and isinstance(quad.subject, ox.NamedNode):
                found.add(quad.subject.value)
    return frozenset(found)


def ontology_triples() -> Iterator[tuple[Term, Iri, Term]]:
    """All that the ontology's files say, a file after the other; much faster than rdflib."""
    for file in names("ontology", ".ttl"):
        for quad in ox.parse(text("ontology", file).encode(), format=ox.RdfFormat.TURTLE):
            yield _term(quad.subject), Iri(quad.predicate.value), _term(quad.object)


def _term(node: object) -> Term:
    if isinstance(node, ox.NamedNode):
        return Iri(node.value)
    if isinstance(node, ox.Literal):
        return Literal(node.value, node.datatype.value, node.language or "")
    assert isinstance(node, ox.BlankNode)
    return Blank(node.value)
