"""Water masks: which rasters are masks, how they are coded, and how much water they hold.

Coding: 1 is water, 0 is land, -1 and the file's no-data value are no data.  Another coding
counts only where it is stated: by the ``classification:classes`` of the STAC asset, or by the
GeoTIFF's own tags (see ``README.md`` beside this file).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rasterio.io import DatasetReader
from rasterio.windows import Window

from dafab_kg.loaders.raster.area import Grid, PixelAreas, square_kilometres, windows
from dafab_kg.loaders.raster.items import Link
from dafab_kg.model.errors import FieldNotValid, TooLarge

KIND_TAG: Final = "DAFAB_WATER_MASK"
PRODUCT_TAG: Final = "DAFAB_PRODUCT"
WATER_TAG: Final = "DAFAB_WATER_VALUES"
LAND_TAG: Final = "DAFAB_LAND_VALUES"
NODATA_TAG: Final = "DAFAB_NODATA_VALUES"
AREA_TAG: Final = "DAFAB_WATER_AREA_KM2"
KINDS: Final = ("reference", "observed")

MAX_PIXELS: Final = 4 * 10**9
"""Most pixels of a mask that is counted; a Sentinel-2 tile at 10 m has 1.2·10⁸."""
MAX_BLOCK: Final = 256 * 1024 * 1024
"""Most bytes of one unpacked block, which is held as a whole."""

WATER, LAND, NODATA, OTHER = 1, 0, 2, 3
"""Classes that pixels are sorted into; OTHER is what no coding tells."""

_NOT_A_MASK = re.compile(r"difference|cloud")
_MOST_VALUES: Final = 10


@dataclass(frozen=True)
class Coding:
    """Which pixel values mean what."""

    water: frozenset[float] = frozenset({1.0})
    land: frozenset[float] = frozenset({0.0})
    nodata: frozenset[float] = frozenset({-1.0})


@dataclass(frozen=True)
class Told:
    """That a raster is a mask: which kind, what says so, of which products, how coded."""

    kind: str
    by: str
    products: tuple[str, ...]
    coding: Coding


@dataclass
class Count:
    """What a mask holds: pixels and km² by class, and values without a meaning."""

    method: str
    pixels: dict[int, int] = field(default_factory=lambda: dict.fromkeys((WATER, LAND, NODATA), 0))
    areas: dict[int, float] = field(
        default_factory=lambda: dict.fromkeys((WATER, LAND, NODATA), 0.0)
    )
    strange: set[float] = field(default_factory=set)


def told_mask(tags: Mapping[str, str], link: Link | None, where: str) -> Told | None:
    """Return what says that a raster is a water mask: its own tags first, then its asset.

    Raises:
        FieldNotValid: a tag holds what it cannot hold.
    """
    tagged = tags.get(KIND_TAG)
    kind = tagged.strip().lower() if tagged is not None else _kind_of(link)
    if kind is None:
        return None
    if kind not in KINDS:
        raise FieldNotValid(
            f"{tagged!r} is no kind of water mask",
            where=f"{where}: tag {KIND_TAG}",
            remedy=f"Use one of {', '.join(KINDS)}, or take the tag away",
        )
    products = [link.product_id] if link is not None else []
    named = tags.get(PRODUCT_TAG, "").strip()
    if named and named not in products:
        products.append(named)
    return Told(
        kind, "asset" if tagged is None else "tag", tuple(products), _coding(tags, link, where)
    )


def _kind_of(link: Link | None) -> str | None:
    """Return the kind that the key or the roles of a water item's asset say."""
    for claim in link.claims if link is not None else ():
        roles = claim.asset.get("roles")
        told = [claim.key, *(roles if isinstance(roles, list) else ())]
        words = " ".join(str(one) for one in told).lower()
        if not claim.water or "water" not in words or _NOT_A_MASK.search(words):
            continue
        kinds = [kind for kind in KINDS if kind in words]
        if len(kinds) == 1:
            return kinds[0]
    return None


