"""From what a user gives to trees of entries: files, directories and archives.

What a file is, is told by its content.  A directory becomes one tree of all
files below it, in sorted order; an archive, given or found in a directory,
becomes a tree of its own; a file packed alone (``data.nq.gz``) is an entry like
any other.  Only what cannot be read where it lies is unpacked, to a temporary
directory: a .7z, and an archive within an archive.  Hidden files are passed over.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dafab_kg.loaders.archives import (
    is_hidden,
    is_rar,
    is_seven,
    is_tar,
    is_zip,
    opens_within,
    packing_of,
    rar_refused,
    tar_members,
    zip_members,
)
from dafab_kg.loaders.reading import (
    HEAD_BYTES,
    FileBytes,
    PackedBytes,
    Reader,
    TemporaryFolder,
    save,
    unreadable,
)
from dafab_kg.model.documents import Entry, Refused, Tree
from dafab_kg.model.errors import DocumentRejected, FileNotUsable
from dafab_kg.model.settings import Settings

_SUFFIXES: Final = {"gzip": ".gz", "bzip2": ".bz2", "xz": ".xz"}


class FileEntry(Entry):
    """An entry of a directory; its head is read when asked for.

    Held for 100,000 files at once, the heads would take 400 MB.
    """

    def __init__(self, name: str, origin: str, size: int, read: Reader) -> None:
        path = Path(origin) if isinstance(read, FileBytes) else None
        values = {"name": name, "origin": origin, "size": size, "read": read, "path": path}
        for field, value in values.items():
            object.__setattr__(self, field, value)

    @property
    def head(self) -> bytes:
        """The first 4 KiB, unpacked; empty where they cannot be read any more."""
        reader: Reader = self.read  # type: ignore[assignment]
        try:
            return reader.head()
        except DocumentRejected:
            # whoever reads the whole file gets the same error, and reports it
            return b""


def open_trees(paths: Sequence[Path], settings: Settings) -> Iterator[Tree | Refused]:
    """Give the trees of ``paths``, each directory or archive as one, in the given order.

    ``~`` is the home directory.  A path given twice is read once.

    Raises:
        FileNotUsable: a path does not exist, before anything is read.
    """
    places: dict[Path, Path] = {}
    for given in paths:
        path = _expanded(given)
        if not path.exists():
            raise FileNotUsable(f"There is no file or directory {str(path)!r}; check the path")
        if not path.is_dir() and not path.is_file():
            raise FileNotUsable(
                f"{str(path)!r} is neither a file nor a directory; give one that is"
            )
        places.setdefault(path.resolve(), path)
    return _opened(list(places.values()), settings)


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise FileNotUsable(f"{str(path)!r} names the home of a user who is not known") from None


@dataclass(frozen=True)
class _Archive:
    """An archive that has been seen: a ``zip``, a ``7z``, or a ``tar``, which may be packed."""

    path: str
    form: str
    packing: str = ""


def _opened(paths: list[Path], settings: Settings) -> Iterator[Tree | Refused]:
    for path in paths:
        if path.is_dir():
            yield from _directory(str(path), settings)
            continue
        match _look(str(path), path.name, path.stat().st_size, settings):
            case _Archive() as archive:
                yield from _unpacked(archive, settings)
            case Entry() as entry:
                yield Tree(str(path), (entry,))
            case Refused() as refused:
                yield refused


def _directory(root: str, settings: Settings) -> Iterator[Tree | Refused]:
    """Give the files below ``root`` as one tree, then each archive found there."""
    entries: list[Entry] = []
    archives: list[_Archive] = []
    below = len(os.path.join(root, ""))  # noqa: PTH118 (root may be "/" or end in one)
    for path, size, fault in _walk(root):
        name = path[below:].replace(os.sep, "/")
        if fault is not None:
            yield _refused(path, name, fault, settings)
            continue
        match _look(path, name, size, settings):
            case _Archive() as archive:
                archives.append(archive)
            case Entry() as entry:
                entries.append(entry)
            case Refused() as refused:
                yield refused
    if entries:
        yield Tree(root, tuple(entries))
    for archive in archives:
        yield from _unpacked(archive, settings)


def _look(path: str, name: str, size: int, settings: Settings) -> Entry | _Archive | Refused:
    """Tell by its first bytes what the file at ``path`` is."""
    try:
        head = _head(path)
        if is_zip(head):
            return _Archive(path, "zip")
        if is_seven(head):
            return _Archive(path, "7z")
        if is_rar(head):
            return _refused(path, name, rar_refused(path), settings)
        if is_tar(head):
            return _Archive(path, "tar")
        packing = packing_of(head)
        if not packing:
            return FileEntry(name, path, size, FileBytes(path, settings.max_file_bytes))
        packed = PackedBytes(path, packing, settings.max_file_bytes)
        if is_tar(packed.head()):
            return _Archive(path, "tar", packing)
        return FileEntry(_bare(name, packing), path, size, packed)
    except OSError as error:
        return _refused(path, name, unreadable(error, path), settings)
    except DocumentRejected as error:
        return _refused(path, name, error, settings)


def _head(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        return os.read(descriptor, HEAD_BYTES)
    finally:
        os.close(descriptor)


def _bare(name: str, packing: str) -> str:
    suffix = _SUFFIXES[packing]
    return name[: -len(suffix)] if name.lower().endswith(suffix) else name


def _unpacked(archive: _Archive, settings: Settings) -> Iterator[Tree | Refused]:
    """Give an archive's members as one tree, after those that are refused; or refuse it whole."""
    path = Path(archive.path)
    if archive.form == "tar":
        members = tar_members(path, archive.packing, settings)
    else:
        members = _members(archive.form, path, settings)
    try:
        entries, refused = _sorted_out(members)
    except DocumentRejected as error:
        yield _refused(archive.path, path.name, error, settings)
        return
    yield from refused
    within = [entry for entry in entries if opens_within(entry)]
    yield Tree(archive.path, tuple(entry for entry in entries if entry not in within))
    for entry in within:
        yield from _nested(entry, settings)


