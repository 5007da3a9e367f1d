"""GeoJSON by RFC 7946, and what contradicts it in a way that can only mean one thing.

Read with a warning, since there is one reading:

* a geometry without ``type``, or with one that its coordinates contradict: numbers
  stand at one depth only, and that depth is a polygon's or a multipolygon's;
* ``"type": "Polygon"`` on a feature beside its geometry, instead of ``Feature`` or as a
  second ``type`` (figure 2 of the DaFab deliverable D3.1);
* a geometry that stands in the list of features itself, or a feature without ``type``;
* a ring that is not closed, or that stands where a list of rings should be;
* a named ``crs``, which RFC 7946 took out of GeoJSON 2008: coordinates are then in it.

Everything else that contradicts is left out with the reason, latitudes beyond 90
degrees among it: whether axes are exchanged, or another CRS is meant, cannot be told.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import shapely

from dafab_kg.loaders.parcels.fiboa import Collection, collection_of
from dafab_kg.loaders.parcels.layer import BATCH_ROWS, Batch, Layer
from dafab_kg.loaders.parcels.split import Bytes, features, find_features
from dafab_kg.model.errors import DocumentRejected, FieldNotValid, GeometryNotValid, NotWellFormed
from dafab_kg.model.strict_json import read_json

_GEOMETRIES: Final = {
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
    "GeometryCollection",
}  # fmt: skip
_DEPTHS: Final = {3: "Polygon", 4: "MultiPolygon"}
_CRS_CODE: Final = re.compile(
    r"(?:urn:ogc:def:crs:|https?://www\.opengis\.net/def/crs/)?(EPSG|OGC)[:/]+(?:[\d.]+[:/]+)?(\w+)\Z",
    re.IGNORECASE,
)
_SECOND_TYPE: Final = re.compile(rb'"type"\s*:\s*"(?:Polygon|MultiPolygon)"')
_LOOKED_AT: Final = 1000  # features whose properties name the columns


def layers(data: Bytes, where: str, max_depth: int) -> Iterator[Layer]:
    """Give the one layer of a GeoJSON: a collection, a feature, or a geometry alone.

    Raises:
        NotWellFormed, FieldNotValid, TooLarge: it is no JSON (see ``read_json``).
        FieldNotValid, FieldMissing: its CRS or its fiboa version cannot be read.
    """
    span = find_features(data)
    counted: Counter[str] = Counter()
    notes: list[str] = []
    if span is None:
        told = _alone(data[:], where, max_depth, counted)
        notes.extend(counted)
    else:
        told = _whole(data[: span.start] + data[span.end :], data, where, max_depth)
        if told.get("type") != "FeatureCollection":
            notes.append("It is read as a FeatureCollection, which its type does not say")
    fiboa = collection_of(told, where)
    notes.extend(fiboa.notes)

    def elements() -> Iterator[Any]:
        if span is None:
            yield told
            return
        for number, piece in enumerate(features(data, span, where)):
            yield _feature(piece, f"{where}: /features/{number}", max_depth, counted)

    def read(wanted: Sequence[str]) -> Iterator[Batch]:
        counted.clear()
        first = 0
        rows: list[tuple[dict[str, Any], Any, str]] = []
        for element in elements():
            rows.append(_row(element, counted, first + len(rows)))
            if len(rows) == BATCH_ROWS:
                yield _batch(rows, wanted, first)
                first, rows = first + len(rows), []
        if rows:
            yield _batch(rows, wanted, first)
        for what, count in counted.items():
            notes.append(f"{what} ({count} times)" if count > 1 else what)

    yield Layer(
        name="",
        columns=_columns(elements()),
        crs=_crs(told, where, notes),
        format="GeoJSON",
        rows=None,
        read=read,
        said=fiboa.said,
        fiboa=fiboa.version,
        notes=notes,
        dataset=_dataset(fiboa),
        title=fiboa.title,
        provider=fiboa.provider,
    )


def _dataset(fiboa: Collection) -> str:
    return fiboa.dataset if fiboa.version else ""


def _object(data: bytes, where: str, max_depth: int) -> dict[str, Any]:
    value = read_json(data, where=where, max_depth=max_depth)
    if not isinstance(value, dict):
        raise _no_object(where)
    return value


def _no_object(where: str) -> NotWellFormed:
    return NotWellFormed(
        "It is JSON, but no object",
        where=where,
        remedy="Deliver a FeatureCollection (RFC 7946 section 3.3)",
    )


def _alone(data: bytes, where: str, max_depth: int, counted: Counter[str]) -> dict[str, Any]:
    value = _feature(data, where, max_depth, counted)
    if not isinstance(value, dict):
        raise _no_object(where)
    if "features" in value:
        raise FieldNotValid(
            "features is no array",
            where=f"{where}: /features",
            remedy="Make it an array (RFC 7946 section 3.3)",
        )
    return value


def _whole(around: bytes, data: Bytes, where: str, max_depth: int) -> dict[str, Any]:
    try:
        return _object(around, where, max_depth)
    except DocumentRejected:
        # the whole tells the right line and column; if only the rest is broken, so be it
        read_json(data[:], where=where, max_depth=max_depth)
        raise


def _feature(piece: bytes, where: str, max_depth: int, counted: Counter[str]) -> Any:
    try:
        return read_json(piece, where=where, max_depth=max_depth)
    except FieldNotValid:
        mended = _without_second_type(piece)
        if mended is None:
            raise
        feature = read_json(mended, where=where, max_depth=max_depth)
        counted['A feature has a second "type", that of its geometry'] += 1
        return feature


def _without_second_type(piece: bytes) -> bytes | None:
    """Take a geometry's type out of a feature that has type Feature as well."""
    depth = 0
    found: list[tuple[int, int, bytes]] = []
    for match in re.finditer(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]', piece, re.DOTALL):
        token = match.group()
        if token in (b"{", b"["):
            depth += 1
        elif token in (b"}", b"]"):
            depth -= 1
        elif depth == 1 and token == b'"type"':
            member = re.compile(rb'"type"\s*:\s*"(\w+)"').match(piece, match.start())
            if member is not None:
                found.append((*member.span(), member[1]))
    others = [item for item in found if item[2] != b"Feature"]
    if len(found) != 2 or len(others) != 1 or others[0][2] not in {b"Polygon", b"MultiPolygon"}:
        return None
    start, end, kind = others[0]
    # the name is kept, so that a geometry without a type can still be checked against it
    return piece[:start] + b'"geometry_type": "' + kind + b'"' + piece[end:]


