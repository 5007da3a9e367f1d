"""When an event was: instants and intervals, from whole or partial dates."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from dafab_kg.model.errors import FieldMissing, FieldNotValid
from dafab_kg.model.values import instant

_DATE: Final = "%Y-%m-%d"


class Span(NamedTuple):
    """Start and end as canonical ``xsd:dateTime``; an instant is both."""

    start: str | None = None
    end: str | None = None


class Partial(NamedTuple):
    """A date of which month and day may be unknown."""

    year: int
    month: int | None = None
    day: int | None = None

    @property
    def first(self) -> str:
        """The first second that it may mean."""
        return f"{self.year:04}-{self.month or 1:02}-{self._day or 1:02}T00:00:00Z"

    @property
    def last(self) -> str:
        """The last second that it may mean."""
        month = self.month or 12
        day = self._day or calendar.monthrange(self.year, month)[1]
        return f"{self.year:04}-{month:02}-{day:02}T23:59:59Z"

    @property
    def _day(self) -> int | None:
        return self.day if self.month else None  # a day of no month tells nothing

    def after(self, days: int) -> Partial:
        """Return the date that many days later, of a whole date."""
        later = datetime(self.year, self.month or 1, self.day or 1, tzinfo=UTC)
        later += timedelta(days=days)
        return Partial(later.year, later.month, later.day)


def partial(year: int | None, month: int | None, day: int | None, *, where: str) -> Partial | None:
    """Return a date that may be partial, None without a year; zeros mean unknown.

    Raises:
        FieldNotValid: there is no such date.
    """
    if not year:
        return None
    date = Partial(year, month or None, day or None)
    try:
        datetime(date.year, date.month or 1, (date.month and date.day) or 1, tzinfo=UTC)
    except ValueError as error:
        raise FieldNotValid(
            f"{year}-{month}-{day} is no date: {error}", where=where, remedy="Correct the date"
        ) from None
    return date


def moment(text: str, *, where: str) -> str:
    """Return a time as canonical ``xsd:dateTime``, from ISO 8601 or an RFC 822 date.

    A date alone is its first second.

    Raises:
        FieldNotValid: it is no point in time.
    """
    plain = text.strip()
    try:
        if len(plain) == 10:
            return f"{datetime.strptime(plain, _DATE).replace(tzinfo=UTC):%Y-%m-%dT%H:%M:%S}Z"
        if plain[:1].isalpha():
            read = parsedate_to_datetime(plain)
            return instant((read if read.tzinfo else read.replace(tzinfo=UTC)).isoformat())
    except (ValueError, TypeError, OverflowError):
        raise FieldNotValid(
            f"{text[:60]!r} is no date and time", where=where, remedy="Write it as ISO 8601"
        ) from None
    if len(plain) == 16:
        plain += ":00"
    try:
        return instant(plain, where=where)
    except FieldNotValid as error:
        raise FieldNotValid(error.what, where=where, remedy="Write it as ISO 8601") from None


def moment_or_last(text: str, *, where: str) -> str:
    """As :func:`moment`, but a date alone is its last second: the end of an interval."""
    found = moment(text, where=where)
    return found[:10] + "T23:59:59Z" if len(text.strip()) == 10 else found


def of_milliseconds(value: int, *, where: str) -> str:
    """Return the time that many milliseconds after 1970-01-01T00:00:00Z.

    Raises:
        FieldNotValid: beyond the years 1 to 9999.
    """
    try:
        read = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)
    except OverflowError:
        raise FieldNotValid(
            f"{value} ms is out of range", where=where, remedy="Give milliseconds since 1970"
        ) from None
    return instant(read.isoformat())


def ordered(span: Span, *, where: str) -> Span:
    """Return the span if it does not end before it begins; one side alone stands for both.

    Raises:
        FieldNotValid: it ends before it begins.
    """
    start, end = span.start or span.end, span.end or span.start
    if start and end and _sortable(end) < _sortable(start):
        raise FieldNotValid(
            f"the event ends ({end}) before it begins ({start})",
            where=where,
            remedy="Exchange the two, or leave out the one that is not known",
        )
    return Span(start, end)


def known(span: Span, *others: str | None, where: str) -> None:
    """Demand that the time of the event, or at least of its report, is known.

    Raises:
        FieldMissing: neither is.
    """
    if not any((*span, *others)):
        raise FieldMissing(
            "the event has no time",
            where=where,
            remedy="State when it was, or when it was reported",
        )


def _sortable(text: str) -> str:
    return text.removesuffix("Z")
