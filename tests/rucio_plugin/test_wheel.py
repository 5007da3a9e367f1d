"""The wheel: its own files only, no dependencies, for old Pythons, of our version."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile

import pytest

from dafab_kg.model.version import __version__
from tests.rucio_plugin.conftest import FOLDER

FILES = sorted((FOLDER / "dafab_kg_rucio").glob("*.py"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    place = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    run = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    (found,) = place.glob("*.whl")
    with zipfile.ZipFile(found) as opened:
        yield opened


def test_it_holds_its_own_files_only(wheel):
    assert wheel.filename.endswith(f"dafab_kg_rucio-{__version__}-py3-none-any.whl")
    own = {f"dafab_kg_rucio/{file.name}" for file in FILES} | {"dafab_kg_rucio/py.typed"}
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == own
    told = wheel.read(f"dafab_kg_rucio-{__version__}.dist-info/METADATA").decode()
    assert "Requires-Dist" not in told
    assert "Requires-Python: >=3.9" in told


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_is_written_for_old_pythons_and_imports_little(file):
    tree = ast.parse(file.read_text(), feature_version=(3, 9))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module))
    foreign = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
    allowed = {"dafab_kg_rucio"} | ({"rucio", "sqlalchemy"} if file.stem == "server" else set())
    assert foreign <= allowed
