"""How many items a search finds: by the index or the graph where they are sure of it, else by
few documents.

``compiled`` is what a search's filter is compiled to (``pages.candidates``).
"""

from __future__ import annotations

from typing import Final

from dafab_kg.search.collections import hidden
from dafab_kg.search.compile import Compiled
from dafab_kg.search.conditions import certain, is_whole
from dafab_kg.search.habits import Habits
from dafab_kg.search.library import Library, iri, listed, once, rows, text
from dafab_kg.search.sources import Source, entry_in, right_of
from dafab_kg.search.tree import Node, Search

MOST_COUNTED: Final = 100
"""Most candidates whose documents are read to count those that fulfil a filter."""
FEW: Final = 1_000
"""Entries of a catalogue up to which all are read to be counted."""
MOST_HIDDEN: Final = 500
"""Most IRIs that one query names to leave them out of a count."""


def count_matched(
    library: Library, search: Search, sources: tuple[Source, ...], compiled: Compiled
) -> int | None:
    """Count all items of a search; None: too many documents would have to be read for that."""
    key = "matched", search.filter, search.collections, search.ids

    def count() -> int | None:
        total = 0
        for source in sources:
            found = _counted(library, search.filter, source, compiled)
            if found is None:
                return None
            total += found
        return total

    return once(library, key, count)


def _counted(library: Library, node: Node | None, source: Source, compiled: Compiled) -> int | None:
    if node is None:
        return count_of(library, source, "")
    habits = Habits(library)
    sure = certain(node, habits)
    if sure is None:
        return _read_through(library, node, source, "", compiled)
    found = count_of(library, source, sure)
    if is_whole(node, habits):
        return found
    lacking = f"FILTER NOT EXISTS {{ {sure} }}"
    doubtful = _read_through(library, node, source, lacking, compiled)
    return None if doubtful is None else found + doubtful


def count_of(library: Library, source: Source, given: str) -> int:
    """Count the items of a source of which something holds."""
    if source.listed:
        found = sum(products_of(library, one, given) for one in source.listed)
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


def products_of(library: Library, collection: str, given: str) -> int:
    """Count the products that a collection lists, of which something holds."""
    query = f"?product dafab:listedIn <{collection}> . {given}"
    return _number(library, f"SELECT (COUNT(DISTINCT ?product) AS ?n) {{ {query} }}")


def _number(library: Library, query: str) -> int:
    """Return the number that a query answers with."""
    return int(text(rows(library, query)[0][0]))


def _read_through(
    library: Library, node: Node, source: Source, given: str, compiled: Compiled
) -> int | None:
    """Count the items of a source that fulfil a filter, by their documents."""
    item = "(?product AS ?item)" if source.bare else "?item"
    if compiled.none:
        return 0
    entries_here = once(
        library,
        "entries",
        lambda: _number(
            library,
            "SELECT (COUNT(DISTINCT ?item) AS ?n) { ?item a dafab:CatalogItem ; dafab:itemId ?id }",
        ),
    )
    most = MOST_COUNTED if entries_here > FEW else FEW
    if not given and compiled.where and not source.few:
        number = f"SELECT (COUNT(DISTINCT ?product) AS ?n) {{ {compiled.where} }}"
        if _number(library, number) > most:
            return None
    query = (
        f"SELECT DISTINCT {item} ?product ?id {{ {source.pattern} {compiled.where} {given} }} "
        f"LIMIT {most + 1}"
    )
    found = rows(library, query)
    if len(found) > most:
        return None
    left_out = frozenset() if source.bare else hidden(library)
    entries = [entry_in(library, row) for row in found if iri(row[0]) not in left_out]
    return len(right_of(library, node, entries)[0])
