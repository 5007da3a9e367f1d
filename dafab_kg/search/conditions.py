"""Filters of which the graph alone tells that they hold: what need not be read to be counted."""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from typing import Final

from shapely import bounds, from_wkb, to_wkt

from dafab_kg.model.names import NS, term
from dafab_kg.search.compile import AS_WKT, Habits, compile_filter, stamp
from dafab_kg.search.names import held
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


def nearly(node: Node, habits: Habits, base: str) -> str | None:
    """Write what holds of ``?product`` where a filter is true of its item, nearly always.

    What is written are ranges that the search index counts by itself: an area is the box around
    it, and what the graph says of a product is taken to stand in its item.  None: not of this
    filter.  ``base`` is what the IRIs of things begin with.
    """
    parts = _nearly(node, habits, base)
    return None if parts is None else " ".join(dict.fromkeys(parts))


def _nearly(node: Node, habits: Habits, base: str) -> tuple[str, ...] | None:
    """Return triples and filters: two bounds of a property have its triple in common, as the
    index counts only where each variable has one."""
    match node:
        case And(parts):
            each = [_nearly(part, habits, base) for part in parts]
            known = [one for one in each if one is not None]
            return tuple(chain(*known)) if len(known) == len(each) else None
        case Spatial(relation="intersects", path=path) if path == GEOMETRY:
            west, south, east, north = map(float, bounds(from_wkb(node.geometry)))
            ends = [*_bound("south", "<=", north), *_bound("north", ">=", south)]
            if east - west < 180:
                ends += [*_bound("west", "<=", east), *_bound("east", ">=", west)]
            return tuple(ends)
        case Temporal(relation="intersects", until=None) if node.path == DATETIME:
            ends = [*_bound("datetime", ">=", stamp(node.start))] if node.start else []
            ends += _bound("datetime", "<=", stamp(node.end)) if node.end else []
            return tuple(ends) or None
        case Temporal():
            sure = certain(node, habits)
            return None if sure is None else (sure,)
        case Compare(path, operator, value) if operator != "<>":
            told = held(path, base) or ()
            if isinstance(value, bool) or not isinstance(value, int | float) or len(told) != 1:
                return None
            local = told[0].iri.removeprefix(NS)
            of_product = told[0].kind == "number" and not told[0].of_entry and local.isalnum()
            return _bound(local, operator, value) if of_product else None
        case Contains() if is_told(node):
            where = compile_filter(node, habits, base).where
            return (where,) if where else None
    return None


def _bound(local: str, operator: str, value: float | str) -> tuple[str, str]:
    """Write a bound of a property; several of one are of the same variable."""
    return f"?product dafab:{local} ?v_{local} .", f"FILTER(?v_{local} {operator} {value})"


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
