"""The full run: every rule over everything, stratum by stratum.

Inferred triples lie in one graph, which holds none that the default graph states:
the merge of the two is then a set (docs/decisions/inferred-graph.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dafab_kg.reasoning.rules import Rule, RuleSet, Stratum
from dafab_kg.reasoning.sparql import by_key, construct_key, construct_transitive
from dafab_kg.store.nquads import in_graph
from dafab_kg.store.protocol import Change, Store


def materialise(
    store: Store,
    rules: RuleSet,
    graph: str,
    *,
    done: int = 0,
    told: Callable[[int, int], None] | None = None,
) -> None:
    """Fill ``graph`` with all that follows from the default graph.

    Steps that were ``done`` before are not done again; without any, the graph is
    emptied first.  After each step ``told`` gets the number of steps done and of all,
    so that an interrupted run can be resumed.
    """
    steps = len(rules.levels) + 1
    if not done:
        store.drop(graph)
        state_given(store, rules.given, graph)
    for number, level in enumerate(rules.levels, 1):
        if number > done:
            for stratum in level:
                apply_stratum(store, stratum, graph)
        if told is not None:
            store.flush()
            told(number, steps)
    if told is not None:
        told(steps, steps)


def state_given(store: Store, given: Iterable[Rule], graph: str) -> None:
    """Add what the ontology itself states, as far as no document does."""
    lines = [f"{rule.head} .\n" for rule in given]
    stated = store.present(lines, [None])
    added = "".join(in_graph(line, graph) for line in lines if line not in stated)
    if added:
        store.apply(Change(added=added))


def apply_stratum(store: Store, stratum: Stratum, graph: str) -> None:
    """Apply the rules of one stratum until nothing more follows."""
    both = [None, graph]
    made = by_key(stratum.rules)
    if stratum.transitive:
        predicate = stratum.transitive
        first = [rule for rule in stratum.rules if rule not in stratum.recurring]
        if first:
            store.construct_into(graph, construct_key(first), both)
        store.construct_into(graph, construct_transitive(predicate), both)
        return
    waiting = dict(made)
    while waiting:
        new = {
            key
            for key, rules in waiting.items()
            if store.construct_into(graph, construct_key(rules), both)
        }
        # what was new is all that can lead on: rules that ask for nothing of it have said it all
        led = [r for r in stratum.recurring if any(atom.key in new for atom in r.body)]
        waiting = by_key(led)
