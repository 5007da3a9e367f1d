"""A Rucio behind this server: requests are passed on to one address, and to no other.

The address comes from the operator alone; a request only names what is below it.  Redirects are
not followed, proxies and credentials of the environment are not looked at, and what is waited
for, read and kept at a time has bounds.
"""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from dafab_kg.model.errors import NotServed

CONNECT_SECONDS: Final = 5.0
MOST_SECONDS: Final = 600.0
"""Longest time of a whole answer: that after which Rucio's clients give up."""
FILL_SECONDS: Final = 2.0
"""Longest wait for what is only added to an answer of ours."""
REST_SECONDS: Final = 10.0
"""After a failure nothing is added for so long."""
PIECE: Final = 64 * 1024
_SAFE: Final = "/%:@!$&'()*+,;=~-._?"
RETRY_AFTER: Final = 5


@dataclass(frozen=True)
class Bounds:
    """``seconds`` are waited for each piece, ``size`` are the most bytes of an answer,
    ``at_once`` the most requests that are passed on at a time."""

    seconds: float
    size: int
    at_once: int


class Reply:
    """An answer: its status, its headers, and its body, which comes in pieces.

    It must be closed, or its pieces taken to the end.
    """

    def __init__(
        self, response: http.client.HTTPResponse, bounds: Bounds, ending: Ending, begun: float
    ) -> None:
        self.status = response.status
        self.headers = response.headers
        self._response, self._bounds, self._ending = response, bounds, ending
        self._until = begun + MOST_SECONDS
        self._taken = 0
        self._ending.response = response
        self._first = self._read()
        while self._response.length and len(self._first) < PIECE:  # a short one is whole, or none
            self._first += self._read()

    @property
    def whole(self) -> bytes | None:
        """The body if it is here already: a short one; else None."""
        return self._first if self._response.length == 0 or not self._first else None

    def pieces(self) -> Iterator[bytes]:
        """Yield the body as it comes.

        Raises:
            NotServed: the rest does not come, or it is beyond a bound.
        """
        try:
            piece = self._first
            while piece:
                yield piece
                piece = self._read()
        finally:
            self.close()

    def text(self, most: int) -> bytes:
        """Return the whole body, of at most so many bytes.

        Raises:
            NotServed: the same as of :meth:`pieces`.
        """
        found = bytearray()
        for piece in self.pieces():
            found += piece
            if len(found) > most:
                raise failed("answers with more than is taken of it")
        return bytes(found)

    def close(self) -> None:
        """End the connection."""
        self._ending.now()

    def _read(self) -> bytes:
        try:
            if time.monotonic() > self._until:
                raise failed("takes too long to answer")
            piece = self._response.read1(PIECE)
            if not piece and self._response.length:
                raise failed("breaks off within its answer")
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise failed("breaks off within its answer") from error
        except NotServed:
            self.close()
            raise
        self._taken += len(piece)
        if self._taken > self._bounds.size:
            self.close()
            raise failed("answers with more than is taken of it")
        return piece


class Ending:
    """What is done once when an answer ends: the connection is closed, its place is free."""

    def __init__(self, connection: http.client.HTTPConnection, places: threading.Semaphore) -> None:
        self._connection, self._places, self._left = connection, places, True
        self._lock = threading.Lock()
        self.response: http.client.HTTPResponse | None = None

    def now(self) -> None:
        """Do it."""
        with self._lock:
            left, self._left = self._left, False
        if left:
            try:
                if self.response is not None:
                    self.response.close()
                self._connection.close()
            finally:
                self._places.release()


class Behind:
    """The Rucio at ``url``, an address of the web without user, query or fragment."""

    def __init__(self, url: str, bounds: Bounds) -> None:
        parts = urlsplit(url)
        self._secure, self._host = parts.scheme == "https", parts.hostname or ""
        self._port = parts.port or (443 if self._secure else 80)
        self.path = parts.path.rstrip("/")
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._bounds = bounds
        self._places = threading.BoundedSemaphore(bounds.at_once)
        self._context = ssl.create_default_context() if self._secure else None
        self._rests_until = 0.0

    @property
    def rests(self) -> bool:
        """Whether it has failed just now: what it would only add is not asked for."""
        return time.monotonic() < self._rests_until

    def ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        seconds: float | None = None,
    ) -> Reply:
        """Ask for ``target``, a path (with a query) below the address; wait for the first piece.

        Raises:
            NotServed: it does not answer (in time), or too many wait for it.
        """
        if not self._places.acquire(blocking=False):
            raise NotServed("Too many requests wait for the Rucio behind this server", RETRY_AFTER)
        begun, wait = time.monotonic(), seconds or self._bounds.seconds
        connection = self._connection(min(wait, CONNECT_SECONDS))
        ending = Ending(connection, self._places)
        try:
            connection.connect()
            connection.sock.settimeout(wait)
            sent = {"Accept-Encoding": "identity", **headers}
            where = self.path + "/" + quote(target.lstrip("/"), _SAFE, "latin-1", "replace")
            connection.request(method, where, body or None, sent)
            reply = Reply(connection.getresponse(), self._bounds, ending, begun)
        except (OSError, http.client.HTTPException) as error:
            ending.now()
            self._rests_until = time.monotonic() + REST_SECONDS
            raise failed("does not answer") from error
        except NotServed:
            self._rests_until = time.monotonic() + REST_SECONDS
            raise
        except BaseException:
            ending.now()
            raise
        self._rests_until = 0.0
        return reply

    def _connection(self, seconds: float) -> http.client.HTTPConnection:
        if self._context is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=seconds)
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=seconds, context=self._context
        )


def failed(what: str) -> NotServed:
    """Say that it does not do as it must; nothing of the address or of the request is told."""
    return NotServed(f"The Rucio behind this server {what}", RETRY_AFTER)
