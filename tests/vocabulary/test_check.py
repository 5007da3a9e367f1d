"""Each check finds the fault that was put there for it, and no other."""

from __future__ import annotations

from pathlib import Path

from rdflib import Graph

from dafab_kg.vocabulary.check import check_files, checks

FAULTY = Path(__file__).with_name("faulty.ttl")
EX = "https://example.org/faulty#"
FAULTS = {
    ("header", "https://example.org/faulty"),
    ("prefix", "https://example.org/faulty"),
    ("P41", "https://example.org/faulty"),
    ("import", "https://example.org/nowhere"),
    ("P04", EX + "Lonely"),
    ("P08", EX + "Wordless"),
    ("P08", EX + "Undefined"),
    ("defined-by", EX + "Homeless"),
    ("P10", EX + "Apart"),
    ("P24", EX + "Recursive"),
    ("P34", EX + "Misspelt"),
    ("P35", EX + "misspelt"),
    ("P11", EX + "wide"),
    ("P11", EX + "oneWay"),
    ("P13", EX + "oneWay"),
    ("P19", EX + "narrow"),
    ("concept", EX + "nameless"),
}


def test_each_fault_is_found_and_nothing_else() -> None:
    found = check_files([FAULTY])
    assert {(f.code, f.term) for f in found} == FAULTS
    assert len(found) == len(FAULTS)
    assert all(f.file == str(FAULTY) and f.what and f.remedy for f in found)


def test_every_check_has_a_fault_in_the_test() -> None:
    assert {check.code for check in checks()} == {code for code, _ in FAULTS} - {"import"}


def test_errors_come_first_and_a_chosen_check_runs_alone() -> None:
    severities = [f.severity for f in check_files([FAULTY])]
    assert severities == sorted(severities, key=["error", "warning", "advice"].index)
    assert {f.code for f in check_files([FAULTY], ["P19", "P24"])} == {"P19", "P24"}


def test_what_a_finding_says_tells_which_part_is_missing() -> None:
    told = {(f.code, f.term.removeprefix(EX)): f.what for f in check_files([FAULTY])}
    assert told["P11", "wide"].endswith("domain")
    assert told["P11", "oneWay"].endswith("range")
    assert told["P08", "Undefined"].endswith("a definition (skos:definition)")
    assert told["header", "https://example.org/faulty"].endswith("dcterms:description")


def test_a_borrowed_term_is_not_the_files_to_answer_for(tmp_path: Path) -> None:
    file = tmp_path / "with-borrowed.ttl"
    file.write_text(
        FAULTY.read_text("utf-8") + "\n<http://other.example/Thing> a owl:Class .\n", "utf-8"
    )
    assert {(f.code, f.term) for f in check_files([file])} == FAULTS


def test_a_term_that_an_import_declares_is_known(tmp_path: Path) -> None:
    (tmp_path / "catalog-v001.xml").write_text(
        '<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">'
        '<uri name="https://example.org/nowhere" uri="nowhere.ttl"/></catalog>',
        "utf-8",
    )
    (tmp_path / "faulty.ttl").write_text(FAULTY.read_text("utf-8"), "utf-8")
    Graph().parse(
        data=f"<{EX}Misspelt> a <http://www.w3.org/2002/07/owl#Class> ."
        "<https://example.org/nowhere> a <http://www.w3.org/2002/07/owl#Ontology> ."
    ).serialize(tmp_path / "nowhere.ttl")
    found = {(f.code, f.term) for f in check_files([tmp_path / "faulty.ttl"])}
    assert found == FAULTS - {("P34", EX + "Misspelt"), ("import", "https://example.org/nowhere")}


def test_our_ontology_has_no_error() -> None:
    files = sorted((Path(__file__).parents[2] / "ontology").glob("*.ttl"))
    assert [f for f in check_files(files) if f.severity == "error"] == []
