"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data written by others; DAFAB_SHARED names another place for it."""
    place = Path(os.environ.get("DAFAB_SHARED", ROOT.parent / "shared")) / "data"
    if not place.is_dir():
        pytest.skip("needs the shared real data, which is not beside this clone")
    return place
