"""GeoSPARQL 1.1 (OGC 22-047r1) on plain terms: literals, functions, aggregates, property forms.

Pure functions with shapely and pyproj; :mod:`dafab_kg.store.functions` lends them to the
engine.  A geometry keeps its coordinates in the axis order of its CRS's authority, as the
literal has them.  What is decided where the standard leaves room is in
docs/decisions/geosparql.md.
"""
