"""Parcels on disk, sorted into groups as they come, each group read back alone."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from dafab_kg.loaders.parcels.rows import SCHEMA
from dafab_kg.loaders.parcels.tiles import hundred
from dafab_kg.loaders.reading import TemporaryFolder

MOST_PARCELS: Final = 50_000
"""Parcels of one document; a square with more is cut into those of 10 km."""


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
    """Batches of parcels in one Arrow file, written once and then read by group."""

    def __init__(self) -> None:
        self._folder = TemporaryFolder()
        self._path: Path = self._folder.path / "parcels.arrow"
        self._sink: Any = pa.OSFile(str(self._path), "wb")
        self._writer: Any = pa.ipc.new_file(self._sink, SCHEMA)
        self._written = 0
        self._pieces: dict[Group, list[int]] = defaultdict(list)
        self._sizes: Counter[Group] = Counter()
        self._keys: list[Any] = []
        self._repeated: frozenset[int] = frozenset()

    def add(self, batch: pa.RecordBatch) -> None:
        """Write one batch, cut by data set, season and 10 km square."""
        if not batch.num_rows:
            return
        groups: dict[Group, list[int]] = defaultdict(list)
        names = zip(*(batch.column(n).to_pylist() for n in Group._fields[:2]), strict=True)
        tiles = batch.column("square").to_pylist()
        for index, ((dataset, season), square) in enumerate(zip(names, tiles, strict=True)):
            groups[Group(dataset, season, hundred(square))].append(index)
        for group, indices in groups.items():
            self._writer.write_batch(batch.take(pa.array(indices)))
            self._pieces[group].append(self._written)
            self._sizes[group] += len(indices)
            self._written += 1
        self._keys.append(_keys(batch))

    def close(self) -> Duplicates:
        """End writing; return the rows that repeat others, which are left out from now on."""
        self._writer.close()
        self._sink.close()
        found = _duplicates(self._keys)
        self._keys = []
        self._repeated = frozenset(row for row, _ in (*found.same, *found.different))
        return found

    def groups(self) -> list[Group]:
        """Return the groups in order, those with too many parcels cut into smaller squares."""
        result: list[Group] = []
        for group in sorted(self._pieces):
            if self._repeated and self.parcels(group).num_rows == 0:
                continue
            if self._sizes[group] <= MOST_PARCELS:
                result.append(group)
                continue
            squares: set[str] = set()
            for piece in self._read(group):
                squares.update(piece.column("square").to_pylist())
            result.extend(group._replace(tile=square) for square in sorted(squares))
        return result

    def parcels(self, group: Group) -> pa.Table:
        """Return the parcels of a group, sorted by id."""
        pieces = []
        for piece in self._read(group):
            keep = np.ones(piece.num_rows, bool)
            if self._repeated:
                keep &= [row not in self._repeated for row in piece.column("row").to_pylist()]
            if group not in self._pieces:
                keep &= [square == group.tile for square in piece.column("square").to_pylist()]
            pieces.append(piece.filter(pa.array(keep)))
        return pa.Table.from_batches(pieces, SCHEMA).sort_by("parcel_id")

    def digest(self, group: Group, about: str) -> str:
        """Return the SHA-256 over what is said of the set and the parcels, in order of id."""
        digest = hashlib.sha256(about.encode())
        for one in self.parcels(group).column("hash").to_pylist():
            digest.update(one)
        return digest.hexdigest()

    def _read(self, group: Group) -> Iterator[pa.RecordBatch]:
        whole = group if group in self._pieces else group._replace(tile=hundred(group.tile))
        with pa.memory_map(str(self._path)) as source:
            reader = pa.ipc.open_file(source)
            for number in self._pieces.get(whole, ()):
                yield reader.get_batch(number)


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
