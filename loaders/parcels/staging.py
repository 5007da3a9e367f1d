"""Files of one candidate on disk, where libraries can read them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dafab_kg.loaders.parcels.recognise import Candidate, container
from dafab_kg.loaders.reading import HEAD_BYTES, TemporaryFolder, save
from dafab_kg.model.documents import Entry, FilePart, Part


@dataclass(frozen=True)
class Staged:
    """A file of parcels on disk: ``path``, with what belongs to it beside it.

    ``name`` is its path in the tree that it came from, ``where`` names it in messages.
    ``parts`` are all its files; ``codes`` the crop list that lies beside the data.
    """

    kind: str
    path: Path
    name: str
    where: str
    container: str
    parts: tuple[Part, ...]
    codes: Part | None = None


def stage(candidate: Candidate, within: str, codes: Entry | Path | None) -> Staged:
    """Make the files of ``candidate`` readable by path; what lies in an archive is unpacked.

    Raises:
        DocumentRejected: a member cannot be unpacked, or is beyond the bound.
    """
    # a GML is read apart from a schema beside it, which would decide what columns it has
    if candidate.kind != "GML" and _lie_together(candidate.entries):
        parts = tuple(_part_of(entry) for entry in candidate.entries)
    else:
        folder = TemporaryFolder()
        parts = tuple(_unpacked(entry, folder) for entry in candidate.entries)
    path = parts[0].path
    return Staged(
        candidate.kind,
        path,
        candidate.entry.name,
        candidate.entry.origin,
        within,
        parts,
        _codes(codes),
    )


def restage(parts: Sequence[Part], where: str) -> Staged:
    """Put the files of a document that is kept back on disk under their names."""
    folder = TemporaryFolder()
    staged: list[FilePart] = []
    for part in parts:
        path = folder.path / _file_name(part.name)
        if isinstance(part, FilePart) and sys.platform != "win32":
            path.symlink_to(part.path.resolve())
        elif isinstance(part, FilePart):
            shutil.copyfile(part.path, path)
        else:
            path.write_bytes(part.data)
        staged.append(FilePart(part.name, path, folder))
    codes = [part for part in staged[1:] if part.name.lower().endswith(".csv")]
    files = tuple(part for part in staged if part not in codes)
    kind = _kind(files[0])
    return Staged(kind, files[0].path, files[0].name, where, "", files, codes[0] if codes else None)


def _kind(part: FilePart) -> str:
    with part.path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return container(Entry(part.name, part.name, 0, head, lambda: head))


def _lie_together(entries: Sequence[Entry]) -> bool:
    """Tell whether all are files on disk, in one folder and under their own names."""
    paths = [entry.path for entry in entries]
    return all(
        path is not None and path.name == PurePosixPath(entry.name).name and "!" not in str(path)
        for path, entry in zip(paths, entries, strict=True)
    )


def _file_name(name: str) -> str:
    """Return the last part of a name; pyogrio takes what follows a ``!`` for a member."""
    return PurePosixPath(name).name.replace("!", "_")


def _part_of(entry: Entry) -> FilePart:
    assert entry.path is not None
    return FilePart(entry.name, entry.path, entry)


def _unpacked(entry: Entry, folder: TemporaryFolder) -> FilePart:
    path = folder.path / _file_name(entry.name)
    if entry.path is not None and sys.platform != "win32":
        path.symlink_to(entry.path.resolve())
    else:
        save(entry.read, path)
    return FilePart(entry.name, path, folder)


def _codes(codes: Entry | Path | None) -> Part | None:
    if codes is None:
        return None
    if isinstance(codes, Path):
        return Part(codes.name, codes.read_bytes())
    return Part(codes.name, codes.read())
