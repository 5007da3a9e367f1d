"""A thing in the words of its page: rows by category, values as they are read, its map."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
import shapely

from dafab_kg.catalogue.picturing import Outline, Pictures
from dafab_kg.catalogue.viewing import Values, View, called, digest_of, tail
from dafab_kg.model.names import PREFIXES, term
from dafab_kg.store.geojson import WKT_LITERAL, read_wkt
from dafab_kg.store.protocol import Blank, Iri, Literal, Term
from dafab_kg.web.addresses import page_of
from dafab_kg.web.cells import cell_of, shorten
from dafab_kg.web.glossary import CATEGORIES, Word, unit_symbol

Words = Mapping[str, Word]

OPEN: Final = 8
"""Values of a property that stand open; the others are folded."""
LONG: Final = 300
"""Characters of a value that stand open."""
FINE_POINTS: Final = 2_000
"""Points of an outline on a page's map, beyond which it is drawn with fewer."""
MOST_DRAWN: Final = 200
_HASH: Final = re.compile(r"[0-9a-f]{32,64}")
_OTHERS: Final = "others"
_TYPE: Final = PREFIXES["rdf"] + "type"
_NAMES: Final = {
    _TYPE: "is a",
    PREFIXES["rdfs"] + "label": "label",
    PREFIXES["geo"] + "hasGeometry": "geometry",
    PREFIXES["geo"] + "asWKT": "as WKT",
}
"""What properties of other vocabularies are called on pages."""
TITLES: Final[Mapping[str, str]] = {
    "identifying": "What names it",
    "descriptive": "What it is about",
    "technical": "How it was measured and made",
    "structural": "What it consists of and belongs to",
    "provenance": "Where it comes from",
    _OTHERS: "Other facts",
}
_COLOURS: Final[Mapping[str, str]] = {
    "itself": "--map-mark-soft",
    "product": "--map-mark-soft",
    "report": "--map-mark-soft",
    "boundary": "--map-mark-soft",
}


@dataclass(frozen=True)
class Shown:
    """A value for people.

    ``digest`` names it for the page that tells how it is known; ``inner`` are the facts of
    a geometry or blank node that stand with it.
    """

    text: str
    full: str
    iri: str
    digest: str
    is_number: bool = False
    language: str = ""
    inner: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Row:
    """A property and its values."""

    property: str
    label: str
    definition: str
    unit: str
    values: tuple[Shown, ...]
    count: int
    more: bool
    disputed: bool = False


@dataclass(frozen=True)
class Group:
    """Rows of one category of metadata."""

    name: str
    title: str
    rows: tuple[Row, ...]


def groups_of(view: View, words: Words, prefixes: Mapping[str, str]) -> tuple[Group, ...]:
    """Return the facts of a thing by category, in the order of :data:`CATEGORIES`."""
    rows: dict[str, list[Row]] = {}
    for one in view.facts:
        category = words.get(one.property, Word()).category or _OTHERS
        rows.setdefault(category, []).append(row_of(one, view, words, prefixes))
    return tuple(
        Group(name, TITLES[name], tuple(sorted(rows[name], key=lambda row: row.label.lower())))
        for name in (*CATEGORIES, _OTHERS)
        if name in rows
    )


def row_of(one: Values, view: View, words: Words, prefixes: Mapping[str, str]) -> Row:
    """Return a property with its values in words."""
    word = words.get(one.property, Word())
    shown = [shown_of(value, view.labels, words, prefixes, view.nested) for value in one.terms]
    if len(shown) == one.count:
        shown.sort(key=_reading_order)
    return Row(
        one.property,
        _property_name(one.property, words, prefixes),
        word.definition,
        word.unit,
        tuple(shown),
        one.count,
        one.more,
        one.property in view.disputed,
    )


def shown_of(
    value: Term,
    labels: Mapping[str, str],
    words: Words,
    prefixes: Mapping[str, str],
    nested: Mapping[Term, Iterable[tuple[str, Term]]] | None = None,
) -> Shown:
    """Return a value in words."""
    digest = digest_of(value)
    inner = tuple(
        (
            words.get(p, Word()).label or _NAMES.get(p) or shorten(p, prefixes),
            cell_of(v, prefixes).text,
        )
        for p, v in (nested or {}).get(value, ())
        if p != _TYPE
    )
    if isinstance(value, Iri):
        label = name_of(value.value, labels, words, prefixes)
        return Shown(label, value.value, value.value, digest, inner=inner)
    if isinstance(value, Blank):
        return Shown("" if inner else "something without a name", "", "", digest, inner=inner)
    text = cell_of(value, prefixes).text if value.datatype == WKT_LITERAL else value.value
    if value.datatype == PREFIXES["xsd"] + "dateTime":
        text = text.replace("T", " ").replace("Z", " UTC")
    return Shown(text, value.value, "", digest, _is_number(value), value.language)


