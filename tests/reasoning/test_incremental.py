"""After any sequence of changes, what is inferred is what a full run would infer."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dafab_kg.model.names import Names
from dafab_kg.reasoning.reasoner import Reasoner
from dafab_kg.reasoning.rules import RuleSet
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Change
from tests.reasoning.making import (
    DECLARED,
    compiled,
    fact,
    inferred,
    odd,
    ontologies,
    stating,
    stored,
)

RECURSIVE = (
    DECLARED
    + """
:p a owl:TransitiveProperty . :q rdfs:subPropertyOf :p .
:r owl:inverseOf :s . :s a owl:SymmetricProperty .
:r rdfs:subPropertyOf :p .
:q owl:propertyChainAxiom ( :p :r ) .
:A rdfs:subClassOf :B . :B rdfs:subClassOf :C . :C rdfs:subClassOf :A .
[ a owl:Restriction ; owl:onProperty :p ; owl:someValuesFrom :A ] rdfs:subClassOf :D .
:D rdfs:subClassOf [ a owl:Restriction ; owl:onProperty :r ; owl:allValuesFrom :E ] .
:E owl:equivalentClass [ a owl:Restriction ; owl:onProperty :s ; owl:hasValue :a ] .
:d rdfs:subPropertyOf :e .
[ a owl:Restriction ; owl:onProperty :e ; owl:someValuesFrom
  [ a rdfs:Datatype ; owl:onDatatype xsd:decimal ;
    owl:withRestrictions ( [ xsd:minInclusive "5"^^xsd:integer ] ) ] ] rdfs:subClassOf :F .
:b a owl:NamedIndividual , :B ; :s :c .
"""
)
MUTUAL = (
    DECLARED
    + """
:p rdfs:subPropertyOf :q . :q rdfs:subPropertyOf :r . :r rdfs:subPropertyOf :p .
:s owl:propertyChainAxiom ( :p [ owl:inverseOf :s ] ) .
:p rdfs:domain :A . :A rdfs:subClassOf [ a owl:Class ; owl:intersectionOf ( :B
  [ a owl:Restriction ; owl:onProperty :s ; owl:hasSelf true ] ) ] .
[ a owl:Class ; owl:intersectionOf ( :C :B ) ] rdfs:subClassOf
  [ a owl:Restriction ; owl:onProperty :d ; owl:hasValue "5.0"^^xsd:decimal ] .
[ a owl:Restriction ; owl:onProperty :d ; owl:hasValue 5 ] rdfs:subClassOf :D .
"""
)

changes = st.lists(
    st.tuples(st.sets(fact, max_size=3), st.sets(st.one_of(fact, odd), max_size=4)),
    min_size=1,
    max_size=3,
)


class Catalogue(RuleBasedStateMachine):
    """A store whose facts change, and the same facts in a plain set."""

    @initialize(
        turtle=st.one_of(st.sampled_from([RECURSIVE, MUTUAL]), ontologies, stating),
        facts=st.sets(fact, max_size=8),
    )
    def start(self, turtle: str, facts: set[str]) -> None:
        self.rules = compiled(turtle, skip_refused=True)
        self.store = OxigraphStore()
        self.reasoner = Reasoner(self.store, Names(), rules=lambda: self.rules)
        self.stated: set[str] = set()
        self._write(set(), facts)

    def _write(self, removed: set[str], added: set[str]) -> None:
        change = Change(tuple(sorted(removed)), "".join(sorted(added)))
        self.reasoner.apply(change)
        self._model(removed, added)

    def _model(self, removed: set[str], added: set[str]) -> None:
        self.stated = stored(self.stated) - stored(removed) | stored(added)

    @rule(some=changes)
    def change(self, some: list[tuple[set[str], set[str]]]) -> None:
        """Several changes, and what follows from them together."""
        with self.reasoner.following() as watch:
            for removed, added in some:
                change = Change(tuple(sorted(removed)), "".join(sorted(added)))
                watch.change(change)
                self.store.apply(change)
                self._model(removed, added)

    @rule(facts=st.sets(fact, min_size=1, max_size=4))
    def add(self, facts: set[str]) -> None:
        self._write(set(), facts)

    @rule(choice=st.data())
    def remove(self, choice: st.DataObject) -> None:
        if self.stated:
            some = choice.draw(st.sets(st.sampled_from(sorted(self.stated)), max_size=5))
            self._write(some, set())

    @rule(choice=st.data())
    def replace(self, choice: st.DataObject) -> None:
        if self.stated:
            some = choice.draw(st.sets(st.sampled_from(sorted(self.stated)), max_size=3))
            self._write(some, choice.draw(st.sets(fact, max_size=3)))

    @rule(choice=st.data())
    def assert_what_was_inferred(self, choice: st.DataObject) -> None:
        known = sorted(self.store.graph_triples(self.reasoner.graph))
        if known:
            self._write(set(), choice.draw(st.sets(st.sampled_from(known), max_size=4)))

    @rule(choice=st.data())
    def assert_one_and_take_its_reasons(self, choice: st.DataObject) -> None:
        known = sorted(self.store.graph_triples(self.reasoner.graph))
        if known and self.stated:
            some = choice.draw(st.sets(st.sampled_from(known), min_size=1, max_size=3))
            reasons = choice.draw(st.sets(st.sampled_from(sorted(self.stated)), max_size=4))
            self._write(reasons - some, some)

    @rule(turtle=st.one_of(st.sampled_from([RECURSIVE, MUTUAL]), ontologies, stating))
    def other_rules(self, turtle: str) -> None:
        self.rules = compiled(turtle, skip_refused=True)
        self.reasoner.ensure()

    @rule(which=st.sets(st.integers(0, 30), max_size=3), choice=st.data())
    def without_some_rules(self, which: set[int], choice: st.DataObject) -> None:
        """A few axioms go, or come: less than what makes for a full run."""
        self.rules = choice.draw(st.sampled_from([RECURSIVE, MUTUAL]).map(compiled))
        self.reasoner.ensure()
        self.rules = without(self.rules, which)
        self.reasoner.ensure()

    @invariant()
    def as_in_full(self) -> None:
        if not hasattr(self, "store"):
            return
        found = set(self.store.graph_triples(self.reasoner.graph))
        assert set(self.store.graph_triples(None)) == self.stated
        assert not found & self.stated
        assert found == inferred(self.rules, self.stated)


def without(rules: RuleSet, which: set[int]) -> RuleSet:
    """A rule set that lacks some rules."""
    from dafab_kg.reasoning.strata import stratified

    kept = (r for n, r in enumerate((*rules.rules, *rules.given)) if n not in which)
    return stratified(kept, rules.checks)


pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


class TestSequences(Catalogue.TestCase):
    settings = settings(max_examples=40, stateful_step_count=8)


@pytest.mark.oracle
class TestLongSequences(Catalogue.TestCase):
    settings = settings(max_examples=300, stateful_step_count=12)
