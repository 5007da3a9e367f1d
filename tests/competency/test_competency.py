"""What users ask is answered by reasoning, and by each axiom that a question says it needs."""

from __future__ import annotations

import re

import pytest

from dafab_kg.reasoning.ontology import packaged_rules
from tests.competency.asking import (
    GRAPH,
    Question,
    answer,
    by,
    infer,
    lines,
    questions,
    reasoned,
    rows,
    stored,
)

ASKED = pytest.mark.parametrize("asked", questions(), ids=lambda asked: asked.name)
WORTH_A_QUESTION = re.compile(
    r" o |^Transitive |^Symmetric | InverseOf | EquivalentTo | SubPropertyOf | SubClassOf "
)
"""Axioms that say more than what a property is of; of domains and ranges, a few have one."""
EXCEPTED: dict[str, str] = {}
"""Axioms of that kind that no question can need, each with the reason."""


@ASKED
def test_the_answer(asked: Question) -> None:
    assert rows(stored(lines(asked.facts)), asked.query, inferred=False) == asked.without
    assert answer(asked) == asked.answer
    assert (asked.answer == asked.without) == (not asked.needs)


@ASKED
def test_each_axiom_is_needed(asked: Question) -> None:
    rules = packaged_rules()
    known = {rule.axiom.words for rule in (*rules.rules, *rules.given)}
    for words in asked.needs:
        assert words in known, "no rule comes of an axiom of these words"
        assert answer(asked, without=words) != asked.answer, words


def test_the_short_way_is_the_reasoner() -> None:
    """Rules left out to save time have no effect, and nothing stays of other questions."""
    nt = "".join(lines(asked.facts, asked.name) for asked in questions())
    store, reasoner = reasoned(nt)
    expected = set(store.graph_triples(reasoner.graph))
    infer(store, by(nt))
    assert set(store.graph_triples(GRAPH)) == expected
    for asked in questions()[::24]:
        store, _ = reasoned(lines(asked.facts))
        assert rows(store, asked.query, inferred=True) == answer(asked), asked.name


def test_there_are_sixty() -> None:
    assert len(questions()) >= 60
    assert len({asked.question for asked in questions()}) == len(questions())


def test_every_axiom_that_infers_has_a_question() -> None:
    rules = packaged_rules()
    worth = {rule.axiom.words for rule in rules.rules if WORTH_A_QUESTION.search(rule.axiom.words)}
    needed = {words for asked in questions() for words in asked.needs}
    assert worth - needed - EXCEPTED.keys() == set()
    assert not EXCEPTED.keys() & needed
    assert EXCEPTED.keys() <= worth
    others = {rule.axiom.words for rule in rules.rules} - worth
    assert all(re.search(" (Domain|Range) ", words) for words in others)
