"""GDACS, the Global Disaster Alert and Coordination System: its API's GeoJSON and its RSS.

Sources: the feeds at https://www.gdacs.org (RSS 2.0 with the namespace
``http://www.gdacs.org`` and GeoRSS) and the API's ``geteventlist``,
``geteventdata`` and ``getgeometry``.  Times without a zone are UTC.  An event has
episodes; each is a report of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from lxml import etree

from dafab_kg.loaders.events import areas, spans
from dafab_kg.loaders.events.forms import (
    Context,
    Element,
    Form,
    Identity,
    countries,
    demanded,
    member,
    number,
    text,
    unknown_codes,
)
from dafab_kg.loaders.events.hazards import concept_of_codes
from dafab_kg.loaders.events.identifiers import gdacs, glide, records
from dafab_kg.loaders.events.prose import plain
from dafab_kg.model.documents import Reading
from dafab_kg.model.errors import FieldNotValid, GeometryNotValid
from dafab_kg.model.records import EventReport

_NAMESPACE: Final = "http://www.gdacs.org"
_PREFIXES: Final = {
    _NAMESPACE: "gdacs",
    "http://www.georss.org/georss": "georss",
    "http://www.w3.org/2003/01/geo/wgs84_pos#": "geo",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://www.w3.org/2005/Atom": "atom",
}
_LEAST: Final = frozenset({"eventtype", "eventid"})


# GeoJSON ----------------------------------------------------------------------------------


def is_gdacs(feature: dict[str, Any]) -> bool:
    """Tell whether a GeoJSON feature is GDACS's."""
    properties = member(feature, "properties")
    return properties.keys() >= _LEAST and bool(
        properties.keys() & {"episodeid", "alertlevel", "severitydata", "fromdate"}
    )


def _event_of(properties: dict[str, Any], where: str) -> tuple[str, str | None]:
    kind = demanded(properties.get("eventtype"), "eventtype", where)
    identifier = demanded(properties.get("eventid"), "eventid", where)
    event = gdacs(kind, identifier)
    if event is None:
        raise FieldNotValid(
            f"{kind!r} with {identifier!r} is no GDACS event",
            where=where,
            remedy="The type is one of DR, EQ, FL, TC, TS, VO, WF, the id a number",
        )
    return event, text(properties.get("episodeid"))


def report_id_of(event: str, episode: str | None) -> str:
    """Return the id of one episode's report.

    >>> report_id_of("FL1102983", "2")
    'FL1102983-2'
    """
    return f"{event}-{episode}" if episode else event


def _identify_feature(value: Any, where: str) -> Identity:
    properties = member(value, "properties")
    event, episode = _event_of(properties, f"{where}: /properties")
    report_id = report_id_of(event, episode)
    part = text(properties.get("Class"))
    if part and not part.startswith("Point"):
        # getgeometry delivers the areas of one episode side by side
        label = text(properties.get("polygonlabel"))
        report_id += f"-{part}" + (f"-{label}" if label and label not in part else "")
    return Identity("gdacs", report_id)


def _read_feature(value: Any, identity: Identity, context: Context) -> Reading:
    properties = member(value, "properties")
    severity = member(properties, "severitydata")
    affected = properties.get("affectedcountries")
    codes = [
        member({"c": one}, "c").get("iso3")
        for one in (affected if isinstance(affected, list) else ())
    ]
    where = context.at("/geometry")
    bbox = value.get("bbox")
    area = areas.of_geojson(
        value.get("geometry"), where=where, bbox=bbox if isinstance(bbox, list) else None
    )
    part = text(properties.get("Class"))
    fields = {
        "kind": properties.get("eventtype"),
        "episode": properties.get("episodeid"),
        "glide": properties.get("glide"),
        "title": properties.get("name") or properties.get("eventname"),
        "description": properties.get("htmldescription") or properties.get("description"),
        "from": properties.get("fromdate"),
        "to": properties.get("todate"),
        "published": properties.get("dateadded"),
        "updated": properties.get("datemodified"),
        "countries": [*filter(None, codes)] or properties.get("iso3"),
        "country": properties.get("country"),
        "severity": severity.get("severity"),
        "scale": severity.get("severityunit"),
        "level": properties.get("alertlevel"),
        "url": member(properties, "url").get("report") or text(properties.get("url")),
        "type": "alert" if not part or part.startswith("Point") else "hazard",
    }
    return _reading(fields, area, identity, context)


# RSS --------------------------------------------------------------------------------------


