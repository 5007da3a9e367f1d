"""The parts of a raster document: the raster, its side files, and the item that names it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dafab_kg.loaders.raster.items import Items, Link
from dafab_kg.loaders.raster.side import SideFile, read_side_file
from dafab_kg.model.documents import Part
from dafab_kg.model.names import Names

SIDE: Final = ".aux.xml"
OUTSIDE: Final = (".ovr", ".msk")
"""Endings of external overviews and masks, which go with their raster."""


@dataclass(frozen=True)
class Parts:
    """A raster with what belongs to it; ``outside`` are the names of external overviews."""

    raster: Part
    side: SideFile
    link: Link | None
    outside: tuple[str, ...]


def sort_parts(parts: Sequence[Part], names: Names) -> Parts:
    """Tell the parts of a raster document apart; the raster is the first."""
    raster, *others = parts
    side, items, outside = SideFile(), Items(names), []
    for other in others:
        if other.name == raster.name + SIDE:
            side = read_side_file(other.data, where=other.name)
        elif other.name.lower().endswith(OUTSIDE):
            outside.append(other.name.rpartition("/")[2])
        else:
            items.add(other)
    link, _ = items.link(raster.name, (raster.name,))
    return Parts(raster, side, link, tuple(outside))
