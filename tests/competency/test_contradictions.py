"""Facts that contradict each other are found, with the axioms and the facts that say so."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from dafab_kg.reasoning.clash import Clash, clashes
from dafab_kg.reasoning.explain import Proof
from dafab_kg.reasoning.ontology import packaged_rules
from dafab_kg.reasoning.rules import Kind
from tests.competency.asking import Contradiction, contradictions, lines, questions, reasoned

AGAINST = pytest.mark.parametrize("against", contradictions(), ids=lambda against: against.name)
NAMES = {against.name for against in contradictions()}
NOT_IN_THE_ONTOLOGY: dict[Kind, str] = {
    "not allowed": "no class is below owl:Nothing, and nothing is denied of an individual",
    "different things": "no axiom makes two things the same",
}
"""Kinds of clash of which the ontology has no axiom, so that no facts can show them."""


@cache
def found() -> tuple[Clash, ...]:
    """Clashes of all contradictions; one store holds them all, each about its own things."""
    nt = "".join(lines(one.facts + one.offending, one.name) for one in contradictions())
    return tuple(clashes(*reasoned(nt)))


def named(clash: Clash) -> Iterator[str]:
    """Axioms that an explanation names."""
    yield clash.axiom
    waiting: list[Proof] = list(clash.facts)
    for proof in waiting:
        if proof.axiom:
            yield proof.axiom
        waiting.extend(proof.premises)


def names(words: str, axiom: str) -> bool:
    """Tell whether an axiom, with its source in brackets, has these words."""
    if words.endswith("..."):
        return axiom.startswith(words.removesuffix("..."))
    return axiom.rpartition(" (")[0] == words


@AGAINST
def test_it_is_found_and_explained(against: Contradiction) -> None:
    mine = [c for c in found() if all(f"/{against.name}/" in fact.triple for fact in c.facts)]
    explained = [
        clash
        for clash in mine
        if clash.kind == against.kind
        and all(any(names(words, one) for one in named(clash)) for words in against.axioms)
    ]
    assert explained, "no clash of this kind whose explanation names the axioms"
    stated = {one.triple.strip() for clash in explained for f in clash.facts for one in f.stated}
    offending = {line.strip() for line in lines(against.offending, against.name).splitlines()}
    assert offending <= stated, "the explanation does not lead to what is wrong"


def test_no_clash_is_between_two_sets_of_facts() -> None:
    for clash in found():
        of = {name for name in NAMES for fact in clash.facts if f"/{name}/" in fact.triple}
        assert len(of) == 1, clash.what


def test_the_rest_is_consistent() -> None:
    """Without what is offending, and for all questions, nothing is found."""
    nt = "".join(lines(against.facts, against.name) for against in contradictions())
    nt += "".join(lines(asked.facts, asked.name) for asked in questions())
    assert [clash.what for clash in clashes(*reasoned(nt))] == []


def test_there_are_fifteen_of_every_kind_of_axiom() -> None:
    assert len(contradictions()) >= 15
    shown = {against.kind for against in contradictions()}
    assert {check.kind for check in packaged_rules().checks} == shown
    assert not shown & NOT_IN_THE_ONTOLOGY.keys()


def test_every_disjointness_of_classes_has_a_contradiction() -> None:
    shown = [words for against in contradictions() for words in against.axioms]
    for check in packaged_rules().checks:
        if check.kind not in ("several values", "one key", "not of the datatype"):
            assert any(names(words, str(check.axiom)) for words in shown) or (
                check.kind in ("asymmetric", "irreflexive")
            ), check.axiom
