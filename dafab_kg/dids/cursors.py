"""Where a page of data identifiers ends, as clients send it back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import orjson

from dafab_kg.dids.names import DidType
from dafab_kg.model.errors import QueryNotValid
from dafab_kg.search.opaque import read_opaque, write_opaque

LONGEST: Final = 8_192


@dataclass(frozen=True)
class Cursor:
    """A place: the kind of DIDs, the name of the container or item, that of the data set or
    file; ``place`` is that of a search in another order than by name."""

    kind: DidType
    name: str = ""
    part: str = ""
    place: str = ""


def write_cursor(cursor: Cursor, mark: Any) -> str:
    """Write a place; it is good for what ``mark`` tells only."""
    return write_opaque(_digest(mark), [cursor.kind, cursor.name, cursor.part, cursor.place])


def read_cursor(text: str | None, mark: Any) -> Cursor | None:
    """Read a place; None if there is none.

    Raises:
        QueryNotValid: it is none of ours, or one of another search.
    """
    if text is None:
        return None
    try:
        if len(text) > LONGEST:
            raise ValueError(len(text))
        told, (kind, *rest) = read_opaque(text)
        if kind not in ("CONTAINER", "DATASET", "FILE") or len(rest) != 3:
            raise ValueError(kind)
        if not all(isinstance(one, str) for one in rest):
            raise ValueError(kind)
    except (ValueError, TypeError) as error:
        raise QueryNotValid(
            "The cursor is none of this catalogue's. Send that of the page before as it is"
        ) from error
    if told != _digest(mark):
        raise QueryNotValid(
            "The cursor is of another search. Send it with the very filter of the page before"
        )
    return Cursor(kind, *rest)


def _digest(mark: Any) -> str:
    return hashlib.sha256(orjson.dumps(mark, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
