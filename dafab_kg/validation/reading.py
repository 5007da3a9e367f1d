"""A shapes graph → :class:`~dafab_kg.validation.shapes.Shapes`.

What is not understood is never passed over: the shape with targets that needs
it is listed as foreign, for another engine to judge by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from rdflib import OWL, RDF, RDFS, SH, BNode, Graph, URIRef
from rdflib import Literal as RdflibLiteral
from rdflib.term import Node

from dafab_kg.model.errors import ShapesNotValid
from dafab_kg.store.protocol import Iri, Literal, Term
from dafab_kg.validation import conditions
from dafab_kg.validation.paths import members, read_path
from dafab_kg.validation.shapes import (
    ClassConstraint,
    Closed,
    Constraint,
    CountConstraint,
    HasValue,
    LogicConstraint,
    PairConstraint,
    Qualified,
    Root,
    Shape,
    Shapes,
    SparqlConstraint,
    Target,
    UniqueLang,
)
from dafab_kg.validation.sparql_constraints import read_sparql
from dafab_kg.validation.terms import from_rdflib, shown, sparql

_TARGETS: Final = (
    (SH.targetClass, "class"),
    (SH.targetNode, "node"),
    (SH.targetSubjectsOf, "subjects"),
    (SH.targetObjectsOf, "objects"),
)
_ANNOTATIONS: Final = frozenset(
    {SH.path, SH.name, SH.description, SH.order, SH.group, SH.defaultValue, SH.severity}
    | {SH.message, SH.deactivated, SH.flags, SH.ignoredProperties, SH.qualifiedValueShapesDisjoint}
    | {
        SH.qualifiedMinCount,
        SH.qualifiedMaxCount,
        SH.property,
        SH.declare,
        SH.shapesGraph,
        SH.prefixes,
    }
    | {SH.select}  # a shape may be a constraint too
    | {predicate for predicate, _ in _TARGETS}
)
_SHAPES: Final = (SH.NodeShape, SH.PropertyShape)
_CLASSES: Final = {RDFS.Class, OWL.Class}


class _Foreign(Exception):
    """A shape says what is not understood here."""


def read_shapes(graph: Graph) -> Shapes:
    """Understand a shapes graph.

    Raises:
        ShapesNotValid: a shape is ill-formed, which makes all verdicts undefined
            (SHACL section 3.4.2).
    """
    if (None, SH.entailment, None) in graph:
        raise ShapesNotValid(
            "sh:entailment asks for a regime of inference, which none is known here. "
            "Remove it, and give inferred triples as data"
        )
    reader = _Reader(graph)
    roots, foreign, known = [], {}, {}
    for node, targets in _with_targets(graph):
        try:
            needed = reader.read_with_all_it_needs(node)
        except _Foreign as reason:
            foreign[from_rdflib(node)] = str(reason)
            continue
        known.update(needed)
        roots.append(Root(from_rdflib(node), targets))
    return Shapes(known, tuple(roots), foreign)


def _with_targets(graph: Graph) -> Iterator[tuple[Node, tuple[Target, ...]]]:
    """Yield the shapes that have targets, in an order of their own."""
    found: dict[Node, list[Target]] = {}
    for predicate, kind in _TARGETS:
        for shape, value in graph.subject_objects(predicate):
            if kind != "node" and not isinstance(value, URIRef):
                raise ShapesNotValid(f"{predicate} of {shown(from_rdflib(shape))} is no IRI")
            found.setdefault(shape, []).append(Target(kind, from_rdflib(value)))  # type: ignore[arg-type]
    for shape in graph.subjects(SH.target):
        found.setdefault(shape, [])
    for kind in _SHAPES:
        for shape in graph.subjects(RDF.type, kind):
            types = set(graph.objects(shape, RDF.type))
            if isinstance(shape, URIRef) and _CLASSES & {
                above for one in types for above in graph.transitive_objects(one, RDFS.subClassOf)
            }:
                found.setdefault(shape, []).append(Target("class", from_rdflib(shape)))
    for shape in sorted(found, key=str):
        yield shape, tuple(sorted(set(found[shape]), key=lambda t: (t.kind, t.term)))


class _Reader:
    """Reads shapes of one graph, each once."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._read: dict[Node, Shape | _Foreign] = {}
        self._of_components = frozenset(
            parameter
            for declared in graph.objects(None, SH.parameter)
            for parameter in graph.objects(declared, SH.path)
        )

    def read_with_all_it_needs(self, node: Node) -> dict[Term, Shape]:
        """Read a shape and those that it refers to.

        Raises:
            _Foreign: one says what is not understood, or refers to itself.
        """
        found: dict[Term, Shape] = {}
        # depth first, so that a shape that is met again while it is open is recursive
        waiting: list[tuple[Node, bool]] = [(node, False)]
        opened: set[Node] = set()
        done: set[Node] = set()
        while waiting:
            current, leaving = waiting.pop()
            if leaving:
                opened.discard(current)
                done.add(current)
                continue
            if current in opened:
                raise _Foreign(f"{shown(from_rdflib(current))} refers to itself")
            if current in done:
                continue
            opened.add(current)
            waiting.append((current, True))
            shape = self._shape(current)
            found[shape.node] = shape
            waiting.extend((child, False) for child in self._children(shape))
        return found

    def _children(self, shape: Shape) -> Iterator[Node]:
        terms = list(shape.properties)
        for constraint in shape.constraints:
            if isinstance(constraint, LogicConstraint):
                terms += constraint.members
            elif isinstance(constraint, Qualified):
                terms += [constraint.shape, *constraint.siblings]
        for term in terms:
            yield URIRef(term.value) if isinstance(term, Iri) else BNode(term.value)

    def _shape(self, node: Node) -> Shape:
        if node not in self._read:
            try:
                self._read[node] = self._make(node)
            except _Foreign as reason:
                self._read[node] = reason
            except ShapesNotValid as error:
                raise ShapesNotValid(f"The shape {shown(from_rdflib(node))}: {error}") from error
        made = self._read[node]
        if isinstance(made, _Foreign):
            raise made
        return made

    def _make(self, node: Node) -> Shape:
        graph = self._graph
        paths = list(graph.objects(node, SH.path))
        if len(paths) > 1:
            raise ShapesNotValid("it has more than one sh:path")
        if (node, RDF.type, SH.PropertyShape) in graph and not paths:
            raise ShapesNotValid("a property shape needs an sh:path")
        severity = self._one(node, SH.severity)
        constraints: list[Constraint] = []
        for predicate in sorted(set(graph.predicates(node)), key=str):
            if predicate in self._of_components:
                raise _Foreign(f"{predicate} is of a component of its own")
            if predicate in _ANNOTATIONS or not str(predicate).startswith(str(SH)):
                continue
            read = _READERS.get(str(predicate)[len(str(SH)) :])
            if read is None:
                raise _Foreign(f"{predicate} is not known")
            constraints += read(self, node, sorted(graph.objects(node, predicate), key=str))
        if not paths and any(isinstance(c, _OF_PROPERTIES) for c in constraints):
            raise ShapesNotValid("a node shape cannot count, compare or tell languages apart")
        return Shape(
            node=from_rdflib(node),
            path=read_path(graph, paths[0]) if paths else None,
            constraints=tuple(constraints),
            properties=tuple(map(from_rdflib, sorted(graph.objects(node, SH.property), key=str))),
            severity=str(severity or SH.Violation),
            messages=messages(graph, node),
            deactivated=self._truth(node, SH.deactivated),
        )

    def _one(self, node: Node, predicate: URIRef) -> Node | None:
        values = list(self._graph.objects(node, predicate))
        if len(values) > 1:
            raise ShapesNotValid(f"it has {len(values)} values of {predicate}; one is allowed")
        return values[0] if values else None

    def _truth(self, node: Node, predicate: URIRef) -> bool:
        value = self._one(node, predicate)
        if value is None:
            return False
        return _literal(value).value == "true"

    def _number(self, node: Node, predicate: URIRef) -> int | None:
        value = self._one(node, predicate)
        return None if value is None else _integer(value)

    def closed(self, node: Node, values: list[Node]) -> Iterator[Constraint]:
        """``sh:closed`` with ``sh:ignoredProperties``."""
        if not self._truth(node, SH.closed):
            return
        ignored = self._one(node, SH.ignoredProperties)
        allowed = set(members(self._graph, ignored)) if ignored is not None else set()
        for part in self._graph.objects(node, SH.property):
            allowed.update(self._graph.objects(part, SH.path))
        iris = (sparql(Iri(str(one))) for one in allowed if isinstance(one, URIRef))
        yield Closed(tuple(sorted(iris)))

    def qualified(self, node: Node, values: list[Node]) -> Iterator[Constraint]:
        """``sh:qualifiedValueShape`` (SHACL section 4.7.3)."""
        least = self._number(node, SH.qualifiedMinCount)
        most = self._number(node, SH.qualifiedMaxCount)
        siblings: set[Node] = set()
        if self._truth(node, SH.qualifiedValueShapesDisjoint):
            for parent in self._graph.subjects(SH.property, node):
                for part in self._graph.objects(parent, SH.property):
                    siblings.update(self._graph.objects(part, SH.qualifiedValueShape))
        for value in values:
            others = tuple(sorted(map(from_rdflib, siblings - {value})))
            yield Qualified(from_rdflib(value), least, most, others)

    def pattern(self, node: Node, values: list[Node]) -> Iterator[Constraint]:
        """``sh:pattern`` with ``sh:flags``."""
        flags = self._one(node, SH.flags)
        for value in values:
            yield conditions.pattern(
                _literal(value).value, "" if flags is None else _literal(flags).value
            )

    def lists(self, values: Iterable[Node]) -> Iterator[list[Term]]:
        """Each value as the members of a list."""
        for value in values:
            yield [from_rdflib(member) for member in members(self._graph, value)]

    def sparql(self, node: Node, values: list[Node]) -> Iterator[Constraint]:
        """``sh:sparql`` (SHACL section 5)."""
        for value in values:
            if self._truth(value, SH.deactivated):
                continue
            try:
                path = self._one(node, SH.path)
                text = read_path(self._graph, path).text if path is not None else None
                yield SparqlConstraint(
                    read_sparql(self._graph, value, text),
                    from_rdflib(value),
                    messages(self._graph, value),
                )
            except NotImplementedError as reason:
                raise _Foreign(str(reason)) from reason


