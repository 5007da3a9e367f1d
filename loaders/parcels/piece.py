"""One document of parcels to records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import shapely

from dafab_kg.loaders.parcels.boundaries import PLACES
from dafab_kg.loaders.parcels.cut import Handle, Pieces, Rules, cut, rules_of
from dafab_kg.loaders.parcels.rows import TEXTS
from dafab_kg.loaders.parcels.staging import restage
from dafab_kg.model.documents import Part, Reading, SourceDocument
from dafab_kg.model.errors import DocumentRejected, FieldMissing
from dafab_kg.model.records import Model, Parcel, ParcelBoundary, ParcelSet, Record

if TYPE_CHECKING:
    from dafab_kg.loaders.parcels import ParcelsLoader

_NO_FIELDS: Final = ("dataset", "square")


def reading(document: SourceDocument, loader: ParcelsLoader) -> Reading:
    """Read one document: from what was spooled when it was found, else from its files.

    Raises:
        DocumentRejected: the files do not hold it (any more).
    """
    handle = document.value
    if not isinstance(handle, Handle):
        handle = _again(document, loader)
    parcel_set = replace(handle.pieces.parcel_set, dataset=handle.group.dataset)
    table = handle.pieces.spool.parcels(handle.group)
    records = _records(table, parcel_set, handle.pieces.codes)
    return Reading(tuple(records), warnings=handle.warnings)


def _again(document: SourceDocument, loader: ParcelsLoader) -> Handle:
    rules, group = rules_of(document.pointer, loader)
    for pieces in _cut_again(document.parts, document.origin, rules, group.dataset):
        if isinstance(pieces, DocumentRejected):
            raise pieces
        if group in pieces.spool.groups:
            return Handle(pieces, group, pieces.warnings)
    raise FieldMissing(
        f"It holds no parcels of season {group.season} in tile {group.tile}",
        where=document.origin,
        remedy="Load the file again",
    )


@lru_cache(maxsize=1)
def _cut_again(
    parts: tuple[Part, ...], where: str, rules: Rules, dataset: str
) -> tuple[Pieces | DocumentRejected, ...]:
    """Cut a file that was kept; its documents are asked for one after the other."""
    staged = restage(parts, where)
    return tuple(cut(staged, rules, dataset=dataset))


def _records(table: pa.Table, parcel_set: ParcelSet, codes: Mapping[str, str]) -> Iterator[Record]:
    yield parcel_set
    columns = {name: table.column(name).to_pylist() for name in TEXTS if name not in _NO_FIELDS}
    columns["hcat_code"] = [
        code or codes.get(own or "")
        for code, own in zip(columns["hcat_code"], columns["crop_code"], strict=True)
    ]
    shapes = shapely.from_wkb(table.column("wkb").to_numpy())
    columns["boundary_wkt"] = shapely.to_wkt(shapes, rounding_precision=PLACES, trim=True).tolist()
    areas = table.column("area").to_numpy() / 10_000
    columns["boundary_area"] = [Decimal(f"{area:.6f}") for area in areas.tolist()]
    columns["source_product_id"] = columns.pop("source_product")
    columns["delineation_confidence"] = _numbers(columns.pop("confidence"))
    for name in ("declared_area", "declared_perimeter"):
        columns[name] = _numbers(columns[name])
    named = set(zip(columns["model"], columns["model_version"], strict=True))
    for model, version in sorted(pair for pair in named if all(pair)):
        yield Model(model, version, f"{model} {version}")
    dataset, names = parcel_set.dataset, tuple(columns)
    for values in zip(*columns.values(), strict=True):
        boundary = ParcelBoundary(dataset=dataset, **dict(zip(names, values, strict=True)))
        yield Parcel(dataset, boundary.parcel_id)
        yield boundary


def _numbers(texts: list[str | None]) -> list[Decimal | None]:
    return [Decimal(text) if text is not None else None for text in texts]
