"""Layers of GeoPackage, Shapefile, FlatGeobuf and GML, read by GDAL through pyogrio."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from dafab_kg.loaders.parcels.layer import BATCH_ROWS, Batch, Layer
from dafab_kg.loaders.parcels.values import plain_column
from dafab_kg.model.errors import DocumentRejected, NotRecognised, NotSafe, NotWellFormed

# A GML may name a schema on the network, and GDAL would write what it learnt beside it.
_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "GML": {
        "DOWNLOAD_SCHEMA": "NO",
        "WRITE_GFS": "NO",
        "SKIP_RESOLVE_ELEMS": "ALL",
        "SKIP_CORRUPTED_FEATURES": "NO",
    },
    "GeoPackage": {"LIST_ALL_TABLES": "NO"},
}
_FAULTS: Final = (DataSourceError, DataLayerError, pa.ArrowException, ValueError, OSError)
_POLYGONS: Final = ("Polygon", "Unknown", "Surface", "GeometryCollection")
_MOST_NOTES: Final = 5
_MOST_LAYERS: Final = 100
_BLOCK: Final = 1024 * 1024


def layers(path: Path, kind: str, where: str) -> Iterator[Layer | DocumentRejected]:
    """Give the layers of a file that may hold polygons; what is broken as an error.

    Raises:
        NotWellFormed: the file cannot be opened.
        NotRecognised: there is no layer of features in it.
    """
    if kind == "Shapefile":
        _refuse_incomplete(path, where)
    if kind == "GML":
        _refuse_declarations(path, where)
    options = _OPTIONS.get(kind, {})
    notes: list[str] = []
    with _told(notes):
        try:
            names = _named_gml(path) if kind == "GML" else _named(path)
        except _FAULTS as error:
            raise _broken(error, kind, where) from None
    if not names:
        raise NotRecognised(
            f"The {kind} holds no layer of features",
            where=where,
            remedy="Deliver a file with a layer of polygons",
        )
    for name, geometry in names:
        if not any(word in str(geometry) for word in _POLYGONS):
            continue
        place = where if len(names) == 1 else f"{where}: layer {name}"
        said = list(notes)
        with _told(said):
            try:
                info = pyogrio.read_info(path, layer=name, force_feature_count=True, **options)
            except _FAULTS as error:
                yield _broken(error, kind, place)
                continue
        yield _layer(path, kind, name, info, said, place)


def _named(path: Path) -> list[tuple[str, str]]:
    """Return the layers with geometries, and the type that each states."""
    return [(str(n), str(kind)) for n, kind in pyogrio.list_layers(path) if kind is not None]


def _named_gml(path: Path) -> list[tuple[str, str]]:
    """Return them of a GML; to list its layers would write a file beside it."""
    found: list[tuple[str, str]] = []
    while len(found) < _MOST_LAYERS:
        try:
            info = pyogrio.read_info(path, layer=len(found), **_OPTIONS["GML"])
        except DataLayerError:
            break
        found.append((str(info["layer_name"]), str(info["geometry_type"])))
    return [(name, kind) for name, kind in found if kind != "None"]


def _refuse_declarations(path: Path, where: str) -> None:
    """Refuse a document type, where entities are declared; no GML has any."""
    marks = [b"<!DOCTYPE", b"<!ENTITY"]
    marks += [mark.decode().encode(f"utf-16-{end}") for mark in marks for end in ("le", "be")]
    rest = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            if any(mark in rest + block for mark in marks):
                raise NotSafe(
                    "The XML declares a document type or entities",
                    where=where,
                    remedy="Take the declarations out",
                )
            rest = block[-40:]


def _layer(
    path: Path, kind: str, name: str, info: dict[str, Any], notes: list[str], place: str
) -> Layer:
    columns = tuple(str(field) for field in info["fields"])
    count = int(info["features"])

    def read(wanted: Sequence[str]) -> Iterator[Batch]:
        first = 0
        with _told(notes):
            try:
                with pyogrio.open_arrow(
                    path,
                    layer=name,
                    columns=list(wanted),
                    batch_size=BATCH_ROWS,
                    use_pyarrow=True,
                    **_OPTIONS.get(kind, {}),
                ) as (meta, reader):
                    geometry = meta["geometry_name"] or "wkb_geometry"
                    for piece in reader:
                        yield _batch(piece, geometry, wanted, first)
                        first += piece.num_rows
            except _FAULTS as error:
                raise _broken(error, kind, place, f" after row {first}") from None

    return Layer(
        name=name,
        columns=columns,
        crs=str(info["crs"] or ""),
        format=kind,
        rows=count if count >= 0 else None,
        read=read,
        notes=notes,
    )


def _batch(piece: pa.RecordBatch, geometry: str, wanted: Sequence[str], first: int) -> Batch:
    wkb = piece.column(geometry).to_numpy(zero_copy_only=False)
    # rows whose geometry no reader understands are left out by whoever places them
    shapes = shapely.from_wkb(wkb, on_invalid="ignore")
    return Batch(first, {name: plain_column(piece.column(name)) for name in wanted}, shapes)


def _refuse_incomplete(path: Path, where: str) -> None:
    beside = [other for other in path.parent.iterdir() if other.stem == path.stem]
    beside_by = {other.suffix.lower(): other for other in beside}
    missing = [suffix for suffix in (".shx", ".dbf") if suffix not in beside_by]
    if missing:
        raise DocumentRejected(
            f"The Shapefile lacks its {' and '.join(missing)}",
            where=where,
            remedy="A Shapefile is .shp, .shx, .dbf and .prj together; deliver all of them",
        )
    for suffix, stated in (
        (".shp", _stated_shapes),
        (".shx", _stated_shapes),
        (".dbf", _stated_rows),
    ):
        file = beside_by.get(suffix, path)
        with file.open("rb") as stream:
            size = stated(stream.read(100))
        if file.stat().st_size < size:
            raise NotWellFormed(
                f"Its {suffix} has {file.stat().st_size} of the {size} bytes that it states",
                where=where,
                remedy="It is not complete; fetch it again from its source",
            )


def _stated_shapes(head: bytes) -> int:
    """Bytes of a .shp or .shx by its header (ESRI Shapefile description, 1998)."""
    return int.from_bytes(head[24:28], "big") * 2


def _stated_rows(head: bytes) -> int:
    """Bytes of a .dbf by its header: so many rows of so many bytes."""
    count, first, each = (
        int.from_bytes(head[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12))
    )
    return first + count * each


def _broken(error: Exception, kind: str, where: str, at: str = "") -> NotWellFormed:
    said = " ".join(str(error).split())[:200]
    return NotWellFormed(
        f"The {kind} cannot be read{at}: {said}",
        where=where,
        remedy="It is perhaps not complete; fetch it again from its source",
    )


@contextmanager
def _told(notes: list[str]) -> Iterator[None]:
    """Put what GDAL warns of into ``notes``."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for one in caught:
        text = f"GDAL: {' '.join(str(one.message).split())[:200]}"
        if text not in notes and len(notes) < _MOST_NOTES:
            notes.append(text)
