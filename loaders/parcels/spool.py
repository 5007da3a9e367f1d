"""Parcels on disk, sorted into groups as they come, each group read back alone."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from dafab_kg.loaders.parcels.rows import SCHEMA
from dafab_kg.loaders.parcels.tiles import hundred
from dafab_kg.loaders.reading import TemporaryFolder

MOST_PARCELS: Final = 10_000
"""Parcels of one document; a square with more is cut into those of 10 km."""


_HELD_ROWS: Final = 65_536
_PLACE: Final = ("dataset", "season", "square")


class Group(NamedTuple):
    """Which parcels make one document; ``tile`` is a square of 100 or of 10 km."""

    dataset: str
    season: str
    tile: str


class Duplicates(NamedTuple):
    """Rows that repeat an id within a season: the same in all, or not."""

    same: list[tuple[int, int]]
    different: list[tuple[int, int]]


class Spool:
    """Parcels in one Arrow file, written once in pieces of one 10 km square each."""

    def __init__(self) -> None:
        self._folder = TemporaryFolder()
        self._path: Path = self._folder.path / "parcels.arrow"
        self._sink: Any = pa.OSFile(str(self._path), "wb")
        self._writer: Any = pa.ipc.new_file(self._sink, SCHEMA)
        self._written = 0
        self._waiting: list[pa.RecordBatch] = []
        self._pieces: dict[Group, list[int]] = defaultdict(list)
        self._keys: list[Any] = []
        self._repeated: Any = np.empty(0, np.int64)

    def add(self, batch: pa.RecordBatch) -> None:
        """Take one batch."""
        if batch.num_rows:
            self._waiting.append(batch)
            self._keys.append(_keys(batch))
        if sum(one.num_rows for one in self._waiting) >= _HELD_ROWS:
            self._flush()

    def _flush(self) -> None:
        """Write what waits, cut by data set, season and square."""
        if not self._waiting:
            return
        order = [(name, "ascending") for name in _PLACE]
        table = pa.Table.from_batches(self._waiting, SCHEMA).sort_by(order).combine_chunks()
        self._waiting = []
        place = list(zip(*(table.column(name).to_pylist() for name in _PLACE), strict=True))
        starts = [i for i in range(len(place)) if i == 0 or place[i] != place[i - 1]]
        for start, end in zip(starts, [*starts[1:], len(place)], strict=True):
            # a slice would be written with the whole of its buffers by some versions
            (piece,) = table.slice(start, end - start).combine_chunks().to_batches()
            self._writer.write_batch(piece)
            self._pieces[Group(*place[start])].append(self._written)
            self._written += 1

    def close(self) -> Duplicates:
        """End writing; return the rows that repeat others, which are left out from now on."""
        self._flush()
        self._writer.close()
        self._sink.close()
        self._writer = self._sink = None  # so that a spool can be sent to another process
        found = _duplicates(self._keys)
        self._keys = []
        repeated = [row for row, _ in (*found.same, *found.different)]
        self._repeated = np.array(sorted(repeated), np.int64)
        return found

    @cached_property
    def groups(self) -> dict[Group, tuple[Group, ...]]:
        """The groups in order, each with its squares; those with too many parcels are cut up."""
        tiles: dict[Group, list[Group]] = defaultdict(list)
        for square in sorted(self._pieces):
            if self._sizes[square]:
                tiles[square._replace(tile=hundred(square.tile))].append(square)
        found: dict[Group, tuple[Group, ...]] = {}
        for tile, squares in tiles.items():
            if sum(self._sizes[square] for square in squares) <= MOST_PARCELS:
                found[tile] = tuple(squares)
            else:
                found |= {square: (square,) for square in squares}
        return found

    @cached_property
    def _sizes(self) -> dict[Group, int]:
        return {
            square: sum(piece.num_rows for piece in self._read(square)) for square in self._pieces
        }

    def parcels(self, group: Group) -> pa.Table:
        """Return the parcels of a group, sorted by id."""
        pieces = [piece for square in self.groups[group] for piece in self._read(square)]
        return pa.Table.from_batches(pieces, SCHEMA).sort_by("parcel_id")

    def digest(self, group: Group, about: str) -> str:
        """Return the SHA-256 over what is said of the set and the parcels, in order of id."""
        digest = hashlib.sha256(about.encode())
        for one in self.parcels(group).column("hash").to_pylist():
            digest.update(one)
        return digest.hexdigest()

    def _read(self, square: Group) -> Iterator[pa.RecordBatch]:
        with pa.memory_map(str(self._path)) as source:
            reader = pa.ipc.open_file(source)
            for number in self._pieces[square]:
                piece = reader.get_batch(number)
                if len(self._repeated):
                    rows = piece.column("row").to_numpy()
                    piece = piece.filter(pa.array(~np.isin(rows, self._repeated)))
                yield piece


def _keys(batch: pa.RecordBatch) -> Any:
    """Make one array of hashes of identity, hashes of content, and row numbers."""
    texts = zip(
        *(batch.column(n).to_pylist() for n in ("dataset", "parcel_id", "season")), strict=True
    )
    identity = [hashlib.blake2b(repr(t).encode(), digest_size=16).digest() for t in texts]
    keys = np.empty(batch.num_rows, [("key", "V16"), ("content", "V16"), ("row", "i8")])
    keys["key"] = np.array(identity, "V16")
    keys["content"] = np.array(batch.column("hash").to_pylist(), "V16")
    keys["row"] = batch.column("row").to_numpy()
    return keys


def _duplicates(pieces: list[Any]) -> Duplicates:
    found = Duplicates([], [])
    if not pieces:
        return found
    keys = np.concatenate(pieces)
    # as two numbers each, which sort faster than bytes
    parts = keys["key"].copy().view("u8").reshape(-1, 2)
    order = np.lexsort((keys["row"], parts[:, 0], parts[:, 1]))
    same = (parts[order][1:] == parts[order][:-1]).all(axis=1)
    first = -1
    for place in np.flatnonzero(same):
        if place == 0 or not same[place - 1]:
            first = int(order[place])
        later = int(order[place + 1])
        pair = (int(keys["row"][later]), int(keys["row"][first]))
        alike = keys["content"][later].tobytes() == keys["content"][first].tobytes()
        (found.same if alike else found.different).append(pair)
    return Duplicates(sorted(found.same), sorted(found.different))
