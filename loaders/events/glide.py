"""GLIDE: the rows of the global register of disaster numbers, as JSON or CSV.

Source: https://glidenumber.net, ``jsonglideset.jsp`` (an object with ``glideset``), and
tables with the same columns or with the number as a whole.  ``duration`` is in days.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from dafab_kg.loaders.events import areas, spans
from dafab_kg.loaders.events.forms import (
    Context,
    Element,
    Form,
    Identity,
    countries,
    number,
    text,
    unknown_codes,
    whole,
)
from dafab_kg.loaders.events.hazards import concept_of_codes
from dafab_kg.loaders.events.identifiers import glide, records
from dafab_kg.loaders.events.prose import plain
from dafab_kg.model.documents import Reading
from dafab_kg.model.errors import FieldMissing
from dafab_kg.model.records import EventImpact, EventReport

WHOLE: Final = ("glide", "glidenumber", "glide_number", "glide number", "glide_no")
"""Columns that hold the number as a whole, in small letters."""

_IMPACTS: Final = {
    "killed": "death", "injured": "injured", "affected": "affected_total", "homeless": "homeless",
}  # fmt: skip


def elements_of(value: Any) -> Iterator[Element]:
    """Yield the rows of a ``glideset``."""
    rows = value.get("glideset") if isinstance(value, dict) else None
    for position, row in enumerate(rows if isinstance(rows, list) else ()):
        yield Element("glide", f"/glideset/{position}", row)


def is_table(columns: list[str]) -> bool:
    """Tell whether these are the columns of GLIDE rows."""
    names = {column.strip().lower() for column in columns}
    parts = {"event", "number", "geocode"} <= names
    return parts or (bool(names & set(WHOLE)) and bool(names & {"event", "year", "country"}))


def _row(value: Any) -> dict[str, Any]:
    return {str(k).strip().lower(): v for k, v in value.items()} if isinstance(value, dict) else {}


def _identify(value: Any, where: str) -> Identity:
    row = _row(value)
    written = [text(row.get(name)) for name in WHOLE]
    written.append("-".join(text(row.get(k)) or "" for k in ("event", "number", "geocode")))
    for candidate in written:
        found = glide((candidate or "").upper())
        if found:
            return Identity("glide", found)
    raise FieldMissing(
        "the row has no GLIDE number",
        where=where,
        remedy="Give it event, number and geocode: FL, 2024-000199, ESP",
    )


def _read(value: Any, identity: Identity, context: Context) -> Reading:
    row = _row(value)
    kind, year, _, country = identity.report_id.split("-")
    hazard, unknown = concept_of_codes([kind])
    unknown_codes(unknown, "event", context)
    span = _span(row, int(year), context)
    longitude, latitude = (number(row.get(k), k, context) for k in ("longitude", "latitude"))
    area = None
    if longitude is not None and latitude is not None:
        area = areas.of_point(longitude, latitude, where=context.at("latitude, longitude"))
    magnitude = text(row.get("magnitude"))
    severity = number(magnitude, "magnitude", context) if magnitude not in (None, "0") else None
    report = EventReport(
        *identity,
        report_type="event",
        title=plain(row.get("title")),
        description=plain(row.get("comments")),
        hazard=hazard,
        hazard_codes=(kind,),
        start=span.start,
        end=span.end,
        countries=countries(text(row.get("geocode")) or country, "geocode", context),
        place_name=text(row.get("location")),
        severity=severity,
        url=text(row.get("url")),
        **(area.fields if area else {}),
    )
    figures = [
        EventImpact(
            *identity,
            impact=key,
            category="people",
            impact_type=meaning,
            value=figure,
            unit="people",
        )
        for key, meaning in _IMPACTS.items()
        if (figure := number(row.get(key), key, context))
    ]
    return Reading(
        (report, *records(*identity, [("glide", identity.report_id)]), *figures),
        warnings=(*context.notes, *(area.warnings if area else ())),
    )


def _span(row: dict[str, Any], year_of_number: int, context: Context) -> spans.Span:
    year, month, day, duration = (
        whole(row.get(key), context.at(key)) for key in ("year", "month", "day", "duration")
    )
    first = spans.partial(year or year_of_number, month, day, where=context.at("year, month, day"))
    if first is None:  # cannot be: the number has a year
        return spans.Span()
    if first.month and first.day and duration and 0 < duration < 40_000:
        return spans.Span(first.first, first.after(duration).last)
    return spans.Span(replace_time(first.first, text(row.get("time"))), first.last)


def replace_time(instant: str, time: str | None) -> str:
    """Return the instant at the time of day ``hh:mm`` or ``hh:mm:ss``, if that is one."""
    if time and len(time) in (5, 8) and time[2] == ":" and time.replace(":", "").isdigit():
        hour, minute, second = (*map(int, time.split(":")), 0)[:3]
        if hour < 24 and minute < 60 and second < 60:
            return f"{instant[:11]}{hour:02}:{minute:02}:{second:02}Z"
    return instant


ROW: Final = Form("glide", _identify, _read)
