"""What went wrong inside the functions of a query.

An error in a function makes its expression an error, and a FILTER over it false (SPARQL 1.1
Query, section 17.2): rows vanish without a word.  Here is the word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MOST_FAULTS: Final = 50
"""Different faults that are kept; later ones are only counted."""

LONGEST_MESSAGE: Final = 300


@dataclass(frozen=True)
class Fault:
    """One error: in which function (local name), what it said, how often."""

    function: str
    message: str
    count: int


class Diagnostics:
    """Collects the faults of one query while its answer is read; give a new one to each query."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self.unkept = 0
        """Faults beyond the first :data:`MOST_FAULTS` different ones."""

    def note(self, function: str, message: str) -> None:
        """Count one error of a function."""
        key = function, message[:LONGEST_MESSAGE]
        if key in self._counts or len(self._counts) < MOST_FAULTS:
            self._counts[key] = self._counts.get(key, 0) + 1
        else:
            self.unkept += 1

    def __iter__(self) -> Iterator[Fault]:
        """The faults, the most frequent first."""
        for (function, message), count in sorted(self._counts.items(), key=lambda item: -item[1]):
            yield Fault(function, message, count)

    def plain(self) -> list[dict[str, str | int]]:
        """The faults as plain values, for JSON."""
        return [vars(fault).copy() for fault in self]

    def __bool__(self) -> bool:
        return bool(self._counts)
