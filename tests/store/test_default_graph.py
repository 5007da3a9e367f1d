"""The default graph is the merge of the named graphs, after any sequence of changes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dafab_kg.store.nquads import GraphText, canonical, in_graph
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Change
from dafab_kg.store.replacement import plan_replacement

TRIPLES = [f"<urn:s{s}> <urn:p> {o} .\n" for s in "ab" for o in ('"1"', '"x\\ny"@en', "<urn:o>")]
GRAPHS = ["urn:g1", "urn:g2", "urn:g3"]
contents = st.frozensets(st.sampled_from(TRIPLES))
batches = st.lists(st.dictionaries(st.sampled_from(GRAPHS), contents, min_size=1), max_size=6)


@settings(max_examples=150, deadline=None)
@given(batches)
def test_replacing_graphs_in_batches(sequence: list[dict[str, frozenset[str]]]) -> None:
    """Oracle: plain sets in a dict."""
    store = OxigraphStore()
    model: dict[str, frozenset[str]] = {}
    for batch in sequence:
        store.apply(
            plan_replacement(store, {graph: GraphText(lines) for graph, lines in batch.items()})
        )
        model.update(batch)
        assert set(store.graph_triples(None)) == set().union(*model.values())
        for graph, lines in model.items():
            assert set(store.graph_triples(graph)) == lines


def test_new_documents_of_the_same_batch_keep_a_triple() -> None:
    store = OxigraphStore()
    triple = TRIPLES[0]
    store.apply(plan_replacement(store, {"urn:g1": GraphText(frozenset({triple}))}))
    new = [("urn:g2", in_graph(triple, "urn:g2"))]
    change = plan_replacement(store, {"urn:g1": GraphText(frozenset())}, new)
    assert change.removed == (in_graph(triple, "urn:g1"),)


def test_a_change_is_applied_whole_or_not_at_all() -> None:
    store = OxigraphStore()
    good, bad = "<urn:a> <urn:b> <urn:c> .\n", "<urn:a> <urn:b> <not an iri> .\n"
    with pytest.raises((SyntaxError, ValueError)):
        store.apply(Change(added=good + bad))
    assert store.count() == 0


def test_each_triple_is_counted_once_though_two_documents_state_it() -> None:
    """With Oxigraph's own union this query gives 4 rows (docs/decisions/default-graph.md)."""
    store = OxigraphStore()
    text = canonical("<urn:s> <urn:p> <urn:o> .\n")
    store.apply(plan_replacement(store, {"urn:g1": text, "urn:g2": text}))
    answer = store.query("SELECT * { ?s <urn:p> ?o . ?s <urn:p> ?o2 }")
    assert len(list(answer)) == 1  # type: ignore[arg-type]
