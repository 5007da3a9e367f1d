"""The questions of the search benchmark, each in the words of each system.

A question has cases: random areas, years and dates by seed.  ``sparql`` is asked of
dafab-kg and of plain Oxigraph alike; ``stac`` is the body of a STAC API search with CQL2;
``sql`` is for what STAC cannot say.  All order alike and to the end, so that answers can be
compared row by row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
from _generated import CROPS, Event, box_wkt, field_regions, views

PREFIXES = """\
PREFIX dafab: <https://w3id.org/dafab/ns#>
PREFIX hcat: <https://w3id.org/dafab/hcat/>
PREFIX id: <https://w3id.org/dafab/id/>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
PREFIX uom: <http://www.opengis.net/def/uom/OGC/1.0/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
FIELDS = ["id", "properties.datetime", "properties.eo:cloud_cover",
          "properties.dafab:agricultural_coverage"]  # fmt: skip
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Case:
    """One question with its values; what a system cannot be asked is None."""

    sparql: str
    stac: dict[str, Any] | None = None
    sql: str | None = None
    count: bool = False


@dataclass(frozen=True)
class Question:
    """``plain`` says why plain Oxigraph cannot answer, where it cannot."""

    name: str
    cases: tuple[Case, ...]
    plain: str | None = None


def questions(seed: int, cases: int, floods: tuple[Event, ...], fields: int) -> list[Question]:
    """All questions with ``cases`` cases each."""

    def many(number: int, make: Callable[[np.random.Generator], Case]) -> tuple[Case, ...]:
        chance = np.random.default_rng([seed, 100, number])
        return tuple(make(chance) for _ in range(cases))

    def limited(name: str, number: int, make: Callable[..., Case], *limits: int | None) -> None:
        for limit in limits:
            made = many(number, partial(make, limit=limit))
            found.append(Question(_named(name, limit), made))

    found: list[Question] = []
    limited("small area", 0, partial(_area, rich_places(seed), 0.3), 10, 100, None)
    limited("large area", 1, partial(_area, rich_places(seed), 5.0), 10, 100, None)
    limited("two attributes", 2, _attributes, 10, 100, None)
    found.append(Question("latest, top 10", many(3, _latest)))
    near = many(4, lambda chance: _nearest(chance, fields))
    found.append(Question("nearest 10 fields", near, plain="no distance to polygons"))
    found.append(Question("event, images, floods", many(5, lambda chance: _join(chance, floods))))
    limited("fields in area", 6, partial(_fields, fields), 100, None)
    return found


def rich_places(seed: int) -> list[Box]:
    """The tiles in which fields take more than 60 %, so that what is asked for is there."""
    return [view.box for view in views(seed) if view.fields > 62 and view.share == 1]


def _named(name: str, limit: int | None) -> str:
    return f"{name}, count" if limit is None else f"{name}, first {limit}"


def _select(variables: str, where: str, order: str, limit: int | None, counted: str) -> str:
    if limit is None:
        return f"{PREFIXES}SELECT (COUNT({counted}) AS ?n) WHERE {{\n{where}}}\n"
    return f"{PREFIXES}SELECT {variables} WHERE {{\n{where}}}\nORDER BY {order}\nLIMIT {limit}\n"


def _searched(conditions: list[dict[str, Any]], limit: int | None, **more: Any) -> dict[str, Any]:
    return {
        "collections": ["products"],
        "filter-lang": "cql2-json",
        "filter": {"op": "and", "args": conditions},
        "sortby": [
            {"field": "datetime", "direction": "desc"},
            {"field": "id", "direction": "asc"},
        ],
        "limit": limit or 1,
        "fields": {"include": FIELDS},
        **more,
    }


def compared(op: str, name: str, value: float) -> dict[str, Any]:
    """A comparison in CQL2 JSON."""
    return {"op": op, "args": [{"property": name}, value]}


def _area(
    places: list[Box], side: float, chance: np.random.Generator, *, limit: int | None
) -> Case:
    place = places[int(chance.integers(len(places)))]
    west = round(float(chance.uniform(place[0], place[2])) - side / 2, 4)
    south = round(float(chance.uniform(place[1], place[3])) - side / 2, 4)
    box = (west, south, round(west + side, 4), round(south + side, 4))
    year = int(chance.integers(2021, 2026))
    where = f"""\
  ?product a dafab:SourceProduct ;
           dafab:datetime ?time ;
           dafab:cloudCover ?cloud ;
           dafab:agriculturalCoverage ?fields ;
           geo:hasGeometry/geo:asWKT ?wkt .
  FILTER (geof:sfIntersects(?wkt, "{box_wkt(box)}"^^geo:wktLiteral))
  FILTER (?time >= "{year}-01-01T00:00:00Z"^^xsd:dateTime
    && ?time < "{year + 1}-01-01T00:00:00Z"^^xsd:dateTime)
  FILTER (?cloud < 20 && ?fields > 60)
"""
    return Case(
        sparql=_select("?product ?time ?cloud ?fields", where, "DESC(?time) ?product", limit, "*"),
        stac=_searched(
            [
                compared("<", "eo:cloud_cover", 20),
                compared(">", "dafab:agricultural_coverage", 60),
            ],
            limit,
            intersects=geojson(box),
            datetime=f"{year}-01-01T00:00:00Z/{year}-12-31T23:59:59.999Z",
        ),
        count=limit is None,
    )


