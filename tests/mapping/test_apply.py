"""Records → N-Quads: RML's rules for missing values and lists, conditions, and hostile text."""

from __future__ import annotations

from decimal import Decimal

import pyoxigraph
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dafab_kg.mapping import compile_mappings
from dafab_kg.model.errors import FieldNotValid, MappingNotValid
from dafab_kg.model.names import Names, decode
from dafab_kg.model.records import Platform, WaterAnomaly
from tests.mapping.things import GRAPH, NAMES, NS, OddThing, Part, compiled, mapping, run

XSD = "http://www.w3.org/2001/XMLSchema#"


def objects(text: str) -> list[str]:
    """Objects of N-Quads lines as they are written, in order."""
    lines = text.splitlines()
    assert all(line.endswith(f" <{GRAPH}> .") for line in lines)
    return [line.split(" ", 2)[2].removesuffix(f" <{GRAPH}> .") for line in lines]


def test_every_kind_of_value_has_its_canonical_form() -> None:
    po = """
      - [a, dafab:Thing]
      - [dafab:title, $(title), en~lang]
      - [dafab:size, $(size), xsd:integer]
      - [dafab:ratio, $(ratio), xsd:decimal]
      - [dafab:flag, $(flag), xsd:boolean]
      - [dafab:url, $(url)~iri]
      - [dafab:near, id:thing/$(kind)/$(size)~iri]
      - [dafab:says, 'is "$(kind)"']
      - [dafab:fixed, constant]
    """
    thing = OddThing("a b", "t", "k/1", 12, Decimal("1.50"), False, "https://u.example/x?y#z")
    assert objects(run(mapping(po), thing)) == [
        f"<{NS}Thing>",
        '"t"@en',
        f'"12"^^<{XSD}integer>',
        f'"1.5"^^<{XSD}decimal>',
        f'"false"^^<{XSD}boolean>',
        "<https://u.example/x?y#z>",
        "<https://data.example/id/thing/k%2F1/12>",
        r'"is \"k/1\""',
        '"constant"',
    ]


def test_a_missing_value_omits_the_triples_that_need_it_and_no_others() -> None:
    po = """
      - [dafab:p, $(title)]
      - [dafab:p, 'a $(kind) b $(title)']
      - [dafab:p, id:x/$(kind)/$(size)~iri]
      - [dafab:p, $(tags)]
      - ['dafab:of-$(title)', x]
      - [dafab:p, $(kind)]
    """
    assert objects(run(mapping(po), OddThing("x", kind="k"))) == ['"k"']


def test_a_missing_value_of_the_subject_omits_all() -> None:
    assert run(mapping("[[a, dafab:T], [dafab:p, x]]"), OddThing(None, title="x")) == ""


def test_an_empty_text_is_a_value_and_zero_and_false_are_too() -> None:
    po = "[[dafab:p, $(title)], [dafab:p, $(size)], [dafab:p, $(ratio)], [dafab:p, $(flag)]]"
    thing = OddThing("x", "", size=0, ratio=Decimal("-0.00"), flag=False)
    assert objects(run(mapping(po), thing)) == ['""', '"0"', '"0"', '"false"']


def test_a_list_gives_one_triple_an_element_and_two_lists_all_pairs() -> None:
    po = "[[dafab:p, $(tags)], [dafab:p, $(tags)-$(codes)-$(kind)]]"
    thing = OddThing("x", kind="k", tags=("a", "b"), codes=(Decimal("1.0"), Decimal(2)))
    assert objects(run(mapping(po), thing)) == [
        '"a"', '"b"', '"a-1-k"', '"a-2-k"', '"b-1-k"', '"b-2-k"',
    ]  # fmt: skip


def test_a_list_in_the_subject_gives_as_many_subjects() -> None:
    text = mapping("[[dafab:p, $(title)]]", subject="id:thing/$(thing_id)/$(tags)")
    lines = run(text, OddThing("x", "t", tags=("a", "b"))).splitlines()
    assert [line.split(" ")[0] for line in lines] == [
        "<https://data.example/id/thing/x/a>",
        "<https://data.example/id/thing/x/b>",
    ]


