"""Finding items: a search becomes queries, whose rows become a page of items.

Entries and products without one are asked for apart, as each of these queries has a form
that the search index answers, and their rows are put in one order here.  Rows without a
value of the first key come after all that have one, and are asked for only where a page
has room for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Final

from dafab_kg.model.errors import ThingNotFound
from dafab_kg.search.collections import number_of_entries, products_of
from dafab_kg.search.compile import Candidates, Compiled, compile_filter
from dafab_kg.search.counting import count_matched
from dafab_kg.search.descent import made_into
from dafab_kg.search.entries import Entry
from dafab_kg.search.habits import Habits
from dafab_kg.search.items import Value, Wanted, write_items
from dafab_kg.search.judging import is_column, paths_of
from dafab_kg.search.library import Library, iri, once, rows
from dafab_kg.search.lineage import below
from dafab_kg.search.mentioning import with_collections
from dafab_kg.search.order import (
    Key,
    Place,
    after,
    cursor,
    keys_of,
    merged,
    order_by,
    place_of,
    written,
)
from dafab_kg.search.ordered import Ordered, Placed, Spent
from dafab_kg.search.sources import Source, entry_in, right_of, sources_of
from dafab_kg.search.tree import And, Node, Search, Side
from dafab_kg.store.bounds import is_plain
from dafab_kg.store.protocol import Iri, Row, Term

MOST_ITEMS: Final = 1_000
"""Most items of a page; a higher limit means this one (OGC 17-069r4, 7.15.4)."""
SPARE: Final = "{" * 8 + "}" * 8 + "{ }" * 40
"""Stands for what a query holds beside what a filter is compiled to."""
MOST_ORDERED: Final = 10_000
"""Most candidates of a filter that are put in the order of their ids here."""
LAST: Final = Iri("~")
"""Stands after the IRIs of all items."""
MOST_SCANNED: Final = 50_000
"""Most items of a source that are gone through for a filter that finds very many."""
SECONDS_OF_ONE: Final = 250e-6
"""About how long one of them takes to be listed and read, when all are."""
KEPT_ORDERS: Final = 4
"""Searches whose candidates stay in that order."""
MOST_RELATIVES: Final = 500
"""Most items that a filter on relatives finds so that only what is related is looked at."""


@dataclass(frozen=True)
class Page:
    """A page of items, each as JSON bytes; ``cursor`` is the way to the next, if there is one.

    ``matched`` is the number of all items found, where it was asked for; ``products`` are the
    IRIs of the products that the items are of, one of each item.
    """

    items: tuple[bytes, ...]
    cursor: str | None = None
    matched: int | None = None
    products: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """Items of a search; ``known`` are those that were read, by IRI.

    ``place`` is where the last of them stands, if there are more.
    """

    entries: tuple[Entry, ...]
    known: dict[str, Value]
    place: Place | None = None
    matched: int | None = None


def find_items(library: Library, search: Search, root: str) -> Page:
    """Find the items of a search; ``root`` is the address of the STAC API, for links.

    Raises:
        QueryNotValid: the order, the cursor or the filter is not to be answered.
    """
    found = find_entries(library, search, place_of(search, keys_of(search.sort, bare=False)))
    wanted = Wanted(root, search.include, search.exclude, search.inferred)
    return Page(
        tuple(write_items(library, found.entries, wanted, found.known)),
        None if found.place is None else cursor(search, found.place),
        found.matched,
        tuple(entry.product for entry in found.entries),
    )


def find_entries(library: Library, search: Search, place: Place | None) -> Found:
    """Find the items of a search that come after a place.

    In the order of ids a place may be the id alone: then they come after all of that id.

    Raises:
        QueryNotValid: the order or the filter is not to be answered.
    """
    limit = min(search.limit, MOST_ITEMS)
    keys = keys_of(search.sort, bare=False)
    search = replace(search, filter=with_collections(library, search.filter))
    sources = tuple(sources_of(library, search))
    compiled = candidates(library, search.filter)
    known: dict[str, Value] = {}
    of_each = [
        _Asking(library, search, source, compiled, known).first(place, limit + 1)
        for source in sources
    ]
    found = [one for part in of_each for one in part]
    if len(list(filter(None, of_each))) > 1 or keys[0].term:
        found = merged(keys, found)
    page = found[:limit]
    matched = None
    if search.count:
        whole = place is None and len(found) <= limit
        matched = len(found) if whole else count_matched(library, search, sources, compiled)
    return Found(
        tuple(entry_in(library, row) for _, row in page),
        known,
        page[-1][0] if len(found) > limit else None,
        matched,
    )


def find_item(
    library: Library, collection: str, item_id: str, root: str, *, inferred: bool = False
) -> bytes:
    """Return one item of a collection.

    Raises:
        ThingNotFound: there is none.
    """
    search = Search(collections=(collection,), ids=(item_id,), limit=1, inferred=inferred)
    found = find_items(library, search, root).items
    if not found:
        raise ThingNotFound(
            f"The collection {collection[:80]!r} has no item {item_id[:200]!r} here"
        )
    return found[0]


def _known(value: Term | None) -> Term:
    assert value is not None  # each item has an id
    return value


class _Asking:
    """Asks for the rows of one source; ``known`` gathers items that were read for that."""

    def __init__(
        self,
        library: Library,
        search: Search,
        source: Source,
        compiled: Compiled,
        known: dict[str, Value],
    ) -> None:
        self._library, self._source, self._known = library, source, known
        self._keys = keys_of(search.sort, bare=source.bare)
        self._compiled = compiled
        self._filter = search.filter
        self._hidden = source.hidden(library)

    def first(self, place: Place | None, most: int) -> list[Placed]:
        """The first rows after a place, with the values of their keys."""
        first = self._keys[0]
        if self._compiled.none:
            return []
        if self._source.few:
            every = merged(self._keys, self._batch("", None, 0))
            return self._of_all(Ordered(self._keys, every), place, most)
        if not first.term and self._compiled.where:
            ordered = self._in_order()
            if ordered is not None:
                return self._of_all(ordered, place, most)
        if not first.term:  # the id, which each has
            return self._rows("", place, most)
        found: list[Placed] = []
        if place is None or place[0] is not None:
            found = self._rows(first.pattern, place, most)
        if len(found) < most and self._any_lacks(first):
            lacking = f"FILTER NOT EXISTS {{ {first.pattern} }}"
            begun = place if place is not None and place[0] is None else None
            found += self._rows(lacking, begun, most - len(found))
        return found

    def _any_lacks(self, key: Key) -> bool:
        """Tell whether any row may have no value of a key; where products can be counted, it
        is found out once of each state."""
        listed = self._source.listed
        if key.subject != "product" or not listed:
            return True

        def look() -> bool:
            return any(
                products_of(self._library, one) > products_of(self._library, one, key.pattern)
                for one in listed
            )

        return once(self._library, ("lacking", listed, key.pattern), look)

    def _in_order(self) -> Ordered | None:
        """Return all candidates in the order of ids, which is kept of some searches; None: too
        many.  The index knows what a filter finds, and it knows the order of ids, but not
        both at once: the engine would go through the ids for those that are wanted."""
        kept: dict[object, Ordered | None] = once(self._library, "orders", dict)
        key = self._source.pattern, self._compiled.where, self._keys, repr(self._filter)
        if key not in kept:
            found = self._candidates()
            while len(kept) >= KEPT_ORDERS:
                kept.pop(next(iter(kept)), None)
            kept[key] = None if found is None else Ordered(self._keys, found)
        return kept.get(key)

    def _candidates(self) -> Sequence[Placed] | None:
        """Return rows among which are all that fulfil the filter, in order; None: too many.

        Where columns tell of each item, all items are as good: as soon as as much time went into
        candidates by the same places, in this state, as it takes to list and to read all.
        """
        by_columns = self._filter is not None and is_column(self._filter)
        places = frozenset(paths_of(self._filter)) if by_columns else None
        spent = once(self._library, ("spent on candidates", places), Spent)
        if by_columns and spent.seconds > SECONDS_OF_ONE * number_of_entries(self._library):
            every = self._every()
            if every is not None:
                return every
        began = perf_counter()
        found = self._batch("", None, MOST_ORDERED + 1, ordered=False)
        spent.seconds += perf_counter() - began
        if len(found) <= MOST_ORDERED:
            return merged(self._keys, found)
        return self._every() if by_columns else None

    def _every(self) -> Sequence[Placed] | None:
        """Return the rows of all items of the source, in order; None: too many."""

        def look() -> Sequence[Placed] | None:
            if number_of_entries(self._library) > MOST_SCANNED:
                return None
            every = self._batch("", None, MOST_SCANNED + 1, ordered=False, where="")
            return None if len(every) > MOST_SCANNED else merged(self._keys, every)

        return once(self._library, ("all in order", self._source.pattern, self._keys), look)

    def _of_all(self, ordered: Ordered, place: Place | None, most: int) -> list[Placed]:
        """The same of rows that are in order."""
        if place is not None and len(place) == 1:
            place = (place[0], LAST)
        return ordered.after(place, most, self._fulfilling)

    def _rows(self, way: str, place: Place | None, most: int) -> list[Placed]:
        """Rows of which ``way`` says how they have, or lack, the first key."""
        found: list[Placed] = []
        asked = most
        while True:
            batch = self._batch(way, place, asked)
            found += self._fulfilling(batch)
            if len(found) >= most or len(batch) < asked:
                return found[:most]
            place = batch[-1][0]
            asked = min(4 * asked, 4 * MOST_ITEMS)

    def _fulfilling(self, batch: Sequence[Placed]) -> list[Placed]:
        shown = [one for one in batch if iri(one[1][0]) not in self._hidden]
        if self._compiled.all:
            return shown
        entries = [entry_in(self._library, row) for _, row in shown]
        assert self._filter is not None
        right, values = right_of(self._library, self._filter, entries)
        self._known.update((name, values[name]) for name in right & values.keys())
        return [one for one in shown if iri(one[1][0]) in right]

    def _batch(
        self,
        way: str,
        place: Place | None,
        most: int,
        *,
        ordered: bool = True,
        where: str | None = None,
    ) -> list[Placed]:
        keys = self._keys
        given = not way or way == keys[0].pattern
        lacked = not given
        names = [key.variable for key in keys if key.term and not (lacked and key is keys[0])]
        where = self._compiled.where if where is None else where
        parts = [self._source.pattern, *([way, where] if given else [where, way])]
        for number, key in enumerate(keys):
            if key.term and not (way and number == 0):
                parts.append(f"OPTIONAL {{ {key.pattern} }}")
        if place is not None and len(place) == 1:
            sign = "<" if keys[0].descending else ">"
            parts.append(f"FILTER(?{keys[0].variable} {sign} {written(_known(place[0]))})")
        elif place is not None:
            parts.append(f"FILTER({after(keys, place, given=given)})")
            if given and place[0] is not None:  # alone it is what the search index knows
                bound = "<=" if keys[0].descending else ">="
                parts.append(f"FILTER(?{keys[0].variable} {bound} {written(place[0])})")
        plain = self._source.is_plain(where)
        order = f" LIMIT {most}" if most else ""
        if most and ordered:
            order = f" ORDER BY {order_by(keys, given=given)}{order}"
        chosen = " ".join([self._source.item, "?product", "?id", *(f"?{name}" for name in names)])
        apart = "DISTINCT " if where else ""  # alternatives of it may overlap
        query = f"SELECT {apart}{chosen} {{ {' '.join(filter(None, parts))} }}{order}"
        return [(self._place(row, names), row) for row in rows(self._library, query, plain=plain)]

    def _place(self, row: Row, names: list[str]) -> Place:
        values = dict(zip(["item", "product", "id", *names], row, strict=True))
        return tuple(values.get(key.variable) for key in self._keys)


def candidates(library: Library, node: Node | None) -> Compiled:
    """Write what holds of ``?product`` where a filter may hold of its item.

    What would be more than the engine takes is left out: it leaves more candidates.
    """

    def matching(part: Node) -> list[Entry] | None:
        found = find_entries(library, Search(filter=part, limit=MOST_RELATIVES), None)
        return None if found.place is not None else list(found.entries)

    def lineage(side: Side, part: Node, name: str) -> Candidates:
        return (below if side == "ancestor" else made_into)(library, part, matching, name)

    habits = Habits(library, lineage)

    def compiled(node: Node | None) -> Compiled:
        return compile_filter(node, habits, library.names.base)

    found = compiled(node)
    if is_plain(found.where + SPARE):
        return found
    kept: list[Node] = []
    for part in node.parts if isinstance(node, And) else ():
        if is_plain(compiled(And((*kept, part))).where + SPARE):
            kept.append(part)
    return Compiled(compiled(And(tuple(kept))).where) if kept else Compiled("")
