"""Product metadata (``MTD_MSIL1C.xml``, ``MTD_MSIL2A.xml``): the head of a product."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from dafab_kg.loaders.sentinel2.identifiers import (
    product_id_from_path,
    product_id_of,
    without_baseline,
)
from dafab_kg.loaders.sentinel2.quality import Percentages, read_checks, read_percentages
from dafab_kg.loaders.sentinel2.sheet import Sheet, local_name
from dafab_kg.loaders.sentinel2.spectral import BandMetadata, read_bands
from dafab_kg.model.errors import FieldMissing
from dafab_kg.model.values import instant

_LEVEL = re.compile(r"Level-(\w+?)_")
_IMAGES = ("IMAGE_FILE", "IMAGE_FILE_2A", "IMAGE_ID", "IMAGE_ID_2A")


@dataclass(frozen=True)
class ListedGranule:
    """A granule in the product's list, with its image files as listed."""

    granule_id: str
    datastrip_id: str | None
    image_format: str | None
    images: tuple[str, ...]


@dataclass(frozen=True)
class ProductMetadata:
    """What product metadata say; names are those of the record ``Product``.

    ``rings`` are the footprint's rings as delivered: latitude, longitude, ... as
    text, each with the place where it stands.
    """

    product_id: str
    product_uri: str | None
    processing_level: str
    product_type: str | None
    processing_baseline: str | None
    generation_time: str | None
    doi: str | None
    product_format: str | None
    spacecraft: str | None
    datatake_id: str | None
    datatake_type: str | None
    datatake_start: str | None
    relative_orbit: int | None
    orbit_direction: str | None
    sensing_start: str
    sensing_stop: str | None
    granules: tuple[ListedGranule, ...]
    rings: tuple[tuple[str, str], ...]
    cloud_cover: Decimal | None
    snow_cover: Decimal | None
    percentages: Percentages
    checks: tuple[tuple[str, str], ...]
    bands: tuple[BandMetadata, ...]
    quantification_value: Decimal | None
    aot_quantification_value: Decimal | None
    wvp_quantification_value: Decimal | None
    reflectance_conversion_factor: Decimal | None
    aot_retrieval_method: str | None
    ozone_source: str | None


def level_of(root_name: str) -> str:
    """Return the processing level that a root element's name tells.

    >>> level_of("Level-2A_User_Product")
    'L2A'
    """
    match = _LEVEL.match(root_name)
    return f"L{match[1]}" if match else root_name


def read_product(sheet: Sheet, *paths: str) -> ProductMetadata:
    """Read product metadata; ``paths`` (of the file) may name the product where it does not.

    Raises:
        FieldMissing: the product's name or PRODUCT_START_TIME is absent.
        FieldNotValid: PRODUCT_START_TIME is no time.
    """
    level = level_of(local_name(sheet.root))
    uri = _uri(sheet, level)
    start = sheet.required("Product_Info/PRODUCT_START_TIME")
    info = sheet.part("Product_Info") or sheet
    datatake = sheet.part("Product_Info/Datatake")
    datatake_id = datatake.attribute("datatakeIdentifier") if datatake else None
    doi = info.text("PRODUCT_DOI")
    direction = info.text("SENSING_ORBIT_DIRECTION")
    return ProductMetadata(
        product_id=_product_id(sheet, uri, paths),
        product_uri=uri,
        processing_level=level,
        product_type=info.text("PRODUCT_TYPE"),
        processing_baseline=info.text("PROCESSING_BASELINE"),
        generation_time=info.time("GENERATION_TIME"),
        doi=re.sub(r"\Ahttps?://(dx\.)?doi\.org/", "", doi) if doi else None,
        product_format=info.text("PRODUCT_FORMAT"),
        spacecraft=info.text("SPACECRAFT_NAME"),
        datatake_id=without_baseline(datatake_id) if datatake_id else None,
        datatake_type=info.text("DATATAKE_TYPE"),
        datatake_start=info.time("DATATAKE_SENSING_START"),
        relative_orbit=info.whole("SENSING_ORBIT_NUMBER"),
        orbit_direction=direction.lower() if direction else None,
        sensing_start=instant(start, where=f"{sheet.where}//Product_Info/PRODUCT_START_TIME"),
        sensing_stop=info.time("PRODUCT_STOP_TIME"),
        granules=tuple(_granules(sheet)),
        rings=tuple((r.own, r.where) for r in sheet.parts("EXT_POS_LIST") if r.own),
        cloud_cover=sheet.number("Cloud_Coverage_Assessment"),
        snow_cover=sheet.number("Snow_Coverage_Assessment"),
        percentages=read_percentages(sheet),
        checks=tuple(dict.fromkeys(read_checks(sheet))),
        bands=read_bands(sheet),
        quantification_value=sheet.number(
            "BOA_QUANTIFICATION_VALUE", "QUANTIFICATION_VALUE", "L1C_TOA_QUANTIFICATION_VALUE"
        ),
        aot_quantification_value=sheet.number("AOT_QUANTIFICATION_VALUE"),
        wvp_quantification_value=sheet.number("WVP_QUANTIFICATION_VALUE"),
        reflectance_conversion_factor=sheet.number("Reflectance_Conversion/U"),
        aot_retrieval_method=sheet.text("AOT_RETRIEVAL_METHOD"),
        ozone_source=sheet.text("OZONE_SOURCE"),
    )


def _uri(sheet: Sheet, level: str) -> str | None:
    # a Level-2A product of 2016 to 2018 also names the Level-1C one it was made from
    other = "PRODUCT_URI_2A" if level.startswith("L2") else "PRODUCT_URI_1C"
    return sheet.text("Product_Info/PRODUCT_URI", f"Product_Info/{other}")


def _product_id(sheet: Sheet, uri: str | None, paths: tuple[str, ...]) -> str:
    product_id = product_id_of(uri) if uri else product_id_from_path(*paths)
    if not product_id:
        raise FieldMissing(
            "The product's name is missing",
            where=f"{sheet.where}//Product_Info/PRODUCT_URI",
            remedy="Keep the metadata in a directory named after the product (….SAFE)",
        )
    return product_id


def _granules(sheet: Sheet) -> Iterator[ListedGranule]:
    """Yield the granules; one that is listed for each resolution is joined."""
    found: dict[str, ListedGranule] = {}
    for name in ("Granule_List/Granule", "Granule_List/Granules"):
        for part in sheet.parts(name):
            granule_id = part.attribute("granuleIdentifier")
            if not granule_id:
                part.warnings.append(f"left out: a granule without identifier: {part.where}")
                continue
            images = tuple(i.own for tag in _IMAGES for i in part.parts(tag) if i.own)
            known = found.get(granule_id)
            if known:
                found[granule_id] = replace(known, images=known.images + images)
            else:
                found[granule_id] = ListedGranule(
                    granule_id,
                    part.attribute("datastripIdentifier"),
                    part.attribute("imageFormat"),
                    images,
                )
    yield from found.values()
