"""EM-DAT: rows of the public table, as CSV or as the JSON of its GraphQL interface.

Source: https://doc.emdat.be, column description of the public table.  Dates may lack
month or day; damage is in thousands of US dollars.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
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
from dafab_kg.loaders.events.identifiers import Name, emdat, names_in, records
from dafab_kg.loaders.events.prose import plain
from dafab_kg.model.documents import Reading
from dafab_kg.model.errors import FieldMissing
from dafab_kg.model.records import EventImpact, EventReport

_SAME: Final = {
    "dis_no": "disno", "classification_key": "classif_key", "disaster_type": "type",
    "disaster_subtype": "subtype", "event_name": "name", "no_injured": "injured",
    "no_affected": "affected", "no_homeless": "homeless",
    "total_damage_000_us": "total_dam", "total_damage": "total_dam",
}  # fmt: skip
"""Column of the table → member of the JSON."""

_IMPACTS: Final = {
    "total_deaths": ("people", "death", "people"),
    "injured": ("people", "injured", "people"),
    "affected": ("people", "affected_direct", "people"),
    "homeless": ("people", "homeless", "people"),
    "total_affected": ("people", "affected_total", "people"),
    "total_dam": ("global_currency", "cost", "usd"),
}


def _key(column: str) -> str:
    plain_name = re.sub(r"[^a-z0-9]+", "_", column.strip().lower()).strip("_")
    return _SAME.get(plain_name, plain_name)


def is_table(columns: list[str]) -> bool:
    """Tell whether these are columns of the public table."""
    return {"disno", "start_year"} <= {_key(column) for column in columns}


def elements_of(value: Any) -> Iterator[Element]:
    """Yield the rows of an answer of the GraphQL interface."""
    pointer = ""
    for key in ("data", "public_emdat", "data"):
        value = value.get(key) if isinstance(value, dict) else None
        pointer += f"/{key}"
    for position, row in enumerate(value if isinstance(value, list) else ()):
        yield Element("emdat", f"{pointer}/{position}", row)


def _row(value: Any) -> dict[str, Any]:
    return {_key(str(k)): v for k, v in value.items()} if isinstance(value, dict) else {}


def _identify(value: Any, where: str) -> Identity:
    found = emdat((text(_row(value).get("disno")) or "").upper())
    if found is None:
        raise FieldMissing(
            "the row has no disaster number", where=where, remedy="Give DisNo.: 2024-0796-ESP"
        )
    return Identity("emdat", found)


def _read(value: Any, identity: Identity, context: Context) -> Reading:
    row = _row(value)
    codes = tuple(filter(None, [text(row.get("classif_key"))]))
    hazard, unknown = concept_of_codes(codes)
    unknown_codes(unknown, "Classification Key", context)
    span = _span(row, context)
    longitude, latitude = (number(row.get(k), k, context) for k in ("longitude", "latitude"))
    area = None
    if longitude is not None and latitude is not None:
        area = areas.of_point(longitude, latitude, where=context.at("Latitude, Longitude"))
    severity = number(row.get("magnitude"), "Magnitude", context)
    scale = text(row.get("magnitude_scale"))
    nation = text(row.get("country"))
    place = ", ".join(filter(None, [text(row.get("location")), nation]))
    report = EventReport(
        *identity,
        report_type="event",
        title=plain(row.get("name")) or _title(row, nation),
        hazard=hazard,
        hazard_codes=codes,
        start=span.start,
        end=span.end,
        published=_entry(row, "entry_date", context),
        updated=_entry(row, "last_update", context),
        countries=countries(text(row.get("iso")) or identity.report_id[-3:], "ISO", context),
        place_name=place or None,
        severity=severity,
        severity_scale=scale if severity is not None else None,
        **(area.fields if area else {}),
    )
    return Reading(
        (report, *records(*identity, _names(identity, row)), *_impacts(identity, row, context)),
        warnings=(*context.notes, *(area.warnings if area else ())),
    )


def _title(row: dict[str, Any], nation: str | None) -> str | None:
    kind = text(row.get("subtype")) or text(row.get("type"))
    return f"{kind} in {nation}" if kind and nation else kind


def _names(identity: Identity, row: dict[str, Any]) -> Iterator[Name]:
    yield "emdat", identity.report_id
    external = row.get("external_ids")
    told = external if isinstance(external, list) else [external]
    for words in filter(None, map(text, told)):
        for part in re.split(r"[|;,]", words):
            scheme, _, value = part.partition(":")
            if scheme.strip().upper() == "USGS" and value.strip():
                yield "usgs", value.strip().lower()
            else:
                yield from names_in(part)


def _span(row: dict[str, Any], context: Context) -> spans.Span:
    sides = []
    for side in ("start", "end"):
        told = [whole(row.get(f"{side}_{p}"), context.at(f"{side} {p}")) for p in _PARTS]
        sides.append(spans.partial(*told, where=context.at(f"{side} date")))
    first, last = sides
    if first is None:
        raise FieldMissing(
            "the event has no year", where=context.at("Start Year"), remedy="State when it began"
        )
    return spans.ordered(
        spans.Span(first.first, (last or first).last), where=context.at("Start Year, End Year")
    )


_PARTS: Final = ("year", "month", "day")


def _entry(row: dict[str, Any], key: str, context: Context) -> str | None:
    words = text(row.get(key))
    return spans.moment(words, where=context.at(key)) if words else None


def _impacts(identity: Identity, row: dict[str, Any], context: Context) -> Iterator[EventImpact]:
    for key, (category, kind, unit) in _IMPACTS.items():
        figure = number(row.get(key), key, context)
        if figure is not None:
            value = figure * 1000 if unit == "usd" else figure
            yield EventImpact(
                *identity, impact=key, category=category, impact_type=kind,
                value=Decimal(value), unit=unit,
            )  # fmt: skip


ROW: Final = Form("emdat", _identify, _read)
