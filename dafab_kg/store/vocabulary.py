"""What the ontology says of its properties, as far as the store itself must know it."""

from __future__ import annotations

from functools import cache
from typing import Final

import pyoxigraph as ox

from dafab_kg.model.names import PREFIXES, term
from dafab_kg.model.resources import names, text

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
