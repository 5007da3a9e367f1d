"""Entities of RDF/XML files: the one kind that is harmless, and many files have.

Ontologies saved by Protégé and older tools declare short names for namespaces
(``<!ENTITY owl "http://www.w3.org/2002/07/owl#">``).  These are put in their
place here, by text, before an XML parser sees the document.  Whatever else a
document type may declare is refused: external and parameter entities, entities
made of entities, elements and attributes.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from dafab_kg.model.errors import NotSafe, NotWellFormed, TooLarge

_DECLARATION = re.compile(r"<\?xml\s[^>]*?\?>")
_ENCODING = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][\w.\-]*)["']""")
_PROLOGUE = re.compile(r"(?:\s++|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE\s+[\w:.\-]+\s*(?P<open>\[)?")
_ENTITY = re.compile(
    r"""\s++|<!--.*?-->|<!ENTITY\s+(?P<name>[A-Za-z_][\w.\-]*)\s+"""
    r"""(?:"(?P<double>[^<&%"']*)"|'(?P<single>[^<&%"']*)')\s*>""",
    re.DOTALL,
)
_REFERENCE = re.compile(r"<!\[CDATA\[.*?\]\]>|<!--.*?-->|<\?.*?\?>|&([A-Za-z_][\w.\-]*);", re.S)
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PREDEFINED: Final = frozenset({"lt", "gt", "amp", "apos", "quot"})

MAX_ENTITIES: Final = 1000
MAX_VALUE: Final = 2000
MAX_GROWTH: Final = 64 * 1024 * 1024


def expand_entities(data: bytes) -> bytes:
    """Return RDF/XML without document type, its entities put in their place; lines stay.

    Data without a document type come back as they are.

    Raises:
        NotSafe: the document type holds more than plain short names.
        NotWellFormed: it cannot be decoded, or a name is not declared.
        TooLarge: the names grow beyond :data:`MAX_GROWTH` characters.
    """
    text = _decode(data)
    start = _end(_PROLOGUE, text, 0)
    doctype = _DOCTYPE.match(text, start)
    if doctype is None:
        return data
    values, end = _declared(text, doctype)
    # neither the XML declaration, whose encoding no longer holds, nor a line is left over
    before = _DECLARATION.sub("", text[:start])
    lines = "\n" * text.count("\n", start, end)
    return (before + lines + _replaced(text, end, values)).encode()


def _decode(data: bytes) -> str:
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if not encoding:
        stated = _ENCODING.match(data)
        encoding = stated[1].decode("ascii") if stated else "utf-8"
    try:
        return data.decode(encoding)
    except LookupError:
        what = f"{encoding!r} is no encoding"
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"Line {line} is not {encoding}: byte {error.start}"
    raise NotWellFormed(what, where="XML declaration", remedy="Save the file as UTF-8")


def _declared(text: str, doctype: re.Match[str]) -> tuple[dict[str, str], int]:
    """Return the entities that a document type declares, and where it ends."""
    values: dict[str, str] = {}
    position = doctype.end()
    if doctype["open"]:
        while entity := _ENTITY.match(text, position):
            position = entity.end()
            if entity["name"]:
                # the first declaration holds (XML 1.0 section 4.2)
                value = entity["double"] if entity["double"] is not None else entity["single"]
                values.setdefault(entity["name"], value)
                if len(values) > MAX_ENTITIES or len(value) > MAX_VALUE:
                    raise _unsafe(text, position, "declares too many or too long names")
        if not text.startswith("]", position):
            raise _unsafe(text, position, "declares more than plain short names")
        position += 1
    position = _end(re.compile(r"\s*"), text, position)
    if not text.startswith(">", position):
        raise _unsafe(text, position, "points outside the file")
    return values, position + 1


def _replaced(text: str, start: int, values: dict[str, str]) -> str:
    """Return ``text`` from ``start`` on with ``values`` put in for their names."""
    growth = 0

    def value(match: re.Match[str]) -> str:
        nonlocal growth
        name = match[1]
        if name is None or name in _PREDEFINED:
            return match[0]
        if name not in values:
            line = text.count("\n", 0, start + match.start()) + 1
            raise NotWellFormed(
                f"The entity &{name}; is not declared",
                where=f"line {line}",
                remedy="Declare it, or write what it stands for",
            )
        growth += len(values[name])
        if growth > MAX_GROWTH:
            raise TooLarge("Its entities grow too large", remedy="Write out what they stand for")
        return values[name]

    return _REFERENCE.sub(value, text[start:])


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


def _unsafe(text: str, position: int, what: str) -> NotSafe:
    return NotSafe(
        f"The document type {what}",
        where=f"line {text.count(chr(10), 0, position) + 1}",
        remedy="Remove the document type declaration (<!DOCTYPE ...>)",
    )
