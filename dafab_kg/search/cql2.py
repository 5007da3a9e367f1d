"""CQL2, text and JSON, to the tree (OGC 21-065r2).

The library ``cql2`` reads the syntax; what the expressions mean is said here.  Answered are
Basic CQL2, Advanced Comparison Operators, Case- and Accent-insensitive Comparison, Basic and
all Spatial Functions on ``geometry``, Temporal Functions and Array Functions, and two custom
functions (:data:`FUNCTIONS`).  A property stands on one side, a constant on the other;
arithmetic, functions of others and comparisons of two properties are refused by name.

``ancestor(P)`` and ``descendant(P)`` are conditions: P, a condition itself, is true of one and
the same ancestor or descendant of the item (see :class:`~dafab_kg.search.tree.Related`).

``casei`` is Unicode default case folding, ``accenti`` leaves the marks out of the canonical
decomposition.  ``DATE('2024-05-01')`` compared with an operator is the first moment of that
day in UTC; in a temporal function, and as the end of an interval, it is the whole day.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import cql2
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import box, shape
from shapely.geometry.base import BaseGeometry

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.search.exact import fold, moment
from dafab_kg.search.names import path_of
from dafab_kg.search.settled import mentions_relatives
from dafab_kg.search.tree import (
    COMPARISONS,
    GEOMETRY,
    Among,
    And,
    Compare,
    Contains,
    Folding,
    IsEmpty,
    IsNull,
    Like,
    Node,
    Not,
    Operator,
    Or,
    Path,
    Related,
    Scalar,
    Spatial,
    SpatialRelation,
    Temporal,
    TemporalRelation,
    Value,
    Within,
)

LONGEST: Final = 32_768
"""Characters of a text."""
LONGEST_JSON: Final = 262_144
"""Characters of a filter in JSON, which writes geometries at greater length."""
DEEPEST: Final = 64
"""Expressions within each other.  The library itself has no bound: it ends the process."""
MOST_WORK: Final = 1_000_000
"""Characters times two for each bracket within others: about a second of the library's time."""
MOST_PARTS: Final = 2_000
"""Expressions and constants of a filter, coordinates left aside."""
MOST_POSITIONS: Final = 5_000
"""Positions of one geometry."""

