"""Free text with operators: STAC API, Free-text extension 1.0.0-rc.1, "Advanced".

Terms stand side by side or with ``OR`` between them: any suffices.  ``AND`` binds closer.  A term
with ``+`` before it must be there, one with ``-`` must not; beside a ``+``, terms without a sign
ask for nothing.  Quotes hold words in a row, brackets group.

A text without any of these is basic: terms with commas between them, each words in a row
whatever is between them.  (The extension reads ``climate model`` as words in a row if it is basic,
and as any of two words if it is advanced; it has no way to say which is meant.)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.model.words import words_of
from dafab_kg.search.tree import And, Mentions, Node, Not, Or

MOST_TERMS: Final = 32
MOST_CHARACTERS: Final = 512
"""Most terms of a text, and characters of a term."""
MOST_DEPTH: Final = 16
"""Deepest nesting of brackets."""

_OPERATOR: Final = re.compile(r"""["()]|(?:^|(?<=[\s,]))(?:(?:AND|OR)(?=[\s,]|$)|[+-](?=[\w"(]))""")
_TOKEN: Final = re.compile(r"""[\s,]+|(?P<quoted>"[^"]*")|(?P<mark>[()])|(?P<word>[^\s,"()]+)""")
_REMEDY: Final = 'Send words, AND, OR, + or - before a term, "words in a row" and brackets'


def read_terms(terms: Sequence[str]) -> Node:
    """Read a list of terms, any of which suffices; each is words in a row.

    Raises:
        QueryNotValid: there is no word, or too many.
    """
    known = tuple(words for words in map(words_of, terms) if words)
    if not known:
        raise QueryNotValid("There is no word to look for. Send a word")
    if len(known) > MOST_TERMS or any(len(one) > MOST_CHARACTERS for one in terms):
        raise QueryNotValid(
            f"There are more than {MOST_TERMS} terms, or one of over {MOST_CHARACTERS} "
            "characters. Send less"
        )
    return Mentions(known)


def read_free_text(text: str) -> Node:
    """Read terms with commas between them, or a text with operators.

    Raises:
        QueryNotValid: it is none, or too long.
    """
    if len(text) > MOST_TERMS * (MOST_CHARACTERS + 1):
        raise QueryNotValid(f"The text has {len(text)} characters, which is too many. Send less")
    if _OPERATOR.search(text) is None:
        return read_terms(text.split(","))
    reading = _Reading(_tokens(text))
    node = reading.any_of(0)
    if reading.next is not None:
        raise QueryNotValid(f"A bracket closes that was not opened. {_REMEDY}")
    return node


def _tokens(text: str) -> list[str]:
    found = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise QueryNotValid(f"A quotation mark is not closed. {_REMEDY}")
        position = match.end()
        piece = match[match.lastgroup] if match.lastgroup else ""
        if piece[:1] in ("+", "-"):
            before_a_group = position < len(text) and text[position] in '"('
            if len(piece) > 1 or before_a_group:
                found.append(piece[0])
            piece = piece[1:]
        if piece:
            found.append(piece)
    return found


@dataclass
class _Reading:
    """Reads tokens one after the other."""

    tokens: Sequence[str]
    at: int = 0
    terms: int = 0
    _signs: Sequence[str] = field(default=("+", "-"))

    @property
    def next(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def any_of(self, depth: int) -> Node:
        """Terms side by side."""
        signed: dict[str, list[Node]] = {"": [], "+": [], "-": []}
        joined = True
        while self.next not in (None, ")"):
            if self.next == "OR":
                if joined:
                    raise QueryNotValid(f"OR has nothing on its left. {_REMEDY}")
                self.at += 1
                joined = True
                continue
            sign, part = self._all_of(depth)
            signed[sign].append(part)
            joined = False
        if joined:
            raise QueryNotValid(f"A term is missing at the end of a group. {_REMEDY}")
        needed = [*signed["+"], *map(Not, signed["-"])]
        if signed[""] and not signed["+"]:
            plain = signed[""]
            needed.append(plain[0] if len(plain) == 1 else Or(tuple(plain)))
        return needed[0] if len(needed) == 1 else And(tuple(needed))

    def _all_of(self, depth: int) -> tuple[str, Node]:
        """Terms with AND between them; a sign of a single one is returned with it."""
        found = [self._signed(depth)]
        while self.next == "AND":
            self.at += 1
            found.append(self._signed(depth))
        if len(found) == 1:
            return found[0]
        return "", And(tuple(Not(part) if sign == "-" else part for sign, part in found))

    def _signed(self, depth: int) -> tuple[str, Node]:
        sign = ""
        if self.next in self._signs:
            sign = str(self.next)
            self.at += 1
        return sign, self._term(depth)

    def _term(self, depth: int) -> Node:
        piece = self.next
        if piece in (None, ")", "AND", "OR", *self._signs):
            raise QueryNotValid(f"A term is missing before {piece or 'the end'!r}. {_REMEDY}")
        assert piece is not None
        self.at += 1
        if piece == "(":
            if depth == MOST_DEPTH:
                raise QueryNotValid(f"Brackets are nested deeper than {MOST_DEPTH}. {_REMEDY}")
            inner = self.any_of(depth + 1)
            if self.next != ")":
                raise QueryNotValid(f"A bracket is not closed. {_REMEDY}")
            self.at += 1
            return inner
        self.terms += 1
        if self.terms > MOST_TERMS:
            raise QueryNotValid(f"There are more than {MOST_TERMS} terms. Send less")
        return read_terms([piece])
