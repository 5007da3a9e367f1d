"""Numbering things as they are met, in pieces, without holding all pieces."""

from __future__ import annotations

import pyarrow as pa

from dafab_kg.spatial.index.ordered import NONE, Rows

AT_LEAST = 250_000  # names that are numbered at once


class Numbered:
    """The numbers of some things; there once the numbering has ended."""

    def __init__(self) -> None:
        self.rows: Rows = NONE


class Numbering:
    """Gives each name one number, in the order in which names are first met.

    Names wait until they are at least as many as have a number, and are then looked up
    together: so each is hashed a few times, and what is held is the names once and the
    names that wait.
    """

    def __init__(self) -> None:
        self.names: pa.LargeStringArray = pa.array([], pa.large_string())
        self._waiting: list[tuple[pa.LargeStringArray, Numbered]] = []
        self._size = 0

    def add(self, names: pa.LargeStringArray) -> Numbered:
        """Take note of names."""
        numbered = Numbered()
        self._waiting.append((names, numbered))
        self._size += len(names)
        if self._size > max(AT_LEAST, len(self.names)):
            self.end()
        return numbered

    def end(self) -> None:
        """Give numbers to all names so far."""
        encoded = pa.concat_arrays(
            [self.names, *(names for names, _ in self._waiting)]
        ).dictionary_encode()
        numbers = encoded.indices.to_numpy()
        place = len(self.names)
        for names, numbered in self._waiting:
            numbered.rows = numbers[place : place + len(names)].copy()
            place += len(names)
        self.names = encoded.dictionary
        self._waiting, self._size = [], 0
