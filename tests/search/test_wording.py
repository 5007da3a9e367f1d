"""Free text through the lists of words: the same answers, of the documents that hold them."""

from __future__ import annotations

import json
import random
import re

import pytest

import dafab_kg.search.wording as naming
import dafab_kg.store.worded as lists
from dafab_kg.catalogue import open_catalogue
from dafab_kg.model.settings import Settings
from dafab_kg.model.words import words_of
from dafab_kg.search.tree import And, Mentions, Or, Search, Sort
from dafab_kg.search.wording import entries_with_words
from tests.search.items import make_item, write

WORDS = [
    "flood",
    "Fire",
    "Überlauf",
    "storm",
    "ab1",
    "x" * 80,
    "x" * 80 + "y",
    "rhine",
    "Rhine-Ruhr",
]
NUMBER = 40


def items_of(chance: random.Random):
    return [
        make_item(
            f"item-{number}", collection=chance.choice(["alpha", None]),
            title=" ".join(chance.choices(WORDS, k=2)),
            deep={"list": [chance.choice(WORDS), {"text": f"only{number}"}]},
            common="everywhere",
        )
        for number in range(NUMBER)
    ]  # fmt: skip


def opened(place):
    return open_catalogue(settings=Settings(store=place / "store", reasoning=False))


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    place = tmp_path_factory.mktemp("worded")
    with opened(place) as made:
        made.load(write(items_of(random.Random(4)), place / "items"))
        yield made


def right(items, q: str) -> set[str]:
    """The ids of items in which the words of ``q`` stand in a row, told with a pattern."""
    words = re.findall(r"[^\W_]+", q.lower())
    pattern = re.compile(r"(?<![^\W_])" + r"[\W_]+".join(words) + r"(?![^\W_])")

    def texts(value):
        if isinstance(value, str):
            yield value.lower()
        elif isinstance(value, dict | list):
            for one in value.values() if isinstance(value, dict) else value:
                yield from texts(one)

    return {
        one["id"]
        for one in items
        if any(map(pattern.search, [one["id"], *texts(one["properties"])]))
    }


def found(catalogue, *terms: str, **search) -> set[str]:
    asked = Search(filter=Mentions(tuple(map(words_of, terms))), limit=7, count=True, **search)
    ids: list[str] = []
    while True:
        page = catalogue.find_items(asked, "http://x")
        ids += [json.loads(one)["id"] for one in page.items]
        if page.cursor is None:
            assert page.matched in (None, len(ids))
            assert len(ids) == len(set(ids))
            return set(ids)
        asked = Search(
            filter=asked.filter, limit=7, count=True, after=page.cursor, **search
        )  # fmt: skip


def check(catalogue, items):
    for q in ("Überlauf", WORDS[-3], "flood fire", "only7", "item 3", "everywhere", "none", "flo"):
        assert found(catalogue, q) == right(items, q), q
        named = right(items, q) & {one["id"] for one in items if "collection" in one}
        assert found(catalogue, q, collections=("alpha",), sort=(Sort(("id",)),)) == named, q
    assert found(catalogue, "only7", "storm") == right(items, "only7") | right(items, "storm")


def entries(catalogue, node):
    return entries_with_words(catalogue._library, node)


def test_the_lists_name_few_and_all_that_are_right(catalogue):
    items = items_of(random.Random(4))
    check(catalogue, items)
    rare, storm = Mentions((("only7",),)), Mentions((("storm",),))
    assert len(entries(catalogue, rare)) == 1
    assert entries(catalogue, Mentions((("none",),))) == ()
    assert len(entries(catalogue, storm)) == len(right(items, "storm"))
    both = And((rare, storm))
    assert set(entries(catalogue, both)) <= set(entries(catalogue, rare))
    either = {*entries(catalogue, rare), *entries(catalogue, storm)}
    assert set(entries(catalogue, Or((rare, storm)))) == either
    assert entries(catalogue, None) is None


def test_writes_are_followed(catalogue):
    items = items_of(random.Random(4))
    changed = {**items[3], "collection": "alpha"}
    changed["properties"] = {**changed["properties"], "title": "newly written"}
    catalogue.put_items("alpha", [json.dumps(changed).encode()])
    gone = next(one for one in items if one.get("collection") == "alpha" and one != items[3])
    catalogue.delete_item("alpha", gone["id"])
    kept = [one for one in items if one["id"] not in (gone["id"],)]
    if "collection" in items[3]:
        kept = [changed if one["id"] == changed["id"] else one for one in kept]
    else:
        kept.append(changed)
    for q in ("newly written", "only3", *WORDS):
        ids = [one["id"] for one in kept if one["id"] in right([one], q)]
        assert found_all(catalogue, q) == sorted(ids), q


def found_all(catalogue, q):
    page = catalogue.find_items(Search(filter=Mentions((words_of(q),)), limit=1000), "http://x")
    return sorted(json.loads(one)["id"] for one in page.items)


@pytest.mark.oracle
@pytest.mark.parametrize(("holding", "named"), [(5, 2_000), (10_000, 5), (1, 1)])
def test_common_words_are_read_through(tmp_path, monkeypatch, holding, named):
    monkeypatch.setattr(lists, "MOST_HOLDING", holding)
    monkeypatch.setattr(naming, "MOST_NAMED", named)
    items = items_of(random.Random(4))
    with opened(tmp_path) as made:
        for start in range(0, NUMBER, 10):
            made.load(write(items[start : start + 10], tmp_path / f"items-{start}"))
        check(made, items)
        assert entries(made, Mentions((("everywhere",),))) is None


@pytest.mark.oracle
def test_a_store_whose_words_are_not_kept_is_asked_without_them(tmp_path):
    items = items_of(random.Random(4))
    with opened(tmp_path) as made:
        made.load(write(items, tmp_path / "items"))
        with made._documents._write() as txn:
            txn.drop(made._documents._words)
    with opened(tmp_path) as made:  # as one that an older version wrote
        check(made, items)
        assert entries(made, Mentions((("only7",),))) is None
        made.rebuild_index()
        check(made, items)
        assert len(entries(made, Mentions((("only7",),)))) == 1
        made.dump(tmp_path / "dump.nq.gz")
    with opened(tmp_path / "again") as made:
        made.restore(tmp_path / "dump.nq.gz")
        check(made, items)
        assert len(entries(made, Mentions((("only7",),)))) == 1
