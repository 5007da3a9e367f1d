"""Relations as properties: what is rewritten answers as if every relation had been asserted.

The other way is the standard's rules applied by hand to every pair of things, in Python.
"""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.spatial.geosparql.property_forms import expand
from dafab_kg.spatial.geosparql.relations import RELATIONS
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Change

GEO = "http://www.opengis.net/ont/geosparql#"
EX = "http://example.org/"
WKT = f"^^<{GEO}wktLiteral>"
PREFIXES = f"PREFIX geo: <{GEO}> PREFIX ex: <{EX}> "

# Features with a default geometry; with one geometry only (as our mappings write them); with
# two and no default; without any; and a geometry that belongs to nothing.
FEATURES = {
    "field": ("default", "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"),
    "pond": ("default", "POLYGON ((1 1, 2 1, 2 2, 1 2, 1 1))"),
    "image": ("only", "POLYGON ((-1 -1, 3 -1, 3 3, -1 3, -1 -1))"),
    "town": ("only", "POINT (2 1.5)"),
    "river": ("two", "LINESTRING (-2 2, 6 2)"),
    "idea": ("none", ""),
}


def facts() -> list[tuple[str, str, str]]:
    made = []
    for name, (how, wkt) in FEATURES.items():
        thing, geometry = f"<{EX}{name}>", f"<{EX}{name}/geometry>"
        made.append((thing, f"<{EX}type>", f'"{name[0]}"'))
        made.append((thing, f"<{EX}near>", f"<{EX}field>"))
        if how == "none":
            continue
        made.append((geometry, f"<{GEO}asWKT>", f'"{wkt}"{WKT}'))
        made.append((thing, f"<{GEO}hasGeometry>", geometry))
        if how == "default":
            made.append((thing, f"<{GEO}hasDefaultGeometry>", geometry))
            other = f"<{EX}{name}/point>"
            made.append((thing, f"<{GEO}hasGeometry>", other))
            made.append((other, f"<{GEO}asWKT>", f'"POINT (9 9)"{WKT}'))
        if how == "two":
            made.append((thing, f"<{GEO}hasGeometry>", f"<{EX}{name}/other>"))
    # Each form of a literal counts.
    made.append(
        (
            f"<{EX}pond/geometry>",
            f"<{GEO}asGeoJSON>",
            f'"{{\\"type\\":\\"Point\\",\\"coordinates\\":[1.5,1.5]}}"^^<{GEO}geoJSONLiteral>',
        )
    )
    made.append((f"<{EX}idea>", f"<{GEO}sfWithin>", f"<{EX}field>"))
    made.append((f"<{EX}pond>", f"<{GEO}sfWithin>", f"<{EX}field>"))  # asserted and computed
    return made  # fmt: skip


