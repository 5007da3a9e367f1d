"""The document store: every source document byte for byte, in LMDB.

It is the key-value store of the specification (section 6.7).  Files are
addressed by their SHA-256; entries tell which files make a document, what was
loaded of it, or why it was rejected.  All writes of one commit happen in one
LMDB transaction (docs/decisions/commit.md).  A file that a loader leaves on disk
(``FilePart``: a parcel register, an image) is too large for that: it is copied
beside the database, under its SHA-256, before the transaction that names it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import lmdb
import orjson

from dafab_kg.model.documents import FilePart, Part, SourceDocument
from dafab_kg.model.errors import StoreInUse, StoreNotUsable, ThingNotFound
from dafab_kg.model.plain_json import write_plain
from dafab_kg.store.changes import changed_since, last_change, note_changes, open_changes
from dafab_kg.store.mended import is_mended
from dafab_kg.store.worded import (
    Words,
    add_words,
    documents_with,
    mark_partial,
    mark_whole,
    open_words,
)

MAP_SIZE = 1 << 40  # address space, not disk: the file grows as it is filled
COMPRESS_FROM = 4096  # bytes; below, a read is cheaper than unpacking
_IDENTIFIER = re.compile("[0-9a-f]{32}")
_PLAIN, _ZLIB = b"\0", b"\1"


@dataclass(frozen=True)
class StoredDocument:
    """A document that is loaded.

    ``files`` are (name, SHA-256 hex) pairs; ``triples`` is the size of its graph.
    ``element`` is the SHA-256 of a file with what stands at ``pointer`` by itself, so that
    it can be read without all that stands beside it; "" where that is the whole.
    ``named_graphs`` are those that the document brings of its own, and
    ``named_statements`` the SHA-256 of a file with what it states in them (N-Quads).
    """

    document_id: str
    kind: str
    key: str
    origin: str
    content_hash: str
    files: tuple[tuple[str, str], ...]
    pointer: str = ""
    element: str = ""
    versions: str = ""
    loaded_at: str = ""
    load_id: str = ""
    triples: int = 0
    named_graphs: tuple[str, ...] = ()
    named_statements: str = ""
    warnings: tuple[str, ...] = ()
    family: str = ""


@dataclass(frozen=True)
class Quarantined:
    """A document that was rejected, with the reason; ``report`` is SHACL Turtle or "".

    Each rejected content is an entry of its own: ``document_id`` names the entry,
    ``would_be`` the document that it would have become.
    """

    document_id: str
    kind: str
    key: str
    origin: str
    content_hash: str
    files: tuple[tuple[str, str], ...]
    rejected_at: str
    error: str
    message: str
    where: str = ""
    remedy: str = ""
    report: str = ""
    pointer: str = ""
    would_be: str = ""
    load_id: str = ""
    family: str = ""
    parts: tuple[Part, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Pending:
    """A batch that is being committed: what its journal entry names."""

    sequence: int
    documents: tuple[StoredDocument, ...]
    deleted: tuple[str, ...] = ()


class Documents:
    """The document store in one directory."""

    def __init__(self, directory: Path, *, read_only: bool = False, frozen: bool = False) -> None:
        """Open the store; ``frozen`` shows it as it is now, whatever a writer does later."""
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        try:
            self._env = lmdb.open(
                str(directory), map_size=MAP_SIZE, max_dbs=8, readonly=read_only, max_readers=256
            )
            # Readers that were killed keep their places, and old pages, until somebody looks.
            self._env.reader_check()
            self._files = self._env.open_db(b"files", create=not read_only)
            self._entries = self._env.open_db(b"documents", create=not read_only)
            self._rejected = self._env.open_db(b"quarantine", create=not read_only)
            self._journal = self._env.open_db(b"journal", create=not read_only)
            self._naming = self._open_naming(read_only=read_only)
            self._changes = open_changes(self._env, create=not read_only)
            self._words = open_words(
                self._env, create=not read_only, whole=not self._size(self._entries)
            )
        except lmdb.Error as error:
            if "already open in this process" in str(error):
                raise StoreInUse(
                    f"{directory.parent} is open in this process already: use that catalogue"
                ) from error
            raise StoreNotUsable(f"{directory} is no document store: {error}") from error
        self._frozen = self._env.begin() if frozen else None

    def _open_naming(self, *, read_only: bool) -> Any:
        """Open the table of graph names to documents; one made before there was one gets it."""
        try:
            return self._env.open_db(b"naming", create=False)
        except lmdb.NotFoundError:
            if read_only:
                return None
        naming = self._env.open_db(b"naming")
        with self._env.begin(write=True) as txn:
            for _, data in txn.cursor(self._entries):
                entry = stored_from_json(data)
                for key in _naming_keys(entry):
                    txn.put(key, b"", db=naming)
        return naming

    # reading

    def naming(self, graph: str) -> tuple[StoredDocument, ...]:
        """Return the documents that bring a named graph of this name of their own."""
        if self._naming is None:
            return tuple(entry for entry in self.all() if graph in entry.named_graphs)
        start = _graph_key(graph)
        ids = []
        with self._read() as txn:
            cursor = txn.cursor(self._naming)
            if cursor.set_range(start):
                for key in cursor.iternext(values=False):
                    if not bytes(key).startswith(start):
                        break
                    ids.append(bytes(key)[len(start) :].decode())
        return tuple(entry for entry in map(self.get, ids) if entry is not None)

    def get(self, document_id: str) -> StoredDocument | None:
        """Return the entry of a loaded document, or None."""
        if _IDENTIFIER.fullmatch(document_id) is None:
            return None
        with self._read() as txn:
            data = txn.get(document_id.encode(), db=self._entries)
        return None if data is None else stored_from_json(data)

    def all(self) -> Iterator[StoredDocument]:
        """All loaded documents in the order of their ids."""
        with self._read() as txn:
            for _, data in txn.cursor(self._entries):
                yield stored_from_json(data)

    def count(self) -> int:
        """Number of loaded documents."""
        with self._read() as txn:
            return int(txn.stat(self._entries)["entries"])

    def with_word(self, word: str) -> frozenset[str] | None:
        """Return the ids of all documents that hold a word, and maybe of others; None: the
        word is common, or the words of some documents are not kept."""
        if self._words is None:
            return None
        with self._read() as txn:
            return documents_with(txn, self._words, word)

    def parts(self, entry: StoredDocument | Quarantined) -> tuple[Part, ...]:
        """Return the files of a document, byte for byte."""
        return tuple(self._part(name, digest) for name, digest in entry.files)

    def large_file(self, digest: str) -> Path | None:
        """Where a file lies that is kept beside the database."""
        large = self._large(digest)
        return large if large.is_file() else None

    def _part(self, name: str, digest: str) -> Part:
        large = self._large(digest)
        return FilePart(name, large) if large.is_file() else Part(name, self.file(digest))

    def _large(self, digest: str) -> Path:
        return self.directory / "large" / digest[:2] / digest

    def _size(self, table: Any) -> int:
        with self._env.begin() as txn:
            return int(txn.stat(table)["entries"])

    def file(self, digest: str) -> bytes:
        """Return one file by its SHA-256 in hex.

        Raises:
            ThingNotFound: it is not here.
        """
        with self._read() as txn:
            data = txn.get(bytes.fromhex(digest), db=self._files)
        if data is None and (large := self._large(digest)).is_file():
            return large.read_bytes()
        if data is None:
            raise ThingNotFound(f"No file with SHA-256 {digest} is kept here")
        return zlib.decompress(data[1:]) if data[:1] == _ZLIB else bytes(data[1:])

    def damaged(self, digest: str) -> bool:
        """Tell whether a file is not what its name says.

        Raises:
            ThingNotFound: it is not here.
        """
        large = self._large(digest)
        part = FilePart("", large) if large.is_file() else Part("", self.file(digest))
        return part.digest != digest

    def quarantine(self) -> Iterator[Quarantined]:
        """All rejected documents, without their files."""
        with self._read() as txn:
            for _, data in txn.cursor(self._rejected):
                yield quarantined_from_json(data)

    def quarantined(self, document_id: str) -> Quarantined | None:
        """Return one rejected document with its files, or None."""
        if _IDENTIFIER.fullmatch(document_id) is None:
            return None
        with self._read() as txn:
            data = txn.get(document_id.encode(), db=self._rejected)
        if data is None:
            return None
        entry = quarantined_from_json(data)
        return replace(entry, parts=self.parts(entry))

    def among_rejected(self, identifiers: Iterable[str]) -> tuple[str, ...]:
        """Return those of some identifiers that name a rejected document; nothing is read."""
        valid = [one for one in identifiers if _IDENTIFIER.fullmatch(one)]
        with self._read() as txn, txn.cursor(self._rejected) as cursor:
            return tuple(one for one in valid if cursor.set_key(one.encode()))

    def quarantine_count(self) -> int:
        """Number of rejected documents."""
        with self._read() as txn:
            return int(txn.stat(self._rejected)["entries"])

    def last_change(self) -> int:
        """Number of the last change of a document; 0: none was noted."""
        with self._read() as txn:
            return last_change(txn, self._changes)

    def changed_since(self, after: int, to: int) -> tuple[str, ...]:
        """Return the ids of documents whose last change has a number in (after, to]."""
        with self._read() as txn:
            return tuple(changed_since(txn, self._changes, after, to))

    def pending(self) -> tuple[Pending, ...]:
        """Batches whose commit did not end, oldest first."""
        with self._read() as txn:
            return tuple(_pending(data) for _, data in txn.cursor(self._journal))

    # writing

    def begin(
        self,
        pending: Pending | None,
        files: Mapping[str, bytes | Path],
        rejected: tuple[Quarantined, ...] = (),
    ) -> None:
        """Keep the files, name the batch in the journal, and record what was rejected."""
        self._keep_large(files)
        with self._write() as txn:
            for digest, data in files.items():
                if isinstance(data, bytes):
                    txn.put(bytes.fromhex(digest), _packed(data), db=self._files, overwrite=False)
            for entry in rejected:
                txn.put(entry.document_id.encode(), entry_to_json(entry), db=self._rejected)
            if pending is not None:
                txn.put(_key(pending.sequence), entry_to_json(pending), db=self._journal)

    def record(self, pending: Pending, words: Words | None = None) -> int:
        """Record a batch as loaded, with the words in it; it stays in the journal.

        Versions of its documents that earlier loads rejected leave quarantine; return how many.
        """
        mended = self._mended_by(pending)
        with self._write() as txn:
            add_words(txn, self._words, words or {})
            for entry in pending.documents:
                self._put_entry(txn, entry)
            for document_id in mended:
                txn.delete(document_id.encode(), db=self._rejected)
            for document_id in pending.deleted:
                self._forget_names(txn, document_id)
                txn.delete(document_id.encode(), db=self._entries)
            loaded = [entry.document_id for entry in pending.documents]
            note_changes(txn, self._changes, [*loaded, *pending.deleted])
        return len(mended)

    def dismiss(self, arrived: Iterable[tuple[str, str]], load_id: str) -> int:
        """Take from quarantine what other loads rejected of files that are good now.

        ``arrived`` are ids and origins of documents; of another file with the same document,
        what was rejected stays.
        """
        if not self.quarantine_count():
            return 0
        files = set(arrived)
        origins = {origin for _, origin in files}
        mended = [
            entry.document_id
            for entry in self.quarantine()
            if entry.load_id != load_id
            and ((entry.would_be, entry.origin) in files or is_mended(entry, origins))
        ]
        with self._write() as txn:
            for document_id in mended:
                txn.delete(document_id.encode(), db=self._rejected)
        return len(mended)

    def strike(self, pending: Pending) -> None:
        """Take a batch out of the journal."""
        with self._write() as txn:
            txn.delete(_key(pending.sequence), db=self._journal)

    def _mended_by(self, pending: Pending) -> list[str]:
        if not self.quarantine_count():
            return []
        loaded = {entry.document_id for entry in pending.documents}
        origins = {entry.origin for entry in pending.documents}
        loads = {entry.load_id for entry in pending.documents}
        return [
            entry.document_id
            for entry in self.quarantine()
            if entry.load_id not in loads
            and (entry.would_be in loaded or is_mended(entry, origins))
        ]

    def _keep_large(self, files: Mapping[str, bytes | Path]) -> None:
        """Copy the files that stay files; each is whole under its name, or absent."""
        for digest, source in files.items():
            target = self._large(digest)
            if isinstance(source, bytes) or target.is_file():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished = target.with_suffix(".part")
            try:
                shutil.copyfile(source, unfinished)
                with unfinished.open("rb+") as file:
                    os.fsync(file.fileno())
                unfinished.replace(target)
            except OSError as error:
                unfinished.unlink(missing_ok=True)
                raise StoreNotUsable(f"{source} cannot be kept: {error}") from error

    def keep(self, files: Mapping[str, bytes | Path], entries: tuple[StoredDocument, ...]) -> None:
        """Put files and entries as they are (restoring a dump), but not their words."""
        self._keep_large(files)
        with self._write() as txn:
            if entries:
                mark_partial(txn, self._words)
            for digest, data in files.items():
                if isinstance(data, bytes):
                    txn.put(bytes.fromhex(digest), _packed(data), db=self._files, overwrite=False)
            for entry in entries:
                self._put_entry(txn, entry)
            note_changes(txn, self._changes, [entry.document_id for entry in entries])

    def keep_words(self, words: Words, *, all_kept: bool = False) -> None:
        """Add words of documents that are kept; ``all_kept``: those of all are now."""
        with self._write() as txn:
            add_words(txn, self._words, words)
            if all_kept:
                mark_whole(txn, self._words)

    def _put_entry(self, txn: lmdb.Transaction, entry: StoredDocument) -> None:
        self._forget_names(txn, entry.document_id)
        txn.put(entry.document_id.encode(), entry_to_json(entry), db=self._entries)
        for key in _naming_keys(entry):
            txn.put(key, b"", db=self._naming)

    def _forget_names(self, txn: lmdb.Transaction, document_id: str) -> None:
        data = txn.get(document_id.encode(), db=self._entries)
        if data is not None:
            for key in _naming_keys(stored_from_json(data)):
                txn.delete(key, db=self._naming)

    def forget_rejected(self, document_id: str) -> bool:
        """Take a document out of quarantine; True if it was there."""
        if _IDENTIFIER.fullmatch(document_id) is None:
            return False
        with self._write() as txn:
            return bool(txn.delete(document_id.encode(), db=self._rejected))

    def close(self) -> None:
        """Give the directory free."""
        if self._frozen is not None:
            self._frozen.abort()
        self._env.close()

    @contextmanager
    def _read(self) -> Iterator[lmdb.Transaction]:
        if self._frozen is not None:
            yield self._frozen
            return
        with self._env.begin() as txn:
            yield txn

    @contextmanager
    def _write(self) -> Iterator[lmdb.Transaction]:
        try:
            with self._env.begin(write=True) as txn:
                yield txn
        except lmdb.Error as error:
            raise StoreNotUsable(
                f"The document store cannot be written: {error}. Is the disk full?"
            ) from error


def _graph_key(graph: str) -> bytes:
    # a graph's name may be longer than a key can be
    return hashlib.sha256(graph.encode()).digest()[:16]


def _naming_keys(entry: StoredDocument) -> Iterator[bytes]:
    for graph in entry.named_graphs:
        yield _graph_key(graph) + entry.document_id.encode()


def digest_of(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


Kept = dict[str, bytes | Path]
"""Files by their SHA-256: their bytes, or where they lie."""


def files_of(document: SourceDocument) -> tuple[tuple[tuple[str, str], ...], Kept]:
    """Return (name, digest) pairs of a document's parts, and the files by digest."""
    digests = [(part.name, part.digest) for part in document.parts]
    kept: Kept = {
        digest: part.path if isinstance(part, FilePart) else part.data
        for (_, digest), part in zip(digests, document.parts, strict=True)
    }
    return tuple(digests), kept