def _members(
    form: str,
    path: Path,
    settings: Settings,
    origin: str = "",
    keeper: TemporaryFolder | None = None,
) -> Iterator[Entry | Refused]:
    if form == "zip":
        return zip_members(path, settings, origin, keeper)
    # imported where there is one: few archives are, and it takes long
    from dafab_kg.loaders.sevenzip import seven_members

    return seven_members(path, settings, origin, keeper)


def _sorted_out(members: Iterator[Entry | Refused]) -> tuple[list[Entry], list[Refused]]:
    entries: list[Entry] = []
    refused: list[Refused] = []
    for member in members:
        if isinstance(member, Refused):
            refused.append(member)
        else:
            entries.append(member)
    return sorted(entries, key=lambda entry: entry.name), refused


def _nested(entry: Entry, settings: Settings) -> Iterator[Tree | Refused]:
    """Give the members of an archive within an archive, which is unpacked for that."""
    folder = TemporaryFolder()
    path = folder.path / "archive"
    try:
        save(entry.read, path)
        form = "zip" if is_zip(entry.head) else "7z"
        entries, refused = _sorted_out(_members(form, path, settings, entry.origin, folder))
    except DocumentRejected as error:
        yield Refused(error, (entry,))
        return
    yield from refused
    yield Tree(entry.origin, tuple(entries))


def _refused(path: str, name: str, error: DocumentRejected, settings: Settings) -> Refused:
    size = 0
    with contextlib.suppress(OSError):
        size = Path(path).lstat().st_size
    entry = FileEntry(name, path, size, FileBytes(path, settings.max_file_bytes))
    return Refused(error, (entry,))


def _walk(root: str) -> Iterator[tuple[str, int, DocumentRejected | None]]:
    """Give the files below ``root`` with their sizes, sorted; a fault beside what is no file.

    Links to directories are followed after all real directories, and each
    directory is entered once, so that no loop of links is followed.
    """
    seen: set[tuple[int, int]] = set()
    linked: list[str] = []
    waiting = [root]
    while waiting or linked:
        folder = waiting.pop() if waiting else linked.pop(0)
        try:
            status = Path(folder).stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as listing:
                items = sorted((i for i in listing if not is_hidden(i.name)), key=_item_name)
        except OSError as error:
            yield folder, 0, unreadable(error, folder)
            continue
        folders: list[str] = []
        for item in items:
            if item.is_dir(follow_symlinks=False):
                folders.append(item.path)
            elif _leads_to_folder(item):
                linked.append(item.path)
            else:
                yield item.path, *_file(item)
        waiting.extend(reversed(folders))


def _item_name(item: os.DirEntry[str]) -> str:
    return item.name


def _leads_to_folder(item: os.DirEntry[str]) -> bool:
    try:
        return item.is_dir()
    except OSError:  # a link to itself; the file that it is not will be refused
        return False


def _file(item: os.DirEntry[str]) -> tuple[int, DocumentRejected | None]:
    """Return a file's size, and why it cannot be used where it cannot."""
    try:
        item.path.encode()
        if item.is_file():
            return item.stat().st_size, None
    except UnicodeEncodeError:
        place = os.fsencode(item.path).decode(errors="backslashreplace")
        return 0, DocumentRejected("Its name is not UTF-8", where=place, remedy="Rename it")
    except OSError as error:
        return 0, unreadable(error, item.path)
    what = "a link to nothing" if item.is_symlink() else "a pipe, socket or device"
    return 0, DocumentRejected(f"It is {what}", where=item.path, remedy="Take it out")
