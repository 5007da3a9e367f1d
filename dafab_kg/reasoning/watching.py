"""What a commit touches in the default graph, as far as rules care."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dafab_kg.reasoning.incremental import Delta, joins, line_of, split
from dafab_kg.reasoning.rules import RuleSet, key_of
from dafab_kg.store.nquads import default_lines
from dafab_kg.store.protocol import Change, Store


class Watch:
    """Collects what changes do to the default graph; told of each before it is applied."""

    def __init__(self, store: Store, rules: RuleSet, graph: str) -> None:
        self._store = store
        self._graphs = [None, graph]
        self._rules = rules
        made = rules.made
        self._relevant = made | rules.by_body.keys()
        self._joining = {key for key in rules.by_body if joins(rules, key)}
        self._there: dict[str, bool] = {}
        self._before: dict[str, bool] = {}

    def change(self, change: Change) -> None:
        """Take note of a change that is about to be applied."""
        self._note(default_lines(change.removed), there=False)
        self._note(default_lines(change.added.splitlines(keepends=True)), there=True)

    def addition(self, nquads: str) -> None:
        """Take note of statements that are about to be added."""
        self._note(default_lines(nquads.splitlines(keepends=True)), there=True)

    def _note(self, lines: Iterable[str], *, there: bool) -> None:
        asked = []
        for line in lines:
            _, predicate, value = split(line)
            key = key_of(predicate, value)
            if key not in self._relevant:
                continue
            if key in self._joining and line not in self._before:
                asked.append(line)
            self._there[line] = there
        if asked:
            held = self._store.present(asked, self._graphs)
            self._before.update((line, line in held) for line in asked)

    def delta(self) -> Delta:
        """Return what came and went, all changes taken together."""
        delta = Delta()
        for line, there in self._there.items():
            subject, predicate, value = split(line)
            key, pair = key_of(predicate, value), (subject, value)
            if not there:
                delta.went[key].add(pair)
                continue
            delta.came[key].add(pair)
            if not self._before.get(line, True):
                delta.new[key].add(pair)
        return delta


def lines_of(facts: dict[str, set[tuple[str, str]]]) -> Iterator[str]:
    """N-Triples lines of triples by key."""
    return (line_of(key, pair) for key, pairs in facts.items() for pair in pairs)
