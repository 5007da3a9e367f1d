"""What STAC Items of events share: their times, links, and members without a term."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from dafab_kg.loaders.events import spans
from dafab_kg.loaders.events.forms import Context, member, text, texts
from dafab_kg.loaders.stac.leaves import Owner, keep, keep_member
from dafab_kg.model.names import is_iri
from dafab_kg.model.records import Link, Property

_TOP: Final = frozenset({
    "type", "stac_version", "stac_extensions", "id", "collection", "geometry", "bbox",
    "properties", "links", "assets",
})  # fmt: skip


def stac_span(
    properties: dict[str, Any], context: Context
) -> tuple[spans.Span, str | None, str | None]:
    """Return when the event was, and when its report was published and last changed.

    Raises:
        FieldMissing: neither is told.
        FieldNotValid: no time, or it ends before it begins.
    """

    def time(*keys: str) -> str | None:
        for key in keys:
            words = text(properties.get(key))
            if words:
                return spans.moment(words, where=context.at(f"/properties/{key}"))
        return None

    start = time("start_datetime", "datetime")
    span = spans.Span(start, time("end_datetime") or start)
    span = spans.ordered(span, where=context.at("/properties/end_datetime"))
    published, updated = time("published", "created"), time("updated", "modified")
    spans.known(span, published, updated, where=context.at("/properties/datetime"))
    return span, published, updated


def remark_version(
    value: dict[str, Any],
    extension: re.Pattern[str],
    name: str,
    latest: tuple[int, int],
    context: Context,
) -> None:
    """Warn where an item follows a newer version of an extension than is known."""
    for told in texts(value.get("stac_extensions")):
        found = extension.search(told)
        if found and (int(found[1]), int(found[2])) > latest:
            context.notes.add(
                f"/stac_extensions: {name} {found[1]}.{found[2]} is newer than "
                f"{latest[0]}.{latest[1]}; what is known was read"
            )


def links_of(value: dict[str, Any], owner: str, context: Context) -> Iterator[Link]:
    """Yield the links of an item."""
    links = value.get("links")
    for position, link in enumerate(links if isinstance(links, list) else ()):
        href, rel = member({"l": link}, "l").get("href"), member({"l": link}, "l").get("rel")
        if isinstance(href, str) and isinstance(rel, str):
            yield Link(
                owner=owner,
                document_id=context.document_id,
                link=str(position),
                rel=rel,
                href=href,
                target=href if is_iri(href) else None,
                media_type=text(link.get("type")),
                title=text(link.get("title")),
            )
        else:
            context.notes.add(f"/links/{position}: a link without rel or href was left out")


def kept(
    value: dict[str, Any], consumed: frozenset[str], owner: str, context: Context
) -> Iterator[Property]:
    """Yield properties, assets and foreign members that have no field of their own."""
    mine = Owner(owner, context.document_id)
    for key in value:
        if key not in _TOP:
            yield from keep_member(value, key, "", mine)
    properties = member(value, "properties")
    for key in properties:
        if key not in consumed:
            yield from keep_member(properties, key, "/properties", mine)
    for key, asset in member(value, "assets").items():
        yield from keep(asset, f"/assets/{key.replace('~', '~0').replace('/', '~1')}", key, mine)
