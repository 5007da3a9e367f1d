"""What is installed and shipped is what the repository holds, and nothing else.

The four top-level folders reach the package through symlinks.  A clone without
symlinks builds a broken wheel and no tool complains, hence these guards.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import version as installed_version
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import dafab_kg

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("loaders", "mappings", "ontology", "shapes")


@pytest.fixture(scope="session")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def git(*arguments: str) -> str:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("needs git and a clone")
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture(scope="session")
def sources() -> list[str]:
    """Files of the project: tracked, or new and not ignored."""
    listed = git("ls-files", "-co", "--exclude-standard").splitlines()
    return [name for name in listed if (ROOT / name).is_file()]


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel and the source archive, built from this tree."""
    place = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(place)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(place.glob("*.whl")), next(place.glob("*.tar.gz"))


# --- the four guards ---------------------------------------------------------------------------


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_folder_is_a_directory_inside_the_installed_package(folder: str) -> None:
    place = files("dafab_kg").joinpath(folder)
    assert place.is_dir(), f"dafab_kg/{folder} is no directory: clone with core.symlinks=true"
    assert any(place.iterdir())


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_folder_is_a_symlink_in_git(folder: str) -> None:
    mode = git("ls-files", "-s", f"dafab_kg/{folder}").split()
    assert mode[0] == "120000", f"dafab_kg/{folder} must be a symlink to ../{folder}"
    assert (ROOT / "dafab_kg" / folder).readlink() == Path("..") / folder


def test_the_wheel_holds_every_file_of_the_package(
    archives: tuple[Path, Path], sources: list[str]
) -> None:
    ours = {name for name in sources if name.startswith("dafab_kg/")}
    ours |= {f"dafab_kg/{name}" for name in sources if name.split("/")[0] in FOLDERS}
    with zipfile.ZipFile(archives[0]) as wheel:
        shipped = {n for n in wheel.namelist() if n.startswith("dafab_kg/")}
        assert shipped == ours
        for name in ours:
            assert wheel.read(name) == (ROOT / name).read_bytes(), name


def test_the_source_archive_builds_the_same_wheel(
    archives: tuple[Path, Path], tmp_path: Path
) -> None:
    with tarfile.open(archives[1]) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    for needed in ("README.md", "CHANGELOG.md", "LICENSE", "CITATION.cff", "tests/conftest.py"):
        assert (unpacked / needed).is_file()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "again")],
        cwd=unpacked,
        check=True,
        capture_output=True,
    )
    (again,) = (tmp_path / "again").iterdir()
    with zipfile.ZipFile(archives[0]) as first, zipfile.ZipFile(again) as second:
        assert {i.filename: i.CRC for i in first.infolist()} == {
            i.filename: i.CRC for i in second.infolist()
        }


def test_an_installed_wheel_runs_without_the_repository(
    archives: tuple[Path, Path], tmp_path: Path
) -> None:
    with zipfile.ZipFile(archives[0]) as wheel:
        wheel.extractall(tmp_path / "site")
    program = (
        "import dafab_kg, pathlib, sys\n"
        "from dafab_kg.model import resources\n"
        "from dafab_kg.sample import write_sample\n"
        "assert pathlib.Path(dafab_kg.__file__).is_relative_to(sys.argv[1]), dafab_kg.__file__\n"
        "for folder, suffix in (('mappings', '.yml'), ('ontology', '.ttl')):\n"
        "    print(len(resources.names(folder, suffix)))\n"
        "print(write_sample(pathlib.Path('sample'), products=1).products)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "site")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        check=True,
        capture_output=True,
        text=True,
    )
    mappings, modules, written = map(int, done.stdout.split())
    assert mappings > 0
    assert modules > 0
    assert written == 1


