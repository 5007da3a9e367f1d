"""Field parcels: GeoJSON, GeoParquet, GeoPackage, Shapefile, FlatGeobuf and GML, fiboa or not.

A file of parcels becomes one document for each growing season and each 100 km
square of the Military Grid Reference System that its parcels lie in, so that a
graph stays small and a change of one field replaces one of them.  The libraries
that read these formats are imported when there is such a file to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dafab_kg.loaders.parcels import recognise
from dafab_kg.model.documents import Found, Reading, Refused, SourceDocument, Tree

_MIB = 1024 * 1024


class ParcelsLoader:
    """Reads field parcels; see :mod:`dafab_kg.loaders.parcels`.

    ``assume`` set to ``parcels`` takes any polygons, also those that nothing tells to be
    parcels.  ``season`` holds for parcels that do not tell their own, and ``dataset``
    names the data set instead of the file.  A GeoJSON, and a member of an archive, has at
    most ``max_file_bytes``; other files are streamed whatever their size.
    """

    name: ClassVar[str] = "parcels"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = True

    def __init__(
        self,
        *,
        assume: str = "",
        season: str = "",
        dataset: str = "",
        max_file_bytes: int = 512 * _MIB,
        max_depth: int = 200,
    ) -> None:
        self.assumed = assume == self.name
        self.season = season.strip()
        self.dataset = dataset.strip()
        self.max_file_bytes = max_file_bytes
        self.max_depth = max_depth

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find files of parcels by their content, and cut each by season and tile."""
        candidates = recognise.candidates(tree, assumed=self.assumed)
        if candidates:
            from dafab_kg.loaders.parcels.cut import documents

            for candidate in candidates:
                yield from documents(candidate, tree, self)

    def read(self, document: SourceDocument) -> Reading:
        """Read the parcels of one season and tile."""
        from dafab_kg.loaders.parcels.piece import reading

        return reading(document, self)
