"""The full run: every rule over everything, stratum by stratum.

Inferred triples lie in one graph, which holds none that the default graph states:
the merge of the two is then a set (docs/decisions/inferred-graph.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from dafab_kg.reasoning.rules import Rule, RuleSet, Stratum
from dafab_kg.reasoning.sparql import any_of_key, by_key, construct_key, construct_transitive
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
    transitive = frozenset(s.transitive for s in rules.strata() if s.transitive)
    if not done:
        store.drop(graph)
        state_given(store, rules.given, graph)
    for number, level in enumerate(rules.levels, 1):
        if number > done:
            for stratum in level:
                apply_stratum(store, stratum, graph, transitive)
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


def apply_stratum(
    store: Store, stratum: Stratum, graph: str, transitive: frozenset[str] = frozenset()
) -> None:
    """Apply the rules of one stratum until nothing more follows.

    ``transitive`` are the predicates that were closed in strata before.
    """
    recurring = stratum.recurring
    first = [rule for rule in stratum.rules if rule not in recurring]
    if stratum.transitive:
        if first:
            _apply(store, first, graph)
        text = construct_transitive(stratum.transitive)
        store.construct_into(graph, text, [None, graph])
        return
    if len(stratum.keys) == 1 and len(recurring) == 1 and _in_one_step(recurring[0], transitive):
        if first:
            _apply(store, first, graph)
        _apply(store, recurring, graph)
        return
    waiting = by_key(stratum.rules)
    while waiting:
        new = {key for key, rules in waiting.items() if _apply(store, rules, graph)}
        # what was new is all that can lead on: rules that ask for nothing of it have said it all
        waiting = by_key(r for r in recurring if any(atom.key in new for atom in r.body))


def _apply(store: Store, rules: Sequence[Rule], graph: str) -> int:
    """Apply rules that make one key, and count what is new."""
    both = [None, graph]
    # where nothing of the key is known yet, nothing need be looked up: half of the time on disk
    unknown = next(iter(store.rows(any_of_key(rules[0].head), both)), None) is None
    return store.construct_into(graph, construct_key(rules, unchecked=unknown), both)


def _in_one_step(rule: Rule, transitive: frozenset[str]) -> bool:
    """Tell whether a rule adds nothing to what it made: p o q -> p, or q o p -> p, q closed."""
    if len(rule.body) != 2 or rule.filters:
        return False
    one, two = rule.body
    head = rule.head
    is_chain = (head.subject, head.object, one.object) == (one.subject, two.object, two.subject)
    apart = len({head.subject, one.object, head.object}) == 3
    predicates = {one.predicate, two.predicate}
    others = predicates - {head.predicate}
    return is_chain and apart and len(predicates) == 2 and len(others) == 1 and others <= transitive
