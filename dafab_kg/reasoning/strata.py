"""In which order rules are applied: what a rule's body needs comes before its head.

Keys (predicates and classes) that depend on each other form one stratum: a strongly
connected component of the graph body key → head key (Tarjan 1972).  Its level is
the longest way to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from dafab_kg.reasoning.rules import Check, Rule, RuleSet, Stratum


def stratified(
    rules: Iterable[Rule], checks: Iterable[Check] = (), notices: Iterable[str] = ()
) -> RuleSet:
    """Order rules into levels of strata; rules that say the same are kept once."""
    unlike = {rule.identity: rule for rule in rules}.values()
    once = tuple(rule for rule in unlike if rule.body)
    given = tuple(rule for rule in unlike if not rule.body)
    needs: defaultdict[str, set[str]] = defaultdict(set)
    by_head: defaultdict[str, list[Rule]] = defaultdict(list)
    by_body: defaultdict[str, list[tuple[Rule, int]]] = defaultdict(list)
    for rule in once:
        by_head[rule.head.key].append(rule)
        needs[rule.head.key].update(atom.key for atom in rule.body)
        for place, atom in enumerate(rule.body):
            by_body[atom.key].append((rule, place))
    levels: defaultdict[int, list[Stratum]] = defaultdict(list)
    level_of: dict[str, int] = {}
    for keys in components(needs):
        level = max((level_of.get(k, -1) + 1 for key in keys for k in needs[key] - keys), default=0)
        level_of.update(dict.fromkeys(keys, level))
        made = tuple(rule for key in sorted(keys) for rule in by_head[key])
        recursive = any(atom.key in keys for rule in made for atom in rule.body)
        levels[level].append(Stratum(keys, made, recursive))
    return RuleSet(
        once,
        given,
        tuple(checks),
        tuple(tuple(levels[level]) for level in sorted(levels)),
        tuple(notices),
        {key: tuple(places) for key, places in by_body.items()},
        {key: tuple(made) for key, made in by_head.items()},
    )


def components(needs: Mapping[str, set[str]]) -> Sequence[frozenset[str]]:
    """Return the strongly connected components of ``needs``, what is needed first.

    A key that nothing is needed for (and no rule makes) is no component.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    waiting: list[str] = []
    found: list[frozenset[str]] = []
    for start in sorted(needs):
        if start in index:
            continue
        work = [(start, iter(sorted(needs[start] & needs.keys())))]
        index[start] = low[start] = len(index)
        waiting.append(start)
        while work:
            key, rest = work[-1]
            other = next(rest, None)
            if other is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[key])
                if low[key] == index[key]:
                    place = waiting.index(key)
                    found.append(frozenset(waiting[place:]))
                    del waiting[place:]
            elif other not in index:
                index[other] = low[other] = len(index)
                waiting.append(other)
                work.append((other, iter(sorted(needs[other] & needs.keys()))))
            elif other in waiting:
                low[key] = min(low[key], index[other])
    return found
