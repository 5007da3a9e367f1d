"""Which JSON is STAC, and how many documents a file holds."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from dafab_kg.model.documents import Entry, Found, Part, Refused, SourceDocument
from dafab_kg.model.errors import (
    DocumentRejected,
    FieldMissing,
    FieldNotValid,
    NotRecognised,
    TooLarge,
)
from dafab_kg.model.names import encode
from dafab_kg.model.strict_json import read_json

LARGE: Final = 64 * 1024 * 1024
"""Bytes from which a file that does not speak of STAC is no longer read as a whole."""

_TELL_THE_HOST: Final = ("self", "root", "parent", "collection")


@dataclass(frozen=True)
class Opened:
    """A file's bytes and the JSON value that they hold."""

    data: bytes
    value: Any


@dataclass(frozen=True)
class Element:
    """One STAC object within a file; ``pointer`` is empty where it is the whole file."""

    pointer: str
    value: dict[str, Any]
    type: str


@dataclass(frozen=True)
class Identity:
    """What tells one STAC object from all others.

    ``type`` is ``item``, ``collection`` or ``catalog``; ``provider`` the host that
    serves it or ``-``; ``collection_id`` is ``-`` for an item that has none.
    ``below`` is the way to the parent, for a catalogue that no host serves: ids of
    such catalogues (``2019``) tell little.
    """

    type: str
    provider: str
    collection_id: str
    id: str
    below: str = ""

    @property
    def catalog_key(self) -> str:
        """The name of a catalogue within its IRI."""
        return f"{self.id}~{self.below}" if self.below else self.id

    @property
    def key(self) -> str:
        """The document's key: type, provider, (for items) collection, id, (where told) parent."""
        parts = [self.provider, self.id]
        if self.type == "item":
            parts.insert(1, self.collection_id)
        if self.below:
            parts.append(self.below)
        return "/".join([self.type, *map(encode, parts)])


def open_json(
    entry: Entry, worth: Callable[[bytes], bool] = lambda data: True
) -> Opened | Refused | None:
    """Read an entry that may be STAC; None if it is something else, or not ``worth`` parsing.

    Refused is broken JSON, where the name (``.json``, ``.geojson``) or the content
    says that it should be JSON that a STAC loader understands.
    """
    named = entry.name.lower().endswith((".json", ".geojson"))
    if not named and not starts_like_object(entry.head):
        return None
    try:
        data = entry.read()
        if not worth(data):
            return None
        speaks_of_stac = b'"stac_version"' in data
        if len(data) > LARGE and not speaks_of_stac:
            return _glance(entry, data)
        if not named and not speaks_of_stac:
            return None
        return Opened(data, read_json(data, where=entry.origin))
    except DocumentRejected as error:
        return Refused(error, (entry,))


def _glance(entry: Entry, data: bytes) -> Refused | None:
    """Look only at the start of a large foreign file, for nesting that no reader survives."""
    try:
        read_json(data[: 1024 * 1024], where=entry.origin)
    except TooLarge as error:
        return Refused(error, (entry,))
    except DocumentRejected:
        pass  # cut off in the middle, so of course it is broken here
    return None


