"""A full run that was interrupted goes on and comes to the same."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dafab_kg.model.names import Names
from dafab_kg.reasoning.reasoner import Reasoner
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Change
from tests.reasoning.making import compiled, facts, inferred, stating
from tests.reasoning.test_incremental import MUTUAL, RECURSIVE


class Stopped(Exception):
    """Somebody pulled the plug."""


def interrupted(turtle: str, stated: set[str], stops: list[int], place: Path | None) -> set[str]:
    rules = compiled(turtle, skip_refused=True)
    store = OxigraphStore()
    store.apply(Change(added="".join(sorted(stated))))

    def stop_at(stop: int) -> None:
        def told(number: int, _: int) -> None:
            if number == stop:
                raise Stopped

        # as another process would, with nothing but the store and the file
        reasoner = Reasoner(store, Names(), place, rules=lambda: rules)
        if place is None:
            reasoner = same
        try:
            reasoner.run_full(told)
        except Stopped:
            assert reasoner.state is not None

    same = Reasoner(store, Names(), rules=lambda: rules)
    for stop in stops:
        stop_at(stop)
    last = Reasoner(store, Names(), place, rules=lambda: rules) if place else same
    last.ensure()
    assert last.up_to_date
    return set(store.graph_triples(last.graph))


@settings(max_examples=60)
@given(
    st.one_of(st.sampled_from([RECURSIVE, MUTUAL]), stating),
    facts,
    st.lists(st.integers(1, 12), max_size=4),
)
def test_interrupted_runs(turtle: str, stated: set[str], stops: list[int]) -> None:
    rules = compiled(turtle, skip_refused=True)
    assert interrupted(turtle, stated, stops, None) == inferred(rules, stated)


def test_every_step_across_processes(tmp_path: Path) -> None:
    stated = {
        "<http://example.org/c> <http://example.org/q> <http://example.org/b> .\n",
        "<http://example.org/b> <http://example.org/r> <http://example.org/a> .\n",
    }
    full = inferred(compiled(RECURSIVE), stated)
    for stop in range(1, 14):
        place = tmp_path / f"{stop}.json"
        assert interrupted(RECURSIVE, stated, [stop], place) == full


def test_a_state_file_that_is_damaged_leads_to_a_full_run(tmp_path: Path) -> None:
    rules = compiled(MUTUAL)
    for damage in (b"", b"{", b"[]", b'{"rules": [], "steps": "x"}', b'{"steps": 1}', b"\xff"):
        place = tmp_path / "state.json"
        place.write_bytes(damage)
        reasoner = Reasoner(OxigraphStore(), Names(), place, rules=lambda: rules)
        assert reasoner.state is None or not reasoner.up_to_date
        assert reasoner.ensure().way == "full"
        assert reasoner.up_to_date
