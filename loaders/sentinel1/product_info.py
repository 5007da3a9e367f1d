"""What the layout on AWS adds to a scene: ``productInfo.json``.

Its keys are described with the registry entries of the Sentinel-1 buckets on AWS,
of GRD scenes and of terrain-corrected (RTC) tiles.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dafab_kg.model.errors import FieldMissing, FieldNotValid
from dafab_kg.model.product_names import ProductName, read_name
from dafab_kg.model.strict_json import read_json
from dafab_kg.model.values import instant

_ID = re.compile(rb'"id"\s*:\s*"(S1[^"]+)"')
_TERRAIN_CORRECTED = re.compile(rb'"productType"\s*:\s*"RTC"')


@dataclass(frozen=True)
class ProductInfo:
    """What ``productInfo.json`` says; ``product_type`` is RTC for a terrain-corrected scene."""

    name: ProductName
    product_type: str | None
    sensing_start: str | None
    sensing_stop: str | None
    footprint: Mapping[str, Any] | None
    where: str


def read_product_info(data: bytes, where: str) -> ProductInfo:
    """Read ``productInfo.json``.

    Raises:
        NotWellFormed: it is not JSON.
        FieldMissing: it names no scene.
        FieldNotValid: it is no object, or a time is none.
    """
    value = read_json(data, where=where)
    if not isinstance(value, Mapping):
        raise FieldNotValid("this is no JSON object", where=where)
    identifier, footprint = value.get("id"), value.get("footprint")
    name = read_name(identifier) if isinstance(identifier, str) else None
    if name is None:
        raise FieldMissing(
            f"{identifier!r} is no name of a Sentinel-1 product",
            where=f"{where}: /id",
            remedy="Fetch the file again from its source",
        )
    product_type = value.get("productType")
    return ProductInfo(
        name=name,
        product_type=product_type if isinstance(product_type, str) else None,
        sensing_start=_time(value, "startTime", where),
        sensing_stop=_time(value, "stopTime", where),
        footprint=footprint if isinstance(footprint, Mapping) else None,
        where=where,
    )


def name_in(data: bytes) -> ProductName | None:
    """Return the scene that ``productInfo.json`` names, without parsing."""
    match = _ID.search(data)
    return read_name(match[1].decode("ascii", errors="replace")) if match else None


def is_terrain_corrected(data: bytes) -> bool:
    """Tell whether ``productInfo.json`` is of a terrain-corrected scene, without parsing."""
    return _TERRAIN_CORRECTED.search(data) is not None


def _time(value: Mapping[str, Any], key: str, where: str) -> str | None:
    text = value.get(key)
    return instant(str(text), where=f"{where}: /{key}") if text else None
