"""Answers of catalogues that are not STAC: OData, OpenSearch, ISO 19115-2, search tools.

Each entry of an answer is a document of its own, and so is a lone entry.  Whatever the
envelope, the same product gives the same facts: its name (without ``.SAFE``) is its
id, times are UTC, numbers are numbers, the footprint is CRS84.  What is about the
entry and not the product (published, online, size and checksums of the archive) goes
into records of the entry.

STAC search pages are read by ``loaders/stac``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dafab_kg.loaders.catalogue.forms import form_of
from dafab_kg.loaders.catalogue.identity import EMPTY, split_key
from dafab_kg.loaders.catalogue.product import read_entry
from dafab_kg.loaders.catalogue.recognise import element_at, find_documents
from dafab_kg.model.documents import Found, Reading, Refused, SourceDocument, Tree
from dafab_kg.model.errors import NotRecognised
from dafab_kg.model.names import DEFAULT_BASE, Names

__all__ = ["CatalogueLoader"]


class CatalogueLoader:
    """Reads entries of catalogues; with ``assume`` it takes what only looks like one."""

    name: ClassVar[str] = "catalogue"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = False

    def __init__(self, base: str = DEFAULT_BASE, assume: str = "") -> None:
        self._names = Names(base)
        self._assumed = assume == self.name

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find the entries by content; one that has no name is refused, its neighbours are not."""
        for entry in tree.entries:
            yield from find_documents(entry, self.name, self._assumed)

    def read(self, document: SourceDocument) -> Reading:
        """Read one entry.

        Raises:
            DocumentRejected: its footprint describes no place, or it is no entry after all.
        """
        if document.key.startswith("answer/") and document.key.endswith(f"/{EMPTY}"):
            return Reading(warnings=("the answer of the catalogue holds no entries",))
        value = document.value
        if not isinstance(value, dict):
            value = element_at(document)
        form = form_of(value)
        if form is None:
            raise NotRecognised(
                "this is no entry of a catalogue",
                where=document.origin,
                remedy="Known are OData, OpenSearch, ISO 19115-2, eodag, EOS and EO GeoJSON",
            )
        provider, entry_id = split_key(document.key)
        return read_entry(document, form.tell(value), provider, entry_id, self._names)