def element_of(document: SourceDocument) -> bytes | None:
    """Return as JSON what a document is within a file of several; None where that is another
    format, or the whole file, or holds numbers that are not quick to read."""
    if not document.pointer.startswith("/") or not isinstance(document.value, dict):
        return None
    return write_plain(document.value)


def _packed(data: bytes) -> bytes:
    return _ZLIB + zlib.compress(data, 1) if len(data) >= COMPRESS_FROM else _PLAIN + data


def _key(sequence: int) -> bytes:
    return sequence.to_bytes(8, "big")


def entry_to_json(entry: StoredDocument | Quarantined | Pending) -> bytes:
    """Write an entry as JSON, without its files' bytes."""
    value = asdict(entry)
    value.pop("parts", None)
    return orjson.dumps(value)


def stored_from_json(data: bytes | memoryview) -> StoredDocument:
    """Read the entry of a loaded document."""
    return StoredDocument(**_values(data))


def quarantined_from_json(data: bytes | memoryview) -> Quarantined:
    """Read the entry of a rejected document."""
    return Quarantined(**_values(data))


def _pending(data: bytes | memoryview) -> Pending:
    value = _values(data)
    documents = tuple(stored_from_json(orjson.dumps(entry)) for entry in value["documents"])
    return Pending(value["sequence"], documents, value["deleted"])


def _values(data: bytes | memoryview) -> dict[str, Any]:
    value = cast(dict[str, Any], orjson.loads(bytes(data)))
    if "files" in value:
        value["files"] = tuple((name, digest) for name, digest in value["files"])
    for name in ("named_graphs", "warnings", "deleted"):
        if name in value:
            value[name] = tuple(value[name])
    return value
