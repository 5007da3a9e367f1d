"""What a filter may name, and what there is an order by: JSON Schema from the ontology.
The functions that it may use.

OGC API Features, part 3 (19-079r2), section 6.2.  A filter may also name whatever else
stands in an item; what is listed here has a meaning that the ontology tells.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from rdflib import RDFS, SKOS, URIRef

from dafab_kg.model.names import PREFIXES, term
from dafab_kg.search.cql2 import FUNCTIONS
from dafab_kg.search.inferred import TYPES
from dafab_kg.search.names import Held, held, stac_names
from dafab_kg.search.order import sortables as orders
from dafab_kg.vocabulary.held import kept_vocabulary

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TYPES: Final[dict[str, dict[str, str]]] = {
    "number": {"type": "number"},
    "time": {"type": "string", "format": "date-time"},
    "text": {"type": "string"},
    "thing": {"type": "string"},
}
_OF_ITEMS: Final[dict[str, dict[str, Any]]] = {
    "id": {"title": "Id of the item", "type": "string"},
    "collection": {"title": "Id of its collection", "type": "string"},
    "geometry": {
        "title": "Footprint",
        "$ref": "https://geojson.org/schema/Geometry.json",
        "format": "geometry-any",
    },
}
_TOLD: Final[dict[str, dict[str, Any]]] = {
    TYPES: {
        "title": "Classes of the product, with those that follow by the ontology",
        "type": "array",
        "items": {"type": "string", "pattern": "^dafab:[A-Za-z0-9]+$"},
    },
    **{
        name: {"title": title, "type": "array", "items": {"type": "string"}}
        for name, title in (
            ("dafab:place", "Names of the places that the product lies in"),
            ("dafab:river_basin", "Names of the river basins that the product lies in"),
            ("dafab:mgrs_tile", "Tiles of the military grid that the product is cut to"),
            ("dafab:season", "Meteorological season: spring, summer, autumn or winter"),
            ("dafab:crop", "Crops on the fields of its agricultural coverage"),
        )
    },
}
"""What the graph tells, and no document."""


def queryables(address: str, names: Iterable[str] | None = None) -> dict[str, Any]:
    """Return the schema of what a filter may name; of properties these, or all."""
    if names is None:
        names = (name for found in stac_names().values() for name in found)
    return _schema(address, "Queryables", {**_OF_ITEMS, **_TOLD, **_described(names)})


def sortables(address: str) -> dict[str, Any]:
    """Return the schema of what there is an order by."""
    names = ("/".join(map(str, path[1:])) for path in orders())
    return _schema(address, "Sortables", {"id": _OF_ITEMS["id"], **_described(names)})


def functions() -> dict[str, Any]:
    """Return the functions of CQL2 that are our own (OGC 19-079r2, ``/functions``)."""
    asked = {"title": "condition", "description": "A condition in CQL2", "type": ["boolean"]}
    return {
        "functions": [
            {"name": name, "description": words, "args": [asked], "returns": ["boolean"]}
            for name, words in FUNCTIONS.items()
        ]
    }


def _schema(address: str, title: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "$schema": DIALECT,
        "$id": address,
        "type": "object",
        "title": title,
        "properties": properties,
        "additionalProperties": True,
    }


def _described(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    found = {}
    for name in sorted(set(names)):
        for one in (held(("properties", *name.split("/")), PREFIXES["id"]) or ())[:1]:
            found[name.replace("/", ".")] = _property(one)
    return found


def _property(one: Held) -> dict[str, Any]:
    graph, iri = kept_vocabulary().whole, URIRef(one.iri)
    told: dict[str, Any] = dict(_TYPES.get(one.kind, {}))
    for name, predicate in (
        ("title", RDFS.label),
        ("description", SKOS.definition),
        ("x-unit", URIRef(term("unit"))),
    ):
        value = graph.value(iri, predicate)
        if value is not None:
            told[name] = str(value)
    return {**told, "x-term": one.iri}