def starts_like_object(head: bytes) -> bool:
    """Tell whether a file starts like a JSON object, after a byte order mark and white space."""
    return head.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n").startswith(b"{")


def documents_of(
    entry: Entry, opened: Opened, kind_of: Callable[[Element], str]
) -> Iterator[Found | Refused]:
    """Yield the STAC documents of a file; ``kind_of`` names the loader that reads each.

    A file with some features that are STAC and some that are not is claimed, and
    the others are refused one by one.
    """
    elements, strangers = elements_of(opened.value)
    if not elements:
        return
    part = Part(entry.name, opened.data)
    seen: dict[str, Element] = {}
    for element in elements:
        where = entry.origin + (f"#{element.pointer}" if element.pointer else "")
        try:
            key = identify(element.value, element.type, where=where).key
            if _is_repeated(element, seen, key, where):
                continue
            document = SourceDocument(
                kind_of(element), key, where, (part,), element.pointer, element.value
            )
        except DocumentRejected as error:
            yield Refused(error, (entry,))
        else:
            yield Found(document, (entry,))
    for pointer in strangers:
        reason = NotRecognised(
            "this is no STAC object, though its neighbours are",
            where=f"{entry.origin}#{pointer}",
            remedy="Give it stac_version, type and id, or load it from a file of its own",
        )
        yield Refused(reason, (entry,))


def _is_repeated(element: Element, seen: dict[str, Element], key: str, where: str) -> bool:
    earlier = seen.setdefault(key, element)
    if earlier is element:
        return False
    if earlier.value == element.value:
        return True
    raise FieldNotValid(
        f"the file holds another {element.type} with the same id, at {earlier.pointer}",
        where=where,
        remedy="Give them different ids or collections; one would replace the other",
    )


def elements_of(value: Any) -> tuple[list[Element], list[str]]:
    """Return the STAC objects in a JSON value, and the pointers of what is none beside them.

    Understood are one object, an ItemCollection or search page (``features``), a
    list of collections (``collections``), and a single-file catalogue (both).
    """
    own = stac_type(value)
    if own is not None:
        return [Element("", value, own)], []
    if not isinstance(value, dict) or value.get("type") not in ("FeatureCollection", None):
        return [], []
    inherits = "stac_version" in value
    elements, strangers = [], []
    for member in ("features", "collections"):
        children = value.get(member)
        for position, child in enumerate(children if isinstance(children, list) else ()):
            pointer = f"/{member}/{position}"
            type_ = stac_type(child, inherits=inherits)
            if type_ is None:
                strangers.append(pointer)
            else:
                elements.append(Element(pointer, child, type_))
    return elements, strangers


def stac_type(value: Any, *, inherits: bool = False) -> str | None:
    """Return ``item``, ``collection`` or ``catalog``, or None for what is not STAC.

    ``inherits`` says that the collection around it tells the STAC version.  Before
    1.0.0-rc.1 catalogues had no ``type``; there a collection is what has an extent
    or a licence (STAC best practices, "How to differentiate STAC files").
    """
    if not isinstance(value, dict):
        return None
    version = value.get("stac_version")
    match value.get("type"):
        case "Feature" if version is not None or (inherits and "assets" in value):
            return "item"
        case "Collection" if version is not None:
            return "collection"
        case "Catalog" if version is not None:
            return "catalog"
        case None if isinstance(version, str) and is_before_1_0(version) and "id" in value:
            return "collection" if "extent" in value or "license" in value else "catalog"
    return None


def is_before_1_0(version: str) -> bool:
    """Tell whether a STAC version is older than 1.0.0 (0.x, betas, release candidates).

    >>> is_before_1_0("1.0.0-beta.2"), is_before_1_0("1.0.0"), is_before_1_0("0.9.0")
    (True, False, True)
    """
    return version.startswith("0.") or version.startswith("1.0.0-")


def identify(value: dict[str, Any], type_: str, *, where: str) -> Identity:
    """Return what identifies a STAC object.

    Raises:
        FieldMissing: it has no ``id``.
        FieldNotValid: its ``id`` is no text.
    """
    own = value.get("id")
    if own is None or own == "":
        raise FieldMissing(f"the {type_} has no id", where=where, remedy="Give it one")
    if not isinstance(own, str):
        raise FieldNotValid(
            f"the {type_}'s id {own!r} is no text", where=where, remedy="Write it in quotes"
        )
    collection = value.get("collection") if type_ == "item" else own
    if not isinstance(collection, str) or not collection:
        collection = "-"
    hrefs = hrefs_of(value)
    provider = next(filter(None, (host_of(hrefs.get(rel, "")) for rel in _TELL_THE_HOST)), "-")
    alone = type_ == "catalog" and provider == "-"
    return Identity(type_, provider, collection, own, hrefs.get("parent", "") if alone else "")


def hrefs_of(value: dict[str, Any]) -> dict[str, str]:
    """Return the first link of each relation of a STAC object."""
    hrefs: dict[str, str] = {}
    links = value.get("links")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict):
            rel, href = link.get("rel"), link.get("href")
            if isinstance(rel, str) and isinstance(href, str):
                hrefs.setdefault(rel, href)
    return hrefs


def host_of(href: str) -> str:
    """Return host (and port, where told) of an http(s) URL, without user and password."""
    if not href.lower().startswith(("http://", "https://")):
        return ""
    try:
        parts = urlsplit(href)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return ""
    return f"{parts.hostname}{port}" if parts.hostname else ""
