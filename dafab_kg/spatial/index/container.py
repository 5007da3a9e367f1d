"""A file of arrays, mapped into memory: a header in JSON, then each array, aligned.

Layout: eight bytes that name the format, eight bytes with the length of the header, the
header, padding, the arrays.  The header gives each array's type, length and place, and a
checksum of all that follows it; a checksum of the header follows the header itself.
"""

from __future__ import annotations

import mmap
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from dafab_kg.model.errors import IndexNotUsable

MAGIC: Final = b"DAFABIX1"
_ALIGN: Final = 64
_CHUNK: Final = 1 << 24


def write_container(file: Path, arrays: Mapping[str, NDArray[Any]], about: dict[str, Any]) -> None:
    """Write arrays of one dimension; the file is whole and durable under its name, or absent."""
    places: dict[str, tuple[str, int, int]] = {}
    position, checksum = 0, 0
    chunks: list[bytes | memoryview] = []
    for name, array in arrays.items():
        flat = np.ascontiguousarray(array).reshape(-1)
        padding = bytes(-position % _ALIGN)
        position += len(padding)
        places[name] = (flat.dtype.str, flat.size, position)
        data = memoryview(flat.view(np.uint8).data) if flat.size else memoryview(b"")
        chunks += [padding, data]
        position += flat.nbytes
    for chunk in chunks:
        checksum = zlib.crc32(chunk, checksum)
    header = orjson.dumps(
        {"about": about, "arrays": places, "bytes": position, "checksum": checksum}
    )
    head = MAGIC + len(header).to_bytes(8, "little") + header
    head += zlib.crc32(head).to_bytes(4, "little")
    head += bytes(-len(head) % _ALIGN)
    temporary = file.with_suffix(".tmp")
    with temporary.open("wb") as out:
        out.write(head)
        for chunk in chunks:
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(file)


class Container:
    """A file of arrays, opened for reading; the arrays are views of the mapped file."""

    def __init__(self, file: Path, *, verify: bool = False) -> None:
        """Open a file; ``verify`` reads all of it and compares the checksum.

        Raises:
            IndexNotUsable: it is not there, cut short, or damaged.
        """
        self.file = file
        try:
            with file.open("rb") as handle:
                self._map = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise IndexNotUsable(f"{file} cannot be opened: {error}") from error
        start = self._read_head()
        self._bytes = np.frombuffer(self._map, np.uint8)[start:]
        if self._bytes.size != self._length:
            raise IndexNotUsable(
                f"{file} has {self._bytes.size} bytes of arrays, its header says {self._length}"
            )
        if verify and self._sum() != self._checksum:
            raise IndexNotUsable(f"{file} is damaged: its checksum differs")

    def _read_head(self) -> int:
        head = self._map[: len(MAGIC) + 8]
        if head[: len(MAGIC)] != MAGIC:
            raise IndexNotUsable(f"{self.file} is no file of this format")
        end = len(head) + int.from_bytes(head[len(MAGIC) :], "little")
        stated = int.from_bytes(self._map[end : end + 4], "little")
        if end + 4 > len(self._map) or zlib.crc32(self._map[:end]) != stated:
            raise IndexNotUsable(f"{self.file} is damaged: the checksum of its header differs")
        value = orjson.loads(self._map[len(head) : end])
        self.about: dict[str, Any] = value["about"]
        self._places: dict[str, tuple[str, int, int]] = value["arrays"]
        self._length, self._checksum = int(value["bytes"]), int(value["checksum"])
        return end + 4 + -(end + 4) % _ALIGN

    def _sum(self) -> int:
        checksum = 0
        for start in range(0, self._bytes.size, _CHUNK):
            checksum = zlib.crc32(self._bytes[start : start + _CHUNK].data, checksum)
        return checksum

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def __getitem__(self, name: str) -> NDArray[Any]:
        kind, size, place = self._places[name]
        if not size:
            return np.empty(0, np.dtype(kind))
        return np.frombuffer(self._bytes, np.dtype(kind), size, place)

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return len(self._map)
