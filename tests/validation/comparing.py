"""Results of two validations in one form: sets that compare, whatever the engine."""

from __future__ import annotations

from collections.abc import Iterable

from rdflib import SH, BNode, Graph
from rdflib.term import Node

from dafab_kg.store.verbatim import VerbatimStore
from dafab_kg.validation.judging import judge, ruling
from dafab_kg.validation.paths import read_path
from dafab_kg.validation.results import report_of
from dafab_kg.validation.source import StoreSource
from dafab_kg.validation.terms import from_rdflib

Told = tuple[object, ...]


def compiled_report(data: Graph, shapes: Graph) -> tuple[Graph, dict[object, str]]:
    """The report of our engine, and the shapes that it left to another, with the reason."""
    rules = ruling(shapes)
    store = VerbatimStore()
    store.load_rdf(tuple(map(from_rdflib, triple)) for triple in data)
    plain = None
    if rules.asks and store.disguised:
        other = VerbatimStore(as_stored=True)
        other.load_rdf(tuple(map(from_rdflib, triple)) for triple in data)
        plain = StoreSource(other, verbatim=False)
    results = judge(StoreSource(store), rules, as_stored=plain)
    assert judge(StoreSource(store), rules, as_stored=plain, most_held=0) == results
    return report_of(results, shapes), dict(rules.shapes.foreign)


def told(report: Graph, results: Iterable[Node], *, by_label: bool = True) -> set[Told]:
    """Each result as focus, path, value, component, source shape and severity.

    Paths are compared as structures; blank nodes by label where both reports come from
    one and the same graph, else merely as blank.
    """

    def term(node: Node | None) -> object:
        if isinstance(node, BNode) and not by_label:
            return "_"
        return None if node is None else from_rdflib(node)

    return {
        (
            term(report.value(one, SH.focusNode)),
            structure(report, report.value(one, SH.resultPath)),
            term(report.value(one, SH.value)),
            report.value(one, SH.sourceConstraintComponent),
            term(report.value(one, SH.sourceShape)),
            report.value(one, SH.resultSeverity),
        )
        for one in results
    }


def structure(graph: Graph, node: Node | None) -> object:
    """A path as SPARQL writes it."""
    return None if node is None else read_path(graph, node).text
