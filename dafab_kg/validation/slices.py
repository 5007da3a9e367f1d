"""The part of a SHACL validation report that speaks of one document."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from rdflib import RDF, RDFS, SH, BNode, Graph, Literal
from rdflib.term import Node

from dafab_kg.validation.report import Severity, Violation

_SEVERITIES: Final[dict[Node | None, Severity]] = {SH.Warning: "warning", SH.Info: "info"}


def report_graph(whole: Graph, results: Iterable[Node], *, comment: str = "") -> Graph:
    """Return a standard validation report that holds only ``results`` of ``whole``.

    With a ``comment``, which says why there is no verdict, it does not conform.
    """
    part = Graph(bind_namespaces="none")
    for prefix, namespace in whole.namespaces():
        part.bind(prefix, namespace)
    report, violated = BNode(), bool(comment)
    part.add((report, RDF.type, SH.ValidationReport))
    for result in results:
        part.add((report, SH.result, result))
        _copy(whole, result, part)
        violated = violated or whole.value(result, SH.resultSeverity) not in _SEVERITIES
    if comment:
        part.add((report, RDFS.comment, Literal(comment)))
    part.add((report, SH.conforms, Literal(not violated)))
    return part


def violation_of(whole: Graph, result: Node, shape_of: Callable[[Node | None], str]) -> Violation:
    """Return a result of a report as plain values."""
    path = whole.value(result, SH.resultPath)
    value = whole.value(result, SH.value)
    messages = sorted(str(m) for m in whole.objects(result, SH.resultMessage))
    return Violation(
        focus=_plain(whole.value(result, SH.focusNode)),
        path=_plain(path) if not isinstance(path, BNode) else "",
        value=None if value is None else _plain(value),
        message=" ".join(messages),
        severity=_SEVERITIES.get(whole.value(result, SH.resultSeverity), "violation"),
        shape=shape_of(whole.value(result, SH.sourceShape)),
    )


def _copy(whole: Graph, node: Node, part: Graph) -> None:
    """Copy what ``whole`` says of ``node``, and of the nameless nodes that it leads to."""
    waiting = [node]
    while waiting:
        subject = waiting.pop()
        for triple in whole.triples((subject, None, None)):
            if triple not in part:
                part.add(triple)
                if isinstance(triple[2], BNode):
                    waiting.append(triple[2])


def _plain(term: Node | None) -> str:
    return "" if term is None else str(term)
