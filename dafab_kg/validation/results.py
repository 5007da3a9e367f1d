"""What a validation found, and its report in RDF (SHACL section 3.6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rdflib import RDF, RDFS, SH, BNode, Graph, URIRef
from rdflib import Literal as RdflibLiteral
from rdflib.term import Node

from dafab_kg.model import names
from dafab_kg.store.protocol import Blank, Literal, Term
from dafab_kg.store.verbatim import write_turtle
from dafab_kg.validation.report import Severity, Violation
from dafab_kg.validation.terms import from_rdflib, shown, to_rdflib

COMPONENT: Final = "http://www.w3.org/ns/shacl#{}ConstraintComponent"
_SEVERITIES: Final[dict[str, Severity]] = {str(SH.Warning): "warning", str(SH.Info): "info"}


_MESSAGES: Final = {
    "Class": "The value is not of the class that is asked for.",
    "Closed": "The property is not among those that are allowed here.",
    "Datatype": "The value is not of the datatype that is asked for, or is ill-formed.",
    "Disjoint": "The value must not be one of the other property too.",
    "Equals": "The values must be the same as those of the other property.",
    "HasValue": "A value that is asked for is missing.",
    "In": "The value is none of those that are allowed.",
    "LanguageIn": "The value is in none of the languages that are allowed.",
    "LessThan": "The value must be less than those of the other property.",
    "LessThanOrEquals": "The value must not be greater than those of the other property.",
    "MaxCount": "There are more values than are allowed.",
    "MinCount": "There are fewer values than are asked for.",
    "NodeKind": "The value is not of the kind that is asked for: IRI, literal or blank node.",
    "Pattern": "The value does not match the pattern.",
    "UniqueLang": "Two values are in one language.",
    "SPARQL": "The query of the shape finds a fault here.",
    "And": "The value does not conform to all of the shapes.",
    "Or": "The value conforms to none of the shapes.",
    "Not": "The value conforms to a shape that it must not conform to.",
    "Xone": "The value does not conform to exactly one of the shapes.",
    "Node": "The value does not conform to the shape.",
    "QualifiedMinCount": "Fewer values conform to the shape than are asked for.",
    "QualifiedMaxCount": "More values conform to the shape than are allowed.",
}


def default_message(component: str) -> Literal:
    """Return what is said of a constraint whose shape brings no message."""
    text = _MESSAGES.get(component, "The value is outside of the bounds.")
    return Literal(text, str(RDF.langString), "en")


@dataclass(frozen=True)
class Result:
    """One result; ``graph`` is the named graph that was judged ("" for the default graph)."""

    graph: str
    focus: Term
    path: Term | None
    value: Term | None
    component: str
    shape: Term
    severity: str
    messages: tuple[Literal, ...] = ()
    constraint: Term | None = None

    @property
    def rank(self) -> tuple[str, ...]:
        """By what results are sorted."""
        terms = (self.focus, self.path, self.value, self.shape)
        return (*map(shown, terms), self.component, self.severity)


def report_of(results: Iterable[Result], shapes: Graph) -> Graph:
    """Return the standard report; paths and nameless shapes are copied from ``shapes``."""
    graph = Graph(bind_namespaces="none")
    report, conforms = BNode(), True  # no result of any severity (section 3.6.1.1)
    graph.add((report, RDF.type, SH.ValidationReport))
    for result in results:
        conforms = False
        node = BNode()
        graph.add((report, SH.result, node))
        for triple in _said_of(node, result):
            graph.add(triple)
        for term in (result.path, result.shape, result.constraint):
            if isinstance(term, Blank):
                _copy(shapes, BNode(term.value), graph)
    graph.add((report, SH.conforms, RdflibLiteral(conforms)))
    return graph


def violation_of(result: Result, owner: str) -> Violation:
    """Return a result as plain values; ``owner`` is the named shape that it breaks."""
    path = "" if result.path is None or isinstance(result.path, Blank) else result.path.value
    return Violation(
        focus=result.focus.value,
        path=path,
        value=None if result.value is None else result.value.value,
        message=" ".join(sorted(message.value for message in result.messages)),
        severity=_SEVERITIES.get(result.severity, "violation"),
        shape=owner,
    )


def _said_of(node: BNode, result: Result) -> Iterable[tuple[Node, Node, Node]]:
    yield node, RDF.type, SH.ValidationResult
    yield node, SH.focusNode, to_rdflib(result.focus)
    yield node, SH.resultSeverity, URIRef(result.severity)
    yield node, SH.sourceConstraintComponent, URIRef(result.component)
    yield node, SH.sourceShape, to_rdflib(result.shape)
    for predicate, term in (
        (SH.resultPath, result.path),
        (SH.value, result.value),
        (SH.sourceConstraint, result.constraint),
    ):
        if term is not None:
            yield node, predicate, to_rdflib(term)
    for message in result.messages:
        yield node, SH.resultMessage, to_rdflib(message)


def _copy(whole: Graph, node: Node, part: Graph) -> None:
    """Copy what ``whole`` says of ``node``, and of the nameless nodes that it leads to."""
    waiting, seen = [node], {node}
    while waiting:
        subject = waiting.pop()
        for triple in whole.triples((subject, None, None)):
            part.add(triple)
            if isinstance(triple[2], BNode) and triple[2] not in seen:
                seen.add(triple[2])
                waiting.append(triple[2])


def turtle(report: Graph) -> str:
    """Write a report as Turtle, terms as they were found."""
    terms = (tuple(map(from_rdflib, triple)) for triple in report)
    prefixes = {"sh": str(SH), **names.PREFIXES}
    return write_turtle(terms, prefixes)  # type: ignore[arg-type]


def unjudged_report(reason: str) -> Graph:
    """Return a report that does not conform, since there is no verdict."""
    graph, report = Graph(bind_namespaces="none"), BNode()
    graph.add((report, RDF.type, SH.ValidationReport))
    graph.add((report, RDFS.comment, RdflibLiteral(reason)))
    graph.add((report, SH.conforms, RdflibLiteral(False)))
    return graph
