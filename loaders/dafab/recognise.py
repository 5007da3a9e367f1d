"""Which STAC is DaFab's, by content: blocks of figures, or a DaFab collection in its catalogue."""

from __future__ import annotations

import re
from typing import Any, Final

from dafab_kg.loaders.stac.recognise import Element, Identity, hrefs_of

COLLECTIONS: Final = {"water_analysis": "water", "smart_agriculture": "agriculture"}
"""Collections of derived items, with the kind of product."""

BLOCKS: Final = {
    "dafab:water-analysis": "water",
    "dafab:water_analysis": "water",
    "dafab:smart-agriculture": "agriculture",
    "dafab:field_boundaries": "agriculture",
}
"""Properties that hold a block of figures; those with an underscore are the older ones."""

_MARKS: Final = (b"dafab:", b"sentinel_2_l2a", b"water_analysis", b"smart_agriculture")
_IN_CATALOGUE = re.compile(
    r"https?://.*/stac/collections/(?:sentinel_2_l2a|water_analysis|smart_agriculture)(?:/|\Z)"
)
_DERIVED_ID = re.compile(
    r"(?P<source>.+)_(?P<collection>water_analysis|smart_agriculture)_(?P<version>\d+)\Z"
)


def may_be_dafab(data: bytes) -> bool:
    """Tell quickly whether a file is worth parsing."""
    return any(mark in data for mark in _MARKS)


def is_dafab(element: Element) -> bool:
    """Tell whether a STAC object belongs to a DaFab catalogue."""
    value = element.value
    hrefs = hrefs_of(value)
    if element.type != "item":
        return any(map(_IN_CATALOGUE.match, hrefs.values()))
    properties = value.get("properties")
    if isinstance(properties, dict) and any(block in properties for block in BLOCKS):
        return True
    if value.get("collection") not in ("sentinel_2_l2a", *COLLECTIONS):
        return False
    return any(_IN_CATALOGUE.match(hrefs.get(rel, "")) for rel in ("self", "collection", "parent"))


def is_derived(identity: Identity) -> bool:
    """Tell whether an item is a derived product; older figures stand on the image's own item."""
    return identity.collection_id in COLLECTIONS or _DERIVED_ID.match(identity.id) is not None


def blocks_of(properties: dict[str, Any]) -> list[str]:
    """Return the names of the blocks to read, one for each kind; today's spelling comes first."""
    first: dict[str, str] = {}
    for name, kind in BLOCKS.items():
        if name in properties:
            first.setdefault(kind, name)
    return list(first.values())


def read_derived_id(item_id: str) -> tuple[str, str, str] | None:
    """Return source, collection and algorithm version from a derived item's id.

    >>> read_derived_id("S2A_X_water_analysis_200")
    ('S2A_X', 'water_analysis', '200')
    """
    match = _DERIVED_ID.match(item_id)
    return (match["source"], match["collection"], match["version"]) if match else None
