"""The calls about items that every catalogue has, wherever it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dafab_kg.model.errors import QueryNotValid, ThingNotFound
from dafab_kg.model.settings import Settings
from dafab_kg.python.asked import HasGeoInterface, Times, read_asked
from dafab_kg.python.downloads import DownloadPlan, plan
from dafab_kg.python.found import Found, Items
from dafab_kg.python.naming import ids_of_names
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

    def files(
        self,
        *ids: str,
        words: str | Iterable[str] | None = None,
        filter: str | Mapping[str, Any] | None = None,
        limit: int | None = None,
        assets: str | Iterable[str] | None = None,
        site: str = "",
        protocols: Collection[str] = (),
        fresh: bool = False,
        vo: str = "",
    ) -> DownloadPlan:
        """Plan to fetch the files of items, as `dafab-kg files` does: by id (in that order), or by
        what a search finds.

        A configured Rucio is asked where they lie; ``site`` and ``protocols`` leave the addresses
        there and of these schemes alone.  See :func:`dafab_kg.python.resolving.resolve`.

        Raises:
            QueryNotValid: nothing is asked for, or not as it must be.
            ThingNotFound: one of the ids is no item's.
        """
        from dafab_kg.python.resolving import resolve

        found = self.items_named(ids, words, filter, limit)
        plan = self.downloads(found, assets=assets)
        if isinstance(protocols, str):
            protocols = (protocols,)
        settings = self._settings()
        return resolve(settings, plan, vo=vo, site=site, protocols=protocols, fresh=fresh)

    def items_named(
        self,
        ids: tuple[str, ...],
        words: str | Iterable[str] | None = None,
        filter: str | Mapping[str, Any] | None = None,
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """Return items as JSON, those that are named in the order of their names; ``ids`` are
        these, or what a Rucio calls them.

        Raises:
            QueryNotValid: nothing is asked for, or not as it must be.
            ThingNotFound: one of the ids is no item's.
        """
        if not (ids or words or filter):
            raise QueryNotValid("No items are named. Give ids, words or a filter")
        found = list(self.search(words or None, ids=ids or None, filter=filter, limit=limit))
        meant = ids_of_names(_missing(ids, found), self.query)
        if meant:
            ids = tuple(meant.get(one, one) for one in ids)
            found = list(self.search(words or None, ids=ids, filter=filter, limit=limit))
        place = {name: number for number, name in reversed([*enumerate(ids)])}
        found.sort(key=lambda item: place.get(item["id"], len(place)))
        gone = _missing(ids, found)
        if gone and not (words or filter or limit is not None):
            raise ThingNotFound(
                f"There is no item {gone[0]!r}. Find ids: dafab-kg files --search WORDS"
            )
        return list(found)

    def _settings(self) -> Settings:
        """Return the settings of this process, by which its Rucio is spoken to."""
        return Settings()


def _missing(ids: Iterable[str], found: Iterable[Mapping[str, Any]]) -> list[str]:
    there = {item["id"] for item in found}
    return [one for one in ids if one not in there]
