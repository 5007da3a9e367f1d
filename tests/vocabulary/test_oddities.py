"""What people hand to the tools by mistake, and what the pages must not leave out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rdflib import OWL, RDF, URIRef
from rdflib.collection import Collection

from dafab_kg.cli import main
from dafab_kg.model.names import NS
from dafab_kg.vocabulary.canonical import format_turtle
from dafab_kg.vocabulary.check import check_files
from dafab_kg.vocabulary.describe import describe
from dafab_kg.vocabulary.held import read_vocabulary

ROOT = Path(__file__).resolve().parents[2]
HEAD = "@prefix o: <http://www.w3.org/2002/07/owl#> . @prefix e: <https://e.example/> . "


def written(place: Path, text: str) -> Path:
    file = place / "odd.ttl"
    file.write_text(text, "utf-8")
    return file


def test_documentation_of_an_ontology_without_a_title_tells_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, HEAD + "e:it a o:Ontology . e:C a o:Class .")
    assert main(["ontology", "docs", str(file), "--out", str(tmp_path / "out")]) == 1
    told = capsys.readouterr().err
    assert "https://e.example/it has no title" in told and "dcterms:title" in told


@pytest.mark.parametrize("text", ["", HEAD + "e:C a o:Class ."])
def test_a_file_without_a_header_is_not_sound(tmp_path: Path, text: str) -> None:
    file = written(tmp_path, text)
    found = [f for f in check_files([file]) if f.code == "header"]
    assert [(f.file, f.severity) for f in found] == [(str(file), "error")]
    assert check_files([file], ["P41"]) == ()


def test_the_header_that_contributing_shows_is_whole_and_canonical(tmp_path: Path) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    (header,) = re.findall(r"^```turtle\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert check_files([written(tmp_path, header)]) == ()
    description = "# What is known of the soil.\n\n"
    assert format_turtle(header, "soil.ttl") == description + header


def test_an_ill_typed_literal_leaves_no_trace_of_rdflib(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    xsd = "http://www.w3.org/2001/XMLSchema#"
    check_files([written(tmp_path, HEAD + f'e:x e:p "many"^^<{xsd}integer> .')])
    assert caplog.records == []


def test_a_page_names_all_that_a_term_is_apart_from() -> None:
    vocabulary = read_vocabulary()
    graph, apart = vocabulary.whole, {}
    for one, other in graph.subject_objects(OWL.disjointWith):
        apart.setdefault(one, set()).add(other)
        apart.setdefault(other, set()).add(one)
    for axiom in graph.subjects(RDF.type, OWL.AllDisjointClasses):
        members = set(Collection(graph, graph.value(axiom, OWL.members)))
        for member in members:
            apart.setdefault(member, set()).update(members - {member})
    assert len(apart) > 20
    for term, others in apart.items():
        told = set(describe(term, vocabulary).links["disjoint with"])
        assert told == {str(other) for other in others if isinstance(other, URIRef)}


def test_a_source_is_no_note() -> None:
    told = describe(URIRef(NS + "Product"), read_vocabulary())
    assert told.sources and not set(told.sources) & set(told.notes)
