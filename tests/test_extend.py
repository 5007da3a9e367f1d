"""docs/extend.md works as it stands: in a copy of the tree, in under 60 lines and no Python."""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "extend.md").read_text("utf-8")
BLOCK = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FOLDERS = ("dafab_kg", "ontology", "shapes", "mappings", "loaders", "tests")
CODE = "import sys; from dafab_kg.cli import main; sys.exit(main())"


class Copy:
    """A copy of the tree, and the commands run in it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        for folder in FOLDERS:
            shutil.copytree(
                ROOT / folder, place / folder, symlinks=True,
                ignore=shutil.ignore_patterns("__pycache__"),
            )  # fmt: skip
        shutil.copy(ROOT / "pyproject.toml", place)

    def run(self, *arguments: str, code: int = 0) -> str:
        done = self.python("-c", CODE, *arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "DAFAB_STORE": str(self.place / "store"), "PYTHONPATH": "."}
        return subprocess.run(
            [sys.executable, *arguments], cwd=self.place, env=environment, check=False,
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    def files(self) -> dict[str, list[str]]:
        return {
            str(file.relative_to(self.place)): file.read_text("utf-8").splitlines()
            for folder in FOLDERS
            if not (self.place / folder).is_symlink()
            for file in (self.place / folder).rglob("*")
            if file.suffix in (".py", ".ttl", ".yml", ".jsonld", ".rq", ".xml") and file.is_file()
        }


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Copy, dict[str, list[str]]]:
    """The tree after the steps of the page, and the files as they were before."""
    copy = Copy(tmp_path_factory.mktemp("extended"))
    copy.run("ontology", "format", "--drop-comments")  # a clone is in this form already
    before = copy.files()
    for name, text in BLOCK.findall(TEXT):
        file = copy.place / name
        if name.endswith(".jsonld"):
            line = '    "@version": 1.1,\n'
            assert line in file.read_text("utf-8")
            file.write_text(file.read_text("utf-8").replace(line, line + text), "utf-8")
        else:
            with file.open("a", encoding="utf-8") as stream:
                stream.write(text)
    return copy, before


Extended = tuple[Copy, dict[str, list[str]]]


def test_make_ontology_sorts_and_finds_no_error(extended: Extended) -> None:
    copy, _ = extended
    copy.run("ontology", "format")
    report = json.loads(copy.run("ontology", "check", "--json"))
    assert [
        f for f in report["findings"] if "oilMoisture" in f["term"] if f["severity"] != "advice"
    ] == []


def test_fewer_than_60_lines_change_and_none_in_python(extended: Extended) -> None:
    copy, before = extended
    copy.run("ontology", "format")
    changed = {}
    for name, lines in copy.files().items():
        told = [
            line
            for line in difflib.unified_diff(before.get(name, []), lines, n=0, lineterm="")
            if line[:1] in "+-" and line[:3] not in ("+++", "---")
        ]
        if told:
            changed[name] = told
    assert set(changed) == {name for name, _ in BLOCK.findall(TEXT)} - {"soil.json"}
    assert all(not name.endswith(".py") for name in changed)
    number = sum(len(lines) for lines in changed.values())
    assert number < 60
    assert (
        f"change {number} lines in {['no', 'one', 'two', 'three', 'four', 'five'][len(changed)]}"
        in TEXT
    )
    assert all(line.startswith("+") for lines in changed.values() for line in lines)


def test_the_item_loads_and_the_query_answers(extended: Extended) -> None:
    copy, _ = extended
    copy.run("load", "soil.json")
    query = re.search(r"^\$ dafab-kg query '(.*)'$", TEXT, re.MULTILINE)
    assert query is not None
    answer = json.loads(copy.run("query", query[1], "--json"))
    (row,) = answer["results"]["bindings"]
    assert row["id"]["value"] == "SSM1km_20221003T172436_S1A_example"
    assert row["moisture"]["value"] == "41.5"


def test_the_shape_refuses_a_wrong_one(extended: Extended) -> None:
    copy, _ = extended
    text = (copy.place / "soil.json").read_text("utf-8")
    wrong = text.replace("41.5", "141.5").replace("_example", "_wrong")
    (copy.place / "wrong.json").write_text(wrong, "utf-8")
    told = copy.run("load", "wrong.json", "--json", code=1)
    assert "soilMoisture" in told
    without = text.replace(', "soil:moisture": 41.5', "").replace("_example", "_without")
    (copy.place / "without.json").write_text(without, "utf-8")
    assert "soilMoisture" in copy.run("load", "without.json", "--json", code=1)


def test_without_the_steps_it_loads_as_a_kept_property(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    (text,) = [text for name, text in BLOCK.findall(TEXT) if name == "soil.json"]
    (tmp_path / "soil.json").write_text(text, "utf-8")
    copy.run("load", "soil.json")
    query = 'SELECT ?n { ?x dafab:name "soil:moisture" ; dafab:number ?n }'
    (row,) = json.loads(copy.run("query", query, "--json"))["results"]["bindings"]
    assert row["n"]["value"] == "41.5"


def test_the_skeleton_begins_the_shape(extended: Extended) -> None:
    printed = extended[0].run("ontology", "shapes", "SoilMoistureProduct")
    assert "sh:path dafab:soilMoisture" in printed
    assert "sh:targetClass dafab:SoilMoistureProduct" in printed


def test_the_tests_of_ontology_and_mappings_pass(extended: Extended) -> None:
    done = extended[0].python(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/ontology/test_terms.py",
        "tests/ontology/test_mappings.py", "tests/ontology/test_context.py",
        "tests/ontology/test_functional.py",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


def test_other_engines_get_the_mapping_too(extended: Extended) -> None:
    exported = extended[0].run("mapping", "export")
    assert '$[?(@.name==\\"soil:moisture\\")]' in exported
