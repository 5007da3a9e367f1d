"""From features to records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import shapely
from pyproj import Geod

from dafab_kg.loaders.dafab.recognise import read_derived_id
from dafab_kg.loaders.findings.features import (
    CLASS,
    IMAGE,
    PRODUCT,
    About,
    declared_area,
    first_text,
    product_of,
    score_of,
    sign_of,
)
from dafab_kg.model.documents import Reading
from dafab_kg.model.errors import FieldMissing, FieldNotValid, GeometryNotValid
from dafab_kg.model.geometry import Footprint, footprint_from_geojson
from dafab_kg.model.records import AnomalyArea, Detection, DetectionSet, Model, Record
from dafab_kg.model.values import instant

AREA_TOLERANCE: Final = Decimal("0.02")
"""Share by which a declared area may differ from ours: producers count pixels of a grid that is
true to area within 0.2 %, and round to 0.01 km², half of which is allowed besides."""
_ROUNDING: Final = Decimal("0.005")

_WGS84: Final = Geod(ellps="WGS84")
_POLYGONS: Final = ("Polygon", "MultiPolygon")


def area_of(footprint: Footprint) -> Decimal | None:
    """Return the area of a footprint on the ellipsoid in km²; None for points and lines."""
    if footprint.geometry_type not in _POLYGONS:
        return None
    shape = shapely.from_wkt(footprint.wkt)  # its rings are wound already, so that holes count
    area, _ = _WGS84.geometry_area_perimeter(shape)
    return Decimal(repr(abs(area) / 1e6)).quantize(Decimal("0.000001"))


def _differ(area: Decimal, declared: Decimal) -> bool:
    return abs(area - declared) > AREA_TOLERANCE * max(area, declared) + _ROUNDING


def read_anomalies(value: dict[str, Any], about: About, where: str) -> Reading:
    """Read delineated areas of excess or deficit water.

    Raises:
        FieldMissing: an area's product or sign is not told.
        FieldNotValid: two areas have one id.
        GeometryNotValid: none of the areas is one.
    """
    warnings = _crs_warnings(value, where)
    records: list[Record] = []
    places = _Places(warnings, _POLYGONS)
    seen: set[tuple[str, str, str]] = set()
    for place, feature, members in _features(value, where):
        product = product_of(members, PRODUCT) or about.product_id
        if product is None:
            raise FieldMissing(
                "nothing tells which product the anomaly is of",
                where=f"{place}/properties",
                remedy='Give the collection, or each feature, a "product"',
            )
        sign = sign_of(members) or about.sign
        if sign is None:
            raise FieldMissing(
                "nothing tells whether the anomaly is excess or deficit",
                where=f"{place}/properties",
                remedy='Give the collection, or each feature, an "anomaly_sign"',
            )
        footprint = places.read(feature, place)
        if footprint is None:
            continue
        identity = product, sign, _id(feature, members, place)
        if identity in seen:
            raise FieldNotValid(
                f"the id {identity[2]!r} stands twice",
                where=place,
                remedy="Give each area an id of its own",
            )
        seen.add(identity)
        area, declared = area_of(footprint), declared_area(members)
        if area is not None and declared is not None and _differ(area, declared):
            warnings.append(f"{place}: the area is said to be {declared} km², it is {area} km²")
        records.append(
            AnomalyArea(
                *identity,
                run_id=product if read_derived_id(product) is not None else None,
                anomaly_area=area,
                declared_anomaly_area=declared,
                **_place(footprint),
            )
        )
    places.check()
    if not records:
        warnings.append(f"{where}: the collection holds no area")
    return Reading(tuple(records), warnings=_told(warnings))


def read_detections(value: dict[str, Any], about: About, digest: str, where: str) -> Reading:
    """Read detected objects; an object without geometry is kept without a place.

    Raises:
        FieldMissing: an object has no class.
        FieldNotValid: two objects have one id, or a time is none.
        GeometryNotValid: no object's geometry describes a place.
    """
    warnings = _crs_warnings(value, where)
    set_id = about.name or digest[:16]
    detections: list[Detection] = []
    places = _Places(warnings)
    seen: Counter[str] = Counter()
    for place, feature, members in _features(value, where):
        object_class = first_text(members, CLASS)
        if object_class is None:
            raise FieldMissing(
                "the detection has no class",
                where=f"{place}/properties",
                remedy=f"Give it one of {', '.join(CLASS)}",
            )
        detection_id = _id(feature, members, place)
        seen[detection_id] += 1
        if seen[detection_id] > 1:
            raise FieldNotValid(
                f"the id {detection_id!r} stands twice",
                where=place,
                remedy="Give each detection an id of its own, or none",
            )
        confidence, doubt = score_of(members)
        if doubt:
            warnings.append(f"{place}/properties: {doubt}")
        footprint = places.read(feature, place)
        detections.append(
            Detection(
                set_id=set_id,
                detection_id=detection_id,
                object_class=object_class,
                detection_confidence=confidence,
                image=first_text(members, IMAGE) or first_text(value, IMAGE),
                product_id=product_of(members) or about.product_id,
                detection_area=area_of(footprint) if footprint else None,
                **(_place(footprint) if footprint else {}),
            )
        )
    places.check()
    if not detections:
        warnings.append(f"{where}: the collection holds no detection")
    model, version = (first_text(value, (key,)) for key in ("model", "model_version"))
    created = first_text(value, ("created",))
    records: list[Record] = [
        DetectionSet(
            set_id=set_id,
            detection_count=len(detections),
            title=first_text(value, ("title",)),
            run_id=first_text(value, ("run", "run_id")),
            model=model if version else None,
            model_version=version if model else None,
            created=instant(created, where=f"{where}: /created") if created else None,
        )
    ]
    if model and version:
        records.append(Model(model, version, f"{model} {version}"))
    return Reading((*records, *detections), warnings=_told(warnings))


def _features(
    value: dict[str, Any], where: str
) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for position, feature in enumerate(value["features"]):
        place = f"{where}: /features/{position}"
        if not isinstance(feature, dict) or feature.get("type", "Feature") != "Feature":
            raise FieldNotValid(
                "this is no Feature", where=place, remedy="Write it as RFC 7946 section 3.2 says"
            )
        properties = feature.get("properties")
        yield place, feature, properties if isinstance(properties, dict) else {}


def _id(feature: dict[str, Any], members: dict[str, Any], place: str) -> str:
    """Return the id of a feature, or else its position in the file."""
    told = first_text(feature, ("id",)) or first_text(members, ("id", "area_id", "detection_id"))
    return told or place.rpartition("/")[2]


class _Places:
    """The places of features: one that is none is left out, unless all are none."""

    def __init__(self, warnings: list[str], kinds: tuple[str, ...] = ()) -> None:
        self._warnings = warnings
        self._kinds = kinds
        self._read = 0
        self._fault: GeometryNotValid | None = None

    def read(self, feature: dict[str, Any], place: str) -> Footprint | None:
        """Return where a feature lies; None, with a warning, where that cannot be told."""
        where = f"{place}/geometry"
        geometry = feature.get("geometry")
        if geometry is None:
            self._warnings.append(f"{place}: the feature has no geometry")
            return None
        try:
            footprint, doubts = footprint_from_geojson(geometry, where=where)
            if self._kinds and footprint.geometry_type not in self._kinds:
                raise GeometryNotValid(
                    f"an area is drawn as {' or '.join(self._kinds)}, "
                    f"not as {footprint.geometry_type}",
                    where=where,
                    remedy="Give the outline of the area",
                )
        except GeometryNotValid as error:
            self._fault = self._fault or error
            self._warnings.append(f"{error.where or where}: {error.what}; left out")
            return None
        self._read += 1
        self._warnings += [f"{where}: {doubt}" for doubt in doubts]
        return footprint

    def check(self) -> None:
        """Refuse the document if no feature of it lies anywhere for a fault of its geometry."""
        if self._fault is not None and not self._read:
            raise self._fault


def _place(footprint: Footprint) -> dict[str, Any]:
    return {
        "footprint_wkt": footprint.wkt,
        "west": footprint.west,
        "south": footprint.south,
        "east": footprint.east,
        "north": footprint.north,
    }


def _crs_warnings(value: dict[str, Any], where: str) -> list[str]:
    """Refuse another CRS than RFC 7946's; its old way to name that one is no fault."""
    crs = value.get("crs")
    if crs is None:
        return []
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if isinstance(name, str) and name.upper().endswith(("CRS84", "EPSG::4326", "EPSG:4326")):
        return []
    raise GeometryNotValid(
        f"the coordinates are in {name or crs!r:.60}, not in longitude and latitude",
        where=f"{where}: /crs",
        remedy="Write it as RFC 7946 asks: WGS 84, longitude first (ogr2ogr -lco RFC7946=YES)",
    )


def _told(warnings: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(warnings))
