"""Items as a table of geopandas, and that as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from dafab_kg.model.errors import FileNotUsable

if TYPE_CHECKING:
    import geopandas

TIMES: Final = frozenset(
    {"datetime", "start_datetime", "end_datetime", "created", "updated", "published", "expires"}
    | {"unpublished", "processing:datetime"}
)
"""Properties that STAC and its extensions say hold a time."""
OURS: Final = ("id", "collection", "geometry")
"""Columns that are no property; a property of such a name is called ``properties.NAME``."""


def to_geopandas(items: Iterable[Mapping[str, Any]]) -> geopandas.GeoDataFrame:
    """Make a table of items, in CRS84, indexed by id."""
    import geopandas
    import pandas
    import shapely
    from shapely.geometry import shape

    ids, rows, places = [], [], []
    for item in items:
        place = item.get("geometry")
        ids.append(item["id"])
        rows.append({"collection": item.get("collection"), **dict(columns_of(item))})
        places.append(None if place is None else shapely.force_2d(shape(place)))
    names = list(dict.fromkeys(name for row in rows for name in row)) or ["collection"]
    table = pandas.DataFrame(rows, index=pandas.Index(ids, name="id", dtype=object), columns=names)
    for name in TIMES.intersection(names):
        moments = [_moment(row.get(name)) for row in rows]
        if all(moments[i] is not None or row.get(name) is None for i, row in enumerate(rows)):
            # Microseconds: nanoseconds, which pandas infers, end in 1677 and 2262.
            table[name] = pandas.Series(moments, index=table.index, dtype="datetime64[us, UTC]")
    return geopandas.GeoDataFrame(table, geometry=places, crs="OGC:CRS84")


def write_parquet(table: geopandas.GeoDataFrame, path: Path) -> int:
    """Write a table as GeoParquet; a column that has no one type is written as JSON.

    Raises:
        FileNotUsable: it cannot be written.
    """
    import pyarrow

    written = table.copy()
    for name in written.columns:
        if written[name].dtype == object:
            try:
                pyarrow.array(written[name])
            except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError):
                written[name] = [
                    None if _is_missing(value) else orjson.dumps(value).decode()
                    for value in written[name]
                ]
    try:
        written.to_parquet(path)
    except OSError as error:
        raise FileNotUsable(f"{path} cannot be written: {error}") from error
    return len(written)


def columns_of(item: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give the properties of an item by the names of their columns."""
    for name, value in _flat(item.get("properties") or {}):
        yield (f"properties.{name}" if name in OURS else name), value


def _flat(value: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Members of objects are columns of their own, named as filters name them."""
    for name, one in value.items():
        if isinstance(one, Mapping) and one:
            yield from _flat(one, f"{above}{name}.")
        else:
            yield above + name, one


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if found is None:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _is_missing(value: Any) -> bool:
    return value is None or value != value
