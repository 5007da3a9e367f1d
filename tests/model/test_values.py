"""Plain values as the literals that the engine reads."""

from __future__ import annotations

from decimal import Decimal

import pyoxigraph as ox
from hypothesis import given
from hypothesis import strategies as st

from dafab_kg.model.values import lexical

STORE = ox.Store()


@given(st.floats(-1e20, 1e20).map(repr).map(Decimal) | st.decimals(-(10**20), 10**20))
def test_the_engine_compares_numbers_however_many_decimals_they_came_with(number):
    text = lexical(number)
    assert abs(Decimal(text) - number) <= Decimal("0.5e-18")
    told = f'"{text}"^^<http://www.w3.org/2001/XMLSchema#decimal>'
    assert bool(STORE.query(f"ASK {{ FILTER({told} >= -1e21 && {told} <= 1e21) }}"))
