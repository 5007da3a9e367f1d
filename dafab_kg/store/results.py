"""Answers of another SPARQL endpoint, read as they come."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import IO, Any, Final, cast

import pyoxigraph as ox

from dafab_kg.model.errors import DafabError, ServiceNotUsable
from dafab_kg.store.oxigraph import EngineSolutions, EngineTriples
from dafab_kg.store.protocol import Answer, Truth

ACCEPT: Final = "application/sparql-results+json, application/n-triples;q=0.9"
"""What an endpoint is asked for; read below."""
RESULTS: Final = "application/sparql-results+json"
TRIPLES: Final = "application/n-triples"


def read_answer(pieces: Iterator[bytes], media_type: str) -> Answer:
    """Read the answer of a query from the pieces of its body.

    Rows and triples are read as they are used; what ``pieces`` raises comes through.

    Raises:
        ServiceNotUsable: it is of no media type that was asked for, or cannot be read.
    """
    source = cast(IO[bytes], _Pieces(pieces))
    try:
        if media_type == RESULTS:
            found = ox.parse_query_results(source, format=ox.QueryResultsFormat.JSON)
            if isinstance(found, ox.QueryBoolean):
                return Truth(bool(found))
            return _Solutions(found)
        if media_type == TRIPLES:
            parsed = ox.parse(source, format=ox.RdfFormat.N_TRIPLES)
            return EngineTriples(cast(ox.QueryTriples, _checked(quad.triple for quad in parsed)))
    except (SyntaxError, ValueError, OSError) as error:
        raise _unreadable(error) from error
    raise ServiceNotUsable(
        f"The endpoint answers with {media_type[:80]!r}. Is it a server of dafab-kg?"
    )


class _Solutions(EngineSolutions):
    """Rows that another endpoint writes."""

    def __init__(self, results: ox.QuerySolutions) -> None:
        super().__init__(results)
        self._results = cast(ox.QuerySolutions, _Checked(results))


class _Checked:
    """Results whose syntax is judged as they are read; written, they are only passed on."""

    def __init__(self, results: ox.QuerySolutions) -> None:
        self._found = results

    def __iter__(self) -> Iterator[Any]:
        return _checked(self._found)

    def serialize(self, *arguments: Any, **options: Any) -> Any:
        return self._found.serialize(*arguments, **options)


def _checked(found: Iterable[Any]) -> Iterator[Any]:
    try:
        yield from found
    except (SyntaxError, ValueError, OSError) as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> DafabError:
    if isinstance(error.__cause__, DafabError):
        return error.__cause__
    return ServiceNotUsable(f"The answer of the endpoint cannot be read: {str(error)[:200]}")


class _Pieces(io.RawIOBase):
    """A file of what comes in pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def readable(self) -> bool:
        """It can be read."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes, at most ``size``; none at the end."""
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._left = piece
        most = len(self._left) if size is None or size < 0 else size
        found, self._left = self._left[:most], self._left[most:]
        return found
