"""Trees of entries for tests, from a directory or from names and bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from dafab_kg.loaders.sentinel2 import Sentinel2Loader
from dafab_kg.model.documents import Entry, Found, Reading, Refused, Tree
from dafab_kg.model.records import Product, Record

AnyRecord = TypeVar("AnyRecord", bound=Record)


def tree_of(files: Mapping[str, bytes | str]) -> Tree:
    entries = []
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        entries.append(Entry(name, f"given/{name}", len(data), data[:4096], lambda d=data: d))
    return Tree("given", tuple(entries))


def tree_at(folder: Path) -> Tree:
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    return tree_of({p.relative_to(folder).as_posix(): p.read_bytes() for p in paths})


def found_in(tree: Tree) -> list[Found]:
    return [item for item in Sentinel2Loader().find(tree) if isinstance(item, Found)]


def refused_in(tree: Tree) -> list[Refused]:
    return [item for item in Sentinel2Loader().find(tree) if isinstance(item, Refused)]


def read_only(tree: Tree) -> Reading:
    """Read the one document that a tree holds."""
    [found] = list(Sentinel2Loader().find(tree))
    assert isinstance(found, Found), found.error
    return Sentinel2Loader().read(found.document)


def records_in(reading: Reading, kind: type[AnyRecord]) -> list[AnyRecord]:
    return [record for record in reading.records if isinstance(record, kind)]


def product_in(reading: Reading) -> Product:
    [product] = records_in(reading, Product)
    return product
