"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("dafab", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("dafab")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data written by others; DAFAB_SHARED names another place for it."""
    place = Path(os.environ.get("DAFAB_SHARED", ROOT.parent / "shared")) / "data"
    if not place.is_dir():
        pytest.skip("needs the shared real data, which is not beside this clone")
    return place
