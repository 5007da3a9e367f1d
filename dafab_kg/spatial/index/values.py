"""Terms of the graph as values of a column: numbers, times, places.

Terms come as SPARQL's TSV writes them: numbers and booleans may stand bare.  Each value
has a flag (:mod:`dafab_kg.spatial.index.flags`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
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
from dafab_kg.spatial.index.block import Shapes, shapes_joined, shapes_of
from dafab_kg.spatial.index.flags import EXACT, LOOSE, NEAR, ODD
from dafab_kg.spatial.index.polygons import EARTH, rings
from dafab_kg.spatial.index.schema import NUMBERS, TIMES, XSD
from dafab_kg.store.protocol import Literal

MOST_DIGITS: Final = 15  # float64 tells all decimal numbers of so many digits apart

Values = tuple[NDArray[Any], NDArray[np.uint8]]

_PLAIN: Final = r"^[+-]?[0-9]{1,15}(\.[0-9]{1,15})?$"
_TYPED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"(?:@([\w-]+)|\^\^<([^>]*)>)?', re.DOTALL)
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_DECIMAL: Final = re.compile(r"[+-]?(?=[.0-9]*[0-9])([0-9]*)(?:\.([0-9]*))?")
_DOUBLE: Final = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?)"
)
_TOO_LARGE: Final = 2**127
_UTC: Final = (
    r'^"(0[0-9]{2}[1-9]|[1-9][0-9]{3})-[0-9]{2}-[0-9]{2}T[0-2][0-9]:[0-9]{2}:[0-9]{2}'
    r'(\.[0-9]{1,6})?Z"\^\^<http://www\.w3\.org/2001/XMLSchema#dateTime>$'
)
_TIME: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?"
    r"(Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)",
    re.ASCII,
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
        short = pc.less_equal(pc.binary_length(bare), MOST_DIGITS).to_numpy(zero_copy_only=False)
        flags[plain] = np.where(short, EXACT, NEAR)
    _one_by_one(terms, ~plain, number_of, values, flags)
    return values, flags


def _one_by_one(
    terms: pa.Array,
    chosen: NDArray[np.bool_],
    read: Callable[[Literal | None], tuple[float, int]],
    values: NDArray[Any],
    flags: NDArray[np.uint8],
) -> None:
    """Read the chosen terms, each that is there once."""
    if not chosen.any():
        return
    encoded = terms.filter(pa.array(chosen)).dictionary_encode()
    found = [read(literal_of(term)) for term in encoded.dictionary.to_pylist()]
    codes = encoded.indices.to_numpy()
    values[chosen] = np.array([value for value, _ in found], values.dtype)[codes]
    flags[chosen] = np.array([flag for _, flag in found], np.uint8)[codes]


def number_of(literal: Literal | None) -> tuple[float, int]:
    """Read one number, with its flag; what the engine does not read is odd.

    It reads the lexical forms of XSD 1.1 Part 2, section 3.3, without spaces around them;
    of doubles also Rust's (``inf``, ``infinity``, in any case).  Integers have 64 bits, and
    decimals 128 of which 18 digits are behind the point.
    """
    if literal is None or literal.datatype not in NUMBERS:
        return 0.0, ODD
    text = literal.value
    if literal.datatype in (XSD + "double", XSD + "float"):
        if not _DOUBLE.fullmatch(text):
            return 0.0, ODD
        # compared in 32 bits with some types, in 64 with others
        return float(text), EXACT if literal.datatype == XSD + "double" else LOOSE
    if literal.datatype == XSD + "decimal":
        match = _DECIMAL.fullmatch(text)
        if match is None:
            return 0.0, ODD
        fraction = (match[2] or "").rstrip("0")
        scaled = int(f"{match[1]}{fraction:0<18}" or "0") if len(fraction) <= 18 else _TOO_LARGE
        if scaled >= _TOO_LARGE:
            return 0.0, ODD
    elif not _INTEGER.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        return 0.0, ODD
    digits = sum(character.isdigit() for character in text)
    return float(text), EXACT if digits <= MOST_DIGITS else NEAR


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
    _one_by_one(terms, ~usual, time_of, values, flags)
    return values, flags


def time_of(literal: Literal | None) -> tuple[int, int]:
    """Read one time, with its flag."""
    if literal is None or literal.datatype not in TIMES:
        return 0, ODD
    match = _TIME.fullmatch(literal.value)
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


def places(terms: pa.Array) -> Shapes:
    """Read geometry literals in CRS84; one that fails, or leaves the Earth, is ``LOOSE``."""
    simple, wkb, boxes = rings(terms)
    if simple.all():
        owner = np.arange(len(terms), dtype=np.int32)
        return Shapes(np.full(len(terms), EXACT, np.uint8), wkb, boxes, owner)
    others = _shapes(terms.filter(pa.array(~simple)))
    number = np.empty(len(terms), np.int64)
    number[simple] = np.arange(len(wkb))
    number[~simple] = np.arange(len(others)) + len(wkb)
    exact = np.full(len(wkb), EXACT, np.uint8)
    both = shapes_joined([Shapes(exact, wkb, boxes, np.arange(len(wkb), dtype=np.int32)), others])
    return both.taken(number)


def _shapes(terms: pa.Array) -> Shapes:
    """Read geometry literals of any kind by the geometry library."""
    shapes = np.full(len(terms), None, object)
    flags = np.full(len(terms), LOOSE, np.uint8)
    text = pc.utf8_slice_codeunits(terms, 1)
    suffix = f'"^^<{WKT}>'
    plain = pc.and_(pc.ends_with(terms, suffix), pc.invert(pc.starts_with(text, "<")))
    chosen = plain.to_numpy(zero_copy_only=False)
    bare = pc.utf8_slice_codeunits(text.filter(plain), 0, -len(suffix))
    with np.errstate(all="ignore"):  # numbers beyond float64
        shapes[chosen] = shapely.from_wkt(np.array(bare.to_pylist(), object), on_invalid="ignore")
    for index in np.flatnonzero(~chosen):
        shapes[index] = place_of(literal_of(terms[int(index)].as_py()))
    known = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    known[known] &= (np.abs(shapely.bounds(shapes[known])) <= EARTH).all(axis=1)
    shapes[~known] = None
    flags[known] = EXACT
    return shapes_of(shapes, flags)


def spelled_out(terms: pa.LargeStringArray) -> pa.LargeStringArray:
    """Write numbers and booleans that stand bare as N-Triples does."""
    if not pc.any(pc.match_substring_regex(terms, r'^[^<"_]')).as_py():
        return terms

    def full(term: str) -> str:
        literal = literal_of(term)
        if term[0] in '<"_' or literal is None:
            return term
        return f'"{literal.value}"^^<{literal.datatype}>'

    return pa.array([full(term) for term in terms.to_pylist()], pa.large_string())


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
