"""What the layout by tile on AWS adds: ``tileInfo.json`` and ``productInfo.json``.

Their fields are described with the registry entry of the Sentinel-2 buckets on AWS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dafab_kg.loaders.sentinel2.identifiers import product_id_of
from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.geometry import Footprint, footprint_from_projected
from dafab_kg.model.strict_json import read_json
from dafab_kg.model.values import instant, number

_TILE_KEYS = (b'"utmZone"', b'"latitudeBand"', b'"gridSquare"', b'"tileOrigin"', b'"tileGeometry"')
_SEARCH_KEYS = (b'"results"', b'"features"', b'"sceneID"')
_PRODUCT_KEYS = (b'"datatakeIdentifier"', b'"datastrips"', b'"tiles"', b'"sciHubIngestion"')
_EPSG = re.compile(r"EPSG:(?:[\d.]*:)?(\d+)\Z")


@dataclass(frozen=True)
class TileInfo:
    """What ``tileInfo.json`` says; ``cloud_cover`` in percent."""

    product_id: str | None
    timestamp: str | None
    datastrip_id: str | None
    cloud_cover: Decimal | None
    geometry: Mapping[str, Any] | None
    where: str


def is_tile_info(head: bytes) -> bool:
    """Tell ``tileInfo.json`` by its keys; search results have them further in."""
    alone = not any(key in head for key in _SEARCH_KEYS)
    return alone and _is_object(head) and sum(key in head for key in _TILE_KEYS) >= 2


def is_product_info(head: bytes) -> bool:
    """Tell ``productInfo.json`` by its keys."""
    return _is_object(head) and sum(key in head for key in _PRODUCT_KEYS) >= 2


def _is_object(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def read_tile_info(data: bytes, where: str) -> TileInfo:
    """Read ``tileInfo.json``.

    Raises:
        NotWellFormed: it is not JSON.
        FieldNotValid: it is no object, or a field is not of its type.
    """
    value = _object(data, where)
    datastrip = value.get("datastrip")
    geometry = value.get("tileDataGeometry")
    timestamp = value.get("timestamp")
    cloud = value.get("cloudyPixelPercentage")
    return TileInfo(
        product_id=_name(value, "productName"),
        timestamp=instant(str(timestamp), where=f"{where}: /timestamp") if timestamp else None,
        datastrip_id=_name(datastrip, "id") if isinstance(datastrip, Mapping) else None,
        cloud_cover=number(cloud, where=f"{where}: /cloudyPixelPercentage")
        if cloud is not None
        else None,
        geometry=geometry if isinstance(geometry, Mapping) else None,
        where=where,
    )


def product_of_info(data: bytes, where: str) -> str | None:
    """Return the product that ``tileInfo.json`` or ``productInfo.json`` names."""
    value = _object(data, where)
    return _name(value, "productName") or _name(value, "name")


def footprint_of_tile(info: TileInfo) -> Footprint | None:
    """Return where the tile has data, None if ``tileDataGeometry`` is absent.

    Raises:
        GeometryNotValid: it describes no place.
        FieldNotValid: its CRS is unknown.
    """
    if not info.geometry:
        return None
    where = f"{info.where}: /tileDataGeometry"
    kind, coordinates = info.geometry.get("type"), info.geometry.get("coordinates")
    if kind != "Polygon" or coordinates is None:
        raise FieldNotValid(f"{kind!r} with coordinates is no Polygon", where=where)
    return footprint_from_projected(
        coordinates, _crs(info.geometry, where), where=f"{where}/coordinates"
    )


def _crs(geometry: Mapping[str, Any], where: str) -> str:
    crs = geometry.get("crs")
    properties = crs.get("properties") if isinstance(crs, Mapping) else None
    name = properties.get("name") if isinstance(properties, Mapping) else None
    match = _EPSG.search(name) if isinstance(name, str) else None
    if match is None:
        raise FieldNotValid(f"{name!r} is no EPSG code", where=f"{where}/crs/properties/name")
    return f"EPSG:{match[1]}"


def _name(value: Mapping[str, Any], key: str) -> str | None:
    text = value.get(key)
    return product_id_of(text) or None if isinstance(text, str) else None


def _object(data: bytes, where: str) -> Mapping[str, Any]:
    value = read_json(data, where=where)
    if not isinstance(value, Mapping):
        raise FieldNotValid("this is no JSON object", where=where)
    return value
