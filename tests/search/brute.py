"""Brute force: what a filter of either language says of one item's JSON.

Written from the languages' texts (OGC 21-065r2; section 4 of the notes on the DaFab client),
with nothing of the code under test: it reads the filters as they are sent.
"""

from __future__ import annotations

import fnmatch
import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import shapely
from shapely.geometry import box, shape

NOWHERE = object()
TOP = {"id", "collection", "geometry", "bbox", "type", "stac_version", "assets", "links"}
TOP |= {"stac_extensions"}


def kind(value: Any) -> str:
    names = {bool: "boolean", int: "number", float: "number", str: "text", list: "array"}
    return names.get(type(value), "other")


def instant(text: Any) -> datetime | None:
    """RFC 3339; a date is its first moment, and a time without zone is in UTC."""
    if not isinstance(text, str):
        return None
    day = re.match(r"^(\d{4})-(\d{2})-(\d{2})$", text)
    full = re.match(
        r"^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(\.\d+)?(Z|([+-])(\d{2}):?(\d{2}))?$",
        text.upper(),
    )
    try:
        if day:
            return datetime(*map(int, day.groups()), tzinfo=UTC)
        if not full:
            return None
        found = datetime(*map(int, full.groups()[:6]), tzinfo=UTC)
    except ValueError:
        return None
    if full[7]:
        found += timedelta(microseconds=int(full[7][1:7].ljust(6, "0")))
    if full[9]:
        shift = timedelta(hours=int(full[10]), minutes=int(full[11]))
        found = found - shift if full[9] == "+" else found + shift
    return found


def every(parts: Iterable[bool | None]) -> bool | None:
    parts = list(parts)
    return False if False in parts else None if None in parts else True


def some(parts: Iterable[bool | None]) -> bool | None:
    parts = list(parts)
    return True if True in parts else None if None in parts else False


def order(left: Any, operator: str, right: Any) -> bool:
    below, same = left < right, left == right
    return {
        "=": same,
        "<>": not same,
        "<": below,
        "<=": below or same,
        ">": not below and not same,
        ">=": not below,
    }[operator]


# CQL2 JSON


def member(item: Any, name: str) -> Any:
    if name in TOP:
        return item.get(name, NOWHERE)
    found = item.get("properties", {})
    for step in name.split("."):
        if not isinstance(found, dict) or step not in found:
            return NOWHERE
        found = found[step]
    return found


def plain(text: str, operators: list[str]) -> str:
    if "casei" in operators:
        text = text.casefold()
    if "accenti" in operators:
        text = unicodedata.normalize("NFD", text)
        text = "".join(c for c in text if unicodedata.category(c) != "Mn")
    return text


def unwrapped(value: Any) -> tuple[Any, list[str]]:
    if isinstance(value, dict) and value.get("op") in ("casei", "accenti"):
        inner, operators = unwrapped(value["args"][0])
        return inner, [*operators, value["op"]]
    return value, []


def compare(item: Any, operator: str, left: Any, right: Any) -> bool | None:
    named, operators = unwrapped(left)
    constant, others = unwrapped(right)
    found = member(item, named["property"])
    if found is NOWHERE or found is None:
        return None
    if isinstance(constant, dict):
        moment = instant(found)
        other = instant(constant.get("timestamp", constant.get("date")))
        return None if moment is None else order(moment, operator, other)
    if kind(found) != kind(constant) or kind(found) in ("array", "other"):
        return None
    if isinstance(constant, str):
        return order(plain(found, operators), operator, plain(constant, others))
    if isinstance(constant, bool):
        return order(found, operator, constant)
    return order(float(found), operator, float(constant))


def like(text: str, pattern: str, wide: str, one: str, escape: str = "") -> bool:
    written, position = "", 0
    while position < len(pattern):
        char = pattern[position]
        if char == escape and position + 1 < len(pattern):
            position += 1
            written += re.escape(pattern[position])
        elif char in wide:
            written += ".*"
        else:
            written += "." if char == one else re.escape(char)
        position += 1
    return re.fullmatch(written, text, re.DOTALL) is not None


Relatives = Callable[[str], Iterable[Any]]
"""The documents of an item's relatives: "ancestor" or "descendant"."""


def nobody(side: str) -> list[Any]:
    return []


def cql2(value: Any, item: Any, relatives: Relatives = nobody) -> bool | None:
    """The truth of CQL2 JSON."""
    if isinstance(value, bool):
        return value
    operator, args = value["op"], value["args"]
    if operator == "and":
        return every(cql2(one, item, relatives) for one in args)
    if operator == "or":
        return some(cql2(one, item, relatives) for one in args)
    if operator in ("ancestor", "descendant"):
        return any(cql2(args[0], one) is True for one in relatives(operator))
    if operator == "not":
        inner = cql2(args[0], item, relatives)
        return None if inner is None else not inner
    if operator in ("=", "<>", "<", "<=", ">", ">="):
        if "property" not in json.dumps(args[0]):
            operator = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(operator, operator)
            args = args[::-1]
        return compare(item, operator, *args)
    if operator == "between":
        return every((compare(item, ">=", *args[:2]), compare(item, "<=", args[0], args[2])))
    if operator == "in":
        return some(compare(item, "=", args[0], one) for one in args[1])
    if operator == "isNull":
        found = member(item, args[0]["property"])
        return found is NOWHERE or found is None
    if operator == "like":
        named, operators = unwrapped(args[0])
        pattern, others = unwrapped(args[1])
        found = member(item, named["property"])
        if not isinstance(found, str):
            return None
        return like(plain(found, operators), plain(pattern, others), "%", "_", "\\")
    if operator.startswith("s_"):
        return spatial(operator[2:], args[1], item)
    if operator.startswith("t_"):
        return temporal(operator[2:], args, item)
    found = member(item, args[0]["property"])
    if not isinstance(found, list):
        return None
    here = {json.dumps(float(one) if kind(one) == "number" else one) for one in found}
    there = {json.dumps(float(one) if kind(one) == "number" else one) for one in args[1]}
    return {
        "a_equals": here == there,
        "a_contains": here >= there,
        "a_containedBy": here <= there,
        "a_overlaps": bool(here & there),
    }[operator]


