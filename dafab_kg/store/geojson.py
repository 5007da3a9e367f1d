"""Rows of a SELECT as a GeoJSON FeatureCollection (RFC 7946)."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any

import orjson

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.store.protocol import Blank, Iri, Literal, Row, Solutions, Term
from dafab_kg.store.rows import XSD, bounded

if TYPE_CHECKING:
    import numpy as np
    import pyproj
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

WKT_LITERAL = "http://www.opengis.net/ont/geosparql#wktLiteral"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

_CRS_PREFIX = re.compile(r"\s*<([^<>]*)>\s*")
_EPSG = re.compile(r"https?://www\.opengis\.net/def/crs/EPSG/[^/]*/(\d+)\Z")
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
    """Read a ``geo:wktLiteral`` to CRS84, longitude first; None if it describes no geometry.

    A literal without a CRS is CRS84 (GeoSPARQL 1.1, section 8.5.1); the axes of
    any other CRS are in the order of its authority.
    """
    import shapely

    prefix = _CRS_PREFIX.match(text)
    crs = prefix[1] if prefix else CRS84
    try:
        geometry = shapely.from_wkt(text[prefix.end() :] if prefix else text)
        moved = _to_crs84(geometry, crs)
    except (shapely.errors.ShapelyError, ValueError, TypeError):
        return None
    return moved if _is_finite(moved) else None


def _is_finite(geometry: BaseGeometry | None) -> bool:
    import numpy as np
    import shapely

    return geometry is not None and bool(np.isfinite(shapely.get_coordinates(geometry)).all())


def _to_crs84(geometry: BaseGeometry, crs: str) -> BaseGeometry | None:
    import numpy as np
    import shapely

    if crs == CRS84:
        return geometry
    code = _EPSG.match(crs)
    if code is None:
        return None
    if code[1] == "4326":
        return shapely.transform(geometry, lambda points: points[:, ::-1])
    transformer = _transformer(int(code[1]))
    if transformer is None:
        return None

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    return shapely.transform(geometry, move)


@lru_cache(maxsize=64)
def _transformer(code: int) -> pyproj.Transformer | None:
    import pyproj

    try:
        return pyproj.Transformer.from_crs(f"EPSG:{code}", "OGC:CRS84")
    except pyproj.exceptions.CRSError:
        return None


def _geometry_json(geometry: BaseGeometry) -> orjson.Fragment:
    import shapely

    # RFC 7946 section 3.1.6: exterior rings run counter-clockwise.
    return orjson.Fragment(shapely.to_geojson(shapely.orient_polygons(geometry)))
