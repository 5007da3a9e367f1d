"""From the pages of an API to documents, by the same loaders as files.

Each object of a page is a file of its own with the bytes that were delivered: how
a service cuts its answer into pages is then no part of any document.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from dafab_kg.loaders.reading import HEAD_BYTES
from dafab_kg.loaders.registry import Unclaimed, discover
from dafab_kg.loaders.stac.recognise import hrefs_of
from dafab_kg.model.documents import Entry, Found, Loader, Refused, SourceDocument, Tree
from dafab_kg.model.errors import NotRecognised

_LISTS: Final = ("features", "collections")
_SPACE: Final = " \t\r\n"
_DECODER: Final = json.JSONDecoder()


def documents_of(
    name: str, origin: str, data: bytes, loaders: Sequence[Loader], most: int | None = None
) -> Iterator[Found | Refused]:
    """Find the documents of one answer; ``origin`` is its address, ``name`` that of the file.

    ``most`` is how many objects of it are wanted, from the first.
    """
    for entry in _entries(name, origin, data, most):
        for item in discover(Tree(entry.origin, (entry,)), loaders):
            if isinstance(item, Unclaimed):
                yield Refused(
                    NotRecognised(
                        "no loader knows what the service answered",
                        where=entry.origin,
                        remedy="It should be STAC: Items with stac_version, or Collections",
                    ),
                    (entry,),
                )
            elif isinstance(item, Refused):
                yield item
            else:
                yield replace(item, document=_by_content(_from_itself(item.document)))


def _entries(name: str, origin: str, data: bytes, most: int | None) -> Iterator[Entry]:
    """Yield the objects of a page, or the whole where it is one object or keeps the version."""
    text = data.decode("utf-8", "replace")
    found = list(elements(text))
    if not found or any(key == "stac_version" for key, _ in found):
        yield _entry(name, origin, data)
        return
    for number, (pointer, value) in enumerate(found[:most]):
        yield _entry(f"{number}.json", f"{origin}#{pointer}", value.encode())


def _entry(name: str, origin: str, data: bytes) -> Entry:
    return Entry(name, origin, len(data), data[:HEAD_BYTES], lambda: data)


def elements(text: str) -> Iterator[tuple[str, str]]:
    """Yield the JSON texts in the lists of a page, each with its JSON Pointer.

    A page that tells the STAC version for all that is in it, as old ones did, yields
    ``stac_version`` too: its objects cannot be read without it.  So does an object
    that is no page.

    >>> list(elements('{"features": [{"a": 1.10}, 2]}'))
    [('/features/0', '{"a": 1.10}'), ('/features/1', '2')]
    """
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        return
    at = _skip(text, at + 1)
    while text[at : at + 1] == '"':
        key, at = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)  # the colon
        if key in _LISTS and text[at : at + 1] == "[":
            number, at = 0, _skip(text, at + 1)
            while text[at : at + 1] != "]":
                end = _end(text, at)
                yield f"/{key}/{number}", text[at:end]
                number, at = number + 1, _skip(text, end, ",")
            at += 1
        else:
            start, at = at, _end(text, at)
            if key == "stac_version":
                yield key, text[start:at]
        at = _skip(text, at, ",")


def _end(text: str, at: int) -> int:
    value: tuple[Any, int] = _DECODER.raw_decode(text, at)
    return value[1]


def _skip(text: str, at: int, also: str = "") -> int:
    while text[at : at + 1] and text[at] in _SPACE + also:
        at += 1
    return at


def _by_content(document: SourceDocument) -> SourceDocument:
    """Let the order of an object's members, which services do not keep, be no change."""
    if document.digest or document.pointer or not isinstance(document.value, dict):
        return document
    return replace(document, digest=replace(document, pointer="/").content_hash)


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
