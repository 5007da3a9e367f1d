"""Each construct of OWL 2 becomes a rule, a check, a notice or a refusal: none is dropped."""

from __future__ import annotations

import pytest

from dafab_kg.model.errors import AxiomNotTranslated
from tests.reasoning.making import DECLARED, compiled, restricted

LISTS = {
    # OWL 2 Mapping to RDF Graphs, table 1: axioms, each with what it must become
    "SubClassOf": (":A rdfs:subClassOf :B .", "rule"),
    "EquivalentClasses": (":A owl:equivalentClass :B .", "rule"),
    "DisjointClasses": (":A owl:disjointWith :B .", "check"),
    "DisjointClasses n-ary": ("[] a owl:AllDisjointClasses ; owl:members ( :A :B :C ) .", "check"),
    "DisjointUnion": (":A owl:disjointUnionOf ( :B :C ) .", "rule check notice"),
    "SubObjectPropertyOf": (":p rdfs:subPropertyOf :q .", "rule"),
    "SubObjectPropertyOf chain": (":p owl:propertyChainAxiom ( :q :r ) .", "rule"),
    "EquivalentObjectProperties": (":p owl:equivalentProperty :q .", "rule"),
    "DisjointObjectProperties": (":p owl:propertyDisjointWith :q .", "check"),
    "DisjointObjectProperties n-ary": (
        "[] a owl:AllDisjointProperties ; owl:members ( :p :q :r ) .",
        "check",
    ),
    "ObjectPropertyDomain": (":p rdfs:domain :A .", "rule"),
    "ObjectPropertyRange": (":p rdfs:range :A .", "rule"),
    "InverseObjectProperties": (":p owl:inverseOf :q .", "rule"),
    "FunctionalObjectProperty": (":p a owl:FunctionalProperty .", "check"),
    "InverseFunctionalObjectProperty": (":p a owl:InverseFunctionalProperty .", "check"),
    "ReflexiveObjectProperty": (":p a owl:ReflexiveProperty .", "refusal"),
    "IrreflexiveObjectProperty": (":p a owl:IrreflexiveProperty .", "check"),
    "SymmetricObjectProperty": (":p a owl:SymmetricProperty .", "rule"),
    "AsymmetricObjectProperty": (":p a owl:AsymmetricProperty .", "check"),
    "TransitiveObjectProperty": (":p a owl:TransitiveProperty .", "rule"),
    "SubDataPropertyOf": (":d rdfs:subPropertyOf :e .", "rule"),
    "DisjointDataProperties": (":d owl:propertyDisjointWith :e .", "check"),
    "DataPropertyDomain": (":d rdfs:domain :A .", "rule"),
    "DataPropertyRange": (":d rdfs:range xsd:decimal .", "check"),
    "FunctionalDataProperty": (":d a owl:FunctionalProperty .", "check"),
    "HasKey": (":A owl:hasKey ( :d ) .", "check"),
    "SameIndividual": (":a a owl:NamedIndividual ; owl:sameAs :b .", "refusal"),
    "DifferentIndividuals": (":a a owl:NamedIndividual ; owl:differentFrom :b .", "notice"),
    "DifferentIndividuals n-ary": (
        "[] a owl:AllDifferent ; owl:distinctMembers ( :a :b :c ) .",
        "notice",
    ),
    "ClassAssertion": (":a a :A .", "given"),
    "ClassAssertion of an expression": (
        f":a a {restricted(':p', 'owl:hasValue :b')} .",
        "given",
    ),
    "ObjectPropertyAssertion": (":a a owl:NamedIndividual ; :p :b .", "given"),
    "DataPropertyAssertion": (":a a owl:NamedIndividual ; :d 5 .", "given"),
    "NegativeObjectPropertyAssertion": (
        "[] a owl:NegativePropertyAssertion ; owl:sourceIndividual :a ; "
        "owl:assertionProperty :p ; owl:targetIndividual :b .",
        "check",
    ),
    "NegativeDataPropertyAssertion": (
        "[] a owl:NegativePropertyAssertion ; owl:sourceIndividual :a ; "
        "owl:assertionProperty :d ; owl:targetValue 5 .",
        "check",
    ),
    "unknown word of owl:": (":A owl:subClassOff :B .", "refusal"),
    "unknown kind of owl:": (":p a owl:TransitivProperty .", "refusal"),
    "unknown word of rdfs:": (":A rdfs:subClass :B .", "refusal"),
    "AsymmetricProperty of an annotation": (
        ":n a owl:AnnotationProperty . :A :n :B .",
        "nothing",
    ),
}
SIDES = {
    # class expressions: what becomes of them on the left, and on the right
    "ObjectIntersectionOf": ("[ a owl:Class ; owl:intersectionOf ( :A :B ) ]", "rule", "rule"),
    "ObjectUnionOf": ("[ a owl:Class ; owl:unionOf ( :A :B ) ]", "rule", "refusal"),
    "ObjectComplementOf": ("[ a owl:Class ; owl:complementOf :A ]", "refusal", "check"),
    "ObjectOneOf": ("[ a owl:Class ; owl:oneOf ( :a :b ) ]", "given", "refusal"),
    "ObjectSomeValuesFrom": (restricted(":p", "owl:someValuesFrom :A"), "rule", "notice"),
    "ObjectAllValuesFrom": (restricted(":p", "owl:allValuesFrom :A"), "refusal", "rule"),
    "ObjectHasValue": (restricted(":p", "owl:hasValue :a"), "rule", "rule"),
    "ObjectHasSelf": (restricted(":p", "owl:hasSelf true"), "rule", "rule"),
    "ObjectMinCardinality 0": (restricted(":p", "owl:minCardinality 0"), "refusal", "nothing"),
    "ObjectMinCardinality 1": (restricted(":p", "owl:minCardinality 1"), "rule", "notice"),
    "ObjectMinCardinality 2": (restricted(":p", "owl:minCardinality 2"), "refusal", "notice"),
    "ObjectMaxCardinality 0": (restricted(":p", "owl:maxCardinality 0"), "refusal", "check"),
    "ObjectMaxCardinality 1": (restricted(":p", "owl:maxCardinality 1"), "refusal", "check"),
    "ObjectMaxCardinality 2": (restricted(":p", "owl:maxCardinality 2"), "refusal", "refusal"),
    "ObjectExactCardinality 1": (restricted(":p", "owl:cardinality 1"), "refusal", "check notice"),
    "ObjectMaxCardinality qualified": (
        restricted(":p", "owl:maxQualifiedCardinality 1 ; owl:onClass :A"),
        "refusal",
        "check",
    ),
    "DataSomeValuesFrom": (restricted(":d", "owl:someValuesFrom xsd:string"), "rule", "notice"),
    "DataAllValuesFrom": (restricted(":d", "owl:allValuesFrom xsd:string"), "refusal", "check"),
    "DataHasValue": (restricted(":d", "owl:hasValue 5"), "rule", "rule"),
    "DataMaxCardinality 1": (restricted(":d", "owl:maxCardinality 1"), "refusal", "check"),
    "DatatypeRestriction": (
        restricted(
            ":d",
            "owl:someValuesFrom [ a rdfs:Datatype ; owl:onDatatype xsd:integer ; "
            "owl:withRestrictions ( [ xsd:minInclusive 5 ] ) ]",
        ),
        "rule",
        "notice",
    ),
    "an unknown facet": (
        restricted(
            ":d",
            "owl:someValuesFrom [ a rdfs:Datatype ; owl:onDatatype xsd:integer ; "
            "owl:withRestrictions ( [ xsd:totalDigits 5 ] ) ]",
        ),
        "refusal",
        None,
    ),
    "several properties (n-ary ranges)": (
        "[ a owl:Restriction ; owl:onProperties ( :d :e ) ; owl:someValuesFrom xsd:integer ]",
        "refusal",
        "refusal",
    ),
    "owl:Nothing": ("owl:Nothing", "nothing", "check"),
}
SIDED = [
    (f"{name}, {side}", axiom.format(text), outcome)
    for name, (text, one, other) in SIDES.items()
    for side, axiom, outcome in (
        ("left", "{} rdfs:subClassOf :C .", one),
        ("right", ":C rdfs:subClassOf {} .", other),
    )
    if outcome is not None
]


