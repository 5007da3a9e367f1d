"""STAC Items with the Monty extension: events, hazards, impacts and responses.

Source: the IFRC's Monty extension 1.3.0, https://ifrcgo.org/monty-stac-extension.
An event item stands for the report of its source, so its report id is the one that
the source's own documents give, as far as the item tells it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from dafab_kg.loaders.events import areas
from dafab_kg.loaders.events.forms import (
    Context,
    Form,
    Identity,
    countries,
    demanded,
    member,
    number,
    objects,
    text,
    texts,
    unknown_codes,
)
from dafab_kg.loaders.events.gdacs import report_id_of
from dafab_kg.loaders.events.hazards import CODE_FORM, concept_of_codes
from dafab_kg.loaders.events.identifiers import (
    Name,
    emdat,
    ems,
    gdacs,
    gdacs_of_url,
    glide,
    ibtracs,
    names_in,
    records,
)
from dafab_kg.loaders.events.items import kept, links_of, remark_version, stac_span
from dafab_kg.loaders.events.prose import plain
from dafab_kg.model.documents import Reading
from dafab_kg.model.records import EventImpact, EventReport

_EXTENSION: Final = re.compile(r"monty-stac-extension/v(\d+)\.(\d+)")
_LATEST: Final = (1, 3)
_COLLECTION: Final = re.compile(r"(.+)-(events|hazards|impacts?|responses?)\Z")
_SOURCES: Final = {"cems": "ems", "reference": "monty"}
_TYPES: Final = {"gdacs": "alert", "ems": "activation", "charter": "activation"}
"""What the source's own documents are, where that is more than an event."""

_ROLES: Final = ("impact", "hazard", "response", "event")
_CONSUMED: Final = frozenset({
    "title", "description", "datetime", "start_datetime", "end_datetime", "created", "updated",
    "modified", "published", "keywords", "monty:country_codes", "monty:hazard_codes",
    "monty:corr_id", "monty:episode_number", "monty:impact_detail",
    "eq:magnitude", "eq:magnitude_type",
})  # fmt: skip


def is_monty(item: dict[str, Any]) -> bool:
    """Tell whether a STAC Item has the Monty extension."""
    extensions = item.get("stac_extensions")
    declared = isinstance(extensions, list) and any(
        isinstance(one, str) and "monty-stac-extension" in one for one in extensions
    )
    return declared or any(key.startswith("monty:") for key in member(item, "properties"))


def _role(properties: dict[str, Any]) -> str:
    roles = texts(properties.get("roles"))
    return next((role for role in _ROLES if role in roles), "event")


def _report_type(source: str, properties: dict[str, Any]) -> str:
    role = _role(properties)
    return _TYPES.get(source, role) if role == "event" else role


def _source(value: dict[str, Any]) -> str:
    if text(value.get("id")) == text(member(value, "properties").get("monty:corr_id")):
        return "monty"  # a reference event: no source's own
    collection = text(value.get("collection")) or ""
    found = _COLLECTION.match(collection)
    name = found[1] if found else collection
    return _SOURCES.get(name, name.lower()) or "monty"


def _hrefs(value: dict[str, Any], *rels: str) -> Iterator[str]:
    for link in objects(value.get("links")):
        if link.get("rel") in rels and isinstance(link.get("href"), str):
            yield link["href"]
    if "asset" in rels:
        for asset in member(value, "assets").values():
            if isinstance(asset, dict) and isinstance(asset.get("href"), str):
                yield asset["href"]


def _gdacs(value: dict[str, Any]) -> tuple[str, str | None] | None:
    properties = member(value, "properties")
    for rel in ("via", "asset"):
        for href in _hrefs(value, rel):
            found = gdacs_of_url(href)
            if found:
                return found[0], found[1] or text(properties.get("monty:episode_number"))
    for code in texts(properties.get("monty:hazard_codes")):
        event = gdacs(code, text(properties.get("monty:src_event_id")) or "")
        if len(code) == 2 and event:
            return event, text(properties.get("monty:episode_number"))
    return None


def _own(source: str, value: dict[str, Any]) -> str | None:
    """Return the id that the source itself gives the event."""
    item_id = text(value.get("id")) or ""
    own = text(member(value, "properties").get("monty:src_event_id")) or ""
    match source:
        case "gdacs":
            found = _gdacs(value)
            return found[0] if found else None
        case "glide":
            return glide(item_id)
        case "emdat":
            return emdat(item_id)
        case "ems":
            return ems(item_id)
        case "ibtracs":
            return ibtracs(own) or ibtracs(item_id)
        case "usgs":
            return own.lower() or item_id.lower()
        case "charter":
            return next(iter(re.findall(r"\d+", own or item_id)), None)
        case "monty":
            return item_id
    return None


