"""Archives: members of .zip and .tar files, read where they lie, and of .7z, which are unpacked.

What an archive can do to harm: name members outside of itself, hold links and
devices, name one member twice so that two readers see different files, grow
without bound, or lie about sizes.  An archive that does any of it is refused as
a whole.  What must be a file to be read (a GeoPackage in a packed tar, an archive in
an archive) is unpacked to a temporary directory, and counted while it is.
"""

from __future__ import annotations

import re
import shutil
import stat
import struct
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Final, cast

from dafab_kg.loaders.reading import (
    CHUNK,
    HEAD_BYTES,
    HeldBytes,
    KeptBytes,
    SliceBytes,
    TemporaryFolder,
    inflate,
    unreadable,
)
from dafab_kg.model.documents import Entry, Refused
from dafab_kg.model.errors import (
    DocumentRejected,
    NotRecognised,
    NotSafe,
    NotWellFormed,
    TooLarge,
)
from dafab_kg.model.settings import Settings

_PACKINGS: Final = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
)
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_ARCHIVE_NAME = re.compile(r"\.(zip|tar|tgz|tbz2?|txz|gz|bz2|xz|7z|rar)\Z", re.IGNORECASE)
_DATA_NAME = re.compile(r"\.(gpkg|parquet|geoparquet|fgb|shp|shx|dbf)\Z", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a]")
_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")


def packing_of(head: bytes) -> str:
    """Return how a file is packed by its first bytes; empty where it is not."""
    return next((name for magic, name in _PACKINGS if head.startswith(magic)), "")


def is_zip(head: bytes) -> bool:
    """Tell whether a file that begins so is a zip."""
    return head.startswith(_ZIP)


def is_seven(head: bytes) -> bool:
    """Tell whether a file that begins so is a 7z."""
    return head.startswith(b"7z\xbc\xaf\x27\x1c")


def is_rar(head: bytes) -> bool:
    """Tell whether a file that begins so is a RAR."""
    return head.startswith(b"Rar!\x1a\x07")


def rar_refused(where: str) -> NotRecognised:
    """Return the refusal of a RAR."""
    return NotRecognised(
        "RAR archives are not opened: no free library reads them",
        where=where,
        remedy="Unpack it and load the directory, or pack it again as zip or 7z",
    )


def is_tar(head: bytes) -> bool:
    """Tell whether a file that begins so is a tar (POSIX, GNU, or of the seventh edition)."""
    if len(head) < 512:
        return False
    if head[257:262] == b"ustar":
        return True
    stated = re.match(rb"[ 0]*([0-7]{1,6})[\0 ]", head[148:156])
    counted = sum(head[:148]) + 8 * 0x20 + sum(head[156:512])
    return stated is not None and counted > 8 * 0x20 and int(stated.group(1), 8) == counted


def is_text(head: bytes) -> bool:
    """Tell whether a file that begins so can be XML, JSON or RDF: text, in any encoding."""
    return head.startswith(_WIDE_MARKS) or _CONTROL.search(head) is None


def is_hidden(name: str) -> bool:
    """Tell whether a path holds a hidden part, or what macOS leaves in archives."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


@dataclass
class Contents:
    """What has been seen of an archive so far, and the bounds it must keep.

    ``origin`` names it in messages; ``path`` is the file, which ``keeper`` keeps there.
    """

    origin: str
    settings: Settings
    path: str = ""
    keeper: TemporaryFolder | None = None
    seen: set[str] = field(default_factory=set)
    text_bytes: int = 0

    def accept(self, name: str) -> str:
        """Return a member's name made plain, or refuse the archive because of it."""
        plain = name.removeprefix("./").rstrip("/")
        parts = re.split(r"[/\\]", plain)
        if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
            raise self.unsafe(name, "has an absolute path")
        if ".." in parts:
            raise self.unsafe(name, "leads out of the archive")
        if "\\" in name or "\0" in name:
            raise self.unsafe(name, "holds a backslash or a zero byte in its name")
        if plain in self.seen:
            raise self.unsafe(name, "is there twice")
        self.seen.add(plain)
        if len(self.seen) > self.settings.max_archive_members:
            raise TooLarge(
                f"It holds more than {self.settings.max_archive_members} members",
                where=self.origin,
                remedy="Set DAFAB_MAX_ARCHIVE_MEMBERS higher if it is meant to be that large",
            )
        return plain

    def count(self, size: int) -> None:
        """Count the bytes of one text member."""
        self.text_bytes += size
        if self.text_bytes > self.settings.max_archive_bytes:
            raise TooLarge(
                f"Its members hold more than {self.settings.max_archive_bytes} bytes",
                where=self.origin,
                remedy="Set DAFAB_MAX_ARCHIVE_BYTES higher if it is meant to be that large",
            )

    def unsafe(self, name: str, what: str) -> NotSafe:
        """Return the refusal of the archive because of one member."""
        return NotSafe(
            f"Member {name!r} {what}",
            where=self.origin,
            remedy="Unpack the archive by hand, look at it, and load the files",
        )


