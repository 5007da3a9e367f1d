"""Identifiers of events, each in the one form in which it can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import parse_qs, urlsplit

from dafab_kg.model.records import EventIdentifier

Name = tuple[str, str]
"""Scheme and value."""

_GLIDE: Final = re.compile(r"(?<![A-Za-z])([A-Z]{2})-?(\d{4})-(\d{6})-([A-Z]{3})(?![A-Za-z])")
_EMDAT: Final = re.compile(r"(?<![\d-])(\d{4}-\d{4}-[A-Z]{3})(?![A-Za-z])")
_EMS: Final = re.compile(r"(?<![A-Z])(EMS[RN])\s*-?0*(\d+)(?!\d)", re.IGNORECASE)
_GDACS: Final = re.compile(r"\s*([A-Z]{2})\s*0*(\d{1,12})\s*\Z")
_ATCF: Final = re.compile(r"([A-Z]{2})(\d{2})(\d{4})\Z")
_IBTRACS: Final = re.compile(r"(\d{7}[NS]\d{5})(?!\d)")

GDACS_TYPES: Final = frozenset({"EQ", "TC", "FL", "VO", "DR", "WF", "TS"})


def glide(text: str) -> str | None:
    """Return the GLIDE number in ``text``, None if there is none.

    >>> glide("glide-event-FL-2024-000199-ESP"), glide("0")
    ('FL-2024-000199-ESP', None)
    """
    found = _GLIDE.search(text)
    return "-".join(found.groups()) if found else None


def emdat(text: str) -> str | None:
    """Return the EM-DAT disaster number in ``text``.

    >>> emdat("emdat-event-2024-0796-ESP")
    '2024-0796-ESP'
    """
    cleared = _GLIDE.sub(" ", text).replace("emdat-event-", " ").replace("emdat-hazard-", " ")
    found = _EMDAT.search(cleared)
    return found[1] if found else None


def ems(text: str) -> str | None:
    """Return the Copernicus EMS activation code in ``text``.

    >>> ems("../cems-events/cems-event-EMSR847.json")
    'EMSR847'
    """
    found = _EMS.search(text)
    return f"{found[1].upper()}{int(found[2]):03}" if found else None


def gdacs(kind: str, number: object) -> str | None:
    """Return a GDACS event id, which is unique within its type only.

    >>> gdacs("FL", 1102983)
    'FL1102983'
    """
    found = _GDACS.match(f"{kind.upper()}{number}")
    return f"{found[1]}{found[2]}" if found and found[1] in GDACS_TYPES else None


def gdacs_of_url(href: str) -> tuple[str, str | None] | None:
    """Return event id and episode that a GDACS address asks for.

    >>> gdacs_of_url("https://www.gdacs.org/report.aspx?eventid=7&episodeid=2&eventtype=FL")
    ('FL7', '2')
    """
    try:
        parts = urlsplit(href)
        asked = {key.lower(): values[0] for key, values in parse_qs(parts.query).items()}
    except ValueError:
        return None
    if not (parts.hostname or "").endswith("gdacs.org"):
        return None
    event = gdacs(asked.get("eventtype", ""), asked.get("eventid", ""))
    return (event, asked.get("episodeid")) if event else None


def atcf(text: str) -> str | None:
    """Return the id of a storm as forecast centres give it: basin, number, year.

    >>> atcf("al092022")
    'AL092022'
    """
    plain = text.strip().upper()
    return plain if _ATCF.match(plain) else None


def ibtracs(text: str) -> str | None:
    """Return the IBTrACS storm id in ``text``."""
    found = _IBTRACS.search(text)
    return found[1] if found else None


def names_in(text: str) -> Iterator[Name]:
    """Yield the identifiers that a text such as an address or ``GLIDE:FL-…`` holds."""
    found = (
        ("glide", glide(text)),
        ("emdat", emdat(text)),
        ("ems", ems(text)),
        ("ibtracs", ibtracs(text)),
    )
    yield from ((scheme, value) for scheme, value in found if value)


def records(source: str, report_id: str, names: Iterable[Name]) -> list[EventIdentifier]:
    """Return one record for each identifier, each once."""
    return [
        EventIdentifier(source, report_id, scheme, value)
        for scheme, value in dict.fromkeys(names)
        if value
    ]
