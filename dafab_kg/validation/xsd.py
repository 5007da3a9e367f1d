"""Literals by XML Schema 1.1 part 2: which are well formed, and how values compare."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from dafab_kg.store.protocol import Literal, Term

XSD: Final = "http://www.w3.org/2001/XMLSchema#"

_ZONE = r"(?P<zone>Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))?"
_YEAR = r"(?P<year>-?(?:[1-9]\d{3,}|0\d{3}))"
_MONTH = r"(?P<month>0[1-9]|1[0-2])"
_DAY = r"(?P<day>0[1-9]|[12]\d|3[01])"
_CLOCK = (
    r"(?:(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d):(?P<second>[0-5]\d(?:\.\d+)?)"
    r"|(?P<midnight>24:00:00(?:\.0+)?))"
)
_YEARS = r"(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?"
_SECONDS = (
    r"(?:(?P<days>\d+)D)?(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?"
    r"(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII | re.DOTALL)


_FLOAT: Final = _form(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?INF|NaN")
_FORMS: Final = {
    "boolean": _form("true|false|1|0"),
    "decimal": _form(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"),
    "float": _FLOAT,
    "double": _FLOAT,
    "dateTime": _form(f"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}"),
    "date": _form(f"{_YEAR}-{_MONTH}-{_DAY}{_ZONE}"),
    "time": _form(f"{_CLOCK}{_ZONE}"),
    "gYear": _form(f"{_YEAR}{_ZONE}"),
    "gYearMonth": _form(f"{_YEAR}-{_MONTH}{_ZONE}"),
    "gMonthDay": _form(f"--{_MONTH}-{_DAY}{_ZONE}"),
    "gMonth": _form(f"--{_MONTH}{_ZONE}"),
    "gDay": _form(f"---{_DAY}{_ZONE}"),
    "duration": _form(rf"(?P<sign>-)?P(?=\d|T){_YEARS}{_SECONDS}"),
    "yearMonthDuration": _form(rf"(?P<sign>-)?P(?=\d){_YEARS}"),
    "dayTimeDuration": _form(rf"(?P<sign>-)?P(?=\d|T){_SECONDS}"),
    "hexBinary": _form(r"(?:[0-9a-fA-F]{2})*"),
    "base64Binary": _form(
        r"(?:(?:[A-Za-z0-9+/] ?){4})*"
        r"(?:(?:[A-Za-z0-9+/] ?){2}[AEIMQUYcgkosw048] ?=|[A-Za-z0-9+/] ?[AQgw] ?= ?=)?"
    ),
    "language": _form(r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*"),
    "normalizedString": _form(r"[^\t\n\r]*"),
    "token": _form(r"(?:[^\t\n\r ]+(?: [^\t\n\r ]+)*)?"),
    "NMTOKEN": re.compile(r"[-.:\w\u00b7]+"),
    "Name": re.compile(r"[^\W\d][-.:\w\u00b7]*|:[-.:\w\u00b7]*"),
    "NCName": re.compile(r"[^\W\d][-.\w\u00b7]*"),
}
_FORMS["dateTimeStamp"] = _form(_FORMS["dateTime"].pattern[: -len("?")])
_INTEGER: Final = _form(r"[+-]?\d+")
_INTEGERS: Final[dict[str, tuple[int | None, int | None]]] = {
    "integer": (None, None),
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
    "nonNegativeInteger": (0, None),
    "positiveInteger": (1, None),
    "long": (-(2**63), 2**63 - 1),
    "int": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1),
    "byte": (-(2**7), 2**7 - 1),
    "unsignedLong": (0, 2**64 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 2**8 - 1),
}
_MOST_DIGITS: Final = 4000
"""Digits of a number that Python turns to an integer at all."""


@dataclass(frozen=True)
class Value:
    """A point of a value space: only those of one ``kind`` compare.

    ``low`` and ``high`` are equal unless the time zone is unknown (XML Schema
    section 3.3.7.3: up to 14 hours either way); ``exact`` False: a float.
    """

    kind: str
    low: Decimal | str
    high: Decimal | str
    exact: bool = True


def well_formed(lexical: str, datatype: str) -> bool:
    """Tell whether a literal is well typed; a datatype that is not known lets all pass."""
    if not datatype.startswith(XSD):
        return True
    name = datatype[len(XSD) :]
    if name in _INTEGERS:
        low, high = _INTEGERS[name]
        if not _INTEGER.fullmatch(lexical):
            return False
        if low is None and high is None:
            return True
        number = int(lexical) if len(lexical) < _MOST_DIGITS else None
        if number is None:
            return (high is None and lexical[0] != "-") or (low is None and lexical[0] == "-")
        return (low is None or low <= number) and (high is None or number <= high)
    form = _FORMS.get(name)
    if form is None:
        return True
    match = form.fullmatch(lexical)
    if match is None:
        return False
    parts = match.groupdict()
    if parts.get("day") and parts.get("month"):
        year = int(parts.get("year") or 2000)
        return int(parts["day"]) <= _days_in(year, int(parts["month"]))
    return True


def compare(one: Term, other: Term) -> int | None:
    """Return -1, 0 or 1 as SPARQL 1.1 (section 17.3) orders two literals; None if it does not."""
    left, right = value_of(one), value_of(other)
    if left is None or right is None or left.kind != right.kind:
        return None
    if left.kind == "number" and not (left.exact and right.exact):
        return _compare_floats(left, right)
    if left.low == left.high == right.low == right.high:
        return 0
    if left.kind != "text" and (left.low != left.high) == (right.low != right.high):
        return _sign(left.low, right.low)
    if left.high < right.low:  # type: ignore[operator]
        return -1
    if left.low > right.high:  # type: ignore[operator]
        return 1
    return 0 if left == right else None


def value_of(term: Term) -> Value | None:
    """Return the value of a well-typed literal of a type that has an order."""
    if not isinstance(term, Literal) or term.language or not term.datatype.startswith(XSD):
        return None
    name, lexical = term.datatype[len(XSD) :], term.value
    if name == "string":
        return Value("text", lexical, lexical)
    if not well_formed(lexical, term.datatype):
        return None
    if name in _INTEGERS or name == "decimal":
        number = Decimal(lexical)
        return Value("number", number, number)
    if name in ("double", "float"):
        number = Decimal(lexical.replace("INF", "Infinity"))
        return None if number.is_nan() else Value("number", number, number, exact=False)
    if name == "boolean":
        truth = Decimal(lexical in ("true", "1"))
        return Value("boolean", truth, truth)
    if name in _FORMS and "zone" in _FORMS[name].groupindex:
        return _instant("dateTime" if name == "dateTimeStamp" else name, lexical)
    if name == "dayTimeDuration":
        return _span(lexical)
    if name == "yearMonthDuration":
        return _months(lexical)
    return None


def _compare_floats(left: Value, right: Value) -> int:
    return _sign(float(left.low), float(right.low))


def _sign(one: object, other: object) -> int:
    return int(one > other) - int(one < other)  # type: ignore[operator]


def _parts(name: str, lexical: str) -> dict[str, str | None]:
    match = _FORMS[name].fullmatch(lexical)
    assert match is not None
    return match.groupdict()


def _instant(name: str, lexical: str) -> Value:
    parts = _parts(name, lexical)
    year, month, day = (
        int(parts.get(part) or least) for part, least in (("year", 1972), ("month", 1), ("day", 1))
    )
    seconds = Decimal(_days_before(year, month) + day) * 86400
    if parts.get("midnight"):
        seconds += 0 if name == "time" else 86400
    elif parts.get("hour"):
        seconds += int(parts["hour"] or 0) * 3600 + int(parts["minute"] or 0) * 60
        seconds += Decimal(parts["second"] or 0)
    zone = parts["zone"]
    if zone is None:
        return Value(name, seconds - 14 * 3600, seconds + 14 * 3600)
    if zone != "Z":
        minutes = int(zone[1:3]) * 60 + int(zone[4:])
        seconds -= minutes * 60 * (-1 if zone[0] == "-" else 1)
    return Value(name, seconds, seconds)


def _span(lexical: str) -> Value:
    parts = _parts("dayTimeDuration", lexical)
    seconds = Decimal(parts["seconds"] or 0)
    for part, factor in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        seconds += int(parts[part] or 0) * factor
    seconds = -seconds if parts["sign"] else seconds
    return Value("dayTimeDuration", seconds, seconds)


def _months(lexical: str) -> Value:
    parts = _parts("yearMonthDuration", lexical)
    months = Decimal(int(parts["years"] or 0) * 12 + int(parts["months"] or 0))
    months = -months if parts["sign"] else months
    return Value("yearMonthDuration", months, months)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if _is_leap(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _days_before(year: int, month: int) -> int:
    """Days from year 0 of the proleptic Gregorian calendar to the first of a month."""
    last = year - 1
    days = 365 * year + last // 4 - last // 100 + last // 400
    return days + sum(_days_in(year, one) for one in range(1, month))