_OF_PROPERTIES: Final = (CountConstraint, UniqueLang, Qualified)


def messages(graph: Graph, node: Node) -> tuple[Literal, ...]:
    """Return the messages of a shape or constraint."""
    found = (from_rdflib(m) for m in graph.objects(node, SH.message))
    return tuple(sorted(m for m in found if isinstance(m, Literal)))


def _iri(node: Node) -> str:
    if not isinstance(node, URIRef):
        raise ShapesNotValid(f"{node!r} stands where an IRI is needed")
    return str(node)


def _literal(node: Node) -> Literal:
    term = from_rdflib(node)
    if not isinstance(term, Literal):
        raise ShapesNotValid(f"{node!r} stands where a literal is needed")
    return term


def _integer(node: Node) -> int:
    text = _literal(node).value
    if not isinstance(node, RdflibLiteral) or not text.lstrip("+-").isdecimal() or len(text) > 18:
        raise ShapesNotValid(f"{text!r} stands where an integer is needed")
    return int(text)


_Read = Callable[[_Reader, Node, list[Node]], Iterable[Constraint]]


def _each(make: Callable[[Node], Constraint]) -> _Read:
    return lambda reader, node, values: [make(value) for value in values]


def _only(make: Callable[[Node], Constraint]) -> _Read:
    def read(reader: _Reader, node: Node, values: list[Node]) -> Iterable[Constraint]:
        if len(values) > 1:
            raise ShapesNotValid("it has more than one value of a parameter that allows one")
        return [make(value) for value in values]

    return read


