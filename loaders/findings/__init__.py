"""What a model drew: detected objects and delineated water anomalies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dafab_kg.model.documents import Found, Reading, Refused, SourceDocument, Tree


class FindingsLoader:
    """What a model drew: detected objects and delineated water anomalies."""

    name: ClassVar[str] = "findings"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = False

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find nothing yet."""
        yield from ()

    def read(self, document: SourceDocument) -> Reading:
        """Read a document."""
        raise NotImplementedError
