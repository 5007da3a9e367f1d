"""STAC: Items, ItemCollections, Collections and Catalogs of versions 0.8 to 1.1.

What a document says under a name the ontology knows goes into the fields of
records; everything else is kept as ``Property`` records, one for each leaf, so
that no member of a document is lost.

Source: the STAC specification 1.1.0 and its extensions, https://stacspec.org
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dafab_kg.loaders.stac.collection import read_catalog, read_collection
from dafab_kg.loaders.stac.envelope import open_document
from dafab_kg.loaders.stac.item import read_item
from dafab_kg.loaders.stac.recognise import documents_of, open_json
from dafab_kg.model.documents import Found, Reading, Refused, SourceDocument, Tree
from dafab_kg.model.names import DEFAULT_BASE, Names

__all__ = ["StacLoader"]


class StacLoader:
    """Reads STAC documents; each feature of an ItemCollection is a document of its own."""

    name: ClassVar[str] = "stac"
    version: ClassVar[str] = "2"
    groups_files: ClassVar[bool] = False

    def __init__(self, base: str = DEFAULT_BASE) -> None:
        self._names = Names(base)

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find STAC documents by content; broken JSON is refused, foreign JSON left to others."""
        for entry in tree.entries:
            opened = open_json(entry)
            if isinstance(opened, Refused):
                yield opened
            elif opened is not None:
                yield from documents_of(entry, opened, lambda element: "stac")

    def read(self, document: SourceDocument) -> Reading:
        """Read one Item, Collection or Catalog.

        Raises:
            DocumentRejected: an identifying member or the place is missing or not valid.
        """
        envelope = open_document(document, self._names)
        match envelope.identity.type:
            case "item":
                return read_item(envelope)
            case "collection":
                return read_collection(envelope)
            case _:
                return read_catalog(envelope)
