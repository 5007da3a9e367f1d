"""STAC Items with the disaster extension: activations of the International Charter.

Source: Terradue's disaster extension, 1.0.0 (``disaster:type``, ``Activation``) and 1.1.0
(``disaster:types``, ``activation``), as the Charter Mapper's catalogue uses it.  Activations
and their areas tell of an event; value-added products and datasets are images, which the
STAC loader reads.
"""

from __future__ import annotations

import re
from typing import Any, Final

from dafab_kg.loaders.events import areas
from dafab_kg.loaders.events.forms import (
    Context,
    Form,
    Identity,
    countries,
    demanded,
    member,
    objects,
    text,
    texts,
)
from dafab_kg.loaders.events.hazards import CONCEPT_OF, KINDS, concept_of_codes, concept_of_word
from dafab_kg.loaders.events.identifiers import records
from dafab_kg.loaders.events.items import kept, links_of, remark_version, stac_span
from dafab_kg.loaders.events.prose import plain
from dafab_kg.model.documents import Reading
from dafab_kg.model.errors import GeometryNotValid
from dafab_kg.model.records import EventReport

_EXTENSION: Final = re.compile(r"disaster/v(\d+)\.(\d+)")
_LATEST: Final = (1, 1)
_CLASSES: Final = {"activation": "activation", "area": "hazard"}
_CONSUMED: Final = frozenset({
    "title", "description", "datetime", "start_datetime", "end_datetime", "created", "updated",
    "published", "keywords", "disaster:type", "disaster:types", "disaster:country",
    "disaster:activation_id", "cpe:areas", "cpe:cos2_xml",
})  # fmt: skip


def is_charter(item: dict[str, Any]) -> bool:
    """Tell whether a STAC Item is an activation of the Charter, or an area of one."""
    properties = member(item, "properties")
    kind = text(properties.get("disaster:class"))
    if kind is not None:
        return kind.lower() in _CLASSES
    return "disaster:activation_id" in properties and bool(
        properties.keys() & {"disaster:type", "disaster:types"}
    )


def _identify(value: Any, where: str) -> Identity:
    properties = member(value, "properties")
    where = f"{where}: /properties/disaster:activation_id"
    activation = demanded(properties.get("disaster:activation_id"), "activation id", where)
    if (text(properties.get("disaster:class")) or "").lower() == "area":
        return Identity("charter", f"{activation}-{demanded(value.get('id'), 'id', where)}")
    return Identity("charter", activation)


def _read(value: Any, identity: Identity, context: Context) -> Reading:
    properties = member(value, "properties")
    remark_version(value, _EXTENSION, "disaster", _LATEST, context)
    words = texts(properties.get("disaster:types", properties.get("disaster:type")))
    hazard = concept_of_words(words, "/properties/disaster:types", context)
    span, published, updated = stac_span(properties, context)
    area = _area(value, context)
    kind = (text(properties.get("disaster:class")) or "activation").lower()
    about = next(
        (
            link["href"]
            for link in objects(value.get("links"))
            if link.get("rel") == "about" and text(link.get("href"))
        ),
        None,
    )
    regions = texts(properties.get("disaster:regions", properties.get("disaster:region")))
    report = EventReport(
        *identity,
        report_type=_CLASSES.get(kind, "activation"),
        title=plain(properties.get("title")),
        description=plain(properties.get("description")),
        hazard=hazard,
        hazard_codes=words,
        start=span.start,
        end=span.end,
        published=published,
        updated=updated,
        countries=countries(
            properties.get("disaster:country"), "/properties/disaster:country", context
        ),
        place_name=", ".join(regions) or None,
        keywords=texts(properties.get("keywords")),
        url=about,
        **area.fields,
    )
    iri = context.names.make("event_report", source=identity.source, report_id=identity.report_id)
    activation = text(properties.get("disaster:activation_id")) or ""
    read = (
        report,
        *records(*identity, [("charter", activation)]),
        *links_of(value, iri, context),
        *kept(value, _CONSUMED, iri, context),
    )
    return Reading(read, warnings=(*context.notes, *area.warnings))


def concept_of_words(words: tuple[str, ...], pointer: str, context: Context) -> str | None:
    """Return the concept that several words for one hazard mean; those not known are warned of."""
    concepts = []
    for word in words:
        concept = concept_of_word(word) or CONCEPT_OF.get(word)
        if concept is None:
            context.notes.add(f"{pointer}: {word[:40]!r} is no known hazard; it was kept")
        else:
            concepts.append(concept)
    # any code that stands for exactly the concept will do
    codes = [KINDS[c].exact.split(" ")[0] or KINDS[c].narrower.split(" ")[0] for c in concepts]
    return concept_of_codes(codes)[0]


def _area(value: dict[str, Any], context: Context) -> areas.Area:
    """Return the areas of interest where they are told, else the geometry."""
    told = texts(member(value, "properties").get("cpe:areas"))
    if told:
        try:
            found = areas.of_wkts(told, where=context.at("/properties/cpe:areas"))
        except GeometryNotValid as error:
            context.notes.add(f"{error}: the item's own geometry was taken")
        else:
            if found:
                return found
    bbox = value.get("bbox")
    return areas.of_geojson(
        value.get("geometry"),
        where=context.at("/geometry"),
        bbox=bbox if isinstance(bbox, list) else None,
    )


ITEM: Final = Form("charter", _identify, _read)
