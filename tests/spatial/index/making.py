"""Random graphs, with all that can go wrong in a literal, and random wishes."""

from __future__ import annotations

import random

import shapely

from dafab_kg.spatial.index.schema import Schema
from dafab_kg.spatial.lookup import (
    Constraint,
    Has,
    Interval,
    Near,
    OneOfTerms,
    Wanted,
    Within,
    WithinTexts,
)

EX = "https://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
GEO = "http://www.opengis.net/ont/geosparql#"
INFERRED = f"{EX}inferred"
GRAPHS = (None, INFERRED)
SCHEMA = Schema(
    {
        f"{EX}cloud": "number",
        f"{EX}code": "keyword",
        f"{EX}day": "time",
        f"{EX}kind": "keyword",
        f"{EX}name": "keyword",
        f"{EX}rank": "number",
        f"{EX}size": "number",
        f"{EX}time": "time",
    }
)
"""Of these code, day and rank have one value each, which is never odd; name has one text."""
CODES = ['"A"', '"B"', '"C"']
NUMBERS = [
    '"5"^^<{x}integer>', '"5.0"^^<{x}decimal>', '"4.99"^^<{x}decimal>', '"-3"^^<{x}int>',
    '"5.000000000000000001"^^<{x}decimal>', '"5e0"^^<{x}double>', '"4.99"^^<{x}float>',
    '"NaN"^^<{x}double>', '"INF"^^<{x}double>', '"-INF"^^<{x}float>', '"much"', '"5"',
    '"x"^^<{x}decimal>', '"123456789012345678"^^<{x}integer>', '"0.1"^^<{x}float>',
    '"0.1"^^<{x}double>', '"0.1"^^<{x}decimal>', '"20.5"^^<{x}decimal>', '"19.999"^^<{x}double>',
]  # fmt: skip
TIMES = [
    '"2022-09-01T00:00:00Z"^^<{x}dateTime>', '"2022-09-01T00:00:00.5Z"^^<{x}dateTime>',
    '"2022-09-01T02:00:00+02:00"^^<{x}dateTime>', '"2022-09-01T00:00:00"^^<{x}dateTime>',
    '"2022-09-01T00:00:00.00000001Z"^^<{x}dateTime>', '"2022-09-01"^^<{x}date>',
    '"2022-13-01T00:00:00Z"^^<{x}dateTime>', '"soon"^^<{x}dateTime>', '"2022-09-01T00:00:00Z"',
    '"-0044-03-15T00:00:00Z"^^<{x}dateTime>', '"2023-02-28T23:59:59.999Z"^^<{x}dateTime>',
    '"1969-12-31T23:59:59.25Z"^^<{x}dateTime>',
]  # fmt: skip
KINDS = ['"S2"', '"s2"', f"<{EX}S2>", '"S2"@en', '"a\\tb\\"c\\nd"', '"é"', '"true"^^<{x}boolean>']
NAMES = [
    f'"{name}"' for name in ("S2", "S2A", "S2A_1", "S2#", "s2", "Z", "~", "é", "\U0001f30d", "")
]
ODD_NAMES = ['"S2 A"', '"S2!"', '"S2\\"A"', '"S2\\\\A"', '"S2"@en']
CLASSES = [f"{EX}Product", f"{EX}Event", f"{EX}Field"]


def literal(text: str) -> str:
    return text.format(x=XSD) if "{x}" in text else text


