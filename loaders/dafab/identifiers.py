"""Rucio data identifiers of DaFab items.

The catalogue keeps an item as a CONTAINER of its id, the item's files in the DATASET
``<item>_assets``, and each asset as a FILE ``<item>_<asset key>.<extension>``.  The
scope stands in the stable address of an asset, ``…/assets/<scope>/items/<item>/<key>``.
What the document does not tell, the extension above all, is not made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from dafab_kg.model.names import decode
from dafab_kg.model.records import DataIdentifier

VO: Final = "def"
"""The virtual organisation of DaFab's Rucio, which has only the one."""

_STABLE = re.compile(
    r"https?://.*/stac/assets/(?P<scope>[^/]+)/items/(?P<item>[^/]+)/(?P<key>[^/?#]+)"
)
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}(?:\.[A-Za-z0-9]{1,8})?\Z")


def scope_of(item_id: str, assets: dict[str, Any]) -> str | None:
    """Return the scope that the assets' stable addresses tell for this very item."""
    for asset in assets.values():
        match = _STABLE.match(_text(asset, "href"))
        if match is not None and decode(match["item"]) == item_id:
            return decode(match["scope"])
    return None


def item_identifiers(item_id: str, scope: str, product_id: str) -> Iterator[DataIdentifier]:
    """Yield the CONTAINER of an item and the DATASET of its files."""
    for name, did_type in ((item_id, "CONTAINER"), (f"{item_id}_assets", "DATASET")):
        yield DataIdentifier(VO, scope, name, f"{scope}:{name}", did_type, product_id=product_id)


def file_identifier(
    item_id: str, scope: str, product_id: str, key: str, asset: dict[str, Any]
) -> DataIdentifier | None:
    """Return the FILE DID of an asset, if the document tells how its name ends."""
    stem = f"{item_id}_{key}"
    for told in (_text(asset, "href"), _text(asset, "file:local_path")):
        name = decode(re.split(r"[?#]", told, maxsplit=1)[0].rpartition("/")[2])
        extension = name.removeprefix(stem) if name.startswith(stem) else name.removeprefix(key)
        if name != extension and _EXTENSION.match(extension):
            full = stem + extension
            return DataIdentifier(
                VO,
                scope,
                full,
                f"{scope}:{full}",
                "FILE",
                asset_product_id=product_id,
                asset_key=key,
            )
    return None


def _text(asset: Any, member: str) -> str:
    value = asset.get(member) if isinstance(asset, dict) else None
    return value if isinstance(value, str) else ""
