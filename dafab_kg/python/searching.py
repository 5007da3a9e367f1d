"""The calls about items that every catalogue has, wherever it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dafab_kg.python.asked import HasGeoInterface, Times, read_asked
from dafab_kg.python.downloads import DownloadPlan, plan
from dafab_kg.python.found import Found, Items
from dafab_kg.store.protocol import Answer

if TYPE_CHECKING:
    from dafab_kg.reasoning.reasoner import Facts


class ItemSearch:
    """Finds items by what :meth:`_items` and ``query`` give."""

    def _items(self) -> Items:
        """Return where items are asked for."""
        raise NotImplementedError

    def query(self, query: str, *, facts: Facts = "both") -> Answer:
        """Answer a SPARQL query."""
        raise NotImplementedError

    def search(
        self,
        words: str | Iterable[str] | None = None,
        *,
        collections: str | Iterable[str] | None = None,
        ids: str | Iterable[str] | None = None,
        bbox: Sequence[float] | None = None,
        intersects: HasGeoInterface | Mapping[str, Any] | str | None = None,
        datetime: Times = None,
        filter: str | Mapping[str, Any] | None = None,
        sortby: str | Iterable[str] | None = None,
        limit: int | None = None,
    ) -> Found:
        """Find items that fulfil all that is given; they are asked for when they are used.

        ``words`` are looked for in the texts of items and of their collections: any of these
        terms (a text is cut at its commas), each with its words in a row.
        ``bbox`` is west, south, east, north in degrees; ``intersects`` a geometry of shapely
        or geopandas, GeoJSON or WKT; ``datetime`` a moment, a day, month or year (all of it),
        or two ends (``"2022-09/2022-10"``, ``(start, None)``), without a zone in UTC;
        ``filter`` CQL2 as text or as JSON; ``sortby`` names of properties, ``-`` before one
        that descends (default: newest first); ``limit`` the most items.

        Raises:
            QueryNotValid: a parameter is not what it must be.
        """
        asked = read_asked(
            words=words,
            collections=collections,
            ids=ids,
            bbox=bbox,
            intersects=intersects,
            datetime=datetime,
            filter=filter,
            sortby=sortby,
            limit=limit,
        )
        return Found(asked, self._items())

    def downloads(
        self, found: Iterable[Mapping[str, Any]], *, assets: str | Iterable[str] | None = None
    ) -> DownloadPlan:
        """Plan to fetch the files of items; ``assets`` are keys or roles (default: all).

        ``found`` is what a search gave, or items as JSON.
        """
        return plan(found, self.query, (assets,) if isinstance(assets, str) else assets)
