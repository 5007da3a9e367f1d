"""Work made from what lies in quarantine, to try it again."""

from __future__ import annotations

from dafab_kg.ingest.prepare import UNREAD, Work
from dafab_kg.model.documents import Entry, Found, SourceDocument
from dafab_kg.store.documents import Quarantined

HEAD = 4096


def work_of(rejected: Quarantined) -> list[Work]:
    """Return the work that the files of a rejected document make."""
    if rejected.kind != UNREAD:
        document = SourceDocument(
            rejected.kind, rejected.key, rejected.origin, rejected.parts, rejected.pointer
        )
        return [Found(document, ())]
    return [
        Entry(
            part.name,
            rejected.origin,
            len(part.data),
            part.data[:HEAD],
            lambda data=part.data: data,  # type: ignore[misc]
        )
        for part in rejected.parts
    ]
