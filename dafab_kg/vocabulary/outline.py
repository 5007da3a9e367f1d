"""The ontology at a glance: each term in a line, the tree of classes, and looking for words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from rdflib import OWL, RDF, RDFS, SKOS, Literal, URIRef
from rdflib.term import Node

from dafab_kg.model.names import NS
from dafab_kg.vocabulary.describe import short
from dafab_kg.vocabulary.held import OWN, Vocabulary, kept_vocabulary

_KINDS = {
    OWL.Class: "class",
    OWL.ObjectProperty: "property",
    OWL.DatatypeProperty: "property",
    OWL.AnnotationProperty: "annotation",
    SKOS.ConceptScheme: "scheme",
    SKOS.Concept: "concept",
}
_LINKS = {
    RDFS.subClassOf: "above",
    RDFS.range: "range",
    URIRef(NS + "unit"): "unit",
    URIRef(NS + "metadataCategory"): "category",
    SKOS.inScheme: "scheme",
    SKOS.broader: "broader",
}
_TEXTS = {
    RDFS.label: "label",
    SKOS.prefLabel: "label",
    SKOS.definition: "definition",
    RDFS.comment: "definition",
}
CATEGORIES = ("identifying", "technical", "structural", "provenance", "descriptive")
"""The five kinds of metadata, in the order of pages."""
MOST_FOUND = 60


@dataclass(frozen=True)
class Brief:
    """A term in a line; ``kind`` is class, property, annotation, scheme, concept or term.

    ``module`` is the name of the file that it stands in; ``range``, ``unit`` and
    ``category`` are IRIs, "" where nothing is said.
    """

    iri: str
    name: str
    kind: str
    label: str
    definition: str
    module: str
    range: str = ""
    unit: str = ""
    category: str = ""


@dataclass(frozen=True)
class Branch:
    """A class in the tree, with what is below it."""

    term: Brief
    below: tuple[Branch, ...] = ()


@dataclass(frozen=True)
class Module:
    """A module: its version, title and description, and its terms by kind.

    ``properties`` are by category, "" for those of none.
    """

    name: str
    version: str
    title: str
    description: str
    classes: tuple[Brief, ...] = ()
    properties: tuple[tuple[str, tuple[Brief, ...]], ...] = ()
    others: tuple[Brief, ...] = ()


@dataclass(frozen=True)
class Outline:
    """All terms by IRI; ``schemes`` with the number of their concepts."""

    terms: Mapping[str, Brief]
    tree: tuple[Branch, ...]
    modules: tuple[Module, ...]
    schemes: tuple[tuple[Brief, int], ...]

    def find(self, words: str) -> tuple[list[Brief], int]:
        """Return the terms in which all of ``words`` occur, the nearest first, and their number.

        The list has at most :data:`MOST_FOUND` of them.
        """
        asked = words.casefold().split()[:20]
        found = []
        for term in self.terms.values() if asked else ():
            name, label = term.name.casefold(), term.label.casefold()
            all_of_it = f"{name} {label} {term.definition.casefold()}"
            if all(word in all_of_it for word in asked):
                whole = " ".join(asked)
                rank = (
                    0 if whole in (name, label)
                    else 1 if name.startswith(whole) or label.startswith(whole)
                    else 2 if all(word in f"{name} {label}" for word in asked)
                    else 3,
                    term.kind == "concept",
                    len(label),
                    name,
                )  # fmt: skip
                found.append((rank, term))
        found.sort(key=lambda one: one[0])
        return [term for _, term in found[:MOST_FOUND]], len(found)


@cache
def kept_outline() -> Outline:
    """Return the outline of the package's ontology, made once in a process."""
    return outline_of(kept_vocabulary())