def name_of(iri: str, labels: Mapping[str, str], words: Words, prefixes: Mapping[str, str]) -> str:
    """Return what people call a thing: its label, a term's name, else how its IRI ends."""
    found = labels.get(iri) or words.get(iri, Word()).label or _NAMES.get(iri, "")
    base = prefixes.get("id", "\0")
    if not found and iri.startswith(PREFIXES["unit"]):
        return unit_symbol(iri) or tail(iri).lower()
    if found or not iri.startswith(base):
        return found or shorten(iri, prefixes).strip("<>")
    last = called(iri)
    kind = iri.removeprefix(base).split("/", 1)[0]
    return f"{kind} {last[:8]}" if _HASH.fullmatch(last) else last


def _property_name(iri: str, words: Words, prefixes: Mapping[str, str]) -> str:
    return words.get(iri, Word()).label or _NAMES.get(iri) or shorten(iri, prefixes)


def map_of(view: View, pictures: Pictures) -> dict[str, Any] | None:
    """Return what the page's map shows, as GeoJSON; None if there is nothing to show."""
    # the large ones first, so that the small ones lie above them
    order = {"report": 0, "product": 0, "itself": 1}
    outlines = sorted(pictures.outlines[:MOST_DRAWN], key=lambda one: order.get(one.role, 2))
    features = []
    for one in outlines:
        geometry = read_wkt(one.wkt)
        if geometry is None or geometry.is_empty:
            continue
        if int(shapely.get_num_coordinates(geometry)) > FINE_POINTS:
            west, south, east, north = geometry.bounds
            geometry = geometry.simplify(max(east - west, north - south) / 500)
        properties = {"label": _drawn_name(one, view, pictures)}
        if one.role in _COLOURS:
            properties["colour"] = _COLOURS[one.role]
        if one.of and one.of != view.iri:
            properties["href"] = page_of(one.of)
        features.append(_feature(geometry, properties))
    return {"type": "FeatureCollection", "features": features} if features else None


def _drawn_name(one: Outline, view: View, pictures: Pictures) -> str:
    if one.role == "itself":
        return view.label
    # the name of a point of a track, or of a season's boundary, tells its time
    return pictures.labels.get(one.of) or called(one.of)


def geojson_of(view: View, outlines: Iterable[Outline]) -> bytes:
    """Return the geometries of a thing as a FeatureCollection with its facts as properties."""
    properties: dict[str, Any] = {"iri": view.iri, "label": view.label, "types": list(view.types)}
    for one in view.facts:
        name = one.property.removeprefix(term(""))
        values = [value.value for value in one.terms]
        properties.setdefault(tail(name), values[0] if len(values) == 1 else values)
    features = []
    for outline in outlines:
        geometry = read_wkt(outline.wkt)
        own = outline.role == "itself" or not outline.of
        feature: dict[str, Any] = {
            "type": "Feature",
            "id": view.iri if own else outline.of,
            "geometry": None,
            "properties": properties if own else {"iri": outline.of, **_about(outline, view.iri)},
        }
        if geometry is not None:
            feature["geometry"] = orjson.Fragment(
                shapely.to_geojson(shapely.orient_polygons(geometry))
            )
        features.append(feature)
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def _about(outline: Outline, iri: str) -> dict[str, str]:
    told = {"label": called(outline.of), "role": outline.role, "time": outline.time, "with": iri}
    return {name: text for name, text in told.items() if text}


def _feature(geometry: Any, properties: Mapping[str, str]) -> dict[str, Any]:
    # plain values: the template writes them into an attribute
    drawn = orjson.loads(shapely.to_geojson(geometry))
    return {"type": "Feature", "geometry": drawn, "properties": dict(properties)}


def _reading_order(one: Shown) -> tuple[bool, list[tuple[int, str]]]:
    """Order links by their names, numbers within these as numbers; all else as it stands."""
    parts = re.findall(r"\d+|\D+", one.text.lower()) if one.iri else []
    return not one.iri, [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _is_number(value: Literal) -> bool:
    return value.datatype.removeprefix(PREFIXES["xsd"]) in (
        "decimal", "integer", "double", "float", "int", "long", "nonNegativeInteger",
    )  # fmt: skip
