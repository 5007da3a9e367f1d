"""The annotation of one image: swath, polarisation, size, spacing, looks, angles, flags.

Source: Sentinel-1 Product Specification (S1-RS-MDA-52-7441), section on the Level-1
product annotation data set.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from dafab_kg.loaders.sentinel2.sheet import Sheet, local_name

_GIGA = Decimal(10) ** 9


@dataclass(frozen=True)
class Annotation:
    """What the annotation of one image says; metres, degrees and GHz.

    ``flags`` are its quality flags with their values (``true``: something is wrong).
    """

    swath: str | None
    polarisation: str | None
    image_number: int | None
    sensing_start: str | None
    sensing_stop: str | None
    projection: str | None
    pixel_value: str | None
    number_of_samples: int | None
    number_of_lines: int | None
    pixel_spacing_range: Decimal | None
    pixel_spacing_azimuth: Decimal | None
    looks_range: int | None
    looks_azimuth: int | None
    incidence_angle_near: Decimal | None
    incidence_angle_mid: Decimal | None
    incidence_angle_far: Decimal | None
    radar_frequency: Decimal | None
    number_of_bursts: int | None
    flags: dict[str, bool]
    name: str


def read_annotation(sheet: Sheet, name: str) -> Annotation:
    """Read an annotation; every field may be absent.  ``name`` is that of its file."""
    angles = [
        angle
        for point in sheet.parts("geolocationGridPoint/incidenceAngle")
        if (angle := point.number()) is not None
    ]
    bursts = sheet.part("burstList")
    count = bursts.attribute("count") if bursts else None
    frequency = sheet.number("productInformation/radarFrequency")
    return Annotation(
        swath=sheet.text("adsHeader/swath"),
        polarisation=sheet.text("adsHeader/polarisation"),
        image_number=sheet.whole("adsHeader/imageNumber"),
        sensing_start=sheet.time("adsHeader/startTime"),
        sensing_stop=sheet.time("adsHeader/stopTime"),
        projection=sheet.text("productInformation/projection"),
        pixel_value=sheet.text("imageInformation/pixelValue"),
        number_of_samples=sheet.whole("imageInformation/numberOfSamples"),
        number_of_lines=sheet.whole("imageInformation/numberOfLines"),
        pixel_spacing_range=sheet.number("imageInformation/rangePixelSpacing"),
        pixel_spacing_azimuth=sheet.number("imageInformation/azimuthPixelSpacing"),
        looks_range=_one(sheet, "swathProcParams/rangeProcessing/numberOfLooks"),
        looks_azimuth=_one(sheet, "swathProcParams/azimuthProcessing/numberOfLooks"),
        incidence_angle_near=min(angles, default=None),
        incidence_angle_mid=sheet.number("imageInformation/incidenceAngleMidSwath"),
        incidence_angle_far=max(angles, default=None),
        radar_frequency=frequency / _GIGA if frequency is not None else None,
        number_of_bursts=int(count) if count and count.isdecimal() and count != "0" else None,
        flags=_flags(sheet.parts("qualityInformation")),
        name=name,
    )


def _one(sheet: Sheet, path: str) -> int | None:
    """Return the number that stands at ``path`` in all swaths, None where they differ."""
    told = {part.whole() for part in sheet.parts(path)}
    return told.pop() if len(told) == 1 else None


def _flags(sections: Iterable[Sheet]) -> dict[str, bool]:
    """Return each quality flag, true if it is raised in any of the lists."""
    flags: dict[str, bool] = {}
    for section in sections:
        for element in section.root.iter():
            text = (element.text or "").strip().lower()
            if isinstance(element.tag, str) and text in {"true", "false"}:
                name = local_name(element)
                if name.endswith("Flag"):
                    flags[name] = flags.get(name, False) or text == "true"
    return flags