def items_of(root: etree._Element) -> Iterator[Element]:
    """Yield the items of an RSS document, as plain values."""
    for position, item in enumerate(root.iterfind("channel/item"), start=1):
        yield Element("gdacs-rss", f"item={position}", _item(item))


def _item(item: etree._Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in item.iterdescendants():
        name = etree.QName(child)
        prefix = _PREFIXES.get(name.namespace or "", "") if name.namespace else ""
        if name.namespace and not prefix:
            continue
        key = f"{prefix}:{name.localname}" if prefix else name.localname
        words = "".join(map(str, child.itertext())).strip()
        found.setdefault(key, words)
        for attribute, value in child.attrib.items():
            found.setdefault(f"{key}/@{attribute!s}", str(value))
    return found


def _identify_item(value: Any, where: str) -> Identity:
    told = {key.removeprefix("gdacs:"): text(found) for key, found in value.items()}
    event, episode = _event_of(told, where)
    return Identity("gdacs", report_id_of(event, episode))


def _read_item(value: Any, identity: Identity, context: Context) -> Reading:
    fields = {
        "kind": value.get("gdacs:eventtype"),
        "episode": value.get("gdacs:episodeid"),
        "glide": value.get("gdacs:glide"),
        "title": value.get("title"),
        "description": value.get("description"),
        "from": value.get("gdacs:fromdate"),
        "to": value.get("gdacs:todate"),
        "published": value.get("gdacs:dateadded") or value.get("pubDate"),
        "updated": value.get("gdacs:datemodified"),
        "countries": value.get("gdacs:iso3"),
        "country": value.get("gdacs:country"),
        "severity": value.get("gdacs:severity/@value"),
        "scale": value.get("gdacs:severity/@unit"),
        "level": value.get("gdacs:alertlevel"),
        "url": value.get("link"),
        "type": "alert",
    }
    return _reading(fields, _area_of_item(value, context), identity, context)


def _area_of_item(value: dict[str, str], context: Context) -> areas.Area:
    for kind in ("polygon", "line", "point", "box"):
        words = value.get(f"georss:{kind}")
        if words:
            return areas.of_georss(kind, words, where=context.at(f"georss:{kind}"))
    if value.get("geo:lat") and value.get("geo:long"):
        pair = f"{value['geo:lat']} {value['geo:long']}"
        return areas.of_georss("point", pair, where=context.at("geo:Point"))
    raise GeometryNotValid(
        "the item has no place", where=context.where, remedy="Give it a georss:point"
    )


# Both -------------------------------------------------------------------------------------


def _reading(
    fields: dict[str, Any], area: areas.Area, identity: Identity, context: Context
) -> Reading:
    kind = (text(fields["kind"]) or "").upper()
    hazard, unknown = concept_of_codes([kind] if kind else [])
    unknown_codes(unknown, "eventtype", context)
    span = spans.Span(*(_time(fields[side], context) for side in ("from", "to")))
    published, updated = (_time(fields[side], context) for side in ("published", "updated"))
    span = spans.ordered(span, where=context.at("fromdate"))
    spans.known(span, published, updated, where=context.where)
    severity = number(fields["severity"], "severity", context)
    scale = text(fields["scale"])
    if scale is None and severity == 0:
        severity = None  # GDACS writes 0 where it has no figure
    event = re.sub(r"-.*", "", identity.report_id)
    number_of_glide = glide(text(fields["glide"]) or "")
    report = EventReport(
        *identity,
        report_type=fields["type"],
        title=plain(fields["title"]),
        description=plain(fields["description"]),
        hazard=hazard,
        hazard_codes=(kind,) if kind else (),
        start=span.start,
        end=span.end,
        published=published,
        updated=updated,
        episode=text(fields["episode"]),
        countries=countries(fields["countries"], "iso3", context),
        place_name=text(fields["country"]),
        severity=Decimal(severity) if severity is not None else None,
        severity_scale=scale if severity is not None else None,
        severity_label=text(fields["level"]),
        url=text(fields["url"]),
        **area.fields,
    )
    names = [("gdacs", event), ("glide", number_of_glide or "")]
    return Reading((report, *records(*identity, names)), warnings=(*context.notes, *area.warnings))


def _time(value: object, context: Context) -> str | None:
    words = text(value)
    return spans.moment(words, where=context.where) if words else None


FEATURE: Final = Form("gdacs", _identify_feature, _read_feature)
ITEM: Final = Form("gdacs-rss", _identify_item, _read_item)
