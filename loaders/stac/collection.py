"""STAC Collections and Catalogs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from dafab_kg.loaders.stac import convert
from dafab_kg.loaders.stac.entry import extensions_of, links_of, self_href
from dafab_kg.loaders.stac.envelope import Envelope
from dafab_kg.loaders.stac.leaves import Owner, keep_member
from dafab_kg.loaders.stac.place import box_wkt, check_box
from dafab_kg.model.documents import Reading
from dafab_kg.model.errors import DocumentRejected, FieldNotValid
from dafab_kg.model.records import Property, Record, StacCatalog, StacCollection

_TEXTS: Final = ("title", "description", "stac_version")
_COVERED: Final = frozenset({"type", "id", "links"})


def read_collection(envelope: Envelope) -> Reading:
    """Read a Collection; its extent, summaries and the like are kept beside the record."""
    value, latest = envelope.value, envelope.latest
    told = _texts(value, (*_TEXTS, "license"))
    keywords = _texts_of(value.get("keywords"))
    extent_wkt, warnings = _extent(latest)
    start, end, doubts = _interval(latest)
    record = StacCollection(
        provider=envelope.identity.provider,
        collection_id=envelope.identity.id,
        extensions=extensions_of(value),
        keywords=keywords,
        platforms=_platforms(latest),
        start=start,
        end=end,
        extent_wkt=extent_wkt,
        self_href=self_href(value),
        **told,
    )
    covered = {*told, *_whole_lists(value, keywords=keywords)}
    records = (record, *links_of(envelope), *_rest(envelope, covered))
    return Reading(records, warnings=(*envelope.warnings, *warnings, *doubts))


def read_catalog(envelope: Envelope) -> Reading:
    """Read a Catalog."""
    value = envelope.value
    told = _texts(value, _TEXTS)
    record = StacCatalog(
        provider=envelope.identity.provider,
        catalog_key=envelope.identity.catalog_key,
        catalog_id=envelope.identity.id,
        extensions=extensions_of(value),
        self_href=self_href(value),
        **told,
    )
    rest = _rest(envelope, {*told, *_whole_lists(value)})
    records: tuple[Record, ...] = (record, *links_of(envelope), *rest)
    return Reading(records, warnings=envelope.warnings)


def _rest(envelope: Envelope, covered: set[str]) -> Iterator[Property]:
    owner = Owner(envelope.iri, envelope.document_id)
    for member in envelope.value:
        if member not in _COVERED and member not in covered:
            yield from keep_member(envelope.value, member, "", owner)


def _texts(value: dict[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    return {name: value[name] for name in names if isinstance(value.get(name), str) and value[name]}


def _texts_of(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else ()
    return tuple(one for one in listed if isinstance(one, str) and one)


def _whole_lists(value: dict[str, Any], **read: tuple[str, ...]) -> set[str]:
    """Return which list members went into their field as a whole."""
    read["stac_extensions"] = extensions_of(value)
    return {name for name, texts in read.items() if value.get(name) == list(texts)}


def _platforms(collection: dict[str, Any]) -> tuple[str, ...]:
    summaries = collection.get("summaries")
    if not isinstance(summaries, dict):
        return ()
    listed = summaries.get("platform") or summaries.get("eo:platform") or ()
    names = _texts_of(listed if isinstance(listed, list) else [listed])
    return tuple(dict.fromkeys(convert.platform(name)[0] for name in names if name.strip()))


def _extent(collection: dict[str, Any]) -> tuple[str | None, tuple[str, ...]]:
    """Return the first bounding box as WKT (before 0.8 ``spatial`` was the box itself)."""
    spatial = _inside(collection, "spatial")
    boxes = spatial.get("bbox") if isinstance(spatial, dict) else [spatial]
    box = boxes[0] if isinstance(boxes, list) and boxes else None
    if box is None:
        return None, ()
    try:
        return box_wkt(check_box(box)), ()
    except DocumentRejected as error:
        return None, (f"/extent/spatial: {error.what}; kept as it is",)


def _interval(collection: dict[str, Any]) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Return start and end of the first interval; open ends are None."""
    temporal = _inside(collection, "temporal")
    intervals = temporal.get("interval") if isinstance(temporal, dict) else [temporal]
    first = intervals[0] if isinstance(intervals, list) and intervals else None
    ends: list[str | None] = [None, None]
    if not isinstance(first, list) or len(first) != 2:
        return None, None, ()
    warnings = []
    for position, end in enumerate(first):
        try:
            ends[position] = convert.instant(end)[0] if end is not None else None
        except FieldNotValid as error:
            warnings.append(f"/extent/temporal: {error.what}; kept as it is")
    return ends[0], ends[1], tuple(warnings)


def _inside(collection: dict[str, Any], member: str) -> Any:
    extent = collection.get("extent")
    return extent.get(member) if isinstance(extent, dict) else None
