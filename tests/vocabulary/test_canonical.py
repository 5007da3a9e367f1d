"""One form for what says the same, without loss; other parsers agree on what it says."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st
from rdflib import OWL, RDF, XSD, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.compare import isomorphic
from rdflib.term import Node

from dafab_kg.model.errors import CommentsLost, NotWellFormed, TooLarge
from dafab_kg.vocabulary.canonical import format_turtle

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "ontology").glob("*.ttl"))
SETS = (
    OWL.members,
    OWL.distinctMembers,
    OWL.unionOf,
    OWL.intersectionOf,
    OWL.oneOf,
    OWL.hasKey,
    OWL.disjointUnionOf,
)
EX = "https://example.org/x#"


def parsed(text: str) -> Graph:
    return Graph(bind_namespaces="none").parse(data=text, format="turtle")


def shuffled(text: str, seed: int) -> str:
    """Say the same in another order, with other names of blank nodes and no prefixes."""
    lines = parsed(text).serialize(format="nt").split("\n")
    random.Random(seed).shuffle(lines)
    return "\n".join(lines)


def sorted_sets(graph: Graph) -> Graph:
    """Sort the lists that stand for sets, as OWL reads them."""
    for predicate in SETS:
        for head in set(graph.objects(None, predicate)):
            members = Collection(graph, head)
            items = sorted(members, key=lambda item: item.n3())
            for position, item in enumerate(items):
                members[position] = item
    return graph


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_our_ontology_stands_in_canonical_form(file: Path) -> None:
    text = file.read_text("utf-8")
    assert format_turtle(text, file.name) == text, "run `make ontology`"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_formatting_our_ontology_loses_nothing(file: Path) -> None:
    text = file.read_text("utf-8")
    made = format_turtle(text, file.name, drop_comments=True)
    before, after = sorted_sets(parsed(text)), sorted_sets(parsed(made))
    symmetric = {(s, p, o) for s, p, o in before - after if p == OWL.disjointWith}
    for s, p, o in symmetric:  # either of the two may be the subject
        before.remove((s, p, o))
        before.add((o, p, s))
    assert isomorphic(before, after)
    assert format_turtle(made, file.name) == made


@pytest.mark.parametrize("file", FILES[:6], ids=lambda file: file.stem)
def test_the_order_of_the_source_does_not_matter(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)  # 00:00:00Z stays what it is
    made = format_turtle(file.read_text("utf-8"), file.name, drop_comments=True)
    body = made.partition("\n\n")[2]
    for seed in (1, 2):
        # without declared prefixes, so only the well-known ones are left to compare
        other = format_turtle(shuffled(made, seed), "shuffled")
        assert other.partition("\n\n")[2] == body


iris = st.sampled_from([URIRef(EX + name) for name in ("a", "B", "c-1", "d.", "é", "0", "x/y")])
blanks = st.sampled_from([BNode(f"n{number}") for number in range(5)])
literals = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=8).map(Literal),
    st.text("ab\"'\\\n\r\t#<>", max_size=8).map(lambda t: Literal(t, lang="en-gb")),
    st.integers().map(Literal),
    st.decimals(allow_nan=False, allow_infinity=False, places=2).map(
        lambda d: Literal(f"{d:f}", datatype=XSD.decimal, normalize=False)
    ),
    st.sampled_from(["true", "1", "TRUE"]).map(
        lambda t: Literal(t, datatype=XSD.boolean, normalize=False)
    ),
    st.sampled_from(["05", "+5", "5", "x"]).map(
        lambda t: Literal(t, datatype=XSD.integer, normalize=False)
    ),
)
predicates = st.one_of(iris, st.sampled_from([RDF.type, RDF.first, RDF.rest]))
triples = st.tuples(
    st.one_of(iris, blanks),
    predicates,
    st.one_of(iris, blanks, literals, st.just(RDF.nil)),
)


def n_triples(statements: list[tuple[Node, Node, Node]]) -> str:
    graph = Graph(bind_namespaces="none")
    for statement in statements:
        graph.add(statement)
    return graph.serialize(format="nt")


@given(st.lists(triples, max_size=14), st.randoms(use_true_random=False))
def test_any_graph_is_kept_and_has_one_form(
    statements: list[tuple[Node, Node, Node]], chance: random.Random
) -> None:
    import rdflib

    text = n_triples(statements)
    lines = text.split("\n")
    chance.shuffle(lines)
    made = format_turtle(text, "test")
    assert format_turtle("\n".join(lines), "test") == made
    assert format_turtle(made, "test") == made
    before, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False
    try:
        assert isomorphic(parsed(made), parsed(text))
    finally:
        rdflib.NORMALIZE_LITERALS = before


def test_an_independent_parser_reads_the_same() -> None:
    """pyoxigraph's parser follows the grammar closely; rdflib's is lenient."""
    from pyoxigraph import RdfFormat, parse

    for file in FILES:
        text = file.read_text("utf-8")
        made = format_turtle(text, file.name, drop_comments=True)
        found = list(parse(made.encode(), format=RdfFormat.TURTLE))
        assert len(set(found)) == len(parsed(made)) > 10


def test_what_owl_lets_say_in_several_ways_is_said_in_one() -> None:
    head = f"@prefix e: <{EX}> . @prefix owl: <{OWL}> . @prefix xsd: <{XSD}> . "
    one = head + 'e:A owl:disjointWith e:B . e:i a e:A ; e:p "x" . '
    other = (
        head + 'e:B owl:disjointWith e:A . e:i a e:A , owl:NamedIndividual ; e:p "x"^^xsd:string .'
    )
    assert format_turtle(one, "one") == format_turtle(other, "other")
    a = head + "[] a owl:AllDisjointClasses ; owl:members ( e:A e:B e:C ) ."
    b = head + "[] a owl:AllDisjointClasses ; owl:members ( e:C e:A e:B ) ."
    assert format_turtle(a, "a") == format_turtle(b, "b")
    chain = head + "e:p owl:propertyChainAxiom ( e:z e:a ) ."
    assert "( e:z e:a )" in format_turtle(chain, "chain"), "the order of a chain is its meaning"


def test_comments_are_kept_at_the_beginning_and_never_lost_in_silence() -> None:
    head = f"# What it is.\n# And more.\n\n@prefix e: <{EX}> .\n"
    assert format_turtle(head + "e:a e:p e:b .", "t").startswith("# What it is.\n# And more.\n\n")
    text = head + 'e:a e:p "no # comment" , <https://e.example/#no> . # why so\n'
    with pytest.raises(CommentsLost, match="line 5: why so"):
        format_turtle(text, "t")
    assert "why so" not in format_turtle(text, "t", drop_comments=True)
    headings = (
        head + "# Classes\n#####\n#    Object Properties\n###  https://e.example/#x\ne:a e:p 1 ."
    )
    assert "#####" not in format_turtle(headings, "t")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<a> <b> .", "no Turtle"),
        ("<a> <https://e.example/b> <https://e.example/c> .", "relative IRI"),
        ('@prefix e: <https://e.example/> . e:a e:b "x', "no Turtle"),
        (r"<https://e.example/\u003Cscript> <https://e.example/b> 1 .", "no IRI"),
    ],
)
def test_what_is_no_turtle_is_refused(text: str, told: str) -> None:
    with pytest.raises(NotWellFormed, match=told) as refused:
        format_turtle(text, "a.ttl")
    assert refused.value.where.startswith("a.ttl")


def test_what_is_nested_beyond_use_is_refused_and_what_is_long_is_not() -> None:
    p = "<https://e.example/p>"
    deep = f"<https://e.example/a> {p} _:n0 .\n" + "".join(
        f"_:n{i} {p} _:n{i + 1} .\n" for i in range(5_000)
    )
    with pytest.raises(TooLarge, match="too deeply"):
        format_turtle(deep, "deep.ttl")
    long = f"<https://e.example/a> {p} ( {' '.join(map(str, range(20_000)))} ) ."
    assert format_turtle(long, "long.ttl").count("\n") > 20_000


def test_two_shared_nodes_that_look_alike_are_written_the_same_from_either_order() -> None:
    p, q = "<https://e.example/p>", "<https://e.example/q>"
    lines = [
        f"<https://e.example/{s}> {verb} _:{node} ."
        for s, verb, node in (("a", p, "x"), ("b", p, "x"), ("a", q, "y"), ("b", q, "y"))
    ]
    one, other = "\n".join(lines), "\n".join(reversed(lines))
    made = format_turtle(one, "one")
    assert made == format_turtle(other.replace("_:x", "_:z"), "other")
    assert "_:b1" in made
    assert "_:b2" in made
