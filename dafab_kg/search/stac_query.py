"""The STAC API's own filter, a JSON object: the Query extension 1.0.0-rc.1 ("STACQL").

``{"eo:cloud_cover": {"gte": 0, "lt": 10}, "platform": {"in": ["landsat-8"]}}``: all must hold.
Names are those of CQL2 here (:func:`dafab_kg.search.names.path_of`), and so is the rule for
what is missing: no test of it holds, ``neq`` neither.  Texts are compared by code points, case
and all; as times or numbers where the ontology says that the property holds such.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from dafab_kg.model.documents import escape_pointer
from dafab_kg.model.errors import QueryNotValid
from dafab_kg.model.names import DEFAULT_BASE
from dafab_kg.search.exact import moment
from dafab_kg.search.names import held, path_of
from dafab_kg.search.tree import (
    Among,
    And,
    Compare,
    Contains,
    IsNull,
    Like,
    Node,
    Not,
    Operator,
    Or,
    Path,
    Scalar,
    Value,
)

MOST_TESTS: Final = 200
MOST_VALUES: Final = 1_000
MOST_CHARACTERS: Final = 4_096
"""Bounds of one query: tests, values of ``in``, characters of a text."""
_NUMBER: Final = re.compile(r"[+-]?\d{1,30}(?:\.\d{1,30})?", re.ASCII)
_COMPARISONS: Final[Mapping[str, Operator]] = {
    **{"eq": "=", "neq": "<>", "lt": "<"},
    **{"lte": "<=", "gt": ">", "gte": ">="},
}


def read_query(query: Any) -> Node:
    """Read a query; numbers are as a JSON reader gives them.

    Raises:
        QueryNotValid: it is none, or beyond a bound; the JSON Pointer of the part is told.
    """
    if not isinstance(query, dict):
        raise QueryNotValid("The query is no JSON object of properties, each with its tests")
    parts: list[Node] = []
    for name, tests in query.items():
        where = f"/{escape_pointer(str(name))}"
        if not isinstance(tests, dict) or not tests:
            raise _bad(where, 'is no object of tests, such as {"lte": 10}')
        if not name or len(name) > MOST_CHARACTERS:
            raise _bad(where[:80], "is no name of a property")
        for operator, value in tests.items():
            parts.append(_test(path_of(name), operator, value, f"{where}/{operator}"))
            if len(parts) > MOST_TESTS:
                raise QueryNotValid(f"The query has more than {MOST_TESTS} tests. Ask in parts")
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _test(path: Path, operator: str, value: Any, where: str) -> Node:
    if operator in _COMPARISONS:
        if value is None and operator in ("eq", "neq"):
            return IsNull(path) if operator == "eq" else Not(IsNull(path))
        return Compare(path, _COMPARISONS[operator], _value(path, value, where))
    if operator == "in":
        if not isinstance(value, list) or len(value) > MOST_VALUES:
            raise _bad(where, f"is no list of at most {MOST_VALUES} values")
        return Among(path, tuple(_value(path, one, where) for one in value))
    if operator in _TEXTS:
        if operator == "contains" and not isinstance(value, str):
            return Contains(path, (_scalar(value, where),), every=True)
        return _TEXTS[operator](path, _text(value, where))
    known = ", ".join((*_COMPARISONS, "in", *_TEXTS))
    raise _bad(where[:200], f"is no operator that there is: {known}")


_TEXTS: Final[Mapping[str, Callable[[Path, str], Node]]] = {
    "startsWith": lambda path, text: Like(path, (text, None)),
    "endsWith": lambda path, text: Like(path, (None, text)),
    "contains": lambda path, text: Or(
        (Like(path, (None, text, None)), Contains(path, (text,), every=True))
    ),
}


def _value(path: Path, value: Any, where: str) -> Value:
    """Read a value; a text that a time or a number is compared with becomes such."""
    found = _scalar(value, where)
    kinds = {one.kind for one in held(path, DEFAULT_BASE) or ()}
    if isinstance(found, str) and "time" in kinds:
        return moment(found) or found
    if isinstance(found, str) and kinds == {"number"} and _NUMBER.fullmatch(found):
        return float(found)
    return found


def _scalar(value: Any, where: str) -> Scalar:
    if isinstance(value, str):
        return _text(value, where)
    if isinstance(value, bool | int | float):
        return value
    raise _bad(where, "is no text, number or truth value")


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise _bad(where, "is no text")
    if len(value) > MOST_CHARACTERS:
        raise _bad(where, f"has more than {MOST_CHARACTERS} characters")
    return value


def _bad(where: str, what: str) -> QueryNotValid:
    return QueryNotValid(f"What stands at {where} of the query {what}")