def outline_of(vocabulary: Vocabulary) -> Outline:
    """Read the outline of a vocabulary."""
    notes = _notes(vocabulary)
    terms = {}
    above: dict[str, list[str]] = {}
    concepts: dict[str, int] = {}
    for name in vocabulary.modules:
        for term in vocabulary.terms(name):
            note = notes[str(term)]
            terms[str(term)] = _brief(term, note, name)
            above[str(term)] = note.links.get("above", [])
            for scheme in note.links.get("scheme", []):
                concepts[scheme] = concepts.get(scheme, 0) + 1
    schemes = [term for term in terms.values() if term.kind == "scheme"]
    return Outline(
        terms,
        _tree(terms, above),
        tuple(_module(name, vocabulary, terms) for name in vocabulary.modules),
        tuple((scheme, concepts.get(scheme.iri, 0)) for scheme in schemes),
    )


@dataclass
class _Note:
    kind: str = "term"
    texts: dict[str, str] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=dict)


def _notes(vocabulary: Vocabulary) -> dict[str, _Note]:
    """Gather what is said of our terms, in one pass over all triples."""
    notes: dict[str, _Note] = {}
    for subject, predicate, value in vocabulary.whole:
        if not isinstance(subject, URIRef) or not str(subject).startswith(OWN):
            continue
        note = notes.setdefault(str(subject), _Note())
        if predicate == RDF.type:
            note.kind = _KINDS.get(value, note.kind)  # type: ignore[call-overload]
        elif predicate in _LINKS and isinstance(value, URIRef):
            note.links.setdefault(_LINKS[predicate], []).append(str(value))  # type: ignore[index]
        elif predicate in _TEXTS and _is_english(value):
            note.texts.setdefault(_TEXTS[predicate], str(value))  # type: ignore[index]
    return notes


def _is_english(value: Node) -> bool:
    return isinstance(value, Literal) and value.language in ("en", None)


def _brief(term: URIRef, note: _Note, module: str) -> Brief:
    def link(name: str) -> str:
        return min(note.links.get(name, [""]))

    name = short(term)
    return Brief(
        str(term),
        name,
        note.kind,
        note.texts.get("label", name),
        note.texts.get("definition", ""),
        module,
        link("range"),
        link("unit"),
        link("category"),
    )


def _tree(terms: Mapping[str, Brief], above: Mapping[str, list[str]]) -> tuple[Branch, ...]:
    """Return the tree of classes; a class below two stands below both."""
    classes = {iri: term for iri, term in terms.items() if term.kind == "class"}
    below: dict[str, list[str]] = {}
    for iri in classes:
        for upper in above[iri]:
            if upper in classes:
                below.setdefault(upper, []).append(iri)

    def grow(iri: str, path: tuple[str, ...]) -> Branch:
        under = sorted(below.get(iri, []), key=lambda one: classes[one].label.casefold())
        grown = tuple(grow(one, (*path, iri)) for one in under if one not in path)
        return Branch(classes[iri], grown)

    tops = [iri for iri in classes if not any(upper in classes for upper in above[iri])]
    return tuple(grow(iri, ()) for iri in sorted(tops, key=lambda o: classes[o].label.casefold()))


def _module(name: str, vocabulary: Vocabulary, terms: Mapping[str, Brief]) -> Module:
    graph = vocabulary.modules[name]
    ontology = graph.value(None, RDF.type, OWL.Ontology)
    told = {
        word: str(graph.value(ontology, URIRef(f"http://purl.org/dc/terms/{word}")) or "")
        for word in ("title", "description")
    }
    own = sorted(
        (terms[str(term)] for term in vocabulary.terms(name)), key=lambda t: t.label.casefold()
    )
    properties = [term for term in own if term.kind in ("property", "annotation")]
    by_category = {}
    for category in (*CATEGORIES, ""):
        iri = NS + category if category else ""
        found = tuple(
            term
            for term in properties
            if term.category == iri or (not category and term.category not in _CATEGORY_IRIS)
        )
        if found:
            by_category[category] = found
    return Module(
        name,
        vocabulary.version(name),
        told["title"],
        told["description"],
        tuple(term for term in own if term.kind == "class"),
        tuple(by_category.items()),
        tuple(term for term in own if term.kind not in ("class", "property", "annotation")),
    )


_CATEGORY_IRIS = frozenset(NS + name for name in CATEGORIES)
