"""pyshacl behind the seam (:class:`~dafab_kg.validation.report.Validator`)."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import pyshacl
from pyshacl.errors import ReportableRuntimeError
from rdflib import SH, BNode, Graph
from rdflib.term import Node

from dafab_kg.model import names, resources
from dafab_kg.validation.flatten import flattened
from dafab_kg.validation.grouping import Group, grouped, looks_forward_only
from dafab_kg.validation.report import ShapeReport, Violation
from dafab_kg.validation.slices import report_graph, violation_of
from dafab_kg.validation.triples import DocumentTriples, as_graph, as_token, read_triples

_TALKATIVE: Final = ("pyshacl-validate", "rdflib", "rdflib.term", "rdflib.namespace")


class PyshaclValidator:
    """Judges by pyshacl, many documents in one run where they cannot see each other."""

    def __init__(self, shapes: Iterable[str] | None = None) -> None:
        """Take shapes as Turtle texts, or those of the package."""
        texts = _packaged() if shapes is None else shapes
        self._shapes = Graph(bind_namespaces="none")
        for prefix, namespace in names.PREFIXES.items():
            self._shapes.bind(prefix, namespace)
        for text in texts:
            self._shapes.parse(data=text, format="turtle")
        self._flat = flattened(self._shapes)
        self._together = looks_forward_only(self._shapes)

    def check(self, documents: Mapping[str, str]) -> dict[str, ShapeReport]:
        """Judge each document by itself (see :class:`~dafab_kg.validation.report.Validator`)."""
        read = (read_triples(key, text) for key, text in documents.items())
        found: dict[str, ShapeReport] = {}
        with _quiet():
            for group in grouped(read, together=self._together):
                found.update(self._check_group(group))
        return {key: found[key] for key in documents if key in found}

    def _check_group(self, group: Group) -> dict[str, ShapeReport]:
        try:
            whole = self._run(group.documents)
        except _Unjudged as error:
            if len(group.documents) == 1:
                document_id = group.documents[0].document_id
                return {document_id: _failed(document_id, str(error))}
            alone = grouped(group.documents, together=False)
            return {key: value for one in alone for key, value in self._check_group(one).items()}
        if whole is None:
            return {}
        results: defaultdict[str, list[Node]] = defaultdict(list)
        everyone = [document.document_id for document in group.documents]
        for result in whole.objects(None, SH.result):
            focus = as_token(whole.value(result, SH.focusNode)) or ""
            # what a group says of a node holds for each document that mentions it
            for document_id in group.mentioned_by.get(focus, everyone):
                results[document_id].append(result)
        reports = (self._report(key, whole, nodes) for key, nodes in results.items())
        return {report.document_id: report for report in reports if report.violations}

    def _run(self, documents: Iterable[DocumentTriples]) -> Graph | None:
        """Run pyshacl over the merge of ``documents``; None if nothing is to be said."""
        try:
            conforms, report, text = pyshacl.validate(
                as_graph(documents), shacl_graph=self._flat, inference="none", inplace=True
            )
        except ReportableRuntimeError as error:
            raise _Unjudged(str(error)) from error
        if not isinstance(report, Graph):
            raise _Unjudged(text)
        return None if conforms else report

    def _report(self, document_id: str, whole: Graph, results: list[Node]) -> ShapeReport:
        told = [violation_of(whole, result, self._shape_of) for result in results]
        told.sort(key=lambda violation: violation.rank)
        return ShapeReport(
            document_id,
            report_graph(whole, results).serialize(format="turtle"),
            tuple(v for v in told if v.severity == "violation"),
            tuple(v for v in told if v.severity != "violation"),
        )

    def _shape_of(self, source: Node | None) -> str:
        """IRI of the named shape that ``source``, perhaps nameless, is part of."""
        seen = set()
        while isinstance(source, BNode) and source not in seen:
            seen.add(source)
            source = next(self._shapes.subjects(None, source), None)
        return "" if source is None else str(source)


class _Unjudged(Exception):
    """The validator could not come to a verdict."""


def _failed(document_id: str, reason: str) -> ShapeReport:
    """A document that cannot be judged does not conform."""
    message = f"The validator came to no verdict: {reason.strip()}"
    turtle = report_graph(Graph(), [], comment=message).serialize(format="turtle")
    return ShapeReport(document_id, turtle, (Violation("", "", None, message, "violation", ""),))


def _packaged() -> Iterator[str]:
    return (resources.text("shapes", file) for file in resources.names("shapes", ".ttl"))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what pyshacl and rdflib say about the data out of the user's log.

    Each fault that they mention (an ill-typed literal, an odd IRI) is in the report
    where a shape forbids it.
    """

    def refuse(_: logging.LogRecord) -> bool:
        return False

    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    for logger in loggers:
        logger.addFilter(refuse)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger in loggers:
            logger.removeFilter(refuse)


def run_pyshacl(data: Graph, shapes: Graph) -> Graph | None:
    """Return pyshacl's report; None if there is nothing to report.

    Raises:
        ReportableRuntimeError: it came to no verdict.
    """
    with _quiet():
        _, report, text = pyshacl.validate(
            data, shacl_graph=shapes, inference="none", advanced=True, inplace=True
        )
    if not isinstance(report, Graph):
        raise ReportableRuntimeError(text)
    return report
