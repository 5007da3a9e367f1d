"""Which entries of a tree may hold parcels, told by their first bytes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from dafab_kg.loaders.parcels.columns import TELLING
from dafab_kg.loaders.reading import FileBytes
from dafab_kg.model.documents import Entry, Tree
from dafab_kg.model.errors import DocumentRejected
from dafab_kg.model.strict_xml import root_name

SIDE_FILES: Final = (".shx", ".dbf", ".prj", ".cpg")
"""What belongs to a .shp, besides what only speeds it up."""

_MOST_BYTES: Final = 1 << 40  # they are streamed, never held
_GEOPACKAGE_IDS: Final = (b"GPKG", b"GP10", b"GP11")
_SHAPE_MAGIC: Final = b"\x00\x00\x27\x0a"
_COLLECTION = re.compile(rb'"(?:FeatureCollection|Feature|features|Polygon|MultiPolygon)"')
_STAC = re.compile(rb'"stac_version"')
_TELLING = re.compile(
    rb'"(?:'
    + b"|".join(re.escape(name.encode()) for name in sorted(TELLING))
    + rb'|fiboa[^"]{0,40}|https://(?:fiboa\.(?:org|github\.io)|vecorel\.org)/[^"]{0,200})"',
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Candidate:
    """A file that may hold parcels, with the files that belong to it."""

    kind: str
    entry: Entry
    beside: tuple[Entry, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All its files."""
        return (self.entry, *self.beside)


def candidates(tree: Tree, *, assumed: bool) -> list[Candidate]:
    """Return the files of ``tree`` that may hold parcels."""
    found: list[Candidate] = []
    by_stem: dict[str, list[Entry]] = defaultdict(list)
    for entry in tree.entries:
        by_stem[_stem(entry)].append(entry)
    for entry in tree.entries:
        kind = container(entry)
        if kind == "Shapefile":
            beside = [e for e in by_stem[_stem(entry)] if _suffix(e) in SIDE_FILES]
            found.append(Candidate(kind, entry, tuple(beside or _on_disk(entry))))
        elif kind and (kind != "GeoJSON" or _tells(entry, assumed=assumed)):
            found.append(Candidate(kind, entry))
    return found


def container(entry: Entry) -> str:
    """Return the format of a file that begins so; empty if it can hold no parcels."""
    head = entry.head
    if head.startswith(b"SQLite format 3\0"):
        return "GeoPackage" if head[68:72] in _GEOPACKAGE_IDS else ""
    if head.startswith(b"PAR1"):
        return "GeoParquet"
    if head[:3] == b"fgb" and head[4:7] == b"fgb":
        return "FlatGeobuf"
    if head.startswith(_SHAPE_MAGIC):
        return "Shapefile" if _suffix(entry) == ".shp" else ""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"{"):
        return "GeoJSON" if _COLLECTION.search(head) and not _STAC.search(head) else ""
    if text.startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        return "GML" if _is_gml(head) else ""
    return ""


def _is_gml(head: bytes) -> bool:
    root = root_name(head)
    if root is None or root[1] != "FeatureCollection":
        return False
    return b"opengis.net/gml" in head or "/gml" in root[0] or "/wfs" in root[0]


def _tells(entry: Entry, *, assumed: bool) -> bool:
    """Tell whether a GeoJSON names anything that only parcels have."""
    try:
        text = entry.read()
    except DocumentRejected:
        return assumed  # then it is ours to refuse
    if _STAC.search(text):
        return False
    return assumed or _TELLING.search(text) is not None


def _on_disk(entry: Entry) -> Iterator[Entry]:
    """Give what lies beside a .shp that was given alone."""
    shape = entry.path
    for place in sorted(shape.parent.iterdir()) if shape is not None else ():
        if shape is not None and place.stem == shape.stem and place.suffix.lower() in SIDE_FILES:
            name = str(PurePosixPath(entry.name).with_suffix(place.suffix))
            reader = FileBytes(str(place), _MOST_BYTES)
            yield Entry(name, str(place), place.stat().st_size, b"", reader, place)


def _stem(entry: Entry) -> str:
    return str(PurePosixPath(entry.name).with_suffix("")).lower()


def _suffix(entry: Entry) -> str:
    return PurePosixPath(entry.name).suffix.lower()
