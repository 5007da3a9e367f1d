"""How a value under a known name becomes the value of a record's field.

Each function takes the JSON value and returns ``(value, faithful)``: faithful
where the field then says exactly what was delivered, so that the original need
not be kept beside it.  None means that the value is right but not for this field.

All raise :class:`~dafab_kg.model.errors.FieldNotValid` for what cannot be read.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from dafab_kg.model import values
from dafab_kg.model.errors import FieldNotValid

Converted = tuple[Any, bool]

_SENTINEL = re.compile(r"(?:sentinel[-_ ]?|s)([1-6])[-_ ]?([a-d])?\Z", re.IGNORECASE)
_LEVEL = re.compile(r"(?:level|l|s2msi)?[-_ ]?([0-4][a-c]?)p?\Z", re.IGNORECASE)
_S1_TYPE = re.compile(r"(?:IW|EW|WV|SM|S[1-6])_([A-Z]{3})[A-Z_]?_\d[SA]?(?:_COG)?\Z")
_TILE = re.compile(r"(?:MGRS-|T)?(\d{1,2})([C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V])\Z")
_DATATAKE = re.compile(r"(GS2[A-D]_\d{8}T\d{6}_\d{6})(_N\d\d\.\d\d)?\Z")
_BASELINE = re.compile(r"\d\d\.\d\d\Z")
_EPSG = re.compile(r"EPSG:\d+\Z")


def text(raw: Any) -> Converted:
    """Text that is not empty."""
    return _text(raw), True


def number(raw: Any) -> Converted:
    """A number; one written as text is read but not taken as faithful."""
    return _number(raw), not isinstance(raw, str)


def percent(raw: Any) -> Converted:
    """A number from 0 to 100."""
    value = _number(raw)
    if not 0 <= value <= 100:
        raise FieldNotValid("is no percentage from 0 to 100")
    return value, not isinstance(raw, str)


def whole(raw: Any) -> Converted:
    """A whole number from 0 upwards, even if written with a fraction of zero."""
    value = _number(raw)
    if value < 0 or value != value.to_integral_value():
        raise FieldNotValid("is no whole number")
    return int(value), not isinstance(raw, str)


def instant(raw: Any) -> Converted:
    """A time; it is faithful if it was in UTC and said so."""
    return values.instant(_text(raw)), raw.endswith(("Z", "+00:00"))


def platform(raw: Any) -> Converted:
    """The STAC name of a satellite, in lower case.

    >>> platform("Sentinel-2A"), platform("S2B"), platform("landsat-8")
    (('sentinel-2a', False), ('sentinel-2b', False), ('landsat-8', True))
    """
    name = _text(raw).strip()
    match = _SENTINEL.match(name)
    plain = f"sentinel-{match[1]}{(match[2] or '').lower()}" if match else name.lower()
    return plain, plain == raw


def instruments(raw: Any) -> Converted:
    """Names of instruments in lower case."""
    plain = tuple(name.strip().lower() for name in texts(raw)[0])
    return plain, list(plain) == raw


def texts(raw: Any) -> Converted:
    """A list of texts, or one text, as a tuple."""
    many = raw if isinstance(raw, list) else [raw]
    if not many or not all(isinstance(one, str) and one for one in many):
        raise FieldNotValid("is no list of texts")
    return tuple(many), isinstance(raw, list)


def one_of_many(raw: Any) -> Converted:
    """One text, for a field that can hold several."""
    return (_text(raw),), True


def product_type(raw: Any) -> Converted:
    """The type of a product; for Sentinel-1 without mode and class, which others leave out.

    >>> product_type("IW_GRDH_1S"), product_type("S2MSI1C")
    (('GRD', False), ('S2MSI1C', True))
    """
    plain = _text(raw).strip()
    match = _S1_TYPE.match(plain)
    return (match[1], False) if match else (plain, plain == raw)


def level(raw: Any) -> Converted | None:
    """A processing level as Copernicus writes it.

    >>> level("L2A"), level("LEVEL1C"), level("S2MSI2A"), level("1")
    (('L2A', True), ('L1C', False), ('L2A', False), ('L1', False))
    """
    match = _LEVEL.match(_text(raw))
    if match is None:
        return None
    plain = f"L{match[1].upper()}"
    return plain, plain == raw


def tiles(raw: Any) -> Converted | None:
    """An MGRS tile with a zone of two digits; codes of other grids are not for this field.

    >>> tiles("MGRS-9VXK"), tiles("33TWN"), tiles("WRS2-042034")
    ((('09VXK',), False), (('33TWN',), True), None)
    """
    match = _TILE.match(_text(raw))
    if match is None or not 1 <= int(match[1]) <= 60:
        return None
    tile = f"{int(match[1]):02}{match[2]}"
    return (tile,), tile == raw


def crs_code(raw: Any) -> Converted | None:
    """``EPSG:32633`` from an EPSG code or its number; other codes are not for this field."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return (f"EPSG:{raw}",), False
    code = _text(raw)
    return ((code,), True) if _EPSG.match(code) else None


def datatake(raw: Any) -> Converted | None:
    """A Sentinel-2 datatake id without the suffix that names the baseline."""
    match = _DATATAKE.match(str(raw))
    return (match[1], match[1] == raw) if match else None


def baseline(raw: Any) -> Converted | None:
    """A Sentinel-2 processing baseline (``05.09``); other versions are not for this field."""
    match = _BASELINE.match(_text(raw))
    return (match[0], True) if match else None


def direction(raw: Any) -> Converted | None:
    """``ascending`` or ``descending``; a geostationary orbit has no direction."""
    plain = _text(raw).lower()
    return (plain, plain == raw) if plain in {"ascending", "descending"} else None


def _text(raw: Any) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise FieldNotValid("is no text")
    return raw


def _number(raw: Any) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | str | Decimal):
        raise FieldNotValid("is no number")
    return values.number(raw)
