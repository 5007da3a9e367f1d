"""Terms of the graph as values of a column: numbers, times, places.

Terms come as SPARQL's TSV writes them: numbers and booleans may stand bare.  Each value
has a flag:

* ``EXACT``: the value compares with others as the term does;
* ``NEAR``: it lies within rounding of the term, so that a bound may fall on either side;
* ``LOOSE``: how it compares is not known here, so the thing is always a candidate;
* ``ODD``: no comparison with a value of this kind is ever true.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from dafab_kg.model.errors import ArgumentNotValid
from dafab_kg.spatial.geosparql.crs import crs_of
from dafab_kg.spatial.geosparql.literals import read_literal
from dafab_kg.spatial.geosparql.names import CRS84, WKT
from dafab_kg.spatial.index.schema import NUMBERS, TIMES, XSD
from dafab_kg.store.protocol import Literal

EXACT, NEAR, LOOSE, ODD = 0, 1, 2, 3
MOST_DIGITS: Final = 15  # float64 tells all decimal numbers of so many digits apart

Values = tuple[NDArray[Any], NDArray[np.uint8]]

_PLAIN: Final = r"^[+-]?[0-9]{1,15}(\.[0-9]{1,15})?$"
_TYPED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"(?:@([\w-]+)|\^\^<([^>]*)>)?', re.DOTALL)
_UTC: Final = (
    r'^"(0[0-9]{2}[1-9]|[1-9][0-9]{3})-[0-9]{2}-[0-9]{2}T[0-2][0-9]:[0-9]{2}:[0-9]{2}'
    r'(\.[0-9]{1,6})?Z"\^\^<http://www\.w3\.org/2001/XMLSchema#dateTime>$'
)
_TIME: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII
)
_SWAPPED: Final = ("EPSG", "4326")
"""CRS84 with its axes the other way round: nothing is curved by moving between the two."""
_ESCAPES: Final = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}


def literal_of(term: str) -> Literal | None:
    """Read a literal as TSV writes it; None for an IRI."""
    match = _TYPED.fullmatch(term)
    if match:
        text = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), match[1])
        if match[2]:
            return Literal(text, language=match[2])
        return Literal(text, match[3] or XSD + "string")
    if term.startswith(("<", "_", '"')):
        return None
    if term in ("true", "false"):
        return Literal(term, XSD + "boolean")
    if "e" in term.lower():
        return Literal(term, XSD + "double")
    return Literal(term, XSD + ("decimal" if "." in term else "integer"))


def numbers(terms: pa.Array) -> Values:
    """Read numbers as float64."""
    values = np.zeros(len(terms), np.float64)
    flags = np.full(len(terms), ODD, np.uint8)
    plain = pc.match_substring_regex(terms, _PLAIN).to_numpy(zero_copy_only=False)
    if plain.any():
        bare = terms.filter(pa.array(plain))
        values[plain] = pc.cast(pc.utf8_ltrim(bare, "+"), pa.float64()).to_numpy()
        short = pc.less_equal(pc.utf8_length(bare), MOST_DIGITS).to_numpy(zero_copy_only=False)
        flags[plain] = np.where(short, EXACT, NEAR)
    for index in np.flatnonzero(~plain):
        values[index], flags[index] = number_of(literal_of(terms[int(index)].as_py()))
    return values, flags


def number_of(literal: Literal | None) -> tuple[float, int]:
    """Read one number, with its flag."""
    if literal is None or literal.datatype not in NUMBERS:
        return 0.0, ODD
    text = literal.value.strip()
    try:
        value = float({"INF": "inf", "+INF": "inf", "-INF": "-inf"}.get(text, text))
    except ValueError:
        return 0.0, ODD
    if np.isnan(value):
        return 0.0, ODD
    if literal.datatype == XSD + "float":
        return value, LOOSE  # compared in 32 bits with some types, in 64 with others
    if literal.datatype == XSD + "double":
        return value, EXACT
    if np.isinf(value):
        return 0.0, LOOSE
    digits = sum(character.isdigit() for character in text)
    return value, EXACT if digits <= MOST_DIGITS else NEAR


def times(terms: pa.Array) -> Values:
    """Read times as int64 microseconds since 1970 UTC."""
    values = np.zeros(len(terms), np.int64)
    flags = np.full(len(terms), ODD, np.uint8)
    usual = pc.match_substring_regex(terms, _UTC).to_numpy(zero_copy_only=False)
    if usual.any():
        text = pc.utf8_slice_codeunits(terms.filter(pa.array(usual)), 1)
        text = pc.replace_substring_regex(text, r'Z".*$', "")
        try:
            values[usual] = pc.cast(text, pa.timestamp("us")).cast(pa.int64()).to_numpy()
            flags[usual] = EXACT
        except pa.ArrowInvalid:  # a 30th of February among them
            usual = np.zeros(len(terms), bool)
    for index in np.flatnonzero(~usual):
        values[index], flags[index] = time_of(literal_of(terms[int(index)].as_py()))
    return values, flags


def time_of(literal: Literal | None) -> tuple[int, int]:
    """Read one time, with its flag."""
    if literal is None or literal.datatype not in TIMES:
        return 0, ODD
    match = _TIME.fullmatch(literal.value.strip())
    if match is None or literal.datatype == XSD + "date":
        return 0, LOOSE
    fraction = match[7] or ""
    try:
        zone = "+00:00" if match[8] == "Z" else match[8]
        moment = datetime.fromisoformat(f"{match[0][:19]}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return 0, LOOSE
    seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    micros = int(seconds) * 1_000_000 + int(fraction[:6].ljust(6, "0"))
    return micros, EXACT if len(fraction.rstrip("0")) <= 6 else NEAR


def places(terms: pa.Array) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Read geometry literals as shapes in CRS84; None, with ``LOOSE``, where that fails."""
    shapes = np.full(len(terms), None, object)
    flags = np.full(len(terms), LOOSE, np.uint8)
    text = pc.utf8_slice_codeunits(terms, 1)
    suffix = f'"^^<{WKT}>'
    plain = pc.and_(pc.ends_with(terms, suffix), pc.invert(pc.starts_with(text, "<")))
    chosen = plain.to_numpy(zero_copy_only=False)
    bare = pc.utf8_slice_codeunits(text.filter(plain), 0, -len(suffix))
    read = shapely.from_wkt(np.array(bare.to_pylist(), object), on_invalid="ignore")
    shapes[chosen] = read
    for index in np.flatnonzero(~chosen):
        shapes[index] = place_of(literal_of(terms[int(index)].as_py()))
    known = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    known[known] &= np.isfinite(shapely.bounds(shapes[known])).all(axis=1)
    shapes[~known] = None
    flags[known] = EXACT
    return shapes, flags


def place_of(literal: Literal | None) -> Any:
    """Read any geometry literal as a shape in CRS84; None where that is not known.

    What is in another CRS is compared there, where areas far away may come to lie
    anywhere: its place counts as unknown.
    """
    if literal is None:
        return None
    try:
        geometry = read_literal(literal)
        if geometry.crs.is_crs84 or geometry.crs.key == _SWAPPED:
            return geometry.shape_in(crs_of(CRS84))
    except ArgumentNotValid:
        pass
    return None
