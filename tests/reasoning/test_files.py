"""Facts and ontologies of anybody, hostile ones among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dafab_kg.cli import main
from dafab_kg.model.errors import AxiomNotTranslated, NotWellFormed, ThingNotFound
from dafab_kg.reasoning.files import reason_over

HEAD = """@prefix o: <http://www.w3.org/2002/07/owl#> . @prefix e: <https://e.example/> .
@prefix s: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix r: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
"""


def written(place: Path, name: str, text: str) -> Path:
    file = place / name
    file.write_text(HEAD + text, "utf-8")
    return file


def test_facts_that_cannot_be_parsed_are_told_by_the_name_of_their_file(tmp_path: Path) -> None:
    bad = written(tmp_path, "bad.ttl", "this is no Turtle")
    with pytest.raises(NotWellFormed, match=r"bad\.ttl: line 4"):
        reason_over([bad], [])


@pytest.mark.parametrize(
    "members",
    [
        "e:l . e:l r:first e:B ; r:rest e:l .",
        "e:l . e:l r:first e:B .",
        "e:l . e:l r:first e:B , e:C ; r:rest () .",
        "e:l . e:l r:first e:B ; r:rest () , ( e:C ) .",
        "e:l .",
    ],
)
@pytest.mark.parametrize("predicate", ["intersectionOf", "unionOf"])
def test_a_list_that_is_none_is_refused_and_not_read_as_far_as_it_goes(
    tmp_path: Path, predicate: str, members: str
) -> None:
    text = f"e:A a o:Class . [ a o:Class ; o:{predicate} _:x ] s:subClassOf e:A . "
    text = text.replace("_:x", members.split(" ", 1)[0]) + members.split(" ", 1)[1].lstrip(". ")
    ontology = written(tmp_path, "ontology.ttl", text)
    facts = written(tmp_path, "facts.ttl", "e:i a e:B .")
    told = rf"ontology\.ttl: the list that is owl:{predicate} of something without a name"
    with pytest.raises(NotWellFormed, match=told):
        reason_over([facts], [ontology], skip_refused=True)


@pytest.mark.parametrize(("classes", "told"), [(1, "1 axiom cannot"), (2, "2 axioms cannot")])
def test_refused_axioms_are_counted_and_told_as_a_sentence(
    tmp_path: Path, classes: int, told: str
) -> None:
    text = "".join(f"e:A{n} s:subClassOf [ o:unionOf ( e:B e:C ) ] . " for n in range(classes))
    with pytest.raises(AxiomNotTranslated, match=told) as refused:
        reason_over([], [written(tmp_path, "o.ttl", text)])
    assert "cannot be known.\nTake out" in str(refused.value)


def test_no_command_for_catalogues_is_advised_where_there_is_none(tmp_path: Path) -> None:
    found = reason_over(
        [written(tmp_path, "f.ttl", "e:i a e:B .")], [written(tmp_path, "o.ttl", "")]
    )
    with pytest.raises(ThingNotFound) as absent:
        found.explain("<https://e.example/i> a <https://e.example/C>")
    assert "dafab-kg reason" not in str(absent.value)


@pytest.mark.parametrize("form", ["turtle", "nt", "xml"])
def test_a_format_that_contradictions_are_not_written_in_is_wrong_usage(
    tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(written(tmp_path, "f.ttl", "")), "--format", form]) == 2
    assert "text, json" in capsys.readouterr().err
