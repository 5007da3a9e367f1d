"""From the files of a tree to documents: which files belong together.

A product's files lie below the directory of its head (the product metadata); the
nearest enclosing head counts.  On AWS a tile lies alone, with ``tileInfo.json``
beside it.  Only first bytes are looked at here, but for the ids by which files
name each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from dafab_kg.loaders.sentinel2.identifiers import (
    product_id_from_path,
    product_id_of,
    tile_of,
    without_baseline,
)
from dafab_kg.loaders.sentinel2.roles import Role, element_text, role_of
from dafab_kg.loaders.sentinel2.tile_info import product_of_info
from dafab_kg.model.documents import Entry, Found, Part, Refused, SourceDocument, Tree
from dafab_kg.model.errors import DocumentRejected, FieldMissing

# what goes along with a product: the folders of SAFE and of AWS, and images beside the metadata
_ALONG = re.compile(
    r"(granule|datastrip|html|rep_info|aux_data|qi|auxiliary|preview|r\d0m)/|[^/]+\.(jp2|jpe?g)\Z",
    re.IGNORECASE,
)
_INSPIRE_NAME = re.compile(r"(.*/)?inspire\.xml\Z", re.IGNORECASE)
_BESIDE = {Role.MANIFEST, Role.INSPIRE, Role.TILE_INFO, Role.PRODUCT_INFO}

_REMEDY = {
    Role.GRANULE: "Load it with the product metadata (MTD_MSI….xml) above it, or with tileInfo.json"
    " beside it",
    Role.DATASTRIP: "Load it with the product metadata (MTD_MSI….xml) above it",
    Role.MANIFEST: "Load it with the product metadata (MTD_MSI….xml) beside it",
    Role.INSPIRE: "Load it with the product metadata (MTD_MSI….xml) beside it",
    Role.TILE_INFO: "Load it with the granule metadata (metadata.xml) beside it",
    Role.PRODUCT_INFO: "Load it with the product metadata (metadata.xml) beside it",
}


@dataclass
class _Folder:
    """A directory that holds heads or tiles of its own, and what lies below it."""

    files: list[tuple[Role, Entry]] = field(default_factory=list)
    others: list[Entry] = field(default_factory=list)  # images and the like: claimed, not kept

    def of(self, role: Role) -> list[Entry]:
        return [entry for r, entry in self.files if r is role]


def find_documents(tree: Tree, kind: str) -> Iterator[Found | Refused]:
    """Find the documents in a tree; whatever belongs to none is refused or left to others."""
    roles = [(role_of(entry.head), entry) for entry in tree.entries]
    heads = {folder_of(e) for role, e in roles if role is Role.HEAD}
    tiles = {folder_of(e) for role, e in roles if role is Role.GRANULE}
    folders: dict[str, _Folder] = {}
    for role, entry in roles:
        place = _place(role, entry, heads, tiles)
        if place is None:
            if role is not None and _is_ours(role, entry):
                yield _homeless(role, entry)
        elif role is not None:
            folders.setdefault(place, _Folder()).files.append((role, entry))
        elif _goes_along(entry, place):
            folders.setdefault(place, _Folder()).others.append(entry)
    for place, folder in folders.items():
        if place in heads:
            yield from _products(place, folder, kind)
        else:
            yield from _tile(folder, kind)


def folder_of(entry: Entry) -> str:
    """Return the directory of an entry, without the slash."""
    return entry.name.rpartition("/")[0]


def _place(role: Role | None, entry: Entry, heads: set[str], tiles: set[str]) -> str | None:
    """Return the folder that an entry belongs to: that of a head, else of a tile."""
    folder = folder_of(entry)
    if role in _BESIDE and folder not in tiles:
        return folder if folder in heads else None
    candidate: str | None = folder
    while candidate is not None and candidate not in heads:
        candidate = candidate.rpartition("/")[0] if candidate else None
    if candidate is not None:
        return candidate
    if role is Role.DATASTRIP:
        return None
    while folder and folder not in tiles:
        folder = folder.rpartition("/")[0]
    return folder if folder in tiles else None


def _goes_along(entry: Entry, place: str) -> bool:
    return _ALONG.match(entry.name[len(place) :].lstrip("/")) is not None


def _is_ours(role: Role, entry: Entry) -> bool:
    # ISO metadata are everywhere: alone, only the name tells that a product is missing
    return role is not Role.INSPIRE or _INSPIRE_NAME.match(entry.name) is not None


def _homeless(role: Role, entry: Entry) -> Refused:
    error = FieldMissing(
        f"{role.value} without the product it belongs to", where=entry.origin, remedy=_REMEDY[role]
    )
    return Refused(error, (entry,))


def _products(place: str, folder: _Folder, kind: str) -> Iterator[Found | Refused]:
    """Yield a document for each head of a folder, and what belongs to none of them."""
    heads: list[tuple[Entry, bytes]] = []
    for entry in folder.of(Role.HEAD):
        try:
            heads.append((entry, entry.read()))
        except DocumentRejected as error:
            yield Refused(error, (entry,))
    members: list[list[tuple[Role, Entry]]] = [[] for _ in heads]
    strays = _Folder()
    for role, entry in folder.files:
        if role is Role.HEAD:
            continue
        owner = _owner(role, entry, heads, place)
        (strays.files if owner is None else members[owner]).append((role, entry))
    _follow_tiles(members, strays)
    others = tuple(folder.others)
    for (entry, data), companions in zip(heads, members, strict=True):
        yield _product(entry, data, companions, others, kind)
        others = ()  # claimed once
    yield from _stray_tiles(strays, kind)


def _owner(role: Role, entry: Entry, heads: list[tuple[Entry, bytes]], place: str) -> int | None:
    """Return which head a file belongs to: by the id it bears, else the only one there is."""
    only = 0 if len(heads) == 1 else None
    if role in {Role.TILE_INFO, Role.PRODUCT_INFO, Role.INSPIRE, Role.MANIFEST}:
        return only if folder_of(entry) == place else None
    identifier = element_text(entry.head, "TILE_ID" if role is Role.GRANULE else "DATASTRIP_ID")
    if identifier is None:
        return only  # unreadable: reading it will tell why
    for index, (_, data) in enumerate(heads):
        if identifier.encode() in data:
            return index
    below = entry.name[len(place) :].lstrip("/").lower()
    tile = tile_of(identifier)
    listed = tile is not None and only is not None and f"_T{tile}".encode() in heads[0][1]
    return only if listed and below.startswith("granule/") else None


def _follow_tiles(members: list[list[tuple[Role, Entry]]], strays: _Folder) -> None:
    """Give each tileInfo.json and productInfo.json to the head that its tile went to."""
    for role, entry in list(strays.files):
        if role not in {Role.TILE_INFO, Role.PRODUCT_INFO}:
            continue
        for companions in members:
            beside = {folder_of(e) for r, e in companions if r is Role.GRANULE}
            if folder_of(entry) in beside:
                companions.append((role, entry))
                strays.files.remove((role, entry))
                break


def _stray_tiles(strays: _Folder, kind: str) -> Iterator[Found | Refused]:
    by_folder: dict[str, _Folder] = {}
    for role, entry in strays.files:
        by_folder.setdefault(folder_of(entry), _Folder()).files.append((role, entry))
    for folder in by_folder.values():
        yield from _tile(folder, kind)


def _product(
    head: Entry,
    data: bytes,
    companions: list[tuple[Role, Entry]],
    others: tuple[Entry, ...],
    kind: str,
) -> Found | Refused:
    entries = (head, *(entry for _, entry in companions))
    is_tile = any(role is Role.TILE_INFO for role, _ in companions)
    form = "tile" if is_tile else "safe" if companions else "mtd"
    try:
        parts = (Part(head.name, data), *(Part(e.name, e.read()) for _, e in companions))
    except DocumentRejected as error:
        return Refused(error, entries)
    key = f"{form}/{_product_named(head, data)}"
    if is_tile:
        key = _tile_key(key, next((e for r, e in companions if r is Role.GRANULE), None))
    return Found(SourceDocument(kind, key, head.origin, parts), entries + others)


def _product_named(head: Entry, data: bytes) -> str:
    """Return the product's name without parsing; where it has none, the file's place."""
    for name in ("PRODUCT_URI", "PRODUCT_URI_2A", "PRODUCT_URI_1C"):
        uri = element_text(data, name)
        if uri:
            return product_id_of(uri)
    return product_id_from_path(head.name, head.origin) or head.origin


def _tile(folder: _Folder, kind: str) -> Iterator[Found | Refused]:
    """Yield the document of a tile that lies without its product, as on AWS."""
    granules, infos = folder.of(Role.GRANULE), folder.of(Role.TILE_INFO)
    if len(granules) != 1 or len(infos) != 1:
        for role, entry in folder.files:
            if _is_ours(role, entry):
                yield _homeless(role, entry)
        return
    files = [f for f in folder.files if f[0] is not Role.DATASTRIP]
    entries = tuple(entry for _, entry in files)
    try:
        parts = tuple(Part(entry.name, entry.read()) for entry in entries)
        named = _named_by_info(infos[0])
    except DocumentRejected as error:
        yield Refused(error, entries)
        return
    tile_id = element_text(granules[0].head, "TILE_ID") or granules[0].origin
    key = _tile_key(f"tile/{named or without_baseline(tile_id)}", granules[0])
    document = SourceDocument(kind, key, granules[0].origin, parts)
    yield Found(document, entries + tuple(folder.others))


def _named_by_info(info: Entry) -> str | None:
    try:
        return product_of_info(info.read(), info.name)
    except DocumentRejected:
        return None  # reading the document will tell


def _tile_key(key: str, granule: Entry | None) -> str:
    """Add the granule where the product's name holds no tile: it has several then."""
    identifier = element_text(granule.head, "TILE_ID") if granule else None
    if tile_of(key) or not identifier or without_baseline(identifier) in key:
        return key
    return f"{key}/{without_baseline(identifier)}"
