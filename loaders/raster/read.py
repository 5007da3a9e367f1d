"""From the parts of a raster document to records."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from pyproj.exceptions import ProjError
from rasterio.io import DatasetReader

from dafab_kg.loaders.raster.cog import Layout, check_layout
from dafab_kg.loaders.raster.compare import (
    compare_layout,
    compare_place,
    compare_water,
    differs,
)
from dafab_kg.loaders.raster.describe import (
    Placing,
    bands_of,
    extent_fields,
    left_tags,
    nodata_of,
    number_of,
    place_of,
    tags_of,
)
from dafab_kg.loaders.raster.files import JPEG2000, TIFF, open_bytes, open_raster
from dafab_kg.loaders.raster.items import Link
from dafab_kg.loaders.raster.jpeg2000 import check_whole, is_jpeg2000
from dafab_kg.loaders.raster.mask import (
    AREA_TAG,
    LAND,
    NODATA,
    WATER,
    Count,
    Told,
    count_mask,
    told_mask,
)
from dafab_kg.loaders.raster.parts import Parts
from dafab_kg.loaders.raster.side import SideFile
from dafab_kg.loaders.raster.structure import Image, TiffFile
from dafab_kg.loaders.stac.leaves import Owner, keep
from dafab_kg.model.documents import Part, Reading
from dafab_kg.model.names import Names
from dafab_kg.model.records import RasterBand, RasterFile, Record, WaterMask

_GHOST: Final = 1024
_READ: Final = frozenset(
    {
        "AREA_OR_POINT", "TIFFTAG_SOFTWARE", "TIFFTAG_DATETIME", "COMPRESSION", "INTERLEAVE",
        "STATISTICS_MINIMUM", "STATISTICS_MAXIMUM", "STATISTICS_MEAN", "STATISTICS_STDDEV",
        "STATISTICS_VALID_PERCENT",
    }
)  # fmt: skip


def read_raster(
    parts: Parts,
    *,
    names: Names,
    document_id: str,
    where: str,
) -> Reading:
    """Read a raster file with what belongs to it.

    Raises:
        NotWellFormed: the file is cut off or damaged.
        TooLarge: it claims more than is read.
        FieldNotValid: it has no extent, or a tag is not valid.
    """
    part, side, link = parts.raster, parts.side, parts.link
    digest = part.digest
    warnings = list(side.warnings)
    driver, texts, images, layout = _structure(part, parts.outside, where)
    with open_raster(part, driver, where=where) as dataset:
        placing = place_of(dataset, side, where)
        warnings += placing.warnings
        tags = {band: tags_of(dataset, side, band) for band in (0, *dataset.indexes)}
        raster = RasterFile(
            digest=digest,
            driver=driver,
            file_name=part.name.rpartition("/")[2],
            file_size=part.size,
            product_id=link.product_id if link is not None else None,
            asset_keys=link.keys if link is not None else (),
            raster_width=dataset.width,
            raster_height=dataset.height,
            band_count=dataset.count,
            pixel_interpretation=tags[0][""].get("AREA_OR_POINT"),
            compression=_compression(dataset, tags),
            interleave=tags[0].get("IMAGE_STRUCTURE", {}).get("INTERLEAVE"),
            is_tiled=images[0].tiled if images else None,
            block_width=dataset.block_shapes[0][1],
            block_height=dataset.block_shapes[0][0],
            overviews=tuple(
                f"{one.width}x{one.height}" for one in images if one.reduced and not one.mask
            ),
            is_cog=layout.is_cog if layout else None,
            cog_faults=layout.faults if layout else (),
            cog_advice=layout.advice if layout else (),
            written_by=tags[0][""].get("TIFFTAG_SOFTWARE") or texts.get("Software"),
            written_at=tags[0][""].get("TIFFTAG_DATETIME") or texts.get("DateTime"),
            **extent_fields(placing, dataset),
        )
        own_tags = {band: tags[band][""] for band in dataset.indexes}
        bands = list(bands_of(dataset, side, digest, own_tags))
        told = told_mask(tags[0][""], link, where)
        mask = None
        if told is not None:
            mask, doubts = _mask(dataset, side, placing, told, digest, where)
            warnings += doubts
    warnings += _doubts(part, driver, images, link, raster, bands)
    if mask is not None and told is not None:
        warnings += compare_place(link, told.products, raster)
        warnings += compare_water(link, mask) if link is not None else ()
        warnings += _claimed_by_tag(tags[0][""], mask)
    records: list[Record] = [raster, *bands, *([mask] if mask is not None else [])]
    owner = Owner(names.make("raster", digest=digest), document_id)
    records += _properties(tags, texts, owner)
    return Reading(tuple(records), warnings=tuple(dict.fromkeys(warnings)))


def _structure(
    part: Part, outside_names: tuple[str, ...], where: str
) -> tuple[str, dict[str, str], tuple[Image, ...], Layout | None]:
    """Look at the file's own structure before GDAL sees it."""
    with open_bytes(part) as file:
        head = file.read(16)
        if is_jpeg2000(head):
            check_whole(file, where)
            return JPEG2000, {}, (), None
        tiff = TiffFile(file, where)
        images = tiff.images()
        file.seek(tiff.header)
        layout = check_layout(tiff, images, file.read(_GHOST))
        outside = tuple(f"{name} lies outside of the file" for name in outside_names)
        layout = Layout((*layout.faults, *outside), layout.advice)
        return TIFF, tiff.texts(), images, layout


