"""What a STAC asset, or a water analysis, claims of a raster against what the raster is.

A difference is a warning: the file is what it is, and the item may have been written for
another resolution or version of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from dafab_kg.loaders.raster.items import Claim, Link
from dafab_kg.model.records import RasterBand, RasterFile, WaterMask

SHARE_TOLERANCE: Final = Decimal("0.1")
"""Percentage points, and
"""
RELATIVE_TOLERANCE: Final = Decimal("0.01")
"""share of the claimed figure, by which a mask may differ from what its item claims: the
figures are rounded, and producers count some of them over another grid."""

_TILE: Final = re.compile(r"_T(\d{2})([C-X])[A-Z]{2}(?:_|\Z)")
_CLAIMED: Final = {
    "observed": ("observed_water", "%observed_water"),
    "reference": ("reference_permanent_water", "%reference_permanent_water"),
}


def compare_layout(link: Link, raster: RasterFile, bands: list[RasterBand]) -> Iterator[str]:
    """Yield how the projection, raster and file extensions contradict the file."""
    for claim in link.claims:
        about = f"the asset {claim.key} of {claim.item}"
        code = _code(_of(claim, "proj:code"), _of(claim, "proj:epsg"))
        if code and raster.raster_crs and code != raster.raster_crs:
            yield f"{about} is said to be in {code}, but the file is in {raster.raster_crs}"
        shape = _of(claim, "proj:shape")
        size = [raster.raster_height, raster.raster_width]
        if isinstance(shape, list) and shape != size:
            yield f"{about} is said to have {_by(shape)} pixels, but the file has {_by(size)}"
        told = claim.asset.get("raster:bands") or claim.asset.get("bands") or ()
        for band, stated in zip(bands, told, strict=False):
            name = stated.get("data_type") if isinstance(stated, dict) else None
            if isinstance(name, str) and band.data_type and name != band.data_type:
                yield (
                    f"{about} is said to hold {name}, "
                    f"but band {band.raster_band} holds {band.data_type}"
                )
        length = claim.asset.get("file:size")
        if isinstance(length, int) and length != raster.file_size:
            yield f"{about} is said to have {length} bytes, but the file has {raster.file_size}"
        checksum = claim.asset.get("file:checksum")
        told_digest = str(checksum)[4:].lower() if _is_sha256(checksum) else raster.digest
        if told_digest != raster.digest:
            yield f"{about} has another SHA-256 than the file; one of them was replaced"


def compare_place(
    link: Link | None, products: tuple[str, ...], raster: RasterFile
) -> Iterator[str]:
    """Yield a note where a mask lies in another CRS than the product it belongs to."""
    for product in products:
        match = _TILE.search(product)
        if match and raster.raster_crs:
            own = f"EPSG:{326 if match[2] >= 'N' else 327}{match[1]}"
            if raster.raster_crs != own:
                yield f"the mask is in {raster.raster_crs}, its product {product} in {own}"


def compare_water(link: Link, mask: WaterMask) -> Iterator[str]:
    """Yield how the item's figures contradict those computed from the mask."""
    for claim in link.claims:
        for name in _CLAIMED[mask.mask_kind]:
            yield from _compared(claim, name, mask.water_share, "% of the scene", SHARE_TOLERANCE)
            area = f"{name}_area(km2)"
            yield from _compared(claim, area, mask.water_area, "km²", Decimal("0.01"))


def differs(told: Decimal, found: Decimal, absolute: Decimal) -> bool:
    """Tell whether two figures are further apart than the tolerance."""
    return abs(told - found) > absolute + RELATIVE_TOLERANCE * abs(told)


def _compared(
    claim: Claim, name: str, found: Decimal | None, unit: str, absolute: Decimal
) -> Iterator[str]:
    told = claim.block.get(name)
    if found is None or isinstance(told, bool) or not isinstance(told, int | Decimal):
        return
    if differs(Decimal(told), found, absolute):
        yield (
            f"{claim.item} claims {name} {told} {unit}, "
            f"but the mask {claim.key} holds {found} {unit}"
        )


def _is_sha256(checksum: Any) -> bool:
    return isinstance(checksum, str) and checksum.startswith("1220")  # multihash


def _of(claim: Claim, name: str) -> Any:
    return claim.asset.get(name, claim.properties.get(name))


def _code(code: Any, epsg: Any) -> str | None:
    if isinstance(code, str) and code.upper().startswith("EPSG:"):
        return code.upper()
    return f"EPSG:{epsg}" if isinstance(epsg, int) and not isinstance(epsg, bool) else None


def _by(shape: list[Any]) -> str:
    return "x".join(str(one) for one in shape)
