"""Files of anybody, and the whole store by tiers."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import SH, Graph

from dafab_kg.model.errors import FileNotUsable, ShapesNotValid
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Change
from dafab_kg.validation.anybody import TIERS, judge_files, judge_store

NS = "https://w3id.org/dafab/ns#"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
PREFIXES = """
@prefix ex: <http://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
PERSON = """
ex:S a sh:NodeShape ; sh:targetClass ex:Person ;
    sh:property [ sh:path ex:age ; sh:minCount 1 ; sh:datatype xsd:byte ;
        sh:message "An age."@en ] .
"""


def write(place: Path, name: str, text: str) -> Path:
    file = place / name
    file.write_text(text if name.endswith((".nt", ".jsonld")) else PREFIXES + text)
    return file


def test_data_shapes_and_ontology_of_any_syntax(tmp_path: Path) -> None:
    shapes = write(tmp_path, "s.ttl", PERSON)
    turtle = write(tmp_path, "d.ttl", 'ex:a a ex:Child ; ex:age "x" . [] a ex:Person .')
    lines = write(
        tmp_path, "d.nt", f"<http://example.org/b> {TYPE} <http://example.org/Person> .\n"
    )
    json = write(tmp_path, "d.jsonld", '{"@id": "http://example.org/c", "@type": "x:Other"}')
    above = write(
        tmp_path, "o.ttl", "ex:Child <http://www.w3.org/2000/01/rdf-schema#subClassOf> ex:Person ."
    )
    told = judge_files([turtle, lines, json], [shapes], [above])
    found = {(one.focus.rsplit("/")[-1], one.value, one.message) for one in told.violations}
    assert {one for one in found if len(one[0]) == 1} == {
        ("a", "x", "An age."),
        ("b", None, "An age."),
    }
    assert len(found) == 3
    report = Graph().parse(data=told.turtle, format="turtle")
    assert len(list(report.objects(None, SH.result))) == 3
    without = judge_files([turtle], [shapes])
    assert [one.value for one in without.violations] == [None]


def test_integers_of_other_types_stay_what_they_are(tmp_path: Path) -> None:
    shapes = write(tmp_path, "s.ttl", PERSON)
    right = write(tmp_path, "right.ttl", 'ex:a a ex:Person ; ex:age "7"^^xsd:byte .')
    wrong = write(tmp_path, "wrong.ttl", "ex:a a ex:Person ; ex:age 7 .")
    beyond = write(tmp_path, "beyond.ttl", 'ex:a a ex:Person ; ex:age "300"^^xsd:byte .')
    assert judge_files([right], [shapes]).conforms
    assert not judge_files([wrong], [shapes]).conforms
    assert [v.value for v in judge_files([beyond], [shapes]).violations] == ["300"]


def test_blank_nodes_of_two_files_are_two(tmp_path: Path) -> None:
    shapes = write(
        tmp_path, "s.ttl",
        "ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:p ; "
        "sh:property [ sh:path ex:p ; sh:maxCount 1 ] .",
    )  # fmt: skip
    files = [write(tmp_path, f"{i}.nt", f'_:b <http://example.org/p> "{i}" .\n') for i in "12"]
    assert judge_files(files, [shapes]).conforms


def test_what_is_not_compiled_goes_to_pyshacl_and_is_told(tmp_path: Path) -> None:
    shapes = write(
        tmp_path, "s.ttl",
        "ex:S a sh:NodeShape ; sh:targetClass ex:L ; "
        "sh:property [ sh:path ex:next ; sh:minCount 1 ; sh:node ex:S ] .",
    )  # fmt: skip
    told = judge_files([write(tmp_path, "d.ttl", "ex:a a ex:L .")], [shapes])
    assert [one.focus for one in told.violations] == ["http://example.org/a"]
    assert "refers to itself" in told.by_other["http://example.org/S"]


