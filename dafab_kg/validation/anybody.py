"""Data and shapes of anybody, or a whole store: judged, and told in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rdflib import Graph

from dafab_kg.model import resources
from dafab_kg.model.errors import ShapesNotValid
from dafab_kg.model.quiet import quiet
from dafab_kg.store.protocol import Iri, Store, Term
from dafab_kg.store.verbatim import VerbatimStore
from dafab_kg.validation.compiled import hierarchy_of, packaged_hierarchy, shapes_graph
from dafab_kg.validation.engine import NoVerdict
from dafab_kg.validation.judging import Ruling, by_pyshacl, judge, judge_graphs, ruling
from dafab_kg.validation.report import Violation
from dafab_kg.validation.results import Result, report_of, turtle, violation_of
from dafab_kg.validation.source import StoreSource
from dafab_kg.validation.terms import sparql

TIERS: Final = {"ingest": "shapes", "publish": "shapes/publish", "advisory": "shapes/advisory"}
"""Folder of the shapes of each tier: what blocks a document, what must hold across the whole
catalogue, and what would be better so."""


@dataclass(frozen=True)
class Judgement:
    """What was found, in words and as the standard report.

    ``by_other`` are the shapes that pyshacl judged by, each with the reason;
    ``documents`` the graphs that describe each node at fault.
    """

    conforms: bool
    violations: tuple[Violation, ...]
    turtle: str
    by_other: Mapping[str, str]
    documents: Mapping[str, tuple[str, ...]]


def judge_files(
    data: Sequence[Path], shapes: Sequence[Path], ontologies: Sequence[Path] = ()
) -> Judgement:
    """Judge RDF files, taken together, by shapes; ontologies give the hierarchy of classes.

    Raises:
        FileNotUsable: a file cannot be read.
        ShapesNotValid: a shape is ill-formed, or no verdict was come to.
    """
    rules = ruling(_graph(shapes), hierarchy_of(_graph(ontologies)))
    store = _loaded(data, VerbatimStore())
    plain = None
    if rules.asks and store.disguised:
        plain = StoreSource(_loaded(data, VerbatimStore(as_stored=True)), verbatim=False)
    return _judgement(StoreSource(store), rules, plain)


def judge_store(store: Store, tiers: Iterable[str], *, left_out: Collection[str] = ()) -> Judgement:
    """Judge all that a catalogue holds by our shapes of some tiers.

    The ingest tier judges each document's graph by itself, as a load does; the
    others judge the default graph, which is the merge of all.  ``left_out`` are
    graphs that no document stands behind, such as that of inferred triples.

    Raises:
        ShapesNotValid: there is no such tier.
    """
    source = StoreSource(store, verbatim=False)
    chosen = set(tiers)
    if not chosen <= TIERS.keys():
        unknown = ", ".join(map(repr, sorted(chosen - TIERS.keys())))
        raise ShapesNotValid(f"There is no tier {unknown}. Choose of {', '.join(TIERS)}")
    rules = {
        one: ruling(shapes_graph(_texts(names)), packaged_hierarchy())
        for one, names in ((True, chosen & {"ingest"}), (False, chosen - {"ingest"}))
        if names
    }
    found: set[Result] = set()
    for by_document, ruled in rules.items():
        told = (judge_graphs if by_document else judge)(source, ruled)
        found |= {one for one in told if one.graph not in left_out}
        if by_document and ruled.shapes.foreign:
            for name in (one for one in store.graphs() if one not in left_out):
                found |= by_pyshacl(source.as_graph(name), ruled, ruled.shapes.foreign, name)
    graph = Graph(bind_namespaces="none")
    for ruled in rules.values():
        graph += ruled.graph
    return _told(source, found, ruling(graph))


def _texts(tiers: Iterable[str]) -> Iterator[str]:
    for tier in sorted(tiers):
        for file in resources.names(TIERS[tier], ".ttl"):
            yield resources.text(TIERS[tier], file)


def _judgement(source: StoreSource, rules: Ruling, plain: StoreSource | None) -> Judgement:
    try:
        found = judge(source, rules, as_stored=plain)
    except NoVerdict as error:
        raise ShapesNotValid(
            f"pyshacl, which judges by what is not compiled, came to no verdict: {error}"
        ) from error
    return _told(source, found, rules)


def _told(source: StoreSource, found: set[Result], rules: Ruling) -> Judgement:
    results = sorted(found, key=lambda result: result.rank)
    told = sorted(
        (violation_of(result, rules.owner(result.shape)) for result in results),
        key=lambda violation: violation.rank,
    )
    with quiet():
        text = turtle(report_of(results, rules.graph))
    other = {node.value: reason for node, reason in rules.shapes.foreign.items()}
    return Judgement(not results, tuple(told), text, other, _documents(source, results))


def _documents(source: StoreSource, results: Iterable[Result]) -> dict[str, tuple[str, ...]]:
    """Return which named graphs describe each node at fault; none if there are no graphs."""
    known: defaultdict[str, set[str]] = defaultdict(set)
    nodes: set[Term] = set()
    for result in results:
        if result.graph:
            known[result.focus.value].add(result.graph)
        elif isinstance(result.focus, Iri):
            nodes.add(result.focus)
    found = {node: tuple(sorted(graphs)) for node, graphs in known.items()}
    for node in nodes:
        query = f"SELECT DISTINCT ?g {{ GRAPH ?g {{ {sparql(node)} ?p ?o }} }}"
        graphs = tuple(sorted(row[0].value for row in source.rows(query) if row[0] is not None))
        if graphs:
            found[node.value] = graphs
    return found


def _graph(files: Sequence[Path]) -> Graph:
    return StoreSource(_loaded(files, VerbatimStore())).as_graph()


def _loaded(files: Sequence[Path], store: VerbatimStore) -> VerbatimStore:
    for number, path in enumerate(files):
        store.load_file(path, apart=f"f{number}x" if number else "")
    return store
