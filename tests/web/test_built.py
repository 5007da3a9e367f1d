"""The built copies of the pages' scripts come from their sources."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "dafab_kg/web/static/built"


@pytest.mark.slow
def test_what_is_built_is_what_the_sources_and_the_lock_give(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs npm (apt-get install npm) to build the pages' scripts again")
    shutil.copytree(ROOT / "web", tmp_path / "web", ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run([npm, "ci", "--silent"], cwd=tmp_path / "web", check=True, timeout=300)
    made = tmp_path / "built"
    subprocess.run(["node", "build.mjs", str(made)], cwd=tmp_path / "web", check=True, timeout=120)
    names = {file.name for file in BUILT.iterdir()}
    assert {file.name for file in made.iterdir()} == names
    for name in names:
        assert (made / name).read_bytes() == (BUILT / name).read_bytes(), name


def test_every_bundled_package_has_its_licence_told() -> None:
    told = (BUILT / "LICENSES.txt").read_text()
    assert "leaflet 1.9.4, BSD-2-Clause" in told
    assert "(no licence file" not in told
