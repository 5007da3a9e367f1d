"""The reasoner of one catalogue: what follows from its facts, kept up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.model.names import Names
from dafab_kg.reasoning.full import materialise
from dafab_kg.reasoning.incremental import Delta, Incremental, facts
from dafab_kg.reasoning.ontology import packaged_rules
from dafab_kg.reasoning.rules import RuleSet
from dafab_kg.reasoning.watching import Watch
from dafab_kg.store.protocol import Change, Store

Facts = Literal["asserted", "inferred", "both"]
"""What a query is asked of."""

Way = Literal["nothing to do", "full", "changed rules"]

Told = Callable[[int, int], None]
MOSTLY_NEW = 0.5
"""Share of rules that changed from which a full run is the shorter way."""


@dataclass(frozen=True)
class State:
    """How far inference is: by which rules, and whether they were all applied.

    ``rules`` maps a rule's identity to the key that it makes.  ``steps`` counts the
    steps of a full run that are done, -1 when it is over.
    """

    rules: dict[str, str]
    steps: int

    @property
    def complete(self) -> bool:
        """All rules were applied to all facts."""
        return self.steps < 0


@dataclass(frozen=True)
class Reasoned:
    """What a run did: ``way`` says how, the numbers are triples of the inferred graph."""

    way: Way
    inferred: int
    changed_rules: int = 0


class Reasoner:
    """Keeps the inferred graph of a store up to date.

    ``state_file`` says between processes how far inference is; without it the state
    is kept in memory.  ``rules`` makes the rules when they are first needed.
    """

    def __init__(
        self,
        store: Store,
        names: Names,
        state_file: Path | None = None,
        rules: Callable[[], RuleSet] = packaged_rules,
    ) -> None:
        self.store = store
        self.graph = names.make("inferred_graph")
        self._scratch = names.make("scratch_graph")
        self._rules = rules
        self._file = state_file
        self._kept: State | None = None
        self._ensured = False

    def dataset(self, which: Facts) -> tuple[str | None, ...]:
        """Return the graphs whose merge holds the facts (None: the default graph).

        Raises:
            QueryNotValid: there are no such facts.
        """
        known = {"asserted": (None,), "inferred": (self.graph,), "both": (None, self.graph)}
        if which not in known:
            raise QueryNotValid(f"There are no facts {which!r}. Ask for {', '.join(known)}")
        return known[which]

    @property
    def rules(self) -> RuleSet:
        """The rules of the ontology as it is now."""
        return self._rules()

    @property
    def state(self) -> State | None:
        """How far inference is, None before the first run."""
        if self._file is None:
            return self._kept
        try:
            value = orjson.loads(self._file.read_bytes())
            return State(dict(value["rules"]), int(value["steps"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None  # a lost state is mended by a full run

    @property
    def up_to_date(self) -> bool:
        """All that follows by the present rules is inferred."""
        state = self.state
        return state is not None and state.complete and state.rules == self.rules.identities

    def mark_stale(self) -> None:
        """Say that the next run must be a full one."""
        self._ensured = False
        if self._file is not None:
            self._file.unlink(missing_ok=True)
        self._kept = None

    def mark_interrupted(self) -> None:
        """Say that a run did not end: opening the store for writing does it again."""
        self._ensured = False
        self._keep(State({}, 0))

    @property
    def interrupted(self) -> bool:
        """Tell whether a run did not end."""
        state = self.state
        return state is not None and not state.complete

    def _keep(self, state: State) -> None:
        self._kept = state
        if self._file is not None:
            temporary = self._file.with_suffix(".tmp")
            temporary.write_bytes(orjson.dumps({"rules": state.rules, "steps": state.steps}))
            temporary.replace(self._file)

    # runs

    def run_full(self, told: Told | None = None, *, resume: bool = True) -> Reasoned:
        """Infer everything anew; an interrupted run goes on where it was."""
        self._run_full(told, resume=resume)
        return Reasoned("full", self.store.graph_size(self.graph))

    def _run_full(self, told: Told | None, *, resume: bool = True) -> None:
        rules = self.rules
        state = self.state
        done = 0
        if resume and state is not None and state.rules == rules.identities and state.steps > 0:
            done = state.steps
        else:
            self._keep(State(rules.identities, 0))

        def step(number: int, steps: int) -> None:
            self._keep(State(rules.identities, -1 if number == steps else number))
            if told is not None:
                told(number, steps)

        self.store.drop(self._scratch)
        materialise(self.store, rules, self.graph, done=done, told=step)
        self._ensured = True

    def ensure(self, told: Told | None = None) -> Reasoned:
        """Bring inference up to date with rules and facts, by the shortest way.

        Rules that changed, such as one of a threshold, are applied by themselves.
        """
        way, changed = self._catch_up(told)
        return Reasoned(way, self.store.graph_size(self.graph), changed)

    def _catch_up(self, told: Told | None = None) -> tuple[Way, int]:
        """Do what :meth:`ensure` says, without counting what is inferred, which reads all of it."""
        state = self.state
        now = self.rules.identities
        if state is None or not state.complete:
            self._run_full(told)
            return "full", 0
        if state.rules == now:
            self._ensured = True
            return "nothing to do", 0
        changed = state.rules.keys() ^ now.keys()
        if len(changed) > MOSTLY_NEW * len(now):
            self._run_full(told, resume=False)
            return "full", 0
        self._change_rules(state.rules)
        self._keep(State(now, -1))
        self._ensured = True
        return "changed rules", len(changed)

    def _change_rules(self, old: dict[str, str]) -> None:
        """Apply what is new in the rules, and take back what only old ones made."""
        rules = self.rules
        now = rules.identities
        self._keep(State({}, 0))  # an interruption is mended by a full run
        doubted = facts()
        for key in {old[one] for one in old.keys() - now.keys()}:
            doubted[key] |= self._inferred_of(key)
        every = (*rules.rules, *rules.given)
        unused = [rule for rule in every if rule.identity not in old]
        self._incremental().run(Delta(), doubted, unused)

    def _inferred_of(self, key: str) -> set[tuple[str, str]]:
        pattern = f"?s a {key[2:]}" if key.startswith("a ") else f"?s {key} ?o"
        value = f"BIND({key[2:]} AS ?o)" if key.startswith("a ") else ""
        rows = self.store.rows(f"SELECT ?s ?o {{ {pattern} {value} }}", [self.graph])
        return {(s, o) for s, o in rows}

    def _incremental(self) -> Incremental:
        return Incremental(self.store, self.rules, self.graph, self._scratch)

    # beside changes of facts

    @contextmanager
    def following(self) -> Iterator[Watch]:
        """Watch changes of the default graph, and infer what follows when they are done.

        Whoever changes the store within tells the watch of each change first.
        """
        if not self._ensured:
            self._catch_up()
        watch = Watch(self.store, self.rules, self.graph)
        identities = self.rules.identities
        self._ensured = False  # until the end; a crash or an error within is mended by a full run
        self._keep(State(identities, 0))
        yield watch
        delta = watch.delta()
        if any((*delta.came.values(), *delta.went.values())):
            self._incremental().run(delta)
        self._keep(State(identities, -1))
        self._ensured = True

    def apply(self, change: Change) -> None:
        """Apply one change, and what follows from it."""
        with self.following() as watch:
            watch.change(change)
            self.store.apply(change)
