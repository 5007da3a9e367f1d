"""Saved queries: each ``.rq`` file of this folder is a page, a command and an example.

A file begins with comment lines: the title, then the description.  What follows
an empty line is the query with its own comments.
"""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.model import resources
from dafab_kg.model.errors import ThingNotFound

__all__ = ["SavedQuery", "read_saved", "saved"]


@dataclass(frozen=True)
class SavedQuery:
    """A query of the package; ``name`` is its file name without ``.rq``."""

    name: str
    title: str
    description: str
    text: str


def saved() -> tuple[SavedQuery, ...]:
    """Return all saved queries: the headline questions, then the others by name."""
    names = [file.removesuffix(".rq") for file in resources.names("queries", ".rq")]
    names.sort(key=lambda name: (not name.startswith("headline-"), name))
    return tuple(_parse(name) for name in names)


def read_saved(name: str) -> SavedQuery:
    """Return the saved query called ``name``.

    Raises:
        ThingNotFound: there is none of this name.
    """
    known = [query.name for query in saved()]
    if name not in known:
        raise ThingNotFound(f"There is no saved query {name!r}. There are: {', '.join(known)}")
    return _parse(name)


def _parse(name: str) -> SavedQuery:
    text = resources.text("queries", f"{name}.rq")
    header = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        header.append(line.lstrip("#").strip())
    return SavedQuery(name, header[0], " ".join(header[1:]), text)
