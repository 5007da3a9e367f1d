"""Values of parameters: read from what a person or a program writes, put in as terms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from dafab_kg.model.errors import ArgumentNotValid, ParameterNotValid
from dafab_kg.model.names import PREFIXES, is_iri
from dafab_kg.queries.parameters import Parameter, marks
from dafab_kg.store.geojson import WKT_LITERAL
from dafab_kg.store.protocol import Iri, Literal, Term
from dafab_kg.store.rows import term_turtle

MOST_CHARACTERS: Final = 20_000
"""Longest value, an outline of a country among them."""
_XSD: Final = PREFIXES["xsd"]
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PREFIXED: Final = re.compile(r"([A-Za-z][\w-]*):(.*)", re.DOTALL)


def read_value(parameter: Parameter, text: str, prefixes: Mapping[str, str] = PREFIXES) -> Term:
    """Return the term that a value stands for.

    Raises:
        ParameterNotValid: it is none of the parameter's kind, or beyond its bounds.
    """
    if len(text) > MOST_CHARACTERS:
        raise _unfit(parameter, text, f"at most {MOST_CHARACTERS} characters")
    if any(_unwritable(character) for character in text):
        raise _unfit(parameter, text, "characters of Unicode, without control characters")
    if parameter.kind == "text":
        return Literal(text)
    written = text.strip()
    match parameter.kind:
        case "integer" | "number" | "days":
            return _number(parameter, written)
        case "date":
            return _date(parameter, written)
        case "iri" | "class":
            return _iri(parameter, written, prefixes)
        case _:
            return _place(parameter, written)


def with_values(text: str, terms: Mapping[str, Term]) -> str:
    """Return a query with terms in the places that are marked for them."""
    parts: list[str] = []
    end = 0
    for mark in marks(text):
        term = terms.get(mark.name)
        if term is not None:
            parts += [text[end : mark.start], term_turtle(term)]
            end = mark.end
    return "".join(parts) + text[end:]


def _number(parameter: Parameter, text: str) -> Literal:
    whole = parameter.kind != "number"
    kind = "a whole number" if whole else "a number, with a decimal point if need be"
    bounds = ""
    if parameter.least is not None and parameter.most is not None:
        bounds = f" from {parameter.least} to {parameter.most}"
    if (_INTEGER if whole else _NUMBER).fullmatch(text) is None:
        raise _unfit(parameter, text, kind + bounds)
    value = Decimal(text)
    if bounds and not parameter.least <= value <= parameter.most:  # type: ignore[operator]
        raise _unfit(parameter, text, kind + bounds)
    if parameter.kind == "days":
        if value < 0:
            raise _unfit(parameter, text, "a number of days, not less than 0")
        return Literal(f"P{value:f}D", _XSD + "dayTimeDuration")
    return Literal(f"{value:f}", _XSD + ("decimal" if "." in text else "integer"))


def _date(parameter: Parameter, text: str) -> Literal:
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            if _DAY.fullmatch(text) is None:
                raise ValueError(text)
            found = found.replace(tzinfo=UTC)
        found = found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        expected = "a date like 2022-09-01, or a time like 2022-09-01T12:00:00Z"
        raise _unfit(parameter, text, expected) from error
    return Literal(found.isoformat().replace("+00:00", "Z"), _XSD + "dateTime")


def _iri(parameter: Parameter, text: str, prefixes: Mapping[str, str]) -> Iri:
    inside = text[1:-1] if text.startswith("<") and text.endswith(">") else text
    prefixed = _PREFIXED.fullmatch(inside)
    if prefixed is not None and prefixed[1] in prefixes:
        inside = prefixes[prefixed[1]] + prefixed[2]
    if not is_iri(inside):
        raise _unfit(parameter, text, "an absolute IRI, or one with a prefix such as dafab:")
    return Iri(inside)


def _place(parameter: Parameter, text: str) -> Literal:
    from dafab_kg.spatial.geosparql.literals import read_literal

    corners = text.split(",")
    if len(corners) == 4 and all(_NUMBER.fullmatch(corner.strip()) for corner in corners):
        west, south, east, north = (Decimal(corner.strip()) for corner in corners)
        if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
            raise _unfit(parameter, text, "a box of longitudes and latitudes in degrees")
        halves = [(west, east)] if west <= east else [(west, Decimal(180)), (Decimal(-180), east)]
        rings = [
            f"(({w:f} {south:f}, {e:f} {south:f}, {e:f} {north:f}, {w:f} {north:f}, "
            f"{w:f} {south:f}))"
            for w, e in halves
        ]
        text = f"POLYGON {rings[0]}" if len(rings) == 1 else f"MULTIPOLYGON ({', '.join(rings)})"
    literal = Literal(text, WKT_LITERAL)
    try:
        read_literal(literal)
    except ArgumentNotValid as error:
        expected = f"a geometry as WKT, or a box west,south,east,north in degrees ({error})"
        raise _unfit(parameter, text, expected) from error
    return literal


def _unwritable(character: str) -> bool:
    return "\ud800" <= character <= "\udfff" or (character < " " and character not in "\t\n\r")


def _unfit(parameter: Parameter, text: str, expected: str) -> ParameterNotValid:
    return ParameterNotValid(
        f"{text[:100]!r} is no value of the parameter {parameter.name} ({parameter.label}). "
        f"Expected is {expected}",
        parameter.name,
    )
