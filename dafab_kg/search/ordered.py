"""Candidates of a search in its order, kept of a state, and which of them fulfil its filter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import RLock
from typing import Final

from dafab_kg.search.order import Key, Place, begin
from dafab_kg.store.protocol import Row

Placed = tuple[Place, Row]
"""A row, and the values of its keys."""
Judge = Callable[[Sequence[Placed]], list[Placed]]

MOST_AT_ONCE: Final = 2_000
"""Most rows that are judged at a time."""


class Ordered:
    """Rows are judged in their order as far as pages ask, each once.

    Threads may share it.
    """

    def __init__(self, keys: tuple[Key, ...], rows: Sequence[Placed]) -> None:
        self.rows = rows
        self._keys = keys
        self._right: list[Placed] = []
        self._judged = 0
        self._lock = RLock()

    def after(self, place: Place | None, most: int, judge: Judge) -> list[Placed]:
        """Return the first rows after a place that ``judge`` lets pass, the same each time."""
        start = begin(self._keys, self.rows, place)
        with self._lock:
            if start <= self._judged:
                return self._kept(place, most, judge)
        return self._apart(start, most, judge)

    def _kept(self, place: Place | None, most: int, judge: Judge) -> list[Placed]:
        start = begin(self._keys, self._right, place)
        while len(self._right) - start < most and self._judged < len(self.rows):
            size = min(max(most, self._judged), MOST_AT_ONCE)
            some = self.rows[self._judged : self._judged + size]
            right = judge(some)
            self._right += right
            self._judged += len(some)
            start = begin(self._keys, self._right, place)
        return self._right[start : start + most]

    def _apart(self, start: int, most: int, judge: Judge) -> list[Placed]:
        """The same far on, where nothing was judged up to it."""
        found: list[Placed] = []
        while start < len(self.rows) and len(found) < most:
            found += judge(self.rows[start : start + most])
            start += most
        return found[:most]
