"""The answer is the same whether a query was rewritten or not."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import cast

import pytest

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.spatial.index.index import SearchIndex
from dafab_kg.spatial.index.keeper import Keeper
from dafab_kg.spatial.rewriting import rewrite as module
from dafab_kg.spatial.rewriting.rewrite import rewrite
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Solutions
from tests.spatial.index.making import GRAPHS, INFERRED, SCHEMA, nquads
from tests.spatial.rewriting.asking import Asking

DATA = 20
QUERIES = 260  # of each data set, 5,200 in all


def made(place: Path, seed: int) -> tuple[OxigraphStore, SearchIndex]:
    store = OxigraphStore()
    keeper = Keeper(store, place, GRAPHS, SCHEMA)
    store.observe(keeper, INFERRED)
    store.bulk_load(nquads(random.Random(seed), [f"t{n}" for n in range(25)]))
    return store, keeper.follow()


def answer(store: OxigraphStore, text: str, graphs: tuple[str | None, ...]) -> Counter[object]:
    found = cast(Solutions, store.query(text, default_graphs=graphs))
    order = [found.variables.index(name) for name in sorted(found.variables)]
    return Counter(tuple(row[i] for i in order) for row in found)


def compare(place: Path, seed: int, queries: int) -> tuple[int, int]:
    """Compare the answers of random queries; return how many were rewritten, and found things."""
    store, index = made(place, seed)
    chance = random.Random(seed)
    rewritten = found = 0
    for _ in range(queries):
        text = Asking(chance).query()
        told = rewrite(text, index, SCHEMA.properties)
        if not told.rewritten:
            continue
        graphs = chance.choice([GRAPHS, GRAPHS, (None,), (INFERRED,)])
        try:
            plain = answer(store, text, graphs)
        except QueryNotValid:
            continue  # two groups bind one variable
        rewritten += 1
        found += bool(plain)
        assert answer(store, told.text, graphs) == plain, f"seed {seed}\n{text}\n{told.text}"
    return rewritten, found


@pytest.mark.parametrize("seed", range(DATA))
def test_with_values(tmp_path: Path, seed: int) -> None:
    rewritten, found = compare(tmp_path, seed, QUERIES)
    assert rewritten > QUERIES / 4, "the test compares too little"
    assert found > QUERIES / 25


@pytest.mark.parametrize("seed", range(100, 105))
def test_with_lateral(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEW", 1)
    rewritten, found = compare(tmp_path, seed, QUERIES)
    assert rewritten > QUERIES / 6
    assert found > QUERIES / 50


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(1000, 1200))
def test_with_many(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if seed % 2:
        monkeypatch.setattr(module, "FEW", 1)
    compare(tmp_path, seed, 500)
