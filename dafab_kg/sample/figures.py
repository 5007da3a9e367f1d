"""Figures of the DaFab models for a scene, each consistent with all others.

Water figures start from one difference mask, whose classes sum to 100 % of the
footprint; shares, ratios, areas and objects follow from it as they do in the
project's published items.  Field figures start from the number of fields and
their areas.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

from dafab_kg.sample.chance import Chance
from dafab_kg.sample.scene import FLOOD, WATER, Scene

Json = dict[str, Any]

EXCESS_OBJECT_KM2 = 0.05  # smaller objects are not delineated
DEFICIT_OBJECT_KM2 = 0.03


def water(seed: int, scene: Scene) -> Json:
    """The block ``dafab:water-analysis`` without its version."""
    chance = Chance(seed, "water", scene.product.product_id)
    permanent, seasonal = (round(v, 4) for v in WATER[scene.product.acquisition.tile])
    mask, permanent_seen, seasonal_seen = _difference_mask(scene, chance)
    excess = mask["water_excess_observed"] + mask["water_seasonal_observed"]
    deficit = mask["water_deficit_observed"]
    expected = mask["water_permanent_observed"] + mask["water_seasonal_observed"]
    observed = round(expected + mask["water_excess_observed"], 4)
    return {
        "observed_water": observed,
        "observed_water_visible": observed,
        "reference_permanent_water": permanent,
        "reference_permanent_water_visible": permanent_seen,
        "reference_seasonal_water": seasonal,
        "reference_seasonal_water_visible": seasonal_seen,
        "difference_water_mask": mask,
        "excess_total_water_observed": _ratio(excess, permanent_seen),
        "excess_total_water_observed_area(km2)": _area(excess, scene),
        "excess_water_observed_by_permanent_seasonal": _ratio(observed, expected),
        "excess_seasonal_water_observed": _ratio(mask["water_seasonal_observed"], seasonal_seen),
        "deficit_water_observed": _ratio(deficit, permanent_seen),
        "deficit_water_observed_area(km2)": _area(deficit, scene),
        "excess_total_water": _objects(
            "excess_total_water_observed", excess, permanent_seen, EXCESS_OBJECT_KM2, scene, chance
        ),
        "deficit_water": _objects(
            "deficit_water_observed", deficit, permanent_seen, DEFICIT_OBJECT_KM2, scene, chance
        ),
        "trustworthiness_observed_water_mask": _agreements(observed, chance),
    }


def fields(seed: int, scene: Scene) -> Json:
    """The block ``dafab:smart-agriculture`` without its version; areas in hectares.

    Fields are seen where no cloud is; what lies on the edge of a cloud is lost.
    """
    chance = Chance(seed, "fields", scene.product.product_id)
    open_sky = 1 - min(1.0, scene.cover.cloud * 1.1 / 100)
    luxembourg = scene.product.acquisition.passed.region == "luxembourg"
    share = (chance.between(0.34, 0.48) if luxembourg else chance.between(0.42, 0.6)) * open_sky
    mean = chance.between(2.6, 4.1) if luxembourg else chance.between(0.8, 1.6)
    number = int(share * scene.area * 100 / mean)
    total = round(number * mean, 2)
    return {
        "number_of_fields": number,
        "field_percentage": round(100 * total / (scene.area * 100), 4),
        "total_field_area(ha)": total,
        "min_area_of_fields(ha)": round(chance.between(0.05, 0.12), 2) if number else 0.0,
        "mean_area_of_fields(ha)": round(mean, 2) if number else 0.0,
        "max_area_of_fields(ha)": round(mean * chance.between(18, 45), 2) if number else 0.0,
    }


def _difference_mask(scene: Scene, chance: Chance) -> tuple[Json, float, float]:
    """The mask's classes in percent, and the reference water that could be seen."""
    tile = scene.product.acquisition.tile
    permanent, seasonal = WATER[tile]
    hidden = min(100.0, scene.cover.cloud + scene.cover.shadow)
    sight = 1 - hidden / 100
    permanent_seen = round(permanent * sight, 4)
    seasonal_seen = round(seasonal * sight, 4)
    high, low = max(scene.flood, 0.0), max(-scene.flood, 0.0)
    deficit = round(permanent_seen * (chance.between(0.004, 0.03) + 0.4 * low), 4)
    wet = min(0.97, chance.between(0.05, 0.2) * (1 - low) + 0.75 * high)
    seasonal_observed = round(seasonal_seen * wet, 4)
    stray = permanent * chance.between(0.005, 0.03)
    excess = round(sight * (FLOOD.get(tile, 0.1) * high + stray), 4)
    classes = {
        "exclusion_reference": 0.0,
        "exclusion_observed": round(hidden, 4),
        "water_deficit_observed": deficit,
        "water_seasonal_not_observed": round(seasonal_seen - seasonal_observed, 4),
        "water_permanent_observed": round(permanent_seen - deficit, 4),
        "water_seasonal_observed": seasonal_observed,
        "water_excess_observed": excess,
    }
    return (
        {"other": round(100 - sum(classes.values()), 4), **classes},
        permanent_seen,
        seasonal_seen,
    )


