"""The files of a product, with keys as STAC tools give them (``vv``, ``schema-product-vv``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dafab_kg.loaders.sentinel2.manifest import ListedFile
from dafab_kg.model.records import Asset

MANIFEST_KEY: Final = "safe-manifest"
_FILE = re.compile(
    r"(?P<kind>calibration-|noise-|rfi-)?s1[a-d]-(?P<swath>[a-z]{2}\d?|[snz]\d)-[a-z0-9]{3}"
    r"-(?P<polarisation>[hv]{2})-\d{8}t\d{6}-\d{8}t\d{6}-\d{6}-[0-9a-f]{6}-(?P<number>\d{3})"
    r"(?:-\w+)?\.(?P<suffix>xml|tiff|nc)\Z",
    re.IGNORECASE,
)
_MERGED: Final = {"iw", "ew"}
_KINDS: Final = {"calibration-": "calibration", "noise-": "noise", "rfi-": "rfi"}
_NAMED: Final = {
    "quick-look.png": ("thumbnail", "image/png", ("thumbnail",)),
    "thumbnail.png": ("thumbnail-small", "image/png", ("thumbnail",)),
    "map-overlay.kml": ("map-overlay", "application/vnd.google-earth.kml+xml", ("overview",)),
    "product-preview.html": ("product-preview", "text/html", ("overview",)),
}
_MEDIA_TYPES: Final = {
    "tiff": "image/tiff; application=geotiff",
    "nc": "application/x-netcdf",
    "xml": "application/xml",
}


def assets_of(product_id: str, files: tuple[ListedFile, ...]) -> Iterator[Asset]:
    """Yield the manifest and the files that it lists."""
    yield Asset(
        product_id,
        MANIFEST_KEY,
        href="manifest.safe",
        media_type="application/xml",
        roles=("metadata",),
    )
    taken = {MANIFEST_KEY}
    for file in files:
        key, media_type, roles = describe(file.href)
        if key in taken:  # an image for each of many places: its number tells them apart
            match = _FILE.search(file.href)
            key = f"{key}-{match['number']}" if match else file.href
        if key in taken:
            key = file.href
        if key not in taken:
            taken.add(key)
            yield Asset(
                product_id=product_id,
                asset_key=key,
                href=file.href,
                media_type=media_type,
                roles=roles,
                size=file.size,
                checksum=file.checksum,
            )


def describe(href: str) -> tuple[str, str | None, tuple[str, ...]]:
    """Return key, media type and roles of a file.

    >>> describe("annotation/s1a-iw1-slc-vh-20190618t165007-20190618t165033-027733-032175-001.xml")
    ('schema-product-iw1-vh', 'application/xml', ('metadata',))
    """
    base = href.rpartition("/")[2]
    if base in _NAMED:
        return _NAMED[base]
    match = _FILE.fullmatch(base)
    if match is None:
        return href, None, ("metadata",) if base.endswith((".xml", ".xsd", ".pdf")) else ()
    image = image_key(match["swath"], match["polarisation"])
    suffix = match["suffix"].lower()
    media_type = _MEDIA_TYPES[suffix]
    if suffix != "xml":
        return image, media_type, ("data",)
    kind = _KINDS.get((match["kind"] or "").lower(), "product")
    role = ("metadata",) if kind == "product" else ("metadata", kind)
    return f"schema-{kind}-{image}", media_type, role


def image_key(swath: str, polarisation: str) -> str:
    """Return the key of an image: its polarisation, after the swath where there are several.

    >>> image_key("IW", "VV"), image_key("IW2", "VV")
    ('vv', 'iw2-vv')
    """
    swath, polarisation = swath.lower(), polarisation.lower()
    return polarisation if swath in _MERGED else f"{swath}-{polarisation}"
