"""Random ontologies, written as Turtle, and random facts, written as N-Triples lines."""

from __future__ import annotations

from hypothesis import strategies as st

from dafab_kg.model.names import Names
from dafab_kg.reasoning.compile import compile_ontology
from dafab_kg.reasoning.ontology import triples_of
from dafab_kg.reasoning.reasoner import Reasoner
from dafab_kg.reasoning.rules import RuleSet
from dafab_kg.reasoning.triples import Triples
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Change

NS = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
CLASSES, OBJECT, DATA = "ABCDEF", "pqrs", "de"
PREFIXES = f"""@prefix : <{NS}> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <{XSD}> .
"""
DECLARED = PREFIXES + "".join(
    [f":{name} a owl:Class .\n" for name in CLASSES]
    + [f":{name} a owl:ObjectProperty .\n" for name in OBJECT]
    + [f":{name} a owl:DatatypeProperty .\n" for name in DATA]
)
LITERALS = (
    *('"5"^^xsd:integer', '"5.0"^^xsd:decimal', '"+05"^^xsd:integer', '"7.5"^^xsd:decimal'),
    *('"5.0E0"^^xsd:double', '"abc"^^xsd:decimal', '"7"^^xsd:byte', '"300"^^xsd:byte'),
    *('"-1"^^xsd:integer', '"true"^^xsd:boolean', '"1"^^xsd:boolean', '"abc"', '"abc"@en', '"b"'),
    *('"2024-05-01T00:00:00Z"^^xsd:dateTime', '"2024-05-01T02:00:00+02:00"^^xsd:dateTime'),
)

names = st.sampled_from(CLASSES).map(lambda one: f":{one}")
things = st.sampled_from("abcd").map(lambda one: f":{one}")
literals = st.sampled_from(LITERALS)
data = st.sampled_from(DATA).map(lambda one: f":{one}")
roles = st.sampled_from(OBJECT).map(lambda one: f":{one}")
paths = st.one_of(roles, roles, roles, roles.map(lambda one: f"[ owl:inverseOf {one} ]"))

_numbers = st.sampled_from(['"5"^^xsd:integer', '"7.5"^^xsd:decimal', '"0"^^xsd:integer'])
_compared = st.sampled_from(["minInclusive", "minExclusive", "maxInclusive", "maxExclusive"])
facets = st.one_of(
    st.tuples(_compared, _numbers).map(
        lambda one: (
            "[ a rdfs:Datatype ; owl:onDatatype xsd:decimal ; "
            f"owl:withRestrictions ( [ xsd:{one[0]} {one[1]} ] ) ]"
        )
    ),
    st.just(
        "[ a rdfs:Datatype ; owl:onDatatype xsd:string ; "
        'owl:withRestrictions ( [ xsd:minLength "2"^^xsd:integer ] [ xsd:pattern "a.*" ] ) ]'
    ),
    st.just(
        "[ a rdfs:Datatype ; owl:onDatatype xsd:dateTime ; owl:withRestrictions "
        '( [ xsd:minInclusive "2024-05-01T00:00:00Z"^^xsd:dateTime ] ) ]'
    ),
)
_basic = st.sampled_from(
    ["decimal", "integer", "byte", "nonNegativeInteger", "string", "double", "boolean", "dateTime"]
).map(lambda one: f"xsd:{one}")
ranges = st.recursive(
    st.one_of(
        facets,
        _basic,
        st.just("rdfs:Literal"),
        st.lists(literals, min_size=1, max_size=3).map(
            lambda some: f"[ a rdfs:Datatype ; owl:oneOf ( {' '.join(some)} ) ]"
        ),
    ),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["intersectionOf", "unionOf"]), inner, inner).map(
            lambda one: f"[ a rdfs:Datatype ; owl:{one[0]} ( {one[1]} {one[2]} ) ]"
        ),
        inner.map(lambda one: f"[ a rdfs:Datatype ; owl:datatypeComplementOf {one} ]"),
    ),
    max_leaves=3,
)


def restricted(prop: str, rest: str) -> str:
    """A restriction on a property."""
    return f"[ a owl:Restriction ; owl:onProperty {prop} ; {rest} ]"


def _conditions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.lists(inner, min_size=2, max_size=3).map(" ".join)
    return st.one_of(
        pairs.map(lambda some: f"[ a owl:Class ; owl:intersectionOf ( {some} ) ]"),
        pairs.map(lambda some: f"[ a owl:Class ; owl:unionOf ( {some} ) ]"),
        st.builds(lambda p, c: restricted(p, f"owl:someValuesFrom {c}"), paths, inner),
        st.builds(
            lambda p, c: restricted(
                p, f'owl:minQualifiedCardinality "1"^^xsd:nonNegativeInteger ; owl:onClass {c}'
            ),
            paths,
            inner,
        ),
        st.builds(
            lambda p, some, c: restricted(
                p,
                "owl:someValuesFrom [ a owl:Class ; owl:unionOf ( "
                f"{c} [ a owl:Class ; owl:oneOf ( {some} ) ] ) ]",
            ),
            paths,
            st.lists(things, min_size=1, max_size=2).map(" ".join),
            inner,
        ),
    )


simple = st.one_of(
    names,
    names,
    st.builds(lambda p, v: restricted(p, f"owl:hasValue {v}"), paths, things),
    st.builds(lambda p, v: restricted(p, f"owl:hasValue {v}"), data, literals),
    paths.map(lambda p: restricted(p, 'owl:hasSelf "true"^^xsd:boolean')),
    paths.map(lambda p: restricted(p, "owl:someValuesFrom owl:Thing")),
    paths.map(lambda p: restricted(p, 'owl:minCardinality "1"^^xsd:nonNegativeInteger')),
    st.builds(lambda p, r: restricted(p, f"owl:someValuesFrom {r}"), data, ranges),
)
conditions = st.recursive(simple, _conditions, max_leaves=4)
"""Class expressions that facts can prove."""

