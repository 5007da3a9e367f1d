"""Metadata of an image after ISO 19115-2 (``gmi:MI_Metadata``), or ISO 19115 (``gmd:MD_Metadata``).

ESA's INSPIRE.xml puts the footprint of Sentinel-2 into the abstract, as numbers with
latitude first; it is read where it lies within the bounding box beside it.

Source: ISO 19115-2:2009 with ISO/TS 19139-2; OGC 07-045r1 (ISO records from a CSW)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from dafab_kg.loaders.catalogue import convert
from dafab_kg.loaders.catalogue.feed import Piece, digest_of
from dafab_kg.loaders.catalogue.identity import starts_apart
from dafab_kg.loaders.catalogue.told import PlaceTold, Told
from dafab_kg.loaders.stac.known import Known
from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.product_names import find_name
from dafab_kg.model.values import instant, number

FORM: Final = "iso19115"
ROOTS: Final = frozenset({"MI_Metadata", "MD_Metadata"})
ANSWERS: Final = frozenset({"GetRecordByIdResponse", "GetRecordsResponse", "SearchResults"})
TABLE: Final[tuple[Known, ...]] = (
    Known("processing_level", convert.level, ("processingLevelCode",)),
    Known("platform", convert.platform, ("platform",)),
    Known("instruments", convert.instruments, ("instrument",)),
    Known("sensing_start", convert.instant, ("begin",)),
    Known("sensing_stop", convert.instant, ("end",)),
    Known("datetime", convert.instant, ("begin of content",)),
    Known("cloud_cover", convert.cloud, ("cloudCoverPercentage",)),
    Known("sun_elevation", convert.number, ("illuminationElevationAngle",)),
    Known("sun_azimuth", convert.number, ("illuminationAzimuthAngle",)),
    Known("updated", convert.instant, ("dateStamp",)),
)
_PATHS: Final = {
    "fileIdentifier": "fileIdentifier/*",
    "title": "identificationInfo/*/citation/*/title/*",
    "code": "identificationInfo/*/citation/*/identifier/*/code/*",
    "abstract": "identificationInfo/*/abstract/*",
    "dateStamp": "dateStamp/DateTime",
    "begin": "identificationInfo//temporalElement//beginPosition",
    "end": "identificationInfo//temporalElement//endPosition",
    "moment": "identificationInfo//temporalElement//timePosition",
    "westBoundLongitude": "identificationInfo//westBoundLongitude/*",
    "southBoundLatitude": "identificationInfo//southBoundLatitude/*",
    "eastBoundLongitude": "identificationInfo//eastBoundLongitude/*",
    "northBoundLatitude": "identificationInfo//northBoundLatitude/*",
    "cloudCoverPercentage": "contentInfo//cloudCoverPercentage/*",
    "illuminationElevationAngle": "contentInfo//illuminationElevationAngle/*",
    "illuminationAzimuthAngle": "contentInfo//illuminationAzimuthAngle/*",
    "processingLevelCode": "contentInfo//processingLevelCode//code/*",
    "platform": "acquisitionInformation//MI_Platform/identifier//code/*",
    "instrument": "acquisitionInformation//MI_Instrument/identifier//code/*",
}
_NUMBERS: Final = (
    "cloudCoverPercentage", "illuminationElevationAngle", "illuminationAzimuthAngle",
)  # fmt: skip
_SILENT: Final = frozenset(
    {"begin of content", "fileIdentifier", "title", "code", "moment", "abstract"}
)
_BOX: Final = (
    "westBoundLongitude", "southBoundLatitude", "eastBoundLongitude", "northBoundLatitude",
)  # fmt: skip
_COORDINATES = re.compile(r"[-+\d.\s]{20,}\Z")


def records_of(root: etree._Element) -> Iterator[Piece]:
    """Yield the metadata records of a file: itself, or those in the answer of a CSW, from 1."""
    if _local(root) in ROOTS:
        yield Piece("", _value(root), "")
        return
    found = [one for one in root.iter() if isinstance(one.tag, str) and _local(one) in ROOTS]
    for position, element in enumerate(found, start=1):
        yield Piece(f"record[{position}]", _value(element), digest_of(element))


def is_record(value: dict[str, Any]) -> bool:
    """Tell whether a value was made of a metadata record."""
    return FORM in value


def is_of_image(value: dict[str, Any]) -> bool:
    """Tell whether a record describes an image, or names a product of Sentinel-1 or -2."""
    told = value[FORM]
    return bool(value["imagery"]) or find_name(_names(told)) is not None


def tell(value: dict[str, Any]) -> Told:
    """Read a record; ``value`` is what :func:`records_of` makes of it."""
    told: dict[str, Any] = dict(value[FORM])
    for name in _NUMBERS:
        told[name] = _number(told.get(name))
    if told.get("moment") and not told.get("begin"):
        told["begin"] = told["end"] = told["moment"]
    if _is_other_start(told):
        told["begin of content"] = told["begin"]
        told["content/begin"], told["content/end"] = told.pop("begin"), told.pop("end", None)
    own = told.get("fileIdentifier")
    return Told(
        interface=FORM,
        # ESA writes "publisher" for all: an identifier without a digit is none
        entry_id=own if isinstance(own, str) and re.search(r"\d", own) else None,
        names=tuple(_names(told)),
        table=TABLE,
        values={name: one for name, one in told.items() if name not in _BOX},
        of_entry=frozenset({"dateStamp", "abstract"}),
        silent=_SILENT if _is_coordinates(told.get("abstract")) else _SILENT - {"abstract"},
        places=tuple(_places(value, told)),
        box=tuple(_number(told.get(name)) for name in _BOX),
        name_place="//identificationInfo//citation//title",
        name_remedy="Give the record the name of the product as title or identifier",
    )


def _is_other_start(told: dict[str, Any]) -> bool:
    """Tell whether the time is not that of the product, by the product's name.

    ESA's INSPIRE.xml has the span of the datastrip, which begins minutes after the start of
    the datatake, which is what the start of sensing means for Sentinel-2 everywhere else.
    """
    name = find_name(_names(told))
    try:
        return name is not None and starts_apart(name, instant(told["begin"]))
    except (KeyError, FieldNotValid):
        return False


def _names(told: dict[str, Any]) -> list[Any]:
    return [told.get(name) for name in ("title", "code", "fileIdentifier")]


def _places(value: dict[str, Any], told: dict[str, Any]) -> Iterator[PlaceTold]:
    for gml in value["gml"]:
        yield PlaceTold("//EX_BoundingPolygon", "gml", gml)
    abstract = told.get("abstract")
    if not value["gml"] and _is_coordinates(abstract):
        yield PlaceTold("//abstract", "latlon", abstract)


def _is_coordinates(abstract: Any) -> bool:
    return isinstance(abstract, str) and _COORDINATES.match(abstract) is not None


def _value(root: etree._Element) -> dict[str, Any]:
    told = {name: _first(root, path) for name, path in _PATHS.items()}
    polygons = _find(root, "identificationInfo//EX_BoundingPolygon//polygon/*")
    return {
        FORM: {name: one for name, one in told.items() if one},
        "gml": [etree.tostring(one, encoding="unicode", with_tail=False) for one in polygons],
        "imagery": _local(root) == "MI_Metadata"
        or bool(_find(root, "contentInfo//cloudCoverPercentage"))
        or bool(_find(root, "acquisitionInformation")),
    }


def _find(root: etree._Element, path: str) -> list[etree._Element]:
    """Find elements by local names, which are the same in all editions of the schemas."""
    steps = re.split(r"(//?)", path)
    query = "." + "".join(
        step if step.startswith("/") else ("*" if step == "*" else f"*[local-name()='{step}']")
        for step in ["/", *steps]
    )
    found = root.xpath(query)
    return (
        [one for one in found if isinstance(one, etree._Element)] if isinstance(found, list) else []
    )


def _first(root: etree._Element, path: str) -> str | None:
    for element in _find(root, path):
        text = "".join(str(one) for one in element.itertext()).strip()
        if text:
            return text
    return None


def _number(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return number(text)
    except FieldNotValid:
        return text


def _local(element: etree._Element) -> str:
    return str(etree.QName(element).localname)
