"""The JSON filter of the DaFab catalogue to the tree.

Its language is what its public client sends (dafab-client 4.0.0).  A missing member, a JSON
null, and a value of another kind fulfil neither a test nor its negation; JSON null is found
by ``isNull`` and by ``equals`` with null.  ``date`` compares moments, ``string`` (and a text
without a type) compares texts.

Of a DID (``on: "did"``) the name, the type and the scope are known.  An item's DID is a
container by the name of the item.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, Final

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.search.exact import moment, truth
from dafab_kg.search.tree import (
    Among,
    And,
    Compare,
    Contains,
    IsEmpty,
    IsNull,
    Like,
    Node,
    Not,
    Operator,
    Or,
    Path,
    Related,
    Sort,
    Value,
)

MOST_BYTES: Final = 32 * 1024
MOST_NODES: Final = 256
DEEPEST: Final = 32
MOST_SEGMENTS: Final = 64
HIGHEST_POSITION: Final = 2**31 - 1
MOST_VALUES: Final = 256
LONGEST_TEXT: Final = 4096

DID_TYPE: Final = "CONTAINER"
"""The type of every item's DID."""
SCOPE: Final = "dafab"
DID_FIELDS: Final = frozenset({"name", "did_type", "scope"})
DOCUMENT: Final = "document"
DID: Final = "did"
"""Members of what a filter is true of that is read for DIDs of all kinds."""

_LOGICAL: Final = frozenset({"type", "combinator", "filters", "inherited"})
_COMPARISON: Final = frozenset(
    {"type", "path", "comparator", "value", "valueType", "on", "inherited"}
)
_TYPES: Final = {
    "string": "string",
    "date": "date",
    "number": "number",
    "numeric": "number",
    "integer": "integer",
    "int": "integer",
    "boolean": "boolean",
    "bool": "boolean",
    "array": "array",
}
_ORDERS: Final[dict[str, Operator]] = {
    "equals": "=",
    "equal": "=",
    "notEquals": "<>",
    "lessThan": "<",
    "lessThanOrEqual": "<=",
    "greaterThan": ">",
    "greaterThanOrEqual": ">=",
}
_OF_ARRAYS: Final = frozenset({"contains", "containsAny", "containsAll", "isEmpty", "isNotEmpty"})
_OF_LISTS: Final = frozenset({"in", "containsAny", "containsAll"})
_WITHOUT_VALUE: Final = frozenset({"isNull", "isNotNull", "isEmpty", "isNotEmpty"})
_PATTERNS: Final = frozenset({"like", "notLike"})
_UNKNOWN: Final = IsNull(("\0",), missing_is_null=False)
"""Of nothing it is known: no member has this name."""
_COMPARATORS: Final = _OF_ARRAYS | _OF_LISTS | _WITHOUT_VALUE | _PATTERNS | frozenset(_ORDERS)


def read_filter(value: Any, *, scope: str = SCOPE, of_dids: bool = False) -> Node:
    """Read a filter, as a JSON reader gave it.

    It is true of items of a scope, or (``of_dids``) of objects with the members ``document``
    and ``did``: the JSON of a DID, and its fields.

    Raises:
        QueryNotValid: beyond a limit, or not understood, with the JSON Pointer of the part.
    """
    _check_size(value)
    reader = _Reader(scope, of_dids=of_dids)
    return reader.node(value, "", 1, inherited=False)


def read_sort(value: Any) -> Sort:
    """Read the order of a search: exactly ``path``, ``valueType`` and ``direction``.

    Raises:
        QueryNotValid: it is no such object.
    """
    if not isinstance(value, dict) or set(value) != {"path", "valueType", "direction"}:
        raise _wrong("/sort", "an order has exactly the members path, valueType and direction")
    kind = _TYPES.get(str(value["valueType"]).lower())
    if kind is None or kind == "array":
        raise _wrong("/sort/valueType", f"there is no order by {_short(value['valueType'])}")
    if value["direction"] not in ("asc", "desc"):
        raise _wrong("/sort/direction", "a direction is asc or desc")
    return Sort(_path(value["path"], "/sort/path"), value["direction"] == "desc")


