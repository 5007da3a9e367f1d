"""GeoTIFF and COG: technical metadata, and water masks.

A raster is described as the file that it is; where an item beside it names it as an asset,
it is linked to that asset, and the item stays with its own loader.  See ``README.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from dafab_kg.loaders.raster.items import Items, Link
from dafab_kg.loaders.raster.jpeg2000 import is_jpeg2000
from dafab_kg.loaders.raster.parts import OUTSIDE, SIDE, sort_parts
from dafab_kg.loaders.raster.side import is_side_file
from dafab_kg.loaders.stac.recognise import starts_like_object
from dafab_kg.model.documents import (
    Entry,
    FilePart,
    Found,
    Part,
    Reading,
    Refused,
    SourceDocument,
    Tree,
)
from dafab_kg.model.errors import DocumentRejected, NotRecognised
from dafab_kg.model.names import DEFAULT_BASE, Names, encode

__all__ = ["RasterLoader"]

_MAGIC: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_NAMED_TIFF: Final = (".tif", ".tiff")
_TEXT: Final = re.compile(
    r".+\.(?:json|geojson|xml|safe|ttl|nt|nq|trig|rdf|owl|jsonld|csv|tsv|txt|md|html?|wkt|gml|"
    r"gpkg|parquet|npy|zip|py|ya?ml)\Z",
    re.IGNORECASE,
)
_IN_SAFE: Final = re.compile(r"(?:\A|.*/)[^/]+\.SAFE/", re.IGNORECASE)
_LARGEST_ITEM: Final = 32 * 1024 * 1024


class RasterLoader:
    """Reads raster files: TIFF of any kind, and JPEG 2000 that is called TIFF or is an asset.

    The image files of a SAFE product belong to that product and are not taken, unless the
    user says ``--as raster``.
    """

    name: ClassVar[str] = "raster"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = True

    def __init__(self, base: str = DEFAULT_BASE, assume: str = "") -> None:
        self._names = Names(base)
        self._assumed = assume == self.name

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find the rasters of a tree, each with its side files and the item that names it."""
        rasters: dict[str, Entry] = {}
        for entry in tree.entries:
            if self._may_be(entry):
                if entry.head.startswith(_MAGIC) or is_jpeg2000(entry.head):
                    rasters[entry.name] = entry
                elif entry.name.lower().endswith(_NAMED_TIFF):
                    yield Refused(_no_raster(entry), (entry,))
        if not rasters:
            return
        items = self._items(tree)
        others = {entry.name: entry for entry in tree.entries}
        for name, entry in rasters.items():
            if name.lower().endswith(OUTSIDE) and name[:-4] in rasters:
                continue  # goes with the raster that it was made for
            link, _ = items.link(name, rasters)
            boxed = is_jpeg2000(entry.head)
            if boxed and link is None and not (self._assumed or _named_tiff(name)):
                continue
            beside = [others[name + end] for end in (SIDE, *OUTSIDE) if name + end in others]
            if beside and beside[0].name.endswith(SIDE) and not is_side_file(beside[0].head):
                beside.pop(0)
            try:
                yield Found(self._document(entry, beside, link), (entry, *beside))
            except DocumentRejected as error:
                yield Refused(error, (entry, *beside))

    def _may_be(self, entry: Entry) -> bool:
        if _TEXT.match(entry.name):
            return False
        return self._assumed or not (_IN_SAFE.match(entry.name) or _IN_SAFE.match(entry.origin))

    def _items(self, tree: Tree) -> Items:
        items = Items(self._names)
        for entry in tree.entries:
            named = entry.name.lower().endswith((".json", ".geojson"))
            if entry.size > _LARGEST_ITEM or not (named and starts_like_object(entry.head)):
                continue
            try:
                data = entry.read()
            except DocumentRejected:
                continue  # the loader of items says why
            if b'"assets"' in data and b'"stac_version"' in data:
                items.add(Part(entry.name, data))
        return items

    def _document(self, entry: Entry, beside: list[Entry], link: Link | None) -> SourceDocument:
        parts = [_part(one) for one in (entry, *beside)]
        key = "/".join(part.digest for part in parts)
        if link is not None:
            key = f"asset/{encode(link.product_id)}/{encode(link.keys[0])}"
            parts.append(link.part)
        return SourceDocument(self.name, key, entry.origin, tuple(parts))

    def read(self, document: SourceDocument) -> Reading:
        """Read one raster file with what belongs to it.

        Raises:
            DocumentRejected: it is cut off, damaged or without extent, or claims too much.
        """
        from dafab_kg.loaders.raster.read import read_raster

        return read_raster(
            sort_parts(document.parts, self._names),
            names=self._names,
            document_id=document.document_id,
            where=document.origin,
        )


def _named_tiff(name: str) -> bool:
    return name.lower().endswith(_NAMED_TIFF)


def _part(entry: Entry) -> Part:
    """Return an entry as a part: large files stay on disk."""
    if entry.path is not None and not entry.name.endswith(SIDE):
        return FilePart(entry.name, entry.path)
    return Part(entry.name, entry.read())


def _no_raster(entry: Entry) -> NotRecognised:
    what = "is empty" if not entry.head else "begins neither like TIFF nor like JPEG 2000"
    return NotRecognised(
        f"the file is called a TIFF, but it {what}",
        where=entry.origin,
        remedy="Fetch it again (an error page may have been saved in its place), or rename it",
    )
