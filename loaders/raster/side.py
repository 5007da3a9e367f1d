"""What the side file ``.aux.xml`` of a raster says: the part of GDAL's PAM that describes it.

Source: https://gdal.org/en/stable/development/rfc/ and the files that GDAL writes
(``PAMDataset`` with SRS, GeoTransform, Metadata and PAMRasterBand).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from dafab_kg.model.errors import DocumentRejected
from dafab_kg.model.strict_xml import read_xml, root_name

ROOT = "PAMDataset"


@dataclass
class SideBand:
    """What it says of one band."""

    nodata: str | None = None
    description: str | None = None
    unit: str | None = None
    scale: str | None = None
    offset: str | None = None
    tags: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class SideFile:
    """What it says of the raster; ``transform`` is in GDAL's order (x, a, b, y, d, e)."""

    crs_wkt: str | None = None
    transform: tuple[float, ...] | None = None
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    bands: dict[int, SideBand] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def is_side_file(head: bytes) -> bool:
    """Tell by its first bytes whether a file is such a side file."""
    named = root_name(head)
    return named is not None and named[1] == ROOT


def read_side_file(data: bytes, *, where: str) -> SideFile:
    """Read a side file; what is wrong in it becomes a warning, since the raster is sound."""
    side = SideFile()
    try:
        root = read_xml(data, where=where)
    except DocumentRejected as error:
        side.warnings.append(f"the side file is left out: {error}")
        return side
    side.crs_wkt = _text(root, "SRS")
    side.tags = _tags(root)
    told = _text(root, "GeoTransform")
    if told is not None:
        side.transform = _numbers(told)
        if side.transform is None:
            side.warnings.append(f"{where}: GeoTransform is not six numbers; left out")
    for element in root.findall("PAMRasterBand"):
        number = element.get("band", "")
        if not number.isdecimal():
            side.warnings.append(f"{where}: a band has no number; left out")
            continue
        side.bands[int(number)] = SideBand(
            _text(element, "NoDataValue"),
            _text(element, "Description"),
            _text(element, "UnitType"),
            _text(element, "Scale"),
            _text(element, "Offset"),
            _tags(element),
        )
    return side


def _text(element: etree._Element, name: str) -> str | None:
    found = element.findtext(name)
    return found.strip() or None if isinstance(found, str) else None


def _numbers(text: str) -> tuple[float, ...] | None:
    try:
        values = tuple(float(one) for one in text.split(","))
    except ValueError:
        return None
    return values if len(values) == 6 else None


def _tags(element: etree._Element) -> dict[str, dict[str, str]]:
    """Return the metadata items by domain and key; the domain without name is ``""``."""
    tags: dict[str, dict[str, str]] = {}
    for domain in element.findall("Metadata"):
        items = tags.setdefault(domain.get("domain") or "", {})
        for item in domain.findall("MDI"):
            key, text = item.get("key"), item.text
            if key and isinstance(text, str):
                items[key] = text
    return tags