class _Reader:
    """Reads one filter; counts its nodes."""

    def __init__(self, scope: str, *, of_dids: bool) -> None:
        self._nodes = 0
        self._scope, self._of_dids = scope, of_dids

    def node(self, value: Any, where: str, depth: int, *, inherited: bool) -> Node:
        if not isinstance(value, dict):
            raise _wrong(where, "a filter is an object")
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise _wrong(where, f"a filter has at most {MOST_NODES} nodes")
        if depth > DEEPEST:
            raise _wrong(where, f"a filter is at most {DEEPEST} deep")
        marked = value.get("inherited", False)
        if not isinstance(marked, bool):
            raise _wrong(f"{where}/inherited", "inherited is true or false")
        if marked and inherited:
            raise _wrong(f"{where}/inherited", "inherited stands within another inherited")
        kind = value.get("type")
        if kind == "logical":
            found = self._logical(value, where, depth, inherited or marked)
        elif kind == "comparison":
            found = self._comparison(value, where)
        else:
            raise _wrong(f"{where}/type", f"a type is logical or comparison, not {_short(kind)}")
        return Related("ancestor", found) if marked else found

    def _logical(self, value: dict[str, Any], where: str, depth: int, inherited: bool) -> Node:
        _check_members(value, _LOGICAL, where)
        filters = value.get("filters")
        if not isinstance(filters, list) or not filters:
            raise _wrong(f"{where}/filters", "filters is a list that is not empty")
        parts = tuple(
            self.node(one, f"{where}/filters/{number}", depth + 1, inherited=inherited)
            for number, one in enumerate(filters)
        )
        match value.get("combinator"):
            case "and":
                return And(parts)
            case "or":
                return Or(parts)
            case "not":
                if len(parts) != 1:
                    raise _wrong(f"{where}/filters", "not takes exactly one filter")
                return Not(parts[0])
            case other:
                raise _wrong(
                    f"{where}/combinator", f"a combinator is and, or, not: {_short(other)}"
                )

    def _comparison(self, value: dict[str, Any], where: str) -> Node:
        _check_members(value, _COMPARISON, where)
        comparator = value.get("comparator")
        if not isinstance(comparator, str) or comparator not in _COMPARATORS:
            raise _wrong(f"{where}/comparator", f"there is no comparator {_short(comparator)}")
        kind = _kind(value, comparator, where)
        path = _path(value.get("path"), f"{where}/path")
        given = _value(value, comparator, kind, where)
        on = value.get("on", "document")
        if on == "document":
            return _test((DOCUMENT, *path) if self._of_dids else path, comparator, given)
        if on != "did":
            raise _wrong(f"{where}/on", f"on is document or did, not {_short(on)}")
        if comparator in _OF_ARRAYS:
            why = f"{comparator} is not for a DID, which has no arrays"
            raise _wrong(f"{where}/comparator", why)
        if len(path) != 1 or path[0] not in DID_FIELDS:
            known = ", ".join(sorted(DID_FIELDS))
            raise _wrong(f"{where}/path", f"of a DID {known} are known here: {_short(path[0])}")
        if self._of_dids:
            return _test((DID, *path), comparator, given)
        if path == ("name",):
            return _test(("id",), comparator, given)
        constant = DID_TYPE if path == ("did_type",) else self._scope
        fulfilled = truth(_test(path, comparator, given), {path[0]: constant})
        return _UNKNOWN if fulfilled is None else And(()) if fulfilled else Or(())


def _kind(value: dict[str, Any], comparator: str, where: str) -> str | None:
    told = value.get("valueType")
    if told is None and "valueType" not in value:
        return None
    kind = _TYPES.get(told.lower()) if isinstance(told, str) else None
    place = f"{where}/valueType"
    if kind is None:
        raise _wrong(place, f"there is no value type {_short(told)}")
    if comparator in _PATTERNS and kind != "string":
        raise _wrong(place, f"{comparator} is for string only")
    if kind == "array" and comparator not in _OF_LISTS | _WITHOUT_VALUE:
        raise _wrong(place, f"array is not for {comparator}")
    return kind


def _value(
    value: dict[str, Any], comparator: str, kind: str | None, where: str
) -> Value | tuple[Value, ...] | None:
    place = f"{where}/value"
    if comparator in _WITHOUT_VALUE:
        if "value" in value:
            raise _wrong(place, f"{comparator} takes no value")
        return None
    if "value" not in value:
        raise _wrong(place, f"{comparator} needs a value")
    given = value["value"]
    if comparator in _OF_LISTS:
        if not isinstance(given, list):
            raise _wrong(place, f"{comparator} needs a list of values")
        if len(given) > MOST_VALUES:
            raise _wrong(place, f"a list has at most {MOST_VALUES} values")
        typed = None if kind == "array" else kind
        of_arrays = comparator in _OF_ARRAYS
        return tuple(
            _scalar(one, typed, f"{place}/{number}", moments=not of_arrays)
            for number, one in enumerate(given)
        )
    if given is None:
        if comparator not in ("equals", "equal", "notEquals"):
            raise _wrong(place, f"null is not for {comparator}; use isNull")
        return None
    found = _scalar(given, kind, place, moments=comparator not in _OF_ARRAYS)
    if comparator in _PATTERNS and not isinstance(found, str):
        raise _wrong(place, f"{comparator} needs a text")
    return found


