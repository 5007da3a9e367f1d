"""What a filter of data identifiers is true of: a document and fields, as JSON."""

from __future__ import annotations

from typing import Any, Final

from dafab_kg.dids.names import Did
from dafab_kg.search.dafab_filter import DID, DOCUMENT
from dafab_kg.search.exact import MISSING
from dafab_kg.search.settled import UNTOLD, Told
from dafab_kg.search.tree import Path

ITEM_TYPE: Final = "Feature"
"""The type in every item's JSON."""


def record_of(did: Did, document: Any) -> dict[str, Any]:
    """Return what a filter read for DIDs of all kinds is true of."""
    fields = {"name": did.name, "did_type": did.type, "scope": did.scope}
    return {DOCUMENT: document, DID: fields}


def told_of_kind(kind: str, scope: str, *, assets: bool = False) -> Told:
    """Tell what is known of all DIDs of a kind: data sets and files have no documents.

    ``assets``: what an item tells of a file counts as that file's.
    """
    with_documents = kind == "CONTAINER" or (assets and kind == "FILE")

    def told(path: Path) -> Any:
        if path[0] == DID:
            return {"did_type": kind, "scope": scope}.get(str(path[1]), UNTOLD)
        return UNTOLD if with_documents else MISSING

    return told


def told_of_items(path: Path) -> Any:
    """Tell what is known of all items."""
    return ITEM_TYPE if path == ("type",) else UNTOLD


def none_of(did: Did) -> dict[str, Any]:
    """Return the document of a data set or a file: it has none."""
    return {}


def asset_of(did: Did) -> dict[str, Any]:
    """Return what stands for the document of a file: what its item tells of the asset."""
    return {"properties": did.asset} if did.type == "FILE" else {}
