"""From the pages of an API to documents, by the same loaders as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from dafab_kg.loaders.reading import HEAD_BYTES
from dafab_kg.loaders.registry import Unclaimed, discover
from dafab_kg.loaders.stac.recognise import hrefs_of
from dafab_kg.model.documents import Entry, Found, Loader, Refused, SourceDocument, Tree
from dafab_kg.model.errors import NotRecognised


def documents_of(
    name: str, origin: str, data: bytes, loaders: Sequence[Loader], most: int | None = None
) -> Iterator[Found | Refused]:
    """Find the documents of one answer; ``origin`` is its address, ``name`` that of the file.

    ``most`` is how many features of it are wanted, from the first.
    """
    entry = Entry(name, origin, len(data), data[:HEAD_BYTES], lambda: data)
    for item in discover(Tree(origin, (entry,)), loaders):
        if isinstance(item, Unclaimed):
            yield Refused(
                NotRecognised(
                    "no loader knows what the service answered",
                    where=origin,
                    remedy="It should be STAC: Items with stac_version, or Collections",
                ),
                (entry,),
            )
        elif isinstance(item, Refused):
            yield item
        elif most is None or _position(item.document) < most:
            yield replace(item, document=_from_itself(item.document))


def _position(document: SourceDocument) -> int:
    number = document.pointer.rpartition("/")[2]
    return int(number) if number.isdigit() else 0


def _from_itself(document: SourceDocument) -> SourceDocument:
    """Name an item by its own address, where the same host serves it."""
    value = document.value
    links = value.get("links") if isinstance(value, dict) else None
    if not isinstance(links, list):
        return document
    host = urlsplit(document.origin).netloc
    for link in links:
        # a service in front of another adds its own link and leaves the first
        own = hrefs_of({"links": [link]}).get("self", "")
        parts = urlsplit(own)
        if parts.scheme in {"http", "https"} and parts.netloc == host and not parts.query:
            return replace(document, origin=own)
    return document
