"""How intricate a query may be.

Oxigraph's parser and evaluator recurse without a bound: ten thousand opening
brackets, or a thousand nested calls, overflow the thread's stack and kill the
whole process.  Measured on a stack of 8 MiB with Oxigraph 0.5.13: 500 levels or
joints of any construct are answered, 1,000 of some are not.  Data in a query
(``VALUES`` blocks, ``IN`` lists, strings) costs no stack and is not bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.sparql.edits import remembered

MOST_DEPTH: Final = 100
"""Deepest nesting of brackets of all kinds."""

MOST_JOINTS: Final = 400
"""Most groups, clauses and operators."""

MOST_TOKENS: Final = 5_000
"""Most tokens outside of data."""

# Tokens of SPARQL 1.1 (section 19.8), as coarse as the counts need.  Each is matched without
# going back, and a string that does not end runs on: the time grows with the length only.
_TOKEN = re.compile(
    r"""
      (?P<skip> \s++ | \#[^\n\r]*+ )
    | (?P<term>
          <[^<>"{}|^`\\\x00-\x20]*+>
        | \"\"\"(?:[^"\\]|\\.|"(?!""))*+(?:\"\"\")? | '''(?:[^'\\]|\\.|'(?!''))*+(?:''')?
        | "(?:[^"\\\n\r]|\\.)*+"? | '(?:[^'\\\n\r]|\\.)*+'?
        | [?$@][\w-]++
        | [0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)? )
    | (?P<word> \w[\w.-]*+(?::[\w:.%-]*+)? | :[\w:.%-]*+ )
    | (?P<open> [({\[] )
    | (?P<close> [)}\]] )
    | (?P<operator> \|\| | && | [-+*/!|^?=<>] )
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_JOINING = frozenset(
    {"optional", "union", "minus", "filter", "bind", "exists", "graph", "select", "lateral"}
)


@remembered(512)
def refuse_intricate(query: str) -> None:
    """Refuse a query that could overflow the engine's stack.

    Raises:
        QueryNotValid: it is nested deeper, or made of more parts, than the bounds allow.
    """
    depth = joints = tokens = 0
    for kind, word, in_data in _tokens(query):
        depth += (kind == "open") - (kind == "close")
        if in_data:
            continue
        tokens += 1
        # A minus between words looks like a part of one (`true-true`).
        joints += kind == "operator" or word == "{" or word.lower() in _JOINING
        joints += word.count("-") if kind == "word" and ":" not in word else 0
        for count, most, of in (
            (depth, MOST_DEPTH, "levels of nesting"),
            (joints, MOST_JOINTS, "groups, clauses and operators"),
            (tokens, MOST_TOKENS, "words outside of VALUES and IN"),
        ):
            if count > most:
                raise QueryNotValid(
                    f"The query has more than {most} {of}. "
                    "Ask in several queries, or give long lists as VALUES"
                )


def _tokens(query: str) -> Iterator[tuple[str, str, bool]]:
    """Give each token's kind and text, and whether it is data of a VALUES block or IN list."""
    awaited = opened = ""  # the bracket that opens such data: "{" of VALUES, "(" of IN
    data_depth = 0
    for match in _TOKEN.finditer(query):
        kind, text = match.lastgroup or "", match[0]
        if kind == "skip":
            continue
        if data_depth:
            data_depth += (kind == "open") - (kind == "close")
            # An IN list may hold expressions, which are no data; a VALUES block may not.
            plain = data_depth == 1 and kind not in ("open", "close", "operator")
            yield kind, text, opened == "{" or plain
            continue
        if awaited and text == awaited:
            data_depth, opened, awaited = 1, awaited, ""
        elif kind == "word":
            awaited = {"values": "{", "in": "("}.get(text.lower(), "")
        yield kind, text, False


def is_plain(query: str) -> bool:
    """Tell whether a query, or a stretch of one, is within what :func:`refuse_intricate` allows."""
    try:
        refuse_intricate(query)
    except QueryNotValid:
        return False
    return True
