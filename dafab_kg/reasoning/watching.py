"""What a commit touches in the default graph, as far as rules care."""

from __future__ import annotations

from collections.abc import Iterable

from dafab_kg.reasoning.incremental import Delta, joins, line_of, split
from dafab_kg.reasoning.rules import RuleSet, key_of
from dafab_kg.store.nquads import as_stored, default_lines, lines_in
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
        self._note(default_lines(f"{line}\n" for line in lines_in(change.added)), there=True)

    def addition(self, nquads: str) -> None:
        """Take note of statements that are about to be added."""
        self._note(default_lines(f"{line}\n" for line in lines_in(nquads)), there=True)

    def _note(self, lines: Iterable[str], *, there: bool) -> None:
        rows = [
            (subject, predicate, value)
            for subject, predicate, value in map(split, lines)
            if key_of(predicate, value) in self._relevant
        ]
        spelled = as_stored(value for _, _, value in rows)
        asked = []
        for subject, predicate, value in rows:
            key = key_of(predicate, value)
            line = line_of(key, (subject, spelled.get(value, value)))
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
