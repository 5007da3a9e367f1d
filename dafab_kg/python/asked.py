"""What a user asks for in Python, read into plain values, and written as a search.

One reading serves both sides: a catalogue that is open here is given a search tree, a server
the body of a STAC API search (STAC API 1.0.0, Item Search), which means the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Protocol, cast

import shapely
from shapely.geometry import mapping, shape

from dafab_kg.model.errors import DocumentRejected, QueryNotValid
from dafab_kg.model.geometry import footprint_from_geojson
from dafab_kg.model.words import words_of
from dafab_kg.search.tree import And, Mentions, Node, Search, Sort, Spatial, Temporal

__all__ = ["Asked", "Fields", "HasGeoInterface", "Times", "as_body", "as_search", "read_asked"]

Fields = tuple[tuple[str, ...], tuple[str, ...]]
"""Members of items to deliver, and to leave out; dots lead into them."""


class HasGeoInterface(Protocol):
    """What says its geometry as GeoJSON, as shapely's and geopandas' objects do."""

    @property
    def __geo_interface__(self) -> Any: ...


Moment = str | date | datetime | None
Times = Moment | tuple[Moment, Moment] | list[Moment]
"""A moment, a day, month or year, or the two ends of an interval, None where it is open."""

MOST_TERMS: Final = 32
MOST_CHARACTERS: Final = 512
"""Bounds of words to look for, as a server has them."""
_TICK: Final = timedelta(microseconds=1)
_PERIOD: Final = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", re.ASCII)
_BOX_REMEDY: Final = "Give west, south, east, north in degrees (-180 to 180, -90 to 90)"


@dataclass(frozen=True)
class Asked:
    """A question about items.

    ``bbox`` is west, south, east, north in degrees; ``area`` a geometry on WGS 84, longitude
    first; ``times`` a first and a last moment in UTC, None where it is open; ``sort`` names
    fields, each with whether it descends; ``limit`` is the most items in all.
    """

    collections: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    bbox: tuple[float, float, float, float] | None = None
    area: shapely.Geometry | None = None
    times: tuple[datetime | None, datetime | None] | None = None
    filter: str | Mapping[str, Any] | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    limit: int | None = None
    words: tuple[str, ...] = ()


def read_asked(
    *,
    words: str | Iterable[str] | None = None,
    collections: str | Iterable[str] | None = None,
    ids: str | Iterable[str] | None = None,
    bbox: Sequence[float] | None = None,
    intersects: HasGeoInterface | Mapping[str, Any] | str | None = None,
    datetime: Times = None,
    filter: str | Mapping[str, Any] | None = None,
    sortby: str | Iterable[str] | None = None,
    limit: int | None = None,
) -> Asked:
    """Read the parameters of a search; see :class:`dafab_kg.python.searching.ItemSearch`.

    Raises:
        QueryNotValid: one is not what it must be.
    """
    if bbox is not None and intersects is not None:
        raise QueryNotValid("There are bbox and intersects. Give one of the two")
    if filter is not None and not isinstance(filter, str | Mapping):
        raise QueryNotValid("The filter is no CQL2. Give it as text, or its JSON form as a dict")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise QueryNotValid(f"The limit {limit!r} is no whole number. Give the most items, or None")
    return Asked(
        _names(collections, "collections"),
        _names(ids, "ids"),
        None if bbox is None else _box(bbox),
        None if intersects is None else _area(intersects),
        None if datetime is None else _times(datetime),
        filter,
        tuple(map(_sort, _names(sortby, "sortby"))),
        limit,
        _terms(words),
    )


def as_search(asked: Asked, *, limit: int, after: str | None = None, fields: Fields | None = None,
              count: bool = False) -> Search:  # fmt: skip
    """Write one page of a question as a search of the catalogue.

    Raises:
        QueryNotValid: the filter is no CQL2.
    """
    parts: list[Node] = []
    if asked.bbox is not None:
        parts.append(Spatial("intersects", _box_wkb(asked.bbox)))
    if asked.area is not None:
        parts.append(Spatial("intersects", bytes(shapely.to_wkb(asked.area))))
    if asked.times is not None:
        parts.append(Temporal("intersects", *asked.times))
    if asked.filter is not None:
        parts.append(_cql2(asked.filter))
    if asked.words:
        parts.append(Mentions(tuple(map(words_of, asked.words))))
    include, exclude = fields or ((), ())
    return Search(
        filter=None if not parts else parts[0] if len(parts) == 1 else And(tuple(parts)),
        collections=asked.collections,
        ids=asked.ids,
        sort=tuple(Sort(_way(name), descending) for name, descending in asked.sort),
        limit=limit,
        after=after,
        count=count,
        include=tuple(tuple(one.split(".")) for one in include),
        exclude=tuple(tuple(one.split(".")) for one in exclude),
    )


def as_body(asked: Asked, *, limit: int, after: str | None = None,
            fields: Fields | None = None) -> dict[str, Any]:  # fmt: skip
    """Write one page of a question as the body of ``POST /search`` of a STAC API."""
    body: dict[str, Any] = {"limit": limit}
    if asked.collections:
        body["collections"] = list(asked.collections)
    if asked.ids:
        body["ids"] = list(asked.ids)
    if asked.bbox is not None:
        body["bbox"] = list(asked.bbox)
    if asked.area is not None:
        body["intersects"] = mapping(cast(Any, asked.area))
    if asked.times is not None:
        body["datetime"] = "/".join(".." if one is None else _stamp(one) for one in asked.times)
    if asked.filter is not None:
        text = isinstance(asked.filter, str)
        body["filter"] = asked.filter if text else dict(asked.filter)  # type: ignore[arg-type]
        body["filter-lang"] = "cql2-text" if text else "cql2-json"
    if asked.words:
        body["q"] = list(asked.words)
    if asked.sort:
        body["sortby"] = [
            {"field": name, "direction": "desc" if descending else "asc"}
            for name, descending in asked.sort
        ]
    if fields is not None:
        named = dict(zip(("include", "exclude"), map(list, fields), strict=True))
        body["fields"] = {name: listed for name, listed in named.items() if listed}
    if after is not None:
        body["token"] = after
    return body


def _names(given: str | Iterable[str] | None, what: str) -> tuple[str, ...]:
    if given is None:
        return ()
    listed = [given] if isinstance(given, str) else list(given)
    if not all(isinstance(one, str) and one for one in listed):
        raise QueryNotValid(f"{what} is no list of texts. Give one text, or a list of them")
    return tuple(dict.fromkeys(listed))


def _terms(given: str | Iterable[str] | None) -> tuple[str, ...]:
    if given is None:
        return ()
    terms = _names(given.split(",") if isinstance(given, str) else given, "words")
    if not all(map(words_of, terms)) or not terms:
        raise QueryNotValid("A term to look for has no word. Give words, with commas between terms")
    if len(terms) > MOST_TERMS or any(len(term) > MOST_CHARACTERS for term in terms):
        raise QueryNotValid(
            f"There are more than {MOST_TERMS} terms to look for, or one has more than "
            f"{MOST_CHARACTERS} characters. Give less"
        )
    return terms


def _sort(name: str) -> tuple[str, bool]:
    return name.lstrip("+-"), name.startswith("-")


def _way(field: str) -> tuple[str, ...]:
    """The place of a field; one of the properties may be named without saying so."""
    if field in ("id", "collection"):
        return (field,)
    return ("properties", field.removeprefix("properties."))


def _box(given: Sequence[float]) -> tuple[float, float, float, float]:
    try:
        numbers = [float(one) for one in given]
    except (TypeError, ValueError) as error:
        raise QueryNotValid(f"The bbox holds what is no number. {_BOX_REMEDY}") from error
    if len(numbers) == 6:
        del numbers[5], numbers[2]
    if len(numbers) != 4:
        raise QueryNotValid(f"The bbox has {len(numbers)} numbers. {_BOX_REMEDY}")
    west, south, east, north = numbers
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise QueryNotValid(
            f"The corners of the bbox are out of range, or its south above its north. {_BOX_REMEDY}"
        )
    return west, south, east, north


def _box_wkb(box: tuple[float, float, float, float]) -> bytes:
    """A box whose west is greater than its east reaches over the antimeridian."""
    west, south, east, north = box
    if west <= east:
        return bytes(shapely.to_wkb(_whole(shapely.box(west, south, east, north))))
    sides = (shapely.box(west, south, 180, north), shapely.box(-180, south, east, north))
    return bytes(shapely.to_wkb(shapely.union_all([_whole(side) for side in sides])))


def _whole(box: shapely.Polygon) -> shapely.Geometry:
    """A box without area is a line or a point."""
    return box if box.area else box.envelope


def _area(given: Any) -> shapely.Geometry:
    """Read a geometry of shapely or geopandas, GeoJSON (a feature too), or WKT."""
    remedy = "Give a geometry of shapely, a GeoDataFrame, GeoJSON or WKT, in degrees"
    try:
        if hasattr(given, "to_crs") and hasattr(given, "union_all"):  # geopandas
            if given.crs is not None:
                given = given.to_crs("OGC:CRS84")
            given = given.union_all()
        if isinstance(given, str):
            given = shapely.from_wkt(given)
        if not isinstance(given, Mapping):
            given = given.__geo_interface__
        if given.get("type") == "Feature":
            given = given["geometry"]
        value = mapping(shape(given))  # lists and tuples alike
        found, _ = footprint_from_geojson(_lists(value), where="intersects")
        return shapely.from_wkt(found.wkt)
    except DocumentRejected as error:
        raise QueryNotValid(f"intersects: {error.what}. {remedy}") from error
    except (shapely.errors.ShapelyError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise QueryNotValid(f"intersects is no geometry. {remedy}") from error


def _lists(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _lists(one) for name, one in value.items()}
    return [_lists(one) for one in value] if isinstance(value, list | tuple) else value


def _times(given: Times) -> tuple[datetime | None, datetime | None]:
    if isinstance(given, tuple | list):
        if len(given) != 2:
            raise _bad_time(f"it has {len(given)} ends")
        ends = list(given)
    elif isinstance(given, str) and "/" in given:
        ends = [*given.split("/")]
        if len(ends) != 2:
            raise _bad_time(f"{given[:60]!r} has more than two ends")
    else:
        return _period(given)
    start, end = (None if one in (None, "", "..") else _period(one) for one in ends)
    if start is None and end is None:
        raise _bad_time("both ends are open")
    first, last = start and start[0], end and end[1]
    if first is not None and last is not None and first > last:
        raise _bad_time("it ends before it begins")
    return first, last


def _period(given: Moment) -> tuple[datetime, datetime]:
    """The first and the last moment of what one end names: a day has 24 hours."""
    try:
        if isinstance(given, str):
            match = _PERIOD.fullmatch(given.strip())
            if match is not None:
                return _spanned(*(int(one) if one else None for one in match.groups()))
            given = datetime.fromisoformat(given.strip())
        if isinstance(given, datetime):
            moment = given.replace(tzinfo=given.tzinfo or UTC).astimezone(UTC)
            # pandas' timestamps are datetimes with nanoseconds
            plain = datetime.fromisoformat(moment.isoformat(timespec="microseconds"))
            return plain, plain
        if isinstance(given, date):
            return _spanned(given.year, given.month, given.day)
    except (ValueError, OverflowError) as error:
        raise _bad_time(f"{str(given)[:60]!r} is no time that there is") from error
    raise _bad_time(f"{type(given).__name__} is no time")


def _spanned(
    year: int | None, month: int | None = None, day: int | None = None
) -> tuple[datetime, datetime]:
    assert year is not None
    first = datetime(year, month or 1, day or 1, tzinfo=UTC)
    if day is not None:
        last = first + timedelta(days=1) - _TICK
    elif month is not None:
        last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - _TICK
    else:
        last = datetime(year, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    return first, last


def _stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _bad_time(what: str) -> QueryNotValid:
    return QueryNotValid(
        f"datetime: {what}. Give a moment, a day, month or year, or two of them: "
        "'2022-09', '2022-09-15/..', (start, end)"
    )


def _cql2(given: str | Mapping[str, Any]) -> Node:
    from dafab_kg.search import cql2

    return cql2.read_text(given) if isinstance(given, str) else cql2.read_json(dict(given))