def _compression(dataset: DatasetReader, tags: dict[int, dict[str, dict[str, str]]]) -> str | None:
    told = tags[0].get("IMAGE_STRUCTURE", {}).get("COMPRESSION")
    if told is None and dataset.count:
        told = tags[1].get("IMAGE_STRUCTURE", {}).get("COMPRESSION")
    return told


def _doubts(
    part: Part,
    driver: str,
    images: tuple[Image, ...],
    link: Link | None,
    raster: RasterFile,
    bands: list[RasterBand],
) -> list[str]:
    doubts = []
    if driver == JPEG2000 and part.name.lower().endswith((".tif", ".tiff")):
        doubts.append("the file is called a TIFF, but its content is JPEG 2000")
    if images and images[0].blocks.empty:
        total = images[0].blocks.sizes.size
        doubts.append(
            f"{images[0].blocks.empty} of {total} blocks hold no bytes: "
            "the file is sparse, or was never finished"
        )
    if raster.georeferencing == "none" and raster.raster_crs is None and raster.crs_wkt is None:
        doubts.append("the raster has no georeference: nothing tells where on the Earth it lies")
    if link is not None:
        doubts += compare_layout(link, raster, bands)
    return doubts


def _mask(
    dataset: DatasetReader,
    side: SideFile,
    placing: Placing,
    told: Told,
    digest: str,
    where: str,
) -> tuple[WaterMask, list[str]]:
    """Count a mask; without grid or known coding it stays without figures."""
    empty = WaterMask(digest, told.kind, told.by, told.products)
    nodata = nodata_of(dataset, side, 1)
    doubts = []
    if dataset.count > 1:
        doubts.append(f"the mask has {dataset.count} bands; the first is read")
    if not told.products:
        doubts.append("nothing tells which product the mask belongs to")
    grid = placing.grid(dataset)
    if grid is None:
        return empty, [*doubts, "the mask lies on no grid, so its areas cannot be told"]
    try:
        count = count_mask(dataset, grid, told.coding, nodata, where)
    except ProjError as error:
        return empty, [*doubts, f"the areas of the mask cannot be told: {error}"]
    if nodata is None and not count.pixels[NODATA]:
        doubts.append("the mask states no no-data value: all its pixels count as seen")
    if count.strange:
        values = ", ".join(f"{value:g}" for value in sorted(count.strange))
        return empty, [
            *doubts,
            f"the mask holds values that nothing explains ({values}), so it was not counted; "
            "state its coding (see loaders/raster/README.md)",
        ]
    return _counted(empty, count), doubts


def _counted(empty: WaterMask, count: Count) -> WaterMask:
    pixels, areas = count.pixels, count.areas
    total, seen = sum(pixels.values()), pixels[WATER] + pixels[LAND]
    return WaterMask(
        digest=empty.digest,
        mask_kind=empty.mask_kind,
        told_by=empty.told_by,
        product_ids=empty.product_ids,
        water_pixels=pixels[WATER],
        land_pixels=pixels[LAND],
        nodata_pixels=pixels[NODATA],
        water_area=square_metre(areas[WATER]),
        land_area=square_metre(areas[LAND]),
        nodata_area=square_metre(areas[NODATA]),
        water_share=share(pixels[WATER], total),
        water_share_visible=share(pixels[WATER], seen),
        area_method=count.method,
    )


def square_metre(area: float) -> Decimal:
    """Round an area in km² to the square metre."""
    return Decimal(repr(float(area))).quantize(Decimal("0.000001"))


def share(part: float | Decimal, whole: float | Decimal) -> Decimal | None:
    """Return a percentage with four decimals; None of nothing."""
    if not whole:
        return None
    return (Decimal(100) * Decimal(part) / Decimal(whole)).quantize(Decimal("0.0001"))


def _claimed_by_tag(tags: dict[str, str], mask: WaterMask) -> list[str]:
    told = number_of(tags.get(AREA_TAG))
    if told is None or mask.water_area is None:
        return []
    if not differs(told, mask.water_area, Decimal("0.01")):
        return []
    return [f"the tag {AREA_TAG} claims {told} km² of water, the mask holds {mask.water_area} km²"]


def _properties(
    tags: dict[int, dict[str, dict[str, str]]], texts: dict[str, str], owner: Owner
) -> list[Record]:
    found: list[Record] = []
    for band, domains in tags.items():
        left: dict[str, Any] = left_tags(domains, _READ)
        for domain, items in left.items():
            name = f"{domain or 'metadata'}"
            for key, text in items.items():
                found += keep(text, f"/{band}/{_token(name)}/{_token(key)}", key, owner)
    for key, text in texts.items():
        if key not in ("Software", "DateTime") and f"TIFFTAG_{key.upper()}" not in tags[0][""]:
            found += keep(text, f"/tiff/{_token(key)}", key, owner)
    return found


def _token(text: str) -> str:
    return text.replace("~", "~0").replace("/", "~1")
