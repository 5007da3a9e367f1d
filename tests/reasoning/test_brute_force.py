"""The closure equals what a slow and simple evaluator of the axioms finds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from rdflib import Graph

from tests.reasoning.making import compiled, facts, inferred, ontologies, stored
from tests.reasoning.naive import Naive, lines, literals_as_written


def expected(turtle: str, stated: set[str]) -> set[str]:
    with literals_as_written():
        axioms = Graph().parse(data=turtle, format="turtle")
        known = Graph().parse(data="".join(stated), format="nt")
        return stored(set(lines(Naive(axioms, known).closure()))) - stated


def agrees(turtle: str, stated: set[str]) -> None:
    stated = stored(stated)
    found = inferred(compiled(turtle), stated)
    assert not found & stated
    assert found == expected(turtle, stated)


@settings(max_examples=250)
@given(ontologies, facts)
def test_random_ontologies(turtle: str, stated: set[str]) -> None:
    agrees(turtle, stated)


@pytest.mark.oracle
@settings(max_examples=5000)
@given(ontologies, facts)
def test_many_random_ontologies(turtle: str, stated: set[str]) -> None:
    agrees(turtle, stated)