def closed(triples: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """What the rules of clause 12 add, by brute force."""
    by_default: dict[str, str] = {}
    geometries: dict[str, list[str]] = {}
    for subject, predicate, value in triples:
        if predicate == f"<{GEO}hasDefaultGeometry>":
            by_default[subject] = value
        if predicate == f"<{GEO}hasGeometry>":
            geometries.setdefault(subject, []).append(value)
    new = []
    for subject, values in geometries.items():
        if subject not in by_default and len(values) == 1:
            by_default[subject] = values[0]
            new.append((subject, f"<{GEO}hasDefaultGeometry>", values[0]))
    shapes: dict[str, list[shapely.Geometry]] = {}
    for subject, predicate, value in triples:
        if predicate == f"<{GEO}asWKT>":
            shapes.setdefault(subject, []).append(shapely.from_wkt(value.split('"')[1]))
        if predicate == f"<{GEO}asGeoJSON>":
            shapes.setdefault(subject, []).append(shapely.Point(1.5, 1.5))
    for feature, geometry in by_default.items():
        if geometry in shapes:
            shapes[feature] = [*shapes.get(feature, []), *shapes[geometry]]
    methods = {name: getattr(shapely, name[2:].lower()) for name in RELATIONS if name[:2] == "sf"}
    for (one, a), (other, b) in product(shapes.items(), shapes.items()):
        for name, method in methods.items():
            if any(method(x, y) for x in a for y in b):
                new.append((one, f"<{GEO}{name}>", other))
    return sorted({*triples, *new})


def store_of(triples: list[tuple[str, str, str]], *, property_forms: bool) -> OxigraphStore:
    store = OxigraphStore(property_forms=property_forms)
    lines = "".join(f"{s} {p} {o} .\n" for s, p, o in triples)
    store.apply(Change(added=lines))
    quads = "".join(f"{s} {p} {o} <{EX}graph> .\n" for s, p, o in triples)
    store.apply(Change(added=quads))
    return store


REWRITTEN = store_of(facts(), property_forms=True)
STATED = store_of(closed(facts()), property_forms=False)


def rows(store: OxigraphStore, query: str) -> Counter[tuple[object, ...]]:
    answer = store.query(PREFIXES + query)
    if hasattr(answer, "value"):
        return Counter({(answer.value,): 1})
    names = getattr(answer, "variables", None)
    order = sorted(range(len(names)), key=names.__getitem__) if names else range(3)
    return Counter(tuple(row[place] for place in order) for row in answer)


def agree(query: str, *, least: int = 1) -> None:
    found, wanted = rows(REWRITTEN, query), rows(STATED, query)
    assert found == wanted
    assert sum(wanted.values()) >= least


QUERIES = [
    "SELECT * { ?a geo:sfWithin ?b }",
    "SELECT ?a { ?a geo:sfWithin ex:field }",
    "SELECT ?b { ex:image geo:sfIntersects ?b }",
    "SELECT ?b { <http://example.org/image/geometry> geo:sfIntersects ?b }",
    "ASK { ex:town geo:sfWithin ex:field }",
    "ASK { ex:town geo:sfDisjoint ex:field }",
    "ASK { ex:idea geo:sfWithin ex:field }",
    "SELECT * { ?a geo:sfEquals ?a }",
    "SELECT * { ?a a ?t }",
    "SELECT * { ?a ex:type ?t ; geo:sfIntersects ?b , ?c . ?b ex:type ?u }",
    "SELECT * { ?a ex:type ?t ; geo:sfWithin ?b ; ex:near ?c . }",
    "SELECT * { ?a geo:sfWithin ?b . ?b geo:sfWithin ?c }",
    "SELECT * { ?a geo:sfWithin ?b. FILTER(?a != ?b) ?a ex:type ?t . }",
    "SELECT * { ?a ex:type ?t OPTIONAL { ?a geo:sfTouches ?b } }",
    "SELECT * { ?a ex:type ?t OPTIONAL { ?a geo:sfWithin ?b . ?b ex:type ?u } }",
    "SELECT * { { ?a geo:sfWithin ex:field } UNION { ?a geo:sfCrosses ex:field } }",
    "SELECT * { ?a ex:type ?t MINUS { ?a geo:sfIntersects ex:pond } }",
    "SELECT * { ?a ex:type ?t FILTER EXISTS { ?a geo:sfWithin ex:field } }",
    "SELECT * { ?a ex:type ?t FILTER NOT EXISTS { ?a geo:sfWithin ?b FILTER(?b != ?a) } }",
    "SELECT * { GRAPH ?g { ?a geo:sfWithin ?b } }",
    "SELECT * { GRAPH ex:graph { ?a geo:sfWithin ex:field . ?a ex:type ?t } }",
    "SELECT ?b (COUNT(?a) AS ?n) { ?a geo:sfWithin ?b } GROUP BY ?b",
    "SELECT ?t { ?a ex:type ?t { SELECT ?a { ?a geo:sfWithin ex:field } } }",
    "SELECT ?t { [] ex:type ?t ; geo:sfWithin ex:field }",
    "SELECT ?t { _:x geo:sfWithin ex:field . _:x ex:type ?t }",
    "SELECT ?t { ?a geo:sfWithin [ ex:type ?t ] }",
    "SELECT ?u { ?a ex:near [ ex:type ?t ; geo:sfContains [ ex:type ?u ] ] }",
    "SELECT * { VALUES ?a { ex:pond ex:town } ?a geo:sfWithin ?b }",
    "SELECT * { ?a geo:sfWithin ?b VALUES ?b { ex:field UNDEF } }",
    "SELECT * { BIND(ex:field AS ?b) ?a geo:sfWithin ?b }",
    "SELECT * { ?a ex:near/ex:type ?t ; geo:sfWithin ?b }",
    "SELECT (EXISTS { ex:town geo:sfWithin ex:field } AS ?x) {}",
    "CONSTRUCT { ?a ex:inside ?b } WHERE { ?a geo:sfWithin ?b }",
    "SELECT * { ?a geo:hasDefaultGeometry ?g }",
    "SELECT * { ?a geo:hasDefaultGeometry/geo:asWKT ?w }",
    "SELECT * { ?a ex:type ?t ; geo:hasDefaultGeometry ?g . ?g geo:asWKT ?w }",
    "SELECT ?w { ?a geo:hasDefaultGeometry [ geo:asWKT ?w ] }",
    "SELECT * { ?a geo:hasDefaultGeometry ?g . ?b geo:sfContains ?g ; ex:type ?t }",
    "SELECT * { ?g geo:asWKT ?w . ?a geo:hasDefaultGeometry ?g }",
    "SELECT * { ex:town geo:hasDefaultGeometry ?g }",
    "ASK { ex:river geo:hasDefaultGeometry ?g }",
    "ASK { FILTER NOT EXISTS { ex:river geo:sfIntersects ex:field } }",
    "SELECT * # geo:sfWithin\n{ ?a ex:type ?t # here\n ; geo:sfWithin # there\n ?b # ends\n . }",
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_query_answers_as_if_all_were_asserted(query: str) -> None:
    agree(query, least=0 if "?a a ?t" in query else 1)


@pytest.mark.parametrize("query", QUERIES)
def test_rewriting_again_changes_nothing(query: str) -> None:
    once = expand(PREFIXES + query)
    assert expand(once) == once


LEFT_ALONE = [
    "SELECT * { ?a geo:sfWithin+ ?b }",
    "SELECT * { ?a ^geo:sfWithin ?b }",
    "SELECT * { ?a geo:sfWithin|geo:sfContains ?b }",
    "SELECT * { ?a ?p ?b }",
    'SELECT * { ?a ex:says "geo:sfWithin" }',
    "CONSTRUCT WHERE { ?a geo:sfWithin ?b }",
    "SELECT * { ?a ex:sfWithin ?b }",
    "SELECT * { [] geo:sfWithin ?b }",  # nobody may see a variable for the blank node
    "SELECT * { this is no SPARQL geo:sfWithin }",
]


@pytest.mark.parametrize("query", LEFT_ALONE)
def test_other_texts_stay_as_they_are(query: str) -> None:
    assert expand(PREFIXES + query) == PREFIXES + query


def test_every_relation_of_the_three_families_has_a_property_form() -> None:
    """The pond is inside the field; what each family calls that and its converse."""
    for name in RELATIONS:
        query = f"SELECT * {{ <{EX}pond> geo:{name} <{EX}field> }}"
        assert f"function/geosparql/{name}>" in expand(PREFIXES + query)
    for query, truth in (
        ("ASK { ex:pond geo:ehInside ex:field }", True),
        ("ASK { ex:field geo:ehContains ex:pond }", True),
        ("ASK { ex:pond geo:rcc8ntpp ex:field }", True),
        ("ASK { ex:field geo:rcc8ntppi ex:pond }", True),
        ("ASK { ex:field geo:rcc8eq ex:field }", True),
        ("ASK { ex:field geo:rcc8dc ex:image }", False),
    ):
        assert REWRITTEN.query(PREFIXES + query).value is truth


def test_names_are_never_those_of_the_query() -> None:
    agree("SELECT * { ?geo_1 geo:sfWithin ?geo_2 . ?geo_1 ex:type ?geo_3 }")


def test_many_forms_are_bounded() -> None:
    many = " . ".join(f"?a{n} geo:sfWithin ?a{n + 1}" for n in range(300))
    with pytest.raises(QueryNotValid):
        list(REWRITTEN.query(f"{PREFIXES} SELECT * {{ {many} }}"))


def test_updates_have_property_forms() -> None:
    store = store_of(facts(), property_forms=True)
    store.update(PREFIXES + "INSERT { ?a ex:inside ?b } WHERE { ?a geo:sfWithin ?b }")
    found = Counter(tuple(row) for row in store.query(PREFIXES + "SELECT * { ?a ex:inside ?b }"))
    wanted = STATED.query(PREFIXES + "SELECT DISTINCT ?a ?b { ?a geo:sfWithin ?b }")
    assert found == Counter(tuple(row) for row in wanted)


@st.composite
def groups(draw: st.DrawFn, depth: int = 1) -> str:
    term = st.sampled_from(["?a", "?a", "?b", "ex:field", "ex:pond", "ex:town"])
    relation = st.sampled_from(["sfWithin", "sfIntersects", "sfDisjoint", "sfEquals", "sfContains"])
    plain = st.sampled_from(["ex:type ?t", "ex:near ?c", "ex:near ex:field", "geo:asWKT ?w"])
    parts = [f"?a {draw(plain)} ."]
    for _ in range(draw(st.integers(1, 2))):
        kind = draw(st.sampled_from(["form", "form", "default", "plain", "filter", "nested"]))
        if kind == "form":
            parts.append(f"{draw(term)} geo:{draw(relation)} {draw(term)} .")
        elif kind == "default":
            parts.append(f"{draw(term)} geo:hasDefaultGeometry ?g .")
        elif kind == "plain":
            parts.append(f"{draw(term)} {draw(plain)} .")
        elif kind == "filter":
            parts.append("FILTER(?a != ex:river)")
        elif depth:
            inner = draw(groups(depth - 1))
            form = draw(
                st.sampled_from(
                    ["OPTIONAL {}", "MINUS {}", "FILTER EXISTS {}", "FILTER NOT EXISTS {}", "{}",
                     "{} UNION {{ ?b ex:type ?t }}", "GRAPH ex:graph {}"]
                )
            )  # fmt: skip
            parts.append(form.format(inner))
    return "{ " + " ".join(parts) + " }"


@settings(max_examples=200)
@given(groups())
def test_any_group_answers_as_if_all_were_asserted(group: str) -> None:
    agree(f"SELECT * {group}", least=0)


def test_of_long_texts_nothing_is_remembered() -> None:
    """512 texts of a MiB each would be half a GiB."""
    text = "SELECT * { ?a <http://www.opengis.net/ont/geosparql#sfWithin> ?b } #"
    before = expand.cache_info().misses  # type: ignore[attr-defined]
    assert expand(text + "x" * 100_000) == expand(text) + "x" * 100_000
    assert expand.cache_info().misses == before + 1  # type: ignore[attr-defined]
