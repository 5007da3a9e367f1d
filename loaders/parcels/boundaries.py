"""Polygons in any CRS to valid polygons in CRS84, many at once; or why one is no boundary."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from dafab_kg.loaders.parcels.area import Floats, ellipsoidal_areas
from dafab_kg.model.errors import DocumentRejected, FieldNotValid
from dafab_kg.model.geometry import footprint_from_geojson, footprint_from_projected

Shapes = NDArray[Any]

PLACES: Final = 9
"""Decimals of a degree that are kept: 0.1 mm."""

_LONG_EDGE: Final = 20_000.0  # units of a projected CRS, in most of them metres
_PIECE: Final = 5_000.0
_MOST_PIECES: Final = 1_000
_POLAR: Final = 80.0  # degrees; beyond, meridians run together within a field
_POLAR_PIECES: Final = 200
_SAME_AREA: Final = 1e-3  # relative difference that a repair may make
_MOST_POSITIONS: Final = 550_000
"""A literal of more would be beyond the 16 MiB that readers of N-Quads take in one line."""
_TOLERANCES: Final = (1e-7, 1e-6, 1e-5)  # degrees: 1 cm, 11 cm, 1.1 m
_PIECE_POSITIONS: Final = 1_000
_LEAST_AREA: Final = 1e-4  # m²
_POLYGON, _MULTIPOLYGON, _COLLECTION = 3, 6, 7
_KINDS: Final = dict(enumerate(
    ("Point", "LineString", "LinearRing", "Polygon", "MultiPoint", "MultiLineString",
     "MultiPolygon", "GeometryCollection")
))  # fmt: skip


@dataclass
class Placed:
    """Boundaries in CRS84, with their areas in m² on the ellipsoid.

    ``shapes`` has None where ``faults`` says why; ``repaired`` counts what was done.
    """

    shapes: Shapes
    areas: Floats
    faults: dict[int, str]
    repaired: Counter[str] = field(default_factory=Counter)


class Placing:
    """From one CRS to CRS84."""

    def __init__(self, crs: str, where: str) -> None:
        """Take any CRS that pyproj knows.

        Raises:
            FieldNotValid: it does not.
        """
        try:
            known = CRS.from_user_input(crs)
            self._transformer = Transformer.from_crs(known, "OGC:CRS84", always_xy=True)
        except ProjError as error:
            raise FieldNotValid(
                f"The CRS {crs[:80]!r} cannot be turned to CRS84: {str(error)[:120]}",
                where=where,
                remedy="Deliver it in a CRS of the EPSG register",
            ) from None
        self._crs = crs
        self._projected = not known.is_geographic
        base = known.to_2d() if known.is_geographic else known
        self._same = base.equals(CRS("EPSG:4326"), ignore_axis_order=True) or base.equals(
            CRS("OGC:CRS84")
        )
        self.name = name_of(known)

    def place(self, shapes: Shapes) -> Placed:
        """Return the boundaries that ``shapes`` describe."""
        done = Placed(shapes.copy(), np.zeros(len(shapes)), {})
        self._keep_polygons(done)
        self._divide_edges(done)
        origin = done.shapes.copy()
        self._to_degrees(done)
        self._over_the_edge(done, origin)
        _round(done)
        _thin(done)
        _repair(done)
        return done

    def _keep_polygons(self, done: Placed) -> None:
        shapes = done.shapes
        empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
        _leave_out(done, empty, "it has no geometry that can be read")
        deep = shapely.has_z(shapes)
        if deep.any():
            done.repaired["heights were dropped"] += int(deep.sum())
        if deep.any() or shapely.has_m(shapes).any():
            shapes[:] = shapely.force_2d(shapes)
        kinds = shapely.get_type_id(shapes)
        for row in np.flatnonzero(kinds == _COLLECTION):
            shapes[row] = _gathered(shapes[row])
        kinds = shapely.get_type_id(shapes)
        for kind in set(kinds.tolist()) - {_POLYGON, _MULTIPOLYGON, -1}:
            _leave_out(done, kinds == kind, f"it is a {_KINDS.get(kind, 'geometry')}, no polygon")
        positions, row_of = shapely.get_coordinates(shapes, return_index=True)
        amiss = np.zeros(len(shapes), bool)
        amiss[row_of[~np.isfinite(positions).all(axis=1)]] = True
        _leave_out(done, amiss, "a position is not finite")

    def _divide_edges(self, done: Placed) -> None:
        """Put positions on edges that are straight on the map and would not be in degrees."""
        if not self._projected:
            return
        bounds = shapely.bounds(done.shapes)
        extent = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
        middles = (bounds[:, :2] + bounds[:, 2:]) / 2
        _, latitudes = self._transformer.transform(middles[:, 0], middles[:, 1])
        with np.errstate(invalid="ignore"):
            polar = (np.abs(latitudes) > _POLAR) & np.isfinite(latitudes) & (extent > 0)
            wide = (extent > _LONG_EDGE) & ~polar
        done.shapes[polar] = shapely.segmentize(done.shapes[polar], extent[polar] / _POLAR_PIECES)
        # where coordinates are absurd there would be no end to it
        pieces = np.maximum(_PIECE, extent[wide] / _MOST_PIECES)
        done.shapes[wide] = shapely.segmentize(done.shapes[wide], pieces)

    def _to_degrees(self, done: Placed) -> None:
        if self._same:
            return
        positions, row_of = shapely.get_coordinates(done.shapes, return_index=True)
        x, y = self._transformer.transform(positions[:, 0], positions[:, 1])
        outside = np.zeros(len(done.shapes), bool)
        outside[row_of[~(np.isfinite(x) & np.isfinite(y))]] = True
        degrees = np.column_stack((x, y))
        degrees[~np.isfinite(degrees)] = 0
        if len(positions):
            done.shapes[:] = shapely.set_coordinates(done.shapes, degrees)
        _leave_out(done, outside, f"it lies outside of where {self.name} can be used")

    def _over_the_edge(self, done: Placed, origin: Shapes) -> None:
        """Cut at the antimeridian what crosses it, and refuse what is nowhere."""
        bounds = shapely.bounds(done.shapes)
        with np.errstate(invalid="ignore"):
            high = (bounds[:, 1] < -90) | (bounds[:, 3] > 90)
            far = (bounds[:, 0] < -540) | (bounds[:, 2] > 540)
            over = (bounds[:, 2] - bounds[:, 0] > 180) | (bounds[:, 0] < -180)
            over |= bounds[:, 2] > 180
        _leave_out(
            done, high, "a latitude is beyond 90 degrees: axes in wrong order, or another CRS"
        )
        _leave_out(done, far & ~high, "a longitude is far beyond 180 degrees")
        for row in np.flatnonzero(over & ~high & ~far):
            try:
                done.shapes[row] = self._cut(origin[row], done.shapes[row])
                done.repaired["boundaries were cut at the antimeridian"] += 1
            except DocumentRejected as error:
                done.faults[int(row)] = error.what
                done.shapes[row] = None

    def _cut(self, origin: Any, degrees: Any) -> Any:
        parts: list[Any] = []
        for before, after in zip(
            shapely.get_parts(origin), shapely.get_parts(degrees), strict=True
        ):
            if self._projected:
                rings = [
                    shapely.get_coordinates(ring).tolist() for ring in shapely.get_rings(before)
                ]
                footprint = footprint_from_projected(rings, self._crs, where="")
            else:
                shape = shapely.geometry.mapping(after)
                footprint, _ = footprint_from_geojson(shape, where="")
            parts.extend(shapely.get_parts(shapely.from_wkt(footprint.wkt)))
        return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)


def name_of(crs: CRS) -> str:
    """Return the authority's code of a CRS, its name where it has none."""
    code = crs.to_authority(min_confidence=90)
    return ":".join(code) if code else str(crs.name)


