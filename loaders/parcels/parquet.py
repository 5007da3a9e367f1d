"""GeoParquet 1.0 and 1.1, read row group by row group through pyarrow.

A column of geometries is WKB, or an Arrow list of coordinates (1.1).  No ``crs`` means
OGC:CRS84; ``crs`` null means that nobody knows (GeoParquet 1.1, column metadata).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from dafab_kg.loaders.parcels.fiboa import collection_of
from dafab_kg.loaders.parcels.layer import BATCH_ROWS, Batch, Layer
from dafab_kg.loaders.parcels.values import plain_column
from dafab_kg.model.errors import DocumentRejected, FieldNotValid, NotWellFormed
from dafab_kg.model.strict_json import read_json, write_json

_KNOWN: Final = ("0.", "1.0", "1.1")
_NATIVE: Final = {"polygon": 2, "multipolygon": 3}  # levels of lists around a position
_FAULTS: Final = (pa.ArrowException, OSError, ValueError, EOFError)


def layers(path: Path, where: str) -> Iterator[Layer]:
    """Give the one layer of a GeoParquet; none if it is a Parquet without geometries.

    Raises:
        NotWellFormed: it cannot be read.
        FieldNotValid, FieldMissing: its metadata contradicts the specification.
    """
    try:
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
    except _FAULTS as error:
        raise _broken(error, where) from None
    told = {k.decode("utf-8", "replace"): v for k, v in (schema.metadata or {}).items()}
    if "geo" not in told:
        return
    geo = _object(told["geo"], f"{where}: geo")
    primary = geo.get("primary_column", "geometry")
    columns = geo.get("columns")
    about = columns.get(primary) if isinstance(columns, Mapping) else None
    if not isinstance(about, Mapping) or primary not in schema.names:
        raise FieldNotValid(
            f"The metadata describe no geometry column {str(primary)[:60]!r}",
            where=f"{where}: geo",
            remedy="Write the file again with a GeoParquet writer",
        )
    notes: list[str] = []
    version = str(geo.get("version", ""))
    if not version.startswith(_KNOWN):
        notes.append(f"GeoParquet {version[:20]} is newer than what is known here (1.1)")
    collection = _collection(told, where)
    notes.extend(collection.notes)
    encoding = str(about.get("encoding", "WKB"))
    kinds = about.get("geometry_types")
    if (
        isinstance(kinds, list)
        and kinds
        and not any("olygon" in str(k) or k == "GeometryCollection" for k in kinds)
    ):
        return

    def read(wanted: Sequence[str]) -> Iterator[Batch]:
        first = 0
        try:
            for piece in file.iter_batches(
                BATCH_ROWS, columns=[primary, *wanted], use_threads=False
            ):
                yield Batch(
                    first,
                    {name: plain_column(piece.column(name)) for name in wanted},
                    _shapes(piece.column(primary), encoding, where),
                )
                first += piece.num_rows
        except _FAULTS as error:
            raise _broken(error, where, f" after row {first}") from None

    names = tuple(field.name for field in schema if field.name != primary and _is_plain(field))
    yield Layer(
        name="",
        columns=names,
        crs=_crs(about, where),
        format="GeoParquet",
        rows=file.metadata.num_rows,
        read=read,
        said=collection.said,
        fiboa=collection.version,
        notes=notes,
        dataset=collection.dataset,
        title=collection.title,
        provider=collection.provider,
    )


def _collection(told: Mapping[str, bytes], where: str) -> Any:
    """Read what fiboa says once: under ``fiboa`` until 0.2, then under ``collection``."""
    for key in ("fiboa", "collection"):
        if key in told:
            return collection_of(_object(told[key], f"{where}: {key}"), f"{where}: {key}")
    return collection_of({}, where)


def _object(data: bytes, where: str) -> dict[str, Any]:
    value = read_json(data, where=where)
    if not isinstance(value, dict):
        raise FieldNotValid(
            "The metadata are no JSON object",
            where=where,
            remedy="Write the file again with a GeoParquet writer",
        )
    return value


def _crs(about: Mapping[str, Any], where: str) -> str:
    if "crs" not in about:
        return "OGC:CRS84"
    crs = about["crs"]
    if crs is None:
        return ""
    if not isinstance(crs, str | dict):
        raise FieldNotValid(
            "The CRS is neither PROJJSON nor text",
            where=f"{where}: geo",
            remedy="State it as PROJJSON, or leave it out for longitude and latitude",
        )
    return crs if isinstance(crs, str) else write_json(crs)


def _is_plain(field: pa.Field) -> bool:
    kind = field.type
    return not (pa.types.is_struct(kind) or pa.types.is_map(kind) or pa.types.is_binary(kind))


def _shapes(column: pa.Array, encoding: str, where: str) -> Any:
    if encoding.upper() == "WKB":
        return shapely.from_wkb(column.to_numpy(zero_copy_only=False), on_invalid="ignore")
    levels = _NATIVE.get(encoding.lower())
    if levels is None:
        raise FieldNotValid(
            f"Geometries are written as {encoding[:30]!r}",
            where=f"{where}: geo",
            remedy="Known are WKB, polygon and multipolygon (GeoParquet 1.1)",
        )
    shapes = np.full(len(column), None, dtype=object)
    there = np.flatnonzero(np.asarray(column.is_valid()))
    kept, offsets = column.drop_null(), []
    for _ in range(levels):
        starts = kept.offsets.to_numpy()
        offsets.append(starts - starts[0])
        kept = kept.flatten()
    kind = shapely.GeometryType.POLYGON if levels == 2 else shapely.GeometryType.MULTIPOLYGON
    shapes[there] = shapely.from_ragged_array(kind, _positions(kept), tuple(reversed(offsets)))
    return shapes


def _positions(points: pa.Array) -> Any:
    if pa.types.is_struct(points.type):
        return np.column_stack([points.field(name).to_numpy() for name in ("x", "y")])
    flat = points.flatten().to_numpy()
    return flat.reshape(len(points), -1)[:, :2]


def _broken(error: Exception, where: str, at: str = "") -> DocumentRejected:
    if isinstance(error, DocumentRejected):
        return error
    return NotWellFormed(
        f"The Parquet cannot be read{at}: {' '.join(str(error).split())[:200]}",
        where=where,
        remedy="It is perhaps not complete; fetch it again from its source",
    )
