"""From what a client of the STAC API sends to the documents that are loaded.

What the API adds to an object when it shows one is taken off again, so that an object which
is fetched and sent back is the same document.  An object written to where one is already
keeps that one's provider, and with that its name in the graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from dafab_kg.catalogue.checking import check_object, check_time
from dafab_kg.loaders.reading import HEAD_BYTES
from dafab_kg.loaders.registry import Unclaimed, discover
from dafab_kg.loaders.stac.recognise import hrefs_of, identify, stac_type
from dafab_kg.model.documents import Entry, Found, Loader, Refused, SourceDocument, Tree
from dafab_kg.model.errors import (
    DafabError,
    DocumentRejected,
    FieldMissing,
    FieldNotValid,
    NotWellFormed,
)
from dafab_kg.model.plain_json import plain
from dafab_kg.model.strict_json import read_json
from dafab_kg.search.entries import ENTRIES_OF, LOOSE, NONE
from dafab_kg.search.links import NAVIGATION

_TELLING: Final = ("self", "root", "parent", "collection")
"""Relations whose address tells who provides an object (``loaders/stac/recognise.py``)."""
_OTHERS: Final = frozenset(
    {
        "http://www.opengis.net/def/rel/ogc/1.0/queryables",
        "http://www.opengis.net/def/rel/ogc/1.0/sortables",
        "children",
        "related",
        "aggregate",
        "aggregations",
    }
)


@dataclass(frozen=True)
class Arrived:
    """A STAC object as it was sent: its bytes, and the value they hold."""

    data: bytes
    value: dict[str, Any]
    where: str

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.value["id"])


@dataclass(frozen=True)
class Room:
    """Where an object is to be: ``collection`` by id ("" for a collection itself).

    ``root`` is the address of the STAC API, ``base`` that of the IRIs of the graph.
    """

    collection: str
    root: str
    base: str


def read_object(data: bytes, kind: str, *, where: str, max_depth: int, name: str = "") -> Arrived:
    """Read an ``item`` or a ``collection``; numbers stay what 64 bits hold of them.

    ``name`` is the id of one that tells none itself.

    Raises:
        DocumentRejected: it is no JSON, or none of that kind.
    """
    value = plain(read_json(data, where=where, max_depth=max_depth))
    if stac_type(value) != kind:
        type_ = "Feature" if kind == "item" else "Collection"
        raise FieldNotValid(
            f"this is no STAC {kind}",
            where=where,
            remedy=f'Send an object with "type": "{type_}" and "stac_version"',
        )
    if name and "id" not in value:
        value["id"] = name
        data = orjson.dumps(value)
    own = value.get("id")
    if not isinstance(own, str) or not own:
        raise FieldMissing("it has no id that is a text", where=where, remedy="Give it one")
    return Arrived(data, value, where)


def read_patch(data: bytes, *, where: str, max_depth: int) -> dict[str, Any]:
    """Read a JSON Merge Patch.

    Raises:
        DocumentRejected: it is no JSON object.
    """
    value = plain(read_json(data, where=where, max_depth=max_depth))
    if not isinstance(value, dict):
        raise NotWellFormed("the patch is no JSON object", where=where, remedy="Send an object")
    return value


def settled(sent: Arrived, room: Room, before: Mapping[str, Any] | None) -> Arrived:
    """Return an object as it is to be kept; ``before`` is the one whose place it takes.

    Raises:
        FieldNotValid: it names another collection than that of the address, or clients could
            not read it.
    """
    value = dict(sent.value)
    check_object(value, sent.where)
    if room.collection:
        told = value.get("collection")
        if told not in (None, room.collection):
            raise FieldNotValid(
                f"it names the collection {str(told)[:80]!r}, the address {room.collection!r}",
                where=f"{sent.where}: /collection",
                remedy="Send it to the collection that it names",
            )
        value["collection"] = room.collection
        if room.collection == LOOSE:
            del value["collection"]
        check_time(value.get("properties"), sent.where)
    value["links"] = _without_ours(value.get("links"), room)
    value["links"] = _of_provider(value, "item" if room.collection else "collection", before)
    if value == sent.value:
        return sent
    if not value["links"] and "links" not in sent.value:
        del value["links"]
    return replace(sent, data=orjson.dumps(value), value=value)


def document_of(sent: Arrived, origin: str, loaders: Sequence[Loader]) -> SourceDocument:
    """Return the document that an object is, by the loader that reads it.

    Raises:
        DocumentRejected: no loader takes it.
    """
    entry = Entry("item.json", origin, len(sent.data), sent.data[:HEAD_BYTES], lambda: sent.data)
    ours = [loader for loader in loaders if loader.name in ENTRIES_OF]
    for item in discover(Tree(origin, (entry,)), ours):
        if isinstance(item, Found):
            return by_content(item.document)
        if isinstance(item, Refused):
            error = item.error
            raise error if isinstance(error, DafabError) else DocumentRejected(str(error))
        assert isinstance(item, Unclaimed)
    raise FieldNotValid("no loader knows what this is", where=origin, remedy="It should be STAC")


def by_content(document: SourceDocument) -> SourceDocument:
    """Let the order of an object's members, which clients do not keep, be no change."""
    return replace(document, digest=replace(document, pointer="/").content_hash)


def _without_ours(links: Any, room: Room) -> Any:
    """Take off what the API adds; where an object lay becomes its own address again."""
    if links is None:
        return []
    if not isinstance(links, list):
        return links
    kept = [one for one in links if not _is_ours(one, room)]
    if any(isinstance(one, dict) and one.get("rel") == "self" for one in kept):
        return kept
    found = []
    for one in kept:
        home = isinstance(one, dict) and one.get("rel") == "canonical" and len(kept) < len(links)
        found.append({**one, "rel": "self"} if home else one)
    return found


def _is_ours(one: Any, room: Room) -> bool:
    if not isinstance(one, dict) or not isinstance(one.get("href"), str):
        return False
    href, rel = one["href"], one.get("rel")
    if rel == "via":
        return bool(href.startswith(room.base))
    here = bool(room.root) and (href == room.root or href.startswith(f"{room.root}/"))
    return here and (rel in NAVIGATION or rel in _OTHERS)


def _of_provider(value: dict[str, Any], kind: str, before: Mapping[str, Any] | None) -> Any:
    """Return the links such that the object has the provider of the one before."""
    links = value["links"]
    if before is None or not isinstance(links, list):
        return links
    wanted = identify(dict(before), kind, where="").provider
    if identify(value, kind, where="").provider == wanted:
        return links
    rest = [one for one in links if not (isinstance(one, dict) and one.get("rel") in _TELLING)]
    if wanted == NONE:
        return rest
    told = hrefs_of(dict(before))
    for rel in _TELLING:
        href = told.get(rel, "")
        alone = {"links": [{"rel": rel, "href": href}], "id": "x"}
        if href and identify(alone, kind, where="").provider == wanted:
            return [{"rel": rel, "href": href}, *rest]
    return links
