"""What AI models found in a product."""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.model.records.base import Number, Record, Text, Texts, Whole


@dataclass(frozen=True, slots=True)
class DerivedProduct(Record):
    """What an inference run made from a source product (GCORE outputs).

    ``kind`` is ``water`` or ``agriculture``; the figures stand in records of
    their own.  ``source_product_id`` is the product it was derived from.
    """

    product_id: str
    kind: str
    source_product_id: Text = None
    run_id: Text = None
    title: Text = None
    processing_level: Text = None
    processing_version: Text = None
    datetime: Text = None
    sensing_start: Text = None
    sensing_stop: Text = None
    mgrs_tiles: Texts = ()
    platform: Text = None
    footprint_wkt: Text = None
    west: Number = None
    south: Number = None
    east: Number = None
    north: Number = None
    created: Text = None
    updated: Text = None


@dataclass(frozen=True, slots=True)
class InferenceRun(Record):
    """A run of a model over a source product; ``run_id`` is the derived product's id."""

    run_id: str
    product_id: str
    source_product_id: Text = None
    model: Text = None
    model_version: Text = None
    algorithm_version: Text = None
    processing_version: Text = None
    ended: Text = None


@dataclass(frozen=True, slots=True)
class Model(Record):
    """A trained model or algorithm in one version."""

    model: str
    model_version: str
    label: str


@dataclass(frozen=True, slots=True)
class WaterAnalysis(Record):
    """Figures of a DaFab ``water_analysis`` item; percent of the scene unless stated.

    Source: the block ``dafab:water-analysis`` of the live catalogue's items.
    Excess percentages have no upper bound: they relate to the reference water.
    """

    product_id: str
    observed_water: Number = None
    observed_water_visible: Number = None
    reference_permanent_water: Number = None
    reference_permanent_water_visible: Number = None
    reference_seasonal_water: Number = None
    reference_seasonal_water_visible: Number = None
    excess_total_water_observed: Number = None
    excess_total_water_observed_area: Number = None  # km²
    excess_water_observed_by_permanent_seasonal: Number = None
    excess_seasonal_water_observed: Number = None
    deficit_water_observed: Number = None
    deficit_water_observed_area: Number = None  # km²
    # classes of the difference mask, percent of its pixels
    difference_other: Number = None
    difference_exclusion_reference: Number = None
    difference_exclusion_observed: Number = None
    difference_water_deficit_observed: Number = None
    difference_water_seasonal_not_observed: Number = None
    difference_water_permanent_observed: Number = None
    difference_water_seasonal_observed: Number = None
    difference_water_excess_observed: Number = None


@dataclass(frozen=True, slots=True)
class WaterObjects(Record):
    """The delineated objects of one sign (``excess`` or ``deficit``); areas in km²."""

    product_id: str
    anomaly_sign: str
    count: Whole = None
    total_area: Number = None
    mean_area: Number = None
    max_area: Number = None
    min_area: Number = None
    percentage: Number = None


@dataclass(frozen=True, slots=True)
class MaskAgreement(Record):
    """How far two observed-water masks agree (``comparison`` is ``ai_scl``, ...).

    Percentages of the scene; scores are dimensionless (IoU 0..1, MCC and kappa -1..1).
    """

    product_id: str
    comparison: str
    overlap_water_percentage: Number = None
    left_join_water_percentage: Number = None
    right_join_water_percentage: Number = None
    overlap_other_percentage: Number = None
    iou_score_water: Number = None
    iou_score_other: Number = None
    mcc_score: Number = None
    kappa_score: Number = None


@dataclass(frozen=True, slots=True)
class WaterAnomaly(Record):
    """The verdict on a water product, derived by a stated and versioned rule.

    ``anomaly_type`` is ``normal``, ``flood``, ``drought`` or
    ``floodAndDrought``; ``policy`` names the rule and version that said so.
    """

    product_id: str
    anomaly_type: str
    policy: str
    excess_percentage: Number = None
    deficit_percentage: Number = None


@dataclass(frozen=True, slots=True)
class Agriculture(Record):
    """Figures of a DaFab ``smart_agriculture`` item; areas in hectares as delivered."""

    product_id: str
    number_of_fields: Whole = None
    field_percentage: Number = None
    total_field_area: Number = None
    min_field_area: Number = None
    mean_field_area: Number = None
    max_field_area: Number = None
