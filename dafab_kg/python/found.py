"""What a search gives: nothing is asked before it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from dafab_kg.python.asked import Asked, Fields, as_search
from dafab_kg.search.links import NAVIGATION
from dafab_kg.search.tree import Search

if TYPE_CHECKING:
    import geopandas
    import pystac

    from dafab_kg.search.pages import Page

PAGE: Final = 250
"""Items of a page that is asked for."""
_NAMES: Final[Fields] = (("id", "collection"), ("links",))
_FIGURES: Final[Fields] = ((), ("links", "assets"))
NOWHERE: Final = "."
"""Stands for the address of the STAC API where a catalogue has none."""


class Items(Protocol):
    """Where items are asked for."""

    def pages(self, asked: Asked, fields: Fields | None) -> Iterator[list[dict[str, Any]]]:
        """Give the items of a question page by page, each as JSON; ``limit`` is kept."""
        ...

    def count(self, asked: Asked) -> int | None:
        """Return the number of all items that are found; None where only reading them tells."""
        ...


@dataclass(frozen=True)
class Found:
    """Items that a search finds, asked for whenever they are used.

    What is loaded between two uses shows in the second.  Iterating gives the items.
    """

    asked: Asked
    source: Items = field(repr=False)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self.items()

    def items(self) -> Iterator[dict[str, Any]]:
        """Give the items one by one as JSON (STAC 1.0 or later), in the order that was asked for.

        Raises:
            QueryNotValid: the filter or the order cannot be answered.
        """
        return self._all(None)

    def ids(self) -> list[str]:
        """Return the ids of the items, in their order."""
        return [str(item["id"]) for item in self._all(_NAMES)]

    def count(self) -> int:
        """Count the items; at most the limit that was asked for."""
        found = self.source.count(self.asked)
        if found is None:
            return sum(1 for _ in self._all(_NAMES))
        return found if self.asked.limit is None else min(found, self.asked.limit)

    def to_geopandas(self) -> geopandas.GeoDataFrame:
        """Return a table with one row an item, its footprint in CRS84, indexed by id.

        Columns have the names that a filter uses: ``eo:cloud_cover``, and
        ``dafab:water-analysis.observed_water`` for what lies within a property.  Times are
        timestamps in UTC; ``collection`` comes first, ``geometry`` last.
        """
        from dafab_kg.python.tables import to_geopandas

        return to_geopandas(self._all(_FIGURES))

    def to_parquet(self, path: Path | str) -> int:
        """Write that table as GeoParquet; return the number of rows.

        Raises:
            FileNotUsable: it cannot be written.
        """
        from dafab_kg.python.tables import write_parquet

        return write_parquet(self.to_geopandas(), Path(path))

    def to_stac(self) -> pystac.ItemCollection:
        """Return the items as objects of pystac."""
        import pystac

        return pystac.ItemCollection([pystac.Item.from_dict(item) for item in self.items()])

    def _all(self, fields: Fields | None) -> Iterator[dict[str, Any]]:
        found = (item for page in self.source.pages(self.asked, fields) for item in page)
        return found if self.asked.limit is None else islice(found, self.asked.limit)


@dataclass(frozen=True)
class ItemsHere:
    """Items of a catalogue that is open in this process."""

    find: Callable[[Search, str], Page]

    def pages(self, asked: Asked, fields: Fields | None) -> Iterator[list[dict[str, Any]]]:
        """Give the items page by page."""
        left, after = asked.limit, None
        while left is None or left > 0:
            size = PAGE if left is None else min(PAGE, left)
            page = self.find(as_search(asked, limit=size, after=after, fields=fields), NOWHERE)
            yield [placeless(orjson.loads(item)) for item in page.items]
            after = page.cursor
            if after is None:
                return
            left = None if left is None else left - len(page.items)

    def count(self, asked: Asked) -> int | None:
        """Return the number of all items that are found."""
        return self.find(as_search(asked, limit=1, count=True), NOWHERE).matched


def placeless(item: dict[str, Any]) -> dict[str, Any]:
    """Leave out the links of an item or collection that lead to an API: there is none."""
    if "links" in item:
        item["links"] = [
            one
            for one in item["links"]
            if one["rel"] not in NAVIGATION and not one["href"].startswith(f"{NOWHERE}/")
        ]
    return item
