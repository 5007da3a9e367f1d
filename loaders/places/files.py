"""Boundaries in any format that GDAL reads: GeoPackage, Shapefile, FlatGeobuf, ...

Imported only when the user says that a file holds places.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from dafab_kg.model.documents import Entry, FilePart, Part
from dafab_kg.model.errors import FieldNotValid, NotWellFormed
from dafab_kg.model.strict_json import write_json

SUFFIXES: Final = (".gpkg", ".shp", ".fgb", ".gml", ".kml", ".parquet", ".geoparquet", ".gdbtable")
"""Names of files worth opening; side files of a Shapefile go with it."""

_SIDE: Final = (".dbf", ".shx", ".prj", ".cpg", ".qix", ".sbn", ".sbx", ".qpj", ".shp.xml")


@dataclass(frozen=True)
class Row:
    """One feature: its place in the file, and what a GeoJSON Feature would say."""

    pointer: str
    value: dict[str, Any]
    digest: str


def side_files(entry: Entry, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Return a file with those that belong to it."""
    stem, _, suffix = entry.name.rpartition(".")
    if suffix.lower() != "shp":
        return (entry,)
    names = {f"{stem.lower()}{side}" for side in _SIDE}
    return (entry, *(e for e in entries if e.name.lower() in names))


def parts_of(entries: tuple[Entry, ...]) -> tuple[Part, ...]:
    """Return files as parts, left on disk where they are there."""
    return tuple(
        FilePart(e.name, e.path) if e.path is not None else Part(e.name, e.read()) for e in entries
    )


def rows(parts: tuple[Part, ...], where: str) -> Iterator[Row]:
    """Yield all features of all layers, in CRS84.

    Raises:
        NotWellFormed: GDAL cannot read it.
        FieldNotValid: a layer does not say its coordinate reference system.
    """
    import geopandas
    import pyogrio
    from pyogrio.errors import DataSourceError

    with tempfile.TemporaryDirectory() as folder:
        for part in parts:
            target = Path(folder, PurePosixPath(part.name).name)
            if isinstance(part, FilePart):
                target.symlink_to(part.path.resolve())
            else:
                target.write_bytes(part.data)
        file = Path(folder, PurePosixPath(parts[0].name).name)
        try:
            layers = [str(name) for name, kind in pyogrio.list_layers(file) if kind is not None]
            frames = [(name, geopandas.read_file(file, layer=name)) for name in layers]
        except (DataSourceError, ValueError, RuntimeError) as error:
            raise NotWellFormed(
                f"GDAL cannot read it: {error}", where=where, remedy="Check that it is complete"
            ) from error
    for name, frame in frames:
        if frame.crs is None:
            raise FieldNotValid(
                f"the layer {name} does not say its coordinate reference system",
                where=where,
                remedy="Give it one, for example with ogr2ogr -a_srs EPSG:4326",
            )
        yield from _rows(name, frame.to_crs("OGC:CRS84"))


def _rows(layer: str, frame: Any) -> Iterator[Row]:
    from shapely.geometry import mapping

    columns = [column for column in frame.columns if column != frame.geometry.name]
    plain = frame[columns].astype(object).where(frame[columns].notna(), None)
    records = plain.to_dict("records")
    for number, (record, geometry) in enumerate(zip(records, frame.geometry, strict=True)):
        value = {
            "type": "Feature",
            "properties": {str(key): _plain(one) for key, one in record.items()},
            "geometry": None if geometry is None else _lists(mapping(geometry)),
        }
        text = write_json(value)
        yield Row(
            f"layer={layer} feature={number}", value, hashlib.sha256(text.encode()).hexdigest()
        )


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    return str(value)


def _lists(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _lists(one) for key, one in value.items()}
    return [_lists(one) for one in value] if isinstance(value, tuple | list) else value
