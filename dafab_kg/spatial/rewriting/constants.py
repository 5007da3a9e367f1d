"""Constants of a query as bounds and places of the index."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from shapely.geometry.base import BaseGeometry

from dafab_kg.sparql.tree import XSD, Expression, IriTerm, LiteralTerm
from dafab_kg.sparql.tree import Term as Written
from dafab_kg.spatial.index.flags import EXACT, NEAR
from dafab_kg.spatial.index.polygons import EARTH
from dafab_kg.spatial.index.values import number_of, place_of, time_of
from dafab_kg.spatial.lookup import Interval, WithinTexts
from dafab_kg.store.protocol import Literal

_DURATION: Final = re.compile(
    r"(-)?P(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})(?:\.(\d{1,6}))?S)?)?",
    re.ASCII,
)
_NOT_IN_ORDER: Final = re.compile(r"[\x00-\x22\\]")
"""What a term, as it is written, does not have at the place of its text in their order."""
_NUMBERS: Final = frozenset(XSD + name for name in ("integer", "decimal", "double"))


@dataclass(frozen=True)
class Bounds:
    """An interval; ``exact``: the values in it are those that compare so, and no others."""

    interval: Interval
    exact: bool


def bounds(operator: str, constant: LiteralTerm, kind: str) -> Bounds | None:
    """The values that stand in ``value operator constant``, or more; None: not known."""
    found = _number(constant) if kind == "number" else _moment(constant)
    if found is None:
        return None
    low, high, exact = found
    match operator:
        case "<" | "<=":
            return Bounds(Interval(None, high, high_open=exact and operator == "<"), exact)
        case ">" | ">=":
            return Bounds(Interval(low, None, low_open=exact and operator == ">"), exact)
        case "=":
            return Bounds(Interval(low, high), exact)
    return None


def stretch(choices: Sequence[Expression | None], kind: str) -> Interval | None:
    """The interval from the least to the greatest of some constants; None: not known."""
    found = [
        bounds("=", choice, kind) if isinstance(choice, LiteralTerm) else None for choice in choices
    ]
    known = [one.interval for one in found if one is not None]
    lows = [one.low for one in known if one.low is not None]
    highs = [one.high for one in known if one.high is not None]
    if not known or min(len(lows), len(highs)) < len(choices):
        return None
    return Interval(min(lows), max(highs))


def duration(constant: LiteralTerm) -> int | None:
    """Microseconds of an xsd:dayTimeDuration; None: not known."""
    if constant.datatype != f"{XSD}dayTimeDuration":
        return None
    match = _DURATION.fullmatch(constant.value)
    if match is None or not any(match.groups()[1:]):
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:5])
    micros = int((match[6] or "").ljust(6, "0"))
    whole = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000_000 + micros
    return -whole if match[1] else whole


def _number(constant: LiteralTerm) -> tuple[float, float, bool] | None:
    """The number, between the float64 next below and next above unless it is one."""
    if constant.datatype not in _NUMBERS:
        return None
    value, flag = number_of(Literal(constant.value, constant.datatype))
    if flag > NEAR or not math.isfinite(value):
        return None
    if flag == EXACT:
        return value, value, True
    return math.nextafter(value, -math.inf), math.nextafter(value, math.inf), False


def _moment(constant: LiteralTerm) -> tuple[int, int, bool] | None:
    """Microseconds since 1970 UTC; a time without a zone is none."""
    if constant.datatype != f"{XSD}dateTime":
        return None
    value, flag = time_of(Literal(constant.value, constant.datatype))
    if flag > NEAR:
        return None
    return (value, value, True) if flag == EXACT else (value - 1, value + 1, False)


def keyword(constant: Written) -> str | None:
    """An IRI or plain text as N-Triples writes it; None: equality is not identity for it."""
    if isinstance(constant, IriTerm):
        return f"<{constant.value}>"
    if not isinstance(constant, LiteralTerm) or constant.language:
        return None
    if constant.datatype != f"{XSD}string":
        return None
    text = constant.value
    if any(ord(character) < 0x20 or character == "\x7f" for character in text):
        return None
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def texts(property: str, operator: str, constant: Written) -> WithinTexts | None:
    """The texts that stand in ``text operator constant``; None: the index has no order of it."""
    term = keyword(constant)
    if term is None or not term.startswith('"') or _NOT_IN_ORDER.search(term, 1, len(term) - 1):
        return None
    if operator in ("<", "<="):
        return WithinTexts(property, high=term, high_open=operator == "<")
    return WithinTexts(property, low=term, low_open=operator == ">")


def on_earth(shape: BaseGeometry) -> bool:
    """Whether all of a shape has longitudes and latitudes; else distances wrap it."""
    return all(abs(value) <= most for value, most in zip(shape.bounds, EARTH, strict=True))


@lru_cache(maxsize=256)
def place(value: str, datatype: str) -> BaseGeometry | None:
    """A geometry literal as a shape in CRS84; None where it is in another CRS, or empty."""
    shape: BaseGeometry | None = place_of(Literal(value, datatype))
    return None if shape is None or shape.is_empty else shape
