"""``geo:wktLiteral``: Well-Known Text (ISO 19125-1) with an optional CRS IRI before it."""

from __future__ import annotations

import re
from typing import Final

import shapely

from dafab_kg.model.errors import ArgumentNotValid
from dafab_kg.spatial.geosparql.crs import crs_of
from dafab_kg.spatial.geosparql.geometry import Geometry
from dafab_kg.spatial.geosparql.names import CRS84, WKT
from dafab_kg.spatial.geosparql.parts import positions

MOST_DEPTH: Final = 50
"""Deepest nesting of parentheses: GEOS reads collections by recursion."""

_PREFIX: Final = re.compile(r"\s*<([^<>]*)>")
# Surfaces that GEOS has no class for: what they are made of, by another word.
_SURFACE: Final = re.compile(r"\s*(TRIANGLE|TIN|POLYHEDRALSURFACE)\b", re.IGNORECASE)
_SURFACES: Final = {
    "TRIANGLE": ("Triangle", "POLYGON"),
    "TIN": ("TIN", "MULTIPOLYGON"),
    "POLYHEDRALSURFACE": ("PolyhedralSurface", "MULTIPOLYGON"),
}


def read_wkt(text: str) -> Geometry:
    """Read the literal's text; without a CRS it is CRS84 (requirement wkt-literal-default-srs).

    Raises:
        ArgumentNotValid: it is no WKT, or its CRS is not known.
    """
    prefix = _PREFIX.match(text)
    crs = crs_of(prefix[1] if prefix else CRS84)
    body = text[prefix.end() :] if prefix else text
    if not body.strip():
        return Geometry(shapely.GeometryCollection(), crs, WKT)
    kind = ""
    surface = _SURFACE.match(body)
    if surface:
        kind, word = _SURFACES[surface[1].upper()]
        body = word + body[surface.end() :]
    if body.count("(") > MOST_DEPTH:
        _refuse_deep(body)
    try:
        shape = shapely.from_wkt(body)
    except shapely.errors.ShapelyError as error:
        raise ArgumentNotValid(f"Not WKT: {error}") from None
    return Geometry(shape, crs, WKT, kind)


def write_wkt(geometry: Geometry) -> str:
    """Write the literal's text, with the CRS where it is not CRS84; the shortest exact digits."""
    shape = geometry.shape
    if shape.has_z and positions(shape).shape[1] == 2:
        shape = shapely.force_2d(shape)  # heights that some points lack
    text = shapely.to_wkt(shape, rounding_precision=-1, output_dimension=4 if shape.has_m else 3)
    return text if geometry.crs.is_crs84 else f"<{geometry.crs.iri}> {text}"


def _refuse_deep(body: str) -> None:
    depth = 0
    for bracket in re.findall(r"[()]", body):
        depth += 1 if bracket == "(" else -1
        if depth > MOST_DEPTH:
            raise ArgumentNotValid(f"WKT nested deeper than {MOST_DEPTH} is not read")
