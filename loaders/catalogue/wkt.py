"""Well-known text to a GeoJSON geometry, with every digit (OGC 06-103r4, section 7)."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from dafab_kg.model.errors import GeometryNotValid

_GEOGRAPHY = re.compile(r"(?:geography|geometry)'(.*)'\Z", re.DOTALL | re.IGNORECASE)
_SRID = re.compile(r"(?:SRID=(\d+);)?\s*", re.IGNORECASE)
_KIND = re.compile(r"([A-Za-z]+)\s*(?:(ZM|Z|M)\b)?\s*(EMPTY\b)?", re.IGNORECASE)
_TOKEN = re.compile(r"[(),]|[^\s(),]+")
_TYPES: Final = {
    "POINT": ("Point", 1),
    "LINESTRING": ("LineString", 1),
    "MULTIPOINT": ("MultiPoint", 1),
    "POLYGON": ("Polygon", 2),
    "MULTILINESTRING": ("MultiLineString", 2),
    "MULTIPOLYGON": ("MultiPolygon", 3),
}
_WGS84: Final = ("4326", "84")


def read_wkt(raw: str, where: str) -> dict[str, Any]:
    """Read WKT, plain, with ``SRID=4326;`` or as OData's ``geography'…'``; longitude comes first.

    Raises:
        GeometryNotValid: it is no WKT of a geometry in WGS 84.
    """
    text = raw.strip()
    quoted = _GEOGRAPHY.match(text)
    text = quoted[1] if quoted else text
    srid = _SRID.match(text)
    assert srid is not None
    if srid[1] is not None and srid[1] not in _WGS84:
        raise _wrong(f"the footprint is in SRID {srid[1]}, not in WGS 84 (4326)", where)
    text = text[srid.end() :]
    kind = _KIND.match(text)
    known = _TYPES.get(kind[1].upper()) if kind else None
    if kind is None or known is None:
        raise _wrong(f"{text[:40]!r} is no WKT of a geometry", where)
    if kind[3]:
        raise _wrong("the geometry is empty", where)
    name, depth = known
    tree = _tree(text[kind.end() :], where)
    if name == "MultiPoint":
        tree = [one[0] if isinstance(one[0], list) else one for one in tree]
    if not _is_nested(tree, depth):
        raise _wrong(f"the parentheses of the {kind[1].upper()} are not those of its type", where)
    return {"type": name, "coordinates": tree[0] if name == "Point" else tree}


def _tree(text: str, where: str) -> list[Any]:
    """Return the nested lists of positions within the outermost parentheses."""
    stack: list[list[Any]] = [[]]
    position: list[Decimal] = []
    closed = False
    for symbol in _TOKEN.findall(text):
        if symbol == "(":
            if position or len(stack) > 4 or (len(stack) == 1 and stack[0]):
                raise _wrong("a parenthesis is out of place", where)
            stack.append([])
        elif symbol in {")", ","}:
            if position:
                stack[-1].append(position)
                position = []
            elif not closed:
                raise _wrong("a position is missing", where)
            if symbol == ")":
                inner = stack.pop()
                if not stack:
                    raise _wrong("a parenthesis is closed that was not opened", where)
                stack[-1].append(inner)
        else:
            try:
                position.append(Decimal(symbol))
            except InvalidOperation:
                raise _wrong(f"{symbol[:40]!r} is no number", where) from None
        closed = symbol == ")"
    if len(stack) != 1 or position or len(stack[0]) != 1:
        raise _wrong("the parentheses are not closed", where)
    return stack[0][0]  # type: ignore[no-any-return]


def _is_nested(tree: list[Any], depth: int) -> bool:
    """Tell whether positions lie ``depth`` lists deep, everywhere."""
    if not tree or not all(isinstance(one, list) and one for one in tree):
        return False
    if depth == 1:
        return all(isinstance(number, Decimal) for one in tree for number in one)
    return all(_is_nested(one, depth - 1) for one in tree)


def _wrong(what: str, where: str) -> GeometryNotValid:
    return GeometryNotValid(
        what, where=where, remedy="Deliver a POLYGON or MULTIPOLYGON in longitude and latitude"
    )