def test_a_predicate_may_be_made_of_a_field() -> None:
    text = run(mapping("[['dafab:$(kind)', $(tags)]]"), OddThing("x", kind="a b", tags=("t",)))
    assert f" <{NS}a%20b> " in text


CONDITION = "condition: {{function: idlab-fn:{0}, parameters: [{1}]}}"
KIND_IS_X = "[grel:valueParam, $(kind)], [grel:valueParam2, x]"


@pytest.mark.parametrize(
    ("function", "kind", "holds"),
    [
        ("equal", "x", True), ("equal", "y", False), ("equal", None, False),
        ("notEqual", "x", False), ("notEqual", "y", True), ("notEqual", None, False),
    ],
)  # fmt: skip
def test_conditions_on_mappings_and_on_statements(function: str, kind: str, holds: bool) -> None:
    condition = CONDITION.format(function, KIND_IS_X)
    thing = OddThing("i", kind=kind)
    assert bool(run(mapping("[[dafab:p, x]]", more=condition), thing)) is holds
    single = f"[{{p: dafab:p, o: x, {condition}}}, [dafab:q, y]]"
    assert objects(run(mapping(single), thing)) == (['"x"'] if holds else []) + ['"y"']


def test_equal_to_itself_asks_for_a_value() -> None:
    same = CONDITION.format("equal", "[grel:valueParam, $(kind)], [grel:valueParam2, $(kind)]")
    text = mapping("[[dafab:p, x]]", more=same)
    assert run(text, OddThing("i")) == ""
    assert objects(run(text, OddThing("i", kind=""))) == ['"x"']


def test_a_condition_compares_canonical_text() -> None:
    condition = CONDITION.format("equal", "[grel:valueParam, $(ratio)], [grel:valueParam2, '1.5']")
    text = mapping("[[dafab:p, x]]", more=condition)
    assert run(text, OddThing("i", ratio=Decimal("1.500")))


def test_an_iterator_goes_over_the_records_in_a_list_field() -> None:
    text = mapping("[[dafab:p, $(label)]]", subject="id:part/$(part_id)")
    text = text.replace("sources: thing", "sources: part")
    thing = OddThing("x", parts=(Part("1", "one"), Part("2"), Part("3", "three")))
    assert objects(run(text, thing)) == ['"one"', '"three"']
    assert compiled(text).references(OddThing) == {"parts"}


@given(st.text(), st.text(), st.lists(st.text(), max_size=3))
@example("../../graph/doc", 'x" .\n<a:s> <a:p> "y', ["> <a:g> .\n<a:s> <a:p> <a:o> .", "\\"])
def test_hostile_text_comes_back_as_it_went_in(thing_id: str, title: str, tags: list[str]) -> None:
    po = "[[dafab:title, $(title)], [dafab:tag, $(tags), en~lang], [dafab:t, id:tag/$(tags)~iri]]"
    text = run(mapping(po), OddThing(thing_id, title, tags=tuple(tags)))
    quads = list(pyoxigraph.parse(text.encode(), format=pyoxigraph.RdfFormat.N_QUADS))
    assert len(quads) == 1 + 2 * len(tags)
    assert {quad.graph_name.value for quad in quads} == {GRAPH}
    for quad in quads:
        inside = quad.subject.value.removeprefix("https://data.example/id/thing/")
        assert not set("/?#") & set(inside)
        assert decode(inside) == thing_id
    found = [quad.object for quad in quads]
    assert found[0] == pyoxigraph.Literal(title)
    assert found[1 : 1 + len(tags)] == [pyoxigraph.Literal(tag, language="en") for tag in tags]
    prefix = "https://data.example/id/tag/"
    assert [decode(o.value.removeprefix(prefix)) for o in found[1 + len(tags) :]] == tags


