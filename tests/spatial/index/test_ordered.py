"""Look-ups in sorted rows, compared with numpy's own set operations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafab_kg.spatial.index import ordered
from dafab_kg.spatial.index.ordered import Sorted, member, places_in

ROWS = st.lists(st.integers(0, 300), max_size=60)


@pytest.fixture(params=[0, 1000], ids=["counted", "searched"])
def many(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered, "MANY", request.param)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_rows_are_found_where_they_stand(kind: type) -> None:
    @given(ROWS, ROWS)
    def check(held: list[int], asked: list[int]) -> None:
        numbers, wanted = np.array(sorted(held), np.int32), np.array(asked, kind)
        there = np.isin(wanted, numbers)
        entries, owners = np.nonzero(numbers[:, None] == wanted[None, :])
        expected = sorted(zip(owners.tolist(), entries.tolist(), strict=True))
        for lookup in (Sorted(numbers).member(wanted), member(wanted, numbers)):
            assert lookup.tolist() == there.tolist()
        for places, of in (Sorted(numbers).places(wanted), places_in(numbers, wanted)):
            assert list(zip(of.tolist(), places.tolist(), strict=True)) == expected

    check()