def zip_members(
    path: Path, settings: Settings, origin: str = "", keeper: TemporaryFolder | None = None
) -> Iterator[Entry | Refused]:
    """Give the members of a zip; ``origin`` names it where it was unpacked from another.

    Raises:
        NotSafe, NotWellFormed, NotRecognised, TooLarge: the archive is refused.
    """
    contents = Contents(origin or str(path), settings, str(path), keeper)
    try:
        with path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
            yield from _zip_entries(stream, infos, contents)
    except OSError as error:
        raise unreadable(error, contents.origin) from None
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise broken(error, contents.origin) from None


def _zip_entries(
    stream: BinaryIO, infos: list[zipfile.ZipInfo], contents: Contents
) -> Iterator[Entry | Refused]:
    end = 0
    for info in infos:
        name = contents.accept(info.orig_filename)
        _refuse_zip_member(info, contents)
        if info.is_dir():
            continue
        reader = _zip_reader(stream, info, name, contents)
        # members that share bytes are how a small zip holds petabytes
        if info.header_offset < end:
            raise contents.unsafe(name, "lies over another member")
        end = reader.offset + reader.packed
        if is_hidden(name):
            continue
        head = reader.head_from(stream)
        yield _member(name, reader.origin, info.file_size, head, reader, contents)


def _refuse_zip_member(info: zipfile.ZipInfo, contents: Contents) -> None:
    # the upper half holds Unix permissions, where the archive was made on Unix
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise contents.unsafe(info.filename, "is a link or a device")
    if info.flag_bits & 0x1:
        raise NotRecognised(
            f"Member {info.filename!r} is encrypted",
            where=contents.origin,
            remedy="Unpack the archive with its password and load the files",
        )
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise NotRecognised(
            f"Member {info.filename!r} is packed by method {info.compress_type}",
            where=contents.origin,
            remedy="Pack it again with deflate, or unpack it and load the files",
        )


def _zip_reader(
    stream: BinaryIO, info: zipfile.ZipInfo, name: str, contents: Contents
) -> SliceBytes:
    stream.seek(info.header_offset)
    magic, name_length, extra_length = _LOCAL_HEADER.unpack(stream.read(_LOCAL_HEADER.size))
    if magic != _ZIP[0]:
        raise zipfile.BadZipFile(f"no member where {name!r} should be")
    # the directory at the end and the header at the member must agree on the name
    local = stream.read(name_length).decode("utf-8" if info.flag_bits & 0x800 else "cp437")
    if local != info.orig_filename:
        raise contents.unsafe(name, f"is called {local!r} where it lies")
    return SliceBytes(
        path=contents.path,
        origin=f"{contents.origin}!{name}",
        offset=info.header_offset + _LOCAL_HEADER.size + name_length + extra_length,
        packed=info.compress_size,
        size=info.file_size,
        packing="deflate" if info.compress_type == zipfile.ZIP_DEFLATED else "",
        max_bytes=contents.settings.max_file_bytes,
        crc=info.CRC,
        keeper=contents.keeper,
    )


def tar_members(path: Path, packing: str, settings: Settings) -> Iterator[Entry | Refused]:
    """Give the members of a tar.

    Of a plain tar all are given, to be read where they lie.  A packed one is
    unpacked once, and its text members are kept in memory.

    Raises:
        NotSafe, NotWellFormed, TooLarge: the archive is refused.
    """
    contents = Contents(str(path), settings, str(path))
    try:
        with path.open("rb") as stream:
            if packing:
                # tarfile asks no more of a stream than to be read
                unpacked = cast(BinaryIO, _Unpacked(inflate(stream, packing, str(path)), contents))
                with tarfile.open(fileobj=unpacked, mode="r|", bufsize=CHUNK) as archive:
                    yield from _held_entries(archive, contents)
            else:
                with tarfile.open(fileobj=stream, mode="r:") as archive:
                    yield from _slice_entries(archive, stream, contents)
    except OSError as error:
        raise unreadable(error, str(path)) from None
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise broken(error, contents.origin) from None


def _slice_entries(
    archive: tarfile.TarFile, stream: BinaryIO, contents: Contents
) -> Iterator[Entry | Refused]:
    total = Path(contents.path).stat().st_size
    for info, name in _files(archive, contents):
        if info.offset_data + info.size > total:
            raise tarfile.ReadError(f"it ends within member {name!r}")
        reader = SliceBytes(
            path=contents.path,
            origin=f"{contents.origin}!{name}",
            offset=info.offset_data,
            packed=info.size,
            size=info.size,
            packing="",
            max_bytes=contents.settings.max_file_bytes,
        )
        head = reader.head_from(stream)
        yield _member(name, reader.origin, info.size, head, reader, contents)


