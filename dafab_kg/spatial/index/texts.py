"""Many texts as two arrays: their UTF-8 one after the other, and where each begins."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dafab_kg.spatial.index.container import Container

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Texts:
    """Texts (or bytes) by number; ``offsets`` has one entry more than there are texts."""

    offsets: NDArray[np.int64]
    data: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def raw(self, number: int) -> bytes:
        """The bytes of one text."""
        return self.data[self.offsets[number] : self.offsets[number + 1]].tobytes()

    def __getitem__(self, number: int) -> str:
        return self.raw(number).decode()

    def many(self, numbers: Sequence[int] | NDArray[Any]) -> list[str]:
        """The texts of some numbers, in their order."""
        return [raw.decode() for raw in self.raws(numbers)]

    def raws(self, numbers: Sequence[int] | NDArray[Any]) -> list[bytes]:
        """The bytes of some texts, in the order of ``numbers``."""
        chosen = self.taken(np.asarray(numbers, np.int64))
        data, at = chosen.data.tobytes(), chosen.offsets.tolist()
        return [data[start:end] for start, end in pairwise(at)]

    def arrow(self) -> pa.LargeStringArray:
        """All of them as an Arrow array, without a copy."""
        return pa.LargeStringArray.from_buffers(
            len(self), pa.py_buffer(self.offsets), pa.py_buffer(self.data)
        )

    def find(self, text: str) -> int:
        """The number of ``text``, -1 if it is not there; they must be sorted as UTF-8."""
        place = self.before(text)
        return place if place < len(self) and self.raw(place) == text.encode() else -1

    def before(self, text: str, *, too: bool = False) -> int:
        """How many come before ``text``, and (``too``) itself; sorted as UTF-8."""
        search = bisect_right if too else bisect_left
        return search(range(len(self)), text.encode(), key=self.raw)

    def taken(self, numbers: NDArray[Any]) -> Texts:
        """Some of them, in the order of ``numbers``."""
        held = pa.LargeBinaryArray.from_buffers(
            pa.large_binary(),
            len(self),
            [None, pa.py_buffer(self.offsets), pa.py_buffer(self.data)],
        )
        return Texts.from_arrow(held.take(pa.array(numbers)))

    def arrays(self, name: str) -> Arrays:
        """The arrays to write, named after ``name``."""
        return {f"{name}.at": self.offsets, f"{name}.text": self.data}

    @classmethod
    def read(cls, container: Container, name: str) -> Texts:
        """Read what :meth:`arrays` gave."""
        return cls(container[f"{name}.at"], container[f"{name}.text"])

    @classmethod
    def of(cls, texts: Iterable[str | bytes]) -> Texts:
        """Make them from texts."""
        parts = [text.encode() if isinstance(text, str) else text for text in texts]
        offsets = np.zeros(len(parts) + 1, np.int64)
        np.cumsum([len(part) for part in parts], out=offsets[1:])
        return cls(offsets, np.frombuffer(b"".join(parts), np.uint8))

    @classmethod
    def from_arrow(cls, array: pa.Array) -> Texts:
        """Make them from an Arrow array of strings or binaries without nulls."""
        large = array.cast(pa.large_binary())
        if isinstance(large, pa.ChunkedArray):
            large = large.combine_chunks()
        _, offsets, data = large.buffers()
        at = np.frombuffer(offsets, np.int64)[large.offset : large.offset + len(large) + 1]
        held = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
        if not len(at):
            at = np.zeros(1, np.int64)
        return cls(at - at[0], held[at[0] : at[-1]])


def joined(parts: Sequence[Texts]) -> Texts:
    """One after the other."""
    offsets = [np.zeros(1, np.int64)]
    base = 0
    for part in parts:
        offsets.append(part.offsets[1:] - part.offsets[0] + base)
        base += int(part.offsets[-1] - part.offsets[0])
    data = [part.data[part.offsets[0] : part.offsets[-1]] for part in parts]
    return Texts(np.concatenate(offsets), np.concatenate(data) if data else np.empty(0, np.uint8))
