"""Copernicus Emergency Management Service: activations of Rapid Mapping.

Source: the JSON of the service's dashboard API (one activation, in full) and of its
list of activations.  Areas are WKT, longitude first; times without a zone are UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from dafab_kg.loaders.events import areas, spans
from dafab_kg.loaders.events.charter import concept_of_words
from dafab_kg.loaders.events.forms import (
    Context,
    Element,
    Form,
    Identity,
    demanded,
    member,
    text,
    texts,
)
from dafab_kg.loaders.events.identifiers import Name, ems, gdacs, records
from dafab_kg.loaders.events.prose import plain
from dafab_kg.model.documents import Reading
from dafab_kg.model.errors import FieldNotValid, GeometryNotValid
from dafab_kg.model.records import EventReport

_SIGNS: Final = frozenset({
    "activationTime", "eventTime", "aois", "centroid", "category", "n_aois", "activator",
})  # fmt: skip


def elements_of(value: Any) -> Iterator[Element]:
    """Yield the activations of an answer, or the one that the value is."""
    if _is_activation(value):
        yield Element("ems", "", value)
        return
    results = value.get("results") if isinstance(value, dict) else None
    if isinstance(results, list) and any(map(_is_activation, results)):
        for position, result in enumerate(results):
            yield Element("ems", f"/results/{position}", result)


def _is_activation(value: Any) -> bool:
    if not isinstance(value, dict) or len(value.keys() & _SIGNS) < 2:
        return False
    code = value.get("code")
    return isinstance(code, str) and code.upper().startswith("EMS")


def _identify(value: Any, where: str) -> Identity:
    told = demanded(value.get("code") if isinstance(value, dict) else None, "code", where)
    code = ems(told)
    if code is None:
        raise FieldNotValid(
            f"{told!r} is no activation code", where=f"{where}: /code", remedy="Write EMSR123"
        )
    return Identity("ems", code)


def _read(value: Any, identity: Identity, context: Context) -> Reading:
    category = value.get("category")
    if isinstance(category, dict):
        words: tuple[str, ...] = texts([category.get("name") or category.get("slug")])
    else:
        words = texts(category)
    hazard = _hazard(words, text(value.get("subCategory")), context)
    event, activation = (_time(value, key, context) for key in ("eventTime", "activationTime"))
    updated = _time(value, "lastUpdate", context)
    spans.known(spans.Span(event, event), activation, where=context.at("/eventTime"))
    if event is None:
        context.notes.add("/eventTime: not told; only when the service was called is known")
    area = _area(value, context)
    nations = value.get("countries")
    names = [
        text(one.get("name") or one.get("short_name")) if isinstance(one, dict) else text(one)
        for one in (nations if isinstance(nations, list) else ())
    ]
    report = EventReport(
        *identity,
        report_type="activation",
        title=plain(value.get("name")),
        description=plain(value.get("reason") or value.get("search_snippet")),
        hazard=hazard,
        hazard_codes=words,
        start=event,
        end=event,
        published=activation,
        updated=updated,
        place_name=", ".join(filter(None, names)) or None,
        url=text(value.get("reportLink")),
        **(area.fields if area else {}),
    )
    return Reading(
        (report, *records(*identity, _names(identity, value, context))),
        warnings=(*context.notes, *(area.warnings if area else ())),
    )


def _hazard(words: tuple[str, ...], narrower: str | None, context: Context) -> str | None:
    """Return what the category means, or its subcategory where that is known too."""
    if narrower:
        for part in re.split(r"[,/]", narrower):
            found = concept_of_words((part.strip(),), "/subCategory", _silent(context))
            if found:
                return found
    return concept_of_words(words, "/category", context)


def _silent(context: Context) -> Context:
    return Context(context.where, context.document_id, context.names)


def _names(identity: Identity, value: dict[str, Any], context: Context) -> Iterator[Name]:
    yield "ems", identity.report_id
    for told in re.split(r"[\s,;]+", text(value.get("gdacsId")) or ""):
        event = gdacs(told[:2], told[2:]) if told else None
        if event:
            yield "gdacs", event
        elif told:
            context.notes.add(f"/gdacsId: {told[:40]!r} is no GDACS event id")
    for told in re.findall(r"\d+", text(value.get("charterNumber")) or ""):
        yield "charter", told


def _time(value: dict[str, Any], key: str, context: Context) -> str | None:
    words = text(value.get(key))
    return spans.moment(words, where=context.at(f"/{key}")) if words else None


def _area(value: dict[str, Any], context: Context) -> areas.Area | None:
    """Return the union of the areas of interest, else the extent, else the centre."""
    aois = value.get("aois")
    extents = [
        words
        for one in (aois if isinstance(aois, list) else ())
        if (words := text(member({"a": one}, "a").get("extent")))
    ]
    if extents:
        try:
            return areas.of_wkts(extents, where=context.at("/aois"))
        except GeometryNotValid as error:
            context.notes.add(f"{error}: the extent or centre of the activation was taken")
    for key in ("extent", "centroid"):
        words = text(value.get(key))
        if words:
            return areas.of_wkt(words, where=context.at(f"/{key}"))
    return None


ACTIVATION: Final = Form("ems", _identify, _read)
