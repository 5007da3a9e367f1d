"""Attribute values made plain: text, numbers and times as one lexical form each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import numpy as np
import pyarrow as pa

from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.values import decimal_text, instant

MOST_TEXT: Final = 1000
"""Characters of an attribute that are kept."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:Z|[+-]\d\d:\d\d)?\Z")


def plain_column(array: pa.Array | pa.ChunkedArray) -> list[Any]:
    """Return a column as plain values; single-precision numbers with the digits they state."""
    if pa.types.is_float32(array.type) or pa.types.is_float16(array.type):
        values = array.to_pylist()
        return [None if v is None else float(str(np.float32(v))) for v in values]
    if pa.types.is_timestamp(array.type):
        # nanoseconds would need pandas, and no attribute of a field has them
        zone = array.type.tz
        array = array.cast(pa.timestamp("us", tz=zone), safe=False)
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    return list(array.to_pylist())


def text(value: Any) -> str | None:
    """Return a value as text: trimmed, whole numbers without a fraction; None if it is empty.

    Characters that no text needs (controls) become U+FFFD.

    >>> text(12.0), text("  a "), text("")
    ('12', 'a', None)
    """
    if value is None or isinstance(value, bytes | dict):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal):
        if not np.isfinite(float(value)):
            return None
        return decimal_text(Decimal(str(value)))
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(text, value))) or None
    said = _CONTROL.sub("\ufffd", str(value)).strip()
    return said[:MOST_TEXT] or None


def decimal(value: Any) -> Decimal | None:
    """Return a number with its digits; None if it is none."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 30 else None


def moment(value: Any) -> str | None:
    """Return a time as xsd:dateTime in UTC, a day as its first moment; None if it is none."""
    if isinstance(value, datetime):
        zoned = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return instant(zoned.isoformat())
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00Z"
    said = text(value)
    if said is None:
        return None
    day = _DATE.match(said)
    try:
        return instant(f"{day[1]}-{day[2]}-{day[3]}T00:00:00Z" if day else said)
    except FieldNotValid:
        return None


def year(value: Any) -> str | None:
    """Return the growing season that a value names: a year, or the text as it is."""
    if isinstance(value, date):
        return f"{value.year:04d}"
    return text(value)


def first(values: Sequence[Any]) -> Any:
    """Return the first value that is there."""
    return next((value for value in values if value is not None), None)
