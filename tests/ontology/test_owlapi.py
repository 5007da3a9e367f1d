"""The OWL API reads our ontology as Protégé does: profiles, and what it saves."""

from __future__ import annotations

import difflib
import shutil
from pathlib import Path

import pytest

from dafab_kg.vocabulary.canonical import format_turtle
from tests.ontology.conftest import ROOT
from tests.ontology.owlapi import compiled, edited, profiles

pytestmark = pytest.mark.slow

FOLDER = ROOT / "ontology"
FILES = sorted(FOLDER.glob("*.ttl"))
BEYOND_RULES = ("thresholds", "dafab-full", "align-")
"""Files that need more than rules: facets, and axioms of others."""
ADDED = ("AddedProduct", "addedFigure")
AXIOMS = Path(__file__).with_name("axioms.ttl")


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    return compiled(tmp_path_factory.mktemp("owlapi"))


@pytest.fixture(scope="session")
def found(command: tuple[str, ...]) -> dict[str, dict[str, object]]:
    return profiles(command, FILES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_is_in_owl_2_dl(found: dict[str, dict[str, list[object]]], file: Path) -> None:
    assert found[file.name]["dl"] == []


@pytest.mark.parametrize(
    "file",
    [file for file in FILES if not file.stem.startswith(BEYOND_RULES)],
    ids=lambda file: file.stem,
)
def test_the_rule_part_is_in_owl_2_rl(
    found: dict[str, dict[str, list[object]]], file: Path
) -> None:
    assert found[file.name]["rl"] == []


def test_the_whole_is_read_through_the_catalogue_file(
    found: dict[str, dict[str, int]], ontology: object
) -> None:
    modules = sum(v["axioms"] for k, v in found.items() if not k.startswith(BEYOND_RULES))
    assert found["dafab.ttl"]["closure"] >= 0.99 * modules > 1000


def test_the_profile_check_sees_a_fault(command: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "faulty.ttl"
    file.write_text(
        "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix e: <https://example.org/#> .\n"
        "<https://example.org/> a owl:Ontology . e:A a owl:Class .\n"
        "e:p a owl:ObjectProperty , owl:TransitiveProperty , owl:FunctionalProperty .\n"
        "e:A <http://www.w3.org/2000/01/rdf-schema#subClassOf> [ a owl:Restriction ;\n"
        "  owl:onProperty e:p ; owl:someValuesFrom e:A ] .\n",
        "utf-8",
    )
    report = profiles(command, [file])["faulty.ttl"]
    assert [v["kind"] for v in report["dl"]] == ["UseOfNonSimplePropertyInFunctionalPropertyAxiom"]
    assert len(report["rl"]) == 2


@pytest.mark.parametrize("form", ["same", "turtle"])
@pytest.mark.parametrize("stem", ["core", "eo", "water", "dafab"])
def test_after_an_edit_the_difference_is_the_edit(
    command: tuple[str, ...], tmp_path: Path, stem: str, form: str
) -> None:
    folder = Path(shutil.copytree(FOLDER, tmp_path / "ontology"))
    file = folder / f"{stem}.ttl"
    before = format_turtle(file.read_text("utf-8"), stem, drop_comments=True)
    file.write_text(before, "utf-8")
    saved = edited(command, file, tmp_path / "saved.ttl", form)
    after = format_turtle(saved, stem)
    assert saved != before
    removed, added = difference(before, after)
    assert removed == []
    assert without_what_was_added(added) == []
    assert (
        sum(line.startswith(("dafab:AddedProduct a", "dafab:addedFigure a")) for line in added) == 2
    )


@pytest.mark.parametrize("form", ["same", "turtle"])
def test_axioms_of_every_kind_come_back(
    command: tuple[str, ...], tmp_path: Path, form: str
) -> None:
    before = format_turtle(AXIOMS.read_text("utf-8"), "axioms")
    (tmp_path / "axioms.ttl").write_text(before, "utf-8")
    saved = edited(command, tmp_path / "axioms.ttl", tmp_path / "saved.ttl", form)
    removed, added = difference(before, format_turtle(saved, "saved"))
    assert removed == []
    assert without_what_was_added(added) == []


def difference(before: str, after: str) -> tuple[list[str], list[str]]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    told = [line for line in lines if line[:2] in ("- ", "+ ")]
    return ([t[2:] for t in told if t[0] == "-"], [t[2:] for t in told if t[0] == "+"])


def without_what_was_added(lines: list[str]) -> list[str]:
    """Return what the edit does not explain: blocks of other terms."""
    blocks = "\n".join(lines).split(" .\n")
    return [
        block
        for block in (b.strip() for b in blocks)
        if block
        and not block.removeprefix("# Classes")
        .removeprefix("# Datatype properties")
        .strip()
        .startswith(tuple(f"dafab:{name}" for name in ADDED))
        and not block.startswith("@prefix")  # the first of its namespace
    ]
