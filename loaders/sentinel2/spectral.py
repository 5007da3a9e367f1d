"""The spectral bands of a product: wavelengths, gains and offsets by ``bandId``."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from dafab_kg.loaders.sentinel2.identifiers import BAND_NAMES, band_name
from dafab_kg.loaders.sentinel2.sheet import Sheet

COMMON_NAMES: Final[dict[str, str]] = {
    "B01": "coastal", "B02": "blue", "B03": "green", "B04": "red", "B05": "rededge",
    "B06": "rededge", "B07": "rededge", "B08": "nir", "B8A": "nir08", "B09": "nir09",
    "B10": "cirrus", "B11": "swir16", "B12": "swir22",
}  # fmt: skip
"""Common names of the bands (STAC extension ``eo``)."""

_INDICES: Final = {str(index) for index in range(len(BAND_NAMES))}


@dataclass(frozen=True)
class BandMetadata:
    """One band; resolution in metres, wavelengths in nm, irradiance in W/m²/µm."""

    band: str
    band_index: int
    resolution: Decimal | None = None
    central_wavelength: Decimal | None = None
    min_wavelength: Decimal | None = None
    max_wavelength: Decimal | None = None
    solar_irradiance: Decimal | None = None
    radiometric_offset: Decimal | None = None
    physical_gain: Decimal | None = None


def read_bands(sheet: Sheet) -> tuple[BandMetadata, ...]:
    """Read every band that the product metadata say anything about, in the order of bandId."""
    spectral = _by_band(sheet, "Spectral_Information")
    irradiance = _by_band(sheet, "SOLAR_IRRADIANCE")
    offsets = _by_band(sheet, "BOA_ADD_OFFSET") or _by_band(sheet, "RADIO_ADD_OFFSET")
    gains = _by_band(sheet, "PHYSICAL_GAINS")
    return tuple(
        BandMetadata(
            band=_name(spectral.get(index), index),
            band_index=index,
            resolution=_number(spectral.get(index), "RESOLUTION"),
            central_wavelength=_number(spectral.get(index), "Wavelength/CENTRAL"),
            min_wavelength=_number(spectral.get(index), "Wavelength/MIN"),
            max_wavelength=_number(spectral.get(index), "Wavelength/MAX"),
            solar_irradiance=_own_number(irradiance.get(index)),
            radiometric_offset=_own_number(offsets.get(index)),
            physical_gain=_own_number(gains.get(index)),
        )
        for index in sorted({*spectral, *irradiance, *offsets, *gains})
    )


def _by_band(sheet: Sheet, path: str) -> dict[int, Sheet]:
    found: dict[int, Sheet] = {}
    for part in sheet.parts(path):
        identifier = part.attribute("bandId", "band_id")
        if identifier and identifier in _INDICES:
            found[int(identifier)] = part
        else:
            part.warnings.append(f"left out: band {identifier!r} is not known: {part.where}")
    return found


def _name(spectral: Sheet | None, index: int) -> str:
    physical = spectral.attribute("physicalBand") if spectral else None
    return (band_name(physical) if physical else None) or BAND_NAMES[index]


def _number(part: Sheet | None, path: str) -> Decimal | None:
    return part.number(path) if part else None


def _own_number(part: Sheet | None) -> Decimal | None:
    return part.number() if part else None
