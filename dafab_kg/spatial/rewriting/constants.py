"""Constants of a query as bounds and places of the index."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import pyarrow as pa
from shapely.geometry.base import BaseGeometry

from dafab_kg.model.errors import ArgumentNotValid
from dafab_kg.sparql.tree import XSD, IriTerm, LiteralTerm
from dafab_kg.sparql.tree import Term as Written
from dafab_kg.spatial.geosparql.crs import crs_of
from dafab_kg.spatial.geosparql.literals import read_literal
from dafab_kg.spatial.geosparql.names import CRS84
from dafab_kg.spatial.index.values import EXACT, times
from dafab_kg.spatial.lookup import Interval
from dafab_kg.store.protocol import Literal

_NUMBERS: Final = frozenset(XSD + name for name in ("integer", "decimal", "double"))
MOST_DIGITS: Final = 15


def bounds(operator: str, constant: LiteralTerm, kind: str) -> Interval | None:
    """The values that stand in ``value operator constant``, or more; None: not known."""
    found = _number(constant) if kind == "number" else _moment(constant)
    if found is None:
        return None
    low, high, exact = found
    match operator:
        case "<" | "<=":
            return Interval(None, high, high_open=exact and operator == "<")
        case ">" | ">=":
            return Interval(low, None, low_open=exact and operator == ">")
        case "=":
            return Interval(low, high)
    return None


def _number(constant: LiteralTerm) -> tuple[float, float, bool] | None:
    """The number, between the float64 next below and next above unless it is one."""
    if constant.datatype not in _NUMBERS:
        return None
    try:
        value = float(constant.value)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    digits = sum(character.isdigit() for character in constant.value)
    if constant.datatype == f"{XSD}double" or digits <= MOST_DIGITS:
        return value, value, True
    return math.nextafter(value, -math.inf), math.nextafter(value, math.inf), False


def _moment(constant: LiteralTerm) -> tuple[int, int, bool] | None:
    """Microseconds since 1970 UTC; a time without a zone is none."""
    if constant.datatype != f"{XSD}dateTime" or not constant.value.isascii():
        return None
    if any(character in constant.value for character in '"\\<>'):
        return None
    term = f'"{constant.value}"^^<{constant.datatype}>'
    values, flags = times(pa.array([term], pa.large_string()))
    if flags[0] > 1:
        return None
    value = int(values[0])
    return (value, value, True) if flags[0] == EXACT else (value - 1, value + 1, False)


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


@lru_cache(maxsize=256)
def place(value: str, datatype: str) -> BaseGeometry | None:
    """A geometry literal as a shape in CRS84; None where it is in a CRS that is projected."""
    try:
        geometry = read_literal(Literal(value, datatype))
        if geometry.shape.is_empty or not geometry.crs.is_geographic:
            return None
        if not (geometry.crs.is_crs84 or geometry.crs.iri.endswith("/4326")):
            return None
        return geometry.shape_in(crs_of(CRS84))
    except ArgumentNotValid:
        return None
