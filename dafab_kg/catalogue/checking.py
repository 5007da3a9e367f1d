"""What makes an item or a collection unusable for clients of the STAC API, refused when written.

A load keeps what is delivered as it is, with warnings; a writer can be told.  Checked is what
readers rely on (STAC 1.1, Item, Collection, Asset and Link; RFC 7946, section 5), not the
fields of extensions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from dafab_kg.model.documents import escape_pointer
from dafab_kg.model.errors import FieldNotValid
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


def _faults(value: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _of_id(str(value.get("id", "")))
    yield from _of_links(value.get("links"))
    yield from _of_assets(value.get("assets"))
    extensions = value.get("stac_extensions", [])
    if not isinstance(extensions, list) or not all(isinstance(one, str) for one in extensions):
        yield "/stac_extensions", "it is no list of texts", "Send the addresses of the schemas"
    if value.get("type") == "Feature":
        if "bbox" in value and not _is_box(value["bbox"]):
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
        if not isinstance(link, dict) or not all(map(_is_text, (link.get("rel"), _href(link)))):
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
        if not isinstance(asset, dict) or not _is_text(_href(asset)):
            place = f"/assets/{escape_pointer(key)}/href"
            yield place, "the asset has no href that is a text", "Say where it lies"


def _of_times(properties: Any) -> Iterator[Fault]:
    told = properties if isinstance(properties, dict) else {}
    for name in _TIMES:
        if told.get(name) is not None and not _reads(instant, told[name]):
            yield (
                f"/properties/{name}",
                f"{str(told[name])[:80]!r} is no time",
                "Send a time as 2024-05-01T10:00:00Z",
            )


def _is_box(value: Any) -> bool:
    if not isinstance(value, list) or len(value) not in (4, 6):
        return False
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in value):
        return False
    half = len(value) // 2
    (west, south), (east, north) = value[:2], value[half : half + 2]
    return (
        all(math.isfinite(one) for one in value)
        and all(-180 <= one <= 180 for one in (west, east))
        and -90 <= south <= north <= 90
    )


def _href(value: Mapping[str, Any]) -> Any:
    return value.get("href")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _reads(read: Callable[[str], object], value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(read(value))
    except FieldNotValid:
        return False
