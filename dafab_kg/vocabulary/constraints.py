"""What the shapes demand of a class or a property, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rdflib import RDF, SH, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from dafab_kg.vocabulary.describe import short
from dafab_kg.vocabulary.held import Vocabulary

_KINDS = {
    SH.IRI: "an IRI",
    SH.Literal: "a literal",
    SH.BlankNode: "a blank node",
    SH.BlankNodeOrIRI: "an IRI or a blank node",
    SH.IRIOrLiteral: "an IRI or a literal",
    SH.BlankNodeOrLiteral: "a blank node or a literal",
}
_BOUNDS = (
    (SH.minInclusive, "at least"),
    (SH.maxInclusive, "at most"),
    (SH.minExclusive, "more than"),
    (SH.maxExclusive, "less than"),
)
_PAIRS = (
    (SH.lessThan, "less than"),
    (SH.lessThanOrEquals, "not more than"),
    (SH.equals, "the same as"),
    (SH.disjoint, "none of"),
)
_TOLD = frozenset(
    {SH.path, SH.message, SH.severity, SH.group, SH.order, SH.name, SH.description, SH.flags}
    | {SH.minCount, SH.maxCount, SH.datatype, SH["class"], SH.nodeKind, SH.pattern, SH["in"]}
    | {SH.hasValue, SH.minLength, SH.maxLength, SH["or"], SH["and"], SH.xone, SH["not"], SH.node}
    | {predicate for predicate, _ in (*_BOUNDS, *_PAIRS)}
    | {RDF.type, SH.property, SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf}
)


@dataclass(frozen=True)
class Demand:
    """What a shape demands of a property of its things.

    ``targets`` are IRIs of the classes, or of the properties whose ends are meant; ``path``
    the IRI of the property, "" for the thing itself; ``path_text`` the path in words.
    ``demands`` say it in words, ``message`` as the shape itself says it.
    """

    shape: str
    targets: tuple[str, ...]
    path: str
    path_text: str
    demands: tuple[str, ...]
    severity: str
    message: str


def demands_on(term: URIRef, vocabulary: Vocabulary) -> tuple[Demand, ...]:
    """Return what shapes demand of the things of a class, or of the values of a property."""
    shapes = vocabulary.shapes
    found: list[Demand] = []
    for predicate in (SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf):
        for shape in shapes.subjects(predicate, term):
            found += _of_shape(shape, shapes)
    for constraint in shapes.subjects(SH.path, term):
        for shape in shapes.subjects(SH.property, constraint):
            found.append(_demand(shape, constraint, shapes))
    unique = {demand: None for demand in found if demand.demands or demand.message}
    return tuple(sorted(unique, key=lambda d: (d.shape, d.path_text, d.demands)))


def _of_shape(shape: Node, shapes: Graph) -> Iterator[Demand]:
    yield _demand(shape, shape, shapes)
    for constraint in shapes.objects(shape, SH.property):
        yield _demand(shape, constraint, shapes)


def _demand(shape: Node, constraint: Node, shapes: Graph) -> Demand:
    path = shapes.value(constraint, SH.path)
    targets = {
        str(target)
        for predicate in (SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf)
        for target in shapes.objects(shape, predicate)
    }
    severity = shapes.value(constraint, SH.severity) or SH.Violation
    messages = [
        str(m)
        for m in shapes.objects(constraint, SH.message)
        if isinstance(m, Literal) and m.language in ("en", None)
    ]
    return Demand(
        shape=str(shape) if isinstance(shape, URIRef) else "",
        targets=tuple(sorted(targets)),
        path=str(path) if isinstance(path, URIRef) else "",
        path_text=_path(path, shapes) if path is not None else "the thing itself",
        demands=tuple(_words(constraint, shapes)),
        severity=short(severity).removeprefix("sh:").lower(),
        message=min(messages, default=""),
    )


def _words(node: Node, shapes: Graph, depth: int = 0) -> Iterator[str]:
    if depth > 6:
        yield "…"
        return
    yield from _number(shapes.value(node, SH.minCount), shapes.value(node, SH.maxCount))
    for value in shapes.objects(node, SH.datatype):
        yield short(value)
    for value in shapes.objects(node, SH["class"]):
        yield f"a thing of class {short(value)}"
    for value in shapes.objects(node, SH.nodeKind):
        yield _KINDS.get(value, short(value))  # type: ignore[call-overload]
    for predicate, text in _BOUNDS:
        for value in shapes.objects(node, predicate):
            yield f"{text} {value}"
    low, high = shapes.value(node, SH.minLength), shapes.value(node, SH.maxLength)
    if low is not None and str(low) == "1":
        yield "not empty"
    elif low is not None:
        yield f"at least {low} characters"
    if high is not None:
        yield f"at most {high} characters"
    for value in shapes.objects(node, SH.pattern):
        yield f"of the form {value}"
    for value in shapes.objects(node, SH["in"]):
        yield "one of " + ", ".join(short(one) for one in Collection(shapes, value))
    for value in shapes.objects(node, SH.hasValue):
        yield f"with the value {short(value)}"
    for predicate, text in _PAIRS:
        for value in shapes.objects(node, predicate):
            yield f"{text} {short(value)}"
    for predicate, text in ((SH["or"], "either "), (SH.xone, "exactly one of: ")):
        for value in shapes.objects(node, predicate):
            yield text + _choices(value, " or ", shapes, depth)
    for value in shapes.objects(node, SH["and"]):
        yield _choices(value, " and ", shapes, depth)
    for value in shapes.objects(node, SH["not"]):
        yield f"not: {_all(value, shapes, depth)}"
    for value in shapes.objects(node, SH.node):
        named = isinstance(value, URIRef)
        yield f"fits {short(value)}" if named else _all(value, shapes, depth)
    if depth:
        for value in shapes.objects(node, SH.property):
            path = shapes.value(value, SH.path)
            of = _path(path, shapes) if path is not None else "it"
            yield f"{of}: {_all(value, shapes, depth)}"
    yield from _others(node, shapes)


def _others(node: Node, shapes: Graph) -> Iterator[str]:
    """Name what has no words of its own here, so that nothing is left out in silence."""
    for predicate in sorted(set(shapes.predicates(node)) - _TOLD, key=str):
        if predicate == SH.sparql:
            yield "a query of its own finds nothing wrong"
        elif str(predicate).startswith(str(SH)):
            values = sorted(short(value) for value in shapes.objects(node, predicate))
            yield f"{short(predicate)} {', '.join(values)}"


def _choices(head: Node, sign: str, shapes: Graph, depth: int) -> str:
    return sign.join(f"({_all(one, shapes, depth)})" for one in Collection(shapes, head))


def _all(node: Node, shapes: Graph, depth: int) -> str:
    if isinstance(node, URIRef):
        return f"fits {short(node)}"
    return ", ".join(_words(node, shapes, depth + 1)) or "anything"


def _number(least: Node | None, most: Node | None) -> Iterator[str]:
    low, high = (None if one is None else str(one) for one in (least, most))
    if low is not None and low == high:
        yield f"exactly {low}" if low != "1" else "exactly one"
    else:
        if low not in (None, "0"):
            yield f"at least {low}" if low != "1" else "at least one"
        if high is not None:
            yield f"at most {high}" if high != "1" else "at most one"


def _path(path: Node, shapes: Graph) -> str:
    """Return a property path as SPARQL writes it."""
    if not isinstance(path, BNode):
        return short(path)
    for predicate, before, after in (
        (SH.inversePath, "^", ""),
        (SH.zeroOrMorePath, "", "*"),
        (SH.oneOrMorePath, "", "+"),
        (SH.zeroOrOnePath, "", "?"),
    ):
        value = shapes.value(path, predicate)
        if value is not None:
            return f"{before}{_path(value, shapes)}{after}"
    choices = shapes.value(path, SH.alternativePath)
    if choices is not None:
        return "(" + "|".join(_path(one, shapes) for one in Collection(shapes, choices)) + ")"
    return "/".join(_path(one, shapes) for one in Collection(shapes, path))
