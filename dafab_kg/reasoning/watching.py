"""What a commit touches in the default graph, as far as rules care."""

from __future__ import annotations

from collections.abc import Iterator

from dafab_kg.reasoning.incremental import Delta, line_of, split
from dafab_kg.reasoning.rules import TYPE, RuleSet, key_of
from dafab_kg.store.nquads import as_stored, is_value
from dafab_kg.store.protocol import Change, Store


class Watch:
    """Collects what changes do to the default graph; told of each before it is applied."""

    def __init__(self, store: Store, rules: RuleSet, graph: str) -> None:
        self._store = store
        self._graphs = [None, graph]
        made = rules.made
        self._relevant = made | rules.by_body.keys()
        self._predicates = {TYPE if key.startswith("a ") else key for key in self._relevant}
        self._joining = rules.joining
        self._there: dict[str, bool] = {}
        self._before: dict[str, bool] = {}

    def change(self, change: Change) -> None:
        """Take note of a change that is about to be applied."""
        self._note("".join(change.removed), there=False)
        self._note(change.added, there=True)

    def addition(self, nquads: str) -> None:
        """Take note of statements that are about to be added."""
        self._note(nquads, there=True)

    def _relevant_in(self, nquads: str) -> Iterator[tuple[str, str, str]]:
        """Subject, key and value of the lines of the default graph that rules care for."""
        for line in nquads.split("\n"):
            if not line:
                continue
            subject, predicate, rest = line.split(" ", 2)
            if predicate not in self._predicates:
                continue
            value = rest[:-2]
            key = key_of(predicate, value)
            # of most classes no rule speaks, and to look for a graph's name takes longer
            if key in self._relevant and is_value(value):
                yield subject, key, value

    def _note(self, nquads: str, *, there: bool) -> None:
        rows = list(self._relevant_in(nquads))
        spelled = as_stored(value for _, _, value in rows)
        asked = []
        for subject, key, value in rows:
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
