"""What ancestors and descendants a filter asks for, against a walk over the documents' links."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cql2
import pytest

import dafab_kg
from dafab_kg.catalogue import Catalogue
from dafab_kg.model.settings import Settings
from dafab_kg.search import lineage, relatives
from dafab_kg.search.cql2 import read_json, read_text
from dafab_kg.search.dafab_filter import read_filter
from dafab_kg.search.tree import Node, Search
from tests.dids import making
from tests.search import brute
from tests.search.asking import Asking

FLOOD = "A_CONTAINS(dafab:types, ('dafab:FloodScene'))"
SOURCE = making.scene("T48PWS")
WATER = f"{SOURCE}_water_analysis_300"
MADE = {"mosaic": WATER, "report": "mosaic", "digest": "report", "chart": "mosaic"}
MADE |= {"egg": "hen", "hen": "egg"}
"""Items made from others, at several distances; two are made from each other."""


def made_item(name: str, source: str | None, number: int = 0) -> making.Item:
    tile = list(making.SCENES)[number % 4]
    item = making._item(name, "smart_agriculture", tile, gsd=10 * number)
    return item if source is None else making._from(item, source)


def made_items() -> list[making.Item]:
    return [made_item(*pair, number) for number, pair in enumerate(MADE.items())]


def season(number: int) -> str:
    return f"agriculture_season_{making.SEASONS[list(making.SCENES)[number % 4]]}"


@dataclass
class Here:
    catalogue: Catalogue
    documents: dict[str, Any]
    items: dict[str, Any]
    ups: dict[str, set[str]]

    def relatives(self, name: str) -> brute.Relatives:
        downs = [other for other in self.items if name in self.ups[other]]
        names = {"ancestor": self.ups[name], "descendant": downs}
        return lambda side: [self.documents[one] for one in names[side]]

    def right(self, value: Any) -> list[str]:
        return sorted(
            name
            for name, item in self.items.items()
            if brute.cql2(value, item, self.relatives(name)) is True
        )

    def found(self, node: Node, limit: int = 100) -> list[str]:
        found: list[str] = []
        search = Search(filter=node, limit=limit, count=True)
        while True:
            page = self.catalogue.find_items(search, "")
            found += [json.loads(one)["id"] for one in page.items]
            if page.cursor is None:
                assert page.matched in (None, len(found))
                return sorted(found)
            search = Search(filter=node, limit=limit, after=page.cursor)

    def asked(self, text: str) -> list[str]:
        return self.found(read_text(text))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    place = tmp_path_factory.mktemp("lineage")
    folder = making.write(place / "items")
    for item in made_items():
        (folder / f"{item['id']}.json").write_text(json.dumps(item))
    below = {
        **making.tree(),
        **{name: [up, season(n)] for n, (name, up) in enumerate(MADE.items())},
    }
    with dafab_kg.open(place / "store", settings=Settings(store=place / "store")) as made:
        assert made.load(folder).counts["loaded"] == 23
        pairs = [("dafab", name) for name in below]
        lines = map(json.loads, made.did_documents(pairs, None, ""))
        shown = {line["name"]: line["document"] for line in lines}
        items = {item["id"]: item for item in [*making.items(), *made_items()]}
        ups = {name: set(making.ancestors(name, below)) - {name} for name in items}
        yield Here(made, {**shown, **items}, items, ups)


def test_the_walk_by_hand(here: Here) -> None:
    assert here.asked(f"ancestor(id = '{SOURCE}')") == sorted(
        [WATER, f"{SOURCE}_smart_agriculture_300", "mosaic", "report", "digest", "chart"]
    )
    assert here.asked("descendant(id = 'digest')") == sorted([SOURCE, WATER, "mosaic", "report"])
    assert here.asked("descendant(id = 'hen')") == ["egg"]
    below_flood = here.asked("ancestor(id = 'water_anomaly_flood')")
    assert below_flood == sorted([WATER, "mosaic", "report", "digest", "chart"])


def test_of_one_and_the_same_relative(here: Here) -> None:
    assert here.asked("descendant(gsd = 0 AND id = 'report')") == []
    apart = "descendant(gsd = 0) AND descendant(id = 'report')"
    assert WATER in here.asked(apart)


def test_classes_of_relatives(here: Here) -> None:
    assert here.asked(f"descendant({FLOOD})") == [SOURCE]
    assert here.asked(f"ancestor({FLOOD})") == ["chart", "digest", "mosaic", "report"]
    others = here.asked(f"NOT ancestor({FLOOD})")
    assert others == sorted({*here.items} - {"chart", "digest", "mosaic", "report"})


def test_classes_of_ancestors_in_the_dafab_filter(here: Here) -> None:
    asked = {
        "type": "comparison",
        "path": ["properties", "dafab:types"],
        "comparator": "contains",
        "value": "dafab:FloodScene",
        "inherited": True,
    }
    assert here.found(read_filter(asked)) == ["chart", "digest", "mosaic", "report"]


@pytest.mark.parametrize("few", [False, True])
def test_places_and_times_of_relatives(
    here: Here, few: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if few:  # what goes beyond the bounds is read piece by piece
        monkeypatch.setattr(relatives, "KEPT", 2)
        monkeypatch.setattr(relatives, "AT_ONCE", 3)
    box = "S_INTERSECTS(geometry, BBOX(105, 9, 107, 11))"
    late = "T_AFTER(datetime, TIMESTAMP('2022-11-01T00:00:00Z'))"
    for side in ("ancestor", "descendant"):
        for test in (box, late, f"{box} AND {late}", "TRUE", "eo:cloud_cover IS NULL"):
            for text in (f"{side}({test})", f"NOT {side}({test})"):
                assert here.asked(text) == here.right(cql2.parse_text(text).to_json()), text


def compare(here: Here, seed: int, number: int) -> Counter[str]:
    chance = random.Random(seed)
    asking = Asking(list(here.items.values()), chance)
    told: Counter[str] = Counter()
    for _ in range(number):
        value = asking.lineage()
        right = here.right(value)
        text = cql2.Expr(value).to_text()
        assert here.found(read_json(value), chance.choice([100, 3])) == right, text
        for side in ("ancestor", "descendant"):
            told[side] += f'"{side}"' in json.dumps(value) and 0 < len(right) < len(here.items)
    return told


def test_random_filters_find_what_brute_force_finds(here: Here) -> None:
    told = compare(here, 1, 60)
    assert told["ancestor"] > 10 and told["descendant"] > 10, told


@pytest.mark.parametrize("lineage", ["ancestor", "descendant"])
def test_zero_is_not_false(here: Here, lineage: str) -> None:
    for value in (False, 0, 0.0, True, 1):
        asked = {"op": lineage, "args": [{"op": "<=", "args": [{"property": "gsd"}, value]}]}
        assert here.found(read_json(asked), 100) == here.right(asked), value


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_random_filters_find_what_brute_force_finds(here: Here, seed: int) -> None:
    told = compare(here, seed, 500)
    assert told["ancestor"] > 50 and told["descendant"] > 50, told


def test_all_items_of_a_source_have_what_was_made_from_it(tmp_path: Path) -> None:
    """Two catalogues show one product; of ancestors one name is one item."""
    twin = making._item(SOURCE, "elsewhere", "T48PWS")
    for number, item in enumerate([*making.items(), twin]):
        (tmp_path / f"{number}.json").write_text(json.dumps(item))
    with dafab_kg.open(tmp_path / "s", settings=Settings(store=tmp_path / "s")) as made:
        made.load(tmp_path)
        both = Here(made, {}, {}, {})
        assert both.asked(f"descendant(id = '{WATER}')") == [SOURCE, SOURCE]
        assert both.asked(f"ancestor(id = '{SOURCE}') AND NOT id LIKE '%smart%'") == [WATER]


def test_a_chain_is_followed_as_deep_in_both_directions(tmp_path: Path) -> None:
    names = [f"step-{number}" for number in range(lineage.DEEPEST + 3)]
    for name, source in zip(names, [None, *names], strict=False):
        (tmp_path / f"{name}.json").write_text(json.dumps(made_item(name, source)))
    with dafab_kg.open(tmp_path / "s", settings=Settings(store=tmp_path / "s")) as made:
        made.load(tmp_path)
        chain = Here(made, {}, {}, {})
        downs = chain.asked("ancestor(id = 'step-0')")
        ups = chain.asked(f"descendant(id = '{names[-1]}')")
    assert downs == sorted(names[1 : lineage.DEEPEST + 1])
    assert ups == sorted(names[-lineage.DEEPEST - 1 : -1])
