"""Questions about items, each as CQL2, as DaFab filter and as SPARQL.

The values asked for come from the items.  SPARQL is written here from the ontology's terms
alone, with nothing of ``dafab_kg.search``; it binds ``?item`` (an entry of a catalogue),
``?product`` and ``?id``.  Where a language cannot ask a question, None stands, and ``why``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Item = dict[str, Any]
BLOCK = "dafab:water-analysis"
PREFIXES = """
PREFIX dafab: <https://w3id.org/dafab/ns#>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""

FIGURES = {
    "observed_water": "observedWater",
    "observed_water_visible": "observedWaterVisible",
    "reference_permanent_water": "referencePermanentWater",
    "reference_permanent_water_visible": "referencePermanentWaterVisible",
    "reference_seasonal_water": "referenceSeasonalWater",
    "reference_seasonal_water_visible": "referenceSeasonalWaterVisible",
    "excess_total_water_observed": "excessTotalWaterObserved",
    "excess_total_water_observed_area(km2)": "excessTotalWaterObservedArea",
    "excess_water_observed_by_permanent_seasonal": "excessWaterObservedByPermanentSeasonal",
    "excess_seasonal_water_observed": "excessSeasonalWaterObserved",
    "deficit_water_observed": "deficitWaterObserved",
    "deficit_water_observed_area(km2)": "deficitWaterObservedArea",
    "difference_water_mask.other": "differenceOther",
    "difference_water_mask.exclusion_observed": "differenceExclusionObserved",
    "difference_water_mask.water_deficit_observed": "differenceWaterDeficitObserved",
    "difference_water_mask.water_permanent_observed": "differenceWaterPermanentObserved",
    "difference_water_mask.water_seasonal_observed": "differenceWaterSeasonalObserved",
    "difference_water_mask.water_excess_observed": "differenceWaterExcessObserved",
}
"""Members of a water analysis, and the terms of ``ontology/ai.ttl`` that hold them."""
OBJECTS = {
    "number": "count",
    "total_area(km2)": "totalArea",
    "mean_area(km2)": "meanArea",
    "max_area(km2)": "maxArea",
    "min_area(km2)": "minArea",
}
SIGNS = {"excess_total_water": "excess", "deficit_water": "deficit"}
SCORES = {
    "overlap_water_percentage": "overlapWaterPercentage",
    "iou_score_water": "iouScoreWater",
    "mcc_score": "mccScore",
    "kappa_score": "kappaScore",
}
MASKS = ("ai_scl", "ai_noai", "noai_scl")
DAFAB = {
    "=": "equals",
    "<>": "notEquals",
    "<": "lessThan",
    "<=": "lessThanOrEqual",
    ">": "greaterThan",
    ">=": "greaterThanOrEqual",
}


@dataclass(frozen=True)
class Question:
    """One question in three languages."""

    kind: str
    cql2: str | None
    dafab: dict[str, Any] | None
    sparql: str | None
    why: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.cql2 or json.dumps(self.dafab)}"


def questions(items: list[Item]) -> list[Question]:
    """All questions about these items."""
    found = [
        *_figures(items),
        *_objects(items),
        *_scores(items),
        *_clouds(items),
        *_platforms(items),
        *_times(items),
        *_tiles(items),
        *_boxes(items),
        *_places(items),
        *_versions(items),
        *_collections(items),
        *_ids(items),
        *_nulls(),
        *_lineage(items),
    ]
    return [*found, *_combined(found)]


# one test


def _test(path: list[Any], comparator: str, value: Any = None, kind: str = "") -> dict[str, Any]:
    found = {"type": "comparison", "path": path, "comparator": comparator}
    if value is not None:
        found["value"] = value
    return {**found, "valueType": kind} if kind else found


def _compared(
    kind: str, name: str, operator: str, value: float, pattern: str, variable: str = "value"
) -> Question:
    """A number of an item's properties; ``pattern`` binds it."""
    return Question(
        kind,
        f'"{name}" {operator} {value!r}',
        _test(["properties", *name.split(".")], DAFAB[operator], value, "number"),
        f"{pattern} FILTER(?{variable} {'!=' if operator == '<>' else operator} {value!r})",
    )


