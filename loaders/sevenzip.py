"""Members of .7z archives, unpacked to a temporary directory: they cannot be read in place.

All that the archive says is checked before anything is unpacked (names, links, sizes,
passwords, how much memory it wants), and while it is unpacked what comes out is
counted, since an archive may lie.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, Final

import py7zr
from py7zr.exceptions import ArchiveError, Bad7zFile
from py7zr.io import Py7zIO, WriterFactory

from dafab_kg.loaders.archives import Contents, broken, is_hidden
from dafab_kg.loaders.reading import KeptBytes, TemporaryFolder, unreadable
from dafab_kg.model.documents import Entry
from dafab_kg.model.errors import NotRecognised, NotSafe, TooLarge
from dafab_kg.model.settings import Settings

_MOST_MEMORY: Final = 256 * 1024 * 1024
_RATIO: Final = 400
_RATIO_FROM: Final = 32 * 1024 * 1024
_LZMA, _LZMA2, _PPMD = b"\x03\x01\x01", b"\x21", b"\x03\x04\x01"
# what py7zr and the decompressors below it raise on broken data
_FAULTS: Final = (
    Bad7zFile, ArchiveError, lzma.LZMAError, EOFError, ValueError, KeyError, IndexError,
    TypeError, AttributeError, AssertionError,
)  # fmt: skip


def seven_members(
    path: Path, settings: Settings, origin: str = "", keeper: TemporaryFolder | None = None
) -> Iterator[Entry]:
    """Give the members of a 7z; ``origin`` names it where it was unpacked from another.

    Raises:
        NotSafe, NotWellFormed, NotRecognised, TooLarge: the archive is refused.
    """
    contents = Contents(origin or str(path), settings, str(path), keeper)
    folder = TemporaryFolder()
    try:
        with py7zr.SevenZipFile(path) as archive:
            names = _checked(archive, contents, path.stat().st_size)
            with closing(_Files(folder, names, contents)) as files:
                archive.extract(targets=list(names), factory=files)
    except OSError as error:
        raise unreadable(error, contents.origin) from None
    except py7zr.exceptions.PasswordRequired:
        raise _encrypted(contents) from None
    except py7zr.exceptions.UnsupportedCompressionMethodError as error:
        raise NotRecognised(
            f"It is packed in a way that is not supported: {error}",
            where=contents.origin,
            remedy="Pack it again as zip, or unpack it and load the files",
        ) from None
    except _FAULTS as error:
        raise broken(error, contents.origin) from None
    for name in sorted(names.values()):
        place = folder.path / name
        if place.is_file() and not is_hidden(name):
            reader = KeptBytes(str(place), settings.max_file_bytes, folder)
            size, where = place.stat().st_size, f"{contents.origin}!{name}"
            yield Entry(name, where, size, reader.head(), reader, path=place)


def _checked(archive: Any, contents: Contents, packed: int) -> dict[str, str]:
    """Return the plain name of each file by its delivered one, or refuse the archive."""
    if archive.password_protected:
        raise _encrypted(contents)
    _refuse_memory(archive, contents)
    names: dict[str, str] = {}
    for info in archive.list():
        name = contents.accept(info.filename)
        if info.is_symlink or not (info.is_file or info.is_directory):
            raise contents.unsafe(info.filename, "is a link or a device")
        if info.is_file:
            contents.count(info.uncompressed)
            names[info.filename] = name
    total = contents.text_bytes
    if total > _RATIO_FROM and total > _RATIO * packed:
        raise NotSafe(
            f"{packed} packed bytes grow to {total}",
            where=contents.origin,
            remedy="If it is honest data, unpack it and load the files",
        )
    return names


def _refuse_memory(archive: Any, contents: Contents) -> None:
    streams = archive.header.main_streams
    for folder in streams.unpackinfo.folders if streams is not None else ():
        for coder in folder.coders:
            wanted = _memory(coder["method"], coder.get("properties") or b"")
            if wanted > _MOST_MEMORY:
                raise TooLarge(
                    f"Unpacking it would take {wanted} bytes of memory",
                    where=contents.origin,
                    remedy="Pack it again with a smaller dictionary, or as zip",
                )


def _memory(method: bytes, properties: bytes) -> int:
    """Return the size of the dictionary that a method wants (7-Zip's format description)."""
    if method == _LZMA2 and properties:
        bits = properties[0]
        return (2 | bits & 1) << (bits // 2 + 11)
    if method in {_LZMA, _PPMD} and len(properties) >= 5:
        return int.from_bytes(properties[1:5], "little")
    return 0


def _encrypted(contents: Contents) -> NotRecognised:
    return NotRecognised(
        "It is encrypted",
        where=contents.origin,
        remedy="Unpack the archive with its password and load the files",
    )


class _Files(WriterFactory):
    """Opens the file for each member, and counts what all of them hold together."""

    def __init__(self, folder: TemporaryFolder, names: dict[str, str], contents: Contents) -> None:
        self._folder = folder.path
        self._names = names
        self.left = contents.settings.max_archive_bytes
        self.contents = contents
        self._open: list[_File] = []

    def close(self) -> None:
        """Close what a fault left open."""
        for file in self._open:
            file.close()

    def create(self, filename: str) -> Py7zIO:
        """Open the file of one member."""
        place = self._folder / self._names[filename]
        place.parent.mkdir(parents=True, exist_ok=True)
        self._open.append(_File(place.open("x+b"), self))
        return self._open[-1]


class _File(Py7zIO):
    """One member's file."""

    def __init__(self, file: BinaryIO, files: _Files) -> None:
        self._file = file
        self._files = files

    def write(self, s: bytes | bytearray) -> int:
        self._files.left -= len(s)
        if self._files.left < 0:
            self._files.contents.count(self._files.contents.settings.max_archive_bytes + 1)
        return self._file.write(s)

    def read(self, size: int | None = None) -> bytes:
        return self._file.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def flush(self) -> None:
        self._file.flush()

    def size(self) -> int:
        self._file.flush()
        return Path(self._file.name).stat().st_size

    def close(self) -> None:
        self._file.close()
