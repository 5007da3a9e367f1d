"""IRIs of GeoSPARQL 1.1."""

from __future__ import annotations

from typing import Final

GEO: Final = "http://www.opengis.net/ont/geosparql#"
GEOF: Final = "http://www.opengis.net/def/function/geosparql/"
SF: Final = "http://www.opengis.net/ont/sf#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"

WKT: Final = GEO + "wktLiteral"
GML: Final = GEO + "gmlLiteral"
GEOJSON: Final = GEO + "geoJSONLiteral"
KML: Final = GEO + "kmlLiteral"
DGGS: Final = GEO + "dggsLiteral"
SVG: Final = GEO + "svgLiteral"

CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

SIMPLE_FEATURES: Final = (
    *("sfEquals", "sfDisjoint", "sfIntersects", "sfTouches"),
    *("sfCrosses", "sfWithin", "sfContains", "sfOverlaps"),
)
EGENHOFER: Final = (
    *("ehEquals", "ehDisjoint", "ehMeet", "ehOverlap"),
    *("ehCovers", "ehCoveredBy", "ehInside", "ehContains"),
)
RCC8: Final = (
    *("rcc8eq", "rcc8dc", "rcc8ec", "rcc8po"),
    *("rcc8tppi", "rcc8tpp", "rcc8ntpp", "rcc8ntppi"),
)
RELATIONS: Final = SIMPLE_FEATURES + EGENHOFER + RCC8
"""Local names of the relations, the same for property and function."""
