"""Space: the functions of GeoSPARQL, the search index, and the rewriting of queries."""