def _identify(value: Any, where: str) -> Identity:
    item_id = demanded(value.get("id"), "id", where)
    source = _source(value)
    role = _role(member(value, "properties"))
    if source == "gdacs" and role in ("event", "hazard"):
        found = _gdacs(value)
        if found:
            own = report_id_of(*found)
            return Identity(source, own if role == "event" else f"{own}-hazard")
    if role == "event":
        return Identity(source, _own(source, value) or item_id)
    return Identity(source, item_id)


def _read(value: Any, identity: Identity, context: Context) -> Reading:
    properties = member(value, "properties")
    remark_version(value, _EXTENSION, "Monty", _LATEST, context)
    codes = texts(properties.get("monty:hazard_codes"))
    hazard, unknown = concept_of_codes(codes)
    unknown_codes(unknown, "/properties/monty:hazard_codes", context)
    for code in codes:
        if not CODE_FORM.fullmatch(code):
            context.notes.add(f"/properties/monty:hazard_codes: {code[:40]!r} has no known form")
    span, published, updated = stac_span(properties, context)
    bbox = value.get("bbox")
    area = None
    if value.get("geometry") is not None:
        area = areas.of_geojson(
            value["geometry"],
            where=context.at("/geometry"),
            bbox=bbox if isinstance(bbox, list) else None,
        )
    detail = member(properties, "monty:hazard_detail")
    magnitude = properties.get("eq:magnitude")
    severity = number(
        detail.get("severity_value", magnitude), "/properties/monty:hazard_detail", context
    )
    scale = text(detail.get("severity_unit")) or text(properties.get("eq:magnitude_type"))
    via = next(_hrefs(value, "via"), None)
    report = EventReport(
        *identity,
        report_type=_report_type(identity.source, properties),
        title=plain(properties.get("title")),
        description=plain(properties.get("description")),
        hazard=hazard,
        hazard_codes=codes,
        start=span.start,
        end=span.end,
        published=published,
        updated=updated,
        episode=_episode(identity.source, value),
        countries=countries(
            properties.get("monty:country_codes"), "/properties/monty:country_codes", context
        ),
        severity=severity,
        severity_scale=scale if severity is not None else None,
        severity_label=text(detail.get("severity_label")),
        keywords=texts(properties.get("keywords")),
        url=via,
        **(area.fields if area else {}),
    )
    iri = context.names.make("event_report", source=identity.source, report_id=identity.report_id)
    read = (
        report,
        *records(*identity, _names(identity, value)),
        *_impacts(identity, properties, context),
        *links_of(value, iri, context),
        *kept(value, _CONSUMED, iri, context),
    )
    return Reading(read, warnings=(*context.notes, *(area.warnings if area else ())))


def _episode(source: str, value: dict[str, Any]) -> str | None:
    found = _gdacs(value) if source == "gdacs" else None
    told = text(member(value, "properties").get("monty:episode_number"))
    return (found[1] if found else None) or told


def _names(identity: Identity, value: dict[str, Any]) -> Iterator[Name]:
    own = _own(identity.source, value)
    if own and identity.source != "monty":
        yield identity.source, own
    correlation = text(member(value, "properties").get("monty:corr_id"))
    if correlation:
        yield "monty", correlation
    for link in objects(value.get("links")):
        if link.get("rel") not in ("related", "derived_from"):
            continue
        href = link.get("href")
        if "event" not in texts(link.get("roles")) or not isinstance(href, str):
            continue
        yield from _names_of_link(href)


def _names_of_link(href: str) -> Iterator[Name]:
    """Yield what the address of another source's item of the same event names."""
    stem = href.rsplit("/", 1)[-1].removesuffix(".json").rstrip(".")
    if "reference-events/" in href:
        yield "monty", stem
    elif "usgs-events/" in href:
        yield "usgs", stem.lower()
    elif "charter-events/" in href:
        yield from (("charter", digits) for digits in re.findall(r"\d+", stem)[:1])
    else:
        yield from names_in(stem)


def _impacts(
    identity: Identity, properties: dict[str, Any], context: Context
) -> Iterator[EventImpact]:
    detail = member(properties, "monty:impact_detail")
    if detail:
        yield EventImpact(
            *identity,
            impact="0",
            category=text(detail.get("category")),
            impact_type=text(detail.get("type")),
            value=number(detail.get("value"), "/properties/monty:impact_detail/value", context),
            unit=text(detail.get("unit")),
            estimate_type=text(detail.get("estimate_type")),
            description=plain(detail.get("description")),
        )


ITEM: Final = Form("monty", _identify, _read)