def _columns(elements: Iterator[Any]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for number, element in enumerate(elements):
        if number >= _LOOKED_AT:
            break
        if isinstance(element, Mapping):
            if "id" in element:
                names["id"] = None
            properties = element.get("properties")
            names.update(dict.fromkeys(properties if isinstance(properties, Mapping) else ()))
    return tuple(names)


def _crs(told: Mapping[str, Any], where: str, notes: list[str]) -> str:
    crs = told.get("crs")
    if crs is None:
        return "OGC:CRS84"
    properties = crs.get("properties") if isinstance(crs, Mapping) else None
    name = properties.get("name") if isinstance(properties, Mapping) else None
    match = _CRS_CODE.match(name) if isinstance(name, str) else None
    if match is None:
        raise FieldNotValid(
            f"The crs {str(name)[:60]!r} is none that is known",
            where=f"{where}: /crs",
            remedy="Deliver WGS 84 longitude and latitude (RFC 7946 section 4) without crs",
        )
    code = f"{match[1]}:{match[2]}".upper()
    if code not in {"OGC:CRS84", "EPSG:4326"}:
        notes.append(f"Coordinates are in {code}, which its crs names, against RFC 7946 section 4")
    return code


# Rows -------------------------------------------------------------------------------------


def _row(element: Any, counted: Counter[str], number: int) -> tuple[dict[str, Any], Any, str]:
    if not isinstance(element, Mapping):
        return {}, None, "it is no JSON object"
    geometry, kind = element.get("geometry"), element.get("type")
    properties = element.get("properties")
    columns = dict(properties) if isinstance(properties, Mapping) else {}
    if "id" in element:
        columns["id"] = element["id"]
    said = str(element.get("geometry_type") or (kind if kind in _GEOMETRIES else ""))
    if geometry is None and "coordinates" in element:
        counted["A geometry stands where a feature should be"] += 1
        geometry, said = element, ""
    elif kind != "Feature" and element.get("geometry") is not None:
        counted[f"A feature has the type {str(kind)[:30]!r}"] += 1
    try:
        return columns, _shape(geometry, said, counted), ""
    except GeometryNotValid as error:
        return columns, None, error.what


def _shape(geometry: Any, said: str, counted: Counter[str]) -> Any:
    if geometry is None:
        raise GeometryNotValid("it has no geometry")
    if not isinstance(geometry, Mapping):
        raise GeometryNotValid("its geometry is no JSON object")
    kind = geometry.get("type")
    if kind == "GeometryCollection":
        members = geometry.get("geometries")
        if not isinstance(members, list) or not members:
            raise GeometryNotValid("its collection of geometries is empty")
        return shapely.geometrycollections([_shape(member, "", counted) for member in members])
    if kind in _GEOMETRIES and kind not in _DEPTHS.values():
        raise GeometryNotValid(f"it is a {kind}, no polygon")
    coordinates = geometry.get("coordinates")
    depth = _depth(coordinates)
    if depth == 2 and (kind or said) == "Polygon":
        counted["A polygon's ring stands where a list of rings should be"] += 1
        coordinates, depth = [coordinates], 3
    if depth not in _DEPTHS:
        raise GeometryNotValid("its coordinates are those of no polygon")
    found = _DEPTHS[depth]
    if kind is None:
        if said and said != found:
            counted[f"Coordinates of a {found} are called {said}"] += 1
        else:
            counted["A geometry lacks its type, which its coordinates tell"] += 1
    elif kind != found:
        if kind not in _DEPTHS.values():
            raise GeometryNotValid(f"{str(kind)[:30]!r} is no type of a geometry")
        counted[f"Coordinates of a {found} are called {kind}"] += 1
    if found == "Polygon":
        return _polygon(coordinates, counted)
    assert isinstance(coordinates, list)
    return shapely.multipolygons([_polygon(rings, counted) for rings in coordinates])


def _depth(value: Any) -> int:
    depth = 0
    while isinstance(value, list):
        depth += 1
        value = value[0] if value else None
    return depth if value is not None else 0


def _polygon(rings: Any, counted: Counter[str]) -> Any:
    if not isinstance(rings, list) or not rings:
        raise GeometryNotValid("it has no rings")
    lines = [_ring(ring, counted) for ring in rings]
    return shapely.polygons(lines[0], lines[1:] or None)


def _ring(ring: Any, counted: Counter[str]) -> Any:
    if not isinstance(ring, list):
        raise GeometryNotValid("a ring is no list of positions")
    try:
        # positions may have heights, and not all of them
        positions = np.array([[float(p[0]), float(p[1])] for p in ring])
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        raise GeometryNotValid("a position is not two numbers") from None
    if any(isinstance(p[0], str | bool) or isinstance(p[1], str | bool) for p in ring):
        raise GeometryNotValid("a position is not two numbers")
    if any(len(p) > 2 for p in ring):
        counted["Heights were dropped"] += 1
    if not len(positions):
        raise GeometryNotValid("a ring is empty")
    if not np.array_equal(positions[0], positions[-1]):
        counted["A ring was not closed"] += 1
        positions = np.vstack((positions, positions[:1]))
    if len(positions) < 4:
        raise GeometryNotValid("a ring has less than three positions")
    return shapely.linearrings(positions)


def _batch(rows: list[tuple[dict[str, Any], Any, str]], wanted: Sequence[str], first: int) -> Batch:
    shapes = np.full(len(rows), None, dtype=object)
    shapes[:] = [shape for _, shape, _ in rows]
    return Batch(
        first,
        {name: [_plain(columns.get(name)) for columns, _, _ in rows] for name in wanted},
        shapes,
        {index: why for index, (_, _, why) in enumerate(rows) if why},
    )


def _plain(value: Any) -> Any:
    """Write what is no plain value as JSON text."""
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, default=str)
    return value
