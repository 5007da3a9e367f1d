"""Names read ahead: clients list all items a hundred at a time, and the engine is asked for
ten times as many."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Final

from dafab_kg.search.entries import Entry
from dafab_kg.search.library import Library, once
from dafab_kg.search.order import Place
from dafab_kg.search.pages import MOST_ITEMS, Found, find_entries
from dafab_kg.search.tree import Search
from dafab_kg.store.protocol import Iri, Literal

KEPT: Final = 32
"""Most stretches of names that are kept of one state of a catalogue."""


@dataclass(frozen=True)
class Stretch:
    """Items in the order of ids, all that come after the id ``begun``; ``more`` follow."""

    begun: str
    ids: tuple[str, ...]
    entries: tuple[Entry, ...]
    more: bool


def read_ahead(library: Library, search: Search, place: Place | None) -> Found:
    """Find items as :func:`dafab_kg.search.pages.find_entries`, of which no document is read.

    The order is that of ids, upwards.
    """
    if place is not None and len(place) != 1:
        return find_entries(library, search, place)
    begun = place[0].value if place and place[0] is not None else ""
    kept: dict[Hashable, list[Stretch]] = once(library, "read ahead", dict)
    key = search.filter, search.collections
    for stretch in kept.get(key, ()):
        found = _part(stretch, begun, search.limit)
        if found is not None:
            return found
    page = find_entries(library, replace(search, limit=MOST_ITEMS), place)
    ids = tuple(entry.id for entry in page.entries)
    stretch = Stretch(begun, ids, page.entries, page.place is not None)
    if sum(map(len, kept.values())) >= KEPT:
        kept.clear()
    kept.setdefault(key, []).append(stretch)
    return _part(stretch, begun, search.limit) or page


def _part(stretch: Stretch, begun: str, most: int) -> Found | None:
    """Return the items of a stretch that come after an id; None: it does not reach so far."""
    if begun < stretch.begun:
        return None
    start = bisect_right(stretch.ids, begun)
    entries = stretch.entries[start : start + most]
    more = start + most < len(stretch.ids)
    if not more and stretch.more:
        return None
    if not entries or not more:
        return Found(entries, {})
    return Found(entries, {}, (Literal(entries[-1].id), Iri(entries[-1].iri)))
