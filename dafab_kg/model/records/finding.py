"""What a model drew: objects that it detected, and areas of too much or too little water."""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.model.records.base import Number, Record, Text, Whole


@dataclass(frozen=True, slots=True)
class DetectionSet(Record):
    """Objects that were detected together, as one file tells them.

    ``set_id`` is the file's own name for it, or else the beginning of its SHA-256.
    """

    set_id: str
    detection_count: Whole = None
    title: Text = None
    run_id: Text = None
    model: Text = None
    model_version: Text = None
    created: Text = None


@dataclass(frozen=True, slots=True)
class Detection(Record):
    """One object detected in an image.

    ``detection_id`` is unique in its set.  ``product_id`` is the product that the image
    is of; ``image`` is the image as the file names it.  The footprint is CRS84 as in
    ``Product``; ``detection_area`` is computed on the ellipsoid.
    """

    set_id: str
    detection_id: str
    object_class: str
    detection_confidence: Number = None  # percent
    image: Text = None
    product_id: Text = None
    footprint_wkt: Text = None
    west: Number = None
    south: Number = None
    east: Number = None
    north: Number = None
    detection_area: Number = None  # km²


@dataclass(frozen=True, slots=True)
class AnomalyArea(Record):
    """One delineated area of excess or deficit water (specification table 2).

    ``anomaly_sign`` is ``excess`` or ``deficit``.  ``product_id`` is the water product,
    and ``run_id`` the run that made it.  ``anomaly_area`` is computed on the ellipsoid,
    ``declared_anomaly_area`` is what the file states; both km².  ``derivation_id`` is
    given where the catalogue itself drew the area from the masks.
    """

    product_id: str
    anomaly_sign: str
    area_id: str
    run_id: Text = None
    derivation_id: Text = None
    anomaly_area: Number = None
    declared_anomaly_area: Number = None
    footprint_wkt: Text = None
    west: Number = None
    south: Number = None
    east: Number = None
    north: Number = None
