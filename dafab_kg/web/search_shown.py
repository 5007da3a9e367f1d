"""What the search page shows: results, facets, and the query behind them in four languages."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from dafab_kg.mapping.nquads import literal
from dafab_kg.search.counts import Facets
from dafab_kg.search.inferred import TYPES
from dafab_kg.search.told import QUERIES
from dafab_kg.web.addresses import page_of
from dafab_kg.web.search_form import ANOMALIES, TOLD, Form

SHOWN: Final = 12
"""Values of a facet that are shown at once; the others unfold."""
LESS_TELLING: Final = frozenset({"Product", "OpticalProduct", "HighResolutionProduct"})
"""Classes that nearly all products have."""
_FACETS: Final = (
    ("collection", "Collection"),
    ("class", "Class"),
    ("cloud", "Cloud cover"),
    ("anomaly", "Water"),
    ("season", "Season"),
    ("place", "Place"),
    ("basin", "River basin"),
    ("crop", "Crop"),
)
_FIGURES: Final = (
    ("eo:cloud_cover", "cloud", "%"),
    ("dafab:water-analysis.observed_water", "water", "%"),
    ("dafab:water-analysis.excess_total_water_observed_area(km2)", "excess water", "km²"),
    ("dafab:smart-agriculture.number_of_fields", "fields", ""),
    ("dafab:smart-agriculture.field_percentage", "field share", "%"),
)


MOST_PLACES: Final = 2
_OF_CLASSES: Final = (
    ("dafab:FloodScene", "floods", "anomaly=flood"),
    ("dafab:DroughtScene", "droughts", "anomaly=drought"),
    ("dafab:AgricultureProduct", "what models found on fields", "class=AgricultureProduct"),
)
"""Searches to begin with where there is something of a class."""


@dataclass(frozen=True)
class Result:
    """One item of a list; ``figures`` are name, number and unit."""

    id: str
    address: str
    collection: str
    time: str
    figures: tuple[tuple[str, str, str], ...]
    geometry: Any


@dataclass(frozen=True)
class Value:
    """One value of a facet: what is chosen or left by following ``query``."""

    label: str
    number: int | None
    query: str
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """A facet and its values; those beyond the first are in ``more``."""

    title: str
    values: tuple[Value, ...]
    more: tuple[Value, ...]


@dataclass(frozen=True)
class Bar:
    """A bar of the times: ``height`` in per cent of the highest."""

    label: str
    number: int
    height: int
    query: str


def results(items: Sequence[bytes]) -> list[Result]:
    """Return what of items is shown in a list."""
    return [_result(orjson.loads(item)) for item in items]


def _result(item: Mapping[str, Any]) -> Result:
    told = item.get("properties") or {}
    via = next((one["href"] for one in item["links"] if one["rel"] == "via"), "")
    figures = []
    for path, name, unit in _FIGURES:
        value: Any = told
        for step in path.split(".", 1):
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            figures.append((name, _rounded(value), unit))
    start = told.get("datetime") or told.get("start_datetime") or ""
    return Result(
        str(item["id"]),
        page_of(via),
        str(item.get("collection", "")),
        str(start)[:19].replace("T", " "),
        tuple(figures),
        item.get("geometry"),
    )


def _rounded(value: float) -> str:
    """Write a number to be read: two decimals; of a small one, two digits."""
    if not 0.01 <= abs(value) < 1e15:
        return f"{value:.2g}"
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".")


def features(found: Sequence[Result]) -> dict[str, Any]:
    """Return the results for the map."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": number,
                "geometry": one.geometry,
                "properties": {"href": one.address, "label": f"{one.id}, {one.time}"},
            }
            for number, one in enumerate(found)
            if one.geometry is not None
        ],
    }


def facets_shown(found: Facets, form: Form, *, counted: bool) -> list[Facet]:
    """Return the facets that tell something, with links that choose and leave values.

    Not ``counted``: the numbers are those of another search, and are not shown.
    """
    shown = (_facet(name, title, found, form, counted) for name, title in _FACETS)
    return [facet for facet in shown if facet]


