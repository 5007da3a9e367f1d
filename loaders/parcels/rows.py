"""From the rows of a layer to parcels in one form, and what was found amiss on the way."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely

from dafab_kg.loaders.parcels import values
from dafab_kg.loaders.parcels.boundaries import Placing
from dafab_kg.loaders.parcels.columns import Choice
from dafab_kg.loaders.parcels.crops import concepts
from dafab_kg.loaders.parcels.layer import Batch, Layer
from dafab_kg.loaders.parcels.tiles import squares
from dafab_kg.model.errors import NotWellFormed
from dafab_kg.model.values import decimal_text

TEXTS: Final = (
    "dataset", "parcel_id", "season", "square", "declared_area", "declared_perimeter",
    "crop_code", "crop_name", "hcat_code", "determined", "determination_method",
    "determination_details", "model", "model_version", "confidence", "source_product",
)  # fmt: skip
SCHEMA: Final = pa.schema(
    [
        ("row", pa.int64()),
        ("wkb", pa.binary()),
        ("area", pa.float64()),
        ("hash", pa.binary(16)),
        *((name, pa.string()) for name in TEXTS),
    ]
)
_SAID: Final = (
    "crop_code", "crop_name", "determination_method", "determination_details", "model",
    "model_version", "source_product",
)  # fmt: skip
_NAMED_FAULTS: Final = 10
_SQUARE_METRES: Final = {"ha": Decimal(1), "m²": Decimal("0.0001")}
_CLOSE: Final = 0.01


@dataclass
class Remarks:
    """What is told of a layer; rows are named up to a bound, then only counted."""

    left_out: list[str] = field(default_factory=list)
    left_out_count: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    apart: int = 0
    furthest: str = ""
    ratios: list[float] = field(default_factory=list)
    seasons_filled: int = 0
    countries: set[str] = field(default_factory=set)
    crops: set[str] = field(default_factory=set)

    def leave_out(self, row: int, name: str | None, why: str) -> None:
        """Say that a row is no parcel."""
        self.left_out_count += 1
        if len(self.left_out) < _NAMED_FAULTS:
            called = f" ({name[:60]})" if name else ""
            self.left_out.append(f"Row {row + 1}{called} is left out: {why}")

    def compare(self, row: int, declared: Decimal, area: float) -> None:
        """Compare an area in hectares that was declared with the computed one.

        Rounding to the last digit told is no disagreement.
        """
        self.compared += 1
        exponent = declared.as_tuple().exponent
        rounding = 0.5 * 10.0 ** int(exponent) if isinstance(exponent, int) else 0.0
        if abs(float(declared) - area) <= max(_CLOSE * area, rounding):
            return
        self.apart += 1
        if len(self.ratios) < 10_000:
            self.ratios.append(float(declared) / area)
        if not self.furthest:
            self.furthest = f"row {row + 1} declares {decimal_text(declared)} ha, it has {area:.4f}"


@dataclass(frozen=True)
class Telling:
    """What holds for all rows of a layer, besides what their columns tell.

    ``dataset`` is the name of the set where rows tell none; ``only_dataset`` overrides
    what rows tell.  ``season`` holds for rows without one.
    """

    dataset: str
    only_dataset: bool
    season: str


def rows(
    layer: Layer, choice: Choice, placing: Placing, telling: Telling, remarks: Remarks, where: str
) -> Iterator[pa.RecordBatch]:
    """Give the parcels of a layer in the form of :data:`SCHEMA`.

    Raises:
        NotWellFormed: the file holds fewer rows than it states.
    """
    seen = 0
    for batch in layer.read(choice.wanted):
        seen += len(batch)
        yield _parcels(batch, layer, choice, placing, telling, remarks)
    if layer.rows is not None and seen < layer.rows:
        raise NotWellFormed(
            f"It ends after {seen} of the {layer.rows} rows that it states",
            where=where,
            remedy="It is perhaps not complete; fetch it again from its source",
        )


def _parcels(
    batch: Batch,
    layer: Layer,
    choice: Choice,
    placing: Placing,
    telling: Telling,
    remarks: Remarks,
) -> pa.RecordBatch:
    facts = _facts(batch, layer, choice)
    ids = _ids(batch, choice)
    placed = placing.place(batch.geometries)
    remarks.counts.update(placed.repaired)
    faults = {**placed.faults, **batch.faults}
    seasons = facts["season"]
    determined = facts["determined"]
    kept: list[int] = []
    for row in range(len(batch)):
        if seasons[row] is None and determined[row] is not None:
            seasons[row] = determined[row][:4]
        if seasons[row] is None and telling.season:
            seasons[row] = telling.season
            remarks.seasons_filled += 1
        if seasons[row] is None:
            faults.setdefault(row, "it tells no growing season")
        if row in faults:
            remarks.leave_out(batch.first + row, ids[row], faults[row])
        else:
            kept.append(row)
    shapes, areas = placed.shapes[kept], placed.areas[kept]
    wkb = shapely.to_wkb(shapes, byte_order=1)
    facts = {name: [column[row] for row in kept] for name, column in facts.items()}
    facts["parcel_id"] = [
        ids[row] or "h-" + hashlib.sha256(shape).hexdigest()[:20]
        for row, shape in zip(kept, wkb, strict=True)
    ]
    remarks.counts["id"] += sum(ids[row] is None for row in kept)
    told = facts.pop("collection")
    named = [None] * len(kept) if telling.only_dataset else told
    facts["dataset"] = [one or telling.dataset for one in named]
    facts["square"] = squares(shapes)
    _measure(facts, areas, choice, remarks, [batch.first + row for row in kept])
    _name_crops(facts, remarks)
    if len(remarks.countries) < 2:
        remarks.countries.update(filter(None, facts["country"]))
    del facts["country"]
    columns = [facts[name] for name in TEXTS]
    hashes = [
        hashlib.blake2b(shape + repr(texts).encode(), digest_size=16).digest()
        for shape, texts in zip(wkb, zip(*columns, strict=True), strict=True)
    ]
    return pa.record_batch(
        [
            pa.array([batch.first + row for row in kept], pa.int64()),
            pa.array(wkb, pa.binary()),
            pa.array(np.asarray(areas), pa.float64()),
            pa.array(hashes, pa.binary(16)),
            *(pa.array(column, pa.string()) for column in columns),
        ],
        schema=SCHEMA,
    )


def _facts(batch: Batch, layer: Layer, choice: Choice) -> dict[str, list[Any]]:
    """Each fact of each row as text, from its column, else from what is said once."""
    size = len(batch)

    def column(fact: str) -> Sequence[Any]:
        name = choice.facts.get(fact)
        return batch.columns[name] if name is not None else [None] * size

    found: dict[str, list[Any]] = {
        "season": [values.year(value) for value in column("season")],
        "determined": [values.moment(value) for value in column("determined")],
        "hcat_code": [values.text(value) for value in column("hcat_code")],
        "area": [values.decimal(value) for value in column("area")],
        "perimeter": [values.decimal(value) for value in column("perimeter")],
        "confidence": [values.decimal(value) for value in column("confidence")],
        "collection": [values.text(value) for value in column("collection")],
        "country": [values.text(value) for value in column("country")],
    }
    for fact in _SAID:
        found[fact] = [values.text(value) for value in column(fact)]
    for fact, key in _SAID_ONCE.items():
        once = values.first([layer.said.get(name) for name in key])
        if once is not None and fact not in choice.facts:
            fill = values.moment(once) if fact == "determined" else values.text(once)
            found[fact] = [fill] * size
    return found


_SAID_ONCE: Final[dict[str, tuple[str, ...]]] = {
    "crop_code": ("crop:code",),
    "crop_name": ("crop:name",),
    "determined": ("determination:datetime", "determination_datetime"),
    "determination_method": ("determination:method", "determination_method"),
    "determination_details": ("determination:details",),
    "hcat_code": ("ec:hcat_code", "hcat:code"),
}


def _ids(batch: Batch, choice: Choice) -> list[str | None]:
    columns = [[values.text(value) for value in batch.columns[name]] for name in choice.ids]
    if not columns:
        return [None] * len(batch)
    return [
        "-".join(filter(None, parts)) if all(parts) else None
        for parts in zip(*columns, strict=True)
    ]


def _measure(
    facts: dict[str, list[Any]],
    areas: Any,
    choice: Choice,
    remarks: Remarks,
    rows_: Sequence[int],
) -> None:
    declared, perimeters = facts.pop("area"), facts.pop("perimeter")
    factor = _SQUARE_METRES.get(choice.area_unit)
    hectares: list[str | None] = []
    for row, stated, area in zip(rows_, declared, areas.tolist(), strict=True):
        if stated is None or factor is None or stated < 0:
            hectares.append(None)
            continue
        size = stated * factor
        hectares.append(decimal_text(size))
        remarks.compare(row, size, area / 10_000)
    facts["declared_area"] = hectares
    facts["declared_perimeter"] = [
        decimal_text(edge) if edge is not None and edge >= 0 else None for edge in perimeters
    ]
    confidences = facts["confidence"]
    beyond = sum(one is not None and not 0 <= one <= 1 for one in confidences)
    if beyond:
        remarks.counts["confidence"] += beyond
    facts["confidence"] = [
        decimal_text(one) if one is not None and 0 <= one <= 1 else None for one in confidences
    ]


def _name_crops(facts: dict[str, list[Any]], remarks: Remarks) -> None:
    scheme = concepts()
    codes = facts["hcat_code"]
    for row, code in enumerate(codes):
        if code is not None and code not in scheme:
            remarks.counts["hcat"] += 1
            codes[row] = None
    remarks.crops.update(
        own for own, code in zip(facts["crop_code"], codes, strict=True) if own and code is None
    )
