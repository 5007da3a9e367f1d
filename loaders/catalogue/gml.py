"""GML polygons to a GeoJSON geometry, whatever the order of their axes.

A CRS by URN or by opengis.net URI has the axes of its authority: latitude first for
EPSG:4326 (OGC 07-092r3, section 9.2; GML 3.2.1, section 9.10), longitude first for
CRS84.  The short ``EPSG:4326`` and the old ``epsg.xml#4326`` are written in both orders in
the field, so they are decided by who wrote them, by the bounding box beside them,
or by what is possible; else they are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from dafab_kg.model.errors import GeometryNotValid
from dafab_kg.model.strict_xml import read_xml

Box = tuple[Decimal, Decimal, Decimal, Decimal]
_Pairs = list[list[Decimal]]

_NEAR = Decimal("0.1")  # degrees by which a box may differ from its polygon
_LAT_FIRST = re.compile(
    r"(?:urn:(?:x-)?ogc:def:crs:EPSG:[\d.]*:|https?://www\.opengis\.net/def/crs/EPSG/[\d.]+/)4326\Z"
)
_LON_FIRST = re.compile(
    r"(?:urn:ogc:def:crs:OGC:[\d.]*:|https?://www\.opengis\.net/def/crs/OGC/[\d.]+/|)CRS:?84\Z"
)
_AMBIGUOUS = re.compile(r"(?:EPSG:|https?://www\.opengis\.net/gml/srs/epsg\.xml#)4326\Z")


def read_gml(text: str, where: str, order: str = "", box: Box | None = None) -> dict[str, Any]:
    """Read the polygons of a piece of GML.

    ``order`` is that of the writer where the CRS does not tell; ``box`` the bounding box
    delivered beside it.

    Raises:
        GeometryNotValid: no polygon, not in WGS 84, or in an order that cannot be told.
        DocumentRejected: it is no XML that is read here.
    """
    root = read_xml(text.encode(), where=where)
    polygons = [
        list(_rings(one, where))
        for one in root.iter()
        if _local(one) in {"Polygon", "PolygonPatch"}
    ]
    if not polygons or not all(polygons):
        raise _wrong("there is no polygon in the GML", where)
    names = [str(name) for one in root.iter() if (name := one.get("srsName"))]
    told = order_told(names[0] if names else "", where)
    first = told or order or _order_by(polygons, box)
    if not first:
        raise _wrong("whether latitude or longitude comes first cannot be told", where)
    if first == "latlon":
        polygons = [[[[b, a] for a, b in ring] for ring in rings] for rings in polygons]
    return {"type": "MultiPolygon", "coordinates": polygons}


def read_pairs(text: str, where: str) -> dict[str, Any]:
    """Read one ring of numbers, latitude first (GeoRSS simple, ESA's EXT_POS_LIST)."""
    ring = [[b, a] for a, b in _pairs(text.split(), 2, where)]
    return {"type": "Polygon", "coordinates": [ring]}


def order_told(srs: str, where: str) -> str:
    """Return ``latlon`` or ``lonlat`` as a CRS name says it, empty where it leaves it open.

    Raises:
        GeometryNotValid: another CRS than WGS 84.
    """
    name = srs.strip()
    if _LAT_FIRST.match(name):
        return "latlon"
    if _LON_FIRST.match(name):
        return "lonlat"
    if not name or _AMBIGUOUS.match(name):
        return ""
    raise _wrong(f"the footprint is in {name[:80]}, not in WGS 84 (EPSG:4326)", where)


def _order_by(polygons: list[list[_Pairs]], box: Box | None) -> str:
    """Return the order that is possible by the range of latitudes, and nearer to the box."""
    pairs = [pair for rings in polygons for ring in rings for pair in ring]
    a = (min(p[0] for p in pairs), max(p[0] for p in pairs))
    b = (min(p[1] for p in pairs), max(p[1] for p in pairs))
    orders: dict[str, Decimal] = {}
    for name, longitude, latitude in (("lonlat", a, b), ("latlon", b, a)):
        if abs(latitude[0]) > 90 or abs(latitude[1]) > 90:
            continue
        far = Decimal(0)
        if box is not None and box[0] <= box[2]:
            sides = zip((longitude[0], latitude[0], longitude[1], latitude[1]), box, strict=True)
            far = max(abs(own - side) for own, side in sides)
        if far < _NEAR:
            orders[name] = far
    nearest = [name for name, far in orders.items() if far == min(orders.values())]
    return nearest[0] if len(nearest) == 1 else ""


def _rings(polygon: etree._Element, where: str) -> Iterator[_Pairs]:
    """Yield exterior and interior rings as they stand."""
    for wanted in (("exterior", "outerBoundaryIs"), ("interior", "innerBoundaryIs")):
        for boundary in polygon.iter():
            if _local(boundary) not in wanted:
                continue
            for ring in boundary.iter():
                if _local(ring) == "LinearRing":
                    yield _ring(ring, where)


def _ring(ring: etree._Element, where: str) -> _Pairs:
    positions: list[str] = []
    for child in ring.iter():
        text = child.text or ""
        match _local(child):
            case "posList":
                size = child.get("srsDimension") or child.get("dimension") or "2"
                return _pairs(text.split(), 3 if size == "3" else 2, where)
            case "coordinates":
                return _tuples(text, where)
            case "pos":
                positions += text.split()[:2]
    return _pairs(positions, 2, where)


def _tuples(text: str, where: str) -> _Pairs:
    """Read GML 2 coordinates: commas within a position, white space between them."""
    numbers = []
    for one in re.sub(r"\s*,\s*", ",", text).split():
        parts = one.split(",")
        if len(parts) not in {2, 3}:
            raise _wrong(f"{one[:40]!r} is no position", where)
        numbers += parts[:2]
    return _pairs(numbers, 2, where)


def _pairs(numbers: list[str], size: int, where: str) -> _Pairs:
    if len(numbers) % size or len(numbers) < 3 * size:
        raise _wrong(f"{len(numbers)} numbers are no ring", where)
    try:
        values = [Decimal(number) for number in numbers]
    except InvalidOperation:
        raise _wrong("a coordinate is no number", where) from None
    return [[values[i], values[i + 1]] for i in range(0, len(values), size)]


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _wrong(what: str, where: str) -> GeometryNotValid:
    return GeometryNotValid(
        what, where=where, remedy="Deliver a polygon in WGS 84 with its CRS as URN or URI"
    )
