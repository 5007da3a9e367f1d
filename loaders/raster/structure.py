"""How a TIFF file is built, read before any library sees it: directories and where blocks lie.

It tells a file that was cut off or never finished, bounds what the file claims, and is
what the check of the cloud optimised layout works on.

Source: TIFF revision 6.0 (Adobe, 1992), sections 2 and 15; BigTIFF as LibTIFF describes it.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import BinaryIO, Final, Literal

import numpy as np
from numpy.typing import NDArray

from dafab_kg.model.errors import FieldNotValid, NotWellFormed, TooLarge

MAX_SIDE: Final = 10_000_000
MAX_PIXELS: Final = 10**12
"""Most pixels of an image that is described at all; a global mosaic at 30 m has 9·10¹¹."""

_MAX_DIRECTORIES: Final = 1000
_MAX_TAGS: Final = 4096
_MAX_BLOCKS: Final = 50_000_000
_MAX_TEXT: Final = 64 * 1024
_TYPES: Final = {
    1: "u1", 2: "S1", 3: "u2", 4: "u4", 5: "u4", 6: "i1", 7: "u1", 8: "i2", 9: "i4",
    10: "i4", 11: "f4", 12: "f8", 13: "u4", 16: "u8", 17: "i8", 18: "u8",
}  # fmt: skip
_RATIONALS: Final = (5, 10)

SUBFILE, WIDTH, HEIGHT = 254, 256, 257
STRIP_OFFSETS, SAMPLES, ROWS, STRIP_SIZES, PLANAR = 273, 277, 278, 279, 284
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_SIZES = 322, 323, 324, 325
TEXTS: Final = {
    269: "DocumentName", 270: "ImageDescription", 271: "Make", 272: "Model", 285: "PageName",
    305: "Software", 306: "DateTime", 315: "Artist", 316: "HostComputer", 33432: "Copyright",
}  # fmt: skip
"""Tags that hold text about the image (sections 8 and 12)."""
EXIF_DIRECTORY: Final = 34665
EXIF_TEXTS: Final = {
    33434: "ExposureTime", 36864: "ExifVersion", 36867: "DateTimeOriginal",
    36868: "DateTimeDigitized", 37510: "UserComment", 42036: "LensModel", 42033: "BodySerialNumber",
}  # fmt: skip


@dataclass(frozen=True)
class Tag:
    """One entry of a directory; ``data`` is the values' bytes, in the order of the file."""

    type: int
    count: int
    place: int


@dataclass(frozen=True)
class Directory:
    """One image of the file: ``offset`` and ``end`` bound its table of tags, in bytes."""

    offset: int
    end: int
    tags: dict[int, Tag]


@dataclass(frozen=True)
class Blocks:
    """Where the tiles or strips of one image lie, in bytes; a block without bytes is empty."""

    offsets: NDArray[np.uint64]
    sizes: NDArray[np.uint64]

    @property
    def first(self) -> int | None:
        """Offset of the first block that holds anything."""
        filled = self.offsets[self.sizes > 0]
        return int(filled.min()) if filled.size else None

    @property
    def empty(self) -> int:
        """How many blocks hold nothing."""
        return int((self.sizes == 0).sum())


@dataclass(frozen=True)
class Image:
    """One image of the file: the full one, an overview (``reduced``) or a mask of either."""

    offset: int
    width: int
    height: int
    samples: int
    tiled: bool
    block_width: int
    block_height: int
    reduced: bool
    mask: bool
    blocks: Blocks