def _numbers(items: list[Item], name: str) -> list[float]:
    found = []
    for item in items:
        value: Any = item["properties"]
        for step in name.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            found.append(value)
    return sorted(found)


def _at(values: list[float], part: float) -> float:
    return values[min(int(len(values) * part), len(values) - 1)]


# kinds of questions


def _figures(items: list[Item]) -> Iterator[Question]:
    for name, term in FIGURES.items():
        values = _numbers(items, f"{BLOCK}.{name}")
        if not values:
            continue
        pattern = f"?product dafab:{term} ?value ."
        for operator, part in ((">", 0.7), ("<=", 0.3), ("=", 0.5), ("<", 0.8)):
            value = _at(values, part)
            yield _compared("water figure", f"{BLOCK}.{name}", operator, value, pattern)
    for name, term in list(FIGURES.items())[::3]:
        values = _numbers(items, f"{BLOCK}.{name}")
        if values:
            low, high = _at(values, 0.4), _at(values, 0.6)
            full = f"{BLOCK}.{name}"
            path = ["properties", *full.split(".")]
            yield Question(
                "water figure between",
                f'"{full}" BETWEEN {low!r} AND {high!r}',
                {
                    "type": "logical",
                    "combinator": "and",
                    "filters": [
                        _test(path, "greaterThanOrEqual", low, "number"),
                        _test(path, "lessThanOrEqual", high, "number"),
                    ],
                },
                f"?product dafab:{term} ?value . FILTER(?value >= {low!r} && ?value <= {high!r})",
            )


def _objects(items: list[Item]) -> Iterator[Question]:
    for group, sign in SIGNS.items():
        for key, term in OBJECTS.items():
            name = f"{BLOCK}.{group}.{key}"
            values = _numbers(items, name)
            pattern = (
                "?product dafab:hasPart ?objects . ?objects a dafab:WaterObjects ; "
                f'dafab:anomalySign "{sign}" ; dafab:{term} ?value .'
            )
            for operator, part in ((">", 0.8), ("<=", 0.2)):
                if values:
                    yield _compared("water objects", name, operator, _at(values, part), pattern)


def _scores(items: list[Item]) -> Iterator[Question]:
    for mask in MASKS:
        for key, term in SCORES.items():
            name = f"{BLOCK}.trustworthiness_observed_water_mask.{mask}.{key}"
            values = _numbers(items, name)
            pattern = (
                f'?product dafab:hasPart ?masks . ?masks dafab:comparison "{mask}" ; '
                f"dafab:{term} ?value ."
            )
            if values:
                yield _compared("agreement of masks", name, ">=", _at(values, 0.6), pattern)


def _clouds(items: list[Item]) -> Iterator[Question]:
    name = "eo:cloud_cover"
    values = _numbers(items, name)
    pattern = "?product dafab:cloudCover ?value ."
    for operator, part in (
        *(("<", 0.2), ("<", 0.5), ("<=", 0.5), (">", 0.5), (">=", 0.8), ("=", 0.1)),
        ("<>", 0.1),
    ):
        if values:
            yield _compared("cloud cover", name, operator, _at(values, part), pattern)
    for value in (0, 20, 50.5, 100):
        yield _compared("cloud cover", name, "<", value, pattern)


def _platforms(items: list[Item]) -> Iterator[Question]:
    pairs = Counter((i["properties"].get("platform"), i.get("collection")) for i in items)
    for platform, collection in sorted(p for p in pairs if None not in p and p[0].islower()):
        iri = f"https://w3id.org/dafab/id/platform/{platform}"
        yield Question(
            "platform",
            f"platform = '{platform}' AND collection = '{collection}'",
            {
                "type": "logical",
                "combinator": "and",
                "filters": [
                    _test(["properties", "platform"], "equals", platform, "string"),
                    _test(["collection"], "equals", collection, "string"),
                ],
            },
            f"?product dafab:onPlatform <{iri}> . {_shelf(collection)}",
        )


