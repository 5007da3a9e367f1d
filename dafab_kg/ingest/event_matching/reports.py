"""Reports, identifiers and decisions as the matching rule sees them: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

Interval = tuple[float, float]
"""Start and end, in hours since 1970-01-01T00:00:00Z."""

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees; west is greater than east across the antimeridian."""

POST: Final = "post"
_MIDNIGHT: Final = "T00:00:00Z"
_DAY: Final = 24.0


@dataclass(frozen=True, slots=True)
class Report:
    """What one source says of an event, as far as matching asks.

    ``hazard`` is the local name of a concept, ``report_type`` as in
    :class:`~dafab_kg.model.records.EventReport`.  ``start``, ``end`` and ``sides`` (of
    ``box``) are the lexical forms.  ``geometry`` is the IRI of the report's geometry and
    ``dimension`` that of the geometry: 0 for points, 1 for lines, 2 for areas, -1 if
    there is none.
    """

    iri: str
    source: str
    report_id: str
    report_type: str = ""
    hazard: str = ""
    start: str = ""
    end: str = ""
    box: Box | None = None
    sides: tuple[str, ...] = ()
    geometry: str = ""
    dimension: int = -1
    title: str = ""
    countries: frozenset[str] = frozenset()
    interval: Interval | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Orders reports the same way everywhere, whatever the base of IRIs."""
        return (self.source, self.report_id)

    @property
    def is_post(self) -> bool:
        """A post tells of an event; it does not establish one."""
        return self.report_type == POST


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """An identifier of an event in some scheme."""

    scheme: str
    value: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided: the reports tell of the same event, or of distinct ones.

    ``reports`` are IRIs.  ``decided`` is the time as text; the later decision on a
    pair goes before the earlier.
    """

    iri: str
    same: bool
    reports: tuple[str, ...]
    decided: str = ""

    @property
    def rank(self) -> tuple[str, str]:
        """Later decisions have the higher rank."""
        return (self.decided, self.iri)


def interval_of(start: str, end: str) -> Interval | None:
    """Return the span of two ``xsd:dateTime`` in UTC; None where there is no start.

    Midnight sharp is how a date without a time of day arrives, so it means the day:
    a start alone lasts until the day's end, and an end includes its day.  A time
    alone is a moment.  An end before the start counts as none.

    >>> interval_of("1970-01-02T00:00:00Z", "")
    (24.0, 48.0)
    """
    first = _hours(start)
    if first is None:
        return None
    last = _hours(end)
    if last is None or last < first:
        last, end = first, start
    return (first, last + _DAY if end.endswith(_MIDNIGHT) else last)


def _hours(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).timestamp() / 3600
    except (ValueError, OverflowError):
        return None  # empty, or a year that the calendar does not have