def _gathered(collection: Any) -> Any:
    """Return the polygons of a collection as one, the collection itself if it holds others."""
    parts = shapely.get_parts(shapely.get_parts(collection))
    if len(parts) and (shapely.get_type_id(parts) == _POLYGON).all():
        return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
    return collection


def _leave_out(done: Placed, rows: NDArray[np.bool_], why: str) -> None:
    for row in np.flatnonzero(rows):
        done.faults.setdefault(int(row), why)
    done.shapes[rows] = None


def _round(done: Placed) -> None:
    positions = shapely.get_coordinates(done.shapes)
    if len(positions):
        # adding zero turns -0.0 to 0.0, which would be written differently
        done.shapes[:] = shapely.set_coordinates(done.shapes, np.round(positions, PLACES) + 0.0)


def _thin(done: Placed) -> None:
    """Take positions out of boundaries that have too many, as few centimetres off as can be."""
    for row in np.flatnonzero(shapely.get_num_coordinates(done.shapes) > _MOST_POSITIONS):
        whole = done.shapes[row]
        for tolerance in _TOLERANCES:
            thin = _simplified(whole, tolerance)
            if shapely.get_num_coordinates(thin) <= _MOST_POSITIONS and thin.is_valid:
                done.shapes[row] = thin
                off = round(tolerance * 111_320, 2)
                done.repaired[
                    f"a boundary was drawn with fewer positions, {off} m off at most"
                ] += 1
                break
        else:
            count = shapely.get_num_coordinates(whole)
            done.faults[int(row)] = f"its boundary has {count} positions"
            done.shapes[row] = None


