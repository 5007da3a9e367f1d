"""Documents as they were delivered, file by file."""

from __future__ import annotations

from typing import Final

from dafab_kg.model.errors import ThingNotFound, TooLarge
from dafab_kg.store.documents import Documents, StoredDocument

MOST_BYTES: Final = 32 * 2**20
"""Largest file that is sent from process to process."""
MOST_SIZED: Final = 100
"""Files whose size is told: of one that is kept packed it is known only by unpacking it."""
ELEMENT: Final = "element"


def sizes_of(document_id: str, documents: Documents) -> tuple[StoredDocument, tuple[int, ...]]:
    """Return a document's entry, and the bytes of each of its first files.

    Raises:
        ThingNotFound: no such document is loaded.
    """
    entry = _entry(document_id, documents)
    return entry, tuple(_size(digest, documents) for _, digest in entry.files[:MOST_SIZED])


def file_of(document_id: str, file: str, documents: Documents) -> tuple[str, bytes]:
    """Return name and bytes of a document's file.

    ``file`` is its number, from 0; or ``element``: what stands at the document's pointer by
    itself, where the file holds many documents.

    Raises:
        ThingNotFound: there is no such document or file.
        TooLarge: it is larger than :data:`MOST_BYTES`.
    """
    entry = _entry(document_id, documents)
    if file == ELEMENT and entry.element:
        name, digest = f"{document_id}-element", entry.element
    elif file.isascii() and file.isdigit() and len(file) < 8 and int(file) < len(entry.files):
        name, digest = entry.files[int(file)]
    else:
        raise ThingNotFound(f"Document {document_id} has no file {file[:20]!r}")
    if _size(digest, documents) > MOST_BYTES:
        raise TooLarge(
            f"The file is larger than {MOST_BYTES // 2**20} MiB",
            where=name,
            remedy=f"`dafab-kg show --originals` writes it; it came from {entry.origin}",
        )
    return name, documents.file(digest)


def _entry(document_id: str, documents: Documents) -> StoredDocument:
    entry = documents.get(document_id)
    if entry is None:
        raise ThingNotFound(f"No document {document_id[:80]!r} is loaded here")
    return entry


def _size(digest: str, documents: Documents) -> int:
    large = documents.large_file(digest)
    return large.stat().st_size if large is not None else len(documents.file(digest))
