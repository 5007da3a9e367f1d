"""What is inferred of named things is what HermiT, a complete reasoner of OWL 2 DL, entails.

Needs Java, for the HermiT that owlready2 brings along.  Many sets of facts share one
run: each about its own things.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rdflib import Graph

from dafab_kg.model.errors import AxiomNotTranslated
from tests.reasoning.making import (
    CLASSES,
    DECLARED,
    NS,
    OBJECT,
    TYPE,
    compiled,
    conclusions,
    conditions,
    inferred,
    paths,
    restricted,
    stored,
    term,
)

pytestmark = [
    pytest.mark.skipif(shutil.which("java") is None, reason="needs Java (default-jre-headless)"),
    pytest.mark.filterwarnings("ignore"),
]
THRESHOLDS = """
:p a owl:TransitiveProperty . :q rdfs:subPropertyOf :p . :r owl:inverseOf :q .
:s owl:propertyChainAxiom ( :q :q ) . :d rdfs:subPropertyOf :e .
:q rdfs:domain :A ; rdfs:range :B .
:A rdfs:subClassOf :C .
:D owl:equivalentClass [ a owl:Class ; owl:intersectionOf ( :C
  [ a owl:Restriction ; owl:onProperty :e ; owl:someValuesFrom
    [ a rdfs:Datatype ; owl:onDatatype xsd:decimal ;
      owl:withRestrictions ( [ xsd:minInclusive "5"^^xsd:integer ] ) ] ] ) ] .
:E owl:equivalentClass [ a owl:Class ; owl:intersectionOf ( :B
  [ a owl:Restriction ; owl:onProperty :r ; owl:someValuesFrom :D ] ) ] .
:F owl:equivalentClass [ a owl:Restriction ; owl:onProperty :s ; owl:hasValue :z ] .
"""
"""With defined classes, whose conclusions backwards are existences that no fact shows."""


def hermit(turtle: str, stated: set[str], place: Path) -> set[str] | None:
    """Types and links that HermiT entails; None if it finds a contradiction."""
    from owlready2 import reasoning

    graph = Graph().parse(data=turtle + "<urn:o> a owl:Ontology .", format="turtle")
    graph.parse(data="".join(stated), format="nt")
    individuals = sorted(
        {str(s) for s, p, _ in graph.triples((None, None, None)) if (str(s).startswith(f"{NS}i"))}
    )
    file = place / "ontology.nt"
    named = "".join(
        f"<{one}> {TYPE} <http://www.w3.org/2002/07/owl#NamedIndividual> .\n" for one in individuals
    )
    file.write_text(graph.serialize(format="nt") + named)
    done = subprocess.run(
        [
            *("java", "-Xmx1000M", "-cp", reasoning._HERMIT_CLASSPATH),
            *("org.semanticweb.HermiT.cli.CommandLine", "-c", "-O", "-D", "-Y"),
            *("-I", file.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=100,
    )
    if "Inconsistent" in done.stdout + done.stderr:
        return None
    assert done.returncode == 0, done.stderr[-2000:]
    return _read(done.stdout)


def _read(output: str) -> set[str]:
    above: dict[str, set[str]] = {}
    for words in re.findall(r"^(?:Equivalent|SubClass)\w+\( (.*) \)$", output, re.MULTILINE):
        one, *others = words.split()
        for other in others:
            above.setdefault(one, set()).add(other)
    for words in re.findall(r"^Equivalent\w+\( (.*) \)$", output, re.MULTILINE):
        some = set(words.split())
        for one in some:
            above.setdefault(one, set()).update(some)
    found = set()
    for one, kind in re.findall(r"^Type\( (<\S+>) (<\S+>) \)$", output, re.MULTILINE):
        waiting = [kind]
        for each in waiting:
            waiting.extend(above.get(each, set()) - set(waiting))
        found |= {f"{one} {TYPE} {each} .\n" for each in waiting if each.startswith(f"<{NS}")}
    return found | _links(output)


def _links(output: str) -> set[str]:
    """Links; HermiT prints each for its most specific properties only."""
    above: list[tuple[list[tuple[str, str]], bool]] = []
    for kind, words in re.findall(r"^(\w+)ObjectPropert\w+\( (.*) \)$", output, re.MULTILINE):
        above.append((re.findall(r"(ObjectInverseOf\( )?(<\S+>)", words), kind == "Equivalent"))
    waiting = []
    for line in output.splitlines():
        match = re.match(r"(<\S+>) \(known instances:(.*)\| possible instances:(.*)\)", line)
        if match:
            assert not match[3].strip(), "HermiT left open whether some links hold"
            pairs = re.findall(r"\((<[^>]*>), (<[^>]*>)\)", match[2])
            waiting.extend((match[1], s, o) for s, o in pairs)
    for prop, s, o in waiting:
        for members, both in above:
            for inverse, name in members if both else members[:1]:
                if name != prop:
                    continue
                for other, upper in members:
                    pair = (s, o) if bool(inverse) == bool(other) else (o, s)
                    if (upper, *pair) not in waiting:
                        waiting.append((upper, *pair))
    return {f"{s} {prop} {o} .\n" for prop, s, o in waiting if prop.startswith(f"<{NS}")}


def own(stated: set[str], number: int) -> set[str]:
    """The facts of one set about things of their own; ``z`` is everybody's."""
    return {re.sub(rf"<{NS}([a-d])>(?= .| <)", rf"<{NS}i{number}\1>", one) for one in stated}


