"""Writing items and collections of the STAC API: create, replace, patch, delete.

Requests that wait together are done in one commit (:func:`write_items`); each is done as a
whole, or refused as a whole.  What a request brings goes the way of every document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import orjson

from dafab_kg.catalogue.arriving import (
    Arrived,
    Room,
    document_of,
    read_object,
    read_patch,
    settled,
)
from dafab_kg.ingest.commit import Committer
from dafab_kg.ingest.prepare import Passed, Preparer
from dafab_kg.ingest.together import Piece, commit_together
from dafab_kg.model.documents import SourceDocument
from dafab_kg.model.errors import (
    DafabError,
    DocumentRejected,
    FieldNotValid,
    ItemNotWritable,
    NotUnique,
    ThingChanged,
    ThingExists,
    ThingNotFound,
)
from dafab_kg.model.merge_patch import merge_patch
from dafab_kg.model.settings import Settings
from dafab_kg.search.collections import shelves
from dafab_kg.search.documents import value_of
from dafab_kg.search.entries import BARE, LOOSE
from dafab_kg.search.library import Library, rows
from dafab_kg.search.stored import Name, documents_of_collection, documents_of_items
from dafab_kg.store.documents import StoredDocument
from dafab_kg.validation import Validator

Mode = Literal["create", "replace", "upsert"]
Action = Literal["create", "replace", "upsert", "patch", "delete"]
Status = Literal["created", "replaced", "unchanged", "deleted"]
MADE: Final = (LOOSE, BARE)
"""Collections that the API makes up."""


@dataclass(frozen=True)
class Write:
    """A request to write items of a collection, or (``whole``) the collection itself.

    ``objects`` are JSON texts; ``name`` is the id that the address gives, if it does.
    ``root`` is the address of the STAC API, whose own links are not kept; ``if_match`` and
    ``if_none_match`` are tags (:class:`Entered`) or ``*``.
    """

    action: Action
    collection: str
    objects: tuple[bytes, ...] = ()
    name: str = ""
    agent: str = ""
    origin: str = "STAC transaction"
    root: str = ""
    if_match: tuple[str, ...] = ()
    if_none_match: tuple[str, ...] = ()
    whole: bool = False


def _put_items(
    collection: str,
    items: Sequence[bytes],
    *,
    mode: Mode = "upsert",
    item_id: str = "",
    **request: Any,
) -> Write:
    return Write(mode, collection, tuple(items), item_id, **request)


def _patch_item(collection: str, item_id: str, patch: bytes, **request: Any) -> Write:
    return Write("patch", collection, (patch,), item_id, **request)


def _delete_item(collection: str, item_id: str, **request: Any) -> Write:
    return Write("delete", collection, (), item_id, **request)


def _put_collection(
    name: str, collection: bytes, *, mode: Mode = "upsert", **request: Any
) -> Write:
    return Write(mode, name, (collection,), name, whole=True, **request)


def _patch_collection(name: str, patch: bytes, **request: Any) -> Write:
    return Write("patch", name, (patch,), name, whole=True, **request)


def _delete_collection(name: str, **request: Any) -> Write:
    return Write("delete", name, (), name, whole=True, **request)


REQUESTS: Final[Mapping[str, Callable[..., Write]]] = {
    "put_items": _put_items,
    "patch_item": _patch_item,
    "delete_item": _delete_item,
    "put_collection": _put_collection,
    "patch_collection": _patch_collection,
    "delete_collection": _delete_collection,
}
"""The methods of a catalogue that write items, each with what makes a request of its arguments."""


@dataclass(frozen=True)
class Entered:
    """What became of an item or a collection; ``tag`` names its content, "" when it is gone."""

    collection: str
    id: str
    status: Status
    tag: str = ""


Answer = tuple[Entered, ...]


@dataclass(frozen=True)
class Desk:
    """What writing items needs of a catalogue: its graph as it stands, and its committer."""

    library: Library
    committer: Committer
    preparer: Preparer
    validator: Callable[[], Validator]
    settings: Settings
    known: set[str] = field(default_factory=set)
    """Ids of collections that were found to be there."""


def write_items(writes: Sequence[Write], desk: Desk) -> list[Answer | DafabError]:
    """Do requests in their order, as many as can be in one commit; answer each.

    Two of which one depends on what the other writes are in different commits.
    """
    answers: dict[int, Answer | DafabError] = {}
    waiting = list(enumerate(writes))
    read: dict[int, _Read] = {}
    for number, write in waiting:
        try:
            read[number] = _Read(write, desk)
        except DafabError as error:
            answers[number] = error
    waiting = [one for one in waiting if one[0] in read]
    while waiting:
        taken: list[int] = []
        touched: set[Name] = set()
        for number, write in waiting:
            names = read[number].names
            if taken and (write.whole or writes[taken[0]].whole or touched & names):
                break
            taken.append(number)
            touched |= names
        answers |= _one_commit({number: read[number] for number in taken}, desk)
        waiting = waiting[len(taken) :]
    return [answers[number] for number in range(len(writes))]


def write_groups(groups: Sequence[Sequence[Write]], desk: Desk) -> list[Answer | DafabError]:
    """Do groups of requests in one commit: each group is done as a whole, or refused as one.

    A group that writes what one before it writes is refused as changed meanwhile.
    """
    answers: dict[int, Answer | DafabError] = {}
    plans: dict[int, tuple[Piece, Answer]] = {}
    taken: set[Name] = set()
    for number, group in enumerate(groups):
        try:
            read = [_Read(write, desk) for write in group]
            names = [name for one in read for name in one.names]
            if len(set(names)) < len(names) or taken & set(names):
                raise ThingChanged("The request writes one thing twice. Write it once")
            items = {name for one in read if not one.write.whole for name in one.names}
            stored = documents_of_items(desk.library, items)
            made = [_plan(one, stored, desk) for one in read]
        except DafabError as error:
            answers[number] = error
            continue
        taken.update(names)
        documents = tuple(one for plan in made for one in plan.piece.documents)
        again = {one.document_id for one in documents}
        gone = (one for plan in made for one in plan.piece.deleted)
        deleted = tuple(one for one in gone if one.document_id not in again)
        piece = Piece(documents, deleted, group[0].agent if group else "")
        plans[number] = piece, tuple(one for plan in made for one in plan.entered)
    pieces = [piece for piece, _ in plans.values()]
    done = commit_together(pieces, desk.preparer, desk.committer, desk.validator())
    for (number, (piece, entered)), results in zip(plans.items(), done, strict=True):
        answers[number] = results if isinstance(results, DocumentRejected) else entered
        if piece.deleted:
            desk.known.clear()
    return [answers[number] for number in range(len(groups))]


def tag_of(content_hash: str) -> str:
    """Return what names the content of a document to clients."""
    return content_hash[:24]


def stored_tag(entry: StoredDocument) -> str:
    """Return what names the content of a stored document."""
    return tag_of(entry.content_hash)


class _Read:
    """A request whose texts were read; ``names`` are the items that it is about."""

    def __init__(self, write: Write, desk: Desk) -> None:
        self.write = write
        depth = desk.settings.max_depth
        self.patch: dict[str, Any] = {}
        self.objects: tuple[Arrived, ...] = ()
        ids: tuple[str, ...] = (write.name,)
        if not write.whole and write.collection == BARE:
            raise ItemNotWritable(
                f"The collection {BARE!r} shows products that no entry describes. Load the "
                "product's own metadata, or write an item of another collection"
            )
        if write.whole and write.collection in MADE:
            raise ItemNotWritable(f"The collection {write.collection!r} is made by the catalogue")
        if write.action == "patch":
            self.patch = read_patch(write.objects[0], where=write.origin, max_depth=depth)
            told = self.patch.get("id", write.name)
            if told != write.name:
                raise FieldNotValid(
                    "a patch cannot change an id", where=f"{write.origin}: /id", remedy="Leave it"
                )
        elif write.action != "delete":
            kind = "collection" if write.whole else "item"
            several = len(write.objects) > 1
            self.objects = tuple(
                read_object(
                    data,
                    kind,
                    where=write.origin + (f"#/features/{number}" if several else ""),
                    max_depth=depth,
                    name=write.name,
                )
                for number, data in enumerate(write.objects)
            )
            ids = tuple(one.id for one in self.objects)
            if write.name and ids != (write.name,):
                raise FieldNotValid(
                    f"its id is {ids[0][:200]!r}, the address says {write.name[:200]!r}",
                    where=f"{write.origin}: /id",
                    remedy="Send it to the address of its own id",
                )
            if len(set(ids)) < len(ids):
                raise NotUnique(
                    "two of the items have the same id",
                    where=write.origin,
                    remedy="Send each item once",
                )
        self.ids = ids
        self.names: frozenset[Name] = frozenset((write.collection, one) for one in ids)


def _one_commit(read: Mapping[int, _Read], desk: Desk) -> dict[int, Answer | DafabError]:
    names = {name for one in read.values() if not one.write.whole for name in one.names}
    stored = documents_of_items(desk.library, names)
    answers: dict[int, Answer | DafabError] = {}
    plans: dict[int, _Plan] = {}
    for number, one in read.items():
        try:
            plans[number] = _plan(one, stored, desk)
        except DafabError as error:
            answers[number] = error
    done = commit_together(
        [plan.piece for plan in plans.values()], desk.preparer, desk.committer, desk.validator()
    )
    for (number, plan), results in zip(plans.items(), done, strict=True):
        if isinstance(results, DocumentRejected):
            answers[number] = results
            continue
        statuses = list(plan.entered)
        for at, result in enumerate(results):
            if isinstance(result, Passed):
                statuses[at] = replace(statuses[at], status="unchanged")
        answers[number] = tuple(statuses)
        if plan.piece.deleted:
            desk.known.clear()
    return answers


@dataclass(frozen=True)
class _Plan:
    piece: Piece
    entered: Answer


def _plan(read: _Read, stored: Mapping[Name, tuple[StoredDocument, ...]], desk: Desk) -> _Plan:
    """Work out what a request changes.

    Raises:
        DafabError: it cannot be done as things stand.
    """
    write = read.write
    documents: list[SourceDocument] = []
    deleted: list[StoredDocument] = []
    entered: list[Entered] = []
    for number, item_id in enumerate(read.ids):
        if write.whole:
            old = documents_of_collection(desk.library, item_id)
        else:
            old = stored.get((write.collection, item_id), ())
        _check(write, item_id, old)
        if write.action == "delete":
            if write.whole:
                _refuse_full(write.collection, desk)
            deleted += old
            entered.append(Entered(write.collection, item_id, "deleted"))
            continue
        if not old and not write.whole:
            _require_collection(write.collection, desk)
        before = value_of(desk.library, old[0]) if old else None
        if write.action == "patch":
            assert before is not None
            sent = _patched(before, read, desk)
        else:
            sent = read.objects[number]
        room = Room("" if write.whole else write.collection, write.root, desk.settings.base)
        document = document_of(settled(sent, room, before), sent.where, desk.preparer.loaders)
        documents.append(document)
        # recognised as another kind than before, it is another document
        deleted += [one for one in old[:1] if one.document_id != document.document_id]
        entered.append(
            Entered(
                write.collection,
                item_id,
                "replaced" if old else "created",
                document.content_hash[:24],
            )
        )
    return _Plan(Piece(tuple(documents), tuple(deleted), write.agent), tuple(entered))


def _patched(before: dict[str, Any], read: _Read, desk: Desk) -> Arrived:
    write = read.write
    if not write.whole and read.patch.get("collection", write.collection) != write.collection:
        raise FieldNotValid(
            "a patch cannot change the collection",
            where=f"{write.origin}: /collection",
            remedy="Make an item in the other collection, and delete this one",
        )
    value = merge_patch(before, {**read.patch, "id": write.name})
    value.pop("collection", None)
    kind = "collection" if write.whole else "item"
    depth = desk.settings.max_depth
    return read_object(orjson.dumps(value), kind, where=write.origin, max_depth=depth)


def _check(write: Write, item_id: str, old: Sequence[StoredDocument]) -> None:
    what = "collection" if write.whole else "item"
    place = "" if write.whole else f" in the collection {write.collection[:80]!r}"
    if write.action == "create" and old:
        raise ThingExists(
            f"There is an item {item_id[:200]!r}{place} already. Replace it with PUT"
            if not write.whole
            else f"There is a collection {item_id[:200]!r} already. Replace it with PUT"
        )
    if write.action in ("replace", "patch", "delete") and not old:
        raise ThingNotFound(f"There is no {what} {item_id[:200]!r}{place} that was delivered here")
    tag = stored_tag(old[0]) if old else ""
    if write.if_match and not (tag if "*" in write.if_match else tag in write.if_match):
        raise ThingChanged(f"The {what} is not what If-Match says. Fetch it again, then write")
    if write.if_none_match and tag and ("*" in write.if_none_match or tag in write.if_none_match):
        raise ThingChanged(f"There is such a {what} already, and If-None-Match says no")


def _require_collection(name: str, desk: Desk) -> None:
    if name == LOOSE or name in desk.known:
        return
    desk.known.clear()
    desk.known.update(shelves(desk.library))
    if name not in desk.known:
        raise ThingNotFound(
            f"There is no collection {name[:80]!r} here. Make it first, with POST /stac/collections"
        )


def _refuse_full(name: str, desk: Desk) -> None:
    """Refuse to delete a collection that has items: they would make it appear again."""
    for iri in shelves(desk.library).get(name, ()):
        if rows(desk.library, f"SELECT ?item {{ ?item dafab:inCollection <{iri}> }} LIMIT 1"):
            raise ItemNotWritable(
                f"The collection {name[:80]!r} has items. Delete them first, then the collection"
            )
