"""Which GeoJSON is a finding, and what its features say: keys in their common spellings.

The documented form stands in ``README.md`` beside this file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from dafab_kg.loaders.dafab.recognise import read_derived_id
from dafab_kg.model.product_names import find_name
from dafab_kg.model.values import number

CLASS: Final = ("class", "label", "category", "object_class", "class_name")
SCORE: Final = ("score", "confidence", "probability")
IMAGE: Final = ("image", "image_id", "scene_id")
PRODUCT: Final = ("product", "product_id", "item", "item_id")
SIGN: Final = ("anomaly_sign", "anomaly", "sign", "water_anomaly")
AREA: Final = {
    "area(km2)": Decimal(1),
    "area_km2": Decimal(1),
    "area(ha)": Decimal("0.01"),
    "area_ha": Decimal("0.01"),
    "area_m2": Decimal("0.000001"),
    "area(m2)": Decimal("0.000001"),
}
"""Keys of a declared area, with what turns it to km²; the unit is part of the key."""

_SIGNS: Final = {
    "excess": "excess",
    "excess_water": "excess",
    "water_excess": "excess",
    "positive": "excess",
    "deficit": "deficit",
    "deficit_water": "deficit",
    "water_deficit": "deficit",
    "lack_water": "deficit",
    "negative": "deficit",
}
_ASSET: Final = re.compile(r"(?P<item>.+)_dafab[-_]water[-_](?P<sign>excess|deficit)\Z")
_KEY: Final = re.compile(r"dafab[-_]water[-_](excess|deficit)\Z")


@dataclass(frozen=True)
class About:
    """What a file as a whole is about: ``kind`` is ``detections`` or ``anomalies``.

    ``product_id`` and ``sign`` hold for features that do not say otherwise.
    """

    kind: str
    name: str | None = None
    product_id: str | None = None
    sign: str | None = None


def first_text(members: Mapping[str, Any], keys: Iterable[str]) -> str | None:
    """Return the first of ``keys`` that holds text (or a whole number), as text."""
    for key in keys:
        value = members.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None


def sign_of(members: Mapping[str, Any]) -> str | None:
    """Return ``excess`` or ``deficit``, if the members say so."""
    text = first_text(members, SIGN)
    return _SIGNS.get(re.sub(r"[ -]+", "_", text.lower())) if text else None


def score_of(members: Mapping[str, Any]) -> tuple[Decimal | None, str | None]:
    """Return the score as percent, and what is wrong with it; scores are 0 to 1."""
    for key in SCORE:
        value = members.get(key)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return None, f"{key} {value!r:.40} is no number; left out"
        if not 0 <= value <= 1:
            return None, f"{key} {value} is not between 0 and 1; left out"
        return Decimal(value) * 100, None
    return None, None


def declared_area(members: Mapping[str, Any]) -> Decimal | None:
    """Return the stated area in km²."""
    for key, factor in AREA.items():
        value = members.get(key)
        if isinstance(value, int | Decimal) and not isinstance(value, bool) and value >= 0:
            return number(value) * factor
    return None


def product_of(members: Mapping[str, Any], keys: Iterable[str] = (*PRODUCT, *IMAGE)) -> str | None:
    """Return the product that the members name: the id of a product, within a path or alone."""
    text = first_text(members, keys)
    if text is None:
        return None
    base = text.rstrip("/").rpartition("/")[2]
    stem = re.sub(r"\.(?:SAFE|tiff?|jp2|png|jpe?g|json)\Z", "", base, flags=re.IGNORECASE)
    if read_derived_id(stem) is not None:
        return stem
    name = find_name([stem, *text.split("/")])
    return name.name if name is not None else stem


def about_of(value: Any, file_name: str, *, assumed: bool) -> About | None:
    """Tell what a JSON value is about; None if it holds no findings.

    Anomalies say their sign and product, in the collection, in each feature, or by the name
    that the catalogue gives the file (``<item>_dafab-water-excess``), which GIS programs
    repeat as the collection's ``name``.  Detections have a class and a score in each feature.
    """
    if not isinstance(value, dict) or value.get("type") != "FeatureCollection":
        return None
    features = value.get("features")
    if not isinstance(features, list):
        return None
    given = value.get("name")
    name = given.strip() if isinstance(given, str) and given.strip() else None
    told = _from_names(name, file_name)
    members = [_properties(feature) for feature in features]
    sign = sign_of(value) or (told[1] if told else None)
    product = product_of(value, PRODUCT) or (told[0] if told else None)
    if sign is not None or (members and all(sign_of(one) for one in members)):
        known = product is not None or (
            members and all(product_of(one, PRODUCT) for one in members)
        )
        if known or assumed:
            return About("anomalies", name, product, sign)
    scored = bool(members) and all(
        first_text(one, CLASS) is not None and any(key in one for key in SCORE) for one in members
    )
    if scored or value.get("findings") == "detections" or (assumed and sign is None):
        return About("detections", name, product_of(value))
    return None


def _properties(feature: Any) -> dict[str, Any]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    return properties if isinstance(properties, dict) else {}


def _from_names(name: str | None, file_name: str) -> tuple[str | None, str] | None:
    """Return product and sign from the collection's name, else from the file's own name."""
    stem = re.sub(r"\.(?:geo)?json\Z", "", file_name.rpartition("/")[2], flags=re.IGNORECASE)
    for text in filter(None, (name, stem)):
        match = _ASSET.match(text)
        if match and read_derived_id(match["item"]) is not None:
            return match["item"], match["sign"]
    match = _KEY.match(name or "")
    return (None, match[1]) if match else None
