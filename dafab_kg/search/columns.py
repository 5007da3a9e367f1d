"""What stands in documents at the places that filters ask, kept from one request to the next.

A row is the content of an item in a collection, told by the SHA-256 of what was delivered: what
stands in it never changes, so that rows are good for every state of every catalogue.  A column
is a place.  What is kept are the documents' own values, not the graph's.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dafab_kg.search.documents import Content
from dafab_kg.search.exact import MISSING, at
from dafab_kg.search.tree import Path

Codes = NDArray[np.int32]
Row = tuple[Content, str]
"""A content, and the id of the collection in which it is shown."""

UNREAD: Final = 0
"""Code of what was not looked for yet."""
UNKEPT: Final = 1
"""Code of values that are too large, or of a kind that is not kept."""
NOTHING: Final = 0
"""Row of items that have no document."""
LONGEST: Final = 500
"""Characters of a text that is kept, and of those of an array together."""
MOST_ELEMENTS: Final = 16
MOST_COLUMNS: Final = 64
MOST_BYTES: Final = 96 * 2**20
"""About how much memory is taken; then it begins anew."""
_OF_A_ROW: Final = 400
_OF_A_VALUE: Final = 250
"""Bytes that a row, and a value that no row had before, take beside the value itself."""


@dataclass
class _Column:
    codes: Codes
    values: list[Any] = field(default_factory=lambda: [None, None])
    known: dict[Any, int] = field(default_factory=dict)


class Columns:
    """Rows by their numbers, from 1; each value of a column has a code.

    Threads may share it.
    """

    def __init__(self) -> None:
        self._numbers: dict[Row, int] = {}
        self._columns: dict[Path, _Column] = {}
        self._room = 1_024
        self._lock = Lock()
        self.size = 0

    def numbers_of(self, rows: Iterable[Row]) -> list[int]:
        """Return the numbers of rows, new ones for those that were not here."""
        with self._lock:
            found = []
            for row in rows:
                number = self._numbers.get(row)
                if number is None:
                    number = self._numbers[row] = len(self._numbers) + 1
                    self.size += _OF_A_ROW
                found.append(number)
            while len(self._numbers) >= self._room:
                self._room *= 2
                for column in self._columns.values():
                    column.codes = _longer(column.codes, self._room)
            return found

    def open(self, paths: Iterable[Path]) -> None:
        """Have columns for places."""
        with self._lock:
            for path in paths:
                if path not in self._columns:
                    self._columns[path] = _Column(np.zeros(self._room, np.int32))
                    self.size += 4 * self._room

    def codes(self, path: Path, rows: NDArray[Any]) -> Codes:
        """Return the codes of what stands at a place in some rows, ``UNREAD`` among them."""
        with self._lock:
            found: Codes = self._columns[path].codes[rows]
        return found

    def value(self, path: Path, code: int) -> Any:
        """Return the value of a code, ``MISSING`` where there is nothing."""
        return self._columns[path].values[code]

    def fill(self, row: int, item: Any) -> None:
        """Keep what stands in the item of a row, at the places of all columns."""
        with self._lock:
            for path, column in self._columns.items():
                if column.codes[row] == UNREAD:
                    column.codes[row] = self._code(column, at(item, path))

    def is_full(self) -> bool:
        """Tell whether it takes as much memory as it may."""
        return self.size > MOST_BYTES or len(self._columns) > MOST_COLUMNS

    def _code(self, column: _Column, value: Any) -> int:
        key = _key(value)
        if key is None:
            return UNKEPT
        code = column.known.get(key)
        if code is None:
            code = column.known[key] = len(column.values)
            column.values.append(list(value) if isinstance(value, list) else value)
            self.size += _OF_A_VALUE + sys.getsizeof(key)
        return code


class Shared:
    """The columns of a process, and of one state of a catalogue the rows of its items."""

    def __init__(self) -> None:
        self._columns = Columns()

    def columns(self) -> Columns:
        """Return the columns; they are new where the old ones had become too many."""
        if self._columns.is_full():
            self._columns = Columns()
        return self._columns


SHARED: Final = Shared()


def _key(value: Any) -> Any:
    """Return what tells a value from others of any kind; None: it is not kept."""
    if value is None or isinstance(value, bool | int | float) or value is MISSING:
        return type(value), value
    if isinstance(value, str):
        return value if len(value) <= LONGEST else None
    if isinstance(value, list) and len(value) <= MOST_ELEMENTS:
        keys = tuple(_element_keys(value))
        texts = sum(len(one) for one in value if isinstance(one, str))
        return None if None in keys or texts > LONGEST else ("array", *keys)
    return None


def _element_keys(values: Sequence[Any]) -> Iterator[Any]:
    for one in values:
        yield None if isinstance(one, list) else _key(one)


def _longer(codes: Codes, room: int) -> Codes:
    found = np.zeros(room, np.int32)
    found[: len(codes)] = codes
    return found
