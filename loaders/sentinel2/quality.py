"""What is in the scene, in percent, and how the product did in its quality inspections."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from dafab_kg.loaders.sentinel2.sheet import Sheet, local_name

Percentages = dict[str, Decimal]
"""Values by field of :class:`~dafab_kg.model.records.Product`."""

_NUMBERS: Final[dict[str, tuple[str, ...]]] = {
    "nodata_pixel_percentage": ("NODATA_PIXEL_PERCENTAGE",),
    "saturated_defective_pixel_percentage": ("SATURATED_DEFECTIVE_PIXEL_PERCENTAGE",),
    "dark_features_percentage": ("DARK_FEATURES_PERCENTAGE",),
    "cloud_shadow_percentage": ("CLOUD_SHADOW_PERCENTAGE",),
    "vegetation_percentage": ("VEGETATION_PERCENTAGE",),
    # until 2018 class 5 was called bare soils and class 7 clouds of low probability
    "not_vegetated_percentage": ("NOT_VEGETATED_PERCENTAGE", "BARE_SOILS_PERCENTAGE"),
    "water_percentage": ("WATER_PERCENTAGE",),
    "unclassified_percentage": ("UNCLASSIFIED_PERCENTAGE", "LOW_PROBA_CLOUDS_PERCENTAGE"),
    "medium_proba_clouds_percentage": ("MEDIUM_PROBA_CLOUDS_PERCENTAGE",),
    "high_proba_clouds_percentage": ("HIGH_PROBA_CLOUDS_PERCENTAGE",),
    "thin_cirrus_percentage": ("THIN_CIRRUS_PERCENTAGE",),
    "snow_ice_percentage": ("SNOW_ICE_PERCENTAGE",),
    "cloudy_pixel_over_land_percentage": ("CLOUDY_PIXEL_OVER_LAND_PERCENTAGE",),
    "degraded_msi_data_percentage": ("DEGRADED_MSI_DATA_PERCENTAGE",),
    "degraded_anc_data_percentage": ("DEGRADED_ANC_DATA_PERCENTAGE",),
    "radiative_transfer_accuracy": ("RADIATIVE_TRANSFER_ACCURACY", "RADIATIVE_TRANSFER_ACCURAY"),
    "water_vapour_retrieval_accuracy": ("WATER_VAPOUR_RETRIEVAL_ACCURACY",),
    "aot_retrieval_accuracy": ("AOT_RETRIEVAL_ACCURACY",),
    "mean_aot": ("GRANULE_MEAN_AOT",),
    "mean_water_vapour": ("GRANULE_MEAN_WV",),
    "ozone_value": ("OZONE_VALUE",),
}


def read_percentages(sheet: Sheet) -> Percentages:
    """Read the quality figures that the sheet has."""
    found = {name: sheet.number(*tags) for name, tags in _NUMBERS.items()}
    return {name: value for name, value in found.items() if value is not None}


def read_checks(sheet: Sheet) -> Iterator[tuple[str, str]]:
    """Yield each quality inspection and its verdict.

    Old: ``<SENSOR_QUALITY_FLAG>PASSED``; new: ``<quality_check
    checkType="SENSOR_QUALITY">PASSED``.
    """
    for inspections in sheet.parts("Quality_Inspections"):
        for element in inspections.root:
            check = element.get("checkType") or local_name(element).removesuffix("_FLAG")
            verdict = (element.text or "").strip()
            if check and verdict:
                yield check, verdict
