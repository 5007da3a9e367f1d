"""The manifest of a Sentinel-1 product.

Source: Sentinel-1 Product Specification (S1-RS-MDA-52-7441), section on the manifest.
The last part of a product's name is the CRC-16 (CCITT, initially FFFF) of the manifest.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dafab_kg.loaders.sentinel2.manifest import HistoryStep, ListedFile, files_of, history_of
from dafab_kg.loaders.sentinel2.sheet import Sheet
from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.product_names import ProductName, sentinel1_datatake_id

_SLACK: Final = 1.5  # seconds: names cut off or round the fraction


@dataclass(frozen=True)
class Manifest:
    """What the manifest says; ``history`` from the earliest step to the last.

    ``rings`` are the footprints as delivered, each with its place: ``lat,lon lat,lon …``;
    one for most products, one for each image of a wave mode product.
    """

    satellite: str | None
    mode: str | None
    swaths: tuple[str, ...]
    polarisations: tuple[str, ...]
    product_type: str | None
    product_class: str | None
    product_composition: str | None
    timeliness: str | None
    slice_number: int | None
    total_slices: int | None
    datatake: int | None
    sensing_start: str | None
    sensing_stop: str | None
    absolute_orbit: int | None
    relative_orbit: int | None
    cycle_number: int | None
    orbit_direction: str | None
    rings: tuple[tuple[str, str], ...]
    history: tuple[HistoryStep, ...]
    files: tuple[ListedFile, ...]
    where: str


def read_manifest(sheet: Sheet) -> Manifest:
    """Read a manifest; every field may be absent."""
    direction = sheet.text("orbitProperties/pass")
    number = sheet.text("platform/number")
    processing = sheet.part("xmlData/processing")
    return Manifest(
        satellite=f"S1{number}" if number in {"A", "B", "C", "D"} else None,
        mode=sheet.text("instrumentMode/mode"),
        swaths=_each(sheet, "instrumentMode/swath"),
        polarisations=_each(sheet, "transmitterReceiverPolarisation"),
        product_type=sheet.text("productType"),
        product_class=sheet.text("productClass"),
        product_composition=sheet.text("productComposition"),
        timeliness=sheet.text("productTimelinessCategory"),
        slice_number=sheet.whole("sliceNumber"),
        total_slices=sheet.whole("totalSlices"),
        datatake=sheet.whole("missionDataTakeID"),
        sensing_start=sheet.time("acquisitionPeriod/startTime"),
        sensing_stop=sheet.time("acquisitionPeriod/stopTime"),
        absolute_orbit=sheet.whole("orbitReference/orbitNumber"),
        relative_orbit=sheet.whole("orbitReference/relativeOrbitNumber"),
        cycle_number=sheet.whole("orbitReference/cycleNumber"),
        orbit_direction=direction.lower() if direction else None,
        rings=tuple((part.own, part.where) for part in sheet.parts("footPrint/coordinates")),
        history=tuple(history_of(processing)) if processing else (),
        files=tuple(files_of(sheet)),
        where=sheet.where,
    )


def checksum_of(data: bytes) -> str:
    """Return the checksum of a manifest as the last part of the product's name has it."""
    return f"{binascii.crc_hqx(data, 0xFFFF):04X}"


def check_against_name(manifest: Manifest, name: ProductName, data: bytes) -> list[str]:
    """Compare a manifest with the name of the folder it lies in; return warnings.

    Raises:
        FieldNotValid: it is the manifest of another satellite or datatake.
    """
    named = name.fields
    datatake = None
    if manifest.datatake is not None:
        datatake = sentinel1_datatake_id(name.satellite, manifest.datatake)
    own: dict[str, object] = {
        "satellite": manifest.satellite,
        "datatake_id": datatake,
        "absolute_orbit": manifest.absolute_orbit,
        "product_type": manifest.product_type,
        "polarisations": frozenset(manifest.polarisations) or None,
    }
    told: dict[str, object] = {
        **named,
        "satellite": name.satellite,
        "polarisations": frozenset(named["polarisations"]),
    }
    differing = [key for key in own if own[key] not in (None, told[key])]
    start, named_start = manifest.sensing_start, named["sensing_start"]
    if start is not None and _seconds_between(start, named_start) > _SLACK:
        own["sensing_start"] = start
        differing.append("sensing_start")
    if {"satellite", "datatake_id"} & set(differing):
        key = "satellite" if "satellite" in differing else "datatake_id"
        raise FieldNotValid(
            f"The manifest is of {own[key]}, but its folder is that of {name.name}",
            where=manifest.where,
            remedy="Give the folder the name of the product it holds",
        )
    warnings = [
        f"{key} is {_shown(own[key])}, but the name {name.name} says {_shown(told[key])}"
        for key in differing
    ]
    if checksum_of(data) != name.told["unique"] and "suffix" not in name.told:
        warnings.append(
            f"manifest.safe has the checksum {checksum_of(data)}, but the name {name.name}"
            f" says {name.told['unique']}: it is not as it was delivered"
        )
    return warnings


def _each(sheet: Sheet, path: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.own for part in sheet.parts(path) if part.own))


def _seconds_between(one: str, other: str) -> float:
    first, second = (
        datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", time)) for time in (one, other)
    )
    return abs((first - second).total_seconds())


def _shown(value: object) -> object:
    return "+".join(sorted(value)) if isinstance(value, frozenset) else value
