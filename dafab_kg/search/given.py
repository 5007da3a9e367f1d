"""Queries of the package that say of things given to them; their patterns are put in here."""

from __future__ import annotations

from typing import Final

from dafab_kg.model.resources import text

_GIVEN: Final = "# given"


def query_with(file: str, given: str) -> str:
    """Return a query of ``queries/internal`` with ``given`` in the place of its line "given".

    Prefixes are left out, as :func:`dafab_kg.search.library.rows` declares them.
    """
    lines = text("queries/internal", file).splitlines()
    told = [line for line in lines if not line.startswith(("#", "PREFIX"))]
    return "\n".join(told).replace(_GIVEN, given)
