"""The requests to dafab-kg: JSON over HTTP, with a token, within a time."""

from __future__ import annotations

import http.client
import json
import threading
import time
from pathlib import Path
from typing import Any, Callable
from urllib.parse import urlsplit

from dafab_kg_rucio.options import PREFIXES, WORDS, Options
from dafab_kg_rucio.version import __version__

VERSION = 1
"""Of the requests that are understood."""
MOST_BYTES = 64 * 1024 * 1024
"""Longest answer."""
KEYS_TIMEOUT = 2.0
"""Longest that the list of keys is waited for (seconds): much waits for it."""
REST_SECONDS = 10.0
"""After a failure the list of keys is not asked for again so soon."""
_CHUNK = 64 * 1024


class ServiceDown(Exception):
    """The graph does not answer, or not as it must."""


class ServiceRefused(Exception):
    """The graph refuses a request: ``status`` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Service:
    """Asks dafab-kg; a connection for each thread, which stays open."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._parts = urlsplit(options.url)
        self._own = threading.local()

    def ask(self, way: str, body: dict[str, Any] | None = None, seconds: float = 0.0) -> Any:
        """Return the JSON that is answered.

        Raises:
            ServiceDown: there is no answer in time, or none that is understood.
            ServiceRefused: the answer is an error of the request's.
        """
        try:
            return self._asked(way, body, time.monotonic() + (seconds or self.options.seconds))
        except ServiceDown as error:
            raise ServiceDown(f"{self.options.url}/rucio-plugin/{way}: {error}") from error

    def _asked(self, way: str, body: dict[str, Any] | None, until: float) -> Any:
        status, data = self._exchange(way, body, until)
        if status == 200:
            try:
                return json.loads(data)
            except ValueError as error:
                raise ServiceDown("it answers with what is no JSON") from error
        message = _told(data) or f"status {status}"
        if status in (401, 403):
            raise ServiceDown(f"it does not take the token of dafab_kg_token_file: {message}")
        if 400 <= status < 500 and status not in (408, 429):
            raise ServiceRefused(status, message)
        raise ServiceDown(message)

    def close(self) -> None:
        """Close the connection of this thread."""
        kept = getattr(self._own, "connection", None)
        if kept is not None:
            kept.close()
            self._own.connection = None

    def _exchange(self, way: str, body: dict[str, Any] | None, until: float) -> tuple[int, bytes]:
        headers = {"Accept": "application/json", "User-Agent": f"dafab-kg-rucio/{__version__}"}
        token = self._token()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None
        if body is not None:
            data = json.dumps(body, default=str).encode()
            headers["Content-Type"] = "application/json"
        method = "GET" if body is None else "POST"
        path = f"{self._parts.path.rstrip('/')}/rucio-plugin/{way}"
        kept = getattr(self._own, "connection", None)
        for connection in (kept, None) if kept is not None else (None,):
            fresh = connection is None
            connection = connection or self._opened()
            self._own.connection = None
            try:
                _limit(connection, until)
                connection.request(method, path, data, headers)
                response = connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                # what stayed open may have been closed by the other side; nothing was answered
                closed = isinstance(error, (ConnectionError, http.client.BadStatusLine))
                if fresh or not closed or way == "delete":
                    raise ServiceDown(_cause(error)) from error
                continue
            try:
                found = _read(connection, response, until)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                raise ServiceDown(_cause(error)) from error
            if response.will_close:
                connection.close()
            else:
                self._own.connection = connection
            return response.status, found
        raise ServiceDown("the connection was closed")

    def _opened(self) -> http.client.HTTPConnection:
        make: Callable[..., http.client.HTTPConnection] = http.client.HTTPConnection
        if self._parts.scheme == "https":
            make = http.client.HTTPSConnection
        return make(self._parts.hostname, self._parts.port, timeout=self.options.seconds)

    def _token(self) -> str:
        if not self.options.token_file:
            return ""
        try:
            return Path(self.options.token_file).read_text(encoding="ascii").strip()
        except (OSError, ValueError) as error:
            raise ServiceDown("the file of dafab_kg_token_file cannot be read") from error


def _limit(connection: http.client.HTTPConnection, until: float) -> None:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    connection.timeout = left
    if connection.sock is not None:
        connection.sock.settimeout(left)


def _read(
    connection: http.client.HTTPConnection, response: http.client.HTTPResponse, until: float
) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        if connection.sock is not None:
            _limit(connection, until)
        elif time.monotonic() > until:
            raise TimeoutError("no answer in time")
        part = response.read1(_CHUNK)
        if not part:
            response.read()  # read1 leaves a connection that stays open in the middle of it
            return b"".join(parts)
        size += len(part)
        if size > MOST_BYTES:
            raise http.client.HTTPException(f"the answer has more than {MOST_BYTES} bytes")
        parts.append(part)


def _cause(error: Exception) -> str:
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "no answer in time"
    return str(error) or type(error).__name__


def _told(data: bytes) -> str:
    """Return what an answer says is wrong."""
    try:
        value = json.loads(data)
    except ValueError:
        return ""
    if not isinstance(value, dict):
        return ""
    parts = (str(value.get(name) or "").strip() for name in ("detail", "remedy"))
    return " ".join(f"{part.rstrip('.')}." for part in parts if part)[:600]


class Keys:
    """Which keys the graph manages, and for which scopes; asked for now and then."""

    def __init__(self, service: Service, now: Callable[[], float] = time.monotonic) -> None:
        self._service, self._now = service, now
        self._lock = threading.Lock()
        self._until = -1.0
        self._keys = frozenset(WORDS)
        fallback = service.options.prefixes or tuple(PREFIXES.split(","))
        self._prefixes = tuple(fallback)
        self._places: tuple[str, frozenset[str]] | None = None

    def manages(self, key: str) -> bool:
        """Tell whether a key is the graph's: by the last list of keys that was got."""
        self._look()
        return key in self._keys or key.startswith(self._prefixes)

    def holds(self, vo: str, scope: str) -> bool:
        """Tell whether the graph may know data identifiers of a scope."""
        self._look()
        if self._places is None:
            return True
        return vo == self._places[0] and scope in self._places[1]

    def _look(self) -> None:
        if self._now() < self._until or not self._lock.acquire(blocking=False):
            return
        try:
            seconds = min(KEYS_TIMEOUT, self._service.options.seconds)
            told = self._service.ask("keys", seconds=seconds)
            if told["version"] != VERSION:
                raise ServiceDown(f"it speaks version {told['version']} of the requests")
            self._keys = frozenset(WORDS) | frozenset(map(str, told["keys"]))
            own = self._service.options.prefixes
            self._prefixes = tuple({*own, *map(str, told["prefixes"])})
            self._places = str(told["vo"]), frozenset(map(str, told["scopes"]))
            self._until = self._now() + self._service.options.keys_seconds
        except (ServiceDown, ServiceRefused, KeyError, TypeError):
            self._until = self._now() + REST_SECONDS
        finally:
            self._lock.release()
