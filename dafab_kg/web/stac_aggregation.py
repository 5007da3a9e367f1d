"""Aggregations of the STAC API (Aggregation extension 0.3.0)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import orjson
from flask import Blueprint, Response, request, url_for

from dafab_kg.catalogue import Catalogue
from dafab_kg.search.aggregation import AGGREGATIONS, INTERVALS, Wished
from dafab_kg.search.grids import GRIDS, Grid
from dafab_kg.search.links import link
from dafab_kg.web.described import JSON, Operation, Parameter, Schema, described
from dafab_kg.web.stac_parameters import Asked, bad, of_address, of_body
from dafab_kg.web.stac_writes import root

_INTERVAL: Final = "datetime_frequency_interval"
_PRECISION: Final = "_precision"


def _numbers(grid: Grid) -> Schema:
    return {
        "type": "integer", "minimum": grid.least, "maximum": grid.most, "default": grid.precision
    }  # fmt: skip


OWN: Final[Mapping[str, tuple[str, Schema]]] = {
    "aggregations": (
        f"Names with commas between them: {', '.join(AGGREGATIONS)}.",
        {"type": "string"},
    ),
    _INTERVAL: ("Of the times; else by their span.", {"type": "string", "enum": [*INTERVALS]}),
    **{f"{name}{_PRECISION}": (grid.unit, _numbers(grid)) for name, grid in GRIDS.items()},
}
"""Parameters that aggregations have beside those of a search."""


def add_aggregations(
    face: Blueprint,
    catalogue: Catalogue,
    parameters: Mapping[str, tuple[str, Schema]],
    body: Schema,
) -> None:
    """Add the routes; ``parameters`` are those of a search, ``body`` the schema of its body."""
    known = {
        name: told
        for name, told in parameters.items()
        if name not in ("limit", "token", "sortby", "fields", "inferred")
    } | dict(OWN)
    told = tuple(Parameter(name, words, schema) for name, (words, schema) in known.items())
    members = {name: schema for name, schema in body["properties"].items() if name in known}
    members |= {name: schema for name, (_, schema) in OWN.items()}
    members["aggregations"] = {"type": "array", "items": {"enum": [*AGGREGATIONS]}}
    whole = {"type": "object", "properties": members}

    @face.get("/aggregations")
    @face.get("/collections/<path:collection>/aggregations")
    @described(GET=Operation("Which figures there are of items", {200: (JSON,)}))
    def aggregations(collection: str = "") -> Response:
        place, above = root(), _above(collection)
        if collection:
            catalogue.collection(collection, place)
        value = {
            "type": "AggregationCollection",
            "aggregations": [one.told for one in AGGREGATIONS.values()],
            "links": [link("root", place), link("self", request.base_url), *above],
        }
        return Response(orjson.dumps(value), content_type=JSON)

    @face.route("/aggregate", methods=["GET", "POST"])
    @face.route("/collections/<path:collection>/aggregate", methods=["GET", "POST"])
    @described(
        GET=Operation("Figures of all items of a search", {200: (JSON,)}, (), told),
        POST=Operation("Figures of all items of a search", {200: (JSON,)}, (), (), {JSON: whole}),
    )
    def aggregate(collection: str = "") -> Response:
        place = root()
        posted = request.method == "POST"
        asked = (of_body if posted else of_address)(request, known)
        search = asked.search
        if collection:
            catalogue.collection(collection, place)
            named = search.collections
            if named and collection not in named:
                raise bad("collections", "The address names another.", "Leave it out.")
            search = replace(search, collections=(collection,))
        found = catalogue.aggregate(search, _names(asked), _wished(asked))
        value = {
            "type": "AggregationCollection",
            "aggregations": found,
            "links": [
                link("root", place),
                link("self", request.base_url if posted else request.url),
                *_above(collection),
            ],
        }
        return Response(orjson.dumps(value), content_type=JSON)


def _above(collection: str) -> list[dict[str, Any]]:
    if not collection:
        return []
    return [link("collection", url_for("stac.collection", collection=collection, _external=True))]


def _names(asked: Asked) -> tuple[str, ...]:
    found = asked.sent.get("aggregations", [])
    if isinstance(found, str):
        found = [one for one in found.split(",") if one]
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise bad("aggregations", "It is no list of names.", "Send names of /stac/aggregations.")
    for one in found:
        if one not in AGGREGATIONS:
            raise bad(
                "aggregations",
                f"There is no aggregation {one[:80]!r}.",
                f"There are: {', '.join(AGGREGATIONS)}.",
            )
    return tuple(dict.fromkeys(found))


def _wished(asked: Asked) -> Wished:
    interval = asked.sent.get(_INTERVAL) or ""
    if interval not in ("", *INTERVALS):
        raise bad(_INTERVAL, "There is no such interval.", f"Send {', '.join(INTERVALS)}.")
    return Wished(
        interval,
        tuple(
            (name, _precision(asked.sent[f"{name}{_PRECISION}"], name, grid))
            for name, grid in GRIDS.items()
            if f"{name}{_PRECISION}" in asked.sent
        ),
    )


def _precision(value: Any, name: str, grid: Grid) -> int:
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() and len(value) < 3 else -1
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not grid.least <= value <= grid.most:
        raise bad(
            f"{name}{_PRECISION}",
            f"It is no whole number from {grid.least} to {grid.most}.",
            "Send such a one.",
        )
    return int(value)
