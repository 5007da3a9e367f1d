"""Items of the DaFab catalogue: original images, water analyses, smart agriculture, facets.

A derived item becomes a product of its own, made by an inference run from its
source image; each figure goes into a field of its own, in the spellings of today
and of the older generation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dafab_kg.loaders.dafab.derived import read_derived
from dafab_kg.loaders.dafab.original import read_original
from dafab_kg.loaders.dafab.recognise import is_dafab, is_derived, may_be_dafab
from dafab_kg.loaders.stac.collection import read_catalog, read_collection
from dafab_kg.loaders.stac.envelope import open_document
from dafab_kg.loaders.stac.recognise import Opened, documents_of, elements_of, open_json
from dafab_kg.model.documents import Found, Reading, Refused, SourceDocument, Tree
from dafab_kg.model.names import DEFAULT_BASE, Names

__all__ = ["DafabLoader"]


class DafabLoader:
    """Reads documents of a DaFab catalogue; it has to look before the loader ``stac``."""

    name: ClassVar[str] = "dafab"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = False

    def __init__(self, base: str = DEFAULT_BASE) -> None:
        self._names = Names(base)

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find files with DaFab documents; their neighbours in the file are left to ``stac``.

        What is broken is left to ``stac`` as well, which says why.
        """
        for entry in tree.entries:
            opened = open_json(entry, may_be_dafab)
            if not isinstance(opened, Opened):
                continue
            elements, _ = elements_of(opened.value)
            if any(map(is_dafab, elements)):
                yield from documents_of(
                    entry, opened, lambda element: "dafab" if is_dafab(element) else "stac"
                )

    def read(self, document: SourceDocument) -> Reading:
        """Read one document of a DaFab catalogue.

        Raises:
            DocumentRejected: an identifying member or the place is missing or not valid.
        """
        envelope = open_document(document, self._names)
        match envelope.identity.type:
            case "item" if is_derived(envelope.identity):
                return read_derived(envelope)
            case "item":
                return read_original(envelope)
            case "collection":
                return read_collection(envelope)
            case _:
                return read_catalog(envelope)