two_sided = st.recursive(
    st.one_of(
        names,
        names,
        st.builds(lambda p, v: restricted(p, f"owl:hasValue {v}"), paths, things),
        st.builds(lambda p, v: restricted(p, f"owl:hasValue {v}"), data, literals),
        paths.map(lambda p: restricted(p, 'owl:hasSelf "true"^^xsd:boolean')),
    ),
    lambda inner: (
        st.lists(inner, min_size=2, max_size=2)
        .map(" ".join)
        .map(lambda some: f"[ a owl:Class ; owl:intersectionOf ( {some} ) ]")
    ),
    max_leaves=3,
)
"""Class expressions that can stand on both sides."""

conclusions = st.recursive(
    two_sided,
    lambda inner: st.builds(lambda p, c: restricted(p, f"owl:allValuesFrom {c}"), paths, inner),
    max_leaves=3,
)

listed = st.lists(things, min_size=1, max_size=2).map(
    lambda some: f"[ a owl:Class ; owl:oneOf ( {' '.join(some)} ) ]"
)
class_axioms = st.one_of(
    st.builds(lambda c, d: f"{c} rdfs:subClassOf {d} .", conditions, conclusions),
    st.builds(lambda c, d: f"{c} rdfs:subClassOf {d} .", listed, names),
    st.builds(lambda c, d: f"{c} owl:equivalentClass {d} .", names, two_sided),
    st.builds(lambda p, c: f"{p} rdfs:domain {c} .", roles, conclusions),
    st.builds(lambda p, c: f"{p} rdfs:domain {c} .", data, names),
    st.builds(lambda p, c: f"{p} rdfs:range {c} .", roles, conclusions),
)
property_axioms = st.one_of(
    st.builds(lambda p, q: f"{p} rdfs:subPropertyOf {q} .", paths, roles),
    st.builds(lambda p, q: f"{p} rdfs:subPropertyOf {q} .", data, data),
    st.builds(lambda p, q: f"{p} owl:equivalentProperty {q} .", roles, roles),
    st.builds(lambda p, q: f"{p} owl:inverseOf {q} .", roles, roles),
    roles.map(lambda p: f"{p} a owl:SymmetricProperty ."),
    roles.map(lambda p: f"{p} a owl:TransitiveProperty ."),
    st.builds(
        lambda p, some: f"{p} owl:propertyChainAxiom ( {' '.join(some)} ) .",
        roles,
        st.lists(paths, min_size=2, max_size=3),
    ),
)
axioms = st.one_of(class_axioms, class_axioms, property_axioms)
given_facts = st.one_of(
    st.builds(lambda s, c: f"{s} a {c} , owl:NamedIndividual .", things, names),
    st.builds(lambda s, p, o: f"{s} a owl:NamedIndividual ; {p} {o} .", things, roles, things),
)
ontologies = st.lists(axioms, min_size=1, max_size=7).map(lambda some: DECLARED + "\n".join(some))
stating = st.lists(st.one_of(axioms, axioms, given_facts), min_size=1, max_size=7).map(
    lambda some: DECLARED + "\n".join(some)
)
"""Ontologies that state facts too."""


def term(text: str) -> str:
    """A term of Turtle as one of N-Triples."""
    if text.startswith(":"):
        return f"<{NS}{text[1:]}>"
    lexical, _, kind = text.partition("^^xsd:")
    return f"{lexical}^^<{XSD}{kind}>" if kind else lexical


_named = st.builds(lambda s, c: f"{term(s)} {TYPE} {term(c)} .\n", things, names)
_linked = st.builds(lambda s, p, o: f"{term(s)} {term(p)} {term(o)} .\n", things, roles, things)
_valued = st.builds(lambda s, p, o: f"{term(s)} {term(p)} {term(o)} .\n", things, data, literals)
fact = st.one_of(_named, _linked, _linked, _valued)
odd = st.builds(lambda s, p, o: f"{term(s)} {term(p)} {term(o)} .\n", things, roles, literals)
"""A literal where a thing should be."""
facts = st.sets(fact, max_size=12)


def compiled(turtle: str, *, skip_refused: bool = False) -> RuleSet:
    """The rules of an ontology."""
    triples = Triples()
    triples.add(triples_of(turtle.encode(), "text/turtle", name="test.ttl"), "test.ttl")
    return compile_ontology(triples, skip_refused=skip_refused)


def reasoner_of(rules: RuleSet, lines: set[str]) -> tuple[OxigraphStore, Reasoner]:
    """A fresh store that holds some facts, and its reasoner; nothing is inferred yet."""
    store = OxigraphStore()
    store.apply(Change(added="".join(sorted(lines))))
    return store, Reasoner(store, Names(), rules=lambda: rules)


def inferred(rules: RuleSet, lines: set[str]) -> set[str]:
    """What a full run infers."""
    store, reasoner = reasoner_of(rules, lines)
    reasoner.run_full(resume=False)
    return set(store.graph_triples(reasoner.graph))


def stored(lines: set[str]) -> set[str]:
    """Lines as the store spells their literals: it keeps values, so "+05" comes back as "5"."""
    store = OxigraphStore()
    store.apply(Change(added="".join(sorted(lines))))
    return set(store.graph_triples(None))
