"""Items made from the graph, for products that no catalogue describes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from shapely import from_wkt
from shapely.errors import ShapelyError
from shapely.geometry import mapping, shape

from dafab_kg.loaders.stac import convert
from dafab_kg.loaders.stac.known import ITEM
from dafab_kg.model.names import NS, PREFIXES, decode, term
from dafab_kg.search.entries import Entry
from dafab_kg.search.library import Library, iri, listed, once, rows, text
from dafab_kg.search.links import VERSION
from dafab_kg.search.names import held, stac_names
from dafab_kg.store.protocol import Iri, Literal, Term

EXTENSIONS: Final = {
    "eo": "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
    "sat": "https://stac-extensions.github.io/sat/v1.0.0/schema.json",
    "view": "https://stac-extensions.github.io/view/v1.0.0/schema.json",
    "sci": "https://stac-extensions.github.io/scientific/v1.0.0/schema.json",
    "processing": "https://stac-extensions.github.io/processing/v1.2.0/schema.json",
}
"""Extensions of the names that items made here have, by prefix."""
MOST_KEPT: Final = 600
"""Items that are kept of a state."""
_XSD: Final = PREFIXES["xsd"]
_BOX: Final = tuple(term(name) for name in ("west", "south", "east", "north"))
_PARTS: Final = term("hasPart")
_ELSEWHERE: Final = frozenset({*_BOX, term("productId"), _PARTS})
_ARRAYS: Final = frozenset(
    name
    for known in ITEM
    if known.convert in (convert.texts, convert.instruments)
    for name in known.names
)
_INSTRUMENT: Final = term("withInstrument")


def made_items(library: Library, entries: Sequence[Entry]) -> dict[str, dict[str, Any]]:
    """Return items by IRI: what the graph says of their products, under STAC's names where it
    has them, else under ours (``dafab:...``).

    Some are kept of a state, as words are looked for in all of them; nobody may change them.
    """
    kept: dict[str, dict[str, Any]] = once(library, "made items", dict)
    found = {entry.iri: kept[entry.iri] for entry in entries if entry.iri in kept}
    made = _made(library, [entry for entry in entries if entry.iri not in found])
    for name, value in made.items():
        while len(kept) >= MOST_KEPT:
            kept.pop(next(iter(kept)), None)
        kept[name] = value
    return {**found, **made}


def _made(library: Library, entries: Sequence[Entry]) -> dict[str, dict[str, Any]]:
    products = listed(dict.fromkeys(entry.product for entry in entries))
    if not products:
        return {}
    told = _told(library, products)
    places = _places(library, products)
    assets = _assets(library, products)
    return {
        entry.iri: _item(entry, told[entry.product], places.get(entry.product), assets)
        for entry in entries
    }


def _item(
    entry: Entry,
    told: dict[str, list[Term]],
    geometry: dict[str, Any] | None,
    assets: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    properties = dict(_properties(told))
    _complete_time(properties)
    box = [plain_value(told[corner][0]) for corner in _BOX if corner in told]
    prefixes = {name.partition(":")[0] for name in properties}
    value: dict[str, Any] = {
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": [url for name, url in EXTENSIONS.items() if name in prefixes],
        "id": entry.id,
        "geometry": geometry,
    }
    if geometry is not None:
        value["bbox"] = box if len(box) == len(_BOX) else _box_of(geometry)
    return {**value, "properties": properties, "assets": assets.get(entry.product, {})}


def _properties(told: dict[str, list[Term]]) -> Iterable[tuple[str, Any]]:
    for predicate, values in sorted(told.items()):
        name = next(iter(stac_names().get(predicate, ())), "")
        if predicate == _INSTRUMENT:
            yield "instruments", sorted({_last(value) for value in values})
        elif name and _is_thing(name):
            yield name, _one(sorted({_last(value) for value in values}))
        elif name:
            plain = _sorted(values)
            yield name, plain if name in _ARRAYS else _one(plain)
        elif predicate.startswith(NS) and predicate not in _ELSEWHERE:
            literals = [value for value in values if isinstance(value, Literal)]
            if literals:
                yield f"dafab:{predicate[len(NS) :]}", _one(_sorted(literals))


def _is_thing(name: str) -> bool:
    return any(one.kind == "thing" for one in held(("properties", name), PREFIXES["id"]) or ())


def _complete_time(properties: dict[str, Any]) -> None:
    """Give the members that STAC asks for: a time, or null beside start and end."""
    start, end = properties.get("start_datetime"), properties.get("end_datetime")
    if start is None or end is None:  # one alone is not allowed
        properties.pop("start_datetime", None)
        properties.pop("end_datetime", None)
        properties.setdefault("datetime", start or end)
    properties.setdefault("datetime", None)


def _told(library: Library, products: str) -> dict[str, dict[str, list[Term]]]:
    found: dict[str, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
    query = (
        f"SELECT ?product ?term ?value {{ VALUES ?product {{ {products} }} ?product ?term ?value "
        f"FILTER(?term != <{_PARTS}>) }}"  # of a product there are many, and no item shows them
    )
    for product, predicate, value in rows(library, query, plain=True):
        if value is not None:
            found[iri(product)][iri(predicate)].append(value)
    return found


def _places(library: Library, products: str) -> dict[str, dict[str, Any]]:
    query = (
        f"SELECT ?product ?wkt {{ VALUES ?product {{ {products} }} "
        "?product geo:hasGeometry ?geometry . ?geometry geo:asWKT ?wkt } ORDER BY ?wkt"
    )
    found: dict[str, dict[str, Any]] = {}
    for product, wkt in rows(library, query, plain=True):
        try:
            found.setdefault(iri(product), _plain_geometry(text(wkt)))
        except ShapelyError:
            continue
    return found


def _plain_geometry(wkt: str) -> dict[str, Any]:
    shape: dict[str, Any] = mapping(from_wkt(wkt))
    return shape


def _box_of(geometry: dict[str, Any]) -> list[float]:
    return list(shape(geometry).bounds)


def _assets(library: Library, products: str) -> dict[str, dict[str, Any]]:
    """Return the files that have an address, by product and key."""
    query = (
        f"SELECT ?product ?key ?url ?type ?title ?role {{ VALUES ?product {{ {products} }} "
        "?asset dafab:ofProduct ?product ; dafab:accessUrl ?url ; dafab:assetKey ?key . "
        "OPTIONAL { ?asset dafab:mediaType ?type } OPTIONAL { ?asset dafab:title ?title } "
        "OPTIONAL { ?asset dafab:role ?role } } ORDER BY ?key ?url ?type ?title ?role"
    )
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for product, key, url, kind, title, role in rows(library, query, plain=True):
        asset = found[iri(product)].setdefault(text(key), {"href": iri(url)})
        if kind is not None:
            asset.setdefault("type", text(kind))
        if title is not None:
            asset.setdefault("title", text(title))
        if role is not None and text(role) not in asset.setdefault("roles", []):
            asset["roles"].append(text(role))
    return found


def _one(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _sorted(values: Iterable[Term]) -> list[Any]:
    return sorted((plain_value(value) for value in values), key=lambda one: (str(type(one)), one))


def _last(value: Term) -> str:
    return decode(value.value.rsplit("/", 1)[-1]) if isinstance(value, Iri) else value.value


def plain_value(value: Term) -> Any:
    """Return a literal as JSON has it."""
    if not isinstance(value, Literal):
        return value.value
    local = value.datatype.removeprefix(_XSD)
    try:
        if local == "integer":
            return int(value.value)
        if local in {"decimal", "double", "float"}:
            number = Decimal(value.value)
            return int(number) if number == number.to_integral_value() else float(number)
    except (ValueError, ArithmeticError):
        return value.value
    if local == "boolean":
        return value.value in {"true", "1"}
    return value.value
