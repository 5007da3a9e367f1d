"""Defects that the comparisons found, each as small as it can be said."""

from __future__ import annotations

from dafab_kg.model.names import Names
from dafab_kg.reasoning.reasoner import Reasoner
from dafab_kg.reasoning.triples import Triples
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Change
from tests.reasoning.making import DECLARED, TYPE, compiled, inferred, reasoner_of, stored, term


def line(subject: str, predicate: str, value: str) -> str:
    first = TYPE if predicate == "a" else term(predicate)
    return f"{term(subject)} {first} {term(value)} .\n"


def changing(turtle: str, *facts: str) -> tuple[OxigraphStore, Reasoner]:
    store, reasoner = reasoner_of(compiled(turtle), set(facts))
    reasoner.ensure()
    return store, reasoner


def test_what_only_the_ontology_states_otherwise_is_lost_before_its_consequences() -> None:
    turtle = DECLARED + ":a a owl:NamedIndividual ; :p :b . :p rdfs:subPropertyOf :q ."
    store, reasoner = changing(turtle, line(":c", ":p", ":d"))
    reasoner.apply(Change(removed=(line(":c", ":p", ":d"),)))
    assert set(store.graph_triples(reasoner.graph)) == inferred(compiled(turtle), set())


def test_a_fact_of_the_ontology_that_a_document_no_longer_states_still_supports() -> None:
    turtle = (
        DECLARED
        + ":a a owl:NamedIndividual ; :p :b . [ a owl:Class ; owl:intersectionOf ( :A "
        + "[ a owl:Restriction ; owl:onProperty :p ; owl:someValuesFrom owl:Thing ] ) ] "
        + "rdfs:subClassOf :C ."
    )
    held = line(":a", "a", ":A")
    store, reasoner = changing(turtle, held, line(":a", ":p", ":b"))
    reasoner.apply(Change(removed=(line(":a", ":p", ":b"),)))
    assert set(store.graph_triples(reasoner.graph)) == inferred(compiled(turtle), {held})


def changed_rules(before: str, after: str, *facts: str) -> tuple[set[str], set[str]]:
    """What is inferred after a change of the rules, and what a full run infers."""
    padding = "".join(f":x{n} a owl:Class ; rdfs:subClassOf :x{n + 1} .\n" for n in range(9))
    store = OxigraphStore()
    store.apply(Change(added="".join(facts)))
    rules = compiled(DECLARED + padding + before)
    reasoner = Reasoner(store, Names(), rules=lambda: rules)
    reasoner.ensure()
    rules = compiled(DECLARED + padding + after)
    assert reasoner.ensure().way == "changed rules"
    return set(store.graph_triples(reasoner.graph)), inferred(rules, set(facts))


def test_a_new_rule_does_not_start_from_what_an_old_one_made() -> None:
    found, full = changed_rules(
        ":A rdfs:subClassOf :B .", ":B rdfs:subClassOf :C .", line(":a", "a", ":A")
    )
    assert found == full == set()


def test_what_no_rule_makes_any_more_goes() -> None:
    found, full = changed_rules(
        ":A rdfs:subClassOf :B . :B rdfs:subClassOf :C .",
        ":B rdfs:subClassOf :C .",
        line(":a", "a", ":A"),
    )
    assert found == full == set()


def test_a_new_rule_starts_from_what_another_new_one_makes() -> None:
    found, full = changed_rules(
        "", ":A rdfs:subClassOf :B . :B rdfs:subClassOf :C .", line(":a", "a", ":A")
    )
    assert found == full
    assert len(found) == 2


def test_a_literal_is_known_again_however_it_is_spelled() -> None:
    turtle = DECLARED + ":d rdfs:subPropertyOf :e ."
    reason, other = line(":a", ":d", '"5"^^xsd:integer'), line(":a", ":e", '"+05"^^xsd:integer')
    store, reasoner = changing(turtle, reason, other)
    reasoner.apply(Change(removed=(other,)))
    assert set(store.graph_triples(reasoner.graph)) == inferred(compiled(turtle), {reason})