def _held_entries(archive: tarfile.TarFile, contents: Contents) -> Iterator[Entry | Refused]:
    for info, name in _files(archive, contents):
        member = archive.extractfile(info)
        if member is None:
            continue
        head = member.read(HEAD_BYTES)
        origin = f"{contents.origin}!{name}"
        if not is_text(head):
            if _ARCHIVE_NAME.search(name):
                yield _member(name, origin, info.size, head, HeldBytes(head), contents)
            elif _DATA_NAME.search(name):
                yield _kept(name, origin, head, member, contents)
            continue
        if info.size > contents.settings.max_file_bytes:
            error = TooLarge(
                f"It holds {info.size} bytes",
                where=origin,
                remedy="Set DAFAB_MAX_FILE_BYTES higher if it is meant to be that large",
            )
            yield Refused(error, (Entry(name, origin, info.size, head, HeldBytes(head)),))
            continue
        data = head + member.read()
        if len(data) != info.size:
            raise tarfile.ReadError(f"it ends within member {name!r}")
        yield _member(name, origin, len(data), data[:HEAD_BYTES], HeldBytes(data), contents)


def _kept(name: str, origin: str, head: bytes, member: IO[bytes], contents: Contents) -> Entry:
    """Unpack a member that libraries read by path; its bytes are counted as they come."""
    folder = TemporaryFolder()
    path = folder.path / PurePosixPath(name).name
    with path.open("wb") as file:
        file.write(head)
        shutil.copyfileobj(member, file, CHUNK)
    reader = KeptBytes(str(path), contents.settings.max_file_bytes, folder)
    return Entry(name, origin, path.stat().st_size, head, reader)


def _files(archive: tarfile.TarFile, contents: Contents) -> Iterator[tuple[tarfile.TarInfo, str]]:
    for info in archive:
        name = contents.accept(info.name)
        if info.issparse() or not (info.isreg() or info.isdir()):
            raise contents.unsafe(info.name, "is a link, a device or has holes")
        if info.isreg() and not is_hidden(name):
            yield info, name


def _member(
    name: str,
    origin: str,
    size: int,
    head: bytes,
    reader: SliceBytes | HeldBytes,
    contents: Contents,
) -> Entry | Refused:
    entry = Entry(name=name, origin=origin, size=size, head=head, read=reader)
    if is_text(head):
        contents.count(size)
    elif is_rar(head):
        return Refused(rar_refused(origin), (entry,))
    elif _ARCHIVE_NAME.search(name) and (contents.keeper is not None or not opens_within(entry)):
        error = NotRecognised(
            "An archive inside an archive is opened only if it is a zip or 7z, and one deep",
            where=origin,
            remedy="Unpack the outer archive and load its directory",
        )
        return Refused(error, (entry,))
    return entry


def opens_within(entry: Entry) -> bool:
    """Tell whether a member is an archive that is opened within its archive.

    Many formats of documents are zips, so the name must not tell otherwise.
    """
    named = _ARCHIVE_NAME.search(entry.name) or "." not in PurePosixPath(entry.name).name
    held = isinstance(entry.read, HeldBytes)
    return bool(named) and not held and (is_zip(entry.head) or is_seven(entry.head))


class _Unpacked:
    """A packed stream with ``read``, as tarfile wants it, which counts what comes out."""

    def __init__(self, chunks: Iterator[bytes], contents: Contents) -> None:
        self._chunks = chunks
        self._contents = contents
        self._buffer = b""
        self._total = 0

    def read(self, size: int) -> bytes:
        """Return ``size`` bytes, fewer at the end."""
        pieces = [self._buffer]
        have = len(self._buffer)
        while have < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            have += len(chunk)
            pieces.append(chunk)
        data = b"".join(pieces)
        self._buffer = data[size:]
        self._total += min(size, len(data))
        if self._total > self._contents.settings.max_archive_bytes:
            raise TooLarge(
                f"It unpacks to more than {self._contents.settings.max_archive_bytes} bytes",
                where=self._contents.origin,
                remedy="Set DAFAB_MAX_ARCHIVE_BYTES higher, or unpack it and load the files",
            )
        return data[:size]


def broken(error: Exception, where: str) -> DocumentRejected:
    """Return the refusal of an archive that cannot be read."""
    return NotWellFormed(
        f"Broken archive: {error}", where=where, remedy="Fetch it again from its source"
    )
