"""The figures of DaFab blocks: which key is which field.

Source: the blocks ``dafab:water-analysis`` and ``dafab:smart-agriculture`` of
catalogue items (algorithms 2.0.0 and 3.0.0), and the older generation, which
prefixed keys with ``%`` and ``#``, gave areas in hectares, named the classes of the
difference mask in capitals and called a deficit "lack".
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from dafab_kg.loaders.stac.convert import Converted, number, whole
from dafab_kg.loaders.stac.known import Facts, Known, read_known
from dafab_kg.loaders.stac.leaves import Owner, keep
from dafab_kg.model.documents import escape_pointer
from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.records import (
    Agriculture,
    MaskAgreement,
    Property,
    Record,
    WaterAnalysis,
    WaterObjects,
)

_MASK: Final = "difference_water_mask"
_TRUST: Final = "trustworthiness_observed_water_mask"


def _version(raw: Any) -> Converted:
    """An algorithm's version, a whole number or a text (``200``, ``2.0.0``)."""
    if isinstance(raw, bool) or not isinstance(raw, int | str) or not str(raw).strip():
        raise FieldNotValid("is no version")
    return str(raw), True


def _hectares(raw: Any) -> Converted:
    """An area in hectares, as km²; what was delivered is kept beside it."""
    return number(raw)[0] / Decimal(100), False


def _figure(field: str, *older: str) -> Known:
    return Known(field, number, (field, *older))


def _area(field: str) -> Known:
    return Known(field, number, (f"{field}(km2)",))


def _class(name: str, older: str) -> Known:
    return Known(f"difference_{name}", number, (f"{_MASK}/{name}", f"{_MASK}/{older}", older))


WATER: Final[tuple[Known, ...]] = (
    _figure("observed_water", "%observed_water"),
    _figure("observed_water_visible", "%observed_water_visible"),
    _figure("reference_permanent_water", "%reference_permanent_water"),
    _figure("reference_permanent_water_visible", "%reference_permanent_water_visible"),
    _figure("reference_seasonal_water", "%reference_seasonal_water"),
    _figure("reference_seasonal_water_visible", "%reference_seasonal_water_visible"),
    _figure("excess_total_water_observed", "%excess_water_observed"),
    _area("excess_total_water_observed_area"),
    _figure("excess_water_observed_by_permanent_seasonal", "%water_observed_by_permanent&seasonal"),
    _figure("excess_seasonal_water_observed", "%excess_seasonal_water_observed"),
    _figure("deficit_water_observed", "%deficit_water_observed", "%lack_water_observed"),
    _area("deficit_water_observed_area"),
    _class("other", "NO_WATER"),
    _class("exclusion_reference", "NO_REFERENCE"),
    _class("exclusion_observed", "NO_OBSERVED"),
    _class("water_deficit_observed", "DROUGHT"),
    _class("water_seasonal_not_observed", "SEASONAL"),
    _class("water_permanent_observed", "PERMANENT"),
    _class("water_seasonal_observed", "SEASONAL_OBSERVED"),
    _class("water_excess_observed", "FLOOD_OBSERVED"),
)
"""Fields of :class:`~dafab_kg.model.records.WaterAnalysis`."""


def _objects(percentage: str, *groups: str) -> tuple[Known, ...]:
    """Return the fields of the delineated objects of one sign, which stand in one of ``groups``."""
    areas = ("total_area", "mean_area", "max_area", "min_area")
    return (
        Known("count", whole, tuple(f"{group}/number" for group in groups)),
        *(Known(area, number, tuple(f"{group}/{area}(km2)" for group in groups)) for area in areas),
        *(
            Known(area, _hectares, tuple(f"{group}/{area}(ha)" for group in groups))
            for area in areas
        ),
        Known("percentage", number, tuple(f"{group}/{percentage}" for group in groups)),
    )


OBJECTS: Final = {
    "excess": _objects("excess_total_water_observed", "excess_total_water", "excess_water"),
    "deficit": _objects("deficit_water_observed", "deficit_water", "lack_water"),
}
"""Fields of :class:`~dafab_kg.model.records.WaterObjects` by sign."""

AGREEMENT: Final = (
    "overlap_water_percentage",
    "left_join_water_percentage",
    "right_join_water_percentage",
    "overlap_other_percentage",
    "iou_score_water",
    "iou_score_other",
    "mcc_score",
    "kappa_score",
)
"""Fields of :class:`~dafab_kg.model.records.MaskAgreement`, which are also its keys."""

AGRICULTURE: Final[tuple[Known, ...]] = (
    Known("number_of_fields", whole, ("number_of_fields",)),
    _figure("field_percentage"),
    Known("total_field_area", number, ("total_field_area(ha)",)),
    Known("min_field_area", number, ("min_area_of_fields(ha)",)),
    Known("mean_field_area", number, ("mean_area_of_fields(ha)",)),
    Known("max_field_area", number, ("max_area_of_fields(ha)",)),
)
"""Fields of :class:`~dafab_kg.model.records.Agriculture`."""

ALGORITHM: Final[tuple[Known, ...]] = (
    Known(
        "algorithm_version",
        _version,
        ("water_analysis_algorithm_version", "smart_agriculture_algorithm_version"),
    ),
)


class Block:
    """One block of figures, taken apart: each figure is either read once or kept as it is."""

    def __init__(self, value: Any, pointer: str) -> None:
        self.flat = _flatten(value) if isinstance(value, dict) else {}
        self.warnings: list[str] = []
        self._value = value
        self._pointer = pointer
        self._covered: set[str] = set()

    def read(self, table: tuple[Known, ...]) -> dict[str, Any]:
        """Return the fields of ``table`` that the block tells."""
        facts: Facts = read_known(self.flat, table, self._pointer)
        self._covered |= facts.covered.keys()
        self.warnings += facts.warnings
        return facts.fields

    def rest(self, name: str, owner: Owner) -> Iterator[Property]:
        """Yield what was not read."""
        if not self.flat:
            yield from keep(self._value, self._pointer, name, owner)
        for path, value in self.flat.items():
            if path not in self._covered:
                yield from keep(value, f"{self._pointer}/{path}", name, owner)


def water_records(block: Block, product_id: str) -> Iterator[Record]:
    """Yield the figures of a water analysis, the delineated objects and the agreement of masks."""
    figures = block.read(WATER)
    if figures:
        yield WaterAnalysis(product_id, **figures)
    for sign, table in OBJECTS.items():
        objects = block.read(table)
        if objects:
            yield WaterObjects(product_id, sign, **objects)
    compared = {path.split("/")[1] for path in block.flat if path.startswith(f"{_TRUST}/")}
    for comparison in sorted(compared):
        scores = block.read(_agreement(comparison))
        if scores:
            yield MaskAgreement(product_id, comparison, **scores)


def agriculture_records(block: Block, product_id: str) -> Iterator[Record]:
    """Yield the figures of the delineated fields."""
    figures = block.read(AGRICULTURE)
    if figures:
        yield Agriculture(product_id, **figures)


@lru_cache(maxsize=16)
def _agreement(comparison: str) -> tuple[Known, ...]:
    return tuple(Known(field, number, (f"{_TRUST}/{comparison}/{field}",)) for field in AGREEMENT)


def _flatten(members: dict[str, Any], above: str = "") -> dict[str, Any]:
    """Return all leaves by their path, which is a JSON Pointer without its first slash."""
    flat: dict[str, Any] = {}
    for key, value in members.items():
        path = f"{above}{escape_pointer(key)}"
        if isinstance(value, dict) and value:
            flat |= _flatten(value, f"{path}/")
        else:
            flat[path] = value
    return flat
