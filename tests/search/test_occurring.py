"""The queryables of a collection: all that its items' documents hold, less than there is."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dafab_kg
from dafab_kg.catalogue import Catalogue
from dafab_kg.model.settings import Settings
from dafab_kg.search import occurring
from dafab_kg.web.queryables import queryables
from tests.dids import making
from tests.search.brute import NOWHERE, member


def held_by_documents(catalogue: Catalogue) -> dict[str, set[str]]:
    """By collection the queryables of all that a document of an item has a value of."""
    every = queryables("x")["properties"]
    found: dict[str, set[str]] = defaultdict(set)
    rows: Any = catalogue.query(
        "PREFIX dafab: <https://w3id.org/dafab/ns#> "
        "SELECT ?graph { GRAPH ?graph { ?item a dafab:CatalogItem } }"
    )
    for (graph,) in rows:
        stored, files = catalogue.document(graph.value.rsplit("/", 1)[1])
        (data,) = files.values()
        item = json.loads(data.decode("utf-8-sig"))
        for step in stored.pointer.split("/")[1:]:
            item = item[int(step) if isinstance(item, list) else step]
        if item.get("collection"):
            found[item["collection"]] |= {
                name for name in every if member(item, name) not in (NOWHERE, None)
            }
    return found


def judge(catalogue: Catalogue) -> dict[str, set[str]]:
    """Compare; return what is told by collection."""
    told = {}
    for name, right in held_by_documents(catalogue).items():
        told[name] = set(queryables("x", catalogue.occurring(name))["properties"])
        assert right <= told[name], (name, right - told[name])
    return told


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    place = tmp_path_factory.mktemp("occurring")
    folder = making.write(place / "items")
    odd = making._item("odd", "beta", "T31UFR", gsd="ten", **{"eo:snow_cover": 3})
    (folder / "odd.json").write_text(json.dumps(odd))
    with dafab_kg.open(place / "store", settings=Settings(store=place / "store")) as made:
        made.load(folder)
        yield made


def test_what_the_documents_hold_is_told_and_not_much_more(small: Catalogue) -> None:
    told = judge(small)
    water = {name for name in queryables("x")["properties"] if name.startswith("dafab:water")}
    assert not water & (told["beta"] | told["sentinel_2_l2a"] | told["smart_agriculture"])
    assert water & told["water_analysis"] and "eo:snow_cover" in told["beta"]
    assert "eo:snow_cover" not in told["sentinel_2_l2a"] | told["water_analysis"]
    assert "gsd" in told["beta"], "kept as it was, for it is no number"
    for found in told.values():
        assert {"id", "collection", "geometry", "dafab:types", "datetime"} <= found


def test_a_change_is_told(small: Catalogue) -> None:
    name = "view:azimuth"
    assert name not in (small.occurring("sentinel_2_l2a") or ())
    item = making._item("new", "sentinel_2_l2a", "T31UFR", **{name: 5})
    small.put_items("sentinel_2_l2a", [json.dumps(item).encode()])
    assert name in (small.occurring("sentinel_2_l2a") or ())
    assert name not in (small.occurring("water_analysis") or ())


def test_of_large_collections_all_names_are_told(
    small: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(occurring, "MOST_ITEMS", 1)
    item = making._item("another", "sentinel_2_l2a", "T31UFR")
    small.put_items("sentinel_2_l2a", [json.dumps(item).encode()])
    assert small.occurring("sentinel_2_l2a") is None


@pytest.mark.oracle
def test_what_real_documents_hold_is_told(
    shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("occurring-real")
    with dafab_kg.open(place / "store", settings=Settings(store=place / "store")) as made:
        made.load(shared / "water_analysis", shared / "stac_catalogues", validate=False, jobs=2)
        assert len(judge(made)) > 5