@pytest.mark.parametrize(
    ("thing", "where"),
    [
        (OddThing("x", "\ud800"), "OddThing.title"),
        (OddThing("\ud800"), "OddThing.thing_id"),
        (OddThing("x", tags=("a", "\udfff")), "OddThing.tags"),
        (OddThing("x", url="not an iri"), "OddThing.url"),
        (OddThing("x", urls=("https://a.example/", "https://a.example/[")), "OddThing.urls"),
        (OddThing("x", title=1.5), "OddThing.title"),  # type: ignore[arg-type]
        (OddThing("x", title=("a",)), "OddThing.title"),  # type: ignore[arg-type]
        (OddThing("x", tags="abc"), "OddThing.tags"),  # type: ignore[arg-type]
        (OddThing("x", ratio=Decimal("NaN")), "OddThing.ratio"),
    ],
)
def test_what_rdf_cannot_hold_is_refused_with_the_field_named(thing: OddThing, where: str) -> None:
    po = """[[dafab:p, $(title)], [dafab:p, $(tags)], [dafab:p, $(ratio)], [dafab:p, $(url)~iri],
      [dafab:p, $(urls)~iri]]"""
    with pytest.raises(FieldNotValid) as caught:
        run(mapping(po), thing)
    assert caught.value.where == where
    assert caught.value.remedy


MISFITS = {
    "OddThing has no field colour; supported: codes, ": mapping("[[dafab:p, $(colour)]]"),
    "OddThing has no field __class__": mapping("[[dafab:p, $(__class__)]]"),
    "no record type 'other'": mapping("[[dafab:p, x]]").replace("odd_thing.json", "other.json"),
    "no list of records tags": mapping("[[dafab:p, x]]")
    .replace("parts[*]", "tags[*]")
    .replace("sources: thing", "sources: part"),
    "list tags stands in two terms": mapping("[[dafab:p, $(tags)]]", subject="id:x/$(tags)"),
    "condition on the list tags": mapping(
        "[[dafab:p, x]]", more=CONDITION.format("equal", KIND_IS_X.replace("kind", "tags"))
    ),
}


@pytest.mark.parametrize("said", MISFITS)
def test_what_does_not_fit_the_record_is_named(said: str) -> None:
    with pytest.raises(MappingNotValid, match=said):
        compiled(MISFITS[said])


def test_two_mappings_of_one_name_are_refused() -> None:
    text = mapping("[[a, dafab:T]]")
    with pytest.raises(MappingNotValid, match=r"b.yml, thing: .* stands in a.yml too"):
        compile_mappings(NAMES, {"a.yml": text, "b.yml": text}, (OddThing,))


def test_a_record_that_no_mapping_reads_is_refused() -> None:
    with pytest.raises(MappingNotValid, match=r"'platform.json~jsonpath'"):
        compiled(mapping("[[a, dafab:T]]")).map([Platform("a", "b")], document_id="doc")


def test_no_text_of_a_mapping_file_becomes_code() -> None:
    evil = "{record.__class__}\"'''; import os #"
    po = f"[[dafab:p, {evil!r}], [a, 'dafab:%7Brecord%7D']]".replace("\\'", "''")
    assert objects(run(mapping(po), OddThing("x")))[0] == str(pyoxigraph.Literal(evil))


def test_terms_are_all_constant_iris_and_references_all_fields() -> None:
    one = compiled(
        mapping("[[a, dafab:T], [dafab:p, $(size), xsd:integer], ['dafab:$(kind)', dafab:v~iri]]")
    )
    rdf_type = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    assert one.terms() == {rdf_type, f"{NS}T", f"{NS}p", f"{NS}v"}
    assert one.classes() == {f"{NS}T"}
    assert one.references(OddThing) == {"thing_id", "size", "kind"}


def test_the_base_of_data_follows_the_names_but_terms_do_not() -> None:
    text = compile_mappings(Names("urn:x:/")).map(
        [WaterAnomaly("p", "flood", "rule-1")], document_id="d"
    )
    quads = list(pyoxigraph.parse(text.encode(), format=pyoxigraph.RdfFormat.N_QUADS))
    assert {quad.graph_name.value for quad in quads} == {"urn:x:/graph/d"}
    assert {quad.subject.value for quad in quads} == {
        "urn:x:/product/p", "urn:x:/product/p/anomaly",
    }  # fmt: skip
    assert pyoxigraph.NamedNode(f"{NS}WaterAnomaly") in {quad.object for quad in quads}
