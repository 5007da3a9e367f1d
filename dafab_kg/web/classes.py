"""Which classes a person wants to see first."""

from __future__ import annotations

from collections.abc import Mapping

MOST_CLASSES = 25
"""Classes that are shown; the JSON answers give all of them."""

BOOKKEEPING = ("Property", "Link", "Asset", "DocumentGraph", "SourceDocument")
"""Classes of the catalogue that are many and say little of what it holds."""


def in_order(classes: Mapping[str, int], prefixes: Mapping[str, str]) -> list[tuple[str, int]]:
    """Sort classes by number: the catalogue's main ones, then others', then bookkeeping."""
    own = prefixes["dafab"]
    last = {own + name for name in BOOKKEEPING}

    def key(entry: tuple[str, int]) -> tuple[int, int, str]:
        iri, number = entry
        rank = 2 if iri in last else 0 if iri.startswith(own) else 1
        return rank, -number, iri

    return sorted(classes.items(), key=key)
