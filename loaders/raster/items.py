"""Which STAC item beside a raster names it as its asset.

An asset is taken for the file, in this order: its relative href leads exactly there; it is
in an item of the same folder and its href ends in the file's name, or the file is called as
the asset's key or as its Rucio name (``<item>_<key>.tif``); no other raster of the tree has
that name and one item names it.  Where two items claim a file equally, neither gets it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dafab_kg.loaders.dafab.recognise import BLOCKS, is_dafab, is_derived
from dafab_kg.loaders.stac.envelope import open_document
from dafab_kg.loaders.stac.item import subject_of
from dafab_kg.loaders.stac.recognise import Element, elements_of, identify
from dafab_kg.model.documents import Part, SourceDocument
from dafab_kg.model.errors import DafabError
from dafab_kg.model.names import Names, decode
from dafab_kg.model.strict_json import read_json

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


@dataclass(frozen=True)
class Claim:
    """One asset of one item that may be the file: all that the item says of it.

    ``block`` are the figures of a DaFab item, empty for others; ``water`` tells whether the
    item is a DaFab water analysis.
    """

    item: str
    product_id: str
    key: str
    href: str
    asset: dict[str, Any]
    properties: dict[str, Any]
    block: dict[str, Any]
    water: bool


@dataclass(frozen=True)
class Link:
    """The item that a raster belongs to: the file that holds it, and its assets."""

    part: Part
    claims: tuple[Claim, ...]

    @property
    def product_id(self) -> str:
        """The product whose assets they are."""
        return self.claims[0].product_id

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the assets, in the order of the item."""
        return tuple(claim.key for claim in self.claims)


class Items:
    """All items of a tree (or of a document), ready to be asked for a raster's."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._claims: list[tuple[Part, Claim]] = []

    def add(self, part: Part) -> None:
        """Take the items that a JSON file holds; one that cannot be read has none."""
        try:
            value = read_json(part.data, where=part.name)
            elements, _ = elements_of(value)
        except DafabError:
            return  # the loader of items refuses it and says why
        for element in elements:
            if element.type == "item":
                self._claims += [(part, claim) for claim in self._claims_of(part, element)]

    def _claims_of(self, part: Part, element: Element) -> Iterator[Claim]:
        try:
            product_id, derived = self._product_of(part, element)
        except DafabError:
            return
        properties = element.value.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        named = next(
            (name for name, kind in BLOCKS.items() if kind == "water" and name in properties), ""
        )
        block = properties.get(named)
        for key, asset in (element.value.get("assets") or {}).items():
            href = asset.get("href") if isinstance(asset, dict) else None
            if isinstance(href, str):
                yield Claim(
                    item=str(element.value["id"]),
                    product_id=product_id,
                    key=key,
                    href=href,
                    asset=asset,
                    properties=properties,
                    block=block if isinstance(block, dict) else {},
                    water=derived and "water_analysis" in product_id,
                )

    def _product_of(self, part: Part, element: Element) -> tuple[str, bool]:
        """Return the product's id exactly as the loaders of items name it."""
        identity = identify(element.value, element.type, where=part.name)
        if is_dafab(element) and is_derived(identity):
            return identity.id, True
        document = SourceDocument("stac", identity.key, part.name, (), value=element.value)
        return subject_of(open_document(document, self._names)).product_id, False

    def link(self, name: str, rasters: Iterable[str]) -> tuple[Link | None, str]:
        """Return the asset that the raster ``name`` is, and a remark where it is not clear.

        ``rasters`` are the names of all rasters of the tree.
        """
        folder, base = posixpath.split(name)
        alone = sum(posixpath.basename(other) == base for other in rasters) == 1
        near = [(p, c) for p, c in self._claims if posixpath.dirname(p.name) == folder]
        ranks = (
            [(p, c) for p, c in self._claims if _leads_to(p.name, c.href, name)],
            [(p, c) for p, c in near if _is_called(c, base)],
            [(p, c) for p, c in self._claims if alone and _base(c.href) == base],
        )
        found = next(filter(None, ranks), [])
        products = {claim.product_id for _, claim in found}
        if len(products) > 1:
            told = ", ".join(sorted(products)[:5])
            return None, f"assets of several products name this file ({told}); linked to none"
        return (_link(found), "") if found else (None, "")


def _link(found: Sequence[tuple[Part, Claim]]) -> Link:
    part = found[0][0]
    keys = {claim.key: claim for held, claim in found if held is part}
    return Link(part, tuple(keys.values()))


def _leads_to(item: str, href: str, name: str) -> bool:
    if _SCHEME.match(href) or href.startswith("/"):
        return False
    path = decode(re.split(r"[?#]", href, maxsplit=1)[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(item), path)) == name


def _base(href: str) -> str:
    return decode(re.split(r"[?#]", href, maxsplit=1)[0].rpartition("/")[2])


def _is_called(claim: Claim, base: str) -> bool:
    stem = posixpath.splitext(base)[0]
    return base == _base(claim.href) or stem in (claim.key, f"{claim.item}_{claim.key}")
