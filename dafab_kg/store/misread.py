"""What is mistaken in a query that cannot be read, where that can be told better than by what the
engine expected there."""

from __future__ import annotations

import re
from typing import Final

from dafab_kg.model.names import PREFIXES

_AT: Final = re.compile(r"error at (\d+):(\d+): (?=.*\bPrefix not found\b)", re.DOTALL)
_NAME_BEFORE: Final = re.compile(r"(?:[^\W\d_][\w.-]*)?:[^\s<>:,;()\[\]{}]*\Z")
_PROLOGUE: Final = re.compile(
    r"(?:\s++|#[^\n\r]*+|PREFIX\s++[^\s:<]*+:\s*+<[^<>\s]*+>|BASE\s++<[^<>\s]*+>)*+",
    re.IGNORECASE,
)
_UPDATE: Final = re.compile(
    r"(?:INSERT|DELETE|LOAD|CLEAR|DROP|CREATE|ADD|MOVE|COPY|WITH)\b", re.IGNORECASE
)
LONGEST: Final = 60
"""Characters of a prefix that a message repeats."""


def explained(message: str, query: str) -> str:
    """Return the engine's ``message`` on a ``query``, or what is mistaken there in words."""
    begun = _PROLOGUE.match(query)
    start = begun.end() if begun else 0
    if word := _UPDATE.match(query, start):
        return (
            f"error at {_place(query, start)}: this is an update ({word[0].upper()}), not a query. "
            "Updates go to /sparql by POST, as the parameter update and with a token that may write"
        )
    if found := _AT.search(message):
        name = _NAME_BEFORE.search(_before(query, int(found[1]), int(found[2])))
        if name:
            return _undeclared(name[0].partition(":")[0], _place(query, name.start()))
    return message


def _undeclared(prefix: str, place: str) -> str:
    if prefix in PREFIXES:
        remedy = f"Begin with PREFIX {prefix}: <{PREFIXES[prefix]}>"
    else:
        remedy = "Declare it by PREFIX at the beginning"
    return f"error at {place}: the prefix {prefix[:LONGEST]}: is not declared. {remedy}"


def _before(query: str, line: int, column: int) -> str:
    """Return what stands before a place; lines and columns count from 1."""
    lines = query.split("\n")
    if line > len(lines):
        return query
    return "\n".join([*lines[: line - 1], lines[line - 1][: column - 1]])


def _place(query: str, position: int) -> str:
    line = query.count("\n", 0, position)
    return f"{line + 1}:{position - (query.rfind(chr(10), 0, position) + 1) + 1}"
