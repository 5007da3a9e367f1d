"""Files that travel with the package: ontology, shapes, mappings, queries."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable


def folder(name: str) -> Traversable:
    """Return one of the package's folders: ontology, shapes, mappings, queries."""
    return files("dafab_kg").joinpath(name)


def text(name: str, file: str) -> str:
    """Return the text of ``file`` in folder ``name``."""
    return folder(name).joinpath(file).read_text(encoding="utf-8")


def data(name: str, file: str) -> bytes:
    """Return the bytes of ``file`` in folder ``name``."""
    return folder(name).joinpath(file).read_bytes()


def names(name: str, suffix: str) -> list[str]:
    """Return the files of folder ``name`` that end in ``suffix``, sorted."""
    return sorted(e.name for e in folder(name).iterdir() if e.name.endswith(suffix))


@cache
def fingerprint(name: str, suffix: str) -> str:
    """Return the first 12 hex digits of a hash over the files of a folder.

    It is the version of the mappings or shapes that provenance states.
    """
    digest = hashlib.sha256()
    for file in names(name, suffix):
        digest.update(file.encode() + b"\0" + text(name, file).encode() + b"\0")
    return digest.hexdigest()[:12]
