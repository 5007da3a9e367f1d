"""What the ontology says of its terms, as short as pages need it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from dafab_kg.model.names import NS, PREFIXES
from dafab_kg.store.protocol import Iri, Literal, Term

CATEGORIES: Final = ("identifying", "descriptive", "technical", "structural", "provenance")
"""The categories of metadata, in the order in which people read them."""

_SYMBOLS: Final[Mapping[str, str]] = {
    "PERCENT": "%", "NUM": "", "UNITLESS": "", "KiloM2": "km²", "DEG": "°", "BYTE": "B",
    "MI_N": "nmi", "HA": "ha", "M": "m", "NanoM": "nm", "W-PER-M2-MicroM": "W/(m² µm)",
    "PER-CentiM": "1/cm", "KiloM": "km", "KN": "kn", "HectoPA": "hPa", "HR": "h",
    "GigaHZ": "GHz", "CentiM": "cm", "DobsonUnit": "DU",
}  # fmt: skip


_LABELS: Final = (PREFIXES["rdfs"] + "label", PREFIXES["skos"] + "prefLabel")
_DEFINITIONS: Final = (PREFIXES["skos"] + "definition", PREFIXES["rdfs"] + "comment")
_TEXTS: Final = frozenset((*_LABELS, *_DEFINITIONS))
_UNIT: Final = NS + "unit"
_CATEGORY: Final = NS + "metadataCategory"
_LINKS: Final = frozenset((_UNIT, _CATEGORY))

Triple = tuple[Term, Iri, Term]


@dataclass(frozen=True)
class Word:
    """A term for people: ``unit`` is a symbol, ``category`` one of :data:`CATEGORIES` or ""."""

    label: str = ""
    definition: str = ""
    unit: str = ""
    category: str = ""


def glossary_of(triples: Iterable[Triple]) -> Mapping[str, Word]:
    """Return the word of each term that has a label in ``triples``, by IRI."""
    texts: dict[str, dict[str, list[Literal]]] = {}
    links: dict[str, dict[str, str]] = {}
    for subject, predicate, value in triples:
        if not isinstance(subject, Iri):
            continue
        if isinstance(value, Literal) and predicate.value in _TEXTS:
            texts.setdefault(subject.value, {}).setdefault(predicate.value, []).append(value)
        elif isinstance(value, Iri) and predicate.value in _LINKS:
            links.setdefault(subject.value, {})[predicate.value] = value.value
    words = {}
    for term_, told in texts.items():
        category = links.get(term_, {}).get(_CATEGORY, "").removeprefix(NS)
        words[term_] = Word(
            _text(told, _LABELS),
            _text(told, _DEFINITIONS),
            unit_symbol(links.get(term_, {}).get(_UNIT, "")),
            category if category in CATEGORIES else "",
        )
    return MappingProxyType(words)


def unit_symbol(iri: str) -> str:
    """Return the symbol of a QUDT unit; its local name where there is none here.

    >>> unit_symbol("http://qudt.org/vocab/unit/KiloM2")
    'km²'
    """
    local = iri.removeprefix(PREFIXES["unit"]).rsplit("#")[-1].rsplit("/")[-1]
    return _SYMBOLS.get(local, local)


def _text(told: Mapping[str, list[Literal]], predicates: tuple[str, ...]) -> str:
    """Return the first text, the English one where there are several."""
    for predicate in predicates:
        if predicate in told:
            found = min(told[predicate], key=lambda one: (one.language not in ("en", ""), one))
            return found.value
    return ""
