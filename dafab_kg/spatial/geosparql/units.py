"""Units of measure by IRI: OGC, EPSG (by PROJ's database), UCUM and QUDT.

https://docs.ogc.org/is/22-047r1/22-047r1.html, section 8.7, asks for units by IRI and
names no register; those that OGC serves and QUDT's are taken.
"""

from __future__ import annotations

import math
import re
from functools import cache, lru_cache
from typing import Final, Literal, NamedTuple

from pyproj.database import get_units_map

from dafab_kg.model.errors import ArgumentNotValid

Kind = Literal["length", "angle", "area"]


class Unit(NamedTuple):
    """A unit: of what, and how many metres, radians or square metres one of it is."""

    kind: Kind
    factor: float


_LENGTHS: Final = {
    "metre": 1.0, "kilometre": 1e3, "centimetre": 1e-2, "millimetre": 1e-3, "decimetre": 1e-1,
    "foot": 0.3048, "us-foot": 1200 / 3937, "inch": 0.0254, "yard": 0.9144, "mile": 1609.344,
    "nautical-mile": 1852.0, "fathom": 1.8288, "chain": 20.1168, "furlong": 201.168,
}  # fmt: skip
_ANGLES: Final = {
    "radian": 1.0, "degree": math.pi / 180, "minute": math.pi / 10_800,
    "second": math.pi / 648_000, "gon": math.pi / 200, "microradian": 1e-6,
}  # fmt: skip
_AREAS: Final = {
    "square-metre": 1.0, "square-kilometre": 1e6, "square-centimetre": 1e-4,
    "square-millimetre": 1e-6, "hectare": 1e4, "are": 1e2, "acre": 4046.8564224,
    "square-foot": 0.3048**2, "square-yard": 0.9144**2, "square-inch": 0.0254**2,
    "square-mile": 1609.344**2,
}  # fmt: skip

# What each register calls them; EPSG's numbers come from PROJ's database.
_OGC: Final = {
    "metre": "metre", "meter": "metre", "degree": "degree", "radian": "radian",
    "kilometre": "kilometre", "centimetre": "centimetre", "millimetre": "millimetre",
    "foot": "foot", "statuteMile": "mile", "mile": "mile", "yard": "yard", "inch": "inch",
    "nauticalMile": "nautical-mile", "surveyFootUS": "us-foot", "minute": "minute",
    "second": "second", "grad": "gon", "gon": "gon",
    "squareMetre": "square-metre", "squareKilometre": "square-kilometre", "hectare": "hectare",
}  # fmt: skip
_UCUM: Final = {
    "m": "metre", "km": "kilometre", "dm": "decimetre", "cm": "centimetre", "mm": "millimetre",
    "[ft_i]": "foot", "[ft_us]": "us-foot", "[in_i]": "inch", "[yd_i]": "yard",
    "[mi_i]": "mile", "[nmi_i]": "nautical-mile", "[fth_i]": "fathom",
    "rad": "radian", "deg": "degree", "'": "minute", "''": "second", "gon": "gon",
    "m2": "square-metre", "km2": "square-kilometre", "cm2": "square-centimetre",
    "mm2": "square-millimetre", "har": "hectare", "ar": "are", "[acr_us]": "acre",
    "[sft_i]": "square-foot", "[syd_i]": "square-yard", "[sin_i]": "square-inch",
}  # fmt: skip
_QUDT: Final = {
    "M": "metre", "KiloM": "kilometre", "KM": "kilometre", "DeciM": "decimetre",
    "CentiM": "centimetre", "MilliM": "millimetre", "FT": "foot", "FT_US": "us-foot",
    "IN": "inch", "YD": "yard", "MI": "mile", "MI_N": "nautical-mile", "FATH": "fathom",
    "CH": "chain", "FUR": "furlong",
    "RAD": "radian", "DEG": "degree", "ARCMIN": "minute", "MIN_Angle": "minute",
    "ARCSEC": "second", "GON": "gon", "GRAD": "gon", "MicroRAD": "microradian",
    "M2": "square-metre", "KiloM2": "square-kilometre", "KM2": "square-kilometre",
    "CentiM2": "square-centimetre", "MilliM2": "square-millimetre", "HA": "hectare",
    "ARE": "are", "AC": "acre", "FT2": "square-foot", "YD2": "square-yard",
    "IN2": "square-inch", "MI2": "square-mile",
}  # fmt: skip
_FORMS: Final = (
    (re.compile(r"https?://www\.opengis\.net/def/uom/OGC/[\w.]+/(\w+)\Z"), _OGC),
    (re.compile(r"urn:ogc:def:uom:OGC:[\w.]*:(\w+)\Z"), _OGC),
    (re.compile(r"https?://www\.opengis\.net/def/uom/UCUM/(?:[\d.]+/)?([^/]+)\Z"), _UCUM),
    (re.compile(r"urn:ogc:def:uom:UCUM:[\w.]*:([^:]+)\Z"), _UCUM),
    (re.compile(r"https?://qudt\.org/(?:\d[\d.]*/)?vocab/unit[/#]([\w-]+)\Z"), _QUDT),
)
_EPSG: Final = re.compile(
    r"(?:https?://www\.opengis\.net/def/uom/EPSG/[\w.]+/|urn:ogc:def:uom:EPSG:[\w.]*:)(\d+)\Z"
)


@lru_cache(maxsize=256)
def unit_of(iri: str) -> Unit:
    """Find a unit by its IRI.

    Raises:
        ArgumentNotValid: it names no unit of length, angle or area that is known.
    """
    for form, names in _FORMS:
        found = form.match(iri)
        if found and found[1] in names:
            return _unit(names[found[1]])
    found = _EPSG.match(iri)
    if found and found[1] in _epsg():
        return _epsg()[found[1]]
    raise ArgumentNotValid(
        f"{iri[:200]!r} is not the IRI of a unit that is known. "
        "Write for instance http://www.opengis.net/def/uom/OGC/1.0/metre"
    )


def _unit(name: str) -> Unit:
    if name in _LENGTHS:
        return Unit("length", _LENGTHS[name])
    if name in _ANGLES:
        return Unit("angle", _ANGLES[name])
    return Unit("area", _AREAS[name])


@cache
def _epsg() -> dict[str, Unit]:
    kinds: dict[str, Kind] = {"linear": "length", "angular": "angle"}
    return {
        unit.code: Unit(kinds[unit.category], unit.conv_factor)
        for unit in get_units_map(auth_name="EPSG").values()
        if unit.category in kinds and unit.conv_factor
    }
