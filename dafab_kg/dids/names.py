"""Names of data identifiers: scopes, data sets of assets, files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from dafab_kg.model.endings import suffix_of
from dafab_kg.search.collections import collection_ids
from dafab_kg.search.library import Library
from dafab_kg.search.lineage import Node

DidType = Literal["CONTAINER", "DATASET", "FILE"]

ASSETS: Final = "_assets"
"""What an item's name is followed by in the name of the data set of its assets."""
MOST_NAME: Final = 500
"""Most characters of a name that is made; and of an item's id within those of its files."""
LONGEST: Final = 4_000
"""Most characters of what is looked up: an item's id, with an asset's key and an ending."""
_MD5: Final = "d50110"
"""How a multihash of MD5 begins: its code 0xd5 as varint, and the length of 16 bytes."""


@dataclass(frozen=True)
class Scopes:
    """Which scope is whose: ``others`` are collections that have one of their own."""

    default: str = "dafab"
    others: Mapping[str, str] = field(default_factory=dict)

    def of(self, node: Node) -> str:
        """Return the scope of a container: that of its collection."""
        return self.others.get(node.collection, self.default)

    def names(self) -> tuple[str, ...]:
        """Return all scopes, the default first."""
        return tuple(dict.fromkeys((self.default, *self.others.values())))

    def collections(self, library: Library, scope: str) -> tuple[str, ...] | None:
        """Return the collections in a scope; None: all that are here."""
        if not self.others and scope == self.default:
            return None
        return tuple(
            name for name in collection_ids(library) if self.others.get(name, self.default) == scope
        )


@dataclass(frozen=True)
class Did:
    """A data identifier; ``node`` is the container, or the item whose assets it is (of) ."""

    scope: str
    name: str
    type: DidType
    node: Node
    key: str = ""
    size: int | None = None
    md5: str | None = None
    asset: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


def container(scopes: Scopes, node: Node) -> Did:
    """Return the DID of a container."""
    return Did(scopes.of(node), node.name, "CONTAINER", node)


def assets_of(scopes: Scopes, node: Node) -> Did:
    """Return the data set of an item's assets."""
    return Did(scopes.of(node), node.name + ASSETS, "DATASET", node)


def files_of(scopes: Scopes, node: Node, value: Mapping[str, Any]) -> tuple[Did, ...]:
    """Return the files of an item, whose JSON is ``value``, in the order of their names."""
    assets = value.get("assets")
    found = []
    for key, asset in assets.items() if isinstance(assets, dict) else ():
        if not isinstance(asset, dict):
            continue
        size, name = asset.get("file:size"), f"{node.name}_{key}{suffix_of(asset)}"
        told = size if isinstance(size, int) and not isinstance(size, bool) else None
        found.append(Did(scopes.of(node), name, "FILE", node, key, told, _md5(asset), asset))
    return tuple(sorted(found, key=lambda did: did.name))


def _md5(asset: Mapping[str, Any]) -> str | None:
    told = asset.get("file:checksum")
    if isinstance(told, str) and re.fullmatch(_MD5 + "[0-9a-fA-F]{32}", told):
        return told[len(_MD5) :].lower()
    return None


def items_in(name: str) -> Iterable[str]:
    """Return the names of items of which a name may be that of the assets, or of one of them.

    >>> list(items_in("a_b_assets"))
    ['a', 'a_b']
    """
    places = [place for place, sign in enumerate(name[:MOST_NAME]) if sign == "_" and place]
    return [name[:place] for place in places]