@pytest.mark.parametrize(
    ("shape", "word"),
    [
        ("sh:property [ sh:path ex:p ; sh:path ex:q ]", "more than one sh:path"),
        ("sh:minCount 1", "node shape"),
        ("sh:property [ sh:path ex:p ; sh:minCount 'x' ]", "integer"),
        ("sh:in ex:list", "list"),
        ("sh:pattern '('", "pattern"),
        ("sh:entailment ex:rdfs", "entailment"),
        (
            "sh:sparql [ sh:select 'SELECT $this { SERVICE <http://x/> { ?a ?b $this } }' ]",
            "SERVICE",
        ),
    ],
)
def test_ill_formed_shapes_are_refused(tmp_path: Path, shape: str, word: str) -> None:
    shapes = write(tmp_path, "s.ttl", f"ex:S a sh:NodeShape ; sh:targetNode ex:a ; {shape} .")
    data = write(tmp_path, "d.ttl", "ex:a ex:p 1 .")
    with pytest.raises(ShapesNotValid, match=word):
        judge_files([data], [shapes])


@pytest.mark.parametrize("name", ["missing.ttl", "what.xyz", "broken.ttl", "broken.nt"])
def test_files_that_cannot_be_read_are_named(tmp_path: Path, name: str) -> None:
    if name.startswith("broken"):
        (tmp_path / name).write_text("<x:a> <x:b")
    shapes = write(tmp_path, "s.ttl", PERSON)
    with pytest.raises(FileNotUsable, match=name):
        judge_files([tmp_path / name], [shapes])


def stored(*statements: str) -> OxigraphStore:
    store = OxigraphStore()
    lines = [f"{line} .\n" for line in statements]
    named = [f"{line} <x:document> .\n" for line in statements]
    store.apply(Change(added="".join(lines + named)))
    return store


@pytest.mark.parametrize(
    ("kind", "name"), [("DataIdentifier", "did"), ("Product", "productId"), ("Tile", "mgrsTile")]
)
def test_two_things_of_one_name_are_not_published(kind: str, name: str) -> None:
    said = [f"<x:{i}> {TYPE} <{NS}{kind}>" for i in "ab"]
    same = [f'<x:{i}> <{NS}{name}> "one"' for i in "ab"]
    told = judge_store(stored(*said, *same), ["publish"])
    assert {one.focus for one in told.violations} == {"x:a", "x:b"}
    assert "one names x:" in told.violations[0].message or "one is x:" in told.violations[0].message
    assert told.documents["x:a"] == ("x:document",)
    apart = [f'<x:{i}> <{NS}{name}> "{i}"' for i in "ab"]
    assert judge_store(stored(*said, *apart), ["publish"]).conforms


def test_a_tier_that_there_is_not_is_refused() -> None:
    with pytest.raises(ShapesNotValid, match=r"'nope'.*publish"):
        judge_store(stored(), ["ingest", "nope"])


def test_ill_typed_data_leave_no_trace_of_rdflib(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    xsd = "http://www.w3.org/2001/XMLSchema#"
    data = write(tmp_path, "data.ttl", f'<x:a> <x:age> "x"^^<{xsd}integer> .')
    shapes = write(
        tmp_path,
        "shapes.ttl",
        f"@prefix sh: <{SH}> . <x:S> a sh:NodeShape ; sh:targetNode <x:a> ; "
        "sh:property [ sh:path <x:p> ; sh:node <x:S> ] .",
    )
    told = judge_files([data], [shapes])
    assert told.conforms and told.by_other
    assert caplog.records == []


def test_a_source_that_nothing_describes_is_advised_on() -> None:
    store = stored(f"<x:a> <{NS}derivedFrom> <x:b>")
    assert judge_store(store, ["publish"]).conforms
    (told,) = judge_store(store, ["advisory"]).violations
    assert (told.focus, told.severity) == ("x:b", "info")


def test_each_tier_has_shapes() -> None:
    store = stored(f"<x:a> {TYPE} <{NS}Product>")
    for tier in TIERS:
        judge_store(store, [tier])
    assert set(TIERS) == {"ingest", "publish", "advisory"}
