"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, not whether the code is right.
# `make test` tries the same few cases each time, so that a failure is one of the change at
# hand; `make properties` (--hypothesis-profile=long) looks for new ones.
COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("dafab", max_examples=30, derandomize=True, **COMMON)
settings.register_profile("long", max_examples=500, print_blob=True, **COMMON)
settings.load_profile("dafab")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data written by others; DAFAB_SHARED names another place for it."""
    place = Path(os.environ.get("DAFAB_SHARED", ROOT.parent / "shared")) / "data"
    if not place.is_dir():
        pytest.skip("needs the shared real data, which is not beside this clone")
    return place


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long: the workers then end at the same time."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
