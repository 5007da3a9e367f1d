"""Filters of which the graph alone tells that they hold: what need not be read to be counted."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shapely import bounds, from_wkb, to_wkt

from dafab_kg.model.names import term
from dafab_kg.search.compile import AS_WKT, Habits, stamp
from dafab_kg.search.told import is_told
from dafab_kg.search.tree import (
    DATETIME,
    GEOMETRY,
    ITEM_TIME,
    And,
    Compare,
    Contains,
    Node,
    Spatial,
    Temporal,
)


def certain(node: Node, habits: Habits) -> str | None:
    """Write what, where it holds of ``?product``, makes a filter true of its item for sure.

    None: documents have to tell.  That documents agree is known where there are no claims;
    which of the times of a product an item has is not, so that both have to fit.
    """
    if isinstance(node, And):
        parts = [certain(part, habits) for part in node.parts]
        known = [part for part in parts if part is not None]
        return " ".join(known) if len(known) == len(parts) else None
    if isinstance(node, Spatial) and node.relation == "intersects":
        if habits.claimed(AS_WKT):
            return None
        place = to_wkt(from_wkb(node.geometry), rounding_precision=-1)
        return (
            "?product geo:hasGeometry ?geometry . ?geometry geo:asWKT ?wkt . "
            f'FILTER(geof:sfIntersects(?wkt, "{place}"^^geo:wktLiteral))'
        )
    if isinstance(node, Temporal) and node.relation == "intersects" and node.path == ITEM_TIME:
        return _within(node.start, node.end, habits)
    return None


def is_whole(node: Node, habits: Habits) -> bool:
    """Tell whether what is certain is all that there is."""
    if isinstance(node, And):
        return all(is_whole(part, habits) for part in node.parts)
    return not (isinstance(node, Temporal) and any(map(habits.uses, _SPAN)))


def is_close(node: Node) -> bool:
    """Tell whether nearly all candidates of a filter fulfil it.

    They differ where a number changed in its last digits on its way into the graph, and where
    the graph knows of a product what an item of it does not say.
    """
    match node:
        case And(parts):
            return all(map(is_close, parts))
        case Spatial(relation, _, path):
            return relation == "intersects" and path == GEOMETRY
        case Temporal():
            return node.relation == "intersects" and node.path in (ITEM_TIME, DATETIME)
        case Compare(_, operator, value):
            return isinstance(value, int | float) and operator != "<>"
        case Contains():
            return is_told(node) and bool(node.values)
    return False


def is_told_alone(node: Node) -> bool:
    """Tell whether the graph alone tells all of a filter, so that its candidates fulfil it."""
    if isinstance(node, And):
        return all(map(is_told_alone, node.parts))
    return isinstance(node, Contains) and is_told(node)


def boxed(node: Node) -> Node:
    """Return a filter with boxes in the place of areas: the search index counts by them alone.

    An item across the 180th meridian is missed by some of them.
    """
    if isinstance(node, And):
        return And(tuple(map(boxed, node.parts)))
    if not isinstance(node, Spatial):
        return node
    west, south, east, north = map(float, bounds(from_wkb(node.geometry)))
    ends = [(1, "<=", north), (3, ">=", south)]
    if east - west < 180:
        ends += [(0, "<=", east), (2, ">=", west)]
    return And(tuple(Compare(("bbox", at), sign, end) for at, sign, end in ends))  # type: ignore[arg-type]


_TIME: Final = term("datetime")
_SPAN: Final = (term("sensingStart"), term("sensingStop"))


def _within(start: datetime | None, end: datetime | None, habits: Habits) -> str | None:
    if any(habits.claimed(one) for one in (_TIME, *_SPAN)):
        return None
    bounds = [f"?moment >= {stamp(start)}"] if start else []
    bounds += [f"?moment <= {stamp(end)}"] if end else []
    moment = f"?product dafab:datetime ?moment . FILTER({' && '.join(bounds) or 'true'})"
    if not any(map(habits.uses, _SPAN)):
        return moment
    spans = [f"(!BOUND(?ends) || ?ends >= {stamp(start)})"] if start else []
    spans += [f"(!BOUND(?starts) || ?starts <= {stamp(end)})"] if end else []
    return (
        f"{moment} OPTIONAL {{ ?product dafab:sensingStart ?starts }} "
        f"OPTIONAL {{ ?product dafab:sensingStop ?ends }} FILTER({' && '.join(spans) or 'true'})"
    )
