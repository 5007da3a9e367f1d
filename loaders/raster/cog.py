"""Whether a TIFF file is laid out as a cloud optimised GeoTIFF, and if not, why.

Rules, after OGC 21-026 (OGC Cloud Optimized GeoTIFF Standard 1.0) and the practice that
it records: the image is tiled; its directory comes first, at the beginning of the file;
directories of overviews follow, from the largest to the smallest; all of them stand before
the pixels; the pixels of smaller images come before those of larger ones.  An image of up to
512 by 512 pixels is read by one request anyway, so that it needs neither tiles nor overviews.
That a larger one has no overviews is advice, not a fault: the standard lets it be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from dafab_kg.loaders.raster.structure import Image, TiffFile

SMALL: Final = 512
"""Pixels a side up to which an image needs neither tiles nor overviews."""

_GHOST: Final = re.compile(rb"GDAL_STRUCTURAL_METADATA_SIZE=(\d{6}) bytes\n")
_GHOST_HEAD: Final = 43
_SPOILED: Final = b"KNOWN_INCOMPATIBLE_EDITION=YES"


@dataclass(frozen=True)
class Layout:
    """The verdict: without ``faults`` it is cloud optimised; ``advice`` is no fault."""

    faults: tuple[str, ...]
    advice: tuple[str, ...]

    @property
    def is_cog(self) -> bool:
        """Whether the file is cloud optimised."""
        return not self.faults


def check_layout(tiff: TiffFile, images: tuple[Image, ...], ghost: bytes) -> Layout:
    """Check the layout; ``ghost`` is what follows the header (about 1 KiB of it)."""
    first = images[0]
    overviews = [one for one in images[1:] if one.reduced and not one.mask]
    large = max(first.width, first.height) > SMALL
    faults = [*_of_the_start(tiff, first, ghost)]
    if first.reduced or first.mask:
        faults.append("the first directory is not that of the full image")
    if large and not first.tiled:
        faults.append(f"the image is larger than {SMALL} pixels a side and not tiled")
    faults += [
        f"the overview {one.width}x{one.height} is not tiled"
        for one in overviews
        if max(one.width, one.height) > SMALL and not one.tiled
    ]
    faults += _of_the_order(images, [first, *overviews])
    advice = []
    if large and not overviews:
        advice.append(f"the image is larger than {SMALL} pixels a side and has no overviews")
    return Layout(tuple(faults), tuple(advice))


def _of_the_start(tiff: TiffFile, first: Image, ghost: bytes) -> list[str]:
    match = _GHOST.match(ghost)
    begin = tiff.header
    if match:
        begin += _GHOST_HEAD + int(match[1])
        begin += begin % 2
    faults = []
    if match and _SPOILED in ghost[: _GHOST_HEAD + int(match[1])]:
        faults.append("its optimised layout was spoiled by a later change, as it says itself")
    if not tiff.header <= first.offset <= begin:
        faults.append(f"the first directory is at byte {first.offset}, not at the beginning")
    return faults


def _of_the_order(images: tuple[Image, ...], levels: list[Image]) -> list[str]:
    faults = []
    for larger, smaller in pairwise(levels):
        name = f"{smaller.width}x{smaller.height}"
        if smaller.width > larger.width or smaller.height > larger.height:
            faults.append(f"the overview {name} comes after a smaller one")
        if smaller.offset < larger.offset:
            faults.append(f"the directory of the overview {name} stands before that of a larger")
        starts = larger.blocks.first, smaller.blocks.first
        if starts[0] is not None and starts[1] is not None and starts[1] > starts[0]:
            faults.append(f"the pixels of the overview {name} come after those of a larger image")
    data = [one.blocks.first for one in images if one.blocks.first is not None]
    late = [one.offset for one in images if data and one.offset > min(data)]
    if late:
        faults.append(f"the directory at byte {late[0]} comes after pixels")
    return faults
