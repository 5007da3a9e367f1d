"""What makes an item or a collection unusable for clients of the STAC API, refused when written.

A load keeps what is delivered as it is, with warnings; a writer can be told.  Checked is what
readers rely on (STAC 1.1, Item, Collection, Asset and Link; RFC 7946, section 5), not the
fields of extensions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from dafab_kg.loaders.stac.place import check_box
from dafab_kg.model.documents import escape_pointer
from dafab_kg.model.errors import DocumentRejected, FieldMissing, FieldNotValid
from dafab_kg.model.values import instant

_TIMES: Final = ("datetime", "start_datetime", "end_datetime")
_RESERVED: Final = frozenset(
    {"", ".", "..", "aggregate", "aggregations", "catalogs", "children", "items", "queryables"}
)
"""Parts of addresses that mean something else than an id (``web/stac*.py``)."""


Fault = tuple[str, str, str]
"""Where (JSON Pointer), what, and what to do."""


def check_object(value: Mapping[str, Any], where: str) -> None:
    """Refuse an object that clients could not read, or whose address leads elsewhere.

    Raises:
        FieldNotValid: with the first fault.
    """
    for place, what, remedy in _faults(value):
        raise FieldNotValid(what, where=f"{where}: {place}", remedy=remedy)


def check_time(properties: Any, where: str) -> None:
    """Refuse an item that tells no time (STAC 1.1, Item: datetime).

    Raises:
        FieldMissing: it has neither ``datetime`` nor both ends of a span.
    """
    told = properties if isinstance(properties, dict) else {}
    times = ("datetime",), ("start_datetime", "end_datetime")
    if not any(all(isinstance(told.get(name), str) for name in names) for names in times):
        raise FieldMissing(
            "the item tells no time",
            where=f"{where}: /properties/datetime",
            remedy="Give it properties.datetime, or null there with start_datetime and "
            "end_datetime",
        )


def _faults(value: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _of_id(str(value.get("id", "")))
    yield from _of_links(value.get("links"))
    yield from _of_assets(value.get("assets"))
    extensions = value.get("stac_extensions", [])
    if not isinstance(extensions, list) or not all(isinstance(one, str) for one in extensions):
        yield "/stac_extensions", "it is no list of texts", "Send the addresses of the schemas"
    if value.get("type") == "Feature":
        if "bbox" in value and not _reads(check_box, value["bbox"]):
            yield (
                "/bbox",
                "it is no bounding box",
                "Send west, south, east, north in degrees (or with heights, six numbers)",
            )
        yield from _of_times(value.get("properties"))


def _of_id(own: str) -> Iterator[Fault]:
    if not _RESERVED.isdisjoint(own.split("/")):
        yield "/id", f"an address with the id {own[:80]!r} leads elsewhere", "Choose another id"


def _of_links(links: Any) -> Iterator[Fault]:
    if links is None:
        return
    if not isinstance(links, list):
        yield "/links", "it is no list", "Send a list of links"
        return
    for number, link in enumerate(links):
        if not isinstance(link, dict) or not all(
            map(_is_text, (link.get("rel"), link.get("href")))
        ):
            yield (
                f"/links/{number}",
                "the link has no rel and href that are texts",
                "Give it both, or leave it out",
            )


def _of_assets(assets: Any) -> Iterator[Fault]:
    if assets is None:
        return
    if not isinstance(assets, dict):
        yield "/assets", "it is no object", "Send an object with an asset for each key"
        return
    for key, asset in assets.items():
        if not isinstance(asset, dict) or not _is_text(asset.get("href")):
            place = f"/assets/{escape_pointer(key)}/href"
            yield place, "the asset has no href that is a text", "Say where it lies"


def _of_times(properties: Any) -> Iterator[Fault]:
    told = properties if isinstance(properties, dict) else {}
    for name in _TIMES:
        time = told.get(name)
        if time is not None and not (isinstance(time, str) and _reads(instant, time)):
            yield (
                f"/properties/{name}",
                f"{str(time)[:80]!r} is no time",
                "Send a time as 2024-05-01T10:00:00Z",
            )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _reads(read: Callable[[Any], object], value: Any) -> bool:
    try:
        read(value)
    except DocumentRejected:
        return False
    return True
