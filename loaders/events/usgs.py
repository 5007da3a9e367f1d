"""USGS earthquakes: features of the GeoJSON feeds and of an event's detail.

Source: https://earthquake.usgs.gov/earthquakes/feed/v1.0/geojson.php.  Times are
milliseconds since 1970; the third coordinate is the depth in km.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from dafab_kg.loaders.events import areas, spans
from dafab_kg.loaders.events.charter import concept_of_words
from dafab_kg.loaders.events.forms import Context, Form, Identity, demanded, member, number, text
from dafab_kg.loaders.events.identifiers import Name, records
from dafab_kg.loaders.events.prose import plain
from dafab_kg.model.documents import Reading
from dafab_kg.model.errors import FieldMissing, FieldNotValid
from dafab_kg.model.records import EventReport

_SIGNS: Final = frozenset({"mag", "magType", "net", "code", "ids", "types", "sig"})


def is_usgs(feature: dict[str, Any]) -> bool:
    """Tell whether a GeoJSON feature is of a USGS feed."""
    keys = member(feature, "properties").keys()
    return "mag" in keys and len(keys & _SIGNS) >= 4


def _identify(value: Any, where: str) -> Identity:
    properties = member(value, "properties")
    composed = "".join(text(properties.get(key)) or "" for key in ("net", "code"))
    told = text(value.get("id")) or composed
    return Identity("usgs", demanded(told, "id", where).lower())


def _read(value: Any, identity: Identity, context: Context) -> Reading:
    properties = member(value, "properties")
    when = _time(properties, "time", context)
    if when is None:
        raise FieldMissing(
            "the event has no time",
            where=context.at("/properties/time"),
            remedy="State it in milliseconds since 1970",
        )
    kind = text(properties.get("type"))
    area = areas.of_geojson(value.get("geometry"), where=context.at("/geometry"))
    magnitude = number(properties.get("mag"), "/properties/mag", context)
    report = EventReport(
        *identity,
        report_type="event",
        title=plain(properties.get("title")),
        hazard=concept_of_words((kind,), "/properties/type", context) if kind else None,
        hazard_codes=(kind,) if kind else (),
        start=when,
        end=when,
        updated=_time(properties, "updated", context),
        place_name=text(properties.get("place")),
        severity=magnitude,
        severity_scale=text(properties.get("magType")) if magnitude is not None else None,
        severity_label=text(properties.get("alert")),
        url=text(properties.get("url")),
        **area.fields,
    )
    warnings = tuple(w for w in area.warnings if not w.startswith("Heights"))  # that is the depth
    return Reading(
        (report, *records(*identity, _names(identity, properties))),
        warnings=(*context.notes, *warnings),
    )


def _names(identity: Identity, properties: dict[str, Any]) -> Iterator[Name]:
    yield "usgs", identity.report_id
    for other in (text(properties.get("ids")) or "").split(","):
        if other.strip():
            yield "usgs", other.strip().lower()


def _time(properties: dict[str, Any], key: str, context: Context) -> str | None:
    value = properties.get(key)
    where = context.at(f"/properties/{key}")
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return spans.of_milliseconds(value, where=where)
    if isinstance(value, str):  # CSV turned to GeoJSON by other tools
        return spans.moment(value, where=where)
    raise FieldNotValid(
        f"{value!s:.40} is no time", where=where, remedy="Give milliseconds since 1970"
    )


FEATURE: Final = Form("usgs", _identify, _read)
