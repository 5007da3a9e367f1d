"""Where an item lies: its footprint and its bounding box."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dafab_kg.loaders.stac.envelope import Envelope
from dafab_kg.model.errors import DocumentRejected, GeometryNotValid
from dafab_kg.model.geometry import footprint_from_geojson
from dafab_kg.model.values import decimal_text

Box = tuple[Decimal, Decimal, Decimal, Decimal]


@dataclass(frozen=True)
class Place:
    """Footprint as WKT (CRS84) and bounding box in degrees (west, south, east, north).

    ``bbox_covered`` tells whether the box is the document's own, with nothing left out.
    """

    footprint_wkt: str
    box: Box
    bbox_covered: bool
    warnings: tuple[str, ...]

    @property
    def fields(self) -> dict[str, Any]:
        """The same as fields of a product."""
        west, south, east, north = self.box
        return {
            "footprint_wkt": self.footprint_wkt,
            "west": west,
            "south": south,
            "east": east,
            "north": north,
        }


def place_of(envelope: Envelope) -> Place:
    """Read the place of an item; the box is the document's own where it has one.

    Raises:
        GeometryNotValid: there is no geometry, or it describes no place.
    """
    geometry = envelope.value.get("geometry")
    where = f"{envelope.where}: /geometry"
    if geometry is None:
        raise GeometryNotValid(
            "the item has no geometry, so its place is unknown",
            where=where,
            remedy="Give it a Polygon or MultiPolygon in longitude and latitude",
        )
    bbox = envelope.value.get("bbox")
    box, warnings = _box(bbox)
    footprint, doubts = footprint_from_geojson(
        geometry, where=where, bbox=bbox if box is not None else None
    )
    own = box or (footprint.west, footprint.south, footprint.east, footprint.north)
    covered = isinstance(bbox, list) and len(bbox) == 4 and box is not None
    return Place(footprint.wkt, own, covered, (*warnings, *doubts))


def _box(bbox: Any) -> tuple[Box | None, tuple[str, ...]]:
    """Return the corners of a box of 4 or 6 numbers (RFC 7946 section 5), or a warning."""
    if bbox is None:
        return None, ()
    try:
        return check_box(bbox), ()
    except DocumentRejected as error:
        return None, (f"/bbox: {error.what}; the footprint's own box is used",)


def check_box(bbox: Any) -> Box:
    """Return west, south, east and north of a bounding box of 4 or 6 numbers.

    Raises:
        GeometryNotValid: it is no bounding box in degrees.
    """
    numbers = isinstance(bbox, list) and all(
        isinstance(one, int | float | Decimal) and not isinstance(one, bool) for one in bbox
    )
    if not numbers or len(bbox) not in {4, 6}:
        raise GeometryNotValid("is not 4 or 6 numbers")
    half = len(bbox) // 2
    west, south, east, north = (Decimal(bbox[i]) for i in (0, 1, half, half + 1))
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise GeometryNotValid("is out of range, or its corners are in another order")
    return west, south, east, north


def box_wkt(box: Box) -> str | None:
    """Return a box as WKT, in two parts if it crosses the antimeridian; None if it has no area."""
    west, south, east, north = box
    if west == east or south == north:
        return None
    spans = [(west, east)] if west < east else [(west, Decimal(180)), (Decimal(-180), east)]
    rings = [_ring(low, south, high, north) for low, high in spans if low != high]
    if len(rings) == 1:
        return f"POLYGON ({rings[0]})"
    return f"MULTIPOLYGON ({', '.join(f'({ring})' for ring in rings)})"


def _ring(west: Decimal, south: Decimal, east: Decimal, north: Decimal) -> str:
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return f"({', '.join(f'{decimal_text(x)} {decimal_text(y)}' for x, y in corners)})"