def _scalar(given: Any, kind: str | None, where: str, *, moments: bool) -> Value:
    if isinstance(given, str):
        if len(given) > LONGEST_TEXT:
            raise _wrong(where, f"a text has at most {LONGEST_TEXT} characters")
        if kind in ("number", "integer", "boolean"):
            raise _wrong(where, f"this is no {kind}")
        if kind != "date" or not moments:
            return given
        found = moment(given)
        if found is None:
            raise _wrong(where, f"{_short(given)} is no date, or date and time (RFC 3339)")
        return found
    if isinstance(given, bool):
        if kind not in (None, "boolean"):
            raise _wrong(where, f"this is no {kind}")
        return given
    if isinstance(given, int | float):
        if kind in ("string", "date", "boolean"):
            raise _wrong(where, f"this is no {kind}")
        if kind == "integer" and given != math.floor(given):
            raise _wrong(where, "this is no integer")
        return given
    raise _wrong(where, "a value is a text, a number, true or false")


def _test(path: Path, comparator: str, given: Any) -> Node:
    null = IsNull(path, missing_is_null=False)
    if comparator in _ORDERS:
        operator = _ORDERS[comparator]
        if given is None:
            return null if operator == "=" else Not(null)
        return Compare(path, operator, given)
    tests: dict[str, Callable[[], Node]] = {
        "in": lambda: Among(path, given),
        "like": lambda: Like(path, _pattern(given)),
        "notLike": lambda: Not(Like(path, _pattern(given))),
        "contains": lambda: Contains(path, (given,), every=True),
        "containsAny": lambda: Contains(path, given, every=False),
        "containsAll": lambda: Contains(path, given, every=True),
        "isNull": lambda: null,
        "isNotNull": lambda: Not(null),
        "isEmpty": lambda: IsEmpty(path),
        "isNotEmpty": lambda: Not(IsEmpty(path)),
    }
    return tests[comparator]()


def _pattern(text: str) -> tuple[Any, ...]:
    """Read a pattern: ``*`` or ``%`` any run, ``?`` any one character."""
    parts = re.findall(r"[*%]+|\?|[^*%?]+", text)
    return tuple(None if part[0] in "*%" else 1 if part == "?" else part for part in parts)


def _path(value: Any, where: str) -> Path:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_SEGMENTS:
        raise _wrong(where, f"a path is a list of 1 to {MOST_SEGMENTS} segments")
    for number, step in enumerate(value):
        if isinstance(step, bool) or not isinstance(step, str | int):
            raise _wrong(f"{where}/{number}", "a segment is a member's name or a position")
        if isinstance(step, int) and not 0 <= step <= HIGHEST_POSITION:
            raise _wrong(f"{where}/{number}", f"a position is 0 to {HIGHEST_POSITION}")
        if isinstance(step, str) and len(step) > LONGEST_TEXT:
            raise _wrong(f"{where}/{number}", f"a text has at most {LONGEST_TEXT} characters")
    return tuple(value)


def _check_members(value: dict[str, Any], known: frozenset[str], where: str) -> None:
    strange = sorted(set(value) - known)
    if strange:
        raise _wrong(where, f"there is no member {_short(strange[0])} here")


def _check_size(value: Any) -> None:
    _check_depth(value)
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(text.encode())
    except UnicodeEncodeError:
        raise _wrong("", "a text holds half of a surrogate pair") from None
    except (ValueError, TypeError):
        raise _wrong("", "it is no JSON: NaN and infinity are none") from None
    if size > MOST_BYTES:
        raise _wrong("", f"it has {size} bytes; at most {MOST_BYTES} are taken")
    if "\\u0000" in text and _holds_nul(value):
        raise _wrong("", "a text holds NUL")


def _check_depth(value: Any) -> None:
    """Refuse what json.dumps would recurse into too deep; a node is two levels of JSON."""
    level = [value]
    for _ in range(4 * DEEPEST):
        level = [
            child
            for one in level
            if isinstance(one, dict | list)
            for child in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise _wrong("", f"a filter is at most {DEEPEST} deep")


def _holds_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any("\0" in key or _holds_nul(one) for key, one in value.items())
    if isinstance(value, list):
        return any(map(_holds_nul, value))
    return isinstance(value, str) and "\0" in value


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:80]}..."


def _wrong(where: str, why: str) -> QueryNotValid:
    return QueryNotValid(f"The filter at {where or 'its top'}: {why}")
