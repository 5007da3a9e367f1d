"""The beginning of a SHACL shape: what the ontology can tell about a class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rdflib import OWL, RDF, RDFS, SH, Graph, Literal, URIRef
from rdflib.term import Node

from dafab_kg.model.errors import ThingNotFound
from dafab_kg.vocabulary.opening import declared, open_files
from dafab_kg.vocabulary.order import KNOWN_PREFIXES
from dafab_kg.vocabulary.reading import read_file, read_turtle
from dafab_kg.vocabulary.turtle import Turtle

_DATATYPES = (KNOWN_PREFIXES["xsd"], KNOWN_PREFIXES["rdf"])
_INCLUDES = URIRef(KNOWN_PREFIXES["schema"] + "domainIncludes")
_CATEGORY = URIRef(KNOWN_PREFIXES["dafab"] + "metadataCategory")
_SINGLE = URIRef(KNOWN_PREFIXES["dafab"] + "singleValued")
_SHAPES = KNOWN_PREFIXES["dsh"]
_PROPERTIES = (OWL.ObjectProperty, OWL.DatatypeProperty)


def skeleton(files: Iterable[Path], shapes: Iterable[Path], names: Sequence[str] = ()) -> str:
    """Return shapes in Turtle for the classes named, or for all that no shape targets.

    A name is an IRI or what follows its last ``#`` or ``/``.  A shape asks of each
    property that the class, or a class above it, is a domain of: its datatype or
    class, and at most one value where it is functional.  What must be there the
    ontology cannot tell; ``sh:minCount`` is left to the person.

    Raises:
        ThingNotFound: no class is called so.
        FileNotUsable, NotWellFormed: a file cannot be read.
    """
    opened = open_files(files)
    graph = opened.whole()
    own = {t for g in opened.asked.values() for t in declared(g)}
    classes = {c for c in own if (c, RDF.type, OWL.Class) in graph}
    if names:
        chosen = [_find(name, classes) for name in names]
    else:
        shaped = _targets(shapes)
        chosen = sorted((c for c in classes - shaped if _properties(c, graph)), key=str)
    writer = Turtle(graph, KNOWN_PREFIXES)
    body = [_shape(one, graph, writer) for one in chosen]
    if not body:
        return ""
    head = "".join(
        f"@prefix {name}: <{KNOWN_PREFIXES[name]}> .\n"
        for name in sorted({*writer.used, "dsh", "sh"})
    )
    return "\n".join([head, *body])


def _find(name: str, classes: set[URIRef]) -> URIRef:
    found = [c for c in classes if name in (str(c), _local(c), f"dafab:{_local(c)}")]
    if len(found) != 1:
        known = ", ".join(sorted(map(_local, classes))[:40])
        raise ThingNotFound(f"{len(found)} classes are called {name!r}. There are: {known}")
    return found[0]


def _local(term: Node) -> str:
    return str(term).replace("/", "#").rstrip("#").rsplit("#", 1)[-1]


def _targets(shapes: Iterable[Path]) -> set[Node]:
    found: set[Node] = set()
    for file in shapes:
        found |= set(read_turtle(read_file(file), str(file)).objects(None, SH.targetClass))
    return found


def _properties(one: URIRef, graph: Graph) -> list[Node]:
    """Return the properties that a class has, its superclasses' among them, by category."""
    above = set(graph.transitive_objects(one, RDFS.subClassOf))
    found = {
        term
        for kind in _PROPERTIES
        for term in graph.subjects(RDF.type, kind)
        if above & {*graph.objects(term, RDFS.domain), *graph.objects(term, _INCLUDES)}
    }
    return sorted(found, key=lambda t: (str(graph.value(t, _CATEGORY)), str(t)))


def _shape(one: URIRef, graph: Graph, writer: Turtle) -> str:
    rows = [
        f"{writer.node(URIRef(_SHAPES + _local(one)))} a sh:NodeShape",
        f"sh:targetClass {writer.node(one)}",
        "sh:nodeKind sh:IRI",
    ]
    for term in _properties(one, graph):
        inside = " ;\n        ".join(_constraints(term, graph, writer))
        rows.append(f"sh:property [\n        {inside} ]")
    return " ;\n    ".join(rows) + " .\n"


def _constraints(term: Node, graph: Graph, writer: Turtle) -> list[str]:
    single = (term, RDF.type, OWL.FunctionalProperty) in graph or graph.value(term, _SINGLE)
    kind = graph.value(term, RDFS.range)
    rows = [f"sh:path {writer.node(term)}"]
    if single:
        rows.append("sh:maxCount 1")
    expected = "a value"
    if isinstance(kind, URIRef) and str(kind).startswith(_DATATYPES):
        rows.append(f"sh:datatype {writer.node(kind)}")
        expected = f"a value of type {_local(kind)}"
    elif (term, RDF.type, OWL.ObjectProperty) in graph:
        rows.append("sh:nodeKind sh:IRI")
        expected = "an IRI"
        if isinstance(kind, URIRef):
            rows.append(f"sh:class {writer.node(kind)}")
            expected = f"an IRI of a {graph.value(kind, RDFS.label) or _local(kind)}"
    category = graph.value(term, _CATEGORY)
    if category is not None:
        rows.append(f"sh:group {writer.node(URIRef(_SHAPES + _local(category)))}")
    label = graph.value(term, RDFS.label) or _local(term)
    number = "At most one value" if single else "Every value"
    message = Literal(f"{number} of {label} is expected: {expected}.", lang="en")
    return [*rows, "sh:severity sh:Violation", f"sh:message {writer.node(message)}"]
