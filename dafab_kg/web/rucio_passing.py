"""What goes to a Rucio behind this server, and what comes back: headers, bodies, accounts."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from typing import Final
from urllib.parse import unquote, urlsplit

import orjson
from flask import Response, request

from dafab_kg.federation.behind import Behind, Reply, failed
from dafab_kg.web.rucio_answers import unauthenticated
from dafab_kg.web.rucio_requests import PREFIX

RUCIO: Final = "x-rucio-"
"""How the names of Rucio's own headers begin; they go both ways."""
_THERE: Final = frozenset({"accept", "content-type", "user-agent"})
_BACK: Final = frozenset(
    {"content-type", "exceptionclass", "exceptionmessage", "location", "retry-after"}
)
LONGEST_LINE: Final = 4 * 1024 * 1024
KNOWN_SECONDS: Final = 60.0
"""How long it is taken as true whose a token is."""
MOST_KNOWN: Final = 4_096
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def headers_sent() -> dict[str, str]:
    """Return those headers of the request that go on: Rucio's own, and what the body is."""
    found = {
        name: value
        for name, value in request.headers.items()
        if name.lower() in _THERE or name.lower().startswith(RUCIO)
    }
    if request.remote_addr:
        found["X-Forwarded-For"] = request.remote_addr
    return found


def passed_on(reply: Reply, behind: Behind) -> Response:
    """Make a response of an answer; its body comes as it comes."""
    whole = reply.whole
    if whole is None:
        response = Response(reply.pieces(), reply.status)
        response.call_on_close(reply.close)
    else:
        reply.close()
        response = Response(whole, reply.status)
    response.headers.pop("Content-Type", None)
    for name, value in reply.headers.items():
        plain = name.lower()
        if plain == "location":
            value = _here(value, behind)
        if plain in _BACK or plain.startswith(RUCIO):
            response.headers[name] = value
    response.headers["Cache-Control"] = "private, no-store, no-transform"
    return response


def _here(location: str, behind: Behind) -> str:
    """Return where an answer sends to: what is of that Rucio, below this face."""
    parts = urlsplit(location)
    own = not parts.netloc or f"{parts.scheme}://{parts.netloc}" == behind.origin
    below = f"{behind.path}/"
    if not own or not parts.path.startswith(below):
        return location  # relative, or elsewhere
    rest = parts.path[len(below) :] + (f"?{parts.query}" if parts.query else "")
    return f"{request.root_path}{PREFIX}/{rest}"


def lines_of(reply: Reply) -> Iterator[bytes]:
    """Yield the lines of an answer, without their ends.

    Raises:
        NotServed: a line is too long, or the rest does not come.
    """
    left = b""
    for piece in reply.pieces():
        *lines, left = (left + piece).split(b"\n")
        yield from (line for line in lines if line)
        if len(left) > LONGEST_LINE:
            raise failed("answers with a line that is too long")
    if left:
        yield left


class Accounts:
    """Whose tokens are, as that Rucio says; kept for a minute, by their digests."""

    def __init__(self, behind: Behind) -> None:
        self._behind = behind
        self._known: dict[bytes, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def of(self, token: str) -> str:
        """Return the account of a token.

        Raises:
            Refused: it is no good token there.
            NotServed: the Rucio does not answer.
        """
        digest, now = sha256(token.encode("utf-8", "surrogatepass")).digest(), time.monotonic()
        with self._lock:
            until, account = self._known.get(digest, (0.0, ""))
        if now < until:
            return account
        account = self._asked(token)
        with self._lock:
            while len(self._known) >= MOST_KNOWN:
                del self._known[next(iter(self._known))]
            self._known.pop(digest, None)
            self._known[digest] = now + KNOWN_SECONDS, account
        return account

    def _asked(self, token: str) -> str:
        try:
            token.encode("latin-1")
        except UnicodeEncodeError as error:
            raise unauthenticated("The token is not valid. Log in again") from error
        reply = self._behind.ask("GET", "accounts/whoami", {"X-Rucio-Auth-Token": token})
        data = reply.text(LONGEST_LINE)
        account = ""
        if reply.status in (301, 302, 303, 307, 308):  # Rucio sends to /accounts/<account>
            path = urlsplit(reply.headers.get("Location", "")).path
            account = unquote(path.rstrip("/").rpartition("/")[2])
        elif reply.status == 200:
            account = _account_in(data)
        elif reply.status >= 500:
            raise failed("cannot tell whose the token is")
        if not _ACCOUNT.fullmatch(account) or account == "whoami":
            raise unauthenticated("The token is not valid any more. Log in again")
        return account


def _account_in(data: bytes) -> str:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return ""
    return str(value.get("account", "")) if isinstance(value, dict) else ""
