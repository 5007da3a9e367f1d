"""What the name of a Sentinel product tells, and the ids of passes that are made from it.

The same product arrives in many envelopes (SAFE, STAC, answers of catalogues), and
its name is what they have in common: product, datatake and acquisition are named
here for all of them.

Source: Sentinel-2 Products Specification Document, section 3.4.1 (compact naming)
and the older naming of 2015-2016; Sentinel-1 Product Specification
(S1-RS-MDA-52-7441), section 3.4.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.values import instant

_TIME: Final = r"\d{8}T\d{6}"
_S2 = re.compile(
    rf"(?P<satellite>S2[A-D])_MSIL(?P<level>1B|1C|2A)_(?P<datatake>{_TIME})_N(?P<baseline>\d{{4}})"
    rf"_R(?P<orbit>\d{{3}})_T(?P<tile>\d\d[A-Z]{{3}})_(?P<processed>{_TIME})\Z"
)
_S2_LONG = re.compile(
    rf"(?P<satellite>S2[A-D])_[A-Z0-9]{{4}}_PRD_MSIL(?P<level>1B|1C|2A)_[A-Z0-9_]{{4}}"
    rf"_(?P<processed>{_TIME})_R(?P<orbit>\d{{3}})_V(?P<start>{_TIME})_(?P<stop>{_TIME})\Z"
)
_S1 = re.compile(
    rf"(?P<satellite>S1[A-D])_(?P<beam>IW|EW|WV|EN|RF|[SNZ][1-6])_(?P<type>[A-Z0-9_]{{3}})"
    rf"(?P<resolution>[FHM_])_(?P<level>[012A])(?P<class>[SACNX_])"
    rf"(?P<polarisation>SH|SV|DH|DV|HH|HV|VV|VH)_(?P<start>{_TIME})_(?P<stop>{_TIME})"
    rf"_(?P<absolute>\d{{6}})_(?P<take>[0-9A-F]{{6}})_(?P<unique>[0-9A-F]{{4}})"
    rf"(?P<suffix>_COG)?\Z"
)
_SATELLITE = re.compile(r"sentinel-([12])([a-d])\Z")
_POLARISATIONS: Final = {
    "SH": ("HH",),
    "SV": ("VV",),
    "DH": ("HH", "HV"),
    "DV": ("VV", "VH"),
}
_RESOLUTIONS: Final = {"F": "full", "H": "high", "M": "medium"}


@dataclass(frozen=True)
class ProductName:
    """A product's name without ``.SAFE``, and what it tells.

    ``fields`` are fields of :class:`~dafab_kg.model.records.Product`, with
    ``constellation`` and ``instruments`` beside them; ``told`` are the parts of the
    name as they stand in it.  ``datatake_start`` is compact (Sentinel-2 only).
    ``acquisition_id`` is None for an old Sentinel-2 name, which has several tiles.
    """

    name: str
    satellite: str
    datatake_start: str | None = None
    acquisition_id: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)


def find_name(candidates: Iterable[Any]) -> ProductName | None:
    """Return the first of ``candidates`` that is the name of a Sentinel-1 or -2 product."""
    for candidate in candidates:
        if isinstance(candidate, str) and candidate.startswith(("S1", "S2")):
            name = read_name(candidate)
            if name is not None:
                return name
    return None


def read_name(text: str) -> ProductName | None:
    """Read a product's name, with or without ``.SAFE``; None if it is none.

    >>> read_name("S2A_MSIL2A_20220127T104321_N0400_R008_T31UFS_20220127T132959").satellite
    'S2A'
    """
    name = text.strip().removesuffix(".SAFE")
    for pattern in (_S2, _S2_LONG, _S1):
        match = pattern.match(name)
        if match is not None:
            told = {key: value for key, value in match.groupdict().items() if value is not None}
            try:
                fields = _sentinel1(told) if pattern is _S1 else _sentinel2(told)
            except FieldNotValid:  # 61 minutes and the like
                return None
            satellite = told["satellite"]
            start = told.get("datatake")
            return ProductName(name, satellite, start, _acquisition(told), fields, told)
    return None


def _acquisition(told: Mapping[str, str]) -> str | None:
    if "take" in told:  # Sentinel-1
        return acquisition_id(told["satellite"], told["start"])
    if "datatake" in told:
        return acquisition_id(told["satellite"], told["datatake"], told["tile"])
    return None


def acquisition_id(satellite: str, start: str, tile: str | None = None) -> str:
    """Name the sensing of one place.

    For Sentinel-2 that is one tile of a datatake, and ``start`` the start of the
    datatake; for Sentinel-1 the stretch that a product was made from (a slice, or the
    whole datatake), and ``start`` its own start to the full second, as it stands in the
    product's name.  ``start`` is a time, compact or not; fractions are cut off.

    >>> acquisition_id("S2A", "20220127T104321", "31UFS")
    'S2A_20220127T104321_T31UFS'
    >>> acquisition_id("S1A", "2021-08-09T17:39:53.153776Z")
    'S1A_20210809T173953'
    """
    compact = re.sub(r"[.]\d+|[-:Z]", "", start)
    return f"{satellite}_{compact}_T{tile}" if tile else f"{satellite}_{compact}"


def sentinel1_datatake_id(satellite: str, number: int | str) -> str:
    """Name a datatake of Sentinel-1; its number counts per satellite, as text it is hexadecimal.

    >>> sentinel1_datatake_id("S1A", 302867), sentinel1_datatake_id("S1A", "049f13")
    ('S1A_049F13', 'S1A_049F13')
    """
    value = int(number, 16) if isinstance(number, str) else number
    return f"{satellite}_{value:06X}"


def platform_of(satellite: str) -> str:
    """Return the STAC name of a satellite.

    >>> platform_of("S2C")
    'sentinel-2c'
    """
    return f"sentinel-{satellite[1]}{satellite[2].lower()}"


def satellite_of(platform: str) -> str | None:
    """Return the short name of a Sentinel-1 or -2 satellite from its STAC name.

    >>> satellite_of("sentinel-1b"), satellite_of("sentinel-2")
    ('S1B', None)
    """
    match = _SATELLITE.match(platform)
    return f"S{match[1]}{match[2].upper()}" if match else None


def _common(told: Mapping[str, str]) -> dict[str, Any]:
    satellite = told["satellite"]
    fields: dict[str, Any] = {
        "platform": platform_of(satellite),
        "constellation": f"sentinel-{satellite[1]}",
    }
    if told["level"] != "A":  # corrections (ETAD) have no level
        fields["processing_level"] = f"L{told['level']}"
    if "start" in told:
        fields["sensing_start"] = instant(expand(told["start"]))
        fields["sensing_stop"] = instant(expand(told["stop"]))
    return fields


def _sentinel2(told: Mapping[str, str]) -> dict[str, Any]:
    fields = _common(told)
    instant(expand(told["processed"]))
    if "datatake" in told:
        instant(expand(told["datatake"]))
        fields["mgrs_tiles"] = (told["tile"],)
        fields["processing_baseline"] = f"{told['baseline'][:2]}.{told['baseline'][2:]}"
    fields["instruments"] = ("msi",)
    fields["relative_orbit"] = int(told["orbit"])
    return fields


def _sentinel1(told: Mapping[str, str]) -> dict[str, Any]:
    fields = _common(told)
    fields["instruments"] = ("c-sar",)
    fields["instrument_mode"] = "SM" if told["beam"][1].isdigit() else told["beam"]
    fields["product_type"] = told["type"].strip("_")
    fields["polarisations"] = _POLARISATIONS.get(told["polarisation"], (told["polarisation"],))
    fields["product_class"] = told["class"].strip("_") or None
    fields["resolution_class"] = _RESOLUTIONS.get(told["resolution"])
    fields["absolute_orbit"] = int(told["absolute"])
    fields["datatake_id"] = sentinel1_datatake_id(told["satellite"], told["take"])
    return {key: value for key, value in fields.items() if value is not None}


def expand(compact: str) -> str:
    """Write a compact time with its separators.

    >>> expand("20220127T104321")
    '2022-01-27T10:43:21Z'
    """
    date, time = compact.split("T")
    return f"{date[:4]}-{date[4:6]}-{date[6:]}T{time[:2]}:{time[2:4]}:{time[4:]}Z"
