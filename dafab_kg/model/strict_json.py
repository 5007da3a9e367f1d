"""JSON as RFC 8259 means it, read without loss and without surprises.

Python's own reader is lenient where a catalogue cannot be: it keeps the last of
two equal keys, accepts ``NaN``, rounds numbers to binary floating point and lets
half a surrogate pair through.  Here all of these are refused with the place where
they stand, and numbers stay what the document says.

The fast path is the C scanner of :mod:`json`; only when it, or a cheap test of the
bytes, finds something amiss does a slow walk over the tokens look for the place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring
from typing import Any, Final, NamedTuple

from dafab_kg.model.errors import DocumentRejected, FieldNotValid, NotWellFormed, TooLarge

MAX_DIGITS: Final = 1000
"""Longest number that is read, in characters."""

MAX_EXPONENT: Final = 400
"""Numbers beyond 10^±400 are refused, as :func:`dafab_kg.model.values.number` does."""

_DOUBTFUL_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\Z", re.ASCII)


class _Amiss(Exception):
    """The scanner met something that strict JSON does not allow; its place is not yet known."""


class _Token(NamedTuple):
    text: str
    start: int
    pointer: str
    is_key: bool


def read_json(data: bytes, *, where: str, max_depth: int = 200) -> Any:
    """Read one JSON value from UTF-8 bytes (a byte order mark is tolerated).

    Objects become ``dict``, arrays ``list``, whole numbers ``int``, numbers with
    a fraction or an exponent :class:`~decimal.Decimal` with all their digits.
    ``where`` names the document in messages; ``max_depth`` bounds the nesting of
    arrays and objects.

    Raises:
        NotWellFormed: no UTF-8 or no JSON (with line and column), ``NaN`` and
            ``Infinity`` among it.
        FieldNotValid: a key stands twice in one object, a number is out of range,
            a text holds NUL or half a surrogate pair.
        TooLarge: nested deeper than ``max_depth``.
    """
    text = _decode(data, where)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        # How deep the scanner goes before it gives up differs between versions of Python.
        too_deep = _find_depth(text[: error.pos], where, max_depth)
        if too_deep is not None:
            raise too_deep from None
        raise NotWellFormed(
            f"not JSON: {error.msg.removesuffix(' starting at').removesuffix(' at')}",
            where=f"{where}: line {error.lineno}, column {error.colno}",
            remedy="Check that the file is complete and that nothing follows the JSON value",
        ) from None
    except RecursionError:
        raise _find_depth(text, where, max_depth) or _too_deep(where, max_depth) from None
    except _Amiss as amiss:
        raise _find_fault(text, where, str(amiss)) from None
    if text.count("[") + text.count("{") > max_depth and _is_deeper(value, max_depth):
        raise _find_depth(text, where, max_depth) or _too_deep(where, max_depth)
    if _DOUBTFUL_ESCAPE.search(data):
        fault = _first_fault(text, where)
        if fault is not None:
            raise fault
    return value


def write_json(value: Any) -> str:
    """Write a value as compact JSON text; decimals keep all their digits.

    >>> write_json({"a": [Decimal("12.30"), None, "é"]})
    '{"a":[12.30,null,"é"]}'

    Raises:
        FieldNotValid: a number is not finite, or something is no JSON value.
    """
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        if not isinstance(value, int) and not Decimal(value).is_finite():
            raise FieldNotValid(f"{value} is not a number that JSON can hold")
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{','.join(map(write_json, value))}]"
    if isinstance(value, dict):
        members = (f"{encode_basestring(str(k))}:{write_json(v)}" for k, v in value.items())
        return f"{{{','.join(members)}}}"
    raise FieldNotValid(f"a {type(value).__name__} is no JSON value")


def _decode(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotWellFormed(
            f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}",
            where=f"{where}: line {line}",
            remedy="JSON is UTF-8 (RFC 8259 section 8.1); convert the file",
        ) from None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Amiss("a key stands twice in one object")
    return members


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_DIGITS:
        raise _Amiss("a number is too long")
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise _Amiss("a number is out of range") from None
    if value and abs(value.adjusted()) > MAX_EXPONENT:
        raise _Amiss("a number is out of range")
    return value


def _whole(text: str) -> int:
    if len(text) > MAX_EXPONENT:
        raise _Amiss("a number is out of range")
    return int(text)


def _constant(text: str) -> Any:
    raise _Amiss(f"{text} is not a JSON number")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_members, parse_float=_decimal, parse_int=_whole, parse_constant=_constant
)


def _is_deeper(value: Any, max_depth: int) -> bool:
    """Tell whether arrays and objects are nested beyond ``max_depth``, level by level."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(max_depth):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _find_depth(text: str, where: str, max_depth: int) -> TooLarge | None:
    """Return the error for the first bracket beyond ``max_depth``, if there is one."""
    if text.count("[") + text.count("{") <= max_depth:
        return None
    depth = 0
    for match in _TOKEN.finditer(text):
        if match[0] in "[{":
            depth += 1
            if depth > max_depth:
                return _too_deep(_place(text, where, match.start()), max_depth)
        elif match[0] in "]}":
            depth -= 1
    return None


