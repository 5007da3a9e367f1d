"""Filters by what the graph alone tells: places, basins, crops and classes that the test states."""

from __future__ import annotations

import random
from collections import Counter

import pytest

import dafab_kg.search.matched as by
from dafab_kg.catalogue import open_catalogue
from dafab_kg.model.settings import Settings
from dafab_kg.search import counts, cql2
from dafab_kg.search.told import known_class
from dafab_kg.search.tree import Search
from tests.search.items import many, name_of, write

NUMBER = 40
PLACES = ("Luxembourg", 'L\'Anse "aux" Méduses', "Rhine", "Meuse")
BASINS = frozenset({"Rhine", "Meuse"})
CROPS = ("winter barley", "grain maize")
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
        "dafab:types": some(CLASSES),
    }


@pytest.fixture(scope="module")
def catalogue(items, told, tmp_path_factory):
    place = tmp_path_factory.mktemp("told")
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
        for number, name in enumerate(CROPS):
            for field in range(3):  # several fields of a crop tell it once
                lines.append(
                    f"<http://e/b{number}.{field}> dafab:ofParcelSet <http://e/s{number}>;"
                    f' dafab:season "2022" ; dafab:cropName {sparql_text(name)} .'
                )
        for item in items:
            name, product = name_of(item), f"<{products[item['id']]}>"
            lines += [
                f"{product} dafab:inPlace <http://e/p{PLACES.index(one)}> ."
                for one in told["dafab:place"][name]
            ]
            lines += [f"{product} a {one} ." for one in told["dafab:types"][name]]
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
    "dafab:types": CLASSES,
}


@pytest.mark.parametrize("name", VALUES)
def test_filters_find_what_was_stated(catalogue, items, told, name):
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


@pytest.mark.parametrize("read", [0, 1000])
def test_facets_count_what_was_stated(catalogue, items, told, read, monkeypatch):
    """By the graph, and by the products of items that were read."""
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


def test_season_is_looked_for_after_what_binds_the_products(catalogue):
    """Else it is computed of all products of the catalogue, each time."""
    asked = []
    query = catalogue._library.query

    class Watched:
        def __getattr__(self, name):
            return getattr(catalogue._library, name)

        def query(self, text, **options):
            asked.append(text)
            return query(text, **options)

    catalogue._known._values.clear()
    counts.facets(Watched(), Search(filter=cql2.read_text("eo:cloud_cover < 50")), seconds=60)
    (season,) = (one for one in asked if "winter" in one)
    assert 0 < season.index("VALUES ?product") < season.index("BIND(")


@pytest.mark.parametrize("text", ["FloodScene", "dafab:FloodScene", "Flood", "a b", "<x>", ""])
def test_a_class_is_known_by_its_name(text):
    assert known_class(text) == ("dafab:FloodScene" if "FloodScene" in text else None)
