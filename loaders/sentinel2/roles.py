"""What part each file plays in a product, told by its root element."""

from __future__ import annotations

import re
from enum import Enum

from dafab_kg.loaders.sentinel2.tile_info import is_product_info, is_tile_info
from dafab_kg.model.strict_xml import root_name

_HEAD = re.compile(r"Level-(1C|2A)\w*_User_Product\Z")
_GRANULE = re.compile(r"Level-(1C|2A)\w*_Tile_ID\Z")
_DATASTRIP = re.compile(r"Level-(1C|2A)\w*_DataStrip_ID\Z", re.IGNORECASE)
_ELEMENT_TEXT = {
    name: re.compile(rf"<(?:[\w.\-]+:)?{name}(?:\s[^>]*)?>\s*([^<\s]+)\s*<".encode())
    for name in ("TILE_ID", "DATASTRIP_ID", "PRODUCT_URI", "PRODUCT_URI_1C", "PRODUCT_URI_2A")
}


class Role(Enum):
    """The part that a file plays."""

    HEAD = "product metadata"
    GRANULE = "granule metadata"
    DATASTRIP = "datastrip metadata"
    MANIFEST = "manifest.safe"
    INSPIRE = "INSPIRE.xml"
    TILE_INFO = "tileInfo.json"
    PRODUCT_INFO = "productInfo.json"


def role_of(head: bytes) -> Role | None:
    """Return the role of a file from its first bytes, None if it has none here."""
    root = root_name(head)
    if root is None:
        return _json_role(head)
    namespace, name = root
    if _HEAD.match(name):
        return Role.HEAD
    if _GRANULE.match(name):
        return Role.GRANULE
    if _DATASTRIP.match(name):
        return Role.DATASTRIP
    # Sentinel-1 and -3 have manifests of the same root
    if name == "XFDU" and (b"sentinel-2/" in head or b"SENTINEL-2" in head):
        return Role.MANIFEST
    if name == "MD_Metadata" and namespace.startswith("http://www.isotc211.org/"):
        return Role.INSPIRE
    return None


def element_text(data: bytes, name: str) -> str | None:
    """Return the text of the first element ``name`` without parsing; a guess, not a reading."""
    match = _ELEMENT_TEXT[name].search(data)
    return match[1].decode("utf-8", errors="replace") if match else None


def _json_role(head: bytes) -> Role | None:
    if is_tile_info(head):
        return Role.TILE_INFO
    return Role.PRODUCT_INFO if is_product_info(head) else None
