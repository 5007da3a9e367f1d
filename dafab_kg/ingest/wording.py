"""The words in documents that are items, for searches of free text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

from dafab_kg.loaders.stac.migrate import migrate
from dafab_kg.model.documents import resolve_pointer
from dafab_kg.model.plain_json import read_plain
from dafab_kg.model.words import texts_of_item, words_of
from dafab_kg.store.documents import Documents, StoredDocument
from dafab_kg.store.worded import Words

ITEMS: Final = frozenset({"stac", "dafab"})
"""Kinds of documents that are items."""
AT_ONCE: Final = 1_000


def words_in(documents: Documents, entries: Iterable[StoredDocument]) -> Words:
    """Return the words of documents whose files are kept, as searches look for them."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for entry, value in _values(documents, entries):
        for word in {word for text in texts_of_item(value) for word in words_of(text)}:
            found[word].add(entry.document_id)
    return found


def write_all_words(documents: Documents) -> None:
    """Keep the words of all documents, of a store that lacks those of some."""
    # an open reader would keep the pages that each step leaves from being used again
    ids = [entry.document_id for entry in documents.all()]
    for start in range(0, len(ids), AT_ONCE):
        entries = filter(None, map(documents.get, ids[start : start + AT_ONCE]))
        documents.keep_words(words_in(documents, entries))
    documents.keep_words({}, all_kept=True)


def _values(
    documents: Documents, entries: Iterable[StoredDocument]
) -> Iterator[tuple[StoredDocument, Any]]:
    """The JSON of items as it is shown; a file of several is read once where these stand
    one after the other."""
    last = ""
    whole: Any = None
    for entry in entries:
        if entry.kind not in ITEMS:
            continue
        digest = entry.element or entry.files[0][1]
        if digest != last:
            last, whole = digest, read_plain(documents.file(digest))
        value = whole if entry.element else resolve_pointer(whole, entry.pointer)
        yield entry, migrate(value)[0]
