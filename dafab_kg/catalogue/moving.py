"""Moving documents between the public part of a catalogue and the private one."""

from __future__ import annotations

from dafab_kg.ingest.commit import Committer
from dafab_kg.ingest.flow import ingest_documents
from dafab_kg.ingest.prepare import written_id
from dafab_kg.model.documents import Found, SourceDocument
from dafab_kg.model.errors import DocumentRejected, ThingNotFound
from dafab_kg.model.settings import Settings
from dafab_kg.store.documents import StoredDocument


def move_documents(
    identifier: str, here: Committer, there: Committer, settings: Settings
) -> tuple[str, ...]:
    """Load the documents behind a graph ``there``, then take them away from ``here``.

    A crash between the two leaves them in both; doing it again ends it.

    Raises:
        ThingNotFound: there is no such document.
        DocumentRejected: one cannot be loaded anew; nothing of it has moved.
    """
    entries = _behind(identifier, here)
    for entry in entries:
        parts = here.documents.parts(entry)
        in_json = not entry.pointer or entry.pointer.startswith("/")
        document = SourceDocument(
            entry.kind,
            entry.key,
            entry.origin,
            parts,
            entry.pointer,
            digest="" if in_json else entry.content_hash,
            family=entry.family,
        )
        report = ingest_documents([Found(document, ())], there, settings, validator=None)
        for outcome in report.rejected:
            there.documents.forget_rejected(outcome.document_id)
            raise DocumentRejected(
                f"document {entry.document_id} cannot be loaded anew: {outcome.message}"
            )
    here.commit((), (), entries)
    return tuple(entry.document_id for entry in entries)


def _behind(identifier: str, here: Committer) -> list[StoredDocument]:
    documents = here.documents
    found = documents.get(identifier.rstrip("/").rsplit("/", 1)[-1])
    found = found or documents.get(written_id(identifier))
    entries = [found] if found is not None else list(documents.naming(identifier))
    if not entries:
        raise ThingNotFound(
            f"No document stands behind {identifier!r}. Give a graph's IRI, or a document's id"
        )
    return entries
