"""The incremental run: from what came and went to what follows and follows no more.

Strata are gone through in the order of the full run.  In each, what went proposes
heads that may have lost their support; those that no rule makes any more, from what
is left, go (a recursive stratum takes all of them out first and puts back what can
still be made: delete and rederive, Gupta, Mumick and Subrahmanian 1993).  What came
proposes heads that follow now.  As all lower strata are final by then, each answer
is exact, and what did not change is not looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from dafab_kg.reasoning.rules import TYPE, Atom, Rule, RuleSet, Stratum, Var
from dafab_kg.reasoning.sparql import Pair, backwards, forwards, select_key
from dafab_kg.store.nquads import in_graph
from dafab_kg.store.protocol import Change, Store

CHUNK: Final = 2000
"""Facts that one query is given."""
BULK_FROM: Final = 20_000
"""Triples from which a bulk load is faster than a transaction."""

Facts = defaultdict[str, set[Pair]]


def facts() -> Facts:
    """Return an empty set of triples by key."""
    return defaultdict(set)


@dataclass
class Delta:
    """What became of the default graph: triples by key.

    ``came`` may hold triples that were there before, ``went`` none that are there
    still.  ``new`` are those of ``came`` that were neither stated nor inferred before;
    only keys that meet others in a rule's body need it.
    """

    came: Facts = field(default_factory=facts)
    went: Facts = field(default_factory=facts)
    new: Facts = field(default_factory=facts)


def split(line: str) -> tuple[str, str, str]:
    """Return subject, predicate and object of an N-Triples line, as terms."""
    subject, predicate, value = line.removesuffix(" .\n").split(" ", 2)
    return subject, predicate, value


def line_of(key: str, pair: Pair) -> str:
    """Return the N-Triples line of a triple."""
    predicate = TYPE if key.startswith("a ") else key
    return f"{pair[0]} {predicate} {pair[1]} .\n"


class Incremental:
    """One run over one delta."""

    def __init__(self, store: Store, rules: RuleSet, graph: str, scratch: str) -> None:
        self.store = store
        self.rules = rules
        self.graph = graph
        self.scratch = scratch
        self._both: list[str | None] = [None, graph]
        self._gone: Facts = facts()
        self._fresh: Facts = facts()
        self._scratched = False
        self.added = 0
        self.removed = 0

    def run(self, delta: Delta, doubted: Facts | None = None, unused: Iterable[Rule] = ()) -> None:
        """Bring the inferred graph up to date.

        ``doubted`` are inferred triples that may have lost their rule, ``unused`` the
        rules that were not applied before: both for changes of rules, not of facts.
        """
        doubted = doubted or facts()
        unused = frozenset(unused)
        self._fresh = facts()
        for key, pairs in delta.came.items():
            # what meets no other fact in a rule's body costs nothing where it is not new
            self._fresh[key] |= delta.new[key] if key in self.rules.joining else pairs
        made = self.rules.made
        self._leave_to_documents({k: v for k, v in delta.came.items() if k in made})
        for key, pairs in delta.went.items():
            if key not in made:
                self._lose(key, pairs)
        layered = {key for stratum in self.rules.strata() for key in stratum.keys}
        for key in (made | doubted.keys()) - layered:
            self._settle_given(key, delta, doubted, unused)
        for level in self.rules.levels:
            for stratum in level:
                if not unused and self._is_idle(stratum, delta, doubted):
                    continue
                self._retract(stratum, delta, doubted)
                self._extend(stratum, delta, unused)
        if self._scratched:
            self.store.drop(self.scratch)

    def _is_idle(self, stratum: Stratum, delta: Delta, doubted: Facts) -> bool:
        """Tell that nothing which a stratum depends on came or went, nor anything it makes."""
        return not (
            any(self._fresh.get(key) or self._gone.get(key) for key in stratum.body_keys)
            or any(delta.went.get(key) or doubted.get(key) for key in stratum.keys)
        )

    # what documents state is not inferred

    def _leave_to_documents(self, came: dict[str, set[Pair]]) -> None:
        lines = [line_of(key, pair) for key, pairs in came.items() for pair in pairs]
        if lines:
            held = self.store.present(lines, [self.graph])
            self._write(removed=held)

    # what went

    def _retract(self, stratum: Stratum, delta: Delta, doubted: Facts) -> None:
        suspects = facts()
        for key in stratum.keys:
            suspects[key] |= delta.went[key] | doubted[key]
        wave = self._proposed(stratum.rules, self._gone, lost=True)
        wave = _without(wave, suspects)
        self._merge(suspects, self._inferred(wave))
        if not stratum.recursive:
            self._decide(suspects, delta)
            return
        wave = _copy(suspects)
        while any(wave.values()):
            self._remember(wave)
            wave = self._inferred(
                _without(self._proposed(stratum.recurring, wave, lost=True), suspects)
            )
            self._merge(suspects, wave)
        self._rederive(suspects, delta)

    def _decide(self, suspects: Facts, delta: Delta) -> None:
        """Keep what a rule still makes; the rest is gone."""
        for key, pairs in suspects.items():
            if not pairs:
                continue
            kept = self._derivable(key, pairs)
            self._write(added={line_of(key, pair) for pair in kept})
            # what went may have come and gone with this delta: then its effects are due yet
            self._fresh[key] |= kept & delta.went[key]
            lost = pairs - kept
            self._write(removed={line_of(key, pair) for pair in lost})
            self._lose(key, lost)

    def _rederive(self, suspects: Facts, delta: Delta) -> None:
        """Take all out, then put back what can be made, until no more can."""
        left = _copy(suspects)
        for key, pairs in left.items():
            self._write(removed={line_of(key, pair) for pair in pairs})
        while True:
            back = facts()
            for key, pairs in left.items():
                back[key] = self._derivable(key, pairs) if pairs else set()
            if not any(back.values()):
                break
            for key, pairs in back.items():
                self._write(added={line_of(key, pair) for pair in pairs})
                self._fresh[key] |= pairs & delta.went[key]
                left[key] -= pairs
        for key, pairs in left.items():
            self._lose(key, pairs)

    def _lose(self, key: str, pairs: set[Pair]) -> None:
        if pairs and key in self.rules.by_body:
            self._gone[key] |= pairs
            self._remember({key: pairs})

    def _remember(self, went: dict[str, set[Pair]]) -> None:
        """Keep what went where rules still see it, to find all that it took part in."""
        lines = [
            in_graph(line_of(key, pair), self.scratch)
            for key, pairs in went.items()
            if key in self.rules.joining
            for pair in pairs
        ]
        if lines:
            self._scratched = True
            self.store.apply(Change(added="".join(lines)))

    # what came

    def _extend(self, stratum: Stratum, delta: Delta, unused: frozenset[Rule]) -> None:
        stated = delta.came
        wave = self._proposed(stratum.rules, self._fresh, lost=False)
        for rule in stratum.rules:
            if rule in unused:
                # only here: all that its body needs from lower strata is final by now
                wave[rule.head.key] |= self._made_by(rule)
        for key in stratum.keys:
            wave[key] |= _facts_of(unused, key)
        while any(wave.values()):
            new = facts()
            for key, pairs in wave.items():
                fresh = self._unknown(key, pairs - stated[key])
                if fresh:
                    self._write(added={line_of(key, pair) for pair in fresh})
                    new[key] = fresh
                    self._fresh[key] |= fresh
            if not stratum.recursive:
                return
            wave = self._proposed(stratum.recurring, new, lost=False)

    def _settle_given(
        self, key: str, delta: Delta, doubted: Facts, unused: frozenset[Rule]
    ) -> None:
        """Keys that only the ontology itself states, or nothing any more."""
        self._decide(defaultdict(set, {key: delta.went[key] | doubted[key]}), delta)
        fresh = self._unknown(key, _facts_of(unused, key) - delta.came[key])
        self._write(added={line_of(key, pair) for pair in fresh})
        self._fresh[key] |= fresh

    # questions to the store

    def _made_by(self, rule: Rule) -> set[Pair]:
        """Heads that a rule makes of all there is, and nobody states yet."""
        rows = self.store.rows(select_key([rule]), self._both)
        return {(s, o) for s, o in rows if not s.startswith('"')}

    def _proposed(self, rules: Iterable[Rule], given: Facts, *, lost: bool) -> Facts:
        """Heads of rules whose body holds one of the given facts, and otherwise what is known."""
        found = facts()
        graphs = [*self._both, self.scratch] if lost and self._scratched else self._both
        for rule in rules:
            for place, atom in enumerate(rule.body):
                pairs = given.get(atom.key)
                if not pairs:
                    continue
                heads = found[rule.head.key]
                if len(rule.body) == 1 and not rule.filters:
                    made = _instances(rule.head, atom, pairs)
                else:
                    made = self._joined(rule, place, pairs, graphs)
                # a literal where a thing should be is for the shapes to find
                heads.update(pair for pair in made if not pair[0].startswith('"'))
        return found

    def _joined(
        self, rule: Rule, place: int, pairs: set[Pair], graphs: Sequence[str | None]
    ) -> Iterator[Pair]:
        for some in _chunks(pairs):
            yield from ((s, o) for s, o in self.store.rows(forwards(rule, place, some), graphs))

    def _derivable(self, key: str, pairs: set[Pair]) -> set[Pair]:
        """Those of the triples that a rule makes now."""
        found = pairs & self.rules.stated.get(key, frozenset())
        for rule in self.rules.by_head.get(key, ()):
            for some in _chunks(pairs - found):
                rows = self.store.rows(backwards(rule, some), self._both)
                found.update((s, o) for s, o in rows)
        return found

    def _inferred(self, proposed: Facts) -> Facts:
        """Those of the triples that are inferred at present."""
        return self._held(proposed, [self.graph])

    def _unknown(self, key: str, pairs: set[Pair]) -> set[Pair]:
        if not pairs:
            return set()
        lines = {line_of(key, pair): pair for pair in pairs}
        held = self.store.present(lines, self._both)
        return {pair for line, pair in lines.items() if line not in held}

    def _held(self, proposed: Facts, graphs: list[str | None]) -> Facts:
        found = facts()
        for key, pairs in proposed.items():
            lines = {line_of(key, pair): pair for pair in pairs}
            if lines:
                found[key] = {lines[line] for line in self.store.present(lines, graphs)}
        return found

    def _merge(self, into: Facts, more: Facts) -> None:
        for key, pairs in more.items():
            into[key] |= pairs

    def _write(self, added: Iterable[str] = (), removed: Iterable[str] = ()) -> None:
        plus = [in_graph(line, self.graph) for line in added]
        minus = [in_graph(line, self.graph) for line in removed]
        self.added += len(plus)
        self.removed += len(minus)
        if len(plus) >= BULK_FROM:
            self.store.bulk_load("".join(plus))
            plus = []
        if plus or minus:
            self.store.apply(Change(tuple(minus), "".join(plus)))


def _facts_of(given: Iterable[Rule], key: str) -> set[Pair]:
    """Facts that the ontology itself states, of one key."""
    return {
        (str(rule.head.subject), str(rule.head.object))
        for rule in given
        if not rule.body and rule.head.key == key
    }


def _instances(head: Atom, atom: Atom, pairs: set[Pair]) -> Iterator[Pair]:
    for subject, value in pairs:
        binding: dict[object, str] = {}
        for term, given in ((atom.subject, subject), (atom.object, value)):
            if isinstance(term, Var):
                if binding.setdefault(term, given) != given:
                    break
            elif term != given:
                break
        else:
            yield (
                binding.get(head.subject, str(head.subject)),
                binding.get(head.object, str(head.object)),
            )


def _chunks(pairs: set[Pair]) -> Iterator[list[Pair]]:
    rest = iter(pairs)
    while some := list(islice(rest, CHUNK)):
        yield some


def _without(some: Facts, others: Facts) -> Facts:
    return defaultdict(set, {key: pairs - others[key] for key, pairs in some.items()})


def _copy(some: Facts) -> Facts:
    return defaultdict(set, {key: set(pairs) for key, pairs in some.items()})
