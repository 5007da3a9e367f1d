"""Chance that is the same on each machine and each Python.

Only ``Random.random`` is used: its sequence is promised to stay, those of the
other methods are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """A stream of chance named by ``key``; another key gives an independent stream."""

    def __init__(self, seed: int, *key: object) -> None:
        self._random = Random("/".join(str(part) for part in (seed, *key)))  # noqa: S311

    def share(self) -> float:
        """Return a number in [0, 1)."""
        return self._random.random()

    def between(self, low: float, high: float) -> float:
        """Return a number in [low, high)."""
        return low + (high - low) * self.share()

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return low + int((high - low + 1) * self.share())

    def happens(self, probability: float) -> bool:
        """Tell whether something of this probability happens."""
        return self.share() < probability

    def one(self, of: Sequence[T]) -> T:
        """Return one element."""
        return of[self.whole(0, len(of) - 1)]

    def order(self, of: Iterable[T]) -> list[T]:
        """Return the elements in another order."""
        return sorted(of, key=lambda _: self.share())

    def hexadecimal(self, digits: int) -> str:
        """Return a text of hexadecimal digits."""
        return "".join("0123456789abcdef"[self.whole(0, 15)] for _ in range(digits))
