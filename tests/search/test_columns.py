"""Columns tell what documents tell: against brute force over documents with odd values."""

from __future__ import annotations

import json
import random
from types import SimpleNamespace
from typing import Any

import pytest

import dafab_kg
from dafab_kg.model.errors import QueryNotValid
from dafab_kg.model.settings import Settings
from dafab_kg.search import columns, judging, pages
from dafab_kg.search.columns import Columns
from dafab_kg.search.cql2 import read_json
from dafab_kg.search.entries import Entry
from dafab_kg.search.judging import right_by_columns
from dafab_kg.search.tree import And, Compare, Contains, IsNull, Like, Not, Search
from tests.search import brute
from tests.search.asking import Asking
from tests.search.items import make_item, write

ODD: list[Any] = [
    *(0, 1, -1, 1.0, 0.0, -0.0, True, False, None, "", "1", "1.0", "true", "null", "é", "e\u0301"),
    *(10, "10", 10.000000001, 1e300, 2**62, "2022-09-01", "2022-09-01T00:00:00Z", "sentinel-2a"),
    *([], [1], [True], ["1"], [None], [[1]], [{"a": 1}], ["a", "b"], ["b", "a", 1], {}, {"a": 1}),
    *("x" * 501, ["y" * 501], list(range(17)), {"deep": {"er": [1, {"b": None}]}}),
]
"""Values that are alike, and of all kinds, some too large to be kept."""
NAMES = ("eo:cloud_cover", "platform", "dafab:notes", "datetime", "start_datetime", "a", "tags")


def odd_items(number: int, chance: random.Random) -> list[Any]:
    found = []
    for place in range(number):
        item = make_item(f"i{place}", collection=chance.choice(["alpha", "beta"]))
        for name in NAMES:
            if chance.random() < 0.8:
                item["properties"][name] = chance.choice(ODD)
            elif chance.random() < 0.5:
                item["properties"].pop(name, None)
        found.append(item)
    return found


