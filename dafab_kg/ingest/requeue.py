"""Work made from what lies in quarantine, to try it again."""

from __future__ import annotations

from collections.abc import Sequence

from dafab_kg.ingest.prepare import Work
from dafab_kg.loaders.registry import plan
from dafab_kg.model.documents import Entry, FilePart, Found, Loader, SourceDocument, Tree
from dafab_kg.store.documents import Quarantined
from dafab_kg.store.mended import UNREAD

HEAD = 4096


def work_of(rejected: Quarantined, finders: Sequence[Loader]) -> list[Work]:
    """Return the work that the files of a rejected document make.

    Files that never became a document are shown to ``finders`` as one tree again.
    """
    if rejected.kind != UNREAD:
        in_json = not rejected.pointer or rejected.pointer.startswith("/")
        document = SourceDocument(
            rejected.kind,
            rejected.key,
            rejected.origin,
            rejected.parts,
            rejected.pointer,
            digest="" if in_json else rejected.content_hash,
            family=rejected.family,
        )
        return [Found(document, ())]
    entries = tuple(
        Entry(
            part.name,
            rejected.origin,
            part.size,
            part.data[:HEAD],
            lambda part=part: part.data,  # type: ignore[misc]
            part.path if isinstance(part, FilePart) else None,
        )
        for part in rejected.parts
    )
    return list(plan(Tree(rejected.origin, entries), finders))
