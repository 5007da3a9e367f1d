"""Facets: each number is counted again from the items as they were written."""

from __future__ import annotations

import random
from collections import Counter

import pytest

import dafab_kg.search.matched as by
from dafab_kg.catalogue import open_catalogue
from dafab_kg.model.settings import Settings
from dafab_kg.search import counts, cql2
from dafab_kg.search.tree import Search
from tests.search.asking import Asking
from tests.search.brute import cql2 as truth
from tests.search.items import many, meets, moment, name_of, write

NUMBER = 60
BOX = (-5, 40, 10, 55)
AREA = "S_INTERSECTS(geometry, BBOX(-5, 40, 10, 55))"


@pytest.fixture(scope="module")
def items():
    return many(NUMBER, seed=41)


@pytest.fixture(scope="module")
def catalogue(items, tmp_path_factory):
    place = tmp_path_factory.mktemp("facets")
    with open_catalogue(settings=Settings(store=place / "store", reasoning=False)) as made:
        made.load(write(items, place / "items"))
        yield made


@pytest.fixture(autouse=True)
def forgotten(catalogue):
    catalogue._known._values.clear()


def number(item):
    return item["properties"].get("eo:cloud_cover")


def season(item):
    """Of the middle of an item, by the month; northern ones alone are made."""
    properties = item["properties"]
    told = properties["datetime"] or properties.get("start_datetime")
    return ("winter", "spring", "summer", "autumn")[moment(told).month % 12 // 3]


SEARCHES = {
    "all": (Search(), lambda item: True),
    "collections": (Search(collections=("alpha", "beta")),
                    lambda item: item.get("collection") in ("alpha", "beta")),
    "box": (Search(filter=cql2.read_text(AREA)), lambda item: meets(item, BOX)),
    "cloud": (Search(filter=cql2.read_text("eo:cloud_cover >= 5 AND eo:cloud_cover < 50")),
              lambda item: number(item) is not None and 5 <= number(item) < 50),
    "both": (Search(filter=cql2.read_text(f"{AREA} AND eo:cloud_cover < 50")),
             lambda item: meets(item, BOX) and number(item) is not None and number(item) < 50),
    "days": (Search(filter=cql2.read_text("T_INTERSECTS(datetime, INTERVAL('2022-09-10', '..'))")),
             lambda item: (item["properties"]["datetime"] or "") >= "2022-09-10"),
    "nothing": (Search(filter=cql2.read_text("id = 'none'")), lambda item: False),
}  # fmt: skip


def check(found, ours):
    assert found.total == len(ours)
    if not ours:
        assert (found.counts, found.times) == ({}, {})
        return
    assert found.counts["collection"] == Counter(name_of(one)[0] for one in ours)
    clouds = [number(one) for one in ours if number(one) is not None]
    ranges = {"0-5": (0, 5), "5-20": (5, 20), "20-50": (20, 50), "50-": (50, 1000)}
    told = {name: sum(a <= c < b for c in clouds) for name, (a, b) in ranges.items()}
    assert found.counts.get("cloud", {}) == {name: n for name, n in told.items() if n}
    times = [one["properties"]["datetime"] for one in ours if one["properties"]["datetime"]]
    by_month = Counter(time[:7] for time in times)
    assert {month: n for month, n in found.times.items() if n} == by_month
    assert found.counts["dafab:season"] == Counter(map(season, ours))


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize("way", ["documents", "graph"])
def test_facets_are_those_of_the_items(catalogue, items, name, way, monkeypatch):
    if way == "graph":
        monkeypatch.setattr(by, "MOST_READ_ABOUT", 0)
    search, right = SEARCHES[name]
    found = counts.facets(catalogue._library, search, seconds=60)
    check(found, [item for item in items if right(item)])
    assert found.whole
    assert found.about is (way == "graph" and name not in ("all", "collections", "nothing"))


def test_facets_of_any_filter_are_those_of_the_items(catalogue, items):
    """By the other way to tell what a filter finds (brute.py)."""
    asking = Asking(items, random.Random(5))
    for _ in range(25):
        asked = asking.cql2(2)
        ours = [item for item in items if truth(asked, item) is True]
        search = Search(filter=cql2.read_json(asked))
        check(counts.facets(catalogue._library, search, seconds=60), ours)


def test_out_of_time_facets_are_left_out_and_come_when_asked_again(catalogue, items):
    first = counts.facets(catalogue._library, Search(), seconds=0)
    assert (first.total, first.whole, first.counts) == (NUMBER, False, {})
    check(counts.facets(catalogue._library, Search(), seconds=60), items)
    kept = counts.facets(catalogue._library, Search(), seconds=0)
    assert kept.whole
    check(kept, items)


def test_too_many_to_read_are_not_counted(catalogue, monkeypatch):
    monkeypatch.setattr(by, "MOST_READ_AT_ONCE", 5)
    search = Search(filter=cql2.read_text("id LIKE 'item%'"))
    found = counts.facets(catalogue._library, search)
    assert (found.total, found.counts, found.times) == (None, {}, {})
