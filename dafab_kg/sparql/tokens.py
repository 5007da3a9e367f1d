"""Tokens of SPARQL 1.1 (section 19.8), with their place in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from dafab_kg.model.errors import NotAnalysed

_BASE = (
    r"A-Za-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C\u200D"
    r"\u2070-\u218F\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
_MORE = r"0-9\u00B7\u0300-\u036F\u203F\u2040"
_CODE = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_LOCAL_ESCAPE = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%]"
# What begins like a prefix may turn out to be a word: bounded, so as not to be read for long.
_PREFIX = rf"(?:[{_BASE}]|{_CODE})(?:\.{{0,9}}+(?:[{_BASE}_{_MORE}-]|{_CODE})){{0,80}}+"
_LOCAL = (
    rf"(?:[{_BASE}_:0-9]|{_LOCAL_ESCAPE}|{_CODE})"
    rf"(?:\.*+(?:[{_BASE}_:{_MORE}-]|{_LOCAL_ESCAPE}|{_CODE}))*+"
)
_LABEL = rf"(?:[{_BASE}_0-9]|{_CODE})(?:\.*+(?:[{_BASE}_{_MORE}-]|{_CODE}))*+"
_ESCAPED = rf"""\\[tbnrf"'\\]|{_CODE}"""

# Each alternative is matched without going back, so that the time grows with the length only.
_PATTERNS: Final = {
    "skip": r"[\x20\t\r\n]++|\#[^\n\r]*+",
    "iri": rf"""<(?:[^<>"{{}}|^`\\\x00-\x20]|{_CODE})*+>""",
    "string": rf"""
          \"\"\"(?:[^"\\]|{_ESCAPED}|"(?!""))*+\"\"\"
        | '''(?:[^'\\]|{_ESCAPED}|'(?!''))*+'''
        | "(?!"")(?:[^"\\\n\r]|{_ESCAPED})*+" | ""(?!")
        | '(?!'')(?:[^'\\\n\r]|{_ESCAPED})*+' | ''(?!')""",
    "variable": rf"[?$](?:[{_BASE}_0-9]|{_CODE})(?:[{_BASE}_{_MORE}]|{_CODE})*+",
    "blank": rf"_:{_LABEL}",
    "name": rf"(?:{_PREFIX})?+:(?:{_LOCAL})?+",
    "word": r"[A-Za-z][A-Za-z0-9_]*+",
    "number": r"""
          [0-9]++\.[0-9]*+[eE][+-]?[0-9]++ | \.[0-9]++[eE][+-]?[0-9]++ | [0-9]++[eE][+-]?[0-9]++
        | [0-9]*+\.[0-9]++ | [0-9]++""",
    "language": r"@[A-Za-z]++(?:-{1,2}[A-Za-z0-9]++)*+",
    "mark": r"\^\^|\|\||&&|!=|<=|>=|[(){}\[\].,;=<>+*/!|^?-]",
}
_TOKEN: Final = re.compile(
    "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _PATTERNS.items()), re.VERBOSE
)
_WHOLE: Final = {
    kind: re.compile(_PATTERNS[kind], re.VERBOSE) for kind in ("iri", "variable", "blank", "name")
}
_CODE_POINT: Final = re.compile(_CODE)


@dataclass(frozen=True, slots=True)
class Token:
    """A token: its kind, its text (code point escapes undone, but in strings), its place."""

    kind: str
    text: str
    start: int
    end: int


def tokenise(text: str) -> list[Token]:
    """Cut a query or an update into tokens; comments and spaces are left out.

    A code point escape (section 19.2) stands for a character that could be written in
    its place: one that would end the token, or an IRI, makes the text no SPARQL.

    Raises:
        NotAnalysed: there is a place where no token begins.
    """
    tokens = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise NotAnalysed("No token begins here", position)
        kind, found, position = match.lastgroup or "", match[0], match.end()
        if kind == "skip":
            continue
        if "\\" in found and kind in _WHOLE:
            found = _CODE_POINT.sub(_character, found)
            if not _WHOLE[kind].fullmatch(found):
                raise NotAnalysed("An escape stands for what cannot be here", match.start())
        tokens.append(Token(kind, found, match.start(), match.end()))
    return tokens


_SHORT: Final = {
    "t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\",
}  # fmt: skip
_STRING_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)


def string_value(token: Token) -> str:
    """Return what a string token stands for.

    Raises:
        NotAnalysed: a code point escape stands for a quote, a backslash or a line end, which
            some parsers undo before they look for the string's end, and others after.
    """
    quotes = 3 if len(token.text) >= 6 and token.text[:3] in ('"""', "'''") else 1
    inside = token.text[quotes:-quotes]
    if "\\" not in inside:
        return inside

    def undone(match: re.Match[str]) -> str:
        if match[3]:
            return _SHORT[match[3]]
        character = _character(match)
        if character in "\"'\\\n\r":
            raise NotAnalysed("An escaped quote, backslash or line end", token.start)
        return character

    return _STRING_ESCAPE.sub(undone, inside)


def local_name(text: str) -> str:
    """Undo the backslashes of a prefixed name's local part (PN_LOCAL_ESC)."""
    return re.sub(r"\\(.)", r"\1", text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    code = int(match[0][2:], 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise NotAnalysed("An escape stands for no character", match.start())
    return chr(code)