THINGS = [*"abcd"]
NUMBERS = ['"5"^^xsd:integer', '"4.9"^^xsd:decimal', '"7.5"^^xsd:decimal', '"9.0E0"^^xsd:double']


def some_facts(classes: str = CLASSES) -> st.SearchStrategy[set[str]]:
    """Facts that HermiT can read: no ill-typed literals."""
    thing = st.sampled_from(THINGS)
    one = st.one_of(
        st.builds(
            lambda s, c: f"{term(f':{s}')} {TYPE} {term(f':{c}')} .\n",
            thing,
            st.sampled_from(classes),
        ),
        *[
            st.builds(
                lambda s, p, o: f"{term(f':{s}')} {term(f':{p}')} {term(f':{o}')} .\n",
                thing,
                st.sampled_from(OBJECT),
                st.sampled_from([*THINGS, "z"]),
            )
        ]
        * 2,
        st.builds(
            lambda s, p, o: f"{term(f':{s}')} {term(f':{p}')} {term(o)} .\n",
            thing,
            st.sampled_from("de"),
            st.sampled_from(NUMBERS),
        ),
    )
    return st.sets(one, min_size=3, max_size=9)


def agree(turtle: str, sets: list[set[str]], place: Path) -> None:
    """Compare, set by set; names are unique here, which HermiT must be told."""
    stated = set().union(*(own(one, number) for number, one in enumerate(sets)))
    entailed = hermit(turtle, stated, place)
    if entailed is None:
        return  # of a contradiction all follows: a matter of checks
    found = inferred(compiled(turtle), stated)
    told = {one for one in found | stored(stated) if "XMLSchema#" not in one}
    assert told == entailed


@settings(max_examples=3, phases=[Phase.generate])
@given(st.lists(some_facts(), min_size=25, max_size=25))
def test_definitions_with_thresholds(tmp_path_factory, sets: list[set[str]]) -> None:
    agree(DECLARED + THRESHOLDS, sets, tmp_path_factory.mktemp("hermit"))


existences = st.one_of(
    st.builds(
        lambda c, p, d: f"{c} rdfs:subClassOf {restricted(p, f'owl:someValuesFrom {d}')} .",
        st.sampled_from([f":{one}" for one in CLASSES]),
        paths,
        st.one_of(
            st.sampled_from([f":{one}" for one in CLASSES]),
            st.just("[ a owl:Class ; owl:intersectionOf ( :A :B ) ]"),
            st.just("[ a owl:Class ; owl:unionOf ( :A :B ) ]"),
            st.just(restricted(":q", "owl:someValuesFrom :C")),
            st.just(restricted(":p", "owl:hasValue :z")),
        ),
    ),
)
dl_axioms = st.one_of(
    st.builds(lambda c, d: f"{c} rdfs:subClassOf {d} .", conditions, conclusions),
    st.builds(
        lambda p, q: f"{p} rdfs:subPropertyOf {q} .",
        st.sampled_from([":p", ":q"]),
        st.sampled_from([":q", ":r"]),
    ),
    st.builds(lambda p, q: f"{p} owl:inverseOf {q} .", st.just(":p"), st.just(":s")),
)
small = st.builds(
    lambda some, more: DECLARED + "\n".join([*some, *more]),
    st.lists(existences, min_size=1, max_size=3),
    st.lists(dl_axioms, min_size=1, max_size=4),
)
FULL = {f"{term(':a')} {TYPE} {term(f':{c}')} .\n" for c in "AB"}


def compare_existences(place: Path, turtle: str, sets: list[set[str]]) -> None:
    try:
        compiled(turtle)
    except AxiomNotTranslated:
        return  # refused: nothing is promised
    agree(turtle, sets, place)


@pytest.mark.oracle
# no shrinking: each example starts Java
@settings(max_examples=60, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(small, st.lists(some_facts(), min_size=10, max_size=10))
def test_existences_are_refused_or_without_consequences(
    tmp_path_factory, turtle: str, sets: list[set[str]]
) -> None:
    compare_existences(tmp_path_factory.mktemp("hermit"), turtle, sets)
