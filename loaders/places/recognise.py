"""Which GeoJSON is boundaries of places.

A polygon with a name may be anything: a parcel, the area of an event.  Without
being told, taken is only a file each of whose features says that it is a place:
by the columns of a known boundary data set, or by an ISO code as its id and
nothing but a name beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from dafab_kg.loaders.places.attributes import KINDS
from dafab_kg.loaders.places.countries import SHORT

LARGE: Final = 64 * 1024 * 1024
"""Bytes from which a file is looked into only if its first 4 KiB speak of places."""

_TELLING: Final = re.compile(
    rb'"(?:iso_a3|ISO_A3|adm0_a3|ADM0_A3|GID_0|shapeGroup|shapeISO|NUTS_ID|ISO3166-1-Alpha-3|'
    rb'admin_level)"\s*:|"kind"\s*:\s*"|"id"\s*:\s*"[A-Z]{3}(?:-[A-Z0-9]{1,3})?"'
)
_SETS: Final = (  # columns of which all must be there, in lower case
    {"adm0_a3", "featurecla"},
    {"iso_a3", "admin"},
    {"iso_a3", "name"},
    {"iso3166-1-alpha-3", "name"},
    {"gid_0", "country"},
    {"gid_0", "name_0"},
    {"shapegroup", "shapename"},
    {"nuts_id", "levl_code"},
    {"admin_level", "name"},
)
_OF_OTHERS: Final = {
    "stac_version", "eventtype", "eventid", "alertlevel", "glide", "crop", "crop_code", "crop_name",
    "area_ha", "parcel_id", "determination_datetime", "hazard", "score", "confidence", "class",
    "label", "datetime",
}  # fmt: skip
_BARE: Final = frozenset({"name", "fips"})
_KINDLY: Final = frozenset({"kind", "name", "state", "country", "fips"})
_ID = re.compile(r"([A-Z]{3})(?:-[A-Z0-9]{1,3})?")
_LATIN_CODES = re.compile(r"-99|[A-Z]{2,3}(?:-[A-Z0-9]{1,3})?")


def may_tell(data: bytes) -> bool:
    """Tell quickly whether a file is worth parsing."""
    return _TELLING.search(data) is not None


def is_boundaries(features: list[Any]) -> bool:
    """Tell whether every feature says that it is a place, and at least one by a code."""
    if not features or not all(map(_is_area, features)):
        return False
    kinds = [_kind(feature) for feature in features]
    return all(kinds) and any(
        kind != "bare" or _has_code(f) for kind, f in zip(kinds, features, strict=True)
    )


def _is_area(feature: Any) -> bool:
    if not isinstance(feature, Mapping) or not isinstance(feature.get("properties"), Mapping):
        return False
    geometry = feature.get("geometry")
    return geometry is None or (
        isinstance(geometry, Mapping) and geometry.get("type") in {"Polygon", "MultiPolygon"}
    )


def _kind(feature: Mapping[str, Any]) -> str:
    """How a feature says that it is a place; empty if it does not."""
    columns = {key.lower() for key in feature["properties"]}
    if "stac_version" in feature or columns & _OF_OTHERS:
        return ""
    if any(known <= columns for known in _SETS):
        return "columns"
    if "name" not in columns:
        return ""
    if columns <= _KINDLY and str(feature["properties"].get("kind", "")).lower() in KINDS:
        return "kind"
    own = feature.get("id")
    bare = columns <= _BARE and isinstance(own, str) and _LATIN_CODES.fullmatch(own) is not None
    return "bare" if bare else ""


def _has_code(feature: Mapping[str, Any]) -> bool:
    match = _ID.fullmatch(str(feature.get("id", "")))
    return match is not None and match[1] in SHORT
