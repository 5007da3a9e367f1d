"""Listing data identifiers that fulfil a filter, page by page.

Containers come first, then the data sets of assets, then files, each in the order of names (data
sets and files in that of their items).  A page goes on after the last name of the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson

from dafab_kg.dids.containers import Containers
from dafab_kg.dids.cursors import Cursor, read_cursor, write_cursor
from dafab_kg.dids.finding import found_of
from dafab_kg.dids.names import Did, DidType, Scopes, assets_of, container, files_of
from dafab_kg.dids.records import asset_of, none_of, record_of, told_of_kind
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.search import rucio_filter
from dafab_kg.search.dafab_filter import DID, read_filter, read_sort
from dafab_kg.search.exact import truth
from dafab_kg.search.library import Library
from dafab_kg.search.lineage import Node as Spot
from dafab_kg.search.lineage import above, documents_of
from dafab_kg.search.places import place_named
from dafab_kg.search.rucio_filter import RucioFilter, World
from dafab_kg.search.settled import may_hold, mentions_relatives
from dafab_kg.search.tree import Among, And, Compare, Node, Sort

MOST: Final = 100
"""Most data identifiers of a page."""
OPENED: Final = 8
"""Items whose documents are read at first to list their files; then twice as many each time."""
BATCH: Final = 1_000
"""Most items that are read at a time to find what is below them."""
KINDS: Final[tuple[DidType, ...]] = ("CONTAINER", "DATASET", "FILE")
"""In the order in which they are listed, which is that of their names."""


@dataclass(frozen=True)
class Asked:
    """What is asked: ``filter`` (if it is not Rucio's) and ``sort`` as a JSON reader gave them."""

    scope: str
    filter: Any
    sort: Any = None
    cursor: str | None = None
    limit: int = MOST
    count: bool = False


@dataclass(frozen=True)
class DidPage:
    """A page; ``count`` is how many there are in all, and whether that is exact."""

    dids: tuple[Did, ...]
    cursor: str | None = None
    count: tuple[int, bool] | None = None


@dataclass(frozen=True)
class NamePage:
    """A page of names alone."""

    names: tuple[str, ...]
    cursor: str | None = None


@dataclass(frozen=True)
class DocumentPage:
    """A page of whole documents as JSON."""

    documents: tuple[bytes, ...]
    cursor: str | None = None


def find_dids(library: Library, scopes: Scopes, asked: Asked) -> DidPage:
    """Find the data identifiers of a scope that fulfil a filter.

    Raises:
        ThingNotFound: there is no such scope.
        QueryNotValid: the filter, the order or the cursor is not to be answered.
    """
    _check_scope(scopes, asked.scope)
    containers, files, sort = _containers(library, scopes, asked)
    begun = read_cursor(asked.cursor, _mark(asked)) or Cursor("CONTAINER")
    found: list[Did] = []
    following: Cursor | None = None
    if begun.kind == "CONTAINER":
        some, following = containers.page(begun, asked.limit, sort)
        found = [did for did, _ in some]
    document = asset_of if isinstance(asked.filter, RucioFilter) else none_of
    tests = {"DATASET": containers.test, "FILE": files}
    for kind in KINDS[1:] if following is None else ():
        test = tests[kind]
        assert test is not None
        told = told_of_kind(kind, asked.scope, assets=isinstance(asked.filter, RucioFilter))
        if kind < begun.kind or not may_hold(test, told):
            continue
        room = asked.limit - len(found)
        place = begun if begun.kind == kind else Cursor(kind)
        parts = _parts(library, scopes, asked.scope, test, place, room + 1, document)
        found += [did for did, _ in parts[:room]]
        if len(parts) > room:
            following = parts[room - 1][1] if room else place
            break
    return DidPage(
        tuple(found),
        None if following is None else write_cursor(following, _mark(asked)),
        _counted(containers, files, asked.scope) if asked.count else None,
    )


def find_documents(library: Library, scopes: Scopes, asked: Asked, root: str) -> DocumentPage:
    """Find the documents of the containers of a scope that fulfil a filter.

    Links of catalogues are below ``root``.

    Raises:
        ThingNotFound: there is no such scope.
        QueryNotValid: the filter or the cursor is not to be answered.
    """
    _check_scope(scopes, asked.scope)
    containers, _, sort = _containers(library, scopes, asked)
    begun = read_cursor(asked.cursor, _mark(asked)) or Cursor("CONTAINER")
    page, following = containers.page(begun, asked.limit, sort)
    known = {did.node: value for did, value in page if value is not None}
    read = documents_of(library, (did.node for did, _ in page if did.node not in known), root)
    values = {**read, **known}
    return DocumentPage(
        tuple(orjson.dumps(values[did.node]) for did, _ in page),
        None if following is None else write_cursor(following, _mark(asked)),
    )


def _check_scope(scopes: Scopes, scope: str) -> None:
    if scope not in scopes.names():
        raise ThingNotFound(
            f"There is no scope {scope[:80]!r} here; there are {', '.join(scopes.names())}"
        )


def _containers(library: Library, scopes: Scopes, asked: Asked) -> tuple[Containers, Node, Sort]:
    """Read what is asked: the containers, the test of files, the order."""
    sort = Sort(("id",)) if asked.sort is None else read_sort(asked.sort)
    if isinstance(asked.filter, RucioFilter):
        world = World(library.names.base, partial(place_named, library), asked.scope)
        trees = rucio_filter.read_filter(asked.filter, world)
        return (
            Containers(library, scopes, asked.scope, trees.items, trees.others),
            trees.files,
            sort,
        )
    item = read_filter(asked.filter, scope=asked.scope)
    test = read_filter(asked.filter, of_dids=True)
    return Containers(library, scopes, asked.scope, item, test), test, sort


def _mark(asked: Asked) -> Any:
    told = repr(asked.filter) if isinstance(asked.filter, RucioFilter) else asked.filter
    return [asked.scope, told, asked.sort]


# data sets and files


def _parts(
    library: Library,
    scopes: Scopes,
    scope: str,
    test: Node,
    begun: Cursor,
    most: int,
    document: Callable[[Did], Any],
) -> list[tuple[Did, Cursor]]:
    """Return the first data sets, or files, after a place, each with its own place.

    ``document`` is what stands for that of one.
    """
    batches: Iterable[Sequence[Did]]
    named = names_asked(test)
    if named is not None:
        dids = found_of(library, scopes, ((scope, name) for name in named)).values()
        batches = [[did for did in dids if did.type == begun.kind]]
    else:
        batches = _every_part(library, scopes, scope, begun, most)
    related = mentions_relatives(test)
    found: list[tuple[Did, Cursor]] = []
    for batch in batches:
        new = [(did, Cursor(begun.kind, did.node.name, did.name)) for did in batch]
        new = [one for one in new if _key(one[1]) > _key(begun)]
        ups = _ancestors(library, scopes, [did.node for did, _ in new]) if related else {}
        for did, place in sorted(new, key=lambda one: _key(one[1])):
            above = ups.get(did.node, [])
            if did.type == "FILE":
                above = [record_of(assets_of(scopes, did.node), {}), *above]
            if truth(test, record_of(did, document(did)), lambda side, told=above: told) is True:  # type: ignore[misc]
                found.append((did, place))
        if len(found) >= most:
            break
    return found[:most]


def _key(place: Cursor) -> tuple[str, str]:
    return place.name, place.part


def _every_part(
    library: Library, scopes: Scopes, scope: str, begun: Cursor, most: int
) -> Iterator[Sequence[Did]]:
    every = Containers(library, scopes, scope)
    if begun.kind == "DATASET":
        for nodes in every.items_from(begun.name, most, BATCH):
            yield [assets_of(scopes, node) for node in nodes]
        return
    for nodes in every.items_from(begun.name, OPENED, BATCH):
        values = documents_of(library, nodes)
        yield [did for node in nodes for did in files_of(scopes, node, values[node])]


def _ancestors(
    library: Library, scopes: Scopes, nodes: Iterable[Spot]
) -> dict[Spot, list[dict[str, Any]]]:
    """Return the records of items and of all that is above them."""
    ups = above(library, nodes)
    every = dict.fromkeys([*ups, *(up for one in ups.values() for up in one)])
    values = documents_of(library, every)
    records = {one: record_of(container(scopes, one), values[one]) for one in every}
    return {node: [records[node], *(records[up] for up in one)] for node, one in ups.items()}


def names_asked(test: Node) -> tuple[str, ...] | None:
    """Return the names one of which a DID must have; None: a filter asks for none."""
    if isinstance(test, And):
        for part in test.parts:
            found = names_asked(part)
            if found is not None:
                return found
    named = isinstance(test, Compare | Among) and test.path == (DID, "name")
    if named and isinstance(test, Among):
        return tuple(value for value in test.values if isinstance(value, str))
    if named and isinstance(test, Compare) and test.operator == "=":
        return (test.value,) if isinstance(test.value, str) else ()
    return None


def _counted(containers: Containers, test: Node, scope: str) -> tuple[int, bool] | None:
    """Count what fulfils a filter; of data sets and files only where nothing is to be read."""
    if may_hold(test, told_of_kind("DATASET", scope)) or may_hold(
        test, told_of_kind("FILE", scope)
    ):
        return None
    return containers.count()
