"""The judge of documents: shapes compiled to SPARQL, over a store that holds one batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from rdflib import RDFS, Graph, URIRef

from dafab_kg.model import names, resources
from dafab_kg.model.quiet import quiet
from dafab_kg.store.verbatim import VerbatimStore
from dafab_kg.validation.judging import Pairs, Ruling, by_pyshacl, judge_graphs, ruling
from dafab_kg.validation.report import ShapeReport, Violation
from dafab_kg.validation.results import Result, report_of, turtle, unjudged_report, violation_of
from dafab_kg.validation.source import StoreSource


class CompiledValidator:
    """Judges many documents at once, each as a graph of its own."""

    def __init__(self, shapes: Iterable[str] | None = None, hierarchy: Pairs | None = None) -> None:
        """Take shapes as Turtle texts and a hierarchy of classes, or those of the package.

        Raises:
            ShapesNotValid: a shape is ill-formed.
        """
        texts = packaged_shapes() if shapes is None else shapes
        known = packaged_hierarchy() if hierarchy is None else hierarchy
        self._rules = ruling(shapes_graph(texts), known)

    def check(self, documents: Mapping[str, str]) -> dict[str, ShapeReport]:
        """Judge each document by itself (see :class:`~dafab_kg.validation.report.Validator`)."""
        store = VerbatimStore()
        document_of = store.load_documents(documents.items())
        source = StoreSource(store)
        as_stored = None
        if self._rules.asks and store.disguised:
            plain = VerbatimStore(as_stored=True)
            plain.load_documents(documents.items())
            as_stored = StoreSource(plain, verbatim=False)
        told: defaultdict[str, set[Result]] = defaultdict(set)
        for result in judge_graphs(source, self._rules, as_stored=as_stored):
            told[document_of[result.graph]].add(result)
        unjudged = {}
        if self._rules.shapes.foreign:
            for graph, document_id in document_of.items():
                found = _by_other(source, self._rules, graph)
                if isinstance(found, str):
                    unjudged[document_id] = found
                else:
                    told[document_id] |= found
        reports = {}
        for document_id in documents:
            if document_id in unjudged:
                reports[document_id] = _unjudged(document_id, unjudged[document_id])
            elif told.get(document_id):
                report = self._report(document_id, told[document_id])
                if report.violations:
                    reports[document_id] = report
        return reports

    def _report(self, document_id: str, results: Iterable[Result]) -> ShapeReport:
        ordered = sorted(results, key=lambda result: result.rank)
        told = [violation_of(result, self._rules.owner(result.shape)) for result in ordered]
        told.sort(key=lambda violation: violation.rank)
        violations = tuple(v for v in told if v.severity == "violation")
        text = ""
        if violations:
            with quiet():
                text = turtle(report_of(ordered, self._rules.graph))
        return ShapeReport(
            document_id, text, violations, tuple(v for v in told if v.severity != "violation")
        )


def shapes_graph(texts: Iterable[str]) -> Graph:
    """Read shapes, Turtle texts, into one graph."""
    graph = Graph(bind_namespaces="none")
    for prefix, namespace in names.PREFIXES.items():
        graph.bind(prefix, namespace)
    for text in texts:
        graph.parse(data=text, format="turtle")
    return graph


def packaged_shapes() -> Iterator[str]:
    """The shapes of the ingest tier, as Turtle texts."""
    return (resources.text("shapes", file) for file in resources.names("shapes", ".ttl"))


@cache
def packaged_validator() -> CompiledValidator:
    """The judge by the package's shapes, made once: compiling them takes a second."""
    return CompiledValidator()


@cache
def packaged_hierarchy() -> tuple[tuple[str, str], ...]:
    """Each class that our ontology puts below another, with that one."""
    graph = Graph(bind_namespaces="none")
    for file in resources.names("ontology", ".ttl"):
        text = resources.text("ontology", file)
        if "subClassOf" in text:
            graph.parse(data=text, format="turtle")
    return tuple(hierarchy_of(graph))


def hierarchy_of(graph: Graph) -> list[tuple[str, str]]:
    """Each named class that a graph puts below another, with that one."""
    return sorted(
        (str(one), str(above))
        for one, above in graph.subject_objects(RDFS.subClassOf)
        if isinstance(one, URIRef) and isinstance(above, URIRef)
    )


def _by_other(source: StoreSource, rules: Ruling, graph: str) -> set[Result] | str:
    """Judge a document by pyshacl; the reason where it comes to no verdict."""
    from dafab_kg.validation.engine import NoVerdict

    try:
        return by_pyshacl(source.as_graph(graph), rules, rules.shapes.foreign, graph)
    except NoVerdict as error:
        return str(error)


def _unjudged(document_id: str, reason: str) -> ShapeReport:
    """A document that cannot be judged does not conform."""
    message = f"The validator came to no verdict: {reason.strip()}"
    text = turtle(unjudged_report(message))
    return ShapeReport(document_id, text, (Violation("", "", None, message, "violation", ""),))
