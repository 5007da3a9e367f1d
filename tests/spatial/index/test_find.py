"""What the index finds, against the engine that knows nothing of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import shapely

from dafab_kg.spatial.index.index import SearchIndex
from dafab_kg.spatial.index.keeper import Keeper
from dafab_kg.spatial.lookup import Has, OneOfTerms, Wanted, Within, WithinTexts
from dafab_kg.store.oxigraph import OxigraphStore

from .making import (
    EX,
    GEO,
    GRAPHS,
    INFERRED,
    NAMES,
    ODD_NAMES,
    SCHEMA,
    interval,
    nquads,
    sparql,
    wanted,
)

WISHES = 60


def made(place: Path, seed: int, things: int = 60) -> tuple[OxigraphStore, SearchIndex]:
    """A graph, and its index of several segments, some rows of which are out of date."""
    chance = random.Random(seed)
    store = OxigraphStore()
    keeper = Keeper(store, place, GRAPHS, SCHEMA)
    store.observe(keeper, INFERRED)
    names = [f"t{number}" for number in range(things)]
    store.bulk_load(nquads(chance, names))
    keeper.follow()
    store.bulk_load(nquads(chance, chance.sample(names, 10)))  # some get more values
    return store, keeper.follow()


def things(store: OxigraphStore, text: str) -> list[str]:
    return [row[0][1:-1] for row in store.rows(text, GRAPHS)]


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_missed_and_exact_is_exact(tmp_path: Path, seed: int) -> None:
    store, index = made(tmp_path, seed)
    chance = random.Random(seed)
    exact = hits = 0
    for _ in range(WISHES):
        wish = wanted(chance)
        # the geometry of a thing is found through that thing
        truth = {iri for iri in things(store, sparql(wish)) if "/geometry" not in iri}
        found = index.find(wish)
        assert found is not None
        iris = index.iris(found.rows)
        assert len(set(iris)) == len(iris)
        assert truth <= set(iris), wish
        if found.exact:
            assert truth == set(iris), wish
            assert index.count(wish) == len(truth)
            exact += 1
        hits += bool(truth)
        assert index.find(wish, most=len(iris)) is not None
        assert not iris or index.find(wish, most=len(iris) - 1) is None
    assert hits > WISHES / 4
    assert exact or seed


@pytest.mark.parametrize("seed", range(8))
def test_the_first_in_order(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    store = OxigraphStore()
    keeper = Keeper(store, tmp_path, GRAPHS, SCHEMA)
    store.observe(keeper, INFERRED)
    for batch in range(3):
        lines = []
        for number in range(200):
            thing = f"<{EX}b{batch}t{number}>"
            value = f'"{chance.randint(0, 40)}.5"^^<http://www.w3.org/2001/XMLSchema#decimal>'
            lines += [f"{thing} <{EX}cloud> {value} .\n"]
            kind = chance.choice(['"A"', '"B"'])
            lines += [f"{thing} <{EX}kind> {kind} .\n"]
        store.bulk_load("".join(lines))
        index = keeper.follow()
    for _ in range(20):
        within = Within(f"{EX}cloud", interval(chance, [3, 10.5, 20.5, 60]))
        kind = OneOfTerms(f"{EX}kind", frozenset({'"A"'}))
        wish = Wanted(values=(kind, within) if chance.random() < 0.5 else (kind,))
        descending, start, count = (
            chance.random() < 0.5,
            chance.choice([0, 7]),
            chance.choice([1, 10, 300]),
        )
        found = index.top(wish, f"{EX}cloud", descending=descending, start=start, count=count)
        assert found is not None
        sense = "DESC" if descending else "ASC"
        rows = list(
            store.rows(sparql(wish, order=f"{EX}cloud") + f" ORDER BY {sense}(?order)", GRAPHS)
        )
        value_of = {row[0][1:-1]: row[1] for row in rows}
        wished = [value for _, value in rows[start : start + count]]
        got = [value_of[iri] for iri in index.iris(found.rows)]
        # in order, with all that ties with the first or the last
        for value in set(wished):
            assert got.count(value) == sum(v == value for v in value_of.values()), (start, count)
        assert set(got) == set(wished)
        floats = [float(value.split('"')[1]) for value in got]
        assert floats == sorted(floats, reverse=descending)
        alone, most = Wanted(values=(within,)), chance.choice([0, 50, 300])
        (count_of_all,) = store.rows(f"SELECT (COUNT(*) AS ?n) {{ {sparql(alone)} }}", GRAPHS)
        many = int(count_of_all[0].split('"')[1]) > most
        assert (index.find(alone, most=most) is None) == many


@pytest.mark.parametrize("seed", range(6))
def test_the_first_in_order_of_texts(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    store = OxigraphStore()
    keeper = Keeper(store, tmp_path, GRAPHS, SCHEMA)
    store.observe(keeper, INFERRED)
    for batch in range(3):
        lines = []
        for number in range(2 if batch == 2 and seed % 2 else 120):
            thing = f"<{EX}b{batch}t{number}>"
            name = chance.choice(NAMES)[:-1] + str(chance.randint(0, 60)) + '"'
            lines.append(f"{thing} <{EX}name> {name} .\n{thing} <{EX}kind> {name} .\n")
        store.bulk_load("".join(lines))
        index = keeper.follow()
    for _ in range(20):
        low = chance.choice([None, *NAMES])
        wish = Wanted(values=(Has(f"{EX}name"), WithinTexts(f"{EX}name", low)))
        descending, count = chance.random() < 0.5, chance.choice([1, 10, 300])
        found = index.top(wish, f"{EX}name", descending=descending, start=0, count=count)
        assert found is not None
        assert found.exact
        sense = "DESC" if descending else "ASC"
        order = f" ORDER BY {sense}(?order)"
        rows = list(store.rows(sparql(wish, order=f"{EX}name") + order, GRAPHS))
        value_of = {row[0][1:-1]: row[1] for row in rows}
        wished = [value for _, value in rows[:count]]
        got = [value_of[iri] for iri in index.iris(found.rows)]
        assert got[: len(wished)] == wished
        assert set(got) == set(wished)  # what ties with the last comes too
        assert all(got.count(v) == list(value_of.values()).count(v) for v in set(wished))
    store.bulk_load(f"<{EX}odd> <{EX}name> {chance.choice(ODD_NAMES)} .\n")
    assert keeper.follow().top(Wanted(), f"{EX}name", descending=False, start=0, count=5) is None


def plain_shape(literal: str) -> shapely.Geometry | None:
    """The shape of a literal of the made graphs, None of those that are odd."""
    body = literal[1 : literal.rindex('"')].replace('\\"', '"')
    if body.startswith("{"):
        return shapely.from_geojson(body)
    if "EPSG/0/4326" in body:
        point = shapely.from_wkt(body.split("> ")[1])
        return shapely.Point(point.y, point.x)
    if body.startswith("<") or not literal.endswith("wktLiteral>"):
        return None
    shape = shapely.from_wkt(body, on_invalid="ignore")
    return None if shape is None or shape.is_empty else shape


@pytest.mark.parametrize("seed", range(6))
def test_the_nearest(tmp_path: Path, seed: int) -> None:
    store, index = made(tmp_path, seed, 80)
    chance = random.Random(seed)
    serialised = f"(<{GEO}asWKT>|<{GEO}asGeoJSON>)"
    link = f"(<{GEO}hasGeometry>|<{GEO}hasDefaultGeometry>)"
    text = (
        f"SELECT ?s ?w {{ {{ ?s {link}/{serialised} ?w }} UNION "
        f"{{ ?s {serialised} ?w FILTER NOT EXISTS {{ ?x {link} ?s }} }} }}"
    )
    shapes: dict[str, list[shapely.Geometry]] = {}
    for thing, literal in store.rows(text, GRAPHS):
        if (shape := plain_shape(literal)) is not None:
            shapes.setdefault(thing[1:-1], []).append(shape)
    for _ in range(10):
        to = shapely.Point(chance.uniform(-180, 180), chance.uniform(-90, 90))
        count = chance.choice([1, 5, 20])
        found = index.nearest(Wanted(), to, count=count)
        assert found is not None
        apart = sorted((min(s.distance(to) for s in held), iri) for iri, held in shapes.items())
        assert {iri for _, iri in apart[:count]} <= set(index.iris(found.rows))


@pytest.mark.parametrize("seed", range(6))
def test_pairs_that_touch(tmp_path: Path, seed: int) -> None:
    store, index = made(tmp_path, seed, 60)
    path = f"(<{GEO}hasGeometry>|<{GEO}hasDefaultGeometry>)/<{GEO}asWKT>"
    truth = set(
        store.rows(
            f"SELECT DISTINCT ?a ?b {{ ?a a <{EX}Product> ; {path} ?x . "
            f"?b a <{EX}Event> ; {path} ?y "
            "FILTER (<http://www.opengis.net/def/function/geosparql/sfIntersects>(?x, ?y)) }",
            GRAPHS,
        )
    )
    one, two = Wanted(frozenset({f"{EX}Product"})), Wanted(frozenset({f"{EX}Event"}))
    found = index.pairs(one, two, most=100_000)
    assert found is not None
    pairs = set(zip(index.iris(found[0]), index.iris(found[1]), strict=True))
    assert {(a[1:-1], b[1:-1]) for a, b in truth} <= pairs
    assert index.pairs(one, two, most=0) is None or not pairs


def test_words(tmp_path: Path) -> None:
    store = OxigraphStore()
    keeper = Keeper(store, tmp_path, GRAPHS, SCHEMA)
    store.observe(keeper, INFERRED)
    label = "http://www.w3.org/2000/01/rdf-schema#label"
    product = "https://w3id.org/dafab/ns#productId"
    store.bulk_load(
        f'<{EX}a> <{label}> "Esch-sur-Alzette" .\n<{EX}b> <{label}> "Éschweiler"@lb .\n'
        f'<{EX}c> <{product}> "S2A_MSIL2A_20220930T160321_N0400_R097_T17RML_20220930T194535" .\n'
        f'<{EX}d> <{label}> "esch" .\n<{EX}a> <{EX}cloud> 1 .\n'.replace(" 1 .", ' "1" .')
    )
    index = keeper.follow()
    assert next(iri for iri, _ in index.search("esch", limit=10)) == f"{EX}d"
    assert {iri for iri, _ in index.search("ESCH", limit=10)} == {f"{EX}{n}" for n in "abd"}
    assert [iri for iri, _ in index.search("t17rml 2022", limit=10)] == [f"{EX}c"]
    assert [iri for iri, _ in index.search("17RML 2022", limit=10)] == [f"{EX}c"]
    assert [iri for iri, _ in index.search("alzette esch", limit=10)] == [f"{EX}a"]
    assert [iri for iri, _ in index.search(f"{EX}a", limit=10)] == [f"{EX}a"]
    assert list(index.search('" OR * NEAR(', limit=10)) == []
    assert list(index.search("", limit=10)) == []
