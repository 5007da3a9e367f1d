"""Errors for people: in parts, and short enough to be read."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_SHOWN = 80
"""Characters of a value that a message repeats."""
MOST_EXPECTED = 100
"""Characters of what a parser says that it expected."""

_VALUE = re.compile(rf"(?<!\w)(['\"])((?:(?!\1).){{{MOST_SHOWN + 1},}})\1(?!\w)")
_DIGITS = re.compile(rf"\d{{{MOST_SHOWN + 1},}}")
_TWO_STOPS = re.compile(r"(?<!\.)\.\.(?=\s|$)")
_SYNTAX = re.compile(r"error at (\d+):(\d+): (expected .*)", re.DOTALL)
_PLACE = re.compile(r"\berror at (\d+):(\d+): ")
# A sentence ends before a capital or a command; "; `dafab-kg ..." is a remedy too.
_SENTENCE = re.compile(r"(?:\.\s+(?=[A-Z`])|;\s+(?=`|check |give |name ))")


@dataclass(frozen=True)
class Fault:
    """What is wrong, where, and the remedy."""

    what: str
    where: str = ""
    remedy: str = ""


def fault_of(error: Exception) -> Fault:
    """Put an error in parts; one that has none is taken apart after its first sentence."""
    if hasattr(error, "what"):
        return Fault(error.what, getattr(error, "where", ""), getattr(error, "remedy", ""))
    text = str(error)
    syntax = _SYNTAX.search(text)
    if syntax:
        where = f"line {syntax[1]}, column {syntax[2]}"
        return Fault(readable(text), where, "Correct the query there")
    parts = _SENTENCE.split(text, maxsplit=1)
    return Fault(parts[0].rstrip("."), "", parts[1] if len(parts) > 1 else "")


def readable(text: str) -> str:
    """Shorten long values and lists of what a parser expected; end sentences once."""
    text = _PLACE.sub(r"line \1, column \2: ", _SYNTAX.sub(_short_syntax, text))
    text = _VALUE.sub(lambda found: found[1] + _cut(found[2]) + found[1], text)
    return _TWO_STOPS.sub(".", _DIGITS.sub(lambda found: _cut(found[0]), text))


def _short_syntax(found: re.Match[str]) -> str:
    expected = " ".join(found[3].split())
    if len(expected) > MOST_EXPECTED:
        expected = expected[:MOST_EXPECTED].rpartition(", ")[0] + ", …"
    return f"line {found[1]}, column {found[2]}: {expected}"


def _cut(value: str) -> str:
    return f"{value[:40]}… ({len(value)} characters)"