def _coding(tags: Mapping[str, str], link: Link | None, where: str) -> Coding:
    by_class = {"water": set[float](), "land": set[float](), "nodata": set[float]()}
    for claim in link.claims if link is not None else ():
        for one in _classes(claim.asset):
            name = re.sub(r"[^a-z]", "", str(one.get("name", "")).lower())
            value = one.get("value")
            if name in by_class and isinstance(value, int) and not isinstance(value, bool):
                by_class[name].add(float(value))
    for name, tag in (("water", WATER_TAG), ("land", LAND_TAG), ("nodata", NODATA_TAG)):
        if tag in tags:
            try:
                by_class[name] = {float(text) for text in tags[tag].split(",")}
            except ValueError:
                raise FieldNotValid(
                    f"{tags[tag]!r} is no list of pixel values",
                    where=f"{where}: tag {tag}",
                    remedy="Write numbers with commas between them, for example 1,2",
                ) from None
    common = Coding()
    return Coding(
        frozenset(by_class["water"]) or common.water,
        frozenset(by_class["land"]) or common.land,
        frozenset(by_class["nodata"]) or common.nodata,
    )


def _classes(asset: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the classes of an asset, which may stand on its one band."""
    bands = [*_list(asset.get("raster:bands")), *_list(asset.get("bands"))]
    holders = [asset, *bands] if len(bands) <= 1 else [asset]
    found = [_list(one.get("classification:classes")) for one in holders]
    return next(filter(None, found), [])


def _list(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def check_readable(dataset: DatasetReader, where: str) -> None:
    """Refuse to unpack what is out of all proportion.

    Raises:
        TooLarge: too many pixels, or blocks too large to be held.
    """
    pixels = dataset.width * dataset.height
    height, width = dataset.block_shapes[0]
    block = height * width * np.dtype(_plain_type(dataset)).itemsize
    if pixels > MAX_PIXELS or block > MAX_BLOCK:
        raise TooLarge(
            f"The mask has {pixels} pixels in blocks of {block} bytes; "
            f"at most {MAX_PIXELS} and {MAX_BLOCK} are read",
            where=where,
            remedy="Cut it into tiles, and write it with blocks of 256 or 512 pixels a side",
        )


def _plain_type(dataset: DatasetReader) -> str:
    return "complex64" if "complex" in dataset.dtypes[0] else str(dataset.dtypes[0])


def classify(values: NDArray[Any], valid: NDArray[Any], coding: Coding) -> NDArray[np.uint8]:
    """Sort pixel values into :data:`WATER`, :data:`LAND`, :data:`NODATA` and :data:`OTHER`.

    ``valid`` is False where the file itself says that there is no data.
    """
    classes = np.full(values.shape, OTHER, np.uint8)
    if values.dtype.kind == "c":
        return classes
    for meant, wanted in ((LAND, coding.land), (WATER, coding.water), (NODATA, coding.nodata)):
        for value in wanted:
            classes[values == value] = meant
    if values.dtype.kind == "f":
        classes[np.isnan(values)] = NODATA
    classes[~valid] = NODATA
    return classes


def read_classes(
    dataset: DatasetReader, window: tuple[int, int, int, int], coding: Coding, nodata: float | None
) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Return classes and values of a window (row, column, height, width) of band 1.

    ``nodata`` is the value that a side file states.
    """
    row, column, height, width = window
    part = Window(column, row, width, height)
    values: NDArray[Any] = dataset.read(1, window=part)
    valid: NDArray[Any] = dataset.read_masks(1, window=part) != 0
    if nodata is not None:
        valid &= ~(values == nodata)
    return classify(values, valid, coding), values


def count_mask(
    dataset: DatasetReader, grid: Grid, coding: Coding, nodata: float | None, where: str
) -> Count:
    """Count the classes of a mask window by window, with their areas.

    Raises:
        TooLarge: see :func:`check_readable`.
        ProjError: the CRS is not one that areas can be told in.
    """
    check_readable(dataset, where)
    areas = PixelAreas(grid)
    count = Count(areas.method)
    block_height, block_width = dataset.block_shapes[0]
    for window in windows(dataset.width, dataset.height, block_width, block_height):
        classes, values = read_classes(dataset, window, coding, nodata)
        ground = areas.block(*window)
        for kind in count.pixels:
            chosen = classes == kind
            count.pixels[kind] += int(np.count_nonzero(chosen))
            count.areas[kind] += square_kilometres(ground, chosen)
        strange = values[classes == OTHER]
        if strange.size and len(count.strange) < _MOST_VALUES:
            if values.dtype.kind == "c":
                count.strange.add(float(abs(strange[0])))
            else:
                count.strange |= {float(one) for one in np.unique(strange)[:_MOST_VALUES]}
    if areas.method == "grid":  # whole pixels: no sum of rounded parts
        count.areas = {kind: n * areas.pixel / 1e6 for kind, n in count.pixels.items()}
    return count