def spatial(relation: str, constant: Any, item: Any) -> bool | None:
    if not item.get("geometry"):
        return None
    mine = shape(item["geometry"])
    other = box(*constant["bbox"]) if "bbox" in constant else shape(constant)
    return bool(getattr(shapely, relation)(mine, other))


def temporal(relation: str, args: list[Any], item: Any) -> bool | None:
    if "interval" in args[0]:
        names = [one["property"] for one in args[0]["interval"]]
    else:
        names = [args[0]["property"]] * 2
    a, b = (instant(member(item, name)) for name in names)
    if a is None or b is None:
        return None
    if "interval" in args[1]:
        c, d = args[1]["interval"]
        c = instant(c) if c != ".." else datetime.min.replace(tzinfo=UTC)
        d = instant(d) if d != ".." else datetime.max.replace(tzinfo=UTC)
    else:
        c = d = instant(args[1]["timestamp"])
    return {
        "after": a > d,
        "before": b < c,
        "contains": a < c and d < b,
        "during": c < a and b < d,
        "disjoint": b < c or d < a,
        "intersects": not (b < c or d < a),
        "equals": a == c and b == d,
        "finishedBy": a < c and b == d,
        "finishes": c < a and b == d,
        "meets": b == c,
        "metBy": a == d,
        "overlappedBy": c < a < d < b,
        "overlaps": a < c < b < d,
        "startedBy": a == c and d < b,
        "starts": a == c and b < d,
    }[relation]


# the DaFab filter


def dafab(value: Any, item: Any, ancestors: list[Any]) -> bool | None:
    """The truth of a DaFab filter."""
    if value.get("inherited"):
        bare = {name: one for name, one in value.items() if name != "inherited"}
        return any(dafab(bare, one, []) is True for one in ancestors)
    if value["type"] == "logical":
        parts = [dafab(one, item, ancestors) for one in value["filters"]]
        if value["combinator"] == "not":
            return None if parts[0] is None else not parts[0]
        return every(parts) if value["combinator"] == "and" else some(parts)
    if value.get("on") == "did":
        item = {"name": item["id"], "did_type": "CONTAINER"}
    found = item
    for step in value["path"]:
        inside = found.keys() if isinstance(found, dict) else ()
        if isinstance(found, list) and isinstance(step, int):
            inside = range(len(found))
        if step not in inside:
            return None
        found = found[step]
    return dafab_test(found, value["comparator"], value.get("value"), value.get("valueType", ""))


def dafab_test(found: Any, comparator: str, given: Any, typed: str) -> bool | None:
    asks_null = comparator in ("equals", "equal", "notEquals") and given is None
    if comparator in ("isNull", "isNotNull") or asks_null:
        return (found is None) is not comparator.startswith(("isNot", "notE"))
    if found is None:
        return None
    if comparator in ("isEmpty", "isNotEmpty"):
        return (found == []) is (comparator == "isEmpty") if isinstance(found, list) else None
    if comparator in ("contains", "containsAny", "containsAll"):
        if not isinstance(found, list):
            return None
        wanted = [given] if comparator == "contains" else given
        held = [any(same(one, other, "") for other in found) for one in wanted]
        return any(held) if comparator == "containsAny" else all(held)
    if comparator == "in":
        return some(same(one, found, typed) for one in given)
    if comparator in ("like", "notLike"):
        if not isinstance(found, str):
            return None
        # brackets are a class to fnmatch, and a character here
        pattern = given.replace("[", "[[]").replace("%", "*")
        return fnmatch.fnmatchcase(found, pattern) is (comparator == "like")
    if typed.lower() == "date":
        moment = instant(found)
        if moment is None:
            return None
        found, given = moment, instant(given)
    elif kind(found) != kind(given) or kind(found) in ("array", "other"):
        return None
    sign = {
        "equals": "=",
        "equal": "=",
        "notEquals": "<>",
        "lessThan": "<",
        "lessThanOrEqual": "<=",
        "greaterThan": ">",
        "greaterThanOrEqual": ">=",
    }[comparator]
    return order(found, sign, given)


def same(one: Any, other: Any, typed: str) -> bool | None:
    if typed.lower() == "date":
        moment = instant(other)
        return None if moment is None else moment == instant(one)
    if kind(one) != kind(other) or kind(one) in ("array", "other"):
        return None
    return bool(one == other)
