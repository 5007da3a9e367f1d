"""The calls that a catalogue has, whether it is open here or behind a server."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from dafab_kg.python.asked import HasGeoInterface, Times
    from dafab_kg.python.downloads import DownloadPlan
    from dafab_kg.python.found import Found
    from dafab_kg.python.things import Description, Provenance, Stats
    from dafab_kg.reasoning.explain import Proof
    from dafab_kg.reasoning.reasoner import Facts
    from dafab_kg.store.protocol import Answer


class KnowledgeGraph(Protocol):
    """What ``dafab_kg.open(path)`` and ``dafab_kg.connect(url)`` both give."""

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
        """Find items; see :meth:`dafab_kg.python.searching.ItemSearch.search`."""
        ...

    def downloads(
        self, found: Iterable[Mapping[str, Any]], *, assets: str | Iterable[str] | None = None
    ) -> DownloadPlan:
        """Plan to fetch the files of items."""
        ...

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
        """Plan to fetch the files of items, with replicas where a Rucio is configured."""
        ...

    def list_collections(self) -> tuple[dict[str, Any], ...]:
        """Return the collections as JSON (STAC), in the order of their ids."""
        ...

    def find_things(self, words: str, *, limit: int = 20) -> tuple[tuple[str, str], ...]:
        """Find things by the words of their names: (IRI, the text that matched)."""
        ...

    def query(self, query: str, *, facts: Facts = "both") -> Answer:
        """Answer a SPARQL query; a SELECT's answer has to_pandas() and to_geopandas()."""
        ...

    def show(self, identifier: str) -> Description:
        """Describe a thing by IRI, product id, STAC item id or DID."""
        ...

    def provenance(self, identifier: str) -> Provenance:
        """Tell how each fact about a thing is known."""
        ...

    def explain(self, triple: str) -> Proof:
        """Explain why a triple holds, down to the documents that state the facts."""
        ...

    def stats(self) -> Stats:
        """Count what the catalogue holds."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...
