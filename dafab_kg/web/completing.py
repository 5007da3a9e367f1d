"""What an editor completes words from: this catalogue's prefixes, classes and properties."""

from __future__ import annotations

from typing import Any, Final

from rdflib import OWL, RDF, RDFS, SKOS, Literal, URIRef

from dafab_kg.catalogue import Catalogue
from dafab_kg.model.names import PREFIXES
from dafab_kg.vocabulary.held import kept_vocabulary
from dafab_kg.web.term_uses import numbers_of

_KINDS: Final = {
    "classes": (OWL.Class,),
    "properties": (OWL.ObjectProperty, OWL.DatatypeProperty),
}
ALWAYS: Final = {
    "properties": (
        (PREFIXES["rdf"] + "type", "type"),
        (RDFS.label, "label"),
        (PREFIXES["geo"] + "hasGeometry", "has geometry"),
        (PREFIXES["geo"] + "asWKT", "as WKT"),
        (PREFIXES["prov"] + "wasDerivedFrom", "was derived from"),
        (PREFIXES["prov"] + "generatedAtTime", "generated at time"),
    ),
    "classes": (),
}
"""What queries need of other vocabularies, and the ontology need not declare."""


def words_of(catalogue: Catalogue) -> dict[str, Any]:
    """Return ``prefixes``, and ``classes`` and ``properties`` as pairs of IRI and label.

    Classes are the ontology's and, once they are counted, all of which the catalogue holds
    things.
    """
    told: dict[str, Any] = {"prefixes": dict(catalogue.names.prefixes)}
    held = {"classes": tuple(numbers_of(catalogue).get() or ()), "properties": ()}
    for name, kinds in _KINDS.items():
        found = dict.fromkeys(held[name], "")
        found |= {str(iri): label for iri, label in ALWAYS[name]}
        found |= _declared(kinds)
        told[name] = sorted(found.items(), key=lambda pair: (pair[0].casefold(), pair[0]))
    return told


def _declared(kinds: tuple[URIRef, ...]) -> dict[str, str]:
    graph = kept_vocabulary().whole
    found = {}
    for kind in kinds:
        for term in graph.subjects(RDF.type, kind):
            if isinstance(term, URIRef):
                texts = [*graph.objects(term, RDFS.label), *graph.objects(term, SKOS.prefLabel)]
                english = [
                    str(text)
                    for text in texts
                    if isinstance(text, Literal) and text.language in ("en", None)
                ]
                found[str(term)] = min(english, default="")
    return found
