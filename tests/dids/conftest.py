"""One catalogue for all tests of data identifiers, in this process."""

from __future__ import annotations

import pytest

import dafab_kg
from dafab_kg.model.settings import Settings
from tests.dids.making import write


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory):
    place = tmp_path_factory.mktemp("dids")
    with dafab_kg.open(place / "store", settings=Settings(store=place / "store")) as made:
        report = made.load(write(place / "items"))
        assert report.counts["loaded"] == 17, report
        yield made
