"""Rucio's metadata filters, as they are sent, to groups of conditions.

Two forms: the text of its command line (``;`` or, ``,`` and, ``a<=1``, ``1<a<=2``), and the
list of objects of its clients (a list of groups, of which one must hold; keys with suffixes
such as ``a.lte``).  Both come to the same conditions.  Beside what Rucio 41 has, the text has
``LIKE`` and ``NOT LIKE``, and values in single quotes (``''`` is one quote in them); and both
have the suffixes of :data:`SUFFIXES` and the prefixes ``ancestor.`` and ``descendant.``.
Values stay texts: what they are, the property that they are compared with tells.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from dafab_kg.model.errors import QueryNotValid

LONGEST: Final = 16 * 1024
"""Characters of a text, or of a list as JSON."""
MOST_GROUPS: Final = 64
MOST_CONDITIONS: Final = 256
LONGEST_KEY: Final = 256
DEEPEST: Final = 4
"""Levels of a list of objects: the list, its groups, a list of values."""
SUFFIXES: Final = {
    "": "=",
    "eq": "=",
    "ne": "!=",
    "lt": "<",
    "lte": "<=",
    "gt": ">",
    "gte": ">=",
    "like": "like",
    "notlike": "notlike",
    "in": "in",
    "contains": "contains",
    "within": "within",
    "intersects": "intersects",
    "during": "during",
    "isa": "isa",
}
"""Operators by what a key is followed by."""
_SIGNS: Final = {"=": "", "==": "", "!=": "ne", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_TURNED: Final = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte"}
_SIGN: Final = re.compile(r"<=|>=|==|!=|=|<|>")
_WORD: Final = re.compile(r"\s*([^\s,;<>=!']+)\s+(NOT\s+)?LIKE\s+", re.IGNORECASE)
_PLAIN: Final = re.compile(r"[^,;<>=!]*(?:!(?!=)[^,;<>=!]*)*")
_QUOTED: Final = re.compile(r"\s*'((?:[^']|'')*)'\s*")
_KEY: Final = re.compile(r"[^\W\d][^\s.,;<>='\"*%\\]*")
_FORMER: Final = {"created_after": "created_at.gte", "created_before": "created_at.lte"}

Side = Literal["", "ancestor", "descendant"]
Given = str | tuple[str, ...] | None
"""A value as a text, several, or null."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One test: ``side`` is of what it is true, the data identifier itself or what is near it."""

    key: str
    operator: str
    value: Given
    side: Side = ""

    @property
    def named(self) -> str:
        """The key with what stands around it, for messages."""
        suffix = next(name for name, sign in SUFFIXES.items() if sign == self.operator)
        return ".".join(filter(None, (self.side, self.key, suffix)))


Groups = tuple[tuple[Condition, ...], ...]


def read_groups(sent: Any) -> Groups:
    """Read filters in either form; a group without conditions is always true.

    Raises:
        QueryNotValid: they are not understood, with the place, or are beyond a bound.
    """
    if isinstance(sent, str):
        groups = _of_text(sent)
    elif isinstance(sent, dict | list):
        groups = _of_objects([sent] if isinstance(sent, dict) else sent)
    else:
        raise QueryNotValid("Filters are a text, or a list of groups of conditions")
    if len(groups) > MOST_GROUPS:
        raise QueryNotValid(f"The filter has {len(groups)} groups; at most {MOST_GROUPS} are taken")
    if sum(map(len, groups)) > MOST_CONDITIONS:
        raise QueryNotValid(f"The filter has more than {MOST_CONDITIONS} conditions. Ask in parts")
    return groups


def read_sent(sent: str) -> Groups:
    """Read filters of an address: JSON, a Python literal as Rucio's client writes it, or text.

    Raises:
        QueryNotValid: as :func:`read_groups`.
    """
    if len(sent) > LONGEST:
        raise _too_long(len(sent))
    if not sent.lstrip().startswith(("[", "{")):
        return read_groups(sent)
    try:
        return read_groups(json.loads(sent))
    except (ValueError, RecursionError):
        pass
    try:
        return read_groups(ast.literal_eval(sent.strip()))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise QueryNotValid("The filter is no list of groups of conditions") from error


# text


