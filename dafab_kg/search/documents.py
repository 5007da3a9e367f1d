"""The documents behind entries and collections."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from dafab_kg.loaders.stac.migrate import migrate
from dafab_kg.model.documents import resolve_pointer
from dafab_kg.model.plain_json import read_plain
from dafab_kg.search.entries import ENTRIES_OF
from dafab_kg.search.library import Library, iri, listed, once, rows
from dafab_kg.store.documents import StoredDocument

Content = tuple[str, str]
"""The SHA-256 of a file in hex, and a JSON pointer into it: "" for the whole."""

KEPT_FILES: Final = 4
"""Files of several items each that stay parsed."""


def newest(library: Library, things: Iterable[str]) -> dict[str, StoredDocument]:
    """Return the STAC document of each entry or collection; of several that loaded last."""
    wanted = listed(dict.fromkeys(things))
    if not wanted:
        return {}
    found: dict[str, StoredDocument] = {}
    query = (
        f"SELECT ?thing ?graph {{ VALUES ?thing {{ {wanted} }} "
        "GRAPH ?graph { ?thing dafab:provider ?provider } }"
    )
    for thing, graph in ((iri(row[0]), iri(row[1])) for row in rows(library, query, plain=True)):
        document = library.stored(graph.rsplit("/", 1)[-1])
        if document is None or document.kind not in ENTRIES_OF:
            continue
        known = found.get(thing)
        if known is None or _age(known) < _age(document):
            found[thing] = document
    return found


def value_of(library: Library, document: StoredDocument) -> dict[str, Any]:
    """Return a STAC object as delivered, in a version of STAC from 1.0 on."""
    return value_at(library, content_of(document))


def content_of(document: StoredDocument) -> Content:
    """Return where a STAC object stands."""
    (_, digest), *_ = document.files
    return (document.element, "") if document.element else (digest, document.pointer)


def value_at(library: Library, content: Content) -> dict[str, Any]:
    """Return the STAC object that stands somewhere; see :func:`value_of`."""
    digest, pointer = content
    if not pointer:
        value = read_plain(library.file(digest))
    else:
        files: dict[str, Any] = once(library, "files", dict)
        if digest not in files:
            while len(files) >= KEPT_FILES:
                files.pop(next(iter(files)))
            files[digest] = read_plain(library.file(digest))
        value = resolve_pointer(files[digest], pointer)
    return migrate(value)[0]


def _age(document: StoredDocument) -> tuple[str, str]:
    return document.loaded_at, document.document_id
