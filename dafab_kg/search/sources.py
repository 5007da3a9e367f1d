"""The kinds of items that a search is about, and the items of their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dafab_kg.search.collections import hidden, listing, shelves
from dafab_kg.search.entries import BARE, LOOSE, NO_ENTRY, Entry, bare_products, entry_of
from dafab_kg.search.exact import truth
from dafab_kg.search.items import Value, values_of
from dafab_kg.search.judging import right_by_columns
from dafab_kg.search.library import Library, iri, listed, once, quoted, rows, text
from dafab_kg.search.relatives import relatives_of
from dafab_kg.search.settled import mentions_relatives, told_by_name
from dafab_kg.search.told import is_told_alone, with_told
from dafab_kg.search.told_products import products_named
from dafab_kg.search.tree import And, Node, Search
from dafab_kg.search.wording import entries_with_words
from dafab_kg.store.protocol import Row

MOST_ENTRIES: Final = 100_000
"""Most items of a state that stay read from their rows."""


@dataclass(frozen=True)
class Source:
    """One kind of item: the patterns that bind ?item (but for bare products), ?product, ?id.

    ``counted`` are patterns with as many solutions, as short as can be.  ``few``: there are so
    few rows that they are best put in order here.  ``listed``: the collections, if it is known
    that each product that these list has one item in them; then products can be counted
    instead of items, which the search index does alone.  ``named``: its patterns name them.
    """

    pattern: str
    counted: str
    bare: bool = False
    few: bool = False
    listed: tuple[str, ...] = ()
    named: bool = False

    @property
    def thing(self) -> str:
        """The variable that stands for an item."""
        return "?product" if self.bare else "?item"

    @property
    def item(self) -> str:
        """How an item is selected, as ?item."""
        return "(?product AS ?item)" if self.bare else "?item"

    def is_plain(self, where: str) -> bool:
        """Tell whether a query for it beside other patterns names what it is about, so that the
        search index need not be asked; patterns within brackets the engine takes by themselves,
        over all that there is."""
        return self.named or (self.bare and self.few and "{" not in where)

    def hidden(self, library: Library) -> frozenset[str]:
        """Return the entries of it that others hide."""
        return frozenset() if self.bare else hidden(library)


def sources_of(library: Library, search: Search) -> Iterator[Source]:
    """Return the kinds of items that a search is about; its filter is not in their patterns."""
    named = set(search.collections)
    ids = _by_id(search)
    worded = entries_with_words(library, search.filter)
    told = None if ids or worded is not None else products_named(library, search.filter)
    if worded is not None:
        ids += f"VALUES ?item {{ {listed(worded)} }} "
    elif told is not None:
        ids = f"VALUES ?product {{ {listed(told)} }} "
    few = bool(ids)
    item = f"{ids}?item a dafab:CatalogItem"
    entry = f"{ids}?item dafab:itemId ?id ; dafab:describes ?product ."
    counted = f"{entry}" if ids else f"{item} ."
    if search.filter is not None and not ids:
        counted = f"{item} ; dafab:describes ?product ."
    iris = [one for name in sorted(named) for one in shelves(library).get(name, ())]
    by_name = worded is not None or told is not None
    if not named:
        known = () if few else listing(library, None)
        yield Source(entry, counted, few=few, listed=known, named=by_name)
    elif iris:
        known = () if few else listing(library, tuple(iris))
        shelf = f"?item dafab:inCollection <{iris[0]}> ."
        found_by = f"?product dafab:listedIn <{iris[0]}> ."
        if len(iris) > 1:
            among = ", ".join(f"<{one}>" for one in iris)
            shelf = f"?item dafab:inCollection ?collection . FILTER(?collection IN ({among}))"
            found_by = "?product dafab:listedIn ?collection ."
        found_by = found_by if known else ""
        yield Source(
            f"{entry} {shelf} {found_by}", f"{counted} {shelf}",
            few=few, listed=known, named=by_name,
        )  # fmt: skip
    if LOOSE in named:
        loose = "FILTER NOT EXISTS { ?item dafab:inCollection ?none }"
        yield Source(f"{entry} {loose}", f"{counted} {loose}", few=few, named=by_name)
    if not named or BARE in named:
        bare = bare_products(library)
        if bare is not None and told is not None:
            bare = tuple(sorted({*bare} & {*told}))
        product = "?product dafab:productId ?id ; a dafab:Product ."
        if bare is None:
            given = _by_id(search) if told is None else ids
            pattern = f"{given}{product} {NO_ENTRY}"
            yield Source(pattern, pattern, bare=True, few=bool(given))
        elif bare:
            pattern = f"VALUES ?product {{ {listed(bare)} }} {_by_id(search)}{product}"
            yield Source(pattern, pattern, bare=True, few=True)


def _by_id(search: Search) -> str:
    if not search.ids:
        return ""
    return f"VALUES ?id {{ {' '.join(map(quoted, dict.fromkeys(search.ids)))} }} "


def entry_in(library: Library, row: Row) -> Entry:
    """Return the item of a row that begins with ?item, ?product and ?id."""
    kept: dict[str, Entry] = once(library, "entries of rows", dict)
    name = iri(row[0])
    found = kept.get(name)
    if found is None:
        if len(kept) >= MOST_ENTRIES:
            kept.clear()
        found = kept[name] = entry_of(name, iri(row[1]), text(row[2]), library.names)
    return found


def entries_of(library: Library, source: Source, where: str, most: int) -> list[Entry] | None:
    """Return the items of a source of which something holds, hidden ones too; None: there are
    more than ``most``."""
    query = f"SELECT DISTINCT {source.item} ?product ?id {{ {source.pattern} {where} }}"
    found = rows(library, f"{query} LIMIT {most + 1}", plain=source.is_plain(where))
    return [entry_in(library, row) for row in found] if len(found) <= most else None


def right_of(
    library: Library, node: Node, entries: Sequence[Entry]
) -> tuple[set[str], dict[str, Value]]:
    """Return the IRIs of the items that fulfil a filter, and the items as far as they were read."""
    if told_by_name(node):
        named = {one.iri: {"id": one.id, "collection": one.collection} for one in entries}
        return {iri for iri, value in named.items() if truth(node, value) is True}, {}

    known: dict[str, Value] = {}

    def by_documents(part: Node, some: Sequence[Entry], read: Mapping[str, Value]) -> set[str]:
        known.update(read)
        told, rest = _told_apart(part)
        if told is not None:
            right = right_among(library, told, some, {one.iri: {} for one in some})
            some = [one for one in some if one.iri in right]
            if rest is None:
                return right
            part = rest
        known.update(values_of(library, [entry for entry in some if entry.iri not in known]))
        return right_among(library, part, some, {one.iri: known[one.iri] for one in some})

    found = right_by_columns(library, node, entries, by_documents)
    if found is None:
        return by_documents(node, entries, {}), known
    right, read = found
    return right, {**known, **read}


def _told_apart(node: Node) -> tuple[Node | None, Node | None]:
    """Return what of a filter the graph alone tells, and what is left; None: nothing.  All of
    both must hold."""
    parts = node.parts if isinstance(node, And) else (node,)
    told = tuple(part for part in parts if is_told_alone(part))
    rest = tuple(part for part in parts if part not in told)
    return (And(told) if told else None), (And(rest) if rest else None)


def right_among(
    library: Library, node: Node, entries: Sequence[Entry], values: Mapping[str, Value]
) -> set[str]:
    """Return the IRIs of those items, which were read, that fulfil a filter."""
    ups = relatives_of(library, node, entries) if mentions_relatives(node) else {}
    judged = with_told(library, node, entries, values)
    return {iri for iri, value in judged.items() if truth(node, value, ups.get(iri)) is True}