def _of_text(text: str) -> Groups:
    if len(text) > LONGEST:
        raise _too_long(len(text))
    reader = _Reader(text)
    groups: list[list[Condition]] = [[]]
    while not reader.ended:
        groups[-1] += reader.condition()
        sign = reader.separator()
        if sign == ";":
            groups.append([])
    told = tuple(tuple(group) for group in groups if group)
    return told or ((),)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    @property
    def ended(self) -> bool:
        return self._at >= len(self._text)

    def separator(self) -> str:
        sign = self._text[self._at : self._at + 1]
        if sign not in (",", ";", ""):
            raise self._wrong(", or ; stands between conditions")
        self._at += 1
        return sign

    def condition(self) -> list[Condition]:
        """Read one condition, or the two of ``1<a<2``; none where there is nothing."""
        begun = self._at
        word = _WORD.match(self._text, begun)
        if word is not None:
            self._at = word.end()
            return [self._made(word[1], "notlike" if word[2] else "like", self._value(), begun)]
        first = self._value()
        if self._text[self._at : self._at + 1] in (",", ";", ""):
            if first.strip():
                raise self._wrong(
                    f"{_short(first)} has no operator: = == != < <= > >=, LIKE, NOT LIKE", begun
                )
            return []
        sign, second = self._sign(), self._value()
        if self._text[self._at : self._at + 1] in (",", ";", ""):
            return [self._made(first, sign, second, begun)]
        other, third = self._sign(), self._value()
        if sign not in _TURNED or other not in _TURNED:
            raise self._wrong("only < <= > >= stand on both sides of a key, as in 1<a<=2", begun)
        return [
            self._made(second, _TURNED[sign], first, begun),
            self._made(second, other, third, begun),
        ]

    def _sign(self) -> str:
        found = _SIGN.match(self._text, self._at)
        if found is None:
            raise self._wrong("an operator is wanted")
        self._at = found.end()
        return _SIGNS[found[0]]

    def _value(self) -> str:
        quoted = _QUOTED.match(self._text, self._at)
        if quoted is not None:
            self._at = quoted.end()
            return quoted[1].replace("''", "'")
        plain = _PLAIN.match(self._text, self._at)
        assert plain is not None  # it may be empty
        if plain[0].lstrip().startswith("'"):
            raise self._wrong("the quote is not closed")
        self._at = plain.end()
        return plain[0].strip()

    def _made(self, key: str, suffix: str, value: str, begun: int) -> Condition:
        if suffix and "." in key.removeprefix("ancestor.").removeprefix("descendant."):
            raise self._wrong(f"{_short(key)} has a suffix already: write it with =", begun)
        where = f"at character {begun + 1}"
        return _condition(f"{key}.{suffix}" if suffix else key, value, where)

    def _wrong(self, why: str, at: int | None = None) -> QueryNotValid:
        place = (self._at if at is None else at) + 1
        return QueryNotValid(f"The filter at character {place}: {why}")


# objects


def _of_objects(sent: list[Any]) -> Groups:
    if not sent:
        raise QueryNotValid("A list of groups of conditions is not empty. For no condition: [{}]")
    _check_size(sent)
    groups = []
    for number, group in enumerate(sent):
        if not isinstance(group, dict):
            raise QueryNotValid(f"The filter at /{number}: a group of conditions is an object")
        groups.append(
            tuple(
                _condition(_known(key), _given(value, f"at /{number}"), f"at /{number}")
                for key, value in group.items()
            )
        )
    return tuple(groups)


def _known(key: Any) -> Any:
    return _FORMER.get(key, key) if isinstance(key, str) else key


def _check_size(sent: list[Any]) -> None:
    level: list[Any] = list(sent)
    for _ in range(DEEPEST):
        level = [
            child
            for one in level
            if isinstance(one, dict | list | tuple | set)
            for child in (one.values() if isinstance(one, dict) else one)
        ]
    if level:
        raise QueryNotValid("The filter nests deeper than groups of conditions do")
    try:
        size = len(json.dumps(sent, default=str))
    except (TypeError, ValueError) as error:
        raise QueryNotValid("The filter is no list of groups of conditions") from error
    if size > LONGEST:
        raise _too_long(size)


def _given(value: Any, where: str) -> Given:
    if isinstance(value, list | tuple):
        each = tuple(_text_of(one, where) for one in value)
        return tuple("" if one is None else one for one in each)
    return _text_of(value, where)


def _text_of(value: Any, where: str) -> str | None:
    """Return a value as it would be written: as text it means the same."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    raise QueryNotValid(
        f"The filter {where}: a value is a text, a number, true, false, null, or a list of these"
    )


def _condition(key: Any, value: Given, where: str) -> Condition:
    if not isinstance(key, str):
        raise QueryNotValid(f"The filter {where}: a key is a text")
    if any("\ud800" <= one <= "\udfff" or one == "\0" for one in key):
        raise QueryNotValid(f"The filter {where}: a key holds what is no character")
    parts = [one.strip() for one in key.split(".")]
    side = parts.pop(0) if len(parts) > 1 and parts[0] in ("ancestor", "descendant") else ""
    name, suffix = parts[0], parts[1].lower() if len(parts) == 2 else ""
    if len(parts) > 2 or suffix not in SUFFIXES:
        known = " ".join(f".{one}" for one in SUFFIXES if one)
        raise QueryNotValid(
            f"The filter {where}: what follows a key is one of {known}, not {_short(key)}. "
            "Members of members are named with __ instead of a dot"
        )
    if len(name) > LONGEST_KEY or not _KEY.fullmatch(name):
        raise QueryNotValid(
            f"The filter {where}: {_short(name)} is no key. It begins with a letter and has no "
            "spaces, quotes or operators; it stands before the operator"
        )
    operator = SUFFIXES[suffix]
    texts = value if isinstance(value, tuple) else () if value is None else (value,)
    for text in texts:
        if any("\ud800" <= one <= "\udfff" or one == "\0" for one in text):
            raise QueryNotValid(f"The filter {where}: a value holds what is no character")
    if value == "None" and operator in ("=", "!="):
        value = None  # so it is sent by Rucio's command line
    return Condition(name, operator, value, cast(Side, side))


def _too_long(size: int) -> QueryNotValid:
    return QueryNotValid(f"The filter has {size} characters; at most {LONGEST} are read")


def _short(text: str) -> str:
    text = text if len(text) <= 80 else f"{text[:80]}..."
    return repr(text)
