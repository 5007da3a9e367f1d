"""What a catalogue uses of the ways in which the graph can hold a value."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from dafab_kg.search.collections import shelves
from dafab_kg.search.compile import Candidates
from dafab_kg.search.entries import BARE, LOOSE
from dafab_kg.search.library import Library, once, quoted, rows
from dafab_kg.search.told_products import candidates_told
from dafab_kg.search.tree import Node, Side


@dataclass(frozen=True)
class Habits:
    """Implements :class:`dafab_kg.search.compile.Habits`; each is asked for once.

    ``lineage`` finds where an item may have a relative of which a filter is true.
    """

    library: Library
    lineage: Callable[[Side, Node, str], Candidates] | None = None

    def uses(self, term: str) -> bool:
        """Tell whether any thing has a value of this property."""
        return self._any(("uses", term), f"?thing <{term}> ?value")

    def keeps(self, pointer: str) -> bool:
        """Tell whether any value was kept as it was at this JSON pointer."""
        return self._any(("keeps", pointer), f"?thing dafab:pointer {quoted(pointer)}")

    def claimed(self, term: str) -> bool:
        """Tell whether documents differ in a value of this property anywhere."""
        return self._any(("claimed", term), f"?thing dafab:claimProperty <{term}>")

    def collections(self, collection_id: str) -> tuple[str, ...] | None:
        """Return the IRIs of the collections with this id; None: other items may be in it."""
        if collection_id in (BARE, LOOSE):
            return None
        return shelves(self.library).get(collection_id, ())

    def told(self, name: str, value: str, variable: str) -> Candidates:
        """Return where the graph tells a value of a product; None: it is not found from that."""
        return candidates_told(self.library, name, value, variable)

    def related(self, side: Side, part: Node, variable: str) -> Candidates:
        """Return where an item may have an ancestor, or a descendant, of which it is true."""
        return None if self.lineage is None else self.lineage(side, part, variable)

    def _any(self, key: Hashable, pattern: str) -> bool:
        query = f"SELECT ?thing {{ {pattern} }} LIMIT 1"
        return once(self.library, key, lambda: bool(rows(self.library, query)))
