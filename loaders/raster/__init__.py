"""GeoTIFF and COG: technical metadata, and water masks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dafab_kg.model.documents import Found, Reading, Refused, SourceDocument, Tree


class RasterLoader:
    """GeoTIFF and COG: technical metadata, and water masks."""

    name: ClassVar[str] = "raster"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = True

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find nothing yet."""
        yield from ()

    def read(self, document: SourceDocument) -> Reading:
        """Read a document."""
        raise NotImplementedError
