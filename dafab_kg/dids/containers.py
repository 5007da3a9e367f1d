"""The containers of a scope that fulfil a filter: catalogues and items, in one order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from dafab_kg.dids.ahead import read_ahead
from dafab_kg.dids.cursors import Cursor
from dafab_kg.dids.finding import catalog_named, ids_are_names, items_named
from dafab_kg.dids.names import Did, Scopes, container
from dafab_kg.dids.records import record_of, told_of_items, told_of_kind
from dafab_kg.search.exact import truth
from dafab_kg.search.library import Library, once, rows
from dafab_kg.search.lineage import Node as Spot
from dafab_kg.search.lineage import above, catalog_documents, catalogs, item_node
from dafab_kg.search.order import Place, keys_of, place_of
from dafab_kg.search.order import cursor as written
from dafab_kg.search.pages import Found, find_entries
from dafab_kg.search.settled import may_hold, mentions_relatives, told_by_id, unsettled
from dafab_kg.search.tree import Node, Search, Sort
from dafab_kg.store.protocol import Iri, Literal

Value = dict[str, Any]
Row = tuple[Did, Value | None]
"""A container with its JSON, if that was read."""

FIRST: Final = Iri("")
"""Stands before the IRIs of all items of one id."""
BEFORE_ALL: Final = " "
"""Stands before all names."""
BY_NAME: Final = Sort(("id",))


@dataclass(frozen=True)
class Containers:
    """``item`` is the filter as it is read for items, ``test`` for DIDs; None: all."""

    library: Library
    scopes: Scopes
    scope: str
    item: Node | None = None
    test: Node | None = None

    def page(self, begun: Cursor, most: int, sort: Sort) -> tuple[list[Row], Cursor | None]:
        """Return the first containers after a place, and where the next page begins."""
        by_test = may_hold(self.test, told_of_kind("CONTAINER", self.scope))
        if not by_test and not may_hold(self.item, told_of_items):
            return [], None
        way = self._by_name if sort.path == BY_NAME.path else self._in_order
        return way(begun, most, sort)

    def _by_name(self, begun: Cursor, most: int, sort: Sort) -> tuple[list[Row], Cursor | None]:
        place = (Literal(begun.name),) if begun.name else None
        items, _ = self._items(place, most + 1, sort)
        found = {did.name: (did, value) for did, value in items}
        for did in self._catalogs():
            down = sort.descending
            if not begun.name or (did.name < begun.name if down else did.name > begun.name):
                found[did.name] = did, None
        names = sorted(found, reverse=sort.descending)
        following = Cursor("CONTAINER", names[most - 1]) if len(names) > most else None
        return [found[name] for name in names[:most]], following

    def _in_order(self, begun: Cursor, most: int, sort: Sort) -> tuple[list[Row], Cursor | None]:
        """Items by a property, then the catalogues, of which none has it."""
        found: list[Row] = []
        by = Search(sort=(sort,), after=begun.place or None)
        if not begun.name:
            found, place = self._items(place_of(by, keys_of(by.sort, bare=False)), most, sort)
            if place is not None:
                return found, Cursor("CONTAINER", place=written(by, place))
        left = sorted(
            (did for did in self._catalogs() if did.name > begun.name), key=lambda did: did.name
        )
        room = most - len(found)
        if len(left) <= room:
            return [*found, *((did, None) for did in left)], None
        following = Cursor("CONTAINER", left[room - 1].name if room else BEFORE_ALL)
        return [*found, *((did, None) for did in left[:room])], following

    def _items(self, place: Place | None, most: int, sort: Sort) -> tuple[list[Row], Place | None]:
        """Return items that fulfil the filter, and the place of the last if there are more."""
        found: list[Row] = []
        if not may_hold(self.item, told_of_items):
            return found, None
        node = unsettled(self.item, told_of_items)
        collections = self.scopes.collections(self.library, self.scope)
        if collections == ():
            return found, None
        while True:
            left = most - len(found)
            search = Search(node, collections or (), sort=(sort,), limit=left)
            upwards = sort == BY_NAME and (node is None or told_by_id(node))
            find = read_ahead if upwards else find_entries
            page = find(self.library, search, place)
            alone = set(self._alone(node, sort, page))
            others = [one.id for one in page.entries if one.id not in alone]
            names = items_named(self.library, self.scopes, others)
            for entry in page.entries:
                spot = item_node(entry)
                if entry.id in alone or names.get((self.scope, entry.id)) == spot:
                    found.append((container(self.scopes, spot), page.known.get(entry.iri)))
            place = page.place
            if place is None or len(found) >= most:
                return found, place

    def _alone(self, node: Node | None, sort: Sort, page: Found) -> Iterator[str]:
        """Return ids of which there is one item only, as is known of all, or as a page tells: where
        all items of an id stand side by side, if they are not the last."""
        if ids_are_names(self.library):
            yield from (entry.id for entry in page.entries)
            return
        if sort.path != BY_NAME.path or not (node is None or told_by_id(node)):
            return
        ids = Counter(entry.id for entry in page.entries)
        if page.place is not None:
            ids[page.entries[-1].id] += 1
        for name, number in ids.items():
            if number == 1 and catalog_named(self.library, name) is None:
                yield name

    def items_from(self, name: str, first: int, most: int) -> Iterator[list[Spot]]:
        """Return all items of the scope from a name on, in the order of names: ``first`` of
        them, then twice as many each time, up to ``most``."""
        place: Place | None = (Literal(name), FIRST) if name else None
        size = first
        while True:
            found, place = self._items(place, size, BY_NAME)
            yield [did.node for did, _ in found]
            if place is None:
                return
            size = min(2 * size, most)

    def _catalogs(self) -> list[Did]:
        """Return the containers that are no items and fulfil the filter."""
        spots = [one for one in catalogs(self.library) if self.scopes.of(one) == self.scope]
        if self.test is None:
            return [container(self.scopes, spot) for spot in spots]
        values = catalog_documents(self.library)
        ups = above(self.library, spots) if mentions_relatives(self.test) else {}
        found = []
        for spot in spots:
            did = container(self.scopes, spot)
            records = [
                record_of(container(self.scopes, up), values[up]) for up in ups.get(spot, ())
            ]
            record = record_of(did, values[spot])
            if truth(self.test, record, lambda side, told=records: told) is True:  # type: ignore[misc]
                found.append(did)
        return found

    def count(self) -> tuple[int, bool] | None:
        """Count the containers, and tell whether the number is exact; None: it takes too long.

        It is not where items of several collections have one id.
        """
        found = len(self._catalogs())
        collections = self.scopes.collections(self.library, self.scope)
        if collections == () or not may_hold(self.item, told_of_items):
            return found, True
        node = unsettled(self.item, told_of_items)
        search = Search(node, collections or (), limit=1, count=True)
        matched = find_entries(self.library, search, None).matched
        return None if matched is None else (found + matched, not _twice(self.library))


def _twice(library: Library) -> bool:
    """Tell whether two items have one id."""

    def look() -> bool:
        query = (
            "SELECT ?id { ?one dafab:itemId ?id . ?other dafab:itemId ?id . "
            "FILTER(STR(?one) < STR(?other)) } LIMIT 1"
        )
        return bool(rows(library, query))

    return once(library, "one id twice", look)
