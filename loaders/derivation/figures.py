"""Figures of a derivation document: which record types may stand there, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from decimal import Decimal
from functools import cache
from typing import Any, Final, get_type_hints

from dafab_kg.model.errors import FieldMissing, FieldNotValid
from dafab_kg.model.records import (
    AnomalyArea,
    Coverage,
    Record,
    SceneCoverage,
    SceneWater,
    WaterExtent,
)

FIGURES: Final[dict[str, type[Record]]] = {
    figure.__name__: figure
    for figure in (
        Coverage,
        SceneCoverage,
        WaterExtent,
        SceneWater,
        AnomalyArea,
    )
}
"""Record types that a derivation may state, by the member ``type`` of the figure."""


def read_figure(value: Any, where: str, derivation_id: str, product_id: str) -> Record:
    """Read one figure.

    ``derivation_id`` and ``product_id`` fill the fields of these names that it
    does not state.

    Raises:
        FieldNotValid, FieldMissing: what is wrong, with its place.
    """
    kind = value.get("type") if isinstance(value, Mapping) else None
    figure = FIGURES.get(kind) if isinstance(kind, str) else None
    if figure is None:
        raise FieldNotValid(
            f"{kind!r} is no kind of figure",
            where=f"{where}/type",
            remedy=f"Known are {', '.join(FIGURES)}; a newer version may know more",
        )
    known = _types(figure.__name__)
    given = {"derivation_id": derivation_id, "product_id": product_id}
    values: dict[str, Any] = {name: text for name, text in given.items() if name in known}
    for name, member in value.items():
        if name == "type":
            continue
        if name not in known:
            raise FieldNotValid(
                f"{kind} has no field {name!r}",
                where=f"{where}/{name}",
                remedy=f"Its fields are {', '.join(known)}",
            )
        values[name] = _convert(member, known[name], f"{where}/{name}")
    for field in fields(figure):
        if field.default is MISSING and field.name not in values:
            raise FieldMissing(
                f"{kind} lacks {field.name}",
                where=where,
                remedy="Derive it again with `dafab-kg derive`",
            )
    return figure(**values)


@cache
def _types(name: str) -> dict[str, str]:
    figure = FIGURES[name]
    hints = get_type_hints(figure)
    return {field.name: str(hints[field.name]) for field in fields(figure)}


def _convert(value: Any, hint: str, where: str) -> Any:
    if value is None and "None" in hint:
        return None
    if "tuple" in hint:
        if isinstance(value, list) and all(isinstance(part, str) for part in value):
            return tuple(value)
    elif "Decimal" in hint:
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return Decimal(value)
    elif "bool" in hint:
        if isinstance(value, bool):
            return value
    elif "int" in hint:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    elif isinstance(value, str):
        return value
    raise FieldNotValid(
        f"{value!r} is not of the type of this figure",
        where=where,
        remedy="Derive it again with `dafab-kg derive`",
    )
