"""What the first search of a state finds out can be found out before, in steps."""

from __future__ import annotations

import orjson
import pytest

from dafab_kg.catalogue import open_catalogue
from dafab_kg.model.settings import Settings
from dafab_kg.sample import write_sample
from dafab_kg.search.counts import facets
from dafab_kg.search.free_text import read_free_text
from dafab_kg.search.pages import find_items
from dafab_kg.search.tree import Search
from tests.search.items import many, write

NUMBER = 12


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("warming")


@pytest.fixture(scope="module")
def catalogue(place):
    """Items, and two products that no entry describes; a third is not loaded yet."""
    write_sample(place / "sample", products=3)
    with open_catalogue(settings=Settings(store=place / "store", reasoning=False)) as made:
        made.load(write(many(NUMBER, seed=8), place / "items"), validate=False)
        for one in sorted((place / "sample" / "safe").iterdir())[:2]:
            assert made.load(one, validate=False).counts["loaded"] == 1
        yield made


@pytest.fixture
def asked(catalogue, monkeypatch):
    """The queries that are asked from now on, in a state of which nothing is known yet."""
    catalogue._known._values.clear()
    found = []
    answer = type(catalogue)._answer

    def noted(self, query, *arguments, **options):
        found.append(query)
        return answer(self, query, *arguments, **options)

    monkeypatch.setattr(type(catalogue), "_answer", noted)
    return found


def made(catalogue):
    """The ids of the items that are made from the graph, among those without a word."""
    search = Search(filter=read_free_text("-qqqq"), limit=100)
    found = map(orjson.loads, find_items(catalogue._library, search, ".").items)
    return {one["id"] for one in found if one["collection"] == "products-without-entry"}


def test_after_the_steps_the_facets_are_there(catalogue, asked):
    right = facets(catalogue._library, Search(), seconds=60)
    assert right.whole
    assert right.total == NUMBER + 2
    catalogue._known._values.clear()
    assert len(list(catalogue.warm_searches())) > 1
    asked.clear()
    assert facets(catalogue._library, Search(), seconds=0) == right
    assert asked == []


def test_words_are_then_looked_for_without_making_items(catalogue, asked):
    def making():
        return [one for one in asked if "?product ?term ?value" in one]

    found = made(catalogue)
    assert len(found) == 2
    assert making()
    catalogue._known._values.clear()
    list(catalogue.warm_searches())
    asked.clear()
    assert made(catalogue) == found
    assert not making()


def test_items_that_are_kept_are_of_their_state_alone(catalogue, place):
    list(catalogue.warm_searches())
    before = made(catalogue)
    (other,) = sorted((place / "sample" / "safe").iterdir())[2:]
    assert catalogue.load(other, validate=False).counts["loaded"] == 1
    assert len(made(catalogue) - before) == 1