def _simplified(whole: Any, tolerance: float) -> Any:
    """Simplify piece by piece: on a whole ring the time may grow with the square of its length."""
    polygons = []
    for polygon in shapely.get_parts(whole):
        rings = []
        for ring in shapely.get_rings(polygon):
            positions = shapely.get_coordinates(ring)
            pieces = [
                shapely.LineString(positions[start : start + _PIECE_POSITIONS + 1])
                for start in range(0, len(positions) - 1, _PIECE_POSITIONS)
            ]
            thin = shapely.simplify(pieces, tolerance, preserve_topology=False)
            ends = [shapely.get_coordinates(piece)[:-1] for piece in thin]
            rings.append(shapely.LinearRing(np.vstack((*ends, positions[:1]))))
        polygons.append(shapely.Polygon(rings[0], rings[1:]))
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _repair(done: Placed) -> None:
    present = ~shapely.is_missing(done.shapes)
    done.areas[:] = ellipsoidal_areas(done.shapes)
    broken = np.flatnonzero(present & ~shapely.is_valid(done.shapes))
    if len(broken):
        why = shapely.is_valid_reason(done.shapes[broken])
        mended = shapely.make_valid(done.shapes[broken], method="structure", keep_collapsed=False)
        sizes = ellipsoidal_areas(_only_polygons(mended))
        for row, shape, size, reason in zip(broken, mended, sizes, why, strict=True):
            before = done.areas[row]
            if size > 0 and abs(size - before) <= _SAME_AREA * before:
                done.shapes[row], done.areas[row] = shape, size
                done.repaired["boundaries that touched themselves were repaired"] += 1
            elif size < _LEAST_AREA:
                done.faults[int(row)] = "it has no area"
                done.shapes[row] = None
            else:
                done.faults[int(row)] = f"its boundary crosses itself ({str(reason)[:80]})"
                done.shapes[row] = None
    flat = present & ~shapely.is_missing(done.shapes) & (done.areas < _LEAST_AREA)
    _leave_out(done, flat, "it has no area")


def _only_polygons(shapes: Shapes) -> Shapes:
    kinds = shapely.get_type_id(shapes)
    kept = shapes.copy()
    kept[(kinds != _POLYGON) & (kinds != _MULTIPOLYGON)] = None
    return kept
