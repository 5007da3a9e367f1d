"""A layer of parcels as its file gives it: what it says of itself, and rows in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

BATCH_ROWS: Final = 8192
"""Rows that are held at once."""


@dataclass(frozen=True)
class Batch:
    """Consecutive rows: ``first`` is the number of the first one, counted from 0.

    ``columns`` holds a list of plain values for each column that was asked for;
    ``geometries`` is an array of shapely geometries (None where there is none that could
    be read), ``faults`` says why a row has none.
    """

    first: int
    columns: Mapping[str, Sequence[Any]]
    geometries: Any
    faults: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.geometries)


@dataclass
class Layer:
    """One table of a file.

    ``crs`` is what pyproj makes a CRS of; empty where none is stated.  ``rows`` is the
    number of rows that the file states, None where it states none.  ``said`` holds
    facts said once for all rows (fiboa's collection level).  ``fiboa`` is the version of
    the specification.  ``read`` gives the wanted columns; ``notes`` grows while it does.
    """

    name: str
    columns: tuple[str, ...]
    crs: str
    format: str
    rows: int | None
    read: Callable[[Sequence[str]], Iterator[Batch]]
    said: Mapping[str, Any] = field(default_factory=dict)
    fiboa: str = ""
    notes: list[str] = field(default_factory=list)
    dataset: str = ""
    title: str = ""
    provider: str = ""
