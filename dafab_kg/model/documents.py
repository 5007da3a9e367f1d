"""Source documents, and what a loader is.

A *source document* is one file or API object as delivered, or the set of files
that together describe one product (a SAFE metadata set).  A *loader* finds the
documents in what a user gives (``find``) and reads a document into records
(``read``).  Third parties register loaders under the entry point
``dafab_kg.loaders``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any, ClassVar, Protocol

from dafab_kg.model.records import Record


@dataclass(frozen=True)
class Entry:
    """One file within what the user gave: a file, or a member of a directory or archive.

    ``name`` is its path within that container, with ``/``; ``origin`` says where
    it is for messages (``product.zip!GRANULE/…/MTD_TL.xml``).  ``read`` returns
    the bytes and raises :class:`~dafab_kg.model.errors.TooLarge` beyond the
    bound; ``head`` is the first 4 KiB (decompressed).  ``path`` is the file itself
    where the entry is a plain file on disk, for libraries that read files only.
    """

    name: str
    origin: str
    size: int
    head: bytes = field(repr=False)
    read: Callable[[], bytes] = field(repr=False, compare=False)
    path: Path | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Tree:
    """The files of one directory, archive or single file."""

    origin: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Part:
    """One file of a document, byte for byte."""

    name: str
    data: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)

    @cached_property
    def digest(self) -> str:
        """SHA-256 in hex, computed once."""
        return hashlib.sha256(self.data).hexdigest()


class FilePart(Part):
    """A file that is too large to be held: its bytes stay on disk until asked for.

    ``keeper`` is held as long as the part is, for a temporary directory that is
    removed with its last user.  Several documents may share one such part.
    """

    path: Path

    def __init__(self, name: str, path: Path, keeper: object = None) -> None:
        for field_, value in (("name", name), ("path", path), ("_keeper", keeper)):
            object.__setattr__(self, field_, value)

    @property
    def data(self) -> bytes:
        """The whole file."""
        return self.path.read_bytes()

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size

    @cached_property
    def digest(self) -> str:
        """SHA-256 in hex, read piece by piece and once."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Part) and (self.name, self.digest) == (other.name, other.digest)

    def __hash__(self) -> int:
        return hash((self.name, self.digest))

    def __repr__(self) -> str:
        return f"FilePart({self.name!r}, {str(self.path)!r})"

    def __getstate__(self) -> dict[str, object]:
        return {key: value for key, value in self.__dict__.items() if key != "_keeper"}


@dataclass(frozen=True)
class SourceDocument:
    """One document as delivered.

    ``kind`` is the name of the loader that reads it.  ``key`` identifies it
    within its kind: a document with the same kind and key replaces the earlier
    one.  ``pointer`` says which element of the file this is, where it holds
    several documents: an RFC 6901 pointer, which begins with ``/``, into the one
    part if that is JSON (an ItemCollection), else in the loader's own words
    (``storm=AL092022``).  ``value`` may hold the parsed form so that it is not
    parsed twice; it is not part of the identity.  ``digest`` is the SHA-256 of the
    element where that cannot be told from ``value`` as JSON.

    Documents of one ``family`` are the parts that a loader cuts one data set into.
    Once a load has seen all of them, documents of the family that earlier loads had
    cut, and this one did not, are deleted.
    """

    kind: str
    key: str
    origin: str
    parts: tuple[Part, ...]
    pointer: str = ""
    value: Any = field(default=None, compare=False, repr=False)
    digest: str = ""
    family: str = ""

    @property
    def document_id(self) -> str:
        """32 hex digits made from kind and key."""
        return hashlib.sha256(f"{self.kind}\0{self.key}".encode()).hexdigest()[:32]

    @property
    def content_hash(self) -> str:
        """SHA-256 over the parts' names and hashes, or of the element alone.

        Directories that all names begin with do not count: a product in an archive
        is the same document as the directory that it was made from.  For an element
        of a collection it is the hash of the element's canonical JSON, so that a
        change of a neighbour is no change of this document.
        """
        if self.digest:
            return self.digest
        if self.pointer and self.value is not None:
            text = json.dumps(self.value, sort_keys=True, ensure_ascii=True, default=str)
            return hashlib.sha256(text.encode()).hexdigest()
        if len(self.parts) == 1:
            return self.parts[0].digest
        digest = hashlib.sha256()
        folders = [part.name.split("/")[:-1] for part in self.parts]
        shared = takewhile(lambda names: len(set(names)) == 1, zip(*folders, strict=False))
        start = sum(len(names[0]) + 1 for names in shared)
        for part in sorted(self.parts, key=lambda p: p.name):
            digest.update(part.name[start:].encode() + b"\0")
            digest.update(bytes.fromhex(part.digest))
        return digest.hexdigest()

    @property
    def byte_size(self) -> int:
        """Bytes of all parts."""
        return sum(part.size for part in self.parts)


@dataclass(frozen=True)
class RdfText:
    """RDF as a document writes it, complete in itself: nothing is left to fetch.

    ``data`` is UTF-8 in the syntax of ``media_type``: Turtle, TriG, N-Triples,
    N-Quads, RDF/XML or JSON-LD with its contexts in it.  Relative IRIs are
    resolved against ``base``; a blank node becomes the IRI ``skolem`` + label.
    """

    data: bytes = field(repr=False)
    media_type: str
    base: str
    skolem: str


@dataclass(frozen=True)
class Reading:
    """What a loader read from a document.

    ``records`` go through the mappings.  ``rdf`` goes in as it is (the ``rdf``
    loader); its named graphs are kept inside the document.  ``warnings`` are for
    the load report: what was read in spite of a fault, and how.
    """

    records: tuple[Record, ...] = ()
    rdf: RdfText | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """A document found, with the entries it was made of."""

    document: SourceDocument
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Refused:
    """Entries that a loader recognised but cannot make a document of, and why."""

    error: Exception
    entries: tuple[Entry, ...]


class Loader(Protocol):
    """What a loader must offer.  Loaders are cheap to make and hold no state."""

    name: ClassVar[str]
    """Kind of the documents it reads; short, lower case, stable."""

    version: ClassVar[str]
    """Changes whenever the records read from the same document would change."""

    groups_files: ClassVar[bool]
    """True if a document may be made of several files of a tree (it is then given the
    whole tree); False if each file is looked at alone."""

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find the documents of this kind in ``tree``; what it does not name stays for others."""
        ...

    def read(self, document: SourceDocument) -> Reading:
        """Read one document.

        Raises:
            DocumentRejected: what is wrong, where, and what to do about it.
        """
        ...


def resolve_pointer(value: Any, pointer: str) -> Any:
    """Return the element of a JSON value at an RFC 6901 ``pointer``.

    Raises:
        KeyError, IndexError: there is no such element.
    """
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, Sequence) else value[key]
    return value


def escape_pointer(token: str) -> str:
    """Escape one reference token of a JSON Pointer (RFC 6901 section 3)."""
    return token.replace("~", "~0").replace("/", "~1")
