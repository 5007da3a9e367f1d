"""From the files of a tree to documents: which files belong together.

A product's files lie below the directory of its manifest, or of its productInfo.json on
AWS; the nearest enclosing one counts.  A tile of terrain-corrected images is a directory
above those of the scenes that it was made from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dafab_kg.loaders.sentinel1.naming import name_from_metadata, name_in_path
from dafab_kg.loaders.sentinel1.product_info import is_terrain_corrected, name_in
from dafab_kg.loaders.sentinel1.roles import Role, role_of
from dafab_kg.loaders.sentinel1.tile import tile_in_path
from dafab_kg.model.documents import Entry, Found, Part, Refused, SourceDocument, Tree
from dafab_kg.model.errors import DocumentRejected, FieldMissing
from dafab_kg.model.product_names import ProductName

# what goes along with a product and is not kept: images, reports, schemas, what shows them
_ALONG = re.compile(
    r"(annotation|measurement|preview|support|icons)/|[^/]+\.(pdf|png|kml|html|xsd)\Z",
    re.IGNORECASE,
)
_REMEDY = "Load it with the manifest.safe of its product, in the product's own directory"


@dataclass
class _Folder:
    """A directory that holds a manifest or productInfo.json, and what lies below it."""

    manifests: list[Entry] = field(default_factory=list)
    infos: list[Entry] = field(default_factory=list)
    annotations: list[Entry] = field(default_factory=list)
    others: list[Entry] = field(default_factory=list)


def find_documents(tree: Tree, kind: str) -> Iterator[Found | Refused]:
    """Find products and tiles; annotations without their product are refused."""
    roles = [(role_of(entry.head), entry) for entry in tree.entries]
    heads = {_folder_of(e) for role, e in roles if role in {Role.MANIFEST, Role.PRODUCT_INFO}}
    folders: dict[str, _Folder] = {}
    for role, entry in roles:
        place = _enclosing(_folder_of(entry), heads)
        if place is None:
            if role is not None:
                yield _homeless(role, entry)
            continue
        folder = folders.setdefault(place, _Folder())
        if role is Role.MANIFEST:
            folder.manifests.append(entry)
        elif role is Role.PRODUCT_INFO:
            folder.infos.append(entry)
        elif role is Role.ANNOTATION:
            folder.annotations.append(entry)
        elif role is Role.SIDE or _ALONG.match(entry.name[len(place) :].lstrip("/")):
            folder.others.append(entry)
    for folder in folders.values():
        yield from _products(folder, kind)
    yield from _tiles(folders.values(), kind)


def _folder_of(entry: Entry) -> str:
    return entry.name.rpartition("/")[0]


def _enclosing(folder: str, heads: set[str]) -> str | None:
    candidate: str | None = folder
    while candidate is not None and candidate not in heads:
        candidate = candidate.rpartition("/")[0] if candidate else None
    return candidate


def _homeless(role: Role, entry: Entry) -> Refused:
    error = FieldMissing(
        f"{role.value} without the product it belongs to", where=entry.origin, remedy=_REMEDY
    )
    return Refused(error, (entry,))


def _products(folder: _Folder, kind: str) -> Iterator[Found | Refused]:
    """Yield a document for each manifest of a folder, or for its productInfo.json alone."""
    heads = folder.manifests or folder.infos
    alone = len(heads) == 1
    others = tuple(folder.others)
    left = list(folder.annotations)
    for head in heads:
        try:
            data = head.read()
        except DocumentRejected as error:
            yield Refused(error, (head,))
            continue
        mine = [e for e in left if alone or _base(e).encode() in data]
        left = [e for e in left if e not in mine]
        beside = folder.infos if folder.manifests and alone else []
        companions = (*mine, *beside)
        entries = (head, *companions)
        try:
            parts = (Part(head.name, data), *(Part(e.name, e.read()) for e in companions))
            name = _name_of(head, data, parts[1:], folder)
        except DocumentRejected as error:
            yield Refused(error, entries)
            continue
        yield Found(SourceDocument(kind, name.name, head.origin, parts), entries + others)
        others = ()  # claimed once
    for entry in left:
        yield _homeless(Role.ANNOTATION, entry)


def _name_of(
    head: Entry, data: bytes, companions: tuple[Part, ...], folder: _Folder
) -> ProductName:
    infos = {entry.name for entry in folder.infos}
    named = name_in(data) if head.name in infos else None
    told = (name for part in companions if part.name in infos and (name := name_in(part.data)))
    named = named or next(told, None) or name_in_path(head.name)
    if named is None and len(folder.manifests) <= 1:
        # the folder that the user named stands in the origin only
        named = name_in_path(head.origin)
    if named is None and head.name not in infos:
        named = name_from_metadata(
            data, (part.data for part in companions if part.name not in infos)
        )
    if named is None:
        raise FieldMissing(
            "Neither the directory nor the metadata tell the product's name",
            where=head.origin,
            remedy="Load the directory that bears the product's name (S1…SAFE)",
        )
    return named


def _base(entry: Entry) -> str:
    return entry.name.rpartition("/")[2]


def _tiles(folders: Iterable[_Folder], kind: str) -> Iterator[Found | Refused]:
    """Yield a document for each tile of terrain-corrected images."""
    tiles: dict[str, list[tuple[Entry, bytes]]] = {}
    for folder in folders:
        for entry in folder.infos:
            named = tile_in_path(_folder_of(entry)) or tile_in_path(entry.origin)
            try:
                data = entry.read()
            except DocumentRejected:
                continue  # the scene's document tells
            if named is not None and is_terrain_corrected(data):
                tiles.setdefault(named, []).append((entry, data))
    for named, infos in tiles.items():
        parts = tuple(Part(entry.name, data) for entry, data in infos)
        origin = infos[0][0].origin.rpartition("/")[0].rpartition("/")[0]
        entries = tuple(entry for entry, _ in infos)
        yield Found(SourceDocument(kind, named, origin, parts), entries)