def _shelf(*collections: str) -> str:
    ends = " || ".join(f'STRENDS(STR(?collection), "/{one}")' for one in collections)
    return f"?item dafab:inCollection ?collection . FILTER({ends})"


def _times(items: list[Item]) -> Iterator[Question]:
    moments = sorted(i["properties"]["datetime"] for i in items if i["properties"].get("datetime"))
    bounds = {f"{year}-{month}-01T00:00:00Z" for year in range(2018, 2026, 2) for month in ("01",)}
    bounds |= {moments[len(moments) * n // 6] for n in range(1, 6)}
    for bound in sorted(bounds):
        for operator in ("<", ">="):
            yield Question(
                "time",
                f"datetime {operator} TIMESTAMP('{bound}')",
                _test(["properties", "datetime"], DAFAB[operator], bound, "date"),
                f'?product dafab:datetime ?time . FILTER(?time {operator} "{bound}"^^xsd:dateTime)',
            )
    for year in range(2019, 2025):
        start, end = f"{year}-06-01T00:00:00Z", f"{year}-09-01T00:00:00Z"
        path = ["properties", "datetime"]
        yield Question(
            "season",
            f"T_INTERSECTS(datetime, INTERVAL('{start}', '{end}'))",
            {
                "type": "logical",
                "combinator": "and",
                "filters": [
                    _test(path, "greaterThanOrEqual", start, "date"),
                    _test(path, "lessThanOrEqual", end, "date"),
                ],
            },
            "?product dafab:datetime ?time . "
            f'FILTER(?time >= "{start}"^^xsd:dateTime && ?time <= "{end}"^^xsd:dateTime)',
        )


def _tiles(items: list[Item]) -> Iterator[Question]:
    tiles = Counter(_tile(item["id"]) for item in items if _tile(item["id"]))
    for tile, _ in tiles.most_common(12):
        yield Question(
            "grid tile",
            f"id LIKE '%\\_T{tile}\\_%'",
            _test(["id"], "like", f"*_T{tile}_*"),
            f"?product dafab:tile <https://w3id.org/dafab/id/tile/{tile}> . "
            f'FILTER(CONTAINS(?id, "_T{tile}_"))',
        )
    codes = Counter(item["properties"].get("grid:code") for item in items)
    for code in sorted(code for code in codes if code and code.startswith("MGRS-")):
        tile = code.removeprefix("MGRS-")
        shelves = sorted(
            {
                i["collection"]
                for i in items
                if i["properties"].get("grid:code") and i.get("collection")
            }
        )
        named = ", ".join(f"'{one}'" for one in shelves)
        yield Question(
            "grid tile",
            f"\"grid:code\" = '{code}' AND collection IN ({named})",
            {
                "type": "logical",
                "combinator": "and",
                "filters": [
                    _test(["properties", "grid:code"], "equals", code, "string"),
                    _test(["collection"], "in", shelves),
                ],
            },
            f"?product dafab:tile <https://w3id.org/dafab/id/tile/{tile}> . {_shelf(*shelves)}",
        )


def _tile(name: str) -> str:
    parts = [part for part in name.split("_") if len(part) == 6 and part[0] == "T"]
    return parts[0][1:] if parts and parts[0][1:3].isdigit() else ""


def _boxes(items: list[Item]) -> Iterator[Question]:
    centres = sorted({(round(i["bbox"][0] / 15) * 15, round(i["bbox"][1] / 10) * 10)
                      for i in items if len(i["bbox"]) == 4})[:14]  # fmt: skip
    for west, south in centres:
        east, north = west + 6, south + 4
        tests = [(0, "<", east), (1, "<", north), (2, ">", west), (3, ">", south)]
        yield Question(
            "box",
            " AND ".join(f'"bbox.{at}" {operator} {value}' for at, operator, value in tests),
            {
                "type": "logical",
                "combinator": "and",
                "filters": [
                    _test(["bbox", at], DAFAB[operator], value, "number")
                    for at, operator, value in tests
                ],
            },
            "?product dafab:west ?w ; dafab:south ?s ; dafab:east ?e ; dafab:north ?n . "
            f"FILTER(?w < {east} && ?s < {north} && ?e > {west} && ?n > {south})",
        )


def _places(items: list[Item]) -> Iterator[Question]:
    for item in items[:: max(len(items) // 8, 1)]:
        west, south, east, north = item["bbox"][:4]
        x, y = (west + east) / 2, (south + north) / 2
        wkt = f"POLYGON(({x!r} {y!r}, {x + 2!r} {y!r}, {x!r} {y + 2!r}, {x!r} {y!r}))"
        for relation, name in (("S_INTERSECTS", "sfIntersects"), ("S_WITHIN", "sfWithin")):
            yield Question(
                "true geometry",
                f"{relation}(geometry, {wkt})",
                None,
                "?product geo:hasGeometry/geo:asWKT ?wkt . "
                f'FILTER(geof:{name}(?wkt, "{wkt}"^^geo:wktLiteral))',
                "the DaFab filter has boxes only, by four numbers",
            )


def _versions(items: list[Item]) -> Iterator[Question]:
    for field, term in (("processing:version", "processingVersion"),
                        ("processing:level", "processingLevel")):  # fmt: skip
        values = sorted({str(i["properties"][field]) for i in items if BLOCK in i["properties"]})
        for value in values:
            yield Question(
                "version and level",
                f"\"{field}\" = '{value}' AND collection = 'water_analysis'",
                {
                    "type": "logical",
                    "combinator": "and",
                    "filters": [
                        _test(["properties", field], "equals", value, "string"),
                        _test(["collection"], "equals", "water_analysis", "string"),
                    ],
                },
                f'?product dafab:{term} "{value}" . {_shelf("water_analysis")}',
            )


def _collections(items: list[Item]) -> Iterator[Question]:
    names = sorted({item["collection"] for item in items if item.get("collection")})
    for name in names:
        yield Question(
            "collection",
            f"collection = '{name}'",
            _test(["collection"], "equals", name, "string"),
            _shelf(name),
        )
    for two in pairwise(names):
        listed = ", ".join(f"'{one}'" for one in two)
        yield Question(
            "collection",
            f"collection IN ({listed})",
            _test(["collection"], "in", [*two]),
            _shelf(*two),
        )


def _ids(items: list[Item]) -> Iterator[Question]:
    for start in ("S2A_MSIL2A_2021", "S2A_MSIL2A_2022", "S2B_", "S1A_", "S2", "none"):
        pattern = start.replace("_", "\\_")
        yield Question(
            "text pattern", f"id LIKE '{pattern}%'", _test(["id"], "like", f"{start}*"),
            f'FILTER(STRSTARTS(?id, "{start}"))',
        )  # fmt: skip
    for end in ("analysis_200", "_0_L2A", "00"):
        pattern = end.replace("_", "\\_")
        yield Question(
            "text pattern", f"id LIKE '%{pattern}'", _test(["id"], "like", f"*{end}"),
            f'FILTER(STRENDS(?id, "{end}"))',
        )  # fmt: skip
    for part in ("N0500", "_R0", "2023"):
        pattern = part.replace("_", "\\_")
        yield Question(
            "text pattern", f"NOT id LIKE '%{pattern}%'", _test(["id"], "notLike", f"*{part}*"),
            f'FILTER(!CONTAINS(?id, "{part}"))',
        )  # fmt: skip
    for item in items[:: max(len(items) // 6, 1)]:
        yield Question(
            "id", f"id = '{item['id']}'", _test(["id"], "equals", item["id"], "string"),
            f'FILTER(?id = "{item["id"]}")',
        )  # fmt: skip


def _nulls() -> Iterator[Question]:
    for name, term in (
        ("eo:cloud_cover", "cloudCover"),
        (f"{BLOCK}.observed_water", "observedWater"),
        (f"{BLOCK}.excess_total_water_observed", "excessTotalWaterObserved"),
        (f"{BLOCK}.deficit_water_observed", "deficitWaterObserved"),
    ):
        pattern = f"?product dafab:{term} ?value"
        yield Question(
            "a value",
            f'"{name}" IS NOT NULL',
            _test(["properties", *name.split(".")], "isNotNull"),
            f"FILTER EXISTS {{ {pattern} }}",
        )
        yield Question(
            "no value",
            f'"{name}" IS NULL',
            None,
            f"FILTER NOT EXISTS {{ {pattern} }}",
            "the DaFab filter finds a null that is written, not what is missing",
        )


MADE = "(dafab:derivedFrom|dafab:madeFrom)+"


def sources_of(item: Item) -> list[str]:
    """The ids of what an item says that it is derived from."""
    links = (one for one in item.get("links") or () if one.get("rel") == "derived_from")
    return [one["href"].rstrip("/").rpartition("/")[2].removesuffix(".json") for one in links]


def _lineage(items: list[Item]) -> Iterator[Question]:
    """Questions about what items were made from, and what was made from them."""
    derived = [item for item in items if sources_of(item)]
    above = {source for item in derived for source in sources_of(item)}
    clouds = _numbers([item for item in items if item["id"] in above], "eo:cloud_cover")
    for bound in sorted({_at(clouds, part) for part in (0.3, 0.7)} if clouds else ()):
        for word, sign, term in (("NOT ", "NOT ", "not"), ("", "", "")):
            test = _test(["properties", "eo:cloud_cover"], DAFAB["<="], bound, "number")
            marked = {**test, "inherited": True}
            negated = {"type": "logical", "combinator": term, "filters": [marked]}
            yield Question(
                f"{word}ancestor", f'{sign}ancestor("eo:cloud_cover" <= {bound})',
                negated if term else marked,
                f"FILTER({sign}EXISTS {{ ?product {MADE} ?source . ?source dafab:cloudCover ?cloud "
                f"FILTER(?cloud <= {bound}) }})",
            )  # fmt: skip
    why = "the DaFab filter asks of ancestors alone"
    for name, term in (
        ("excess_total_water_observed", "excessTotalWaterObserved"),
        ("deficit_water_observed", "deficitWaterObserved"),
    ):
        values = _numbers(derived, f"{BLOCK}.{name}")
        for bound in sorted({_at(values, part) for part in (0.3, 0.7)} if values else ()):
            yield Question(
                "descendant", f'descendant("{BLOCK}.{name}" > {bound})', None,
                f"FILTER EXISTS {{ ?made {MADE} ?product ; dafab:{term} ?v "
                f"FILTER(?v > {bound}) }}",
                why,
            )  # fmt: skip


def _combined(found: list[Question]) -> Iterator[Question]:
    """Pairs of questions, joined by and and or."""
    whole = [one for one in found if one.dafab is not None]
    step = max(len(whole) // 12, 1)
    for number, one in enumerate(whole[::step]):
        other = whole[(number * 37 + 11) % len(whole)]
        word = ("and", "or")[number % 2]
        first, second = (f"{{ {PRODUCT} {q.sparql} }}" for q in (one, other))
        joined = f"{first} UNION {second}" if word == "or" else (
            f"{{ SELECT ?item {{ {PRODUCT} {one.sparql} }} }} "
            f"{{ SELECT ?item {{ {PRODUCT} {other.sparql} }} }}"
        )  # fmt: skip
        yield Question(
            f"joined by {word}",
            f"({one.cql2}) {word.upper()} ({other.cql2})",
            {"type": "logical", "combinator": word, "filters": [one.dafab, other.dafab]},
            joined,
        )


PRODUCT = "?item a dafab:CatalogItem ; dafab:describes ?product ; dafab:itemId ?id ."


def query_of(question: Question) -> str:
    """The whole query of a question."""
    start = "" if question.kind.startswith("joined") else PRODUCT
    return f"{PREFIXES}SELECT DISTINCT ?item {{ {start} {question.sparql} }}"