def test_a_literal_that_is_spelled_anew_in_one_change_stays_stated() -> None:
    turtle = DECLARED + ":d rdfs:subPropertyOf :e ."
    reason = line(":a", ":d", '"5"^^xsd:integer')
    old, new = line(":a", ":e", '"+05"^^xsd:integer'), line(":a", ":e", '"5"^^xsd:integer')
    store, reasoner = changing(turtle, reason, old)
    reasoner.apply(Change(removed=(old,), added=new))
    assert set(store.graph_triples(reasoner.graph)) == set()


def test_a_literal_of_the_ontology_is_known_again_however_it_is_spelled() -> None:
    rule = "[ a owl:Restriction ; owl:onProperty :d ; owl:hasValue {} ] rdfs:subClassOf :B ."
    given = ':a a owl:NamedIndividual ; :d "5.0"^^xsd:decimal . :b :d "1"^^xsd:integer .'
    found, full = changed_rules(
        given.replace("5.0", "6.0") + ":b a owl:NamedIndividual ." + rule.format(3),
        given + ":b a owl:NamedIndividual ." + rule.format('"5.0"^^xsd:decimal'),
    )
    assert found == full
    assert len(found) == 3


def test_a_line_separator_within_a_literal_ends_no_line() -> None:
    for odd in "\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e":
        Triples().add(f'<urn:a> <urn:b> "x{odd}y" .\n', "test")
        comment = f':A rdfs:comment "x{odd}y"@en ; rdfs:subClassOf :B .'
        assert inferred(compiled(DECLARED + comment), {line(":a", "a", ":A")})
        store, reasoner = changing(DECLARED + ":d rdfs:subPropertyOf :e .")
        fact = line(":a", ":d", f'"x{odd}y"')
        reasoner.apply(Change(added=fact + line(":b", ":d", '"z"')))
        expected = {fact.replace("/d>", "/e>"), line(":b", ":e", '"z"')}
        assert set(store.graph_triples(reasoner.graph)) == stored(expected)
        reasoner.apply(Change(removed=(fact, line(":b", ":d", '"z"'))))
        assert not set(store.graph_triples(reasoner.graph))


def test_a_rule_is_the_same_whatever_other_axioms_stand_before_it() -> None:
    """A changed threshold is to re-derive its own rule only."""

    def some(one: str) -> str:
        return (
            f"{one} rdfs:subClassOf :A . :p rdfs:domain :C . [ a owl:Restriction ; "
            "owl:onProperty :q ; owl:someValuesFrom :D ] rdfs:subClassOf :E ."
        )

    longer = "[ a owl:Restriction ; owl:onProperty :r ; owl:someValuesFrom :B ]"
    one, other = compiled(DECLARED + some(":B")), compiled(DECLARED + some(longer))
    assert len(one.identities.keys() ^ other.identities.keys()) == 2


def test_a_double_is_no_decimal() -> None:
    """OWL 2 Structural Specification, section 4.2: value spaces are disjoint."""
    for expression in (
        "owl:hasValue 5",
        "owl:someValuesFrom [ a rdfs:Datatype ; owl:oneOf ( 5 ) ]",
        "owl:someValuesFrom [ a rdfs:Datatype ; owl:onDatatype xsd:double ; "
        "owl:withRestrictions ( [ xsd:minInclusive 5 ] ) ]",
    ):
        turtle = f"[ a owl:Restriction ; owl:onProperty :d ; {expression} ] rdfs:subClassOf :A ."
        assert not inferred(compiled(DECLARED + turtle), {line(":a", ":d", '"5.0E0"^^xsd:double')})


def test_what_is_taken_back_but_was_never_there_may_follow_all_the_same() -> None:
    for more in ("", ":C rdfs:subClassOf :A ."):
        turtle = DECLARED + ":A rdfs:subClassOf :B . :B rdfs:subClassOf :C ." + more
        store, reasoner = changing(turtle)
        with reasoner.following() as watch:
            for change in (
                Change(added=line(":a", "a", ":A")),
                Change(added=line(":a", "a", ":B")),
                Change(removed=(line(":a", "a", ":B"),)),
            ):
                watch.change(change)
                store.apply(change)
        full = inferred(compiled(turtle), {line(":a", "a", ":A")})
        assert set(store.graph_triples(reasoner.graph)) == full
