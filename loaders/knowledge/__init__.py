"""Links to outside knowledge: Wikidata, GeoNames, literature."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dafab_kg.model.documents import Found, Reading, Refused, SourceDocument, Tree


class KnowledgeLoader:
    """Links to outside knowledge: Wikidata, GeoNames, literature."""

    name: ClassVar[str] = "knowledge"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = False

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find nothing yet."""
        yield from ()

    def read(self, document: SourceDocument) -> Reading:
        """Read a document."""
        raise NotImplementedError
