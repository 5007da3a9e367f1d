"""What query workers do at this moment, in memory that they share with the supervisor.

A worker that is killed can say nothing; its slot still tells which call it had.
"""

from __future__ import annotations

import mmap
import struct
import time
from dataclasses import dataclass

_SLOT = struct.Struct("=QdQQ")
SIZE = 64  # bytes; a cache line of its own


@dataclass(frozen=True)
class Doing:
    """``token`` of the call (0: none), when it began (monotonic), calls served, call's serial."""

    token: int
    began: float
    served: int


class Slots:
    """One slot for each of ``count`` workers."""

    def __init__(self, count: int) -> None:
        self._memory = mmap.mmap(-1, max(count * SIZE, mmap.PAGESIZE))
        self.count = count

    def begin(self, number: int, token: int) -> None:
        """Note that a call begins."""
        served = self.read(number).served
        _SLOT.pack_into(self._memory, number * SIZE, token, time.monotonic(), served, 0)

    def end(self, number: int) -> None:
        """Note that it is over."""
        served = self.read(number).served
        _SLOT.pack_into(self._memory, number * SIZE, 0, 0.0, served + 1, 0)

    def clear(self, number: int) -> None:
        """Make the slot anew for another worker; what was served still counts."""
        served = self.read(number).served
        _SLOT.pack_into(self._memory, number * SIZE, 0, 0.0, served, 0)

    def read(self, number: int) -> Doing:
        """Return what a worker does."""
        token, began, served, _ = _SLOT.unpack_from(self._memory, number * SIZE)
        return Doing(token, began, served)