def _too_deep(place: str, max_depth: int) -> TooLarge:
    return TooLarge(
        f"nested deeper than {max_depth} levels",
        where=place,
        remedy="No real document is nested like this; check where it came from",
    )


def _find_fault(text: str, where: str, otherwise: str) -> DocumentRejected:
    """Return the error for what made the scanner stop."""
    try:
        fault = _first_fault(text, where)
    except (ValueError, LookupError, AttributeError, TypeError):
        # The walk takes the text for well-formed; one that also is damaged stops it anywhere.
        fault = None
    return fault or NotWellFormed(otherwise, where=where)


def _first_fault(text: str, where: str) -> DocumentRejected | None:
    """Walk over all tokens and return the first thing that strict JSON forbids."""
    keys: dict[str, set[str]] = {}
    for token in _tokens(text):
        fault = _string_fault(token) if token.text[0] == '"' else _literal_fault(token)
        if token.is_key and fault is None:
            key = json.loads(token.text)
            parent = token.pointer.rpartition("/")[0]
            if key in keys.setdefault(parent, set()):
                fault = FieldNotValid(
                    f"the key {key!r} stands twice in one object",
                    remedy="Keep one of the two; which one is meant cannot be guessed. "
                    "Field parcels with a stray type are read with --as parcels",
                )
            keys[parent].add(key)
        if fault is not None:
            pointer = token.pointer.encode(errors="backslashreplace").decode() or "/"
            return fault.at(f"{_place(text, where, token.start)}, at {pointer}")
    return None


def _string_fault(token: _Token) -> DocumentRejected | None:
    value = json.loads(token.text)
    if "\0" in value:
        return FieldNotValid("a text holds the NUL character", remedy="Remove it")
    try:
        value.encode()
    except UnicodeEncodeError:
        return FieldNotValid("a text holds half of a surrogate pair", remedy="Repair the escape")
    return None


def _literal_fault(token: _Token) -> DocumentRejected | None:
    text = token.text
    if text in {"NaN", "Infinity", "-Infinity"}:
        return NotWellFormed(f"{text} is not JSON", remedy="Leave the field out instead")
    if _NUMBER.match(text):
        try:
            _whole(text) if text.lstrip("-").isdigit() else _decimal(text)
        except _Amiss as amiss:
            return FieldNotValid(f"{amiss}: {text[:40]}", remedy="Leave the field out instead")
    return None


def _tokens(text: str) -> Iterator[_Token]:
    """Yield the scalars and keys of well-formed JSON with their JSON Pointer (RFC 6901)."""
    path: list[str | int] = []
    key_next: list[bool] = []
    for match in _TOKEN.finditer(text):
        symbol = match[0]
        if symbol in "[{":
            path.append(0 if symbol == "[" else "")
            key_next.append(symbol == "{")
        elif symbol in "]}":
            path.pop()
            key_next.pop()
        elif symbol == ",":
            last = path[-1]
            if isinstance(last, int):
                path[-1] = last + 1
            else:
                key_next[-1] = True
        elif symbol == ":":
            key_next[-1] = False
        else:
            is_key = bool(key_next) and key_next[-1]
            if is_key:
                path[-1] = json.loads(symbol).replace("~", "~0").replace("/", "~1")
            yield _Token(symbol, match.start(), "".join(f"/{part}" for part in path), is_key)


def _place(text: str, where: str, start: int) -> str:
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    return f"{where}: line {line}, column {column}"
