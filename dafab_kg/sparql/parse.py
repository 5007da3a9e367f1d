"""From text to tree."""

from __future__ import annotations

from dafab_kg.sparql.cursor import MOST_CHARACTERS
from dafab_kg.sparql.tree import Query, Update
from dafab_kg.sparql.updates import Updates


def parse_query(text: str, *, base: str | None = None, longest: int = MOST_CHARACTERS) -> Query:
    """Parse a SPARQL query; ``base`` is what relative IRIs are relative to before a BASE.

    The time grows with the length of the text, which has at most ``longest`` characters.

    Raises:
        NotAnalysed: it is no SPARQL 1.1, too long, or nested too deep.
    """
    return Updates(text, base, longest).query()


def parse_update(text: str, *, base: str | None = None) -> Update:
    """Parse a SPARQL update.

    Raises:
        NotAnalysed: it is no SPARQL 1.1, too long, or nested too deep.
    """
    return Updates(text, base).update()
