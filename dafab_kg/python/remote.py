"""A catalogue behind a server: the same calls as of one that is open here, over HTTP.

It speaks what every client of the server may: STAC API, SPARQL 1.1 Protocol, and the JSON of
the faces for things.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dafab_kg.model.closing import Closing
from dafab_kg.model.errors import ServiceNotUsable
from dafab_kg.python.asked import Asked, Fields, as_body
from dafab_kg.python.found import PAGE
from dafab_kg.python.http import Connection
from dafab_kg.python.searching import ItemSearch
from dafab_kg.python.things import (
    Description,
    Provenance,
    Stats,
    read_description,
    read_proof,
    read_provenance,
    read_stats,
)
from dafab_kg.reasoning.explain import Proof
from dafab_kg.store.protocol import Answer

if TYPE_CHECKING:
    from dafab_kg.reasoning.reasoner import Facts

QUERY = "application/sparql-query"
_COLLECTIONS = 200
"""Collections of a page."""


class RemoteCatalogue(ItemSearch, Closing):
    """A catalogue behind a server; make one with :func:`dafab_kg.connect`.

    Errors of the server are raised as the errors that the same call would raise here;
    ServiceNotUsable says that it cannot be reached, or answers as no server of ours does.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.url = connection.url
        try:
            self.version = _version(connection)
        except BaseException:
            connection.close()
            raise

    def __repr__(self) -> str:
        return f"<dafab-kg {self.version} at {self.url}>"

    def _items(self) -> ItemsThere:
        return ItemsThere(self._connection)

    def list_collections(self) -> tuple[dict[str, Any], ...]:
        """Return the collections as JSON (STAC), in the order of their ids."""
        found: list[dict[str, Any]] = []
        asked = {"limit": str(_COLLECTIONS)}
        while True:
            page = self._connection.get("/stac/collections", asked)
            found += _list(page, "collections")
            token = _token(page)
            if token is None:
                return tuple(found)
            asked["token"] = token

    def find_things(self, words: str, *, limit: int = 20) -> tuple[tuple[str, str], ...]:
        """Find things by the words of their names: (IRI, the text that matched)."""
        told = self._connection.get("/things", {"words": words, "limit": str(limit)})
        return tuple((one["iri"], one["text"]) for one in _list(told, "things"))

    def query(self, query: str, *, facts: Facts = "both") -> Answer:
        """Answer a SPARQL query; a SELECT's answer has to_pandas() and to_geopandas().

        Rows are read as they are used, and can be read once.

        Raises:
            QueryNotValid: it cannot be answered, or is beyond a bound of the server.
            NotServed: the server ended it.
        """
        from dafab_kg.store.results import ACCEPT, read_answer

        answer = self._connection.send(
            "POST",
            "/sparql",
            accept=ACCEPT,
            params={} if facts == "both" else {"facts": facts},
            data=query.encode(),
            headers={"Content-Type": QUERY},
        )
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        try:
            return read_answer(self._connection.pieces(answer), media_type)
        except BaseException:
            answer.close()
            raise

    def show(self, identifier: str) -> Description:
        """Describe a thing by IRI, product id, STAC item id or DID, with provenance.

        Raises:
            ThingNotFound: there is no such thing.
        """
        return read_description(self._connection.get("/things/description", {"id": identifier}))

    def provenance(self, identifier: str) -> Provenance:
        """Tell how each fact about a thing is known.

        Raises:
            ThingNotFound: there is no such thing.
        """
        return read_provenance(self._connection.get("/things/provenance", {"id": identifier}))

    def explain(self, triple: str) -> Proof:
        """Explain why a triple holds, down to the documents that state the facts.

        Raises:
            ThingNotFound: it does not hold.
            QueryNotValid: it is no triple.
        """
        return read_proof(self._connection.get("/things/proof", {"triple": triple}))

    def stats(self) -> Stats:
        """Count what the catalogue holds."""
        return read_stats(self._connection.get("/", {"format": "json"})["holds"])

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()


@dataclass(frozen=True)
class ItemsThere:
    """Items of a server's STAC API, of which the search alone is asked, wherever links lead."""

    connection: Connection

    def pages(self, asked: Asked, fields: Fields | None) -> Iterator[list[dict[str, Any]]]:
        """Give the items page by page."""
        left, after = asked.limit, None
        while left is None or left > 0:
            size = PAGE if left is None else min(PAGE, left)
            page = self._ask(as_body(asked, limit=size, after=after, fields=fields))
            items = _list(page, "features")
            yield items
            after = _token(page)
            if after is None or not items:
                return
            left = None if left is None else left - len(items)

    def count(self, asked: Asked) -> int | None:
        """Return the number of all items that are found."""
        found = self._ask(as_body(asked, limit=1, fields=(("id",), ("links",)))).get(
            "numberMatched"
        )
        return found if isinstance(found, int) else None

    def _ask(self, body: dict[str, Any]) -> dict[str, Any]:
        page = self.connection.post("/stac/search", body)
        if not isinstance(page, dict):
            raise _strange(page)
        return page


def _version(connection: Connection) -> str:
    told = connection.get("/health")
    if not isinstance(told, dict) or "version" not in told:
        raise ServiceNotUsable(f"{connection.url} is no server of dafab-kg. Check the address")
    return str(told["version"])


def _list(page: Any, name: str) -> list[dict[str, Any]]:
    found = page.get(name) if isinstance(page, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise _strange(page)
    return found


def _token(page: dict[str, Any]) -> str | None:
    """Return the cursor that the link to the next page holds, in its body or its address."""
    from urllib.parse import parse_qs, urlsplit

    for one in page.get("links") or ():
        if isinstance(one, dict) and one.get("rel") == "next":
            body = one.get("body")
            if isinstance(body, dict) and isinstance(body.get("token"), str):
                return str(body["token"])
            named = parse_qs(urlsplit(str(one.get("href", ""))).query).get("token")
            return named[0] if named else None
    return None


def _strange(page: object) -> ServiceNotUsable:
    return ServiceNotUsable(
        f"The server answers with {type(page).__name__}, not with what was asked for. "
        "Is it a server of dafab-kg?"
    )