def _facet(name: str, title: str, found: Facets, form: Form, counted: bool) -> Facet | None:
    told = _counts(name, found)
    chosen = (form.one.get(name),) if name == "cloud" else form.several.get(name, ())
    missing = [one for one in chosen if one and one not in told]
    values = [
        Value(
            _label(name, value),
            number,
            form.lacking(name, value) if value in chosen else form.having(name, value),
            value in chosen,
        )
        for value, number in (*told.items(), *((one, 0 if told else None) for one in missing))
    ]
    if name != "cloud":
        values.sort(key=lambda one: (not one.chosen, -(one.number or 0), one.label))
    if not counted:
        values = [replace(one, number=None) for one in values]
    return Facet(title, tuple(values[:SHOWN]), tuple(values[SHOWN:])) if values else None


def _counts(name: str, found: Facets) -> dict[str, int | None]:
    classes = found.counts.get("dafab:types", {})
    if name == "anomaly":
        told = {one: classes.get(f"dafab:{kind}") for one, kind in ANOMALIES.items()}
        return {one: number for one, number in told.items() if number}
    if name == "class":
        names = {one.removeprefix("dafab:"): number for one, number in classes.items()}
        return {one: number for one, number in names.items() if one not in LESS_TELLING}
    return dict(found.counts.get(TOLD.get(name, name), {}))


def _label(name: str, value: str) -> str:
    """How people read a value of a facet."""
    if name == "class":
        # as the ontology calls it: SourceProduct is a source product, AIProduct an AI product
        words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", value).split()
        told = " ".join(one if one.isupper() else one.lower() for one in words)
        return told[:1].upper() + told[1:]
    if name != "cloud":
        return value
    low, _, high = value.partition("-")
    return f"{low or 0} to {high or 100} %"


def examples(found: Facets) -> list[tuple[str, str]]:
    """Return searches to begin with, as words and query string, of what there is."""
    places = found.counts.get("dafab:place", {})
    chosen = sorted(places, key=lambda name: (-(places[name] or 0), name))[:MOST_PLACES]
    told = [
        (f"{name} without clouds", urlencode({"place": name, "cloud": "0-5"})) for name in chosen
    ]
    classes = found.counts.get(TYPES, {})
    return told + [(words, query) for kind, words, query in _OF_CLASSES if classes.get(kind)]


def bars(found: Facets, form: Form) -> list[Bar]:
    """Return the numbers by year or month, each with a link to that time alone."""
    most = max(found.times.values(), default=0)
    return [
        Bar(label, number, round(100 * number / most), form.written(**_span(label)))
        for label, number in found.times.items()
        if most
    ]


def _span(label: str) -> dict[str, str]:
    if "-" not in label:
        return {"from": f"{label}-01-01", "to": f"{label}-12-31"}
    last = monthrange(*map(int, label.split("-")))[1]
    return {"from": f"{label}-01", "to": f"{label}-{last:02}"}


def without_script(found: Sequence[Result]) -> dict[str, Any] | None:
    """Return footprints as SVG paths in degrees (north is up), and the box around them."""
    rings = [(one, ring) for one in found for ring in _rings(one.geometry) if len(ring) > 2]
    if not rings:
        return None
    xs = [x for _, ring in rings for x, _ in ring]
    ys = [-y for _, ring in rings for _, y in ring]
    pad = max(max(xs) - min(xs), max(ys) - min(ys), 0.1) * 0.05
    left, top = min(xs) - pad, min(ys) - pad
    width, height = max(xs) - left + pad, max(ys) - top + pad
    return {
        "box": f"{left:.4f} {top:.4f} {width:.4f} {height:.4f}",
        "line": f"{max(width, height) / 400:.5f}",
        "paths": [
            (one, "M" + "L".join(f"{x:.4f} {-y:.4f}" for x, y in ring) + "Z") for one, ring in rings
        ],
    }


def _rings(geometry: Any) -> Iterator[list[tuple[float, float]]]:
    if not isinstance(geometry, dict):
        return
    told = geometry.get("coordinates") or []
    polygons = {"Polygon": [told], "MultiPolygon": told}.get(geometry.get("type", ""), [])
    for polygon in polygons:
        yield [(float(x), float(y)) for x, y, *_ in polygon[0]]


# the query behind it


def languages(form: Form, root: str) -> list[tuple[str, str, str]]:
    """Return the query as name, text and what to know of it; ``root`` is the server's address."""
    cql2 = form.cql2
    return [
        ("CQL2", cql2 or "TRUE", "The filter of STAC; words and collections are beside it."),
        ("curl", _curl(form, root), ""),
        ("Python", _python(form, root), ""),
        (
            "SPARQL",
            sparql(form),
            "Finds the same by what the graph says; your own condition is not in it."
            if "filter" in form.one
            else "Finds the same by what the graph says.",
        ),
    ]


