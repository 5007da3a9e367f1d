"""Filters by what the graph alone tells: places, basins, crops and classes that the test states."""

from __future__ import annotations

import random
from collections import Counter

import pytest

import dafab_kg.search.matched as by
import dafab_kg.search.matched_by_graph as by_graph
from dafab_kg.catalogue import open_catalogue
from dafab_kg.model.settings import Settings
from dafab_kg.search import counts, cql2, told_products
from dafab_kg.search.pages import find_items
from dafab_kg.search.told import known_class
from dafab_kg.search.tree import Search
from tests.search.items import many, name_of, write

NUMBER = 40
PLACES = ("Luxembourg", 'L\'Anse "aux" Méduses', "Rhine", "Meuse")
BASINS = frozenset({"Rhine", "Meuse"})
CROPS = ("winter barley", "grain maize")
TILES = ("99XAA", "99XAB")
CLASSES = ("dafab:FloodScene", "dafab:DroughtScene")


def cql2_text(text):
    return "'" + text.replace("'", "''") + "'"


def sparql_text(text):
    return '"' + text.replace('"', '\\"') + '"@en'


@pytest.fixture(scope="module")
def items():
    return many(NUMBER, seed=51)


@pytest.fixture(scope="module")
def told(items):
    """By name of the property and of the item, the values that are stated below."""
    chance = random.Random(3)

    def some(values):
        return {name_of(one): {v for v in values if chance.random() < 0.4} for one in items}

    places = some(PLACES)
    return {
        "dafab:place": places,
        "dafab:river_basin": {name: values & BASINS for name, values in places.items()},
        "dafab:crop": some(CROPS),
        "dafab:mgrs_tile": some(TILES),
        "dafab:types": some(CLASSES),
    }


@pytest.fixture(scope="module")
def catalogue(items, told, tmp_path_factory):
    place, chance = tmp_path_factory.mktemp("told"), random.Random(4)
    with open_catalogue(settings=Settings(store=place / "store", reasoning=False)) as made:
        made.load(write(items, place / "items"))
        prefix = f"PREFIX dafab: <{made.names.prefixes['dafab']}> "
        query = prefix + "SELECT ?id ?product { ?item dafab:itemId ?id ; dafab:describes ?product }"
        products = {row[0].value: row[1].value for row in made.query(query)}
        lines = []
        for number, name in enumerate(PLACES):
            data = "river-basins" if name in BASINS else "countries"
            lines.append(
                f"<http://e/p{number}> dafab:toponym {sparql_text(name)} ; "
                f'dafab:placeDataset "{data}" .'
            )
        lines.append('<http://e/again> dafab:toponym "Luxembourg" ; dafab:placeDataset "towns" .')
        lines += [f'<http://e/t{one}> dafab:mgrsTile "{one}" .' for one in TILES]
        for number, name in enumerate(CROPS):
            for field in range(3):  # several fields of a crop tell it once
                lines.append(
                    f"<http://e/b{number}.{field}> dafab:ofParcelSet <http://e/s{number}>;"
                    f' dafab:season "2022" ; dafab:cropName {sparql_text(name)} .'
                )
        lines.append(  # in another season there was another crop
            "<http://e/before> dafab:ofParcelSet <http://e/s0> ; dafab:season "
            f'"2021" ; dafab:cropName {sparql_text(CROPS[1])} .'
        )
        for item in items:
            name, product = name_of(item), f"<{products[item['id']]}>"
            lines += [
                f"{product} dafab:inPlace <http://e/p{PLACES.index(one)}> ."
                for one in told["dafab:place"][name]
            ]
            if "Luxembourg" in told["dafab:place"][name] and chance.random() < 0.5:
                lines.append(f"{product} dafab:inPlace <http://e/again> .")
            lines += [f"{product} a {one} ." for one in told["dafab:types"][name]]
            lines += [
                f"{product} dafab:tile <http://e/t{one}> ." for one in told["dafab:mgrs_tile"][name]
            ]
            lines += [
                f'[] dafab:ofProduct {product} ; dafab:season "2022" ; dafab:usedParcels '
                f"<http://e/s{CROPS.index(one)}> ."
                for one in told["dafab:crop"][name]
            ]
        rdf = place / "told.ttl"
        rdf.write_text(f"@prefix dafab: <{made.names.prefixes['dafab']}> .\n" + "\n".join(lines))
        assert made.load(rdf, validate=False).counts["loaded"] == 1
        yield made  # fmt: skip


def found(catalogue, text):
    return sorted((one["collection"], one["id"]) for one in catalogue.search(filter=text).items())


def right(items, test):
    return sorted(name_of(item) for item in items if test(item))


VALUES = {
    "dafab:place": PLACES,
    "dafab:river_basin": sorted(BASINS),
    "dafab:crop": CROPS,
    "dafab:mgrs_tile": TILES,
    "dafab:types": CLASSES,
}


