"""What `dafab-kg derive` computed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dafab_kg.model.documents import Found, Reading, Refused, SourceDocument, Tree


class DerivationLoader:
    """What `dafab-kg derive` computed."""

    name: ClassVar[str] = "derivation"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = False

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find nothing yet."""
        yield from ()

    def read(self, document: SourceDocument) -> Reading:
        """Read a document."""
        raise NotImplementedError
