"""The SAFE manifest (``manifest.safe``): processing history, files, orbit, footprint.

Source: SENTINEL-SAFE format control book; XFDU (CCSDS 661.0-B-1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dafab_kg.loaders.sentinel2.sheet import Sheet

_CHECKSUM_NAMES = {"MD5": "md5", "SHA3-256": "sha3-256"}


@dataclass(frozen=True)
class HistoryStep:
    """A processing as the manifest tells it."""

    name: str
    software: str | None
    software_version: str | None
    facility: str | None
    started: str | None
    ended: str | None


@dataclass(frozen=True)
class ListedFile:
    """A file of the product: bytes, and checksum with the name of its method."""

    href: str
    size: int | None
    checksum: str | None


@dataclass(frozen=True)
class Manifest:
    """What the manifest says; ``history`` from the earliest step to the last.

    ``ring`` is the footprint as delivered: latitude, longitude, ... as text.
    """

    history: tuple[HistoryStep, ...]
    files: tuple[ListedFile, ...]
    absolute_orbit: int | None
    relative_orbit: int | None
    orbit_direction: str | None
    ring: tuple[str, str] | None


def read_manifest(sheet: Sheet) -> Manifest:
    """Read a manifest; every field may be absent."""
    orbit = sheet.part("orbitReference/orbitNumber")
    direction = orbit.attribute("groundTrackDirection") if orbit else None
    ring = sheet.part("footPrint/coordinates")
    processing = sheet.part("xmlData/processing")
    return Manifest(
        history=tuple(history_of(processing)) if processing else (),
        files=tuple(files_of(sheet)),
        absolute_orbit=sheet.whole("orbitReference/orbitNumber"),
        relative_orbit=sheet.whole("orbitReference/relativeOrbitNumber"),
        orbit_direction=direction.lower() if direction else None,
        ring=(ring.own, ring.where) if ring else None,
    )


def history_of(processing: Sheet) -> Iterator[HistoryStep]:
    """Yield the processings that made this one's resources, then itself (any SAFE manifest)."""
    for resource in processing.children("resource"):
        for earlier in resource.children("processing"):
            yield from history_of(earlier)
    facility = next(processing.children("facility"), None)
    software = next((facility or processing).children("software"), None)
    yield HistoryStep(
        name=processing.attribute("name") or "processing",
        software=software.attribute("name") if software else None,
        software_version=software.attribute("version") if software else None,
        facility=_facility(facility),
        started=processing.time_attribute("start"),
        ended=processing.time_attribute("stop"),
    )


def _facility(facility: Sheet | None) -> str | None:
    if facility is None:
        return None
    told = [facility.attribute(name) for name in ("organisation", "name", "site", "country")]
    return ", ".join(part for part in told if part) or None


def files_of(sheet: Sheet) -> Iterator[ListedFile]:
    """Yield the files that any SAFE manifest lists."""
    for stream in sheet.parts("dataObject/byteStream"):
        location = stream.part("fileLocation")
        href = location.attribute("href") if location else None
        if not href:
            continue
        size = stream.attribute("size") or ""
        yield ListedFile(
            href=href.removeprefix("./"),
            size=int(size) if size.isdecimal() and len(size) < 20 else None,
            checksum=_checksum(stream.part("checksum")),
        )


def _checksum(part: Sheet | None) -> str | None:
    if part is None or not part.own:
        return None
    name = part.attribute("checksumName") or ""
    return f"{_CHECKSUM_NAMES.get(name.upper(), name.lower())}:{part.own.lower()}"
