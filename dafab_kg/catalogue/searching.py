"""The catalogue as a search sees it: what is public, in one state of the graph."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Final

from dafab_kg.loaders.registry import GROUP, OURS
from dafab_kg.model.names import Names
from dafab_kg.store.documents import Documents, StoredDocument
from dafab_kg.store.protocol import Answer

__all__ = ["Known", "PublicLibrary", "kinds_of_documents"]

MOST_KEPT: Final = 4_096
"""Most things that are kept of one state; then it begins anew."""


class Known:
    """What was found out of a state of the graph; forgotten when ``revision`` changes."""

    def __init__(self) -> None:
        self._revision = ""
        self._values: dict[Any, Any] = {}

    def at(self, revision: str) -> MutableMapping[Any, Any]:
        """Return what is known of this state."""
        if revision != self._revision or len(self._values) > MOST_KEPT:
            self._revision, self._values = revision, {}
        return self._values


@dataclass(frozen=True)
class PublicLibrary:
    """Implements :class:`dafab_kg.search.library.Library`."""

    names: Names
    kinds: tuple[str, ...]
    kept: MutableMapping[Any, Any]
    ask: Callable[..., Answer]
    merged: Sequence[str | None]
    """The graphs that together are what is stated and inferred."""
    documents: Documents

    def query(self, query: str, *, plain: bool = False) -> Answer:
        """Answer a SPARQL query; see :class:`~dafab_kg.search.library.Library`."""
        return self.ask(query, default_graphs=self.merged if plain else None)

    def stored(self, document_id: str) -> StoredDocument | None:
        """Return the entry of a document."""
        return self.documents.get(document_id)

    def file(self, digest: str) -> bytes:
        """Return a file by its SHA-256."""
        return self.documents.file(digest)

    def documents_with(self, word: str) -> frozenset[str] | None:
        """Return the ids of the documents that may hold a word."""
        return self.documents.with_word(word)


@cache
def kinds_of_documents() -> tuple[str, ...]:
    """The names of all loaders, those of third parties among them."""
    return tuple(dict.fromkeys((*OURS, *(point.name for point in entry_points(group=GROUP)))))
