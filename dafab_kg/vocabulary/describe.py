"""A term in words: what it is, how it lies among others, what is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rdflib import DCTERMS, OWL, RDF, RDFS, SH, SKOS, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from dafab_kg.model.names import ONTOLOGY
from dafab_kg.vocabulary.held import Vocabulary
from dafab_kg.vocabulary.order import KNOWN_PREFIXES

_KINDS = {
    OWL.Class: "class",
    OWL.ObjectProperty: "object property",
    OWL.DatatypeProperty: "datatype property",
    OWL.AnnotationProperty: "annotation property",
    RDFS.Datatype: "datatype",
    SKOS.ConceptScheme: "concept scheme",
    SKOS.Concept: "concept",
}
_CHARACTERISTICS = {
    OWL.FunctionalProperty: "has at most one value",
    OWL.InverseFunctionalProperty: "a value belongs to one thing",
    OWL.TransitiveProperty: "is transitive",
    OWL.SymmetricProperty: "is symmetric",
    OWL.AsymmetricProperty: "is asymmetric",
    OWL.IrreflexiveProperty: "is irreflexive",
}
_COUNTS = {
    OWL.cardinality: "exactly", OWL.qualifiedCardinality: "exactly",
    OWL.minCardinality: "min", OWL.minQualifiedCardinality: "min",
    OWL.maxCardinality: "max", OWL.maxQualifiedCardinality: "max",
}  # fmt: skip
_FACETS = {"minInclusive": ">=", "maxInclusive": "<=", "minExclusive": ">", "maxExclusive": "<"}
_DAFAB = KNOWN_PREFIXES["dafab"]
_SCHEMA = KNOWN_PREFIXES["schema"]
_LINKS = (
    ("above", (RDFS.subClassOf, RDFS.subPropertyOf, SKOS.broader)),
    ("domain", (RDFS.domain, URIRef(_SCHEMA + "domainIncludes"))),
    ("range", (RDFS.range, URIRef(_SCHEMA + "rangeIncludes"))),
    ("inverse", (OWL.inverseOf,)),
    ("disjoint with", (OWL.disjointWith, OWL.propertyDisjointWith)),
    ("in scheme", (SKOS.inScheme,)),
    ("matches", (SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch)),
    ("unit", (URIRef(_DAFAB + "unit"),)),
    ("category", (URIRef(_DAFAB + "metadataCategory"),)),
    ("origin", (URIRef(_DAFAB + "metadataOrigin"),)),
)
_BACK = (
    ("below", (RDFS.subClassOf, RDFS.subPropertyOf, SKOS.broader)),
    ("properties", (RDFS.domain, URIRef(_SCHEMA + "domainIncludes"))),
    ("reached by", (RDFS.range, URIRef(_SCHEMA + "rangeIncludes"))),
    ("concepts", (SKOS.inScheme,)),
)


@dataclass(frozen=True)
class Description:
    """A term for people.

    ``links`` name other terms by what they are to this one (``above``, ``range``);
    ``axioms`` are in words like those of the Manchester syntax; ``shapes`` are IRIs of
    the SHACL shapes that target the class or constrain the property.
    """

    iri: str
    name: str
    kind: str
    label: str
    definition: str
    notes: tuple[str, ...]
    sources: tuple[str, ...]
    module: str
    links: Mapping[str, tuple[str, ...]]
    axioms: tuple[str, ...]
    shapes: tuple[str, ...]


def describe(term: URIRef, vocabulary: Vocabulary) -> Description:
    """Return a term in words."""
    graph = vocabulary.whole
    kinds = [name for kind, name in _KINDS.items() if (term, RDF.type, kind) in graph]
    links: dict[str, tuple[str, ...]] = {}
    for name, predicates in _LINKS:
        links[name] = _named({o for p in predicates for o in graph.objects(term, p)})
    links["inverse"] = _named(
        {*graph.objects(term, OWL.inverseOf), *graph.subjects(OWL.inverseOf, term)}
    )
    links["disjoint with"] = _named(_apart(term, vocabulary))
    for name, predicates in _BACK:
        links[name] = _named({s for p in predicates for s in graph.subjects(p, term)})
    home = str(graph.value(term, RDFS.isDefinedBy) or "")
    return Description(
        iri=str(term),
        name=short(term),
        kind=", ".join(kinds) or "individual",
        label=_text(term, (RDFS.label, SKOS.prefLabel), graph) or short(term),
        definition=_text(term, (SKOS.definition, RDFS.comment), graph),
        notes=(
            *_texts(term, (SKOS.scopeNote,), graph),
            *(f"Example: {text}" for text in _texts(term, (SKOS.example,), graph)),
            *(f"Code: {text}" for text in _texts(term, (SKOS.notation,), graph)),
        ),
        sources=tuple(sorted({str(source) for source in graph.objects(term, DCTERMS.source)})),
        module=home.removeprefix(ONTOLOGY) if home.startswith(ONTOLOGY) else "",
        links={name: values for name, values in links.items() if values},
        axioms=axioms(term, graph),
        shapes=_shapes(term, vocabulary.shapes),
    )


def _apart(term: Node, vocabulary: Vocabulary) -> set[Node]:
    """Return what is said to have nothing in common with a term, in whatever way."""
    graph = vocabulary.whole
    found: set[Node] = set()
    for predicate in (OWL.disjointWith, OWL.propertyDisjointWith):
        found |= {*graph.objects(term, predicate), *graph.subjects(predicate, term)}
    for members in vocabulary.all_apart:
        if term in members:
            found |= members - {term}
    return found


def axioms(term: Node, graph: Graph) -> tuple[str, ...]:
    """Return what is said of a term by axioms with nodes of their own, in words."""
    told = [text for kind, text in _CHARACTERISTICS.items() if (term, RDF.type, kind) in graph]
    for predicate, text in (
        (RDFS.subClassOf, "is a"),
        (OWL.equivalentClass, "is the same as"),
        (OWL.disjointUnionOf, "is one of"),
    ):
        told += [
            f"{text} {words(value, graph)}"
            for value in graph.objects(term, predicate)
            if isinstance(value, BNode)
        ]
    told += [
        f"whatever is {words(value, graph)} is one"
        for value in graph.subjects(RDFS.subClassOf, term)
        if isinstance(value, BNode)
    ]
    for predicate, text, sign in (
        (OWL.propertyChainAxiom, "follows from", " o "),
        (OWL.hasKey, "is told apart by", ", "),
    ):
        told += [
            f"{text} {sign.join(words(member, graph) for member in _list(head, graph))}"
            for head in graph.objects(term, predicate)
        ]
    return tuple(sorted(told))


def words(node: Node, graph: Graph, depth: int = 0) -> str:
    """Return a class expression or data range in words like the Manchester syntax."""
    if not isinstance(node, BNode):
        return str(node) if isinstance(node, Literal) else short(node)
    if depth > 20:
        return "…"  # an expression within itself
    for predicate, sign in ((OWL.intersectionOf, " and "), (OWL.unionOf, " or ")):
        members = graph.value(node, predicate)
        if members is not None:
            return "(" + sign.join(words(m, graph, depth + 1) for m in _list(members, graph)) + ")"
    one_of = graph.value(node, OWL.oneOf)
    if one_of is not None:
        return "{" + ", ".join(words(m, graph, depth + 1) for m in _list(one_of, graph)) + "}"
    for predicate, sign in ((OWL.complementOf, "not"), (OWL.inverseOf, "inverse")):
        value = graph.value(node, predicate)
        if value is not None:
            return f"{sign} {words(value, graph, depth + 1)}"
    if graph.value(node, OWL.onDatatype) is not None:
        return _range(node, graph)
    return _restriction(node, graph, depth)


def _restriction(node: BNode, graph: Graph, depth: int) -> str:
    on = graph.value(node, OWL.onProperty)
    property_ = words(on, graph, depth + 1) if on is not None else "?"
    for predicate, sign in (
        (OWL.someValuesFrom, "some"), (OWL.allValuesFrom, "only"), (OWL.hasValue, "value"),
    ):  # fmt: skip
        value = graph.value(node, predicate)
        if value is not None:
            return f"({property_} {sign} {words(value, graph, depth + 1)})"
    for predicate, sign in _COUNTS.items():
        number = graph.value(node, predicate)
        if number is not None:
            kind = graph.value(node, OWL.onClass) or graph.value(node, OWL.onDataRange)
            of = f" {words(kind, graph, depth + 1)}" if kind is not None else ""
            return f"({property_} {sign} {number}{of})"
    return "something"


def _range(node: BNode, graph: Graph) -> str:
    bounds = []
    for facet in _list(graph.value(node, OWL.withRestrictions), graph):
        for predicate, value in graph.predicate_objects(facet):
            local = str(predicate).rsplit("#")[-1]
            bounds.append(f"{_FACETS.get(local, local)} {value}")
    return f"{words(graph.value(node, OWL.onDatatype) or node, graph)}[{', '.join(sorted(bounds))}]"


def short(term: Node) -> str:
    """Return a term with its prefix; our own without."""
    text = str(term)
    for prefix, space in sorted(KNOWN_PREFIXES.items(), key=lambda p: -len(p[1])):
        if text.startswith(space):
            local = text[len(space) :]
            return local if prefix == "dafab" else f"{prefix}:{local}"
    return text


def _list(head: Node | None, graph: Graph) -> list[Node]:
    return list(Collection(graph, head)) if head is not None else []


def _named(nodes: set[Node]) -> tuple[str, ...]:
    return tuple(sorted(str(node) for node in nodes if isinstance(node, URIRef)))


def _text(term: Node, predicates: tuple[URIRef, ...], graph: Graph) -> str:
    texts = _texts(term, predicates, graph)
    return texts[0] if texts else ""


def _texts(term: Node, predicates: tuple[URIRef, ...], graph: Graph) -> tuple[str, ...]:
    """Return texts in the order of the predicates, English first."""
    found: list[str] = []
    for predicate in predicates:
        values = [v for v in graph.objects(term, predicate) if isinstance(v, Literal)]
        values.sort(key=lambda v: (v.language not in ("en", None), str(v)))
        found += map(str, values)
    return tuple(found)


def _shapes(term: URIRef, shapes: Graph) -> tuple[str, ...]:
    found = set(shapes.subjects(SH.targetClass, term))
    for constraint in shapes.subjects(SH.path, term):
        found |= set(shapes.subjects(SH.property, constraint))
    return _named(found)