def geojson(box: Box) -> dict[str, Any]:
    """A box as a GeoJSON polygon."""
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _attributes(chance: np.random.Generator, *, limit: int | None) -> Case:
    cloud = round(float(chance.uniform(0.01, 0.5)), 3)
    coverage = round(float(chance.uniform(75, 84)), 2)
    where = f"""\
  ?product a dafab:SourceProduct ;
           dafab:datetime ?time ;
           dafab:cloudCover ?cloud ;
           dafab:agriculturalCoverage ?fields .
  FILTER (?cloud < {cloud} && ?fields > {coverage})
"""
    return Case(
        sparql=_select("?product ?time ?cloud ?fields", where, "DESC(?time) ?product", limit, "*"),
        stac=_searched(
            [
                compared("<", "eo:cloud_cover", cloud),
                compared(">", "dafab:agricultural_coverage", coverage),
            ],
            limit,
        ),
        count=limit is None,
    )


def _latest(chance: np.random.Generator) -> Case:
    day = f"{int(chance.integers(2021, 2026))}-{int(chance.integers(2, 13)):02d}-01"
    where = f"""\
  ?product a dafab:SourceProduct ; dafab:datetime ?time ; dafab:cloudCover ?cloud .
  FILTER (?time < "{day}T00:00:00Z"^^xsd:dateTime)
"""
    before = datetime.fromisoformat(day)
    return Case(
        sparql=_select("?product ?time ?cloud", where, "DESC(?time) ?product", 10, "*"),
        stac={
            **_searched([compared("<=", "eo:cloud_cover", 100)], 10),
            "datetime": f"../{before:%Y-%m-%dT00:00:00Z}",
        },
    )


def _place_with_fields(chance: np.random.Generator, count: int) -> tuple[float, float, Box]:
    regions = field_regions(count)
    region = regions[int(chance.integers(len(regions)))]
    lon = round(float(chance.uniform(region[0], region[2])), 5)
    lat = round(float(chance.uniform(region[1], region[3])), 5)
    return lon, lat, region


def _nearest(chance: np.random.Generator, count: int) -> Case:
    lon, lat, _ = _place_with_fields(chance, count)
    where = f"""\
  ?field a dafab:ParcelBoundary ; geo:hasGeometry/geo:asWKT ?wkt .
  BIND (geof:distance(?wkt, "POINT ({lon} {lat})"^^geo:wktLiteral, uom:degree) AS ?far)
"""
    return Case(
        sparql=_select("?field ?far", where, "?far ?field", 10, "*"),
        sql=(
            "WITH near AS (SELECT iri, ST_Distance(shape, at) AS far FROM fields, "
            f"(SELECT ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326) AS at) AS given "
            "ORDER BY shape <-> at LIMIT 20) SELECT iri FROM near ORDER BY far, iri LIMIT 10"
        ),
    )


def _join(chance: np.random.Generator, floods: tuple[Event, ...]) -> Case:
    flood = floods[int(chance.integers(len(floods)))]
    sparql = f"""{PREFIXES}SELECT ?image ?water ?time ?cloud WHERE {{
  ?event dafab:reportId "{flood.event_id}" ;
         dafab:start ?start ;
         geo:hasGeometry/geo:asWKT ?area .
  ?water a dafab:WaterProduct ;
         dafab:anomalyType dafab:flood ;
         dafab:datetime ?time ;
         dafab:derivedFrom ?image ;
         geo:hasGeometry/geo:asWKT ?wkt .
  ?image dafab:cloudCover ?cloud .
  FILTER (?time >= ?start - "P10D"^^xsd:dayTimeDuration
    && ?time - "P10D"^^xsd:dayTimeDuration <= ?start)
  FILTER (?cloud < 80)
  FILTER (geof:sfIntersects(?wkt, ?area))
}}
ORDER BY ?time ?image
"""
    sql = f"""SELECT item.id FROM events AS event
  JOIN pgstac.items AS item ON ST_Intersects(item.geometry, event.shape)
    AND item.datetime BETWEEN event.start - interval '10 days' AND event.start + interval '10 days'
  WHERE event.id = '{flood.event_id}' AND {{anomaly}} = 'flood' AND {{cloud}} < 80
  ORDER BY item.datetime, item.id"""
    return Case(sparql=sparql, sql=sql)


def _fields(count: int, chance: np.random.Generator, *, limit: int | None) -> Case:
    lon, lat, region = _place_with_fields(chance, count)
    side = min(0.05, (region[2] - region[0]) / 4)
    box = (lon, lat, round(lon + side, 5), round(lat + side, 5))
    crop = int(chance.integers(len(CROPS)))
    where = f"""\
  ?field a dafab:ParcelBoundary ;
         dafab:crop hcat:{CROPS[crop][0]} ;
         dafab:boundaryArea ?hectares ;
         geo:hasGeometry/geo:asWKT ?wkt .
  FILTER (geof:sfWithin(?wkt, "{box_wkt(box)}"^^geo:wktLiteral))
"""
    area = f"ST_MakeEnvelope({box[0]}, {box[1]}, {box[2]}, {box[3]}, 4326)"
    chosen = f"FROM fields WHERE crop = {crop} AND ST_Within(shape, {area})"
    return Case(
        sparql=_select("?field ?hectares", where, "?field", limit, "*"),
        sql=(
            f"SELECT count(*) {chosen}"
            if limit is None
            else f"SELECT iri, hectares {chosen} ORDER BY iri LIMIT {limit}"
        ),
        count=limit is None,
    )
