"""SERVICE by bound joins: the same answer as the engine's own, in which the other endpoint is a
named graph; and that only what matters is asked for."""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import Any

import pyoxigraph as ox
import pytest

from dafab_kg.federation.sparql import bound_join
from dafab_kg.federation.sparql.bound_join import join
from dafab_kg.federation.sparql.endpoint import Bounds
from dafab_kg.model.errors import ServiceNotUsable
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Change

FAR = "http://far.example/sparql"
P = ("p", "q", "r")
_XSD = "http://www.w3.org/2001/XMLSchema#"
THINGS = (
    *(f"<http://x.example/{n}>" for n in range(4)),
    *('"a"', '"b"@en', f'"1"^^<{_XSD}integer>', f'"01"^^<{_XSD}integer>'),
)
HEAD = "PREFIX x: <http://x.example/> "


class World:
    """The graph here, and another there; what is asked there is noted."""

    def __init__(self, seed: int, monkeypatch: pytest.MonkeyPatch, triples: int = 14) -> None:
        made = random.Random(seed)
        self.here, self.both, self.there = OxigraphStore(None), ox.Store(), ox.Store()
        lines = []
        for number in range(2 * triples):
            subject, value = made.choice(THINGS[:4]), made.choice(THINGS)
            line = f"{subject} <http://x.example/{made.choice(P)}> {value}"
            if number % 2:
                lines.append(f"{line} .\n")
            else:
                self.there.load(f"{line} .".encode(), ox.RdfFormat.N_TRIPLES)
        self.here.apply(Change(added="".join(lines)))
        self.both.load("".join(lines).encode(), ox.RdfFormat.N_TRIPLES)
        for quad in self.there:
            self.both.add(ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(FAR)))
        self.asked: list[str] = []
        monkeypatch.setattr(bound_join, "select", self.select)

    def select(self, url: str, query: str, bounds: Bounds) -> Any:
        assert url == FAR
        self.asked.append(query)
        store = OxigraphStore(None)
        store._store = self.there
        found = store.query(query)
        return found.variables, list(found)

    def answers(self, text: str) -> tuple[Counter[str], Counter[str]]:
        """The rows by the bound join, and those of the engine with the graph in the same place."""
        engine = self._rows(HEAD + text)
        joined = join(HEAD + text, self.here.query, Bounds())
        self.calls = joined.calls
        return self._rows(joined.text), engine

    def _rows(self, text: str) -> Counter[str]:
        found = self.both.query(text.replace(f"SERVICE <{FAR}>", f"GRAPH <{FAR}>"))
        names = sorted(v.value for v in found.variables)
        return Counter(str([str(row[name]) for name in names]) for row in found)


def _triple(made: random.Random) -> str:
    subject = made.choice(("?a", "?b", "?c", "?d", "x:1"))
    predicate = made.choice(("x:p", "x:q", "x:r", "x:p", "x:p|x:q", "?e"))
    return f"{subject} {predicate} {made.choice(('?a', '?b', '?c', '?d', 'x:2', '_:z'))} . "


def _filter(made: random.Random) -> str:
    return made.choice(
        ("FILTER(?a != ?b) ", "FILTER(BOUND(?c)) ", "FILTER(!BOUND(?d)) ", "FILTER(?a != x:1) ",
         "FILTER EXISTS { ?a x:q ?z } ")
    )  # fmt: skip


def _group(made: random.Random, depth: int, calls: bool) -> str:
    parts = []
    for number in range(made.randint(1, 4)):
        kind = made.random()
        if kind < 0.45 or depth == 0:
            parts.append(_triple(made))
        elif kind < 0.52:
            parts.append(_filter(made))
        elif kind < 0.6:
            parts.append(f"OPTIONAL {{ {_group(made, depth - 1, calls)} }} ")
        elif kind < 0.66:
            left, right = (_group(made, depth - 1, calls) for _ in range(2))
            parts.append(f"{{ {left} }} UNION {{ {right} }} ")
        elif kind < 0.7:
            parts.append(f"MINUS {{ {_group(made, depth - 1, False)} }} ")
        elif kind < 0.74:
            parts.append(f"{{ {_group(made, depth - 1, calls)} }} ")
        elif kind < 0.77:
            parts.append(f"BIND(STR(?a) AS ?n{depth}{number}) ")
        elif kind < 0.8:
            parts.append("VALUES (?a ?c) { (x:1 UNDEF) (x:2 x:3) } ")
        elif kind < 0.84:
            inner = _group(made, depth - 1, calls)
            parts.append(f"{{ SELECT ?a ?b {{ {inner} }} }} ")
        elif calls:
            parts.append(f"SERVICE <{FAR}> {{ {_group(made, depth - 1, False)} }} ")
    return "".join(parts).replace("_:z", f"_:z{made.random()}".replace(".", "") if calls else "?c")


