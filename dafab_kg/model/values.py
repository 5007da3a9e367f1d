"""Plain values and their one lexical form.

The same value arriving in two forms (12.30 and 12.3, ``Z`` and ``+00:00``) must
give the same RDF term, so every value is written in one canonical way.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from dafab_kg.model.errors import FieldNotValid

Plain = str | int | bool | Decimal

MOST_DECIMALS = 18
_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?\s*(Z|[+-]\d\d:?\d\d|UTC)?\Z",
    re.IGNORECASE,
)


def decimal_text(value: Decimal) -> str:
    """Write a decimal without exponent and without trailing zeros.

    >>> decimal_text(Decimal("12.30")), decimal_text(Decimal("1E+2")), decimal_text(Decimal("-0.0"))
    ('12.3', '100', '0')
    """
    if not value.is_finite():
        raise FieldNotValid(f"{value} is not a number", remedy="Leave the field out instead")
    if value == 0:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def lexical(value: Plain) -> str:
    """Return the one lexical form of a plain value.

    A number is rounded to as many decimals as the engine reads: it would compare one with
    more with nothing.

    >>> lexical(Decimal("1.2345678901234567e-05")), lexical(Decimal("-1e-30"))
    ('0.000012345678901235', '0')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        if isinstance(exponent, int) and exponent < -MOST_DECIMALS:
            value = Decimal(format(value, f".{MOST_DECIMALS}f"))
        return decimal_text(value)
    return str(value)


def number(text: str | int | float | Decimal, *, where: str = "") -> Decimal:
    """Read a decimal number.

    Raises:
        FieldNotValid: it is no number, NaN, infinite, or beyond 10^±400.
    """
    try:
        value = Decimal(str(text).strip()) if not isinstance(text, Decimal) else text
    except InvalidOperation:
        raise FieldNotValid(f"{text!r} is not a number", where=where) from None
    if not value.is_finite():
        raise FieldNotValid(
            f"{text!r} is not a finite number", where=where, remedy="Leave the field out instead"
        )
    if value and abs(value.adjusted()) > 400:
        raise FieldNotValid(f"{text!r} is out of range", where=where)
    return value


def instant(text: str, *, where: str = "") -> str:
    """Return a time as canonical ``xsd:dateTime`` in UTC.

    A time without a zone is taken as UTC, as all Copernicus metadata mean it.
    Fractions keep the digits they came with, without trailing zeros.

    >>> instant("2019-02-12T20:26:51.024000+01:00")
    '2019-02-12T19:26:51.024Z'

    Raises:
        FieldNotValid: it is no point in time.
    """
    match = _INSTANT.match(text.strip())
    if match is None:
        raise FieldNotValid(f"{text!r} is not a date and time (ISO 8601)", where=where)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    if zone is None or zone.upper() in {"Z", "UTC"}:
        zone = "+00:00"
    leap = second == "60"
    try:
        moment = datetime.fromisoformat(
            f"{year}-{month}-{day}T{hour}:{minute}:{'59' if leap else second}{zone}"
        ).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise FieldNotValid(
            f"{text!r} is not a date and time (ISO 8601): {error}", where=where
        ) from None
    digits = (fraction or "").rstrip("0")
    stamp = f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0")
    return f"{stamp}.{digits}Z" if digits else f"{stamp}Z"