@pytest.mark.parametrize("line", ["import loaders", "from loaders import trees"])
def test_ruff_bans_the_import_of_the_folder(line: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--stdin-filename", "x.py", "-"],
        input=line + "\n",
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "TID251" in done.stdout
    assert done.returncode == 1


@pytest.mark.oracle  # long: the report reads every file of the package
def test_coverage_sees_the_loaders(project: dict[str, Any], tmp_path: Path) -> None:
    assert set(project["tool"]["coverage"]["run"]["source"]) == {"dafab_kg", "loaders"}
    data, program = tmp_path / "coverage", tmp_path / "program.py"
    program.write_text("import dafab_kg.loaders.registry\n")
    measure = [sys.executable, "-m", "coverage"]
    subprocess.run(
        [*measure, "run", f"--data-file={data}", str(program)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    report = subprocess.run(
        [*measure, "report", f"--data-file={data}", "--skip-empty"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    ).stdout
    assert "loaders/registry.py" in report.replace(os.sep, "/")


# --- what may be in a file ---------------------------------------------------------------------


def test_no_file_names_a_registry_or_a_path_of_a_machine(sources: list[str]) -> None:
    # in two parts, so that this file does not name them either
    hosts = [f"{a}{b}" for a, b in (("py", "pi.org"), ("python", "hosted"), ("npm", "js."))]
    hosts += [f"{a}{b}" for a, b in (("crates", ".io"), ("ana", "conda.org"))]
    paths = r"(?<![\w.\-$})/])/(?:work|home|root|opt|Users|mnt)/\w"
    words = re.compile("|".join([*map(re.escape, hosts), paths]))
    found = []
    for name in sources:
        if name == "tests/test_packaging.py":
            continue
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name}: {line.strip()}" for line in text.splitlines() if words.search(line)]
    assert not found


# --- one version -------------------------------------------------------------------------------


PLUGIN_VERSION = "deploy/rucio-plugin/dafab_kg_rucio/version.py"
"""Of a wheel of its own, which cannot ask the other."""


def test_the_version_is_stated_once_and_agrees_everywhere(
    sources: list[str], project: dict[str, Any]
) -> None:
    version = dafab_kg.__version__
    assert installed_version("dafab-kg") == version
    stated = [
        name
        for name in sources
        if name.endswith(".py")
        and re.search(r'^__version__\b.* = "', (ROOT / name).read_text(encoding="utf-8"), re.M)
    ]
    own, plugin = (project["tool"]["hatch"]["version"]["path"], PLUGIN_VERSION)
    assert sorted(stated) == sorted([own, plugin])
    assert f'__version__ = "{version}"' in (ROOT / plugin).read_text()
    entries = re.findall(r"^## \[?([\w.]+)\]?", (ROOT / "CHANGELOG.md").read_text(), re.M)
    released = [entry for entry in entries if entry != "Unreleased"]
    assert entries[0] == "Unreleased"
    assert released[0] == version
    citation = (ROOT / "CITATION.cff").read_text()
    assert re.search(r"^version: (.+)$", citation, re.M)[1] == version  # type: ignore[index]


# --- dependencies ------------------------------------------------------------------------------


def declared(project: dict[str, Any]) -> dict[str, Requirement]:
    groups = [
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *project["dependency-groups"].values(),
        project["build-system"]["requires"],
    ]
    requirements = [Requirement(text) for group in groups for text in group]
    return {canonicalize_name(r.name): r for r in requirements if r.name != "dafab-kg"}


def test_every_dependency_has_its_reason(project: dict[str, Any]) -> None:
    page = (ROOT / "docs/decisions/dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w.\-]+)` \| (.+?) \|", page, re.M)
    given = {canonicalize_name(name): reason for name, reason in rows}
    assert given.keys() == declared(project).keys()
    assert [name for name, reason in given.items() if len(reason) < 20] == []


def test_the_lock_holds_what_is_declared(project: dict[str, Any]) -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {canonicalize_name(n): v for n, v in re.findall(r"^([\w.\-]+)==(\S+)", text, re.M)}
    wanted = [
        Requirement(line)
        for line in [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    ]
    for requirement in wanted:
        assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)])
    assert text.count("--hash=sha256:") >= len(locked)
    assert "://" not in text
    assert not re.search(r"^-", text, re.M), "an option of pip in the lock"


def test_all_extras_are_in_the_extra_all(project: dict[str, Any]) -> None:
    extras = project["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    assert Requirement(everything).extras == extras.keys() - {"all"}


# --- make --------------------------------------------------------------------------------------


def test_make_help_lists_every_target() -> None:
    if shutil.which("make") is None:
        pytest.skip("needs make")
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.+)$", text, re.M)[1].split()  # type: ignore[index]
    asked = {"run", "test", "lint", "format", "judges", "benchmarks", "clean", "help"}
    assert asked <= set(targets)
    shown = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    assert set(re.findall(r"^  make ([\w-]+)  +\S", shown, re.M)) == set(targets)


def test_make_says_what_to_do_without_a_new_enough_python(tmp_path: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("needs make")
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    done = subprocess.run(
        ["make", "test", "PYTHON="], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "needs Python 3.11" in done.stderr
    assert "make PYTHON=" in done.stderr
