"""Filters of which the graph alone tells, exactly, where they hold: what can be counted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from shapely import from_wkb, to_wkt

from dafab_kg.model.names import PREFIXES, term
from dafab_kg.search.compile import Habits
from dafab_kg.search.tree import ITEM_TIME, And, Node, Spatial, Temporal

_AS_WKT: Final = f"{PREFIXES['geo']}asWKT"


def certain(node: Node, habits: Habits) -> str | None:
    """Write what must hold of ``?product``; None: documents have to tell.

    The graph tells the place of an item where no two documents differ in that of a
    product, and its time where, besides, no item has a start and an end.
    """
    if isinstance(node, And):
        parts = [certain(part, habits) for part in node.parts]
        known = [part for part in parts if part is not None]
        return " ".join(known) if len(known) == len(parts) else None
    if isinstance(node, Spatial) and node.relation == "intersects":
        if habits.claimed(_AS_WKT):
            return None
        place = to_wkt(from_wkb(node.geometry), rounding_precision=-1)
        return (
            "?product geo:hasGeometry ?geometry . ?geometry geo:asWKT ?wkt . "
            f'FILTER(geof:sfIntersects(?wkt, "{place}"^^geo:wktLiteral))'
        )
    if isinstance(node, Temporal) and node.relation == "intersects" and node.path == ITEM_TIME:
        spans = habits.uses(term("sensingStart")) and habits.uses(term("sensingStop"))
        if spans or habits.claimed(term("datetime")):
            return None
        bounds = [f"?moment >= {_stamp(node.start)}"] if node.start else []
        bounds += [f"?moment <= {_stamp(node.end)}"] if node.end else []
        return f"?product dafab:datetime ?moment . FILTER({' && '.join(bounds) or 'true'})"
    return None


def _stamp(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return f'"{text}"^^xsd:dateTime'