def stac_query(form: Form) -> dict[str, str]:
    """Return the parameters of ``/stac/search`` that find the same."""
    told = {
        "q": form.words,
        "collections": ",".join(form.collections),
        "filter": form.cql2,
        "sortby": {
            "newest": "-datetime", "oldest": "datetime", "cloud": "eo:cloud_cover", "id": "id",
        }[form.sort],
    }  # fmt: skip
    return {name: value for name, value in told.items() if value}


def _curl(form: Form, root: str) -> str:
    lines = [f"curl -G {root}/stac/search"]
    lines += [
        f"--data-urlencode {_shell(f'{name}={value}')}" for name, value in stac_query(form).items()
    ]
    return " \\\n  ".join(lines)


def _shell(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _python(form: Form, root: str) -> str:
    told = []
    if form.words:
        told.append(repr(form.words))
    if form.collections:
        told.append(f"collections={list(form.collections)!r}")
    if form.cql2:
        told.append(f"filter={form.cql2!r}")
    order = stac_query(form)["sortby"]
    told.append(f"sortby={order!r}")
    asked = "".join(f"        {one},\n" for one in told)
    return (
        "import dafab_kg\n\n"
        f"with dafab_kg.connect({root!r}) as catalogue:\n"
        f"    found = catalogue.search(\n{asked}    )\n"
        "    print(found.to_geopandas())"
    )


_HEAD: Final = """PREFIX dafab: <https://w3id.org/dafab/ns#>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>

"""


def sparql(form: Form) -> str:
    """Write the conditions as a query over the graph, for people to go on from."""
    lines = ["?product a dafab:Product ."]
    if form.collections:
        ends = (_text("/" + quote(one, safe="")) for one in form.collections)
        any_of = " || ".join(f"STRENDS(STR(?collection), {end})" for end in ends)
        lines += [
            "?item dafab:describes ?product ; dafab:inCollection ?collection .",
            f"FILTER({any_of})",
        ]
    for one in form.chosen:
        lines += _sparql_of(one.name, one.value)
    body = "\n  ".join(lines)
    return (
        f"{_HEAD}SELECT DISTINCT ?product ?time {{\n  {body}\n"
        "  OPTIONAL { ?product dafab:datetime ?time }\n} ORDER BY DESC(?time) LIMIT 100"
    )


def _sparql_of(name: str, value: str) -> list[str]:
    match name:
        case "bbox":
            west, south, east, north = (part.strip() for part in value.split(","))
            ring = f"{west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}"
            return _intersects(f"POLYGON(({ring}))")
        case "area":
            return _intersects(value)
        case "from":
            day = f'"{value}T00:00:00Z"^^xsd:dateTime'
            return ["?product dafab:datetime ?from .", f"FILTER(?from >= {day})"]
        case "to":
            day = f'"{value}T23:59:59.999Z"^^xsd:dateTime'
            return ["?product dafab:datetime ?to .", f"FILTER(?to <= {day})"]
        case "cloud":
            low, _, high = value.partition("-")
            bounds = [f"?cloud >= {low}"] if low else []
            bounds += [f"?cloud < {high}"] if high else []
            return ["?product dafab:cloudCover ?cloud .", f"FILTER({' && '.join(bounds)})"]
        case "class":
            return [f"?product a dafab:{value} ."]
        case "anomaly":
            return [f"?product a dafab:{ANOMALIES[value]} ."]
        case "place" | "basin":
            return [f"?product dafab:inPlace/dafab:toponym {_text(value)} ."]
        case "crop":
            return [
                "?figures dafab:ofProduct ?product ; dafab:usedParcels ?set .",
                f"?boundary dafab:ofParcelSet ?set ; dafab:cropName {_text(value)} .",
            ]
    return [f"# {name}: not said in the graph as a pattern"] if name in QUERIES else []


def _intersects(wkt: str) -> list[str]:
    return [
        "?product geo:hasGeometry/geo:asWKT ?footprint .",
        f"FILTER(geof:sfIntersects(?footprint, {_text(wkt)}^^geo:wktLiteral))",
    ]


def _text(value: str) -> str:
    return f'"{literal(value)}"'