def _objects(
    name: str, share: float, reference: float, least: float, scene: Scene, chance: Chance
) -> Json:
    """Delineated objects of which each has at least ``least`` km²; areas sum to the total.

    Small objects are many and large ones few; what is left over is too small
    to be delineated.
    """
    hundredths = int(share * scene.area * chance.between(0.8, 0.97))  # of a km²
    smallest = round(least * 100)
    scale = max(1.0, hundredths / 8000)  # a large flood has larger objects, not only more
    areas: list[int] = []
    while hundredths >= smallest and len(areas) < 400:
        area = min(hundredths, int(smallest * scale * min(900.0, (1 - chance.share()) ** -1.1)))
        areas.append(area)
        hundredths -= area
    total = sum(areas) / 100
    return {
        "number": len(areas),
        "total_area(km2)": round(total, 2),
        "mean_area(km2)": round(total / len(areas), 2) if areas else 0.0,
        "max_area(km2)": round(max(areas) / 100, 2) if areas else 0.0,
        "min_area(km2)": round(min(areas) / 100, 2) if areas else 0.0,
        name: _ratio(100 * total / scene.area, reference),
    }


def _agreements(observed: float, chance: Chance) -> Json:
    """How far the three water masks (model, index, scene classification) agree."""
    pairs = (("ai_noai", 0.75, 0.9), ("ai_scl", 0.6, 0.85), ("noai_scl", 0.5, 0.8))
    return {
        name: _agreement(observed * chance.between(low, high), observed, chance)
        for name, low, high in pairs
    }


def _agreement(both: float, observed: float, chance: Chance) -> Json:
    """Agreement of two masks in percent of the scene, with the usual scores."""
    left, right = round(observed - both, 4), round(both * chance.between(0.01, 0.25), 4)
    both = round(both, 4)
    neither = round(100 - both - left - right, 4)
    first, second = (both + left) / 100, (both + right) / 100
    agreed = (both + neither) / 100
    by_chance = first * second + (1 - first) * (1 - second)
    spread = sqrt(first * second * (1 - first) * (1 - second))
    mcc = (both * neither - left * right) / 1e4 / spread if spread else 1.0
    kappa = (agreed - by_chance) / (1 - by_chance) if by_chance < 1 else 1.0
    wet, dry = both + left + right, neither + left + right
    return {
        "overlap_water_percentage": both,
        "left_join_water_percentage": left,
        "right_join_water_percentage": right,
        "overlap_other_percentage": neither,
        "iou_score_water": round(both / wet, 2) if wet else 1.0,
        "iou_score_other": round(neither / dry, 2) if dry else 1.0,
        "mcc_score": round(mcc, 2),
        "kappa_score": round(kappa, 2),
    }


def _ratio(part: float, whole: float) -> float:
    """Percent with two decimals; 0 where there is nothing to compare with."""
    return round(100 * part / whole, 2) if whole else 0.0


def _area(share: float, scene: Scene) -> float:
    """Area in km² of a share in percent of the footprint."""
    return round(share * scene.area / 100, 2)
