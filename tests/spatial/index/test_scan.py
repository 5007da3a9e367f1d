"""Reading many rows property by property gives what one scan of few gives."""

from __future__ import annotations

import random

import numpy as np
import pytest
import shapely

from dafab_kg.spatial.index.compare import _rows
from dafab_kg.spatial.index.scan import read_all
from dafab_kg.store.oxigraph import OxigraphStore

from .making import EX, GEO, GRAPHS, SCHEMA, nquads


@pytest.mark.parametrize("each", [0, 3, 64])
@pytest.mark.parametrize("seed", range(4))
def test_both_ways_of_reading_agree(monkeypatch: pytest.MonkeyPatch, seed: int, each: int) -> None:
    store = OxigraphStore()
    chance = random.Random(seed)
    text = nquads(chance, [f"t{number}" for number in range(40)])
    text += f'_:b <{EX}cloud> "1" .\n_:b <{GEO}hasGeometry> <{EX}t1/geometry0> .\n'
    text += f"<{EX}t0> <{EX}kind> _:b .\n<{EX}t0> <{GEO}hasGeometry> _:b .\n"
    store.bulk_load(text)
    one_scan = read_all(store, SCHEMA, GRAPHS)
    monkeypatch.setattr("dafab_kg.spatial.index.scan.FEW", 0)
    monkeypatch.setattr("dafab_kg.spatial.index.scan.MOST_OF_EACH", each)
    monkeypatch.setattr("dafab_kg.spatial.index.numbering.AT_LEAST", 7)
    monkeypatch.setattr("dafab_kg.spatial.index.assembly.AT_ONCE", 3)
    monkeypatch.setattr("dafab_kg.store.oxigraph.TABLE_BLOCK", 100)
    by_property = read_all(store, SCHEMA, GRAPHS)
    assert len(by_property) == len(one_scan) > 30
    assert by_property.things.many(range(len(by_property))) == one_scan.things.many(
        range(len(one_scan))
    )
    assert _rows(by_property) == _rows(one_scan)


def test_nothing_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dafab_kg.spatial.index.scan.FEW", -1)
    assert len(read_all(OxigraphStore(), SCHEMA, GRAPHS)) == 0


def test_a_geometry_may_be_longer_than_what_is_read_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turn = np.linspace(0, 2 * np.pi, 150_000)
    shape = shapely.LineString(np.column_stack((np.cos(turn), np.sin(turn))))
    store = OxigraphStore()
    store.bulk_load(
        f'<{EX}big> <{GEO}asWKT> "{shape.wkt}"^^<{GEO}wktLiteral> .\n'
        f'<{EX}small> <{GEO}asWKT> "POINT (1 2)"^^<{GEO}wktLiteral> .\n'
    )
    assert len(shape.wkt) > 4 * 1024 * 1024
    monkeypatch.setattr("dafab_kg.spatial.index.scan.FEW", 0)
    block = read_all(store, SCHEMA, GRAPHS)
    assert block.things.many(range(2)) == [f"{EX}big", f"{EX}small"]
    assert shapely.from_wkb(block.places.shapes.wkb.raw(0)).equals(shapely.from_wkt(shape.wkt))
