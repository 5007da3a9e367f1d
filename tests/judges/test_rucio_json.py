"""Random filters: what we find, and what Rucio's stock JSON plugin finds on PostgreSQL.

Both are asked what both can express.  Where they differ, the stock plugin's fault is shown.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dafab_kg
from dafab_kg.dids.listing import Asked
from dafab_kg.model.settings import Settings
from dafab_kg.search.rucio_filter import RucioFilter
from dafab_kg.search.rucio_text import read_groups
from tests.judges.environments import python_with
from tests.judges.postgres import postgres
from tests.judges.real_rucio import SERVER
from tests.judges.water_items import make

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

ITEMS, FILTERS = 200, 1_000
PROBES: list[tuple[Any, str]] = [
    ([{"dafab:run": "construed"}], "true and false are replaced within words"),
    ([{"dafab:run": "30E10"}], "what looks like a number becomes one"),
    ([{"dafab:run.gt": "10"}], "a text among numbers spoils the filter"),
]
"""Filters of which the stock plugin's answer is wrong, and why."""


def random_filter(chance: random.Random) -> list[dict[str, str]]:
    """Groups of conditions that both express; texts are of letters alone."""

    def condition() -> tuple[str, str]:
        match chance.randrange(5):
            case 0:
                way = chance.choice(["", ".ne", ".lt", ".lte", ".gt", ".gte"])
                return f"eo:cloud_cover{way}", chance.choice(["20", "10.0", "55.5", "90", "0"])
            case 1:
                way = chance.choice(["", ".ne"])
                return f"platform{way}", chance.choice(["sentinel-2a", "sentinel-2b", "landsat"])
            case 2:
                way = chance.choice(["", ".ne"])
                return f"platform{way}", chance.choice(["sentinel*", "*2a", "%l-2b", "*tin*"])
            case 3:
                way = chance.choice(["", ".ne"])
                values = ["wet", "wet*", "dry*", "wet_*", "*land", "dry; very", "a,b"]
                return f"dafab:notes{way}", chance.choice(values)
        return "name", chance.choice(["S2A*", "S2B*", "*T48*", "*"])

    return [
        dict(condition() for _ in range(chance.randint(1, 3))) for _ in range(chance.randint(1, 2))
    ]


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with postgres(SERVER, ".venv-rucio") as address:
        yield address


@pytest.fixture(scope="module")
def both(
    database: str, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """The items, the filters, and what both find."""
    python, place = python_with(SERVER, ".venv-rucio"), tmp_path_factory.mktemp("json")
    items, chance = make(shared, ITEMS), random.Random(11)
    filters = [random_filter(chance) for _ in range(FILTERS)] + [sent for sent, _ in PROBES]
    told = {
        "place": str(place / "rucio"), "database": database, "filters": filters,
        "items": [(item["id"], item["properties"]) for item in items],
    }  # fmt: skip
    run = subprocess.run(
        [str(python), str(Path(__file__).parent / "rucio_json_run.py")],
        input=json.dumps(told), capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    theirs = [json.loads(line) for line in run.stdout.splitlines()]
    (place / "items").mkdir()
    whole = {"type": "FeatureCollection", "features": items}
    (place / "items" / "all.json").write_text(json.dumps(whole))
    store = place / "store"
    with dafab_kg.open(store, settings=Settings(store=store)) as catalogue:
        assert catalogue.load(place / "items").counts["loaded"] == ITEMS
        ours = []
        for sent in filters:
            asked = Asked("dafab", RucioFilter(read_groups(sent), ("CONTAINER",)), limit=1_000)
            known = {item["id"] for item in items}
            ours.append(sorted(d.name for d in catalogue.find_dids(asked).dids if d.name in known))
    return items, filters, ours, theirs


def test_random_filters_find_the_same(both):
    _, filters, ours, theirs = both
    different = [
        (sent, len(own), told if isinstance(told, str) else len(told))
        for sent, own, told in zip(filters[:FILTERS], ours, theirs, strict=False)
        if own != told
    ]
    assert not different, (len(different), different[:10])
    assert sum(0 < len(own) < ITEMS for own in ours) > FILTERS // 3


def test_where_the_stock_plugin_is_wrong(both):
    items, _, ours, theirs = both

    def right(test: Any) -> list[str]:
        return sorted(item["id"] for item in items if test(item["properties"].get("dafab:run")))

    wanted = [
        right(lambda run: run == "construed"),
        right(lambda run: run == "30E10"),
        right(lambda run: isinstance(run, int) and not isinstance(run, bool) and run > 10),
    ]
    assert ours[FILTERS:] == wanted and all(wanted)
    assert all(own != told for own, told in zip(ours[FILTERS:], theirs[FILTERS:], strict=True))