_TOKEN: Final = re.compile(
    r"'(?:[^']|'')*'?|\"(?:[^\"]|\"\")*\"?|[(),+*/%^-]|[=<>!]+|[^\s(),'\"+*/%^=<>!-]+"
)
_OPERATORS: Final = frozenset({"", "AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "DIV", "IS"})
_CHAINED: Final = frozenset({*"+-*/%^", "DIV", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL"})
_PLACE: Final = re.compile(r"--> (\d+):(\d+)")
_EXPECTED: Final = re.compile(r"= (.*)", re.DOTALL)
_TURNED: Final[dict[Operator, Operator]] = {
    "=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<=",
}  # fmt: skip
_SPATIAL: Final[dict[str, tuple[SpatialRelation, SpatialRelation]]] = {
    "s_intersects": ("intersects", "intersects"),
    "s_disjoint": ("disjoint", "disjoint"),
    "s_equals": ("equals", "equals"),
    "s_touches": ("touches", "touches"),
    "s_crosses": ("crosses", "crosses"),
    "s_overlaps": ("overlaps", "overlaps"),
    "s_within": ("within", "contains"),
    "s_contains": ("contains", "within"),
}
"""By operator: the relation, and what it is with its operands exchanged."""
_TEMPORAL: Final[dict[str, tuple[TemporalRelation, TemporalRelation]]] = {
    "t_after": ("after", "before"),
    "t_before": ("before", "after"),
    "t_contains": ("contains", "during"),
    "t_during": ("during", "contains"),
    "t_disjoint": ("disjoint", "disjoint"),
    "t_equals": ("equals", "equals"),
    "t_finishedby": ("finishedBy", "finishes"),
    "t_finishes": ("finishes", "finishedBy"),
    "t_intersects": ("intersects", "intersects"),
    "t_meets": ("meets", "metBy"),
    "t_metby": ("metBy", "meets"),
    "t_overlappedby": ("overlappedBy", "overlaps"),
    "t_overlaps": ("overlaps", "overlappedBy"),
    "t_startedby": ("startedBy", "starts"),
    "t_starts": ("starts", "startedBy"),
}
FUNCTIONS: Final[dict[str, str]] = {
    "ancestor": "Whether a condition is true of one and the same item that the item is derived "
    "from, at any distance, or of a collection or other catalogue that it is in",
    "descendant": "Whether a condition is true of one and the same item that is derived from "
    "the item, at any distance",
}
"""Custom functions, each of one condition, and what they say."""
_LINEAGE: Final = " and ".join(FUNCTIONS)
ARITHMETIC: Final = "arithmetic is not answered; a name with - in it stands in double quotes"
_DAY: Final = timedelta(days=1) - timedelta(microseconds=1)


def read_text(text: str) -> Node:
    """Read a filter in CQL2 text.

    Raises:
        QueryNotValid: with the place, or the part of it that is not understood.
    """
    if len(text) > LONGEST:
        raise QueryNotValid(
            f"The filter has {len(text)} characters; at most {LONGEST} are read. Ask in parts"
        )
    if any("\ud800" <= one <= "\udfff" for one in text):
        raise QueryNotValid("The filter is no Unicode text: it holds half of a surrogate pair")
    _check_nesting(text)
    try:
        value = cql2.parse_text(text).to_json()
    except cql2.ParseError as error:
        raise QueryNotValid(_placed(str(error))) from None
    except Exception as error:  # noqa: BLE001 - it has no class of its own for what it cannot write
        raise QueryNotValid(f"The filter cannot be read: {_short(str(error))}") from None
    return _read(value)


def read_json(value: Any) -> Node:
    """Read a filter in CQL2 JSON, as a JSON reader gave it.

    Raises:
        QueryNotValid: with the part of it that is not understood.
    """
    _check_depth(value)
    try:
        text = json.dumps(value, allow_nan=False, default=float)
        if len(text) > LONGEST_JSON:
            raise QueryNotValid(
                f"The filter has {len(text)} characters; at most {LONGEST_JSON} are read"
            )
        cql2.parse_json(text)  # for its syntax alone: it may read another number, the next one
    except cql2.ParseError as error:
        raise QueryNotValid(f"The filter is no CQL2 JSON: {_short(str(error))}") from None
    except (ValueError, TypeError) as error:
        raise QueryNotValid(f"The filter is no JSON: {_short(str(error))}") from None
    return _read(json.loads(text))


def _check_nesting(text: str) -> None:
    """Refuse a text that nests, or chains operators, deeper than the library can bear.

    Where something is wrong within brackets that group, it reads what they hold twice, so
    that its time doubles with each pair of them.
    """
    open_: list[_Bracket] = []
    chained = groups = 0
    before = ""
    for found in _TOKEN.finditer(text):
        part = found[0].upper()
        if part == "(":
            grouping = before in _OPERATORS or not (before[-1].isalnum() or before[-1] in '_"')
            open_.append(_Bracket(found.start() + 1, chained + 1, grouping))
            groups = max(groups, sum(one.grouping for one in open_))
            chained = 0
        elif part == ")":
            if not open_:
                raise QueryNotValid(f"The bracket at character {found.start() + 1} closes nothing")
            chained = open_.pop().chained - 1
        elif part in (",", "AND", "OR"):
            chained = 0
        elif part in _CHAINED or part[0] in "=<>!":
            chained += 1
        if sum(one.chained for one in open_) + chained > DEEPEST:
            raise QueryNotValid(
                f"The filter nests deeper than {DEEPEST} at character {found.start() + 1}"
            )
        before = part
    if open_:
        raise QueryNotValid(f"The bracket at character {open_[-1].position} is not closed")
    if groups and len(text) << groups > MOST_WORK:
        raise QueryNotValid(
            f"The filter nests {groups} brackets at a length of {len(text)} characters, deeper "
            "than is read at that length. Write it in CQL2 JSON, or with fewer brackets"
        )


class _Bracket(NamedTuple):
    """An open bracket: its place, what is chained before it, whether it groups conditions."""

    position: int
    chained: int
    grouping: bool


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            child
            for one in level
            if isinstance(one, dict | list)
            for child in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise QueryNotValid(f"The filter nests deeper than {DEEPEST}")


def _placed(told: str) -> str:
    place, expected = _PLACE.search(told), _EXPECTED.search(told)
    if place is None:
        return f"The filter is no CQL2 text: {_short(told)}"
    why = f": {_short(expected[1])}" if expected else ""
    return f"The filter is no CQL2 text at line {place[1]}, column {place[2]}{why}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 200 else f"{text[:200]} ..."


def _wrong(value: Any, why: str) -> QueryNotValid:
    return QueryNotValid(f"In {_shown(value)}: {why}")


def _shown(value: Any) -> str:
    try:
        return f"`{_short(cql2.Expr(value).to_text())}`"
    except Exception:  # noqa: BLE001 - it raises nothing more exact
        return f"`{_short(json.dumps(value, ensure_ascii=False, default=str))}`"


def _read(value: Any) -> Node:
    if sum(1 for _ in _parts(value)) > MOST_PARTS:
        raise QueryNotValid(f"The filter has more than {MOST_PARTS} parts. Ask in parts")
    return _node(value)


def _parts(value: Any) -> Iterator[Any]:
    """All parts, those of geometries left aside (they are counted by position)."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        yield one
        if isinstance(one, dict) and "coordinates" not in one and "geometries" not in one:
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _node(value: Any) -> Node:
    if isinstance(value, bool):
        return And(()) if value else Or(())
    if not isinstance(value, dict):
        raise _wrong(value, "this is no condition")
    if "property" in value:
        return Compare(_path(value), "=", True)
    operator, args = str(value.get("op")), value.get("args")
    if not isinstance(args, list):
        raise _wrong(value, "this is no condition")
    name = operator.lower()
    if name in ("and", "or"):
        parts = tuple(map(_node, args))
        return And(parts) if name == "and" else Or(parts)
    for names, (number, read) in _READERS.items():
        if name in names:
            if len(args) != number:
                raise _wrong(value, f"{operator} takes {_many(number)}, not {len(args)}")
            return read(value, name, args)
    if name in "+-*/%^" or name == "div":
        raise _wrong(value, ARITHMETIC)
    raise _wrong(value, f"there is no operator or function {_short(operator)!r} here")


def _many(number: int) -> str:
    return f"{number} operand{'s' if number > 1 else ''}"


def _lineage(value: Any, name: str, args: list[Any]) -> Node:
    part = _node(args[0])
    if mentions_relatives(part):
        raise _wrong(
            value,
            f"{_LINEAGE} do not stand within each other; each looks at any distance. Ask for the "
            "inner one first, and for what it finds by id",
        )
    return Related("ancestor" if name == "ancestor" else "descendant", part)


def _not(value: Any, name: str, args: list[Any]) -> Node:
    return Not(_node(args[0]))


# comparison


def _comparison(value: Any, name: str, args: list[Any]) -> Node:
    operator = next(one for one in COMPARISONS if one == name)
    left, right = args
    if _is_property(right) and not _is_property(left):
        left, right, operator = right, left, _TURNED[operator]
    if _is_property(left) and _is_property(right):
        raise _wrong(value, "two properties cannot be compared, only a property and a constant")
    path, folding = _folded_path(left)
    return Compare(path, operator, _constant(right, folding, value), folding)


def _between(value: Any, name: str, args: list[Any]) -> Node:
    path, folding = _folded_path(args[0])
    low, high = (_constant(one, folding, value) for one in args[1:])
    return And((Compare(path, ">=", low, folding), Compare(path, "<=", high, folding)))


def _in(value: Any, name: str, args: list[Any]) -> Node:
    path, folding = _folded_path(args[0])
    if not isinstance(args[1], list):
        raise _wrong(value, "what follows IN must be a list")
    return Among(path, tuple(_constant(one, folding, value) for one in args[1]), folding)


def _like(value: Any, name: str, args: list[Any]) -> Node:
    path, folding = _folded_path(args[0])
    text = _constant(args[1], folding, value)
    if not isinstance(text, str):
        raise _wrong(value, "the pattern of LIKE must be a text")
    return Like(path, _pattern(text), folding)


def _pattern(text: str) -> tuple[str | Any, ...]:
    r"""Read a pattern: ``%`` any run, ``_`` any one character, ``\`` before either as it is."""
    parts: list[str | Any] = []
    for found in re.finditer(r"\\(.)|(%+)|(_)|([^\\%_]+|\\)", text, re.DOTALL):
        escaped, run, one, plain = found.groups()
        parts.append(None if run else 1 if one else escaped if escaped is not None else plain)
    return tuple(parts)


def _is_null(value: Any, name: str, args: list[Any]) -> Node:
    if not (isinstance(args[0], dict) and "property" in args[0]):
        raise _wrong(value, "only a property can be NULL")
    return IsNull(_path(args[0]))


def _is_property(value: Any) -> bool:
    while isinstance(value, dict) and _folds(value):
        value = value["args"][0]
    return isinstance(value, dict) and "property" in value


def _folds(value: dict[str, Any]) -> bool:
    args = value.get("args")
    named = str(value.get("op")).lower() in ("casei", "accenti")
    return named and isinstance(args, list) and len(args) == 1


def _unfolded(value: Any) -> tuple[Any, Folding]:
    named: set[str] = set()
    while isinstance(value, dict) and _folds(value):
        named.add(value["op"].lower())
        value = value["args"][0]
    if len(named) == 2:
        return value, "both"
    return value, ("case" if "casei" in named else "accents" if named else "")


def _folded_path(value: Any) -> tuple[Path, Folding]:
    inner, folding = _unfolded(value)
    if not (isinstance(inner, dict) and "property" in inner):
        operator = inner.get("op") if isinstance(inner, dict) else None
        if operator in ("+", "-", "*", "/", "%", "^", "div"):
            raise _wrong(
                value,
                ARITHMETIC,
            )
        if str(operator).lower() in FUNCTIONS:
            raise _wrong(
                value, f"{operator} is a condition itself: write it alone, or NOT before it"
            )
        if operator:
            raise _wrong(value, f"there is no function {_short(str(operator))!r} here")
        raise _wrong(value, "one side must be a property")
    return _path(inner), folding


def _path(value: dict[str, Any]) -> Path:
    name = value["property"]
    if not isinstance(name, str) or not name:
        raise _wrong(value, "the name of a property is a text that is not empty")
    return path_of(name)


def _constant(value: Any, folding: Folding, whole: Any) -> Value:
    inner, own = _unfolded(value)
    if isinstance(inner, str):
        text = fold(inner, own) if own else inner
        if folding and fold(text, folding) != text:
            raise _wrong(whole, f"write CASEI or ACCENTI around {_short(inner)!r}, too")
        return text
    if own or folding:
        raise _wrong(whole, "CASEI and ACCENTI are for texts")
    if isinstance(inner, bool):
        return inner
    if isinstance(inner, int | float):
        if not math.isfinite(inner):
            raise _wrong(whole, "a number is out of range")
        return inner
    if inner is None:
        raise _wrong(whole, "nothing is equal to NULL; write IS NULL")
    if isinstance(inner, dict) and ("timestamp" in inner or "date" in inner):
        return _instant(inner, whole)
    raise _wrong(whole, f"{_shown(inner)} is no constant to compare with")


def _instant(value: dict[str, Any], whole: Any) -> datetime:
    text = value.get("timestamp", value.get("date"))
    found = moment(text)
    if found is None or ("date" in value) is not (len(str(text)) == 10):
        raise _wrong(whole, f"{text!r} is no date, or date and time (RFC 3339)")
    return found


# places


def _spatial(value: Any, name: str, args: list[Any]) -> Node:
    relation, turned = _SPATIAL[name]
    left, right = args
    if _is_property(right):
        left, right, relation = right, left, turned
    if not _is_property(left) or _is_property(right):
        raise _wrong(value, "one operand must be the property geometry, the other a constant")
    if _path(left) != GEOMETRY:
        raise _wrong(value, "the only geometry of an item is the property geometry")
    return Spatial(relation, shapely.to_wkb(_geometry(right, value)))


def _geometry(value: Any, whole: Any) -> BaseGeometry:
    if not isinstance(value, dict):
        raise _wrong(whole, "a geometry must stand here")
    if "bbox" in value:
        return _box(value["bbox"], whole)
    try:
        found: BaseGeometry = shapely.force_2d(shape(value))
    except (ShapelyError, ValueError, TypeError, AttributeError, KeyError, IndexError):
        raise _wrong(whole, "the geometry cannot be read") from None
    if found.is_empty:
        raise _wrong(whole, "the geometry is empty")
    if shapely.get_num_coordinates(found) > MOST_POSITIONS:
        raise QueryNotValid(f"A geometry has more than {MOST_POSITIONS} positions. Simplify it")
    _check_range(found.bounds, whole)
    if not found.is_valid:
        raise _wrong(whole, f"the geometry is not valid: {shapely.is_valid_reason(found)}")
    return found


def _box(numbers: Any, whole: Any) -> BaseGeometry:
    if not isinstance(numbers, list) or len(numbers) not in (4, 6):
        raise _wrong(whole, "a box has 4 or 6 numbers")
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers):
        raise _wrong(whole, "a box has 4 or 6 numbers")
    half = len(numbers) // 2
    west, south, east, north = (float(numbers[i]) for i in (0, 1, half, half + 1))
    _check_range((west, south, east, north), whole)
    if south > north:
        raise _wrong(whole, "the box's south is north of its north")
    if west <= east:
        return _upright(west, south, east, north)
    return shapely.union_all(
        [_upright(west, south, 180.0, north), _upright(-180.0, south, east, north)]
    )


def _upright(west: float, south: float, east: float, north: float) -> BaseGeometry:
    if west == east and south == north:
        return shapely.Point(west, south)
    if west == east or south == north:
        return shapely.LineString([(west, south), (east, north)])
    found: BaseGeometry = box(west, south, east, north)
    return found


def _check_range(bounds: tuple[float, float, float, float], whole: Any) -> None:
    west, south, east, north = bounds
    inside = all(-180 <= x <= 180 for x in (west, east)) and all(
        -90 <= y <= 90 for y in (south, north)
    )
    if not inside:  # true of NaN and infinity, too
        raise _wrong(whole, "a position is not in longitude and latitude")


# times


def _temporal(value: Any, name: str, args: list[Any]) -> Node:
    relation, turned = _TEMPORAL[name]
    left, right = args
    if _names_property(right):
        left, right, relation = right, left, turned
    if not _names_property(left) or _names_property(right):
        raise _wrong(
            value, "one operand must be a property or an interval of two, the other constant"
        )
    start, end = _span(right, value)
    if "property" in left:
        return Temporal(relation, start, end, _path(left))
    ends = left["interval"]
    if not isinstance(ends, list) or len(ends) != 2 or not all(map(_is_property, ends)):
        raise _wrong(value, "an interval is of two properties, or of two constants")
    return Temporal(relation, start, end, _path(ends[0]), _path(ends[1]))


def _names_property(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    ends = value.get("interval")
    return "property" in value or (isinstance(ends, list) and any(map(_is_property, ends)))


def _span(value: Any, whole: Any) -> tuple[datetime | None, datetime | None]:
    if isinstance(value, dict) and ("timestamp" in value or "date" in value):
        found = _instant(value, whole)
        return found, found + _DAY if "date" in value else found
    ends = value.get("interval") if isinstance(value, dict) else None
    if not isinstance(ends, list) or len(ends) != 2:
        raise _wrong(whole, "a time must stand here: TIMESTAMP, DATE or INTERVAL")
    start, end = (_end(one, whole) for one in ends)
    first = None if start is None else start[0]
    last = None if end is None else end[1]
    if first is not None and last is not None and first > last:
        raise _wrong(whole, "the interval ends before it starts")
    return first, last


def _end(value: Any, whole: Any) -> tuple[datetime, datetime] | None:
    """One end of an interval: the first and the last moment that it means."""
    if isinstance(value, dict):
        value = value.get("timestamp", value.get("date"))
    if value == "..":
        return None
    found = moment(value)
    if found is None:
        raise _wrong(
            whole, f"{_short(str(value))!r} is no date, or date and time (RFC 3339), nor '..'"
        )
    return found, found + _DAY if len(value) == 10 else found


# arrays


def _array(value: Any, name: str, args: list[Any]) -> Node:
    left, right = args
    if isinstance(left, list) and _is_property(right):
        left, right = right, left
        name = {"a_contains": "a_containedby", "a_containedby": "a_contains"}.get(name, name)
    if not (isinstance(left, dict) and "property" in left) or not isinstance(right, list):
        raise _wrong(value, "one operand must be a property, the other a list of constants")
    path = _path(left)
    values = tuple(_element(one, value) for one in right)
    if name == "a_contains":
        return Contains(path, values, every=True)
    if name == "a_overlaps":
        return Contains(path, values, every=False)
    if name == "a_containedby":
        return Within(path, values)
    if not values:
        return IsEmpty(path)
    return And((Contains(path, values, every=True), Within(path, values)))


def _element(value: Any, whole: Any) -> Scalar:
    found = _constant(value, "", whole)
    if isinstance(found, datetime):
        raise _wrong(whole, "arrays hold texts, numbers and truth values, not times")
    return found


_READERS: Final[dict[frozenset[str], tuple[int, Callable[[Any, str, list[Any]], Node]]]] = {
    frozenset({"not"}): (1, _not),
    frozenset(COMPARISONS): (2, _comparison),
    frozenset({"between"}): (3, _between),
    frozenset({"in"}): (2, _in),
    frozenset({"like"}): (2, _like),
    frozenset({"isnull"}): (1, _is_null),
    frozenset(_SPATIAL): (2, _spatial),
    frozenset(_TEMPORAL): (2, _temporal),
    frozenset(FUNCTIONS): (1, _lineage),
    frozenset({"a_equals", "a_contains", "a_containedby", "a_overlaps"}): (2, _array),
}
"""By the operators in lower case: how many operands they have, and who reads them."""
