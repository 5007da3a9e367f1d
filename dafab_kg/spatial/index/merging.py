"""Merging segments beside the commits, into a file that a later state takes up.

A merge reads segments, which never change, and writes a file that no state names; so it
needs no lock, and a crash leaves a file that is swept.  Rows that go out of date while it
runs are marked in the merged segment when it is taken up.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Thread

import numpy as np

from dafab_kg.spatial.index.block import merged
from dafab_kg.spatial.index.index import Part
from dafab_kg.spatial.index.ordered import distinct
from dafab_kg.spatial.index.segment import Segment, write_segment


class Merge:
    """One merge of ``parts``: written once, then taken up once."""

    def __init__(self, parts: Sequence[Part], file: Path) -> None:
        self.parts, self.file = tuple(parts), file
        self.written = False
        """Whether the file is there; it never is if writing it failed, as on a full disk."""
        self._thread: Thread | None = None

    def write(self) -> None:
        """Write the merged segment."""
        rows = [(part.segment.block(), part.alive) for part in self.parts]
        write_segment(self.file, merged(rows))
        self.written = True

    def begin(self) -> None:
        """Write it in a thread of its own."""
        self._thread = Thread(target=self._try, name="index-merge", daemon=True)
        self._thread.start()

    def _try(self) -> None:
        try:
            self.write()
        except (OSError, MemoryError):
            return  # the segments stay as they are; a later commit begins again

    @property
    def running(self) -> bool:
        """Whether its thread is at work."""
        return self._thread is not None and self._thread.is_alive()

    def end(self) -> None:
        """Wait until it is written, or has failed."""
        if self._thread is not None:
            self._thread.join()

    def taken_up(self, parts: Sequence[Part]) -> list[Part]:
        """The parts with the merged one in place of those that it was made of.

        One of these that is not among ``parts`` any more has no living row.
        """
        now = {part.name: part for part in parts}
        segment = Segment(self.file)
        dead = []
        for before in self.parts:
            alive = before.alive
            if before.name in now:
                alive &= ~now[before.name].alive
            dead += [segment.things.find(iri) for iri in
                     before.segment.things.many(np.flatnonzero(alive))]  # fmt: skip
        names = {part.name for part in self.parts}
        rows = distinct(np.array(dead, np.int32))
        return [
            *(part for part in parts if part.name not in names),
            Part(self.file.name, segment, rows),
        ]