def _count(component: str) -> _Read:
    return _only(lambda value: CountConstraint(component, _integer(value)))  # type: ignore[arg-type]


def _range(parameter: str) -> _Read:
    return _only(lambda value: conditions.in_range(parameter, _literal(value)))


def _length(parameter: str) -> _Read:
    return _only(lambda value: conditions.length(parameter, _integer(value)))


def _pair(kind: str) -> _Read:
    return _each(lambda value: PairConstraint(kind, sparql(Iri(_iri(value)))))  # type: ignore[arg-type]


def _logic(kind: str) -> _Read:
    return _each(lambda value: LogicConstraint(kind, (from_rdflib(value),)))  # type: ignore[arg-type]


def _logic_list(kind: str) -> _Read:
    return lambda reader, node, values: [
        LogicConstraint(kind, tuple(terms))  # type: ignore[arg-type]
        for terms in reader.lists(values)
    ]


def _unique_lang(reader: _Reader, node: Node, values: list[Node]) -> Iterable[Constraint]:
    return [UniqueLang() for value in values if _literal(value).value == "true"]


def _languages(reader: _Reader, node: Node, values: list[Node]) -> Iterable[Constraint]:
    return [conditions.language_in(t.value for t in terms) for terms in reader.lists(values)]


def _in(reader: _Reader, node: Node, values: list[Node]) -> Iterable[Constraint]:
    return [conditions.one_of(terms) for terms in reader.lists(values)]


_READERS: Final[dict[str, _Read]] = {
    "class": _each(lambda value: ClassConstraint(_iri(value))),
    "datatype": _only(lambda value: conditions.datatype(_iri(value))),
    "nodeKind": _only(lambda value: conditions.node_kind(_iri(value))),
    "minCount": _count("MinCount"),
    "maxCount": _count("MaxCount"),
    **{name: _range(name) for name in ("minInclusive", "minExclusive")},
    **{name: _range(name) for name in ("maxInclusive", "maxExclusive")},
    **{name: _length(name) for name in ("minLength", "maxLength")},
    "pattern": _Reader.pattern,
    "languageIn": _languages,
    "uniqueLang": _unique_lang,
    **{name: _pair(name) for name in ("equals", "disjoint", "lessThan", "lessThanOrEquals")},
    "not": _logic("not"),
    "node": _logic("node"),
    **{name: _logic_list(name) for name in ("and", "or", "xone")},
    "qualifiedValueShape": _Reader.qualified,
    "closed": _Reader.closed,
    "hasValue": _each(lambda value: HasValue(from_rdflib(value))),
    "in": _in,
    "sparql": _Reader.sparql,
}
