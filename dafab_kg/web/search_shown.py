"""What the search page shows: results, the map, facets and times."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any, Final
from urllib.parse import urlencode

import orjson
import shapely

from dafab_kg.search.counts import Facets
from dafab_kg.search.inferred import TYPES
from dafab_kg.web.addresses import page_of
from dafab_kg.web.search_form import ANOMALIES, TOLD, Form, area_of, box_of, called

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
    ("tile", "Tile"),
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
    """One item of a list; ``figures`` are name, number and unit.

    ``address`` is the page of its product, ``entry`` that of the entry, "" where there is none.
    """

    id: str
    address: str
    entry: str
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


def results(items: Sequence[bytes], products: Sequence[str] = ()) -> list[Result]:
    """Return what of items is shown in a list; ``products`` are those that they are of."""
    return [
        _result(orjson.loads(item), product)
        for item, product in zip_longest(items, products, fillvalue="")
    ]


def _result(item: Mapping[str, Any], product: str) -> Result:
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
        page_of(product or via),
        page_of(via) if product and product != via else "",
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


def asked_area(form: Form) -> dict[str, Any] | None:
    """Return the box and the area that are asked for, as GeoJSON; None where there are none."""
    places = [shapely.from_wkt(area_of(form.one["area"]))] if "area" in form.one else []
    if "bbox" in form.one:
        west, south, east, north = map(float, box_of(form.one["bbox"]).split(","))
        spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
        places += [shapely.box(left, south, right, north) for left, right in spans]
    parts = [one for one in shapely.get_parts(places) if one.area]
    if not parts:
        return None
    # as JSON has it: lists, no tuples
    return dict(orjson.loads(shapely.to_geojson(shapely.MultiPolygon(parts))))


def features(found: Sequence[Result], asked: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the results for the map, and the area that is ``asked`` for."""
    shown: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "id": number,
            "geometry": one.geometry,
            "properties": {"href": one.address, "label": f"{one.id}, {one.time}"},
        }
        for number, one in enumerate(found)
        if one.geometry is not None
    ]
    if asked:
        drawn = {"type": "Feature", "geometry": asked, "properties": {"asked": True}}
        shown.append(drawn)  # upon the others
    return {"type": "FeatureCollection", "features": shown}


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
            called(name, value),
            number,
            form.lacking(name, value) if value in chosen else form.having(name, value),
            value in chosen,
        )
        for value, number in (*told.items(), *((one, None) for one in missing))
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


def without_script(
    found: Sequence[Result], asked: dict[str, Any] | None = None
) -> dict[str, Any] | None:
    """Return footprints as SVG paths in degrees (north is up), and the box around them.

    The path of what is ``asked`` for is of no result.
    """
    places = [*((one, one.geometry) for one in found), (None, asked)]  # upon the others
    rings = [(one, ring) for one, place in places for ring in _rings(place) if len(ring) > 2]
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
