"""The catalogue entry itself: its links, and what stands at the top of the document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dafab_kg.loaders.stac.envelope import Envelope
from dafab_kg.loaders.stac.leaves import Owner, keep, keep_member
from dafab_kg.model.documents import escape_pointer
from dafab_kg.model.names import is_iri
from dafab_kg.model.records import Link, Record, StacItem

_LINK_MEMBERS = ("rel", "href", "type", "title")
_READ_ELSEWHERE = frozenset({"type", "id", "geometry", "links", "assets", "properties"})


def absolute(href: Any) -> str | None:
    """Return ``href`` if it is an absolute IRI; a Windows drive is no scheme."""
    if isinstance(href, str) and is_iri(href) and href.index(":") > 1:
        return href
    return None


def links_of(envelope: Envelope) -> Iterator[Record]:
    """Yield all links; members that a link record has no field for are kept beside it."""
    owner = Owner(envelope.iri, envelope.document_id)
    for position, link in enumerate(envelope.value.get("links") or ()):
        pointer = f"/links/{position}"
        told = link if isinstance(link, dict) else {}
        rel, href, media_type, title = (_text(told.get(name)) for name in _LINK_MEMBERS)
        if rel is None or href is None:
            yield from keep(link, pointer, "links", owner)
            continue
        yield Link(
            owner=envelope.iri,
            document_id=envelope.document_id,
            link=str(position),
            rel=rel,
            href=href,
            target=absolute(href),
            media_type=media_type,
            title=title,
        )
        for member, value in link.items():
            if member not in _LINK_MEMBERS or not isinstance(value, str) or not value:
                yield from keep(value, f"{pointer}/{escape_pointer(member)}", "links", owner)


def item_of(
    envelope: Envelope, product_id: str, created: str | None, updated: str | None
) -> StacItem:
    """Return the item's entry in its catalogue, which describes ``product_id``."""
    return StacItem(
        provider=envelope.identity.provider,
        collection_id=envelope.identity.collection_id,
        item_id=envelope.identity.id,
        product_id=product_id,
        stac_version=_text(envelope.value.get("stac_version")),
        extensions=extensions_of(envelope.value),
        self_href=self_href(envelope.value),
        created=created,
        updated=updated,
    )


def top_of(envelope: Envelope, owner: Owner, covered: frozenset[str]) -> Iterator[Record]:
    """Yield what stands at the top of an item beside what the specification names.

    ``covered`` are further members that need not be kept.
    """
    value = envelope.value
    for member in value:
        if member in _READ_ELSEWHERE or member in covered:
            continue
        if member == "stac_version" and _text(value[member]) is not None:
            continue
        if member == "collection" and value[member] == envelope.identity.collection_id:
            continue
        if member == "stac_extensions" and value[member] == list(extensions_of(value)):
            continue
        yield from keep_member(value, member, "", owner)
    geometry = value.get("geometry")
    if not isinstance(geometry, dict):
        return
    for member in geometry:
        if member not in {"type", "coordinates"}:
            yield from keep(geometry[member], f"/geometry/{escape_pointer(member)}", member, owner)


def extensions_of(value: dict[str, Any]) -> tuple[str, ...]:
    """Return the extensions of a STAC object (names in old versions, URIs today)."""
    listed = value.get("stac_extensions")
    return tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else ()


def self_href(value: dict[str, Any]) -> str | None:
    """Return where a STAC object says it lies, as it says it."""
    for link in value.get("links") or ():
        if isinstance(link, dict) and link.get("rel") == "self":
            return _text(link.get("href"))
    return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