def wkt(chance: random.Random) -> str:
    """A geometry literal, now and then one that is odd."""
    kind = chance.random()
    x, y = chance.uniform(-179, 175), chance.uniform(-85, 80)
    if kind < 0.5:
        shape = shapely.box(x, y, x + chance.uniform(0, 4), y + chance.uniform(0, 4))
    elif kind < 0.7:
        shape = shapely.Point(x, y)
    elif kind < 0.8:
        shape = shapely.MultiPolygon(
            [shapely.box(178, y, 180, y + 1), shapely.box(-180, y, -179, y + 1)]
        )
    elif kind < 0.85:
        shape = shapely.LineString([(x, y), (x + 3, y + 2), (x, y + 4)])
    else:
        return chance.choice(
            [
                f'"<http://www.opengis.net/def/crs/EPSG/0/4326> POINT({y} {x})"^^<{GEO}wktLiteral>',
                f'"<http://www.opengis.net/def/crs/EPSG/0/32632> POINT(500000 {y * 1000 + 5e6})"'
                f"^^<{GEO}wktLiteral>",
                f'"POINT EMPTY"^^<{GEO}wktLiteral>',
                f'"POLYGON((0 0, 1 1"^^<{GEO}wktLiteral>',
                f'"POINT(1 2)"^^<{XSD}string>',
                f'"<http://example.org/no-crs> POINT(1 2)"^^<{GEO}wktLiteral>',
                f'"{{\\"type\\": \\"Point\\", \\"coordinates\\": [{x}, {y}]}}"'
                f"^^<{GEO}geoJSONLiteral>",
            ]
        )
    return f'"{shape.wkt}"^^<{GEO}wktLiteral>'


def lines_of(chance: random.Random, thing: str) -> list[str]:
    """What a graph says of one thing."""
    lines = []
    iri = f"<{EX}{thing}>"
    for name in chance.sample(CLASSES, chance.choice([0, 1, 1, 1, 2])):
        lines.append(f"{iri} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{name}>")
    for name, values in (("cloud", NUMBERS), ("size", NUMBERS), ("time", TIMES), ("kind", KINDS)):
        for _ in range(chance.choice([0, 1, 1, 1, 1, 2])):
            value = literal(chance.choice(values))
            if name in ("cloud", "size") and chance.random() < 0.6:
                value = f'"{chance.uniform(0, 100):.3f}"^^<{XSD}decimal>'
            if name == "time" and chance.random() < 0.6:
                day = f"{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
                value = f'"2022-{day}T10:{chance.randint(0, 59):02d}:00Z"^^<{XSD}dateTime>'
            lines.append(f"{iri} <{EX}{name}> {value}")
    for number in range(chance.choice([0, 1, 1, 1, 2])):
        node = f"<{EX}{thing}/geometry{number}>"
        link = chance.choice(["hasGeometry", "hasGeometry", "hasDefaultGeometry"])
        lines.append(f"{iri} <{GEO}{link}> {node}")
        text = wkt(chance)
        name = "asGeoJSON" if "geoJSON" in text else "asWKT"
        lines.append(f"{node} <{GEO}{name}> {text}")
    if chance.random() < 0.1:
        lines.append(f"{iri} <{GEO}asWKT> {wkt(chance)}")
    if chance.random() < 0.9:
        lines.append(f'{iri} <{EX}rank> "{chance.randint(0, 12)}"^^<{XSD}integer>')
        day = f"2022-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}T10:00:00Z"
        lines.append(f'{iri} <{EX}day> "{day}"^^<{XSD}dateTime>')
        lines.append(f"{iri} <{EX}code> {chance.choice(CODES)}")
        name = chance.choice(NAMES)[:-1] + chance.choice(["", f"{chance.randint(0, 99)}"]) + '"'
        odd = chance.random() < 0.005
        lines.append(f"{iri} <{EX}name> {chance.choice(ODD_NAMES) if odd else name}")
    lines.append(f'{iri} <{EX}not-indexed> "1"')
    return lines


def nquads(chance: random.Random, things: list[str]) -> str:
    """A graph as N-Quads: most in the default graph, some inferred; none in both, of which
    the engine makes two rows."""
    out: dict[str, str] = {}
    for thing in things:
        for line in lines_of(chance, thing):
            out.setdefault(line, f" <{INFERRED}>" if chance.random() < 0.1 else "")
    return "".join(sorted(f"{line}{graph} .\n" for line, graph in out.items()))


def interval(chance: random.Random, points: list[float]) -> Interval:
    low = chance.choice([None, *points])
    high = chance.choice([None, *points])
    if low is None and high is None:
        low = points[0]
    if low is not None and high is not None and low > high:
        low, high = high, low
    return Interval(low, high, chance.random() < 0.5, chance.random() < 0.5)


