"""What is kept of a state has a bound."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from dafab_kg.search.library import MOST_KEPT, Library, once


def test_requests_cannot_fill_the_memory() -> None:
    kept: dict[Any, Any] = {}
    library = cast(Library, SimpleNamespace(kept=kept))
    for number in range(3 * MOST_KEPT):
        assert once(library, ("asked", number), lambda n=number: n) == number  # type: ignore[misc]
        assert len(kept) <= MOST_KEPT
    assert once(library, ("asked", number), lambda: -1) == number