def outcome(axioms: str) -> str:
    try:
        rules = compiled(DECLARED + axioms)
    except AxiomNotTranslated as error:
        assert len(str(error)) > 80
        # left out only with a word for each
        assert compiled(DECLARED + axioms, skip_refused=True).notices
        return "refusal"
    found = {
        "rule": rules.rules,
        "given": rules.given,
        "check": rules.checks,
        "notice": rules.notices,
    }
    return " ".join(name for name, some in found.items() if some) or "nothing"


@pytest.mark.parametrize(
    ("axioms", "becomes"), LISTS.values(), ids=[name.replace(" ", "_") for name in LISTS]
)
def test_axioms(axioms: str, becomes: str) -> None:
    assert outcome(axioms) == becomes


@pytest.mark.parametrize(
    ("axioms", "becomes"),
    [rest for _, *rest in SIDED],
    ids=[name.replace(" ", "_") for name, *_ in SIDED],
)
def test_expressions(axioms: str, becomes: str) -> None:
    assert outcome(axioms) == becomes


def test_a_refusal_names_axiom_file_and_reason() -> None:
    with pytest.raises(AxiomNotTranslated) as caught:
        compiled(DECLARED + ":A rdfs:subClassOf [ a owl:Class ; owl:unionOf ( :B :C ) ] .")
    for part in ("SubClassOf", "example.org/B> or ", "(test.ttl)", "cannot be known"):
        assert part in str(caught.value)


