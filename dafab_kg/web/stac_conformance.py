"""The conformance classes of the STAC API, worked out from its routes and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import current_app

from dafab_kg.web.described import operations_of

_STAC: Final = "https://api.stacspec.org/v1.0.0"
_RC1: Final = "https://api.stacspec.org/v1.0.0-rc.1"
_OGC: Final = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
_OGC3: Final = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf"
_OGC4: Final = "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf"
_CQL2: Final = "http://www.opengis.net/spec/cql2/1.0/conf"
_CQL2_CLASSES: Final = (
    *("cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators"),
    *("case-insensitive-comparison", "accent-insensitive-comparison"),
    *("basic-spatial-functions", "basic-spatial-functions-plus", "spatial-functions"),
    *("temporal-functions", "array-functions"),
)
"""What the parser reads (``dafab_kg/search/cql2.py``)."""

CLASSES: Final[Mapping[str, tuple[str, str]]] = {
    f"{_STAC}/core": ("landing", ""),
    f"{_STAC}/collections": ("collections", ""),
    f"{_STAC}/collection-search": ("collections", "bbox"),
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/simple-query": ("collections", "bbox"),
    f"{_STAC}/ogcapi-features": ("items", ""),
    f"{_STAC}/item-search": ("search", ""),
    f"{_STAC}/item-search#sort": ("search", "sortby"),
    f"{_STAC}/item-search#fields": ("search", "fields"),
    f"{_STAC}/ogcapi-features#sort": ("items", "sortby"),
    f"{_STAC}/ogcapi-features#fields": ("items", "fields"),
    f"{_STAC}/item-search#filter": ("search", "filter"),
    f"{_OGC}/core": ("items", ""),
    f"{_OGC}/geojson": ("items", ""),
    f"{_OGC3}/queryables": ("queryable", ""),
    f"{_OGC3}/filter": ("search", "filter"),
    f"{_OGC3}/features-filter": ("items", "filter"),
    **{f"{_CQL2}/{name}": ("search", "filter-lang") for name in _CQL2_CLASSES},
    f"{_CQL2}/functions": ("function", ""),
    **{f"{start}/item-search#query": ("search", "query") for start in (_STAC, _RC1)},
    **{f"{start}/ogcapi-features#query": ("items", "query") for start in (_STAC, _RC1)},
    f"{_RC1}/item-search#free-text": ("search", "q"),
    f"{_RC1}/ogcapi-features#free-text": ("items", "q"),
    f"{_RC1}/collection-search#free-text": ("collections", "q"),
    f"{_STAC}/ogcapi-features/extensions/transaction": ("change_item", ""),
    f"{_STAC}/collections/extensions/transaction": ("change_collection", ""),
    f"{_OGC4}/simpletx": ("change_item", ""),
    "https://api.stacspec.org/v0.3.0/aggregation": ("aggregate", ""),
    "https://api.stacspec.org/v0.3.0/aggregation#filter": ("aggregate", "filter"),
    "https://api.stacspec.org/v0.3.0/aggregation#query": ("aggregate", "query"),
    **{f"{start}/children": ("children", "") for start in (_STAC, _RC1)},
    **{f"{start}/browseable": ("shelf", "") for start in (_STAC, f"{_STAC}-rc.3")},
}
"""Conformance classes, each with the view that does it, and the parameter that it needs."""


def conforms_to() -> list[str]:
    """Return the conformance classes of the routes and parameters that there are."""
    found = []
    for name, (view, parameter) in CLASSES.items():
        function = current_app.view_functions.get(f"stac.{view}")
        if function is None:
            continue
        operations = operations_of(function).values()
        told = {one.name for operation in operations for one in operation.parameters}
        if not parameter or parameter in told:
            found.append(name)
    return found
