"""The closure equals that of owlrl, an implementation of the OWL 2 RL/RDF rules by others.

Equality is left out: names are unique here.  So are data ranges, which owlrl has not.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, Graph, URIRef

from tests.reasoning.making import (
    CLASSES,
    DECLARED,
    NS,
    OBJECT,
    TYPE,
    compiled,
    inferred,
    names,
    property_axioms,
    restricted,
    roles,
    term,
    things,
)

owlrl = pytest.importorskip("owlrl")
pytestmark = pytest.mark.filterwarnings("ignore")

_pair = st.lists(names, min_size=2, max_size=2).map(" ".join)
left = st.one_of(
    names,
    _pair.map(lambda some: f"[ a owl:Class ; owl:intersectionOf ( {some} ) ]"),
    _pair.map(lambda some: f"[ a owl:Class ; owl:unionOf ( {some} ) ]"),
    st.builds(lambda p, c: restricted(p, f"owl:someValuesFrom {c}"), roles, names),
    st.builds(lambda p, v: restricted(p, f"owl:hasValue {v}"), roles, things),
)
right = st.one_of(
    names,
    _pair.map(lambda some: f"[ a owl:Class ; owl:intersectionOf ( {some} ) ]"),
    st.builds(lambda p, c: restricted(p, f"owl:allValuesFrom {c}"), roles, names),
    st.builds(lambda p, v: restricted(p, f"owl:hasValue {v}"), roles, things),
)
axioms = st.one_of(
    st.builds(lambda c, d: f"{c} rdfs:subClassOf {d} .", left, right),
    st.builds(lambda p, c: f"{p} rdfs:domain {c} .", roles, names),
    st.builds(lambda p, c: f"{p} rdfs:range {c} .", roles, names),
    # inverse property expressions are no part of the RL/RDF rules' triples
    property_axioms.filter(lambda one: "[" not in one),
)
ontologies = st.lists(axioms, min_size=1, max_size=6).map(lambda some: DECLARED + "\n".join(some))
fact = st.one_of(
    st.builds(lambda s, c: f"{term(s)} {TYPE} {term(c)} .\n", things, names),
    st.builds(lambda s, p, o: f"{term(s)} {term(p)} {term(o)} .\n", things, roles, things),
)
PREDICATES = {URIRef(NS + name) for name in OBJECT}
KINDS = {URIRef(NS + name) for name in CLASSES}
THINGS = {URIRef(NS + name) for name in "abcd"}


def agrees(turtle: str, stated: set[str]) -> None:
    graph = Graph().parse(data=turtle, format="turtle")
    graph.parse(data="".join(stated), format="nt")
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    theirs = {
        f"{s.n3()} {p.n3()} {o.n3()} .\n"
        for s, p, o in graph
        if s in THINGS and ((p in PREDICATES and o in THINGS) or (p == RDF.type and o in KINDS))
    }
    assert inferred(compiled(turtle), stated) | stated == theirs


@settings(max_examples=15)
@given(ontologies, st.sets(fact, max_size=9))
def test_random_ontologies(turtle: str, stated: set[str]) -> None:
    agrees(turtle, stated)


@pytest.mark.oracle
@settings(max_examples=300)
@given(ontologies, st.sets(fact, max_size=9))
def test_many_random_ontologies(turtle: str, stated: set[str]) -> None:
    agrees(turtle, stated)
