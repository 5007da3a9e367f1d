"""Geometry literals of every serialisation to geometries and back, with a bounded cache."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final

import numpy as np
import shapely

from dafab_kg.model.errors import ArgumentNotValid
from dafab_kg.spatial.geosparql.geojson import read_geojson, write_geojson
from dafab_kg.spatial.geosparql.geometry import Geometry, crs84
from dafab_kg.spatial.geosparql.gml import read_gml, write_gml
from dafab_kg.spatial.geosparql.kml import read_kml, write_kml
from dafab_kg.spatial.geosparql.names import DGGS, GEO, GEOJSON, GML, KML, WKT
from dafab_kg.spatial.geosparql.wkt import read_wkt, write_wkt
from dafab_kg.store.protocol import Literal, Term

MOST_CHARACTERS: Final = 16_000_000
"""Longest literal that is read: about half a million points."""
_OVERHEAD: Final = 500  # bytes of a geometry without its text and coordinates

# GEOS has its own error; numpy warns of a number beyond float64; curves are not implemented.
_UNREADABLE: Final = (
    *(shapely.errors.ShapelyError, ValueError, TypeError, RuntimeWarning),
    NotImplementedError,
)
_READERS: Final[dict[str, Callable[[str], Geometry]]] = {
    WKT: read_wkt,
    GML: read_gml,
    GEOJSON: read_geojson,
    KML: read_kml,
}
_WRITERS: Final[dict[str, Callable[[Geometry], str]]] = {
    WKT: write_wkt,
    GML: write_gml,
    GEOJSON: write_geojson,
    KML: write_kml,
}


class LiteralCache:
    """The geometries read last; their literals together are bounded by ``characters``.

    A geometry takes about as much memory as its text, which is kept as its key.
    """

    def __init__(self, characters: int = 32_000_000) -> None:
        self._most = characters
        self._size = 0
        self._kept: OrderedDict[tuple[str, str], tuple[Geometry, int]] = OrderedDict()
        self._lock = Lock()

    def read(self, literal: Literal) -> Geometry:
        """Read a literal, or give what it was read to before.

        Raises:
            ArgumentNotValid: it is no geometry.
        """
        key = literal.value, literal.datatype
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found[0]
        geometry = read_literal(literal)
        size = len(literal.value) + _OVERHEAD
        with self._lock:
            if key not in self._kept and size <= self._most:
                self._kept[key] = geometry, size
                self._size += size
                while self._size > self._most:
                    _, (_, freed) = self._kept.popitem(last=False)
                    self._size -= freed
        return geometry

    def __len__(self) -> int:
        return len(self._kept)


def read_literal(term: Term | None) -> Geometry:
    """Read a geometry literal (requirements wkt-literal to dggs-literal of GeoSPARQL 1.1).

    Raises:
        ArgumentNotValid: it is no geometry, or one that is not finite.
    """
    if not isinstance(term, Literal):
        raise ArgumentNotValid("A geometry literal is expected, not an IRI or blank node")
    value, datatype = term.value, term.datatype
    reader = _READERS.get(datatype)
    if reader is None and datatype != DGGS and not datatype.endswith("DggsLiteral"):
        raise ArgumentNotValid(f"A geometry literal is expected, not one of {datatype[:200]}")
    if not value.strip():
        return Geometry(shapely.GeometryCollection(), crs84(), datatype)
    if reader is None:
        raise ArgumentNotValid(
            "Cells of a Discrete Global Grid are not read: there is no common meaning of them. "
            "Store the geometry as geo:wktLiteral too"
        )
    if len(value) > MOST_CHARACTERS:
        raise ArgumentNotValid(f"A literal longer than {MOST_CHARACTERS} characters is not read")
    try:
        geometry = reader(value)
    except _UNREADABLE as error:
        raise ArgumentNotValid(f"{datatype.removeprefix(GEO)}: {error}") from None
    if not np.isfinite(shapely.get_coordinates(geometry.shape)).all():
        raise ArgumentNotValid("A coordinate is not a finite number")
    return geometry


def write_literal(geometry: Geometry) -> Literal:
    """Write a geometry in its own form; as WKT where that form cannot hold its CRS.

    Raises:
        ArgumentNotValid: there is no such form.
    """
    datatype = geometry.datatype
    if datatype in (GEOJSON, KML) and not geometry.crs.is_crs84:
        datatype = WKT
    writer = _WRITERS.get(datatype)
    if writer is None:
        raise ArgumentNotValid("Cells of a Discrete Global Grid are not written")
    return Literal(writer(geometry), datatype)
