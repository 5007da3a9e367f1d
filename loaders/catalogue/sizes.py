"""Sizes that are written for people: ``1.05 GB``."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from dafab_kg.loaders.catalogue.convert import MOST_BYTES

_STATED = re.compile(r"(\d{1,12})(?:\.(\d{1,6}))?\s*([kKMGT])?(i)?B(?:ytes)?\Z")
_POWERS: Final = {None: 0, "k": 1, "K": 1, "M": 2, "G": 3, "T": 4}


def stated_size(raw: str, system: str) -> dict[str, Any] | None:
    """Return the fields of an entry for a rounded size; None if it is none.

    The true size lies within half a unit of the last digit.  ``system`` tells what a
    GB is to the one who wrote it; ``GiB`` is always 1024³.

    >>> stated_size("1.5 kB", "decimal")["size_most"]
    1550
    """
    match = _STATED.match(raw.strip())
    if match is None:
        return None
    digits, fraction, prefix, binary = match.groups()
    value = Decimal(f"{digits}.{fraction or 0}")
    half = Decimal(1).scaleb(-len(fraction or "")) / 2
    meant = "binary" if binary else system
    bases = {"binary": (1024, 1024), "decimal": (1000, 1000)}.get(meant, (1000, 1024))
    power = _POWERS[prefix]
    least = max(Decimal(0), value - half) * bases[0] ** power
    most = (value + half) * bases[1] ** power
    if value == 0 or least > MOST_BYTES:
        return None
    return {
        "stated_size": raw.strip(),
        "size_system": meant if power else "decimal",
        "size_least": int(least.to_integral_value("ROUND_CEILING")),
        "size_most": int(most.to_integral_value("ROUND_FLOOR")),
    }