def _compare(monkeypatch: pytest.MonkeyPatch, seeds: range) -> int:
    bound = 0
    for seed in seeds:
        world = World(seed, monkeypatch)
        made = random.Random(seed)
        text = "SELECT * { " + _group(made, 3, True) + f"SERVICE <{FAR}> {{ {_triple(made)} }} }}"
        try:
            ours, engine = world.answers(text)
        except (SyntaxError, ValueError):  # what the grammar's notes forbid
            continue
        assert ours == engine, (seed, text)
        bound += sum(not call.reason for call in world.calls)
    return bound


def test_random_queries_have_the_same_answers(monkeypatch) -> None:
    assert _compare(monkeypatch, range(200)) > 50


@pytest.mark.oracle
def test_more_random_queries_have_the_same_answers(monkeypatch) -> None:
    assert _compare(monkeypatch, range(1_000, 21_000)) > 5_000


@pytest.fixture
def world(monkeypatch) -> World:
    return World(7, monkeypatch, triples=60)


def test_the_endpoint_is_asked_about_what_is_joined_only(world) -> None:
    ours, engine = world.answers(f"SELECT * {{ ?a x:p x:1 SERVICE <{FAR}> {{ ?a x:q ?c }} }}")
    assert ours == engine and ours
    (query,) = world.asked
    here = {str(row["a"]) for row in world.both.query(HEAD + "SELECT ?a { ?a x:p x:1 }")}
    assert set(re.findall(r"\((<[^>]*>)\)", query)) == here != set()
    assert query.index("VALUES") < query.index("x:q")


def test_a_call_that_stands_first_is_bound_by_what_follows(world) -> None:
    ours, engine = world.answers(
        f"SELECT ?c {{ SERVICE <{FAR}> {{ ?b x:q ?c }} ?b x:p ?a FILTER(?a = x:1) }}"
    )
    assert ours == engine
    assert [call.reason for call in world.calls] == [""]


def test_batches(world, monkeypatch) -> None:
    monkeypatch.setattr(bound_join, "BATCH", 2)
    ours, engine = world.answers(f"SELECT * {{ ?a x:p ?x SERVICE <{FAR}> {{ ?a x:q ?c }} }}")
    assert ours == engine
    assert len(world.asked) == world.calls[0].requests == 2  # four subjects


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{ SERVICE <F> { ?a x:p ?b } }", "no variable"),
        ("{ ?x x:p ?a OPTIONAL { ?x x:q ?b } SERVICE <F> { ?b x:p ?c } }", "no variable"),
        ("{ BIND(1 AS ?b) SERVICE <F> { ?a x:p ?b } }", "no variable"),
        ("{ VALUES ?b { 1 } SERVICE <F> { ?a x:p ?b } }", "compared by value"),
    ],
)
def test_what_is_left_to_the_engine(world, text, reason) -> None:
    ours, engine = world.answers("SELECT * " + text.replace("<F>", f"<{FAR}>"))
    assert ours == engine and world.asked == []
    assert reason in world.calls[0].reason


def test_bounds(world, monkeypatch) -> None:
    text = f"SELECT * {{ ?a x:p ?x SERVICE <{FAR}> {{ ?a x:q ?c }} }}"
    monkeypatch.setattr(bound_join, "MOST_ROWS", 1)
    assert "more than 1 solutions" in (world.answers(text), world.calls[0].reason)[1]
    monkeypatch.setattr(bound_join, "MOST_VALUES", 2)
    assert "more than 2 values" in (world.answers(text), world.calls[0].reason)[1]


def test_a_call_that_fails(world, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise ServiceNotUsable("down")

    monkeypatch.setattr(bound_join, "select", fail)
    text = HEAD + "SELECT * {{ ?a x:p ?b SERVICE {} <{}> {{ ?a x:q ?c }} }}"
    with pytest.raises(ServiceNotUsable):
        join(text.format("", FAR), world.here.query, Bounds())
    joined = join(text.format("SILENT", FAR), world.here.query, Bounds())
    rows = list(world.here.query(joined.text))  # SPARQL 1.1 Federated Query, 2.3: one solution
    assert len(rows) == len(list(world.here.query(HEAD + "SELECT * { ?a x:p ?b }")))
