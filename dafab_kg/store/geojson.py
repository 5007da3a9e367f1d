"""Rows of a SELECT as a GeoJSON FeatureCollection (RFC 7946)."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import IO, TYPE_CHECKING, Any

import orjson

from dafab_kg.model.errors import ArgumentNotValid, QueryNotValid
from dafab_kg.store.protocol import Blank, Iri, Literal, Row, Solutions, Term
from dafab_kg.store.rows import XSD, bounded

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

WKT_LITERAL = "http://www.opengis.net/ont/geosparql#wktLiteral"

_JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
_NUMERIC = frozenset(
    XSD + name
    for name in (
        *("integer", "decimal", "double", "float", "long", "int", "short", "byte"),
        *("nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger"),
        *("unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
    )
)
_LONGEST_PLAIN = 400  # digits of a number written without an exponent


def write_geojson(solutions: Solutions, out: IO[bytes], *, most_rows: int | None = None) -> None:
    """Write rows as Features.

    The geometry is the first column that holds a ``geo:wktLiteral`` in any row;
    all other columns, further geometries as WKT text among them, are properties.
    Coordinates are CRS84.  A WKT that describes no geometry gives a Feature with
    a null geometry that keeps the text as a property.

    Raises:
        QueryNotValid: there are rows, but no column holds a geometry.
    """
    # Any row may decide which column it is, so all are read before the first is written.
    rows = list(bounded(solutions, most_rows))
    column = _geometry_column(solutions.variables, rows)
    out.write(b'{"type":"FeatureCollection","features":[')
    comma = b""
    for row in rows:
        out.write(comma + orjson.dumps(_feature(solutions.variables, row, column)))
        comma = b","
    out.write(b"]}")


def _geometry_column(variables: tuple[str, ...], rows: list[Row]) -> int:
    for column in range(len(variables)):
        if any(_is_wkt(row[column]) for row in rows):
            return column
    if rows:
        raise QueryNotValid(
            "GeoJSON needs a column of geometries (geo:wktLiteral), and no row has one. "
            "Select ?wkt with ?thing geo:hasGeometry/geo:asWKT ?wkt, or ask for another format"
        )
    return -1


def _is_wkt(term: Term | None) -> bool:
    return isinstance(term, Literal) and term.datatype == WKT_LITERAL


def _feature(variables: tuple[str, ...], row: Row, column: int) -> dict[str, Any]:
    term = row[column]
    geometry = read_wkt(term.value) if term is not None and _is_wkt(term) else None
    properties = {
        name: _json_value(value)
        for place, (name, value) in enumerate(zip(variables, row, strict=True))
        if place != column or (geometry is None and value is not None)
    }
    return {
        "type": "Feature",
        "geometry": None if geometry is None else _geometry_json(geometry),
        "properties": properties,
    }


def _json_value(term: Term | None) -> Any:
    if term is None:
        return None
    if isinstance(term, Iri):
        return term.value
    if isinstance(term, Blank):
        return f"_:{term.value}"
    if term.datatype in _NUMERIC:
        return _json_number(term.value)
    if term.datatype == XSD + "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(term.value, term.value)
    return term.value


def _json_number(text: str) -> orjson.Fragment | str:
    """Return the number with all its digits, or the text where JSON has no such number."""
    if _JSON_NUMBER.match(text):
        return orjson.Fragment(text)
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite() or abs(number.adjusted()) > _LONGEST_PLAIN:
        return text
    return orjson.Fragment(format(number, "f"))


def read_wkt(text: str) -> BaseGeometry | None:
    """Read a ``geo:wktLiteral`` to CRS84, longitude first; None if it describes no geometry."""
    if not text.strip():
        return None
    from dafab_kg.spatial.geosparql.geometry import crs84
    from dafab_kg.spatial.geosparql.literals import read_literal

    try:
        return read_literal(Literal(text, WKT_LITERAL)).shape_in(crs84())
    except ArgumentNotValid:
        return None


def _geometry_json(geometry: BaseGeometry) -> orjson.Fragment:
    import shapely

    # RFC 7946 section 3.1.6: exterior rings run counter-clockwise.
    return orjson.Fragment(shapely.to_geojson(shapely.orient_polygons(geometry)))
