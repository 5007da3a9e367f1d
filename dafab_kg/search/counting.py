"""How many items a search finds: by the index or the graph where they are sure of it, else by
few documents.

``compiled`` is what a search's filter is compiled to (``pages.candidates``).
"""

from __future__ import annotations

from typing import Final

from dafab_kg.search.collections import number_of_entries, products_of
from dafab_kg.search.compile import Compiled
from dafab_kg.search.conditions import certain, is_whole
from dafab_kg.search.habits import Habits
from dafab_kg.search.library import Library, listed, number, once, rows, text
from dafab_kg.search.sources import Source, entries_of, right_of
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
    return _rows_of(library, source, given) - _hidden_of(library, source, given)


def _hidden_of(library: Library, source: Source, given: str) -> int:
    """Count those of a source that others hide."""
    left_out = sorted(source.hidden(library))
    found = 0
    for start in range(0, len(left_out), MOST_HIDDEN):
        named = f"VALUES ?item {{ {listed(left_out[start : start + MOST_HIDDEN])} }} "
        found += _rows_of(library, source, given, named)
    return found


def _rows_of(library: Library, source: Source, given: str, named: str = "") -> int:
    where = f"{named}{source.counted} {given}"
    query = f"SELECT (COUNT({source.thing}) AS ?n) {{ {where} }}"
    return int(text(rows(library, query, plain=source.is_plain(given))[0][0]))


def _read_through(
    library: Library, node: Node, source: Source, given: str, compiled: Compiled
) -> int | None:
    """Count the items of a source that fulfil a filter, by their documents."""
    if compiled.none:
        return 0
    most = MOST_COUNTED if number_of_entries(library) > FEW else FEW
    told_alone = not given and bool(compiled.where) and not source.few
    if told_alone and number(library, compiled.where, "product") > most:
        return None
    entries = entries_of(library, source, f"{compiled.where} {given}", most)
    if entries is None:
        return None
    left_out = source.hidden(library)
    shown = [one for one in entries if one.iri not in left_out]
    return len(right_of(library, node, shown)[0])
