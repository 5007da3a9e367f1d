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
from dafab_kg.validation.report import Severity, Violation
from dafab_kg.validation.terms import shown, to_rdflib

COMPONENT: Final = "http://www.w3.org/ns/shacl#{}ConstraintComponent"
_SEVERITIES: Final[dict[str, Severity]] = {str(SH.Warning): "warning", str(SH.Info): "info"}


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
    for prefix, namespace in names.PREFIXES.items():
        graph.bind(prefix, namespace)
    graph.bind("sh", SH)
    report, conforms = BNode(), True
    graph.add((report, RDF.type, SH.ValidationReport))
    for result in results:
        conforms = conforms and result.severity in _SEVERITIES
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


def unjudged_report(reason: str) -> Graph:
    """Return a report that does not conform, since there is no verdict."""
    graph, report = Graph(bind_namespaces="none"), BNode()
    graph.bind("sh", SH)
    graph.add((report, RDF.type, SH.ValidationReport))
    graph.add((report, RDFS.comment, RdflibLiteral(reason)))
    graph.add((report, SH.conforms, RdflibLiteral(False)))
    return graph
