"""The plugin's modules that need no Rucio server: those that need one are judged with one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "deploy/rucio-plugin"


@pytest.fixture(autouse=True)
def modules(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    yield
    for name in [one for one in sys.modules if one.partition(".")[0] == "dafab_kg_rucio"]:
        del sys.modules[name]
