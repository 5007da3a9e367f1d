"""How catalogues write values, beside the ways that STAC has (``loaders/stac/convert.py``).

Each function returns ``(value, faithful)`` or None as those do.
"""

from __future__ import annotations

import re
from typing import Any, Final

from dafab_kg.loaders.stac.convert import (
    Converted,
    baseline,
    datatake,
    instant,
    level,
    number,
    one_of_many,
    percent,
    platform,
    product_type,
    text,
    texts,
    tiles,
    whole,
)
from dafab_kg.model.errors import FieldNotValid

MOST_BYTES: Final = 10**15
"""A product of a petabyte is a mistake."""

_S2_DATATAKE_TYPE = re.compile(r"(?:INS|DASC|ABSR|VIC|RAW|TST)(?:-[A-Z]+)?\Z|INS-")
_S1_MODE = re.compile(r"IW|EW|WV|SM|S[1-6]\Z")
_ORDER: Final = ("HH", "HV", "VV", "VH")
_POLARISATION = re.compile(r"[HV]{2}(?:[\s&,+/]+[HV]{2})*\Z")
_YES: Final = frozenset({"true", "online", "succeeded", "1", "yes"})
_NO: Final = frozenset({"false", "offline", "orderable", "ordered", "staging", "0", "no"})
_RESTO_ONLINE: Final = frozenset({0, 34})
_RESTO_OFFLINE: Final = frozenset({31, 32, 33, 37})


def cloud(raw: Any) -> Converted | None:
    """A percentage; -1 says that it is not known (OpenSearch of CREODIAS and CDSE)."""
    value = number(raw)[0]
    return None if value == -1 else percent(raw)


def size(raw: Any) -> Converted:
    """Bytes: a whole number from 1 to a petabyte; nothing has none."""
    value = whole(raw)[0]
    if not 0 < value <= MOST_BYTES:
        raise FieldNotValid("is no size of a product in bytes")
    return value, not isinstance(raw, str)


def flag(raw: Any) -> Converted | None:
    """True or false, also in the words and numbers for online and offline.

    >>> flag("ONLINE"), flag("false"), flag(True), flag("other")
    ((True, False), (False, False), (True, True), None)
    """
    if isinstance(raw, bool):
        return raw, True
    if isinstance(raw, str):
        word = raw.strip().lower()
        return (word in _YES, False) if word in _YES | _NO else None
    return None


def resto_status(raw: Any) -> Converted | None:
    """Online or not: in words, or by the numbers of CREODIAS (0 and 34 are online)."""
    code = int(raw) if isinstance(raw, str) and raw.isdigit() else raw
    if isinstance(code, int) and not isinstance(code, bool):
        return (code in _RESTO_ONLINE, False) if code in _RESTO_ONLINE | _RESTO_OFFLINE else None
    return flag(raw)


def offline(raw: Any) -> Converted | None:
    """The flag that says the contrary of online (``ondemand``)."""
    told = flag(raw)
    return (not told[0], False) if told else None


def datatake_type(raw: Any) -> Converted | None:
    """The kind of observation of Sentinel-2 (``INS-NOBS``)."""
    plain = text(raw)[0].strip()
    return (plain, plain == raw) if _S2_DATATAKE_TYPE.match(plain) else None


def mode(raw: Any) -> Converted | None:
    """The mode of Sentinel-1; a stripmap beam (``S3``) is mode SM."""
    plain = text(raw)[0].strip()
    if not _S1_MODE.match(plain):
        return None
    return ("SM", False) if plain.startswith("S") and plain != "SM" else (plain, plain == raw)


def polarisations(raw: Any) -> Converted | None:
    """Polarisations, however they are joined, co-polarised first.

    >>> polarisations("VV&VH"), polarisations("VV VH"), polarisations("HH")
    ((('VV', 'VH'), False), (('VV', 'VH'), False), (('HH',), False))
    """
    joined = " ".join(texts(raw)[0]).strip()
    if not _POLARISATION.match(joined):
        return None
    found = set(re.findall(r"[HV]{2}", joined))
    if not found <= set(_ORDER):
        return None
    return tuple(one for one in _ORDER if one in found), False


def instruments(raw: Any) -> Converted:
    """Instruments by their STAC names.

    >>> instruments("MSI"), instruments("SAR-C SAR"), instruments(["SAR-C", "SAR"])
    ((('msi',), False), (('c-sar',), False), (('c-sar',), False))
    """
    plain = tuple(name.strip().lower() for name in texts(raw)[0])
    if plain and all(set(re.split(r"[\s-]+", name)) <= {"sar", "c"} for name in plain):
        return ("c-sar",), plain == ("c-sar",) and raw == ["c-sar"]
    return plain, list(plain) == raw


def orbit_direction(raw: Any) -> Converted | None:
    """``ascending`` or ``descending``."""
    plain = text(raw)[0].strip().lower()
    return (plain, plain == raw) if plain in {"ascending", "descending"} else None


def end(raw: Any) -> Converted:
    """A time, where the last day of the year 9999 stands for never."""
    told = instant(raw)
    return ("never", True) if told[0].startswith("9999-12-31") else told


def prefixed_baseline(raw: Any) -> Converted | None:
    """A baseline after a word and a colon (``PROVIDER:02.09``)."""
    return baseline(text(raw)[0].rsplit(":", 1)[-1])


__all__ = [
    "Converted", "baseline", "cloud", "datatake", "datatake_type", "end", "flag", "instant",
    "instruments",
    "level", "mode", "number", "offline", "one_of_many", "orbit_direction", "percent", "platform",
    "polarisations", "prefixed_baseline", "product_type", "resto_status", "size", "text", "texts",
    "tiles", "whole",
]  # fmt: skip