SOME_D = restricted(":p", "owl:someValuesFrom :D")
EXISTENCES = {
    "range": f":A rdfs:subClassOf {restricted(':p', 'owl:someValuesFrom owl:Thing')} ."
    f"{restricted(':p', 'owl:someValuesFrom :B')} rdfs:subClassOf :C . :p rdfs:range :B .",
    "filler": f":A rdfs:subClassOf {SOME_D} . {SOME_D} rdfs:subClassOf :C .",
    "filler that is an intersection": ":A rdfs:subClassOf "
    + restricted(":p", "owl:someValuesFrom [ a owl:Class ; owl:intersectionOf ( :D :E ) ]")
    + f" . {SOME_D} rdfs:subClassOf :C .",
    "filler that is a union": ":A rdfs:subClassOf "
    + restricted(":p", "owl:someValuesFrom [ a owl:Class ; owl:unionOf ( :D :E ) ]")
    + f" . {SOME_D} rdfs:subClassOf :C . :E rdfs:subClassOf :D .",
    "filler with a value": ":A rdfs:subClassOf "
    + restricted(":p", f"owl:someValuesFrom {restricted(':q', 'owl:hasValue :b')}")
    + " . :r owl:propertyChainAxiom ( :p :q ) .",
    "two in a row": f":A rdfs:subClassOf {SOME_D} . :D rdfs:subClassOf "
    + restricted(":q", "owl:someValuesFrom :E")
    + f" . {restricted(':p', 'owl:someValuesFrom ' + restricted(':q', 'owl:someValuesFrom :E'))}"
    + " rdfs:subClassOf :C .",
    "with another fact": f":A rdfs:subClassOf {SOME_D} . [ a owl:Class ; owl:intersectionOf "
    + f"( :B {SOME_D} ) ] rdfs:subClassOf :C .",
    "with another link": f":A rdfs:subClassOf {SOME_D} . [ a owl:Class ; owl:intersectionOf "
    + f"( {restricted(':q', 'owl:someValuesFrom :E')} {SOME_D} ) ] rdfs:subClassOf :C .",
    "only, back": f":A rdfs:subClassOf {SOME_D} . :D rdfs:subClassOf "
    + restricted("[ owl:inverseOf :p ]", "owl:allValuesFrom :C")
    + " .",
}


@pytest.mark.parametrize("axioms", EXISTENCES.values(), ids=EXISTENCES)
def test_an_existence_with_consequences_is_refused(axioms: str) -> None:
    assert outcome(axioms) == "refusal"


@pytest.mark.parametrize(
    "axioms",
    [
        f":A rdfs:subClassOf {SOME_D} . :p rdfs:domain :A ; rdfs:range :B .",
        f":A rdfs:subClassOf {SOME_D} . :p a owl:TransitiveProperty .",
        f":A rdfs:subClassOf {SOME_D} . :D rdfs:subClassOf :E . :q owl:inverseOf :p .",
        f":A owl:equivalentClass {SOME_D} .",
        f":A rdfs:subClassOf {restricted(':p', 'owl:someValuesFrom :A')} . :p rdfs:domain :A .",
        f":A rdfs:subClassOf {SOME_D} . :r owl:propertyChainAxiom ( :q :p ) .",
    ],
)
def test_an_existence_without_consequences_is_not(axioms: str) -> None:
    assert "notice" in outcome(axioms)
