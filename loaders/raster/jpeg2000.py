"""How a JPEG 2000 file is built: enough to tell one that was cut off.

Source: ISO/IEC 15444-1 annex I (boxes) and annex A (markers of the codestream).
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO, Final

from dafab_kg.model.errors import NotWellFormed

SIGNATURE: Final = bytes.fromhex("0000000c6a5020200d0a870a")
CODESTREAM: Final = bytes.fromhex("ff4fff51")
_END: Final = bytes.fromhex("ffd9")


def is_jpeg2000(head: bytes) -> bool:
    """Tell by its first bytes whether a file is JPEG 2000, boxed or bare."""
    return head.startswith((SIGNATURE, CODESTREAM))


def check_whole(file: BinaryIO, where: str) -> None:
    """Walk over the boxes and look for the end of the codestream.

    Raises:
        NotWellFormed: the file ends before it is complete.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = 0
    if file.read(4) != CODESTREAM:
        while start < size:
            file.seek(start)
            head = file.read(16)
            if len(head) < 8:
                raise _cut(where, start, size)
            length, kind = struct.unpack(">I4s", head[:8])
            if length == 1 and len(head) == 16:
                length = struct.unpack(">Q", head[8:])[0]
            if length == 0:
                length = size - start
            if length < 8 or start + length > size:
                raise _cut(where, start, size)
            start += length
            if kind == b"jp2c":
                break
        else:
            raise _cut(where, start, size)
    end = start or size
    file.seek(max(end - 2, 0))
    if file.read(2) != _END:
        raise _cut(where, end, size)


def _cut(where: str, place: int, size: int) -> NotWellFormed:
    return NotWellFormed(
        f"The JPEG 2000 file is not complete: it ends at {size}",
        where=f"{where}: byte {place}",
        remedy="Fetch the file again; it may have been cut off",
    )
