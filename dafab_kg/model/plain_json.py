"""JSON with numbers as Python has them: quick to read, quick to write, and what JSON holds of it.

What was delivered is read strictly (:mod:`dafab_kg.model.strict_json`) when it is loaded; what is
loaded is read here.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, Final

import orjson

from dafab_kg.model.strict_json import read_json

_MOST: Final = 2**63


def read_plain(data: bytes) -> Any:
    """Read JSON that was loaded, with numbers as Python has them; fast where that can be.

    The fast reader knows no byte order mark, and no number beyond those of 64 bits.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return plain(read_json(data, where="a stored document"))


def write_plain(value: Any) -> bytes | None:
    """Write a JSON value so that :func:`read_plain` gives :func:`plain` of it; None: that cannot
    be, as a number is beyond those of 64 bits."""
    wanted = plain(value)
    data = orjson.dumps(wanted)
    return data if orjson.loads(data) == wanted else None


def plain(value: Any) -> Any:
    """Return a JSON value with its decimals, and what 64 bits do not hold, as binary numbers."""
    if isinstance(value, Decimal) or (isinstance(value, int) and not -_MOST <= value < _MOST):
        return as_double(value)
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return value


def as_double(number: Any) -> float:
    """Return a number as IEEE double; infinity for what is beyond."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
