"""What a request to the STAC API asks for, read into a search.

Parameters of an address are texts, members of a body JSON; both become the same values
(STAC API 1.0.0, Item Search; OGC 17-069r4, sections 7.15.2 to 7.15.4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import shapely
from flask import Request

from dafab_kg.model.errors import DocumentRejected, QueryNotValid
from dafab_kg.model.geometry import footprint_from_geojson
from dafab_kg.model.plain_json import plain
from dafab_kg.model.strict_json import read_json
from dafab_kg.search import cql2
from dafab_kg.search.free_text import read_free_text, read_terms
from dafab_kg.search.stac_query import read_query
from dafab_kg.search.tree import And, Node, Search, Sort, Spatial, Temporal
from dafab_kg.web.problems import Problem

LIMIT: Final = 10
MOST_NAMES: Final = 1_000
"""Most ids, collections or fields that one request names."""
CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
TITLE: Final = "A parameter is not valid"
Ways = tuple[tuple[str, ...], ...]
DEFAULT_FIELDS: Final[Ways] = (
    *(("type",), ("stac_version",), ("id",), ("collection",), ("geometry",), ("bbox",)),
    *(("links",), ("assets",), ("properties", "datetime")),
)
"""Of which members are left out where a request includes none (Fields extension 1.0.0)."""

_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


@dataclass(frozen=True)
class Asked:
    """A search, and the parameters as they were sent, which the next page repeats."""

    search: Search
    sent: Mapping[str, Any]


def of_address(request: Request, known: Iterable[str]) -> Asked:
    """Read the parameters of an address; ``known`` are the names that the route has.

    Raises:
        Problem: 400, one is not valid, not known, or there twice.
    """
    sent: dict[str, Any] = {}
    for name, given in request.args.lists():
        _check_known(name, known)
        if len(given) > 1:
            raise bad(name, "It is there twice.", "Send it once.")
        sent[name] = given[0]
    values: dict[str, Any] = dict(sent)
    for name in ("ids", "collections"):
        if name in values:
            values[name] = [one for one in values[name].split(",") if one]
    if "bbox" in values:
        values["bbox"] = [_written_number(one, "bbox") for one in values["bbox"].split(",")]
    if "limit" in values:
        values["limit"] = _written_whole(values["limit"])
    if "intersects" in values:
        values["intersects"] = _json(values["intersects"].encode(), "intersects")
    if "sortby" in values:
        values["sortby"] = [_direction(one) for one in values["sortby"].split(",") if one]
    if "fields" in values:
        values["fields"] = _signed(values["fields"])
    if "inferred" in values:
        values["inferred"] = {"true": True, "false": False}.get(values["inferred"])
    if "query" in values:
        values["query"] = _json(values["query"].encode(), "query")
    if values.get("filter-lang") == "cql2-json" and "filter" in values:
        values["filter"] = _json(values["filter"].encode(), "filter")
    return Asked(_search(values), sent)


def of_body(request: Request, known: Iterable[str]) -> Asked:
    """Read the body of a POST, a JSON object; see :func:`of_address`."""
    data = request.get_data(cache=False)
    values = _json(data, "the body") if data.strip() else {}
    if not isinstance(values, dict):
        raise bad("the body", "It is no JSON object.", "Send the parameters as an object.")
    for name in values:
        _check_known(name, known)
    told = {k: v for k, v in values.items() if v is not None or k == "fields"}
    told.setdefault("filter-lang", "cql2-json")
    return Asked(_search(told), values)


def bad(name: str, detail: str, remedy: str) -> Problem:
    """Make the problem of a parameter."""
    where = name if name.startswith("the ") else f"parameter {name}"
    return Problem(400, TITLE, detail, where=where, remedy=remedy)


def _search(values: Mapping[str, Any]) -> Search:
    include, exclude = _fields(values["fields"]) if "fields" in values else ((), ())
    token = values.get("token")
    if token is not None and not isinstance(token, str):
        raise bad("token", "It is no text.", "Follow the link `next` as it is.")
    return Search(
        filter=_filter(values),
        collections=_names(values, "collections"),
        ids=_names(values, "ids"),
        sort=_sorts(values.get("sortby")),
        limit=_limit(values.get("limit", LIMIT)),
        after=token,
        count=True,
        include=include,
        exclude=exclude,
        inferred=_truth(values.get("inferred", False)),
    )


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise bad("inferred", "It is neither true nor false.", "Send one of these.")
    return value


def _filter(values: Mapping[str, Any]) -> Node | None:
    if "bbox" in values and "intersects" in values:
        raise bad("bbox", "There is intersects, too.", "Send one of the two.")
    parts: list[Node] = []
    if "bbox" in values:
        parts.append(Spatial("intersects", box_of(values["bbox"])))
    if "intersects" in values:
        parts.append(Spatial("intersects", _area(values["intersects"])))
    if "datetime" in values:
        start, end = interval_of(values["datetime"])
        parts.append(Temporal("intersects", start, end))
    if "filter" in values:
        parts.append(_cql2(values))
    if "query" in values:
        parts.append(read_query(plain(values["query"])))
    if "q" in values:
        parts.append(_free_text(values["q"]))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _free_text(value: Any) -> Node:
    try:
        if isinstance(value, str):
            return read_free_text(value)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return read_terms(value)
    except QueryNotValid as error:
        raise bad("q", f"{error}.", "See /openapi.json for what it may be.") from error
    raise bad("q", "It is no text, and no list of texts.", "Send the terms to look for as a list.")


def _cql2(values: Mapping[str, Any]) -> Node:
    if values.get("filter-crs", CRS84) != CRS84:
        raise bad("filter-crs", "Another CRS than that of the items.", f"Send {CRS84}.")
    given, language = values["filter"], values.get("filter-lang", "cql2-text")
    if language == "cql2-text" and isinstance(given, str):
        return cql2.read_text(given)
    if language == "cql2-json" and isinstance(given, dict | bool):
        return cql2.read_json(plain(given))
    if language in ("cql2-text", "cql2-json"):
        other = "cql2-json" if language == "cql2-text" else "cql2-text"
        raise bad(
            "filter",
            f"It is read as {language}, and is none.",
            f"Send filter-lang={other} with it if it is that: cql2-text is text, cql2-json JSON.",
        )
    raise bad("filter-lang", "The language is not known.", "Send cql2-text or cql2-json.")


def box_of(value: Any) -> bytes:
    """Return a bounding box of 4 or 6 numbers as WKB; heights are left out.

    One whose west is greater than its east reaches over the antimeridian.
    """
    numbers = isinstance(value, list) and all(
        isinstance(one, int | float | Decimal) and not isinstance(one, bool) for one in value
    )
    if not numbers or len(value) not in (4, 6):
        raise bad("bbox", "It is not 4 or 6 numbers.", "Send west,south,east,north in degrees.")
    half = len(value) // 2
    west, south, east, north = (float(value[i]) for i in (0, 1, half, half + 1))
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise bad(
            "bbox",
            "Its corners are out of range, or the south is above the north.",
            "Send west,south,east,north in degrees (-180 to 180, -90 to 90).",
        )
    if west > east:
        sides = (shapely.box(west, south, 180, north), shapely.box(-180, south, east, north))
        return bytes(shapely.to_wkb(shapely.union_all([_whole(side) for side in sides])))
    return bytes(shapely.to_wkb(_whole(shapely.box(west, south, east, north))))


def _whole(box: shapely.Polygon) -> shapely.Geometry:
    """A box without area is a line or a point."""
    return box if box.area else box.envelope


def interval_of(value: Any) -> tuple[datetime | None, datetime | None]:
    """Return start and end of a time, or of an interval that may be open on one side."""
    if not isinstance(value, str):
        raise _bad_time("It is no text.")
    parts = value.split("/")
    if len(parts) > 2:
        raise _bad_time("An interval has two ends.")
    if len(parts) == 1:
        moment = _moment(value)
        return moment, moment
    start, end = (None if part in ("", "..") else _moment(part) for part in parts)
    if start is None and end is None:
        raise _bad_time("Both ends are open.")
    if start is not None and end is not None and start > end:
        raise _bad_time("It ends before it begins.")
    return start, end


def _moment(text: str) -> datetime:
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise _bad_time(f"{text[:40]!r} is no time with a zone (RFC 3339).")
    day, minute, second, fraction, zone = match.groups()
    leap = second == "60"
    try:
        moment = datetime.fromisoformat(
            f"{day}T{minute}:{'59' if leap else second}{(fraction or '')[:7]}{zone.upper()}"
        )
        return (moment + timedelta(seconds=leap)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _bad_time(f"{text[:40]!r} is no time that there is.") from error


def _bad_time(detail: str) -> Problem:
    return bad(
        "datetime",
        detail,
        "Send a time such as 2022-09-30T00:00:00Z, or two as start/end, of which one may be ..",
    )


def _area(value: Any) -> bytes:
    try:
        found, _ = footprint_from_geojson(value, where="intersects")
        return bytes(shapely.to_wkb(shapely.from_wkt(found.wkt)))
    except (DocumentRejected, shapely.errors.ShapelyError) as error:
        what = getattr(error, "what", "It is no geometry")
        raise bad("intersects", f"{what}.", "Send a GeoJSON geometry (RFC 7946).") from error


def _limit(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise bad(
            "limit", "It is no whole number from 1 to 9,999,999,999.", "Send a limit such as 10."
        )
    return value


def _names(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    listed = values.get(name, [])
    if isinstance(listed, str):  # one name, as some clients write it
        listed = [listed]
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise bad(name, "It is no list of texts.", f"Send {name} as a list.")
    if len(listed) > MOST_NAMES:
        raise bad(name, f"It names more than {MOST_NAMES}.", "Ask in parts.")
    return tuple(dict.fromkeys(listed))


def _sorts(value: Any) -> tuple[Sort, ...]:
    if value is None:
        return ()
    remedy = "Send a list of objects with field and direction (asc, desc)."
    if not isinstance(value, list):
        raise bad("sortby", "It is no list.", remedy)
    found = []
    for one in value:
        field = one.get("field") if isinstance(one, dict) else None
        direction = one.get("direction", "asc") if isinstance(one, dict) else None
        if not isinstance(field, str) or direction not in ("asc", "desc"):
            raise bad("sortby", "An entry is not a field with a direction.", remedy)
        found.append(Sort(_way(field), direction == "desc"))
    return tuple(found)


def _way(field: str) -> tuple[str, ...]:
    """The path of a field; one of the properties may be named without saying so."""
    if field in ("id", "collection"):
        return (field,)
    return ("properties", field.removeprefix("properties."))


def _direction(text: str) -> dict[str, str]:
    # a plus sign in an address may have become a space
    return {"field": text.lstrip("+- "), "direction": "desc" if text.startswith("-") else "asc"}


def _signed(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in text.split(","):
        if one.strip("+- "):
            kind = "exclude" if one.startswith("-") else "include"
            found.setdefault(kind, []).append(one.strip("+- "))
    return found


def _fields(value: Any) -> tuple[Ways, Ways]:
    remedy = "Send an object with the lists include and exclude."
    if not isinstance(value, dict) or set(value) - {"include", "exclude"}:
        raise bad("fields", "It is no object of the lists include and exclude.", remedy)
    ways: list[Ways] = []
    for name in ("include", "exclude"):
        listed = value.get(name) or []
        if not isinstance(listed, list) or not all(isinstance(one, str) and one for one in listed):
            raise bad("fields", f"Its {name} is no list of names.", remedy)
        if len(listed) > MOST_NAMES:
            raise bad("fields", f"It names more than {MOST_NAMES}.", "Name less.")
        ways.append(tuple(tuple(one.split(".")) for one in listed))
    include, exclude = ways
    if exclude and not include and "include" in value:
        include = tuple(way for way in DEFAULT_FIELDS if way not in exclude)
    return include, exclude


def _check_known(name: str, known: Iterable[str]) -> None:
    listed = sorted(known)
    if name not in listed:
        raise bad(name[:80], "There is no such parameter here.", f"There are: {', '.join(listed)}.")


def _written_number(text: str, name: str) -> float:
    if _NUMBER.fullmatch(text.strip()) is None:
        raise bad(name, f"{text[:40]!r} is no number.", "Send numbers with commas between them.")
    return float(text)


def _written_whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _json(data: bytes, name: str) -> Any:
    try:
        return read_json(data, where=name, max_depth=60)
    except DocumentRejected as error:
        raise bad(name, f"{error.what}.", "Send JSON.") from error
