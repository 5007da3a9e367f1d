"""Counts for pages, which do not wait for them."""

from __future__ import annotations

import time

from dafab_kg.serving.client import ServedCatalogue
from tests.serving.served import Server


def counted(catalogue: ServedCatalogue):
    """Ask until the counts are of the commit that is served."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = catalogue.recent_stats(0.1)
        if found.fresh:
            return found.stats
    raise AssertionError("never counted")


def test_counts_are_those_known_while_others_are_made(patient: Server) -> None:
    catalogue = ServedCatalogue(patient.settings, patient.places)
    found = catalogue.recent_stats(0)
    assert found.stats is None and not found.fresh
    first = counted(catalogue)
    assert first == catalogue.stats()
    catalogue.update("INSERT DATA { GRAPH <http://e/new> { <http://e/a> <http://e/b> 1 } }")
    found = catalogue.recent_stats(0)
    assert found.stats == first and not found.fresh
    after = counted(catalogue)
    assert after.statements > first.statements
    catalogue.update("DROP GRAPH <http://e/new>")