@pytest.fixture(params=[2_000, 3])
def most(request, catalogue, monkeypatch):
    """Up to how many products of a value are named: all that there are, or fewer."""
    monkeypatch.setattr(told_products, "MOST_PRODUCTS", request.param)
    catalogue._known._values.clear()
    yield request.param
    catalogue._known._values.clear()


@pytest.mark.parametrize("name", VALUES)
def test_filters_find_what_was_stated(catalogue, items, told, name, most):
    held = told[name]
    for value in VALUES[name]:
        text = f"A_CONTAINS({name}, ({cql2_text(value)}))"
        assert found(catalogue, text) == right(items, lambda i, v=value: v in held[name_of(i)])
        assert found(catalogue, f"NOT {text}") == right(
            items, lambda i, v=value: v not in held[name_of(i)]
        )
        assert found(catalogue, f"{text} AND eo:cloud_cover < 50") == right(
            items,
            lambda i, v=value: (
                v in held[name_of(i)] and i["properties"].get("eo:cloud_cover", 100) < 50
            ),
        )
    two = ", ".join(map(cql2_text, VALUES[name][:2]))
    wanted = set(VALUES[name][:2])
    assert found(catalogue, f"A_CONTAINS({name}, ({two}))") == right(
        items, lambda i: held[name_of(i)] >= wanted
    )
    assert found(catalogue, f"A_OVERLAPS({name}, ({two}))") == right(
        items, lambda i: bool(held[name_of(i)] & wanted)
    )
    assert found(catalogue, f"A_CONTAINS({name}, ('nowhere'))") == []


@pytest.mark.parametrize(("read", "named"), [(0, 1000), (0, 0), (1000, 1000)])
def test_facets_count_what_was_stated(catalogue, items, told, read, named, most, monkeypatch):
    """By the graph, of items by their names or of all, and by the products of items that were
    read."""
    monkeypatch.setattr(by_graph, "MOST_NAMED", named)
    monkeypatch.setattr(by, "MOST_READ_ABOUT", read)
    for text, test in (
        ("A_CONTAINS(dafab:place, ('Luxembourg'))",
         lambda i: "Luxembourg" in told["dafab:place"][name_of(i)]),
        ("S_INTERSECTS(geometry, BBOX(-90, 0, 90, 90))", lambda i: True),
    ):  # fmt: skip
        catalogue._known._values.clear()
        answer = counts.facets(catalogue._library, Search(filter=cql2.read_text(text)), seconds=60)
        ours = [name_of(item) for item in items if test(item)]
        assert answer.total == len(ours)
        for name, values in VALUES.items():
            count = Counter(v for one in ours for v in told[name][one])
            mine = {v: n for v, n in answer.counts.get(name, {}).items() if v in values}
            assert mine == count, name


def watched(catalogue, asked):
    """A library that notes what it is asked, in a state of which nothing is known yet."""
    catalogue._known._values.clear()
    query = catalogue._library.query

    class Watched:
        def __getattr__(self, name):
            return getattr(catalogue._library, name)

        def query(self, text, **options):
            asked.append(text)
            return query(text, **options)

    return Watched()


def test_a_value_that_no_product_has_is_asked_of_no_item(catalogue):
    """The engine would go through all items for it, which takes seconds where they are many."""
    for name in ("dafab:place", "dafab:river_basin", "dafab:crop", "dafab:mgrs_tile"):
        asked = []
        search = Search(filter=cql2.read_text(f"A_CONTAINS({name}, ('nowhere'))"))
        assert find_items(watched(catalogue, asked), search, ".").items == ()
        about = [one for one in asked if "?item dafab:itemId ?id ; dafab:describes" in one]
        assert not [one for one in about if "VALUES ?product" not in one]


def test_what_the_graph_tells_alone_needs_no_document(catalogue, items):
    """But those of the page."""
    read = []
    library = watched(catalogue, [])
    type(library).file = lambda self, digest: read.append(digest) or catalogue._library.file(digest)
    text = "NOT A_CONTAINS(dafab:season, ('none')) AND NOT A_CONTAINS(dafab:place, ('none'))"
    found = find_items(library, Search(filter=cql2.read_text(text), limit=2), ".").items
    assert len(found) == 2 == len(set(read))


def test_season_is_looked_for_after_what_binds_the_products(catalogue):
    """Else it is computed of all products of the catalogue, each time."""
    asked = []
    library = watched(catalogue, asked)
    counts.facets(library, Search(filter=cql2.read_text("eo:cloud_cover < 50")), seconds=60)
    (season,) = (one for one in asked if "winter" in one)
    assert 0 < season.index("VALUES ?product") < season.index("BIND(")


@pytest.mark.parametrize("text", ["FloodScene", "dafab:FloodScene", "Flood", "a b", "<x>", ""])
def test_a_class_is_known_by_its_name(text):
    assert known_class(text) == ("dafab:FloodScene" if "FloodScene" in text else None)
