"""What is left out of a query, because the index knows it, changes no row."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import cast

import pytest

from dafab_kg.spatial.index.keeper import Keeper
from dafab_kg.spatial.rewriting.rewrite import plans
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Solutions
from tests.spatial.index.making import EX, GEO, GRAPHS, SCHEMA, XSD

TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def thing(name: str, *geometries: tuple[str, str]) -> str:
    lines = [
        f"<{EX}{name}> <{TYPE}> <{EX}Product> .",
        f'<{EX}{name}> <{EX}rank> "1"^^<{XSD}integer> .',
    ]
    for number, (link, wkt) in enumerate(geometries):
        node = f"<{EX}{name}/{number}>"
        lines += [
            f"<{EX}{name}> <{GEO}{link}> {node} .",
            f'{node} <{GEO}asWKT> "{wkt}"^^<{GEO}wktLiteral> .',
        ]
    return "\n".join(lines) + "\n"


DATA = {
    "one geometry each": thing("a", ("hasGeometry", "POINT (1 1)"))
    + thing("b", ("hasGeometry", "POINT (2 2)")),
    "two of one thing": thing(
        "a", ("hasGeometry", "POINT (1 1)"), ("hasGeometry", "POINT (50 50)")
    ),
    "another link": thing("a", ("hasDefaultGeometry", "POINT (1 1)")),
    "none": thing("a"),
    "one that cannot be read": thing("a", ("hasGeometry", "POINT (1")),
}
AREA = f'"POLYGON ((0 0, 3 0, 3 3, 0 3, 0 0))"^^<{GEO}wktLiteral>'
QUERIES = [
    "SELECT ?x { ?x a :Product ; :rank ?r ; geo:hasGeometry/geo:asWKT ?w FILTER (?r < 5) }",
    "SELECT ?x ?w { ?x a :Product ; :rank ?r ; geo:hasGeometry/geo:asWKT ?w FILTER (?r < 5) }",
    "SELECT (COUNT(*) AS ?n) { ?x :rank ?r ; geo:hasGeometry/geo:asWKT ?w }",
    "SELECT (COUNT(DISTINCT ?x) AS ?n) { ?x :rank ?r ; geo:hasGeometry/geo:asWKT ?w }",
    f"SELECT ?x {{ ?x :rank 1 ; geo:hasGeometry/geo:asWKT ?w FILTER geof:sfWithin(?w, {AREA}) }}",
    f"SELECT ?x {{ ?x geo:hasGeometry ?g . ?g geo:asWKT ?w FILTER geof:sfWithin(?w, {AREA}) }}",
    f"SELECT ?x {{ ?x geo:hasGeometry ?g . ?g geo:asWKT ?w FILTER geof:sfWithin(?w, {AREA}) "
    f"FILTER (STRLEN(?w) > 3) }}",
    "SELECT ?x { ?x :rank ?r ; geo:hasGeometry/geo:asWKT ?w } ORDER BY ?r ?x LIMIT 3",
]
PREFIXES = (
    f"PREFIX : <{EX}> PREFIX geo: <{GEO}> "
    "PREFIX geof: <http://www.opengis.net/def/function/geosparql/> "
)


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("data", DATA)
def test_rows_are_the_same(tmp_path: Path, data: str, query: str) -> None:
    store = OxigraphStore()
    keeper = Keeper(store, tmp_path, GRAPHS, SCHEMA)
    store.observe(keeper, f"{EX}inferred")
    store.bulk_load(DATA[data])
    text = PREFIXES + query

    def rows(asked: str) -> Counter[object]:
        return Counter(cast(Solutions, store.query(asked, default_graphs=GRAPHS)))

    for plan in plans(text, keeper.follow(), SCHEMA.properties):
        assert rows(plan.text) == rows(text) or plan.enough is not None, plan.text


BEYOND = "".join(
    thing(name, ("hasGeometry", wkt))
    for name, wkt in {
        "over": "POLYGON ((179 -1, 181 -1, 181 1, 179 1, 179 -1))",
        "point": "POINT (180.5 0.5)",
        "west": "POINT (-179.3 0.5)",
        "around": "POLYGON ((365 49, 367 49, 367 51, 365 51, 365 49))",
        "here": "POINT (5.5 50)",
    }.items()
)


@pytest.mark.parametrize(
    "query",
    [
        *(
            "SELECT ?x { ?x geo:hasGeometry/geo:asWKT ?w FILTER (geof:distance(?w, "
            f'"{place}"^^geo:wktLiteral, uom:metre) <= {metres}) }}'
            for place in (
                "POINT (-178.5 0)", "POINT (180 0)", "POINT (6 50)",
                "POLYGON ((170 -5, 190 -5, 190 5, 170 5, 170 -5))",
            )
            for metres in (0, 100_000)
        ),
        "SELECT ?x ?y { ?x geo:hasGeometry/geo:asWKT ?w . ?y geo:hasGeometry/geo:asWKT ?v "
        "FILTER (geof:distance(?w, ?v, uom:metre) <= 200000) }",
        "SELECT ?x { ?x geo:hasGeometry/geo:asWKT ?w } ORDER BY geof:distance(?w, "
        '"POINT (-178.5 0)"^^geo:wktLiteral, uom:metre) LIMIT 2',
        "SELECT ?x { ?x geo:hasGeometry/geo:asWKT ?w FILTER geof:sfIntersects(?w, "
        '"POLYGON ((170 -5, 190 -5, 190 5, 170 5, 170 -5))"^^geo:wktLiteral) }',
    ],
)  # fmt: skip
def test_longitudes_beyond_180_degrees(tmp_path: Path, query: str) -> None:
    """Distances on the ellipsoid wrap them, relations do not."""
    store = OxigraphStore()
    keeper = Keeper(store, tmp_path, GRAPHS, SCHEMA)
    store.bulk_load(BEYOND)
    keeper.touch_everything()
    text = f"{PREFIXES} PREFIX uom: <http://www.opengis.net/def/uom/OGC/1.0/> {query}"

    def rows(asked: str) -> Counter[object]:
        return Counter(cast(Solutions, store.query(asked, default_graphs=GRAPHS)))

    for plan in plans(text, keeper.follow(), SCHEMA.properties):
        assert rows(plan.text) == rows(text) or plan.enough is not None, plan.text


def test_construct_where_stays_as_it_is(tmp_path: Path) -> None:
    """Nothing but triples may stand in the short form (SPARQL 1.1, section 16.2.4)."""
    store = OxigraphStore()
    keeper = Keeper(store, tmp_path, GRAPHS, SCHEMA)
    store.bulk_load(DATA["one geometry each"])
    keeper.touch_everything()
    text = f"{PREFIXES} CONSTRUCT WHERE {{ ?x a :Product ; :code 'A' ; :rank ?r }}"
    (plan,) = plans(text, keeper.follow(), SCHEMA.properties)
    assert plan.text == text


def test_counts_through_the_node_of_a_geometry_are_the_index_s(tmp_path: Path) -> None:
    store = OxigraphStore()
    keeper = Keeper(store, tmp_path, GRAPHS, SCHEMA)
    store.bulk_load(DATA["one geometry each"])
    keeper.touch_everything()
    area = "'POLYGON ((-180 -90, 180 -90, 180 90, -180 90, -180 -90))'^^geo:wktLiteral"
    text = (
        f"{PREFIXES} SELECT (COUNT(DISTINCT ?x) AS ?n) {{ ?x :rank ?r ; geo:hasGeometry ?g . "
        f"?g geo:asWKT ?w FILTER (geof:sfIntersects(?w, {area})) }}"
    )
    (plan,) = plans(text, keeper.follow(), SCHEMA.properties)
    assert "COUNT" not in plan.text
    wished, got = (list(cast(Solutions, store.query(q, default_graphs=GRAPHS)))
                   for q in (text, plan.text))  # fmt: skip
    assert got == wished
