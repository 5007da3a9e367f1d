"""Values of Rucio's filters: texts, read as what they are compared with is declared."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import shapely
from shapely.errors import ShapelyError

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.search.cql2 import MOST_POSITIONS, read_json
from dafab_kg.search.exact import moment
from dafab_kg.search.tree import (
    Compare,
    Folding,
    IsNull,
    Node,
    Not,
    Operator,
    Or,
    Path,
    Spatial,
)

_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_LONGEST_NUMBER: Final = 60
_WKT: Final = re.compile(
    r"(POINT|LINESTRING|POLYGON|MULTI(POINT|LINESTRING|POLYGON)|GEOMETRYCOLLECTION)\s*Z?\s*\(", re.I
)
_BETWEEN: Final = re.compile(r"[\s,/;|]+")
_DAY: Final = timedelta(days=1) - timedelta(microseconds=1)
_BOTH: Final = (True, False)


def number(text: str) -> int | float | None:
    """Read a number as JSON has it, or None."""
    text = text.strip()
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return None
    found = float(text)
    if not math.isfinite(found):
        return None
    return int(text) if text.lstrip("+-").isdigit() else found


def truth_value(text: str) -> bool | None:
    """Read true or false in any case, or None."""
    return {"true": True, "false": False}.get(text.strip().lower())


def pattern_of(text: str) -> tuple[str | Literal[1] | None, ...]:
    """Read a pattern: ``*`` and ``%`` are any run, all else is as it is.

    >>> pattern_of("S2*_L2A")
    ('S2', None, '_L2A')
    """
    return tuple(None if one[0] in "*%" else one for one in re.findall(r"[*%]+|[^*%]+", text))


def has_value(path: Path) -> Node:
    """There is something at a path that is not null."""
    return Not(IsNull(path))


def equals(path: Path, kind: str, text: str, folding: Folding) -> Node:
    """The value at ``path`` is what ``text`` says.

    Raises:
        QueryNotValid: it says nothing of this kind.
    """
    if kind == "number":
        return Compare(path, "=", _number(text))
    if kind == "time":
        return Compare(path, "=", _moment(text))
    if kind == "text":
        return Compare(path, "=", text, folding)
    found: list[Node] = [Compare(path, "=", text, folding)]
    typed: tuple[Any, ...] = (number(text), truth_value(text), moment(text.strip()))
    found += [Compare(path, "=", one) for one in typed if one is not None]
    return found[0] if len(found) == 1 else Or(tuple(found))


def differs(path: Path, kind: str, text: str, folding: Folding) -> Node:
    """There is a value at ``path``, and it is not what ``text`` says.

    Raises:
        QueryNotValid: it says nothing of this kind.
    """
    if kind == "number":
        return Compare(path, "<>", _number(text))
    if kind == "time":
        return Compare(path, "<>", _moment(text))
    if kind == "text":
        return Compare(path, "<>", text, folding)
    when = moment(text.strip())
    found: list[Node] = [
        Compare(path, "<>", text if when is None else when, folding if when is None else "")
    ]
    told, true = number(text), truth_value(text)
    # values of other kinds are others
    found.append(Compare(path, "<=", math.inf) if told is None else Compare(path, "<>", told))
    found += [Compare(path, "=", one) for one in _BOTH if one is not true]
    return Or(tuple(found))


def ordered(path: Path, kind: str, operator: str, text: str, folding: Folding) -> Node:
    """The value at ``path`` is before or after what ``text`` says.

    Raises:
        QueryNotValid: it says nothing of this kind.
    """
    assert operator in ("<", "<=", ">", ">=")
    sign: Operator = operator  # type: ignore[assignment]
    if kind == "number":
        return Compare(path, sign, _number(text))
    if kind == "time":
        return Compare(path, sign, _moment(text))
    if kind == "any":
        told, when = number(text), moment(text.strip())
        if told is not None:
            return Compare(path, sign, told)
        if when is not None:
            return Compare(path, sign, when)
    return Compare(path, sign, text, folding)


def interval(text: str) -> tuple[datetime | None, datetime | None]:
    """Read ``start/end``, of which one may be ``..``, or one moment; a date is its whole day.

    Raises:
        QueryNotValid: it is none.
    """
    parts = [one.strip() for one in text.strip().split("/")]
    if len(parts) > 2 or not all(parts) or parts == ["..", ".."]:
        raise QueryNotValid("a time is start/end, of which one may be .., or a date")
    ends = [None if one == ".." else _moment(one) for one in parts]
    first, last = ends[0], ends[-1]
    if len(parts) == 1 and parts[0] == "..":
        raise QueryNotValid("a time is start/end, of which one may be .., or a date")
    if last is not None and len(parts[-1]) == 10:
        last += _DAY
    if first is not None and last is not None and first > last:
        raise QueryNotValid("the interval ends before it starts")
    return first, last


def outline(text: str, place: Callable[[str], bytes]) -> tuple[bytes, ...]:
    """Read a geometry: WKT, a box of four numbers, or the name or IRI of a place.

    Of a long outline its box comes first, by which candidates are found.

    Raises:
        QueryNotValid: it is none of them.
    """
    text = text.strip()
    numbers = [number(one) for one in _BETWEEN.split(text) if one]
    if len(numbers) == 4 and None not in numbers:
        return (_checked({"bbox": numbers}),)
    if _WKT.match(text):
        try:
            shape = shapely.force_2d(shapely.from_wkt(text))
        except (ShapelyError, ValueError) as error:
            raise QueryNotValid("the WKT cannot be read") from error
        return (_checked(shapely.geometry.mapping(shape)),)
    found = place(text)
    shape = shapely.from_wkb(found)
    if shapely.get_num_coordinates(shape) <= MOST_POSITIONS // 10:
        return (found,)
    return bytes(shapely.to_wkb(shapely.envelope(shape))), found


def _checked(geometry: dict[str, Any]) -> bytes:
    """Read a geometry as CQL2 does, with its bounds."""
    try:
        node = read_json({"op": "s_intersects", "args": [{"property": "geometry"}, geometry]})
    except QueryNotValid as error:
        told = str(error)
        raise QueryNotValid(told.partition("`: ")[2] or told) from error
    assert isinstance(node, Spatial)
    return node.geometry


def _number(text: str) -> int | float:
    found = number(text)
    if found is None:
        raise QueryNotValid(f"this is a number, which {text[:80]!r} is not")
    return found


def _moment(text: str) -> datetime:
    found = moment(text.strip())
    if found is None:
        raise QueryNotValid(
            f"this is a time; {text[:80]!r} is no date, or date and time (RFC 3339)"
        )
    return found
