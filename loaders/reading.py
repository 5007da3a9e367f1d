"""How the bytes of one file are got: from a path, a slice of an archive, or a packed stream.

Each way is a small frozen dataclass that is called to read.  It holds a path and
numbers only, so an entry can be sent to a worker process and read there.  Every
one counts the bytes that really come out and stops at its bound: no length that
a file states about itself is believed.
"""

from __future__ import annotations

import bz2
import lzma
import shutil
import weakref
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import BinaryIO, Final, Protocol

from dafab_kg.model.errors import DocumentRejected, NotSafe, NotWellFormed, TooLarge

HEAD_BYTES: Final = 4096
"""How many bytes :attr:`~dafab_kg.model.documents.Entry.head` holds."""

CHUNK: Final = 256 * 1024
RATIO: Final = 400
RATIO_FROM: Final = 32 * 1024 * 1024
"""A stream that has grown to RATIO_FROM bytes, and is then more than RATIO times
what was read for it, is a bomb; real metadata packs 10 to 100 times."""

_XZ_MEMORY: Final = 256 * 1024 * 1024


class Reader(Protocol):
    """One way to get at bytes; each call reads anew."""

    def __call__(self) -> bytes:
        """Return all bytes."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Give all bytes piece by piece."""
        ...

    def head(self) -> bytes:
        """Return the first :data:`HEAD_BYTES`."""
        ...


