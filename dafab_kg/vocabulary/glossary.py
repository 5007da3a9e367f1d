"""What the ontology says of its terms, as short as pages need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from rdflib import RDFS, SKOS, Graph, Literal, URIRef
from rdflib.term import Node

from dafab_kg.model.names import NS, PREFIXES

CATEGORIES: Final = ("identifying", "descriptive", "technical", "structural", "provenance")
"""The categories of metadata, in the order in which people read them."""

_SYMBOLS: Final[Mapping[str, str]] = {
    "PERCENT": "%", "NUM": "", "UNITLESS": "", "KiloM2": "km²", "DEG": "°", "BYTE": "B",
    "MI_N": "nmi", "HA": "ha", "M": "m", "NanoM": "nm", "W-PER-M2-MicroM": "W/(m² µm)",
    "PER-CentiM": "1/cm", "KiloM": "km", "KN": "kn", "HectoPA": "hPa", "HR": "h",
    "GigaHZ": "GHz", "CentiM": "cm",
}  # fmt: skip


@dataclass(frozen=True)
class Word:
    """A term for people: ``unit`` is a symbol, ``category`` one of :data:`CATEGORIES` or ""."""

    label: str = ""
    definition: str = ""
    unit: str = ""
    category: str = ""


def glossary_of(graph: Graph) -> Mapping[str, Word]:
    """Return the word of each term that ``graph`` has a label for, by IRI."""
    labelled = {s for p in (RDFS.label, SKOS.prefLabel) for s in graph.subjects(p, None)}
    return MappingProxyType(
        {str(term): _word(term, graph) for term in labelled if isinstance(term, URIRef)}
    )


def unit_symbol(iri: str) -> str:
    """Return the symbol of a QUDT unit; its local name where there is none here.

    >>> unit_symbol("http://qudt.org/vocab/unit/KiloM2")
    'km²'
    """
    local = iri.removeprefix(PREFIXES["unit"]).rsplit("#")[-1].rsplit("/")[-1]
    return _SYMBOLS.get(local, local)


def _word(term: URIRef, graph: Graph) -> Word:
    unit = graph.value(term, URIRef(NS + "unit"))
    category = str(graph.value(term, URIRef(NS + "metadataCategory")) or "").removeprefix(NS)
    return Word(
        _text(term, (RDFS.label, SKOS.prefLabel), graph),
        _text(term, (SKOS.definition, RDFS.comment), graph),
        "" if unit is None else unit_symbol(str(unit)),
        category if category in CATEGORIES else "",
    )


def _text(term: Node, predicates: tuple[URIRef, ...], graph: Graph) -> str:
    """Return the first text, the English one where there are several."""
    for predicate in predicates:
        values = [one for one in graph.objects(term, predicate) if isinstance(one, Literal)]
        if values:
            return str(min(values, key=lambda one: (one.language not in ("en", None), str(one))))
    return ""
