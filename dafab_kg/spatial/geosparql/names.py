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
