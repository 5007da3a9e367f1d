"""Shapes against data: compiled where they can be, by pyshacl where they cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from rdflib import RDF, RDFS, SH, BNode, Graph, URIRef

from dafab_kg.store.protocol import Term
from dafab_kg.validation.evaluation import Evaluation
from dafab_kg.validation.patterns import Patterns
from dafab_kg.validation.reading import read_shapes
from dafab_kg.validation.results import Result
from dafab_kg.validation.shapes import Shapes, SparqlConstraint
from dafab_kg.validation.source import StoreSource
from dafab_kg.validation.terms import from_rdflib, to_rdflib

Pairs = Iterable[tuple[str, str]]
"""Classes, each with one above it."""


@dataclass(frozen=True)
class Ruling:
    """Shapes, ready to judge by.

    ``graph`` is the shapes graph they were read from; ``hierarchy`` the subclasses
    that hold whatever the data say.
    """

    graph: Graph
    shapes: Shapes
    hierarchy: tuple[tuple[str, str], ...] = ()

    @property
    def asks(self) -> bool:
        """Whether a shape brings a query along."""
        every = self.shapes.by_node.values()
        return any(isinstance(c, SparqlConstraint) for shape in every for c in shape.constraints)

    def owner(self, source: Term) -> str:
        """Return the IRI of the named shape that ``source``, perhaps nameless, is part of."""
        node, seen = to_rdflib(source), set()
        while isinstance(node, BNode) and node not in seen:
            seen.add(node)
            node = next(self.graph.subjects(None, node), node)
        return "" if isinstance(node, BNode) else str(node)


def ruling(graph: Graph, hierarchy: Pairs = ()) -> Ruling:
    """Read a shapes graph.

    Raises:
        ShapesNotValid: a shape is ill-formed.
    """
    return Ruling(graph, read_shapes(graph), tuple(hierarchy))


def closure(pairs: Pairs) -> dict[str, frozenset[str]]:
    """Return all classes below each class."""
    direct: dict[str, set[str]] = {}
    for one, above in pairs:
        direct.setdefault(above, set()).add(one)
    found = {}
    for top in direct:
        below: set[str] = set()
        waiting = [top]
        while waiting:
            new = direct.get(waiting.pop(), set()) - below
            below |= new
            waiting.extend(new)
        found[top] = frozenset(below)
    return found


MOST_HELD: Final = 5_000
"""Statements up to which they are held: some forty documents."""


def judge(
    source: StoreSource,
    rules: Ruling,
    *,
    as_stored: StoreSource | None = None,
    most_held: int = MOST_HELD,
) -> set[Result]:
    """Judge the default graph of a source."""
    held = source.statements(most_held, by_graph=False)
    said = source.subclasses(by_graph=False).get("", [])
    patterns = Patterns(False, closure([*rules.hierarchy, *said]), source.classes(by_graph=False))
    found = Evaluation(source, rules.shapes, patterns, as_stored, held).run()
    if rules.shapes.foreign:
        found |= by_pyshacl(source.as_graph(), rules, rules.shapes.foreign)
    return found


def judge_graphs(
    source: StoreSource,
    rules: Ruling,
    *,
    as_stored: StoreSource | None = None,
    most_held: int = MOST_HELD,
) -> set[Result]:
    """Judge each named graph of a source by itself."""
    held = source.statements(most_held, by_graph=True)
    said = source.subclasses(by_graph=True)
    present = source.classes(by_graph=True)
    predicates = source.predicates(by_graph=True)
    patterns = Patterns(True, closure(rules.hierarchy), present, predicates)
    found = Evaluation(source, rules.shapes, patterns, as_stored, held).run()
    for graph, pairs in said.items():
        # one that has subclasses of its own is judged by those
        patterns = Patterns(True, closure([*rules.hierarchy, *pairs]), present, predicates)
        again = Evaluation(source, rules.shapes, patterns, as_stored, held).run()
        found = {r for r in found if r.graph != graph} | {r for r in again if r.graph == graph}
    return found


_TARGETS: Final = (SH.targetClass, SH.targetNode, SH.targetObjectsOf, SH.targetSubjectsOf)


def by_pyshacl(
    data: Graph, rules: Ruling, only: Mapping[Term, str], graph: str = ""
) -> set[Result]:
    """Judge by the shapes ``only``; the others stay as what these refer to.

    Raises:
        NoVerdict: pyshacl came to none.
    """
    from dafab_kg.validation.engine import run_pyshacl

    shapes = Graph(bind_namespaces="none")
    for triple in rules.graph:
        shapes.add(triple)
    for root in rules.shapes.roots:
        node = to_rdflib(root.shape)
        for predicate in _TARGETS:
            shapes.remove((node, predicate, None))
        for target in root.targets:
            if target.term == root.shape:  # a class that is a shape
                shapes.remove((node, RDF.type, None))
                shapes.add((node, RDF.type, SH.NodeShape))
    for one, above in rules.hierarchy:
        data.add((URIRef(one), RDFS.subClassOf, URIRef(above)))
    return set(results_of(run_pyshacl(data, shapes), graph))


def results_of(report: Graph, graph: str = "") -> Iterable[Result]:
    """Read the results of a standard report."""
    for node in report.objects(None, SH.result):
        said = {
            name: report.value(node, SH[name])
            for name in (
                "focusNode", "resultPath", "value", "sourceConstraintComponent", "sourceShape",
                "resultSeverity", "sourceConstraint",
            )
        }  # fmt: skip
        terms = {name: None if t is None else from_rdflib(t) for name, t in said.items()}
        messages = (from_rdflib(m) for m in report.objects(node, SH.resultMessage))
        focus, shape = terms["focusNode"], terms["sourceShape"]
        assert focus is not None
        assert shape is not None
        yield Result(
            graph, focus, terms["resultPath"], terms["value"],
            str(said["sourceConstraintComponent"]), shape,
            str(said["resultSeverity"]), tuple(sorted(messages)),  # type: ignore[arg-type]
            terms["sourceConstraint"],
        )  # fmt: skip
