"""Finding items: a search becomes queries, whose rows become a page of items.

Entries and products without one are asked for apart, as each of these queries has a form
that the search index answers, and their rows are put in one order here.  Rows without a
value of the first key come after all that have one, and are asked for only where a page
has room for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from dafab_kg.model.errors import ThingNotFound
from dafab_kg.search.collections import hidden, listing, shelves
from dafab_kg.search.compile import Compiled, compile_filter
from dafab_kg.search.conditions import certain, is_whole
from dafab_kg.search.entries import BARE, LOOSE, NO_ENTRY, Entry, bare_products, entry_of
from dafab_kg.search.exact import truth
from dafab_kg.search.habits import Habits
from dafab_kg.search.items import Value, Wanted, values_of, write_items
from dafab_kg.search.library import Library, iri, listed, once, quoted, rows, text
from dafab_kg.search.lineage import below, relatives_of
from dafab_kg.search.mentioning import with_collections
from dafab_kg.search.order import (
    Key,
    Place,
    after,
    begin,
    cursor,
    keys_of,
    merged,
    order_by,
    place_of,
    written,
)
from dafab_kg.search.settled import mentions_relatives, told_by_name
from dafab_kg.search.tree import And, Node, Search
from dafab_kg.store.bounds import is_plain
from dafab_kg.store.protocol import Iri, Row, Term

MOST_ITEMS: Final = 1_000
"""Most items of a page; a higher limit means this one (OGC 17-069r4, 7.15.4)."""
MOST_COUNTED: Final = 100
"""Most candidates whose documents are read to count those that fulfil a filter."""
SPARE: Final = "{" * 8 + "}" * 8 + "{ }" * 40
"""Stands for what a query holds beside what a filter is compiled to."""
MOST_ORDERED: Final = 10_000
"""Most candidates of a filter that are put in the order of their ids here."""
LAST: Final = Iri("~")
"""Stands after the IRIs of all items."""
KEPT_ORDERS: Final = 4
"""Searches whose candidates stay in that order."""
MOST_ANCESTORS: Final = 500
"""Most items that a filter on ancestors finds so that only what is below them is looked at."""
MOST_HIDDEN: Final = 500
"""Most IRIs that one query names to leave them out of a count."""


@dataclass(frozen=True)
class Page:
    """A page of items, each as JSON bytes; ``cursor`` is the way to the next, if there is one.

    ``matched`` is the number of all items found, where it was asked for.
    """

    items: tuple[bytes, ...]
    cursor: str | None = None
    matched: int | None = None


@dataclass(frozen=True)
class Source:
    """One kind of item: the patterns that bind ?item (but for bare products), ?product, ?id.

    ``counted`` are patterns with as many solutions, as short as can be.  ``few``: there are so
    few rows that they are best put in order here.  ``listed``: the collections, if it is known
    that each product that these list has one item in them; then products can be counted
    instead of items, which the search index does alone.
    """

    pattern: str
    counted: str
    bare: bool = False
    few: bool = False
    listed: tuple[str, ...] = ()


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
    known: dict[str, Value] = {}
    found: list[tuple[Place, Row]] = []
    for source in sources:
        found += _Asking(library, search, source, known).first(place, limit + 1)
    found = merged(keys, found)
    page = found[:limit]
    matched = None
    if search.count:
        whole = place is None and len(found) <= limit
        matched = len(found) if whole else _matched(library, search, sources)
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


def sources_of(library: Library, search: Search) -> Iterator[Source]:
    """Return the kinds of items that a search is about; its filter is not in their patterns."""
    named = set(search.collections)
    ids = ""
    if search.ids:
        ids = f"VALUES ?id {{ {' '.join(map(quoted, dict.fromkeys(search.ids)))} }} "
    few = bool(ids)
    item = f"{ids}?item a dafab:CatalogItem"
    entry = f"{ids}?item dafab:itemId ?id ; dafab:describes ?product ."
    counted = f"{entry}" if ids else f"{item} ."
    if search.filter is not None and not ids:
        counted = f"{item} ; dafab:describes ?product ."
    iris = [one for name in sorted(named) for one in shelves(library).get(name, ())]
    if not named:
        known = () if few else listing(library, None)
        yield Source(entry, counted, few=few, listed=known)
    elif iris:
        known = () if few else listing(library, tuple(iris))
        shelf = f"?item dafab:inCollection <{iris[0]}> ."
        found_by = f"?product dafab:listedIn <{iris[0]}> ."
        if len(iris) > 1:
            among = ", ".join(f"<{one}>" for one in iris)
            shelf = f"?item dafab:inCollection ?collection . FILTER(?collection IN ({among}))"
            found_by = "?product dafab:listedIn ?collection ."
        found_by = found_by if known else ""
        yield Source(f"{entry} {shelf} {found_by}", f"{counted} {shelf}", few=few, listed=known)
    if LOOSE in named:
        loose = "FILTER NOT EXISTS { ?item dafab:inCollection ?none }"
        yield Source(f"{entry} {loose}", f"{counted} {loose}", few=few)
    if not named or BARE in named:
        bare = bare_products(library)
        product = f"{ids}?product dafab:productId ?id ; a dafab:Product ."
        if bare is None:
            pattern = f"{product} {NO_ENTRY}"
            yield Source(pattern, pattern, bare=True, few=few)
        elif bare:
            pattern = f"VALUES ?product {{ {listed(bare)} }} {product}"
            yield Source(pattern, pattern, bare=True, few=True)


def _known(value: Term | None) -> Term:
    assert value is not None  # each item has an id
    return value


class _Asking:
    """Asks for the rows of one source; ``known`` gathers items that were read for that."""

    def __init__(
        self, library: Library, search: Search, source: Source, known: dict[str, Value]
    ) -> None:
        self._library, self._source, self._known = library, source, known
        self._keys = keys_of(search.sort, bare=source.bare)
        self._compiled = candidates(library, search.filter)
        self._filter = search.filter
        self._hidden = frozenset() if source.bare else hidden(library)

    def first(self, place: Place | None, most: int) -> list[tuple[Place, Row]]:
        """The first rows after a place, with the values of their keys."""
        first = self._keys[0]
        if self._compiled.none:
            return []
        if self._source.few:
            return self._of_all(merged(self._keys, self._batch("", None, 0)), place, most)
        if not first.term and self._compiled.where:
            ordered = self._in_order()
            if ordered is not None:
                return self._of_all(ordered, place, most)
        if not first.term:  # the id, which each has
            return self._rows("", place, most)
        found: list[tuple[Place, Row]] = []
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
                _products(self._library, one, "") > _products(self._library, one, key.pattern)
                for one in listed
            )

        return once(self._library, ("lacking", listed, key.pattern), look)

    def _in_order(self) -> list[tuple[Place, Row]] | None:
        """Return all candidates in the order of ids, which is kept of some searches; None: too
        many.  The index knows what a filter finds, and it knows the order of ids, but not
        both at once: the engine would go through the ids for those that are wanted."""
        kept: dict[object, list[tuple[Place, Row]] | None] = once(self._library, "orders", dict)
        key = self._source.pattern, self._compiled.where, self._keys
        if key not in kept:
            while len(kept) >= KEPT_ORDERS:
                kept.pop(next(iter(kept)))
            found = self._batch("", None, MOST_ORDERED + 1, ordered=False)
            kept[key] = None if len(found) > MOST_ORDERED else merged(self._keys, found)
        return kept[key]

    def _of_all(
        self, ordered: Sequence[tuple[Place, Row]], place: Place | None, most: int
    ) -> list[tuple[Place, Row]]:
        """The same of rows that are in order."""
        found: list[tuple[Place, Row]] = []
        if place is not None and len(place) == 1:
            place = (place[0], LAST)
        start = begin(self._keys, ordered, place)
        while start < len(ordered) and len(found) < most:
            found += self._fulfilling(ordered[start : start + most])
            start += most
        return found[:most]

    def _rows(self, way: str, place: Place | None, most: int) -> list[tuple[Place, Row]]:
        """Rows of which ``way`` says how they have, or lack, the first key."""
        found: list[tuple[Place, Row]] = []
        asked = most
        while True:
            batch = self._batch(way, place, asked)
            found += self._fulfilling(batch)
            if len(found) >= most or len(batch) < asked:
                return found[:most]
            place = batch[-1][0]
            asked = min(4 * asked, 4 * MOST_ITEMS)

    def _fulfilling(self, batch: Sequence[tuple[Place, Row]]) -> list[tuple[Place, Row]]:
        shown = [one for one in batch if iri(one[1][0]) not in self._hidden]
        if self._compiled.all:
            return shown
        entries = [entry_in(self._library, row) for _, row in shown]
        assert self._filter is not None
        right, values = _right(self._library, self._filter, entries)
        self._known.update((name, values[name]) for name in right & values.keys())
        return [one for one in shown if iri(one[1][0]) in right]

    def _batch(
        self, way: str, place: Place | None, most: int, *, ordered: bool = True
    ) -> list[tuple[Place, Row]]:
        keys, bare = self._keys, self._source.bare
        given = not way or way == keys[0].pattern
        lacked = not given
        item = "(?product AS ?item)" if bare else "?item"
        names = [key.variable for key in keys if key.term and not (lacked and key is keys[0])]
        parts = [self._source.pattern]
        parts += [way, self._compiled.where] if given else [self._compiled.where, way]
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
        order = f" LIMIT {most}" if most else ""
        if most and ordered:
            order = f" ORDER BY {order_by(keys, given=given)}{order}"
        chosen = " ".join([item, "?product", "?id", *(f"?{name}" for name in names)])
        apart = "DISTINCT " if self._compiled.where else ""  # alternatives of it may overlap
        query = f"SELECT {apart}{chosen} {{ {' '.join(filter(None, parts))} }}{order}"
        return [(self._place(row, names), row) for row in rows(self._library, query)]

    def _place(self, row: Row, names: list[str]) -> Place:
        values = dict(zip(["item", "product", "id", *names], row, strict=True))
        return tuple(values.get(key.variable) for key in self._keys)


def entry_in(library: Library, row: Row) -> Entry:
    """Return the item of a row that begins with ?item, ?product and ?id."""
    return entry_of(iri(row[0]), iri(row[1]), text(row[2]), library.names)


def _right(
    library: Library, node: Node, entries: Sequence[Entry]
) -> tuple[set[str], dict[str, Value]]:
    """Return the IRIs of the items that fulfil a filter, and the items as far as they were read."""
    if told_by_name(node):
        named = {one.iri: {"id": one.id, "collection": one.collection} for one in entries}
        return {iri for iri, value in named.items() if truth(node, value) is True}, {}
    values = values_of(library, entries)
    ups = relatives_of(library, entries) if mentions_relatives(node) else {}
    right = {iri for iri, value in values.items() if truth(node, value, ups.get(iri)) is True}
    return right, values


def candidates(library: Library, node: Node | None) -> Compiled:
    """Write what holds of ``?product`` where a filter may hold of its item.

    What would be more than the engine takes is left out: it leaves more candidates.
    """

    def matching(part: Node) -> list[Entry] | None:
        found = find_entries(library, Search(filter=part, limit=MOST_ANCESTORS), None)
        return None if found.place is not None else list(found.entries)

    habits = Habits(library, lambda part, name: below(library, part, matching, name))

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


def _matched(library: Library, search: Search, sources: tuple[Source, ...]) -> int | None:
    """Count all items of a search; None: too many documents would have to be read for that."""
    key = "matched", search.filter, search.collections, search.ids

    def count() -> int | None:
        total = 0
        for source in sources:
            found = _counted(library, search.filter, source)
            if found is None:
                return None
            total += found
        return total

    return once(library, key, count)


def _counted(library: Library, node: Node | None, source: Source) -> int | None:
    if node is None:
        return count_of(library, source, "")
    habits = Habits(library)
    sure = certain(node, habits)
    if sure is None:
        return _read_through(library, node, source, "")
    found = count_of(library, source, sure)
    if is_whole(node, habits):
        return found
    doubtful = _read_through(library, node, source, f"FILTER NOT EXISTS {{ {sure} }}")
    return None if doubtful is None else found + doubtful


def count_of(library: Library, source: Source, given: str) -> int:
    """Count the items of a source of which something holds."""
    if source.listed:
        found = sum(_products(library, one, given) for one in source.listed)
        return found - _hidden_of(library, source, given)
    thing = "product" if source.bare else "item"

    query = f"SELECT (COUNT(?{thing}) AS ?n) {{ {source.counted} {given} }}"
    return _number(library, query) - _hidden_of(library, source, given)


def _hidden_of(library: Library, source: Source, given: str) -> int:
    """Count those of a source that others hide."""
    left_out = () if source.bare else sorted(hidden(library))
    found = 0
    for start in range(0, len(left_out), MOST_HIDDEN):
        named = f"VALUES ?item {{ {listed(left_out[start : start + MOST_HIDDEN])} }}"
        query = f"SELECT (COUNT(?item) AS ?n) {{ {named} {source.counted} {given} }}"
        found += _number(library, query)
    return found


def _products(library: Library, collection: str, given: str) -> int:
    """Count the products that a collection lists, of which something holds."""
    query = f"?product dafab:listedIn <{collection}> . {given}"
    return _number(library, f"SELECT (COUNT(DISTINCT ?product) AS ?n) {{ {query} }}")


def _number(library: Library, query: str) -> int:
    """Return the number that a query answers with."""
    return int(text(rows(library, query)[0][0]))


def _read_through(library: Library, node: Node, source: Source, given: str) -> int | None:
    """Count the items of a source that fulfil a filter, by their documents."""
    item = "(?product AS ?item)" if source.bare else "?item"
    compiled = candidates(library, node)
    if compiled.none:
        return 0
    if not given and compiled.where and not source.few:
        number = f"SELECT (COUNT(DISTINCT ?product) AS ?n) {{ {compiled.where} }}"
        if _number(library, number) > MOST_COUNTED:
            return None
    query = (
        f"SELECT DISTINCT {item} ?product ?id {{ {source.pattern} {compiled.where} {given} }} "
        f"LIMIT {MOST_COUNTED + 1}"
    )
    found = rows(library, query)
    if len(found) > MOST_COUNTED:
        return None
    left_out = frozenset() if source.bare else hidden(library)
    entries = [entry_in(library, row) for row in found if iri(row[0]) not in left_out]
    return len(_right(library, node, entries)[0])