class TemporaryFolder:
    """A directory that is removed with its last user; a copy in another process has none.

    Entries, parts and readers hold it for as long as their file must be there.
    """

    def __init__(self) -> None:
        self.path = Path(mkdtemp(prefix="dafab-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        # a second owner would remove it while the first still needs it
        return type(None), ()


class ByteSource(Protocol):
    """What bytes are read from."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to ``size`` bytes; none at the end."""
        ...


@dataclass(frozen=True)
class FileBytes:
    """A file as it is."""

    path: str
    max_bytes: int

    def __call__(self) -> bytes:
        """Return the file's bytes."""
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """Give the file's bytes piece by piece."""
        with _opened(self.path) as stream:
            yield from _bounded(_plain(stream), self.max_bytes, self.path)

    def head(self) -> bytes:
        """Return the file's first bytes."""
        with _opened(self.path) as stream:
            return stream.read(HEAD_BYTES)


@dataclass(frozen=True)
class KeptBytes(FileBytes):
    """A file that was unpacked to a temporary directory, which it keeps there."""

    keeper: TemporaryFolder | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class PackedBytes:
    """The one file that a .gz, .bz2 or .xz holds."""

    path: str
    packing: str
    max_bytes: int

    def __call__(self) -> bytes:
        """Return the unpacked bytes."""
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """Give the unpacked bytes piece by piece."""
        with _opened(self.path) as stream:
            yield from _bounded(inflate(stream, self.packing, self.path), self.max_bytes, self.path)

    def head(self) -> bytes:
        """Return the first unpacked bytes."""
        with _opened(self.path) as stream:
            return _first(inflate(stream, self.packing, self.path))


@dataclass(frozen=True)
class SliceBytes:
    """A member of an archive that lies at an offset: of a plain tar, or of a zip.

    ``packed`` bytes at ``offset`` become ``size`` bytes with checksum ``crc``
    (zip only).  ``origin`` names the member in messages; ``keeper`` keeps an archive
    there that was unpacked from another.
    """

    path: str
    origin: str
    offset: int
    packed: int
    size: int
    packing: str
    max_bytes: int
    crc: int | None = None
    keeper: TemporaryFolder | None = field(default=None, repr=False, compare=False)

    def __call__(self) -> bytes:
        """Return the member's bytes, which must be as many as the archive says."""
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """Give the member's bytes piece by piece, and fail at the end if they are not right."""
        size, crc = 0, 0
        with _opened(self.path) as stream:
            most = min(self.max_bytes, self.size)
            for piece in _bounded(self._chunks(stream), most, self.origin):
                size, crc = size + len(piece), zlib.crc32(piece, crc)
                yield piece
        if size != self.size or (self.crc is not None and crc != self.crc):
            raise NotWellFormed(
                "The member's bytes differ from what the archive states (size or checksum)",
                where=self.origin,
                remedy="Fetch the archive again from its source",
            )

    def head(self) -> bytes:
        """Return the member's first bytes."""
        with _opened(self.path) as stream:
            return self.head_from(stream)

    def head_from(self, stream: BinaryIO) -> bytes:
        """Return the member's first bytes from the archive that is already open."""
        return _first(self._chunks(stream))

    def _chunks(self, stream: BinaryIO) -> Iterator[bytes]:
        stream.seek(self.offset)
        window = _Window(stream, self.packed)
        return inflate(window, self.packing, self.origin) if self.packing else _plain(window)


@dataclass(frozen=True)
class HeldBytes:
    """A member of a packed tar, which cannot be found again without unpacking all before it."""

    data: bytes = field(repr=False)

    def __call__(self) -> bytes:
        """Return the bytes."""
        return self.data

    def chunks(self) -> Iterator[bytes]:
        """Give the bytes."""
        yield self.data

    def head(self) -> bytes:
        """Return the first bytes."""
        return self.data[:HEAD_BYTES]


def inflate(stream: ByteSource, packing: str, where: str) -> Iterator[bytes]:
    """Unpack ``stream`` piece by piece (gzip, bzip2, xz, or deflate as in a zip).

    Raises:
        NotWellFormed: the stream is broken or ends too early.
        NotSafe: it grows out of all proportion (see :data:`RATIO`).
    """
    decompressor = _decompressor(packing)
    taken = made = 0
    while True:
        data = b""
        if decompressor.eof:
            # a .gz may be several streams one after the other, and zeros as padding
            data = decompressor.unused_data or stream.read(CHUNK)
            if packing == "deflate" or not data.strip(b"\0"):
                return
            decompressor = _decompressor(packing)
        elif decompressor.needs_input:
            data = stream.read(CHUNK)
            taken += len(data)
            if not data:
                raise _broken("the packed data ends too early", where)
        try:
            piece = decompressor.decompress(data, CHUNK)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
            raise _broken(str(error), where) from None
        made += len(piece)
        if made > RATIO_FROM and made > RATIO * taken:
            raise NotSafe(
                f"{taken} packed bytes grow to more than {made}",
                where=where,
                remedy="If it is honest data, unpack it and load the files",
            )
        yield piece


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Zlib:
    """zlib's decompressor with the manners of those of bz2 and lzma."""

    def __init__(self, window_bits: int) -> None:
        self._inner = zlib.decompressobj(window_bits)
        self.eof = False
        self.unused_data = b""
        self.needs_input = True

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Return up to ``max_length`` bytes."""
        piece = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self.eof = self._inner.eof
        self.unused_data = self._inner.unused_data
        # a full piece may have more behind it even where no input is left
        self.needs_input = not self._inner.unconsumed_tail and len(piece) < max_length
        return piece


def _decompressor(packing: str) -> _Decompressor:
    makers: dict[str, Callable[[], _Decompressor]] = {
        "gzip": lambda: _Zlib(31),
        "deflate": lambda: _Zlib(-15),
        "bzip2": bz2.BZ2Decompressor,
        "xz": lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY),
    }
    return makers[packing]()


@dataclass
class _Window:
    """A stretch of a stream."""

    stream: BinaryIO
    left: int

    def read(self, size: int = -1, /) -> bytes:
        """Return up to ``size`` bytes of what is left."""
        data = self.stream.read(min(size, self.left) if size >= 0 else self.left)
        self.left -= len(data)
        return data


def _plain(stream: ByteSource) -> Iterator[bytes]:
    while data := stream.read(CHUNK):
        yield data


def _first(chunks: Iterator[bytes]) -> bytes:
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= HEAD_BYTES:
            break
    return head[:HEAD_BYTES]


def _bounded(chunks: Iterator[bytes], max_bytes: int, where: str) -> Iterator[bytes]:
    total = 0
    for piece in chunks:
        total += len(piece)
        if total > max_bytes:
            raise TooLarge(
                f"It holds more than {max_bytes} bytes",
                where=where,
                remedy="Set DAFAB_MAX_FILE_BYTES higher if it is meant to be that large",
            )
        yield piece


def save(read: Callable[[], bytes], path: Path) -> None:
    """Write what ``read`` gives to a file, piece by piece where it can be had so.

    Raises:
        DocumentRejected: as when it is read.
    """
    chunks = getattr(read, "chunks", None)
    with path.open("wb") as file:
        for piece in chunks() if chunks is not None else (read(),):
            file.write(piece)


def _opened(path: str) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise unreadable(error, path) from None


def unreadable(error: OSError, where: str) -> DocumentRejected:
    """Return the refusal of a file that the system does not let us read."""
    return DocumentRejected(
        f"It cannot be read: {error.strerror or error}",
        where=where,
        remedy="Give the one who loads the right to read it, or take it out",
    )


def _broken(what: str, where: str) -> NotWellFormed:
    return NotWellFormed(
        f"Broken archive: {what}", where=where, remedy="Fetch it again from its source"
    )
