"""Which collections a request asks for (STAC API 1.0.0, Collection Search; simple query).

There are few of them, so that their own extents are compared, one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from dafab_kg.model.words import mentions, texts_of_collection
from dafab_kg.search.tree import And, Mentions, Node, Not, Or, Spatial, Temporal
from dafab_kg.web.stac_parameters import Asked, bad

LIMIT: Final = 100
MOST: Final = 1_000


@dataclass(frozen=True)
class CollectionPage:
    """Collections as JSON, the token of the next page, and how many were found in all."""

    found: tuple[bytes, ...]
    token: str | None
    matched: int


def page_of(collections: Iterable[bytes], asked: Asked) -> CollectionPage:
    """Return the collections that a request asks for, in the order of their ids.

    Raises:
        Problem: 400, the token is none of ours.
    """
    test = asked.search.filter or And(())
    read = [(orjson.loads(one), one) for one in collections]
    meant = sorted(
        ((value["id"], data) for value, data in read if _meets(value, test)),
        key=lambda one: one[0],
    )
    token = asked.search.after
    if token is not None and not token.startswith(_MARK):
        raise bad("token", "It is none of this list's.", "Follow the link `next` as it is.")
    rest = [one for one in meant if token is None or one[0] > token.removeprefix(_MARK)]
    limit = min(asked.search.limit if "limit" in asked.sent else LIMIT, MOST)
    page, more = rest[:limit], len(rest) > limit
    following = _MARK + page[-1][0] if more else None
    return CollectionPage(tuple(data for _, data in page), following, len(meant))


_MARK: Final = "after:"


def _meets(value: Mapping[str, Any], test: Node) -> bool:
    match test:
        case And(parts):
            return all(_meets(value, part) for part in parts)
        case Or(parts):
            return any(_meets(value, part) for part in parts)
        case Not(part):
            return not _meets(value, part)
    if isinstance(test, Mentions):
        return mentions(texts_of_collection(value), test.terms)
    extent = value["extent"]
    if isinstance(test, Spatial):
        area = shapely.from_wkb(test.geometry)
        return any(area.intersects(_area(box)) for box in extent["spatial"]["bbox"][:1])
    assert isinstance(test, Temporal)
    return any(_overlap(span, test) for span in extent["temporal"]["interval"][:1])


def _area(box: Sequence[float]) -> BaseGeometry:
    half = len(box) // 2
    west, south, east, north = (float(box[i]) for i in (0, 1, half, half + 1))
    if west <= east:
        return shapely.box(west, south, east, north)
    return shapely.union_all(
        [shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)]
    )


def _overlap(span: Sequence[Any], test: Temporal) -> bool:
    start, end = (_moment(one) for one in span)
    return not (
        (start is not None and test.end is not None and start > test.end)
        or (end is not None and test.start is not None and end < test.start)
    )


def _moment(text: Any) -> datetime | None:
    """The moment of an extent; one that cannot be read is an open end."""
    try:
        found = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
