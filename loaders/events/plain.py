"""Plain GeoJSON events: features whose properties say what, when and by whom (``README.md``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from dafab_kg.loaders.events import areas, spans
from dafab_kg.loaders.events.forms import (
    Context,
    Form,
    Identity,
    countries,
    demanded,
    member,
    number,
    slug,
    text,
    texts,
)
from dafab_kg.loaders.events.identifiers import Name, emdat, ems, glide, records
from dafab_kg.loaders.events.posts import hazard_of
from dafab_kg.loaders.events.prose import plain
from dafab_kg.loaders.stac.leaves import Owner, keep_member
from dafab_kg.model.documents import Reading
from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.records import EventReport

_IDS: Final = ("event_id", "id", "identifier")
_KINDS: Final = ("hazard", "event_type", "hazard_codes")
_STARTS: Final = ("start", "start_datetime", "datetime", "date", "time")
_ENDS: Final = ("end", "end_datetime")
_SCHEMES: Final = ("glide", "gdacs", "emdat", "usgs", "hurdat2", "ibtracs", "ems", "charter",
                   "wikidata")  # fmt: skip
_KNOWN: Final = frozenset({
    *_IDS, *_KINDS, *_STARTS, *_ENDS, *_SCHEMES, "source", "title", "name", "description",
    "published", "updated", "countries", "place", "severity", "severity_scale", "severity_label",
    "keywords", "language", "confidence", "url", "identifiers",
})  # fmt: skip


def is_event(feature: dict[str, Any]) -> bool:
    """Tell whether the properties of a feature say by themselves that it is an event.

    One without a time is taken too, so that it is refused for that and not passed over.
    """
    keys = member(feature, "properties").keys()
    return "event_id" in keys and bool(keys & {*_KINDS})


def form_for(dataset: str) -> Form:
    """Return the form; ``dataset`` names the source of events that name none themselves."""

    def identify(value: Any, where: str) -> Identity:
        properties = member(value, "properties")
        told = next(filter(None, (text(properties.get(key)) for key in _IDS)), None)
        own = demanded(told or text(value.get("id")), "id", f"{where}: /properties/event_id")
        return Identity(slug(properties.get("source"), slug(dataset, "geojson")), own)

    return Form("geojson", identify, _read)


def _read(value: Any, identity: Identity, context: Context) -> Reading:
    properties = member(value, "properties")
    bbox = value.get("bbox")
    area = None
    if value.get("geometry") is not None:
        area = areas.of_geojson(
            value["geometry"],
            where=context.at("/geometry"),
            bbox=bbox if isinstance(bbox, list) else None,
        )
    start = _time(properties, _STARTS, context)
    first = next((text(properties.get(k)) for k in _STARTS if text(properties.get(k))), "")
    end = _time(properties, _ENDS, context, last=True)
    if end is None and first and len(first) == 10:
        end = f"{first}T23:59:59Z"  # a day is an interval
    span = spans.ordered(spans.Span(start, end), where=context.at("/properties/end"))
    published = _time(properties, ("published",), context)
    updated = _time(properties, ("updated",), context)
    spans.known(span, published, updated, where=context.at("/properties/start"))
    told = {
        "hazard": properties.get("hazard", properties.get("event_type")),
        "hazard_codes": properties.get("hazard_codes"),
    }
    hazard, codes = hazard_of(told, context)
    severity = number(properties.get("severity"), "/properties/severity", context)
    confidence = number(properties.get("confidence"), "/properties/confidence", context)
    if confidence is not None and not 0 <= confidence <= 100:
        raise FieldNotValid(
            f"confidence {confidence} is out of range",
            where=context.at("/properties/confidence"),
            remedy="Give percent, 0 to 100",
        )
    report = EventReport(
        *identity,
        report_type="event",
        title=plain(properties.get("title", properties.get("name"))),
        description=plain(properties.get("description")),
        hazard=hazard,
        hazard_codes=codes,
        start=span.start,
        end=span.end,
        published=published,
        updated=updated,
        countries=countries(properties.get("countries"), "/properties/countries", context),
        place_name=text(properties.get("place")),
        severity=severity,
        severity_scale=text(properties.get("severity_scale")),
        severity_label=text(properties.get("severity_label")),
        keywords=texts(properties.get("keywords")),
        language=text(properties.get("language")),
        confidence=confidence,
        url=text(properties.get("url")),
        **(area.fields if area else {}),
    )
    iri = context.names.make("event_report", source=identity.source, report_id=identity.report_id)
    owner = Owner(iri, context.document_id)
    others = [
        record
        for key in properties
        if key not in _KNOWN
        for record in keep_member(properties, key, "/properties", owner)
    ]
    names = _names(identity, properties)
    return Reading(
        (report, *records(*identity, names), *others),
        warnings=(*context.notes, *(area.warnings if area else ())),
    )


def _time(
    properties: dict[str, Any], keys: tuple[str, ...], context: Context, *, last: bool = False
) -> str | None:
    for key in keys:
        words = text(properties.get(key))
        if words:
            read = spans.moment_or_last if last else spans.moment
            return read(words, where=context.at(f"/properties/{key}"))
    return None


def _names(identity: Identity, properties: dict[str, Any]) -> Iterator[Name]:
    if identity.source in _SCHEMES:
        yield identity.source, canonical(identity.source, identity.report_id)
    told: dict[str, Any] = {k: properties[k] for k in _SCHEMES if k in properties}
    told |= member(properties, "identifiers")
    for scheme, value in told.items():
        for one in texts(value):
            yield slug(scheme, "other"), canonical(scheme.lower(), one)


def canonical(scheme: str, value: str) -> str:
    """Return an identifier in the form in which it can be compared."""
    match scheme:
        case "glide":
            return glide(value.upper()) or value
        case "emdat":
            return emdat(value.upper()) or value
        case "ems":
            return ems(value) or value
        case "usgs":
            return value.lower()
        case "gdacs" | "hurdat2" | "ibtracs" | "wikidata":
            return value.upper().replace(" ", "")
    return value
