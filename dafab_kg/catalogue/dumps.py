"""Dump and restore: the graph as gzipped N-Quads, the documents in a zip beside it."""

from __future__ import annotations

import gzip
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, cast

from dafab_kg.ingest.wording import write_all_words
from dafab_kg.model.documents import FilePart
from dafab_kg.model.errors import FileNotUsable
from dafab_kg.store.documents import (
    Documents,
    Quarantined,
    StoredDocument,
    digest_of,
    entry_to_json,
    quarantined_from_json,
    stored_from_json,
)
from dafab_kg.store.protocol import Store

BATCH = 500


@dataclass(frozen=True)
class DumpReport:
    """What was written or read; ``graph`` and ``documents`` are the two files."""

    graph: Path
    documents: Path
    statements: int
    loaded: int
    quarantined: int


def documents_file(graph: Path) -> Path:
    """Return the file that holds the documents of a dump."""
    stem = graph.name.removesuffix(".gz").removesuffix(".nq")
    return graph.with_name(stem + ".documents.zip")


def write_dump(store: Store, documents: Documents, file: Path) -> DumpReport:
    """Write a dump.

    Raises:
        FileNotUsable: it cannot be written.
    """
    beside = documents_file(file)
    loaded, rejected = list(documents.all()), list(documents.quarantine())
    needed = {digest for entry in loaded for _, digest in entry.files}
    needed.update(digest for entry in rejected for _, digest in entry.files)
    needed.update(entry.element for entry in loaded if entry.element)
    needed.update(entry.named_statements for entry in loaded if entry.named_statements)
    unfinished = [path.with_name(path.name + ".part") for path in (file, beside)]
    try:
        with gzip.open(unfinished[0], "wb", compresslevel=3) as out:
            store.dump(cast(IO[bytes], out))
        with zipfile.ZipFile(unfinished[1], "w", zipfile.ZIP_DEFLATED) as archive:
            for digest in sorted(needed):
                large = documents.large_file(digest)
                if large is None:
                    archive.writestr(f"files/{digest}", documents.file(digest))
                else:
                    archive.write(large, f"large/{digest}")
            archive.writestr("documents.ndjson", _lines(loaded))
            archive.writestr("quarantine.ndjson", _lines(rejected))
        for part, path in zip(unfinished, (file, beside), strict=True):
            part.replace(path)  # an earlier dump stays until this one is whole
    except OSError as error:
        for part in unfinished:
            if part.is_file():
                part.unlink()
        raise FileNotUsable(f"{file} cannot be written: {error}") from error
    return DumpReport(file, beside, store.count(), len(loaded), len(rejected))


def read_dump(store: Store, documents: Documents, file: Path) -> DumpReport:
    """Fill an empty store from a dump.

    Raises:
        FileNotUsable: a file is missing, damaged, or the store is not empty.
    """
    beside = documents_file(file)
    if store.count() or documents.count() or documents.quarantine_count():
        raise FileNotUsable(
            "The store is not empty. Restore into a new one: dafab-kg --store NEW restore FILE"
        )
    for needed in (file, beside):
        if not needed.is_file():
            raise FileNotUsable(f"{needed} is missing: a dump has two files, kept side by side")
    try:
        with zipfile.ZipFile(beside) as archive:
            files = [name for name in archive.namelist() if name.startswith("files/")]
            loaded = list(map(stored_from_json, archive.read("documents.ndjson").splitlines()))
            rejected = list(
                map(quarantined_from_json, archive.read("quarantine.ndjson").splitlines())
            )
            for names in _batches(files):
                documents.keep({n[6:]: _checked(n[6:], archive.read(n)) for n in names}, ())
            with TemporaryDirectory(dir=documents.directory) as folder:
                for name in archive.namelist():
                    if name.startswith("large/"):
                        _keep_large(documents, archive, name, Path(folder) / "large")
        with gzip.open(file, "rb") as source:
            store.bulk_load(cast(IO[bytes], source))
        store.flush()
    except (
        OSError, EOFError, SyntaxError, ValueError, KeyError, TypeError, zlib.error,
        zipfile.BadZipFile,
    ) as error:  # fmt: skip
        raise FileNotUsable(
            f"The dump {file} is damaged: {error}. The store is left half filled: remove it"
        ) from error
    documents.keep({}, tuple(loaded))
    write_all_words(documents)
    documents.begin(None, {}, tuple(rejected))
    store.optimise()
    return DumpReport(file, beside, store.count(), len(loaded), len(rejected))


def _keep_large(documents: Documents, archive: zipfile.ZipFile, name: str, place: Path) -> None:
    with archive.open(name) as source, place.open("wb") as out:
        shutil.copyfileobj(source, out)
    digest = name.removeprefix("large/")
    if FilePart(name, place).digest != digest:
        raise ValueError(f"file {digest} is not what its name says")
    documents.keep({digest: place}, ())


def _checked(digest: str, data: bytes) -> bytes:
    if digest_of(data) != digest:
        raise ValueError(f"file {digest} is not what its name says")
    return data


def _batches(names: list[str]) -> Iterator[list[str]]:
    rest = iter(names)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _lines(entries: list[StoredDocument] | list[Quarantined]) -> bytes:
    return b"\n".join(entry_to_json(entry) for entry in entries)
