"""What the first search of a state finds out, done in short steps before anybody asks.

A process that has nothing to do takes a step at a time, so that whoever comes waits for one
step at most.  What the steps find out is kept of the state (``Library.kept``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dafab_kg.search.counts import facets
from dafab_kg.search.library import Library
from dafab_kg.search.making import MOST_KEPT, made_items
from dafab_kg.search.pages import find_items
from dafab_kg.search.sources import entries_of, sources_of
from dafab_kg.search.tree import DATETIME, Search, Sort

SECONDS: Final = 0.05
"""No facet of a step is begun after this time."""
MOST_STEPS: Final = 100
"""Most steps that count facets."""
MADE_AT_ONCE: Final = 20
_NEWEST: Final = Search(sort=(Sort(DATETIME, descending=True),), limit=20)


def steps(library: Library) -> Iterator[None]:
    """Do a step each time that the next one is asked for: the newest items, the facets of all,
    and the items that are made from the graph, as far as these are few."""
    find_items(library, _NEWEST, ".")
    yield
    for _ in range(MOST_STEPS):
        if facets(library, Search(), seconds=SECONDS).whole:
            break
        yield
    for source in sources_of(library, Search()):
        if not (source.bare and source.few):
            continue
        entries = entries_of(library, source, "", MOST_KEPT) or []
        for start in range(0, len(entries), MADE_AT_ONCE):
            yield
            made_items(library, entries[start : start + MADE_AT_ONCE])
