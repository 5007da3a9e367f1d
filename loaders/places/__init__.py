"""Boundaries of countries and regions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dafab_kg.model.documents import Found, Reading, Refused, SourceDocument, Tree


class PlacesLoader:
    """Boundaries of countries and regions."""

    name: ClassVar[str] = "places"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = True

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find nothing yet."""
        yield from ()

    def read(self, document: SourceDocument) -> Reading:
        """Read a document."""
        raise NotImplementedError
