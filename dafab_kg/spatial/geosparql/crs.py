"""Coordinate reference systems by IRI, each with its authority's axis order.

Only forms that name an authority and a code are taken: a free text could make PROJ open
files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError, ProjError
from shapely.geometry.base import BaseGeometry

from dafab_kg.model.errors import ArgumentNotValid
from dafab_kg.spatial.geosparql.names import CRS84

_FORMS: Final = (
    re.compile(r"https?://www\.opengis\.net/def/crs/(\w+)/[\w.]+/([\w.-]+)\Z"),
    re.compile(r"urn:ogc:def:crs:(\w+):[\w.]*:([\w.-]+)\Z", re.IGNORECASE),
    re.compile(r"urn:x-ogc:def:crs:(\w+):[\w.]*:([\w.-]+)\Z", re.IGNORECASE),
    re.compile(r"(EPSG):(\d+)\Z", re.IGNORECASE),
)
_NORTHWARDS: Final = frozenset({"north", "south"})


@dataclass(frozen=True)
class Crs:
    """A CRS: its IRI as a literal wrote it, and ``key``, which is the same for all spellings."""

    iri: str = field(compare=False)
    key: tuple[str, str]

    @cached_property
    def proj(self) -> CRS:
        """The CRS as PROJ knows it."""
        return _proj(*self.key)

    @cached_property
    def is_geographic(self) -> bool:
        """True for longitude and latitude, false for a map projection."""
        return bool(self.proj.is_geographic)

    @cached_property
    def is_crs84(self) -> bool:
        """True for WGS 84 in degrees, longitude first."""
        return self.key == ("OGC", "CRS84")

    @cached_property
    def unit(self) -> float:
        """Metres of one unit of a projected CRS, radians of one of a geographic CRS."""
        axes = self.proj.axis_info
        return float(axes[0].unit_conversion_factor) if axes else 1.0

    @cached_property
    def geod(self) -> Geod:
        """The ellipsoid, for measures in metres."""
        geod = self.proj.get_geod()
        if geod is None:
            raise ArgumentNotValid(f"The CRS {self.iri} has no ellipsoid to measure on")
        return geod

    @cached_property
    def _degrees(self) -> tuple[Transformer | None, bool, float]:
        """How to come to longitude and latitude: a transformer, a swap, a factor."""
        base = self.proj if self.is_geographic else self.proj.geodetic_crs
        if base is None:
            raise ArgumentNotValid(f"The CRS {self.iri} has no longitude and latitude")
        if not self.is_geographic:
            base = base.to_2d()
        transformer = None if self.is_geographic else _transformer(self.proj, base)
        factor = float(base.axis_info[0].unit_conversion_factor) / np.pi * 180
        factor = 1.0 if abs(factor - 1) < 1e-12 else factor
        return transformer, base.axis_info[0].direction in _NORTHWARDS, factor

    def to_lonlat(self, shape: BaseGeometry) -> BaseGeometry:
        """Coordinates as longitude and latitude in degrees, on this CRS's own datum."""
        transformer, swap, factor = self._degrees
        if transformer is None and not swap and factor == 1:
            return shape

        def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
            if transformer is not None:
                points = np.column_stack(transformer.transform(points[:, 0], points[:, 1]))
            return (points[:, ::-1] if swap else points) * factor

        return _finite(shapely.transform(shape, move), self.iri)

    def from_lonlat(self, shape: BaseGeometry) -> BaseGeometry:
        """Undo :meth:`to_lonlat`."""
        transformer, swap, factor = self._degrees
        if transformer is None and not swap and factor == 1:
            return shape

        def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
            points = (points[:, ::-1] if swap else points) / factor
            if transformer is not None:
                points = np.column_stack(
                    transformer.transform(points[:, 0], points[:, 1], direction="INVERSE")
                )
            return points

        return _finite(shapely.transform(shape, move), self.iri)


def crs_of(iri: str) -> Crs:
    """Find a CRS by its IRI (or ``EPSG:n``, as GML writes it).

    Raises:
        ArgumentNotValid: no form that is known, or no CRS of that name.
    """
    if iri == CRS84:
        return _CRS84
    crs = _named(iri[:500])
    crs.proj  # noqa: B018 - known to PROJ, or refused here
    return crs


@lru_cache(maxsize=256)
def _named(iri: str) -> Crs:
    for form in _FORMS:
        found = form.match(iri)
        if found:
            authority, code = found[1].upper(), found[2]
            if authority == "OGC":
                code = code.upper().replace("CRS84H", "CRS84h")
            return Crs(iri, (authority, code))
    raise ArgumentNotValid(
        f"{iri!r} is not the IRI of a CRS. "
        "Write http://www.opengis.net/def/crs/AUTHORITY/VERSION/CODE"
    )


@lru_cache(maxsize=256)
def _proj(authority: str, code: str) -> CRS:
    # An IAU code is registered by year: .../def/crs/IAU/2015/30100.
    for name in (authority, "IAU_2015") if authority == "IAU" else (authority,):
        try:
            return CRS.from_authority(name, code)
        except CRSError:
            continue
    raise ArgumentNotValid(f"No CRS {code} of {authority} is known")


_CRS84: Final = Crs(CRS84, ("OGC", "CRS84"))


def move_shape(shape: BaseGeometry, source: Crs, target: Crs) -> BaseGeometry:
    """Transform coordinates from one CRS to another; measures (M) are dropped.

    Vertices are moved, edges stay straight between them.

    Raises:
        ArgumentNotValid: there is no way, or a point lies outside of it.
    """
    if source == target:
        return shape
    transformer = _between(source.key, target.key)
    height = bool(shapely.has_z(shape))

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(*points.T))

    try:
        return _finite(shapely.transform(shape, move, include_z=height), target.iri)
    except ProjError as error:
        raise ArgumentNotValid(f"Cannot go from {source.iri} to {target.iri}: {error}") from error


@lru_cache(maxsize=128)
def _between(source: tuple[str, str], target: tuple[str, str]) -> Transformer:
    return _transformer(_proj(*source), _proj(*target))


def _transformer(source: CRS, target: CRS) -> Transformer:
    try:
        return Transformer.from_crs(source, target)
    except ProjError as error:
        raise ArgumentNotValid(f"Cannot go from {source.name} to {target.name}: {error}") from error


def _finite(shape: BaseGeometry, where: str) -> BaseGeometry:
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        raise ArgumentNotValid(f"A point lies outside of where {where} can go")
    return shape