def wanted(chance: random.Random) -> Wanted:
    """A wish that has a SPARQL query of the same meaning (:func:`sparql`)."""
    values: list[Constraint] = []
    if chance.random() < 0.5:
        values.append(
            Within(
                f"{EX}cloud", interval(chance, [0, 4.99, 5, 0.1, 20, 20.5, 60, 123456789012345678])
            )
        )
    if chance.random() < 0.3:
        points = [
            1661990400_000000,
            1661990400_500000,
            1664582400_000000,
            1677628799_999000,
            -250000 - 750000,
        ]
        values.append(Within(f"{EX}time", interval(chance, points)))
    if chance.random() < 0.3:
        terms = frozenset(map(literal, chance.sample(KINDS, chance.randint(1, 3))))
        values.append(OneOfTerms(f"{EX}kind", terms))
    if chance.random() < 0.3:
        ends: list[str | None] = sorted(chance.sample(NAMES, 2), key=str.encode)
        ends[chance.randint(0, 1)] = chance.choice([None, ends[0], ends[1]])
        opened = chance.random() < 0.5, chance.random() < 0.5
        values.append(WithinTexts(f"{EX}name", *ends, *opened))
    if chance.random() < 0.2:
        values.append(Has(f"{EX}size"))
    place = None
    if chance.random() < 0.5:
        x, y = chance.uniform(-180, 140), chance.uniform(-90, 60)
        area = shapely.box(x, y, x + chance.choice([1, 20, 40]), y + chance.choice([1, 20, 30]))
        if chance.random() < 0.3:
            area = area.buffer(0.5)
        relation = chance.choice([None, "intersects", "intersects", "within", "contains"])
        place = Near(area, relation=relation)
    if place is None and not values:
        values.append(Has(f"{EX}cloud"))
    classes = frozenset(chance.sample(CLASSES, chance.choice([0, 0, 1, 2])))
    return Wanted(classes, place, chance.random() < 0.1, tuple(values))


def sparql(wish: Wanted, *, order: str = "") -> str:
    """The same wish to the engine, which knows nothing of the index."""
    parts = []
    if wish.classes:
        parts.append(f"?s a ?class VALUES ?class {{ {' '.join(f'<{c}>' for c in wish.classes)} }}")
    for number, value in enumerate(wish.values):
        parts.append(f"?s <{value.property}> ?v{number} .")
        if isinstance(value, OneOfTerms):
            terms = ", ".join(sorted(value.terms))
            parts.append(f"FILTER (?v{number} IN ({terms}))")
        if isinstance(value, WithinTexts):
            if value.low is not None:
                parts.append(f"FILTER (?v{number} {'>' if value.low_open else '>='} {value.low})")
            if value.high is not None:
                parts.append(f"FILTER (?v{number} {'<' if value.high_open else '<='} {value.high})")
        if isinstance(value, Within):
            bounds = value.interval
            if bounds.low is not None:
                sign = ">" if bounds.low_open else ">="
                parts.append(f"FILTER (?v{number} {sign} {bound(value.property, bounds.low)})")
            if bounds.high is not None:
                sign = "<" if bounds.high_open else "<="
                parts.append(f"FILTER (?v{number} {sign} {bound(value.property, bounds.high)})")
    link = f"(<{GEO}hasGeometry>|<{GEO}hasDefaultGeometry>)"
    serialised = f"(<{GEO}asWKT>|<{GEO}asGeoJSON>)"
    if wish.place is not None:
        area = f'"{wish.place.area.wkt}"^^<{GEO}wktLiteral>'
        function = f"sf{(wish.place.relation or 'intersects').title()}"
        parts.append(
            f"{{ ?s {link}/{serialised} ?w }} UNION {{ ?s {serialised} ?w }} "
            f"FILTER (<http://www.opengis.net/def/function/geosparql/{function}>(?w, {area}))"
        )
    elif wish.located:
        parts.append(f"{{ ?s {link}/{serialised} ?w }} UNION {{ ?s {serialised} ?w }}")
    if order:
        parts.append(f"?s <{order}> ?order .")
    return (
        f"SELECT DISTINCT ?s{' ?order' if order else ''} {{ ?s ?any ?thing . {' '.join(parts)} }}"
    )


def bound(name: str, value: float) -> str:
    if name.endswith("time"):
        from datetime import UTC, datetime, timedelta

        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)
        return f'"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"^^<{XSD}dateTime>'
    return f'"{value}"^^<{XSD}decimal>' if isinstance(value, float) else f"{value}"