class TiffFile:
    """A TIFF file that is open for reading.

    Raises:
        NotWellFormed: the file is cut off or contradicts itself; where in it is told.
    """

    def __init__(self, file: BinaryIO, where: str) -> None:
        self._file = file
        self.where = where
        self.size = file.seek(0, os.SEEK_END)
        head = self._bytes(0, 8)
        if head[:2] not in (b"II", b"MM"):
            raise self.broken("it does not begin like a TIFF file", 0)
        self.order: Literal["<", ">"] = "<" if head[:2] == b"II" else ">"
        version = struct.unpack(self.order + "H", head[2:4])[0]
        if version not in (42, 43):
            raise self.broken(f"its version is {version}, neither 42 (TIFF) nor 43 (BigTIFF)", 2)
        self.big = version == 43
        self.header = 16 if self.big else 8
        if self.big:
            start = struct.unpack(self.order + "Q", self._bytes(8, 8))[0]
        else:
            start = struct.unpack(self.order + "I", head[4:8])[0]
        if start == 0:
            raise self.broken("it names no directory, as a file that was never finished", 4)
        self.directories = tuple(self._chain(start))

    def broken(self, what: str, place: int) -> NotWellFormed:
        """Make the error for a fault at the byte ``place``."""
        return NotWellFormed(
            f"The TIFF file is broken: {what}",
            where=f"{self.where}: byte {place}",
            remedy="Fetch or write the file again; it may have been cut off while it was written",
        )

    def _bytes(self, offset: int, length: int) -> bytes:
        if offset + length > self.size:
            raise self.broken(
                f"{length} bytes are to stand there, but the file ends at {self.size}", offset
            )
        self._file.seek(offset)
        return self._file.read(length)

    def _chain(self, start: int) -> Iterator[Directory]:
        seen: set[int] = set()
        while start:
            if start in seen:
                raise self.broken("its directories go round in a circle", start)
            seen.add(start)
            if len(seen) > _MAX_DIRECTORIES:
                raise TooLarge(
                    f"The TIFF file has more than {_MAX_DIRECTORIES} directories",
                    where=self.where,
                    remedy="Write one image to a file",
                )
            directory, start = self.directory(start)
            yield directory

    def directory(self, offset: int) -> tuple[Directory, int]:
        """Read one table of tags, and where the next one is (0: nowhere)."""
        long, wide, entry = ("Q", 8, 20) if self.big else ("I", 4, 12)
        counter = ("Q", 8) if self.big else ("H", 2)
        count = struct.unpack(self.order + counter[0], self._bytes(offset, counter[1]))[0]
        if count > _MAX_TAGS:
            raise self.broken(f"a directory claims {count} tags", offset)
        table = self._bytes(offset + counter[1], count * entry)
        tags: dict[int, Tag] = {}
        for number in range(count):
            code, kind, length = struct.unpack_from(f"{self.order}HH{long}", table, number * entry)
            place = offset + counter[1] + number * entry + 4 + wide
            if kind in _TYPES and length * self._width(kind) > wide:
                place = struct.unpack_from(self.order + long, table, number * entry + 4 + wide)[0]
            tags.setdefault(code, Tag(kind, length, place))
        end = offset + counter[1] + count * entry
        following = struct.unpack(self.order + long, self._bytes(end, wide))[0]
        return Directory(offset, end + wide, tags), following

    def _width(self, kind: int) -> int:
        return np.dtype(_TYPES[kind]).itemsize * (2 if kind in _RATIONALS else 1)

    def values(self, directory: Directory, code: int, most: int = 64) -> NDArray[np.generic]:
        """Return the values of a tag, none if it is absent."""
        tag = directory.tags.get(code)
        if tag is None or tag.type not in _TYPES:
            return np.empty(0, "u8")
        if tag.count > most:
            raise self.broken(f"tag {code} claims {tag.count} values", directory.offset)
        data = self._bytes(tag.place, tag.count * self._width(tag.type))
        return np.frombuffer(data, np.dtype(_TYPES[tag.type]).newbyteorder(self.order))

    def whole(self, directory: Directory, code: int, default: int = 0) -> int:
        """Return the first value of a tag as a whole number."""
        values = self.values(directory, code)
        return int(values[0]) if values.size and values.dtype.kind in "ui" else default

    def text(self, directory: Directory, code: int) -> str | None:
        """Return a tag's text, None if it has none."""
        tag = directory.tags.get(code)
        if tag is None or tag.type not in (1, 2, 7) or not 0 < tag.count <= _MAX_TEXT:
            return None
        data = self._bytes(tag.place, tag.count)
        return data.split(b"\0", 1)[0].decode("utf-8", "replace").strip() or None

    def texts(self) -> dict[str, str]:
        """Return the texts about the first image, EXIF included, by the name of their tag."""
        first = self.directories[0]
        found = {name: self.text(first, code) for code, name in TEXTS.items()}
        inner = self.whole(first, EXIF_DIRECTORY)
        if inner:
            exif, _ = self.directory(inner)
            found |= {f"Exif.{n}": self.text(exif, code) for code, n in EXIF_TEXTS.items()}
        return {name: text for name, text in found.items() if text is not None}

    def images(self) -> tuple[Image, ...]:
        """Return the images of the file, each with the places of its blocks.

        Raises:
            FieldNotValid: an image without extent.
            TooLarge: an image beyond :data:`MAX_PIXELS` or :data:`MAX_SIDE`.
        """
        return tuple(self._image(directory) for directory in self.directories)

    def _image(self, directory: Directory) -> Image:
        where = f"{self.where}: directory at byte {directory.offset}"
        width, height = self.whole(directory, WIDTH), self.whole(directory, HEIGHT)
        if width < 1 or height < 1:
            raise FieldNotValid(
                f"The image is {width} by {height} pixels, so it holds nothing",
                where=where,
                remedy="Write a raster of at least one pixel",
            )
        if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
            raise TooLarge(
                f"The image claims to be {width} by {height} pixels",
                where=where,
                remedy=f"Cut it into files of at most {MAX_PIXELS} pixels, {MAX_SIDE} a side",
            )
        tiled = TILE_WIDTH in directory.tags
        if tiled:
            block = self.whole(directory, TILE_WIDTH), self.whole(directory, TILE_HEIGHT)
        else:
            block = width, min(self.whole(directory, ROWS, height) or height, height)
        if min(block) < 1:
            raise self.broken("its blocks have no extent", directory.offset)
        samples = max(self.whole(directory, SAMPLES, 1), 1)
        subfile = self.whole(directory, SUBFILE)
        planes = samples if self.whole(directory, PLANAR, 1) == 2 else 1
        wanted = ceil(width / block[0]) * ceil(height / block[1]) * planes
        return Image(
            offset=directory.offset,
            width=width,
            height=height,
            samples=samples,
            tiled=tiled,
            block_width=block[0],
            block_height=block[1],
            reduced=bool(subfile & 1),
            mask=bool(subfile & 4),
            blocks=self._blocks(directory, tiled, wanted),
        )

    def _blocks(self, directory: Directory, tiled: bool, wanted: int) -> Blocks:
        codes = (TILE_OFFSETS, TILE_SIZES) if tiled else (STRIP_OFFSETS, STRIP_SIZES)
        if wanted > _MAX_BLOCKS:
            raise TooLarge(
                f"The image is cut into {wanted} blocks",
                where=f"{self.where}: directory at byte {directory.offset}",
                remedy="Write it with larger tiles",
            )
        offsets, sizes = (self.values(directory, code, _MAX_BLOCKS) for code in codes)
        if offsets.size < wanted or sizes.size < wanted:
            found = min(offsets.size, sizes.size)
            raise self.broken(f"{wanted} blocks are needed, but it names {found}", directory.offset)
        blocks = Blocks(offsets[:wanted].astype("u8"), sizes[:wanted].astype("u8"))
        filled = blocks.sizes > 0
        beyond = filled & (
            (blocks.offsets > self.size) | (blocks.sizes > self.size - blocks.offsets)
        )
        if beyond.any():
            number = int(beyond.argmax())
            raise self.broken(
                f"{int(beyond.sum())} of {wanted} blocks lie beyond its end at {self.size}, "
                f"the first of them block {number}",
                int(blocks.offsets[number]),
            )
        return blocks
