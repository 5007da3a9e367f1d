"""Where a value stands in a source file: members of JSON, elements of XML, that say the same.

A loader does not note from which member it took a figure, so the value is sought: where it
stands once, that is it; where it stands nowhere, the loader worked it out or put it into
other words, which is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from dafab_kg.model.errors import DafabError
from dafab_kg.model.names import PREFIXES
from dafab_kg.model.strict_json import read_json
from dafab_kg.model.strict_xml import read_xml
from dafab_kg.store.protocol import Iri, Literal, Term

MOST_BYTES: Final = 2**20
"""Largest file in which a value is sought."""
MOST_PLACES: Final = 5
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_XSD: Final = PREFIXES["xsd"]


@dataclass(frozen=True)
class Located:
    """Where a value stands in a file; without ``places`` it does not stand there.

    Places are paths: the keys of JSON, or the names of XML elements, from the outermost.
    ``number`` is that of the file in its document (``originals.file_of``).
    """

    file: str
    number: str
    places: tuple[str, ...] = ()
    more: bool = False


def located(name: str, number: str, content: bytes, value: Term, property_: str) -> Located | None:
    """Seek a value in a file; None where the file is no JSON or XML, or too large.

    The place whose name is nearest to that of the property comes first.
    """
    if len(content) > MOST_BYTES:
        return None
    head = content[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    try:
        if head[:1] in (b"{", b"["):
            told = _in_json(read_json(content, where=name))
        elif head[:1] == b"<":
            told = _in_xml(read_xml(content, where=name))
        else:
            return None
        found = [path for path, one in told if _same(one, value)]
    except DafabError:
        return None
    asked = _words(property_.rsplit("#", 1)[-1].rsplit("/", 1)[-1])
    found.sort(key=lambda path: _apart(asked, _words(path.rsplit(" › ", 1)[-1])))
    return Located(name, number, tuple(found[:MOST_PLACES]), len(found) > MOST_PLACES)


def _in_json(root: Any) -> Iterator[tuple[str, Any]]:
    todo: list[tuple[str, Any]] = [("", root)]
    while todo:
        path, one = todo.pop()
        if isinstance(one, dict):
            todo += [(_below(path, key), value) for key, value in one.items()]
        elif isinstance(one, list):
            todo += [(_below(path, str(n)), value) for n, value in enumerate(one)]
        elif one is not None and not isinstance(one, bool):
            yield path, one


def _in_xml(root: Any) -> Iterator[tuple[str, Any]]:
    todo: list[tuple[str, Any]] = [("", root)]
    while todo:
        path, one = todo.pop()
        if not isinstance(one.tag, str):
            continue
        here = _below(path, one.tag.rsplit("}", 1)[-1])
        for key, value in one.attrib.items():
            yield _below(here, f"@{key.rsplit('}', 1)[-1]}"), value.strip()
        if one.text and one.text.strip():
            yield here, one.text.strip()
        todo += [(here, child) for child in one]


def _below(path: str, name: str) -> str:
    return f"{path} › {name}" if path else name


def _same(found: Any, value: Term) -> bool:
    """Tell whether a text or number of a file says the value."""
    text = str(found)
    if not isinstance(value, Literal):
        return isinstance(value, Iri) and text == value.value
    if text == value.value:
        return True
    kind = value.datatype.removeprefix(_XSD)
    if kind in ("decimal", "integer", "double", "float"):
        try:
            return Decimal(text) == Decimal(value.value)
        except InvalidOperation:
            return False
    if kind in ("dateTime", "date"):
        try:
            return datetime.fromisoformat(text) == datetime.fromisoformat(value.value)
        except (ValueError, TypeError):
            return False
    return False


def _words(name: str) -> frozenset[str]:
    return frozenset(one.lower() for one in _WORD.findall(name))


def _apart(asked: frozenset[str], found: frozenset[str]) -> tuple[int, int]:
    return -len(asked & found), len(asked ^ found)
