"""Answers as tables of pandas and geopandas."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.store.protocol import Literal, Row, Term

if TYPE_CHECKING:
    import geopandas
    import pandas

XSD = "http://www.w3.org/2001/XMLSchema#"
WKT = "http://www.opengis.net/ont/geosparql#wktLiteral"
INTEGERS = {
    XSD + name
    for name in (
        "integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger",
        "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte", "negativeInteger",
        "nonPositiveInteger",
    )
}  # fmt: skip


def plain(term: Term | None) -> Any:
    """Turn a term into the Python value it stands for; an ill-typed literal stays text."""
    if term is None:
        return None
    if not isinstance(term, Literal):
        return term.value
    try:
        if term.datatype in INTEGERS:
            return int(term.value)
        if term.datatype == XSD + "decimal":
            return float(Decimal(term.value))
        if term.datatype in {XSD + "double", XSD + "float"}:
            return float(term.value)
        if term.datatype == XSD + "boolean":
            return {"true": True, "1": True, "false": False, "0": False}[term.value]
        if term.datatype == XSD + "dateTime":
            time = datetime.fromisoformat(term.value)
            return time if time.tzinfo is None else time.astimezone(UTC)
    except (ArithmeticError, ValueError, KeyError):
        return term.value
    return term.value


def to_pandas(variables: tuple[str, ...], rows: Iterable[Row]) -> pandas.DataFrame:
    """Make a DataFrame: numbers as numbers, times as UTC timestamps, IRIs and WKT as text.

    A column with nothing but times has the type ``datetime64[us, UTC]``; times without
    a zone keep none, and times beyond the years 1 to 9999 stay text.
    """
    import pandas

    values = [[plain(term) for term in row] for row in rows]
    frame = pandas.DataFrame(values, columns=variables)
    for index, name in enumerate(variables):
        column = [row[index] for row in values]
        if _all_in_utc(column):
            # Microseconds: nanoseconds, which pandas infers, end in 1677 and 2262.
            frame[name] = pandas.Series(column, index=frame.index, dtype="datetime64[us, UTC]")
    return frame


def _all_in_utc(column: list[Any]) -> bool:
    bound = [value for value in column if value is not None]
    return bool(bound) and all(isinstance(v, datetime) and v.tzinfo is not None for v in bound)


def to_geopandas(variables: tuple[str, ...], rows: Iterable[Row]) -> geopandas.GeoDataFrame:
    """Make a GeoDataFrame in CRS84; the geometry is the first column with WKT literals.

    Without rows it is the first column named like a geometry, else the last.

    Raises:
        QueryNotValid: there are rows, and no column holds geometries.
    """
    import geopandas
    import shapely

    rows = list(rows)
    place = next(
        (
            index
            for row in rows
            for index, term in enumerate(row)
            if isinstance(term, Literal) and term.datatype == WKT
        ),
        None if rows else _named_like_geometry(variables),
    )
    if place is None:
        raise QueryNotValid(
            "No column of the answer holds a geometry. Select geo:asWKT of one, or use to_pandas()"
        )
    frame = to_pandas(variables, rows)
    texts = [None if row[place] is None else crs84(row[place].value) for row in rows]  # type: ignore[union-attr]
    frame[variables[place]] = shapely.from_wkt(texts)
    return geopandas.GeoDataFrame(frame, geometry=variables[place], crs="OGC:CRS84")


def _named_like_geometry(variables: tuple[str, ...]) -> int | None:
    for index, name in enumerate(variables):
        if any(word in name.lower() for word in ("wkt", "geometry", "footprint")):
            return index
    return len(variables) - 1 if variables else None


def crs84(wkt: str) -> str:
    """Strip the CRS prefix of a WKT literal.

    Raises:
        QueryNotValid: it is in another CRS than CRS84.
    """
    if not wkt.lstrip().startswith("<"):
        return wkt
    crs, _, text = wkt.partition(">")
    if not crs.endswith("/CRS84"):
        raise QueryNotValid(f"The geometry is in {crs.strip(' <')}, not in CRS84")
    return text.strip()
