"""Which documents stand behind the items and collections that a request names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from dafab_kg.search.entries import ENTRIES_OF, collection_name, entry_of
from dafab_kg.search.library import Library, iri, quoted, rows, text
from dafab_kg.store.documents import StoredDocument

Name = tuple[str, str]
"""Ids of a collection and of an item in it, as they are shown."""


def documents_of_items(
    library: Library, names: Collection[Name]
) -> dict[Name, tuple[StoredDocument, ...]]:
    """Return the documents of items, of each the one that is shown first: the newest."""
    if not names:
        return {}
    ids = " ".join(sorted({quoted(item_id) for _, item_id in names}))
    query = (
        f"SELECT ?id ?item ?graph {{ VALUES ?id {{ {ids} }} ?item dafab:itemId ?id . "
        "GRAPH ?graph { ?item dafab:provider ?provider } }"
    )
    found: defaultdict[Name, dict[str, StoredDocument]] = defaultdict(dict)
    for item_id, item, graph in rows(library, query):
        entry = entry_of(iri(item), "", text(item_id), library.names)
        name = entry.collection, entry.id
        if name in names:
            _keep(library, iri(graph), found[name])
    return {name: _newest_first(documents) for name, documents in found.items() if documents}


def documents_of_collection(library: Library, name: str) -> tuple[StoredDocument, ...]:
    """Return the documents that describe a collection, the one that is shown first."""
    query = (
        "SELECT ?collection ?graph { ?collection a dafab:Collection . "
        "GRAPH ?graph { ?collection dafab:provider ?provider } }"
    )
    found: dict[str, StoredDocument] = {}
    for collection, graph in rows(library, query):
        if collection_name(iri(collection), library.names) == name:
            _keep(library, iri(graph), found)
    return _newest_first(found)


def _keep(library: Library, graph: str, found: dict[str, StoredDocument]) -> None:
    document = library.stored(graph.rsplit("/", 1)[-1])
    if document is not None and document.kind in ENTRIES_OF:
        found[document.document_id] = document


def _newest_first(found: dict[str, StoredDocument]) -> tuple[StoredDocument, ...]:
    return tuple(
        sorted(found.values(), key=lambda one: (one.loaded_at, one.document_id), reverse=True)
    )
