"""Where the product of an entry lies: the best of the footprints that the entry states."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import shapely

from dafab_kg.loaders.catalogue.gml import Box, read_gml, read_pairs
from dafab_kg.loaders.catalogue.told import PlaceTold, Told
from dafab_kg.loaders.catalogue.wkt import read_wkt
from dafab_kg.loaders.stac.place import box_wkt, check_box
from dafab_kg.model.errors import DocumentRejected, FieldNotValid, GeometryNotValid
from dafab_kg.model.geometry import Footprint, footprint_from_geojson
from dafab_kg.model.values import number

_SAME: Final = 1e-3  # of the area: what differs less is rounding


def place_of(told: Told, where: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the fields of a product that say where it lies, and warnings.

    A footprint that describes no place is passed over, with a warning, if another one
    does.  Where there is only a bounding box, that is the footprint; where there is
    nothing, the product is kept without a place.

    Raises:
        GeometryNotValid: none of the footprints that are stated describes a place.
    """
    box, warnings = _box(told.box)
    best: Footprint | None = None
    first: DocumentRejected | None = None
    for place in told.places:
        spot = f"{where}: {place.pointer}"
        try:
            geometry = _single(_geometry(place, spot, box))
            found, doubts = footprint_from_geojson(geometry, where=spot)
        except DocumentRejected as error:
            first = first or error
            warnings.append(f"{place.pointer}: {error.what}; left out")
            continue
        if best is None:
            best = found
            warnings += [f"{place.pointer}: {doubt}" for doubt in doubts]
        elif _differ(best, found):
            warnings.append(f"{place.pointer}: is another footprint than the one that was read")
    if best is not None:
        bounds = (best.west, best.south, best.east, best.north)
        if box is not None and _far(box, bounds):
            warnings.append("the bounding box contradicts the footprint")
        return _fields(best.wkt, bounds), tuple(warnings)
    if first is not None:
        raise first
    if box is None:
        return {}, (*warnings, "the entry does not say where the product lies")
    return _fields(box_wkt(box), box), (*warnings, "only a bounding box tells the footprint")


def _geometry(place: PlaceTold, where: str, box: Box | None) -> Any:
    value = place.value
    if place.kind == "geojson":
        if not isinstance(value, dict):
            raise _not_read("the footprint is no GeoJSON geometry", where)
        return {"type": value.get("type"), "coordinates": value.get("coordinates")}
    if not isinstance(value, str):
        raise _not_read("the footprint is no text", where)
    if place.kind == "wkt":
        return read_wkt(value, where)
    if place.kind == "latlon":
        return read_pairs(value, where)
    return read_gml(value, where, place.order, box)


def _not_read(what: str, where: str) -> GeometryNotValid:
    return GeometryNotValid(
        what, where=where, remedy="Fetch the entry again from its catalogue, or leave it out"
    )


def _single(geometry: dict[str, Any]) -> dict[str, Any]:
    """Turn a MultiPolygon of one polygon into that polygon: the same footprint in other words."""
    members = geometry.get("coordinates")
    if geometry.get("type") == "MultiPolygon" and isinstance(members, list) and len(members) == 1:
        return {"type": "Polygon", "coordinates": members[0]}
    return geometry


def _box(raw: tuple[Any, ...] | None) -> tuple[Box | None, list[str]]:
    if raw is None or all(one is None for one in raw):
        return None, []
    try:
        return check_box([number(one) if isinstance(one, str) else one for one in raw]), []
    except (GeometryNotValid, FieldNotValid) as error:
        return None, [f"the bounding box {error.what}; left out"]


def _fields(wkt: str | None, box: tuple[Decimal, Decimal, Decimal, Decimal]) -> dict[str, Any]:
    west, south, east, north = box
    return {"footprint_wkt": wkt, "west": west, "south": south, "east": east, "north": north}


def _differ(one: Footprint, other: Footprint) -> bool:
    if one.wkt == other.wkt:
        return False
    a, b = shapely.from_wkt(one.wkt), shapely.from_wkt(other.wkt)
    whole = max(a.area, b.area)
    return bool(whole) and a.symmetric_difference(b).area > _SAME * whole


def _far(box: Box, other: Box) -> bool:
    if box[0] > box[2] or other[0] > other[2]:
        return False
    return any(abs(a - b) > Decimal("0.1") for a, b in zip(box, other, strict=True))
