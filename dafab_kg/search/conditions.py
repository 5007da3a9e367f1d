"""Conditions on place and time in SPARQL, in forms that the search index answers."""

from __future__ import annotations

from datetime import UTC, datetime

from shapely import from_wkb, to_wkt

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.search.tree import ITEM_TIME, And, Node, Spatial, Temporal


def condition(node: Node) -> str:
    """Write what must hold of ?product.

    Raises:
        QueryNotValid: it cannot be asked so.
    """
    if isinstance(node, And):
        return " ".join(map(condition, node.parts))
    if isinstance(node, Spatial) and node.relation == "intersects":
        place = to_wkt(from_wkb(node.geometry), rounding_precision=-1)
        return (
            "?product geo:hasGeometry ?geometry . ?geometry geo:asWKT ?wkt . "
            f'FILTER(geof:sfIntersects(?wkt, "{place}"^^geo:wktLiteral))'
        )
    if isinstance(node, Temporal) and node.relation == "intersects" and node.path == ITEM_TIME:
        return _meets(node.start, node.end)
    raise QueryNotValid(f"A filter by {type(node).__name__} is not answered")


def _meets(start: datetime | None, end: datetime | None) -> str:
    span = "dafab:sensingStart ?starts ; dafab:sensingStop ?ends ."
    spanned = [f"?starts <= {_stamp(end)}"] if end else []
    spanned += [f"?ends >= {_stamp(start)}"] if start else []
    moment = [f"?moment <= {_stamp(end)}"] if end else []
    moment += [f"?moment >= {_stamp(start)}"] if start else []
    return (
        f"{{ ?product {span} FILTER({' && '.join(spanned)}) }} UNION "
        f"{{ ?product dafab:datetime ?moment . FILTER({' && '.join(moment)}) "
        "FILTER NOT EXISTS { ?product dafab:sensingStart ?some ; dafab:sensingStop ?other } }"
    )


def _stamp(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return f'"{text}"^^xsd:dateTime'