class Read:
    """Documents in place of a catalogue; tells how often one is read."""

    def __init__(self, items: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
        self.by_iri = {f"http://i/{n}": item for n, item in enumerate(items)}
        self.entries = [
            Entry(iri, f"{iri}/p", item["collection"], item["id"])
            for iri, item in self.by_iri.items()
        ]
        self.kept: dict[Any, Any] = {}
        self.number = 0
        monkeypatch.setattr(judging, "SHARED", columns.Shared())
        monkeypatch.setattr(judging, "newest", lambda _, iris: {i: i for i in iris})
        monkeypatch.setattr(judging, "content_of", lambda iri: (iri, ""))
        monkeypatch.setattr(judging, "value_at", self._value)

    def _value(self, library: Any, content: tuple[str, str]) -> Any:
        self.number += 1
        return self.by_iri[content[0]]

    def find(self, node: Any, filter_of: Any) -> set[str] | None:
        def by_documents(part: Any, some: Any, read: Any) -> set[str]:
            assert part == node or len(some) < len(self.entries)
            return {one.iri for one in some if filter_of(self.by_iri[one.iri])}

        library: Any = SimpleNamespace(kept=self.kept)
        found = right_by_columns(library, node, self.entries, by_documents)
        return None if found is None else found[0]


def test_random_filters_of_odd_values_are_told_as_by_documents(monkeypatch) -> None:
    chance = random.Random(5)
    items = odd_items(120, chance)
    read = Read(items, monkeypatch)
    asking = Asking(items, chance)
    told = some = 0
    for _ in range(400):
        value = asking.cql2()

        def right(item: Any, value: Any = value) -> bool:
            return brute.cql2(value, item) is True

        try:
            node = read_json(value)
        except QueryNotValid:  # a text that is half a time
            continue
        found = read.find(node, right)
        if found is not None:
            told += 1
            wished = {iri for iri, item in read.by_iri.items() if right(item)}
            some += bool(wished)
            assert found == wished, json.dumps(value)
    assert told > 200 and some > 80, (told, some)


def test_values_of_other_kinds_are_not_taken_for_each_other(monkeypatch) -> None:
    values = [1, True, "1", 1.0, [1], [True], ["1"], None, "null", False, 0]
    items = [make_item(f"i{n}", a=value) for n, value in enumerate(values)]
    read = Read([*items, make_item("without")], monkeypatch)

    def found(node: Any) -> list[str]:
        right = read.find(node, lambda item: pytest.fail("a document was asked"))
        assert right is not None
        return sorted(read.by_iri[iri]["id"] for iri in right)

    path = ("properties", "a")
    assert found(Compare(path, "=", 1)) == ["i0", "i3"]
    assert found(Compare(path, "=", True)) == ["i1"]
    assert found(Compare(path, "=", "1")) == ["i2"]
    assert found(Contains(path, (1,), every=True)) == ["i4"]
    assert found(Contains(path, (True,), every=True)) == ["i5"]
    assert found(IsNull(path)) == ["i7", "without"]
    assert found(IsNull(path, missing_is_null=False)) == ["i7"]
    assert found(Not(Compare(path, "=", 1))) == ["i10"]
    assert read.number == len(items) + 1


def test_each_document_is_read_once_for_all_that_is_asked_of_a_place(monkeypatch) -> None:
    items = [make_item(f"i{n}", gsd=n, platform="a") for n in range(50)]
    read = Read(items, monkeypatch)
    for bound in range(20):
        found = read.find(Compare(("properties", "gsd"), "<", bound), pytest.fail)
        assert found is not None and len(found) == bound
    assert read.number == 50
    read.kept = {}  # another state of the catalogue, of the same contents
    both = And((Compare(("properties", "gsd"), "<", 5), Like(("id",), ("i", None))))
    assert len(read.find(both, pytest.fail) or ()) == 5
    assert read.number == 100  # the id was not looked at before


def test_memory_is_bounded_and_answers_stay_right(monkeypatch) -> None:
    monkeypatch.setattr(columns, "MOST_BYTES", 60_000)
    items = [make_item(f"i{n}", a=f"{n:05}" + "x" * 400) for n in range(200)]
    read = Read(items, monkeypatch)
    for start in (0, 100, 199):
        node = Compare(("properties", "a"), ">=", f"{start:05}")
        assert len(read.find(node, pytest.fail) or ()) == 200 - start
    assert read.number == 600  # each time anew
    filled = Columns()
    filled.open([("properties", f"p{n}") for n in range(columns.MOST_COLUMNS + 1)])
    assert filled.is_full()


@pytest.mark.parametrize("everything", [False, True])
def test_what_is_changed_or_deleted_is_seen_at_once(tmp_path, monkeypatch, everything) -> None:
    """Also where all items are gone through instead of what the graph finds."""
    if everything:
        monkeypatch.setattr(pages, "SECONDS_OF_ONE", -1.0)
    items = [make_item(f"i{n}", **{"eo:cloud_cover": float(n), "x:y": n % 2}) for n in range(12)]

    def found(catalogue: Any) -> set[str]:
        node = read_json({"op": "<", "args": [{"property": "eo:cloud_cover"}, 4]})
        odd = Compare(("properties", "x:y"), "=", 1)
        search = Search(filter=And((node, odd)), limit=100)
        page = catalogue.find_items(search, "https://here.example")
        return {json.loads(one)["id"] for one in page.items}

    with dafab_kg.open(tmp_path / "s", settings=Settings(store=tmp_path / "s")) as catalogue:
        catalogue.load(write(items, tmp_path / "one"))
        assert [found(catalogue) for _ in range(3)] == [{"i1", "i3"}] * 3
        items[1]["properties"]["eo:cloud_cover"] = 50.0
        items[7]["properties"]["eo:cloud_cover"] = 0.5
        catalogue.load(write([items[1]], tmp_path / "two"))
        catalogue.load(write([items[7]], tmp_path / "three"))
        assert found(catalogue) == {"i3", "i7"}
        catalogue.delete_item("alpha", "i3")
        assert found(catalogue) == {"i7"}
