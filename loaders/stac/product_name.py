"""What the name of a Sentinel product tells.

Source: Sentinel-2 Products Specification Document, section 3.4.1 (compact naming)
and the older naming of 2015-2016; Sentinel-1 Product Specification, section 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.values import instant

_TIME: Final = r"\d{8}T\d{6}"
_S2 = re.compile(
    rf"(?P<satellite>S2[A-D])_MSIL(?P<level>1B|1C|2A)_(?P<datatake>{_TIME})_N(?P<baseline>\d{{4}})"
    rf"_R(?P<orbit>\d{{3}})_T(?P<tile>\d\d[A-Z]{{3}})_{_TIME}\Z"
)
_S2_LONG = re.compile(
    rf"(?P<satellite>S2[A-D])_[A-Z0-9]{{4}}_PRD_MSIL(?P<level>1B|1C|2A)_[A-Z0-9_]{{4}}_{_TIME}"
    rf"_R(?P<orbit>\d{{3}})_V(?P<start>{_TIME})_(?P<stop>{_TIME})\Z"
)
_S1 = re.compile(
    rf"(?P<satellite>S1[A-D])_(?P<mode>IW|EW|WV|S[1-6])_(?P<type>[A-Z]{{3}})[A-Z_]"
    rf"_(?P<level>[012])[SA](?P<polarisation>SH|SV|DH|DV|HH|HV|VV|VH)_(?P<start>{_TIME})"
    rf"_(?P<stop>{_TIME})_(?P<absolute>\d{{6}})_[0-9A-F]{{6}}_[0-9A-F]{{4}}(?:_COG)?\Z"
)
_POLARISATIONS: Final = {
    "SH": ("HH",),
    "SV": ("VV",),
    "DH": ("HH", "HV"),
    "DV": ("VV", "VH"),
}


@dataclass(frozen=True)
class ProductName:
    """A product's name without ``.SAFE``, and the product fields it tells.

    ``datatake_start`` is compact, as it stands in the name.
    """

    name: str
    satellite: str
    datatake_start: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)


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
            told = match.groupdict()
            try:
                fields = _fields(told)
            except FieldNotValid:  # 61 minutes and the like
                return None
            return ProductName(name, told["satellite"], told.get("datatake"), fields)
    return None


def _fields(told: dict[str, str]) -> dict[str, Any]:
    satellite = told["satellite"]
    fields: dict[str, Any] = {
        "platform": f"sentinel-{satellite[1]}{satellite[2].lower()}",
        "constellation": f"sentinel-{satellite[1]}",
        "processing_level": f"L{told['level']}",
    }
    if "datatake" in told:
        instant(expand(told["datatake"]))
        fields["mgrs_tiles"] = (told["tile"],)
        fields["processing_baseline"] = f"{told['baseline'][:2]}.{told['baseline'][2:]}"
    if "orbit" in told:
        fields["instruments"] = ("msi",)
        fields["relative_orbit"] = int(told["orbit"])
    if "start" in told:
        fields["sensing_start"] = instant(expand(told["start"]))
        fields["sensing_stop"] = instant(expand(told["stop"]))
    if "mode" in told:
        fields["instrument_mode"] = "SM" if told["mode"].startswith("S") else told["mode"]
        fields["product_type"] = told["type"]
        polarisation = told["polarisation"]
        fields["polarisations"] = _POLARISATIONS.get(polarisation, (polarisation,))
        fields["absolute_orbit"] = int(told["absolute"])
    return fields


def expand(compact: str) -> str:
    """Write a compact time with its separators.

    >>> expand("20220127T104321")
    '2022-01-27T10:43:21Z'
    """
    date, time = compact.split("T")
    return f"{date[:4]}-{date[4:6]}-{date[6:]}T{time[:2]}:{time[2:4]}:{time[4:]}Z"
