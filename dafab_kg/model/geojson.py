"""GeoJSON geometries (RFC 7946 section 3.1) read with every digit and every fault named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from dafab_kg.model.errors import GeometryNotValid
from dafab_kg.model.meridian import Line, Position, Rings

_MOST_NESTED: Final = 8  # collections within collections; section 3.1.8 advises none
_LEAST_EXPONENT: Final = -400  # smaller numbers would be written with thousands of zeros
_MOST_EXPONENT: Final = 30  # the widest that a message shall have to hold


@dataclass(frozen=True)
class Shape:
    """A geometry in parts: points, lines, polygons, or shapes in a collection."""

    kind: str
    points: Line = ()
    lines: Rings = ()
    polygons: tuple[Rings, ...] = ()
    shapes: tuple[Shape, ...] = ()


class Remarks(list[str]):
    """Warnings, each once."""

    def add(self, remark: str) -> None:
        """Append a warning unless it was made before."""
        if remark not in self:
            self.append(remark)


def read_shape(geometry: object, where: str, remarks: Remarks, depth: int = 0) -> Shape:
    """Read a geometry as delivered; rings are closed, heights dropped, longitudes unchecked.

    ``depth`` counts the collections around it.

    Raises:
        GeometryNotValid: empty, of contradicting type, or not numbers.
    """
    if not isinstance(geometry, Mapping):
        raise wrong_type(where, "a GeoJSON object")
    kind = geometry.get("type")
    if kind == "GeometryCollection":
        return _read_collection(geometry, where, remarks, depth)
    coordinates, place = geometry.get("coordinates"), f"{where}/coordinates"
    match kind:
        case "Point":
            return Shape(kind, points=(_position(coordinates, place, remarks),))
        case "MultiPoint":
            return Shape(kind, points=_line(coordinates, place, remarks, 1))
        case "LineString":
            return Shape(kind, lines=(_line(coordinates, place, remarks, 2),))
        case "MultiLineString":
            lines = _each(coordinates, place)
            return Shape(kind, lines=tuple(_line(v, p, remarks, 2) for v, p in lines))
        case "Polygon":
            return Shape(kind, polygons=(_rings(coordinates, place, remarks),))
        case "MultiPolygon":
            parts = _each(coordinates, place)
            return Shape(kind, polygons=tuple(_rings(v, p, remarks) for v, p in parts))
    raise GeometryNotValid(
        f"{kind!r} is no type of a geometry",
        where=f"{where}/type",
        remedy="Use one of RFC 7946 section 3.1, for example Polygon",
    )


def _read_collection(
    geometry: Mapping[str, object], where: str, remarks: Remarks, depth: int
) -> Shape:
    if depth >= _MOST_NESTED:
        raise GeometryNotValid(
            "Geometry collections are nested too deep", where=where, remedy="Make it flat"
        )
    members = _each(geometry.get("geometries"), f"{where}/geometries")
    return Shape(
        "GeometryCollection",
        shapes=tuple(read_shape(v, p, remarks, depth + 1) for v, p in members),
    )


def _rings(value: object, where: str, remarks: Remarks) -> Rings:
    return tuple(read_ring(v, p, remarks) for v, p in _each(value, where))


def read_ring(value: object, where: str, remarks: Remarks) -> Line:
    """Read one linear ring, closing it if need be, or raise GeometryNotValid."""
    ring = _line(value, where, remarks, 3)
    if ring[0] != ring[-1]:
        remarks.add(f"{where}: the ring was not closed")
        ring = (*ring, ring[0])
    if len(set(ring)) < 3:
        raise GeometryNotValid(
            f"A ring needs three different points, this has {len(set(ring))}",
            where=where,
            remedy="Deliver the full ring, or a LineString or Point",
        )
    return ring


def _line(value: object, where: str, remarks: Remarks, least: int) -> Line:
    line = tuple(_position(v, p, remarks) for v, p in _each(value, where))
    if len(line) < least:
        raise GeometryNotValid(
            f"Too few points: {len(line)}, at least {least} are needed",
            where=where,
            remedy="Deliver the full geometry",
        )
    return line


def _each(value: object, where: str) -> Iterator[tuple[object, str]]:
    values = as_sequence(value, where)
    if not values:
        raise GeometryNotValid(
            "The geometry is empty", where=where, remedy="State where the thing is"
        )
    return ((item, f"{where}/{index}") for index, item in enumerate(values))


def as_sequence(value: object, where: str) -> Sequence[object]:
    """Return ``value`` if it is an array, or raise GeometryNotValid."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise wrong_type(where, "an array")
    return value


def _position(value: object, where: str, remarks: Remarks) -> Position:
    numbers = as_sequence(value, where)
    if not numbers:
        raise GeometryNotValid(
            "The geometry is empty", where=where, remedy="State where the thing is"
        )
    if len(numbers) < 2:
        raise wrong_type(where, "longitude and latitude")
    if len(numbers) > 2:
        remarks.add("Heights were dropped from the geometry")
    longitude, latitude = (as_decimal(v, f"{where}/{i}") for i, v in enumerate(numbers[:2]))
    if abs(latitude) > 90:
        raise GeometryNotValid(
            f"latitude {latitude} is out of range (-90 to 90)",
            where=where,
            remedy="Check the order (longitude first) and the CRS (WGS 84)",
        )
    return longitude, latitude


def as_decimal(value: object, where: str) -> Decimal:
    """Return a finite number with the digits it came with, or raise GeometryNotValid."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise wrong_type(where, "a number")
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not number.is_finite():
        raise GeometryNotValid(
            f"{value!r} is not a finite number", where=where, remedy="Deliver degrees as numbers"
        )
    if number and not _LEAST_EXPONENT <= number.adjusted() <= _MOST_EXPONENT:
        raise GeometryNotValid(
            f"{value!s:.30} is out of range", where=where, remedy="Deliver degrees as numbers"
        )
    return number


def wrong_type(where: str, expected: str) -> GeometryNotValid:
    """Make the error for coordinates that are not what the type says."""
    return GeometryNotValid(
        f"The type contradicts the coordinates: {expected} was expected",
        where=where,
        remedy="Let type and coordinates agree (RFC 7946 section 3.1)",
    )
