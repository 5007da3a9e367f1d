"""Requests to a server of ours: patient where it is busy, its problems as our errors."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any, Final, cast
from urllib.parse import urlsplit

import orjson
import requests
from requests.auth import AuthBase

from dafab_kg.model import errors
from dafab_kg.model.errors import (
    DafabError,
    DocumentRejected,
    NotServed,
    QueryNotValid,
    ServiceNotUsable,
    ShapeViolated,
    ThingNotFound,
)
from dafab_kg.model.version import __version__

TRIES: Final = 4
LONGEST_WAIT: Final = 30.0
"""Seconds; who is asked to wait longer is told so."""
MOST_BYTES: Final = 512 * 1024 * 1024
"""Longest answer that is held in memory whole."""
PIECE: Final = 256 * 1024
PROBLEM: Final = "application/problem+json"
MOST_PROBLEM: Final = 1024 * 1024
LONGEST_TOLD: Final = 300
"""Characters of what another server says in plain text that our error repeats."""
_PASSING: Final = frozenset({"QueueFull", "WorkerLost", "WriterLost", "QueryFailed", ""})
"""Reasons for 503 that may be others the next time; a deadline passes again."""


class _Bearer(AuthBase):
    """Sends the token; that requests looks for none in files comes with it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Session(requests.Session):
    """Follows no redirect: a request, and its token, goes where the user said."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Lead nowhere."""
        return None


class Connection:
    """Requests to one server, ``timeout`` seconds between two bytes of its answers.

    ``auth`` is another way to log in than by ``token``; ``straight``: by no proxy, whatever
    the environment says.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        timeout: float = 120.0,
        auth: AuthBase | None = None,
        straight: bool = False,
    ) -> None:
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ServiceNotUsable(
                "This is no address of a server. Give one such as http://127.0.0.1:8642/"
            )
        if parts.username or parts.password:
            raise ServiceNotUsable("The address holds a name or password. Give a token instead")
        if token and not (token.isascii() and token.isprintable() and " " not in token):
            raise ServiceNotUsable("The token holds what no token does. Give it as it was printed")
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._timeout = (10.0, timeout)
        self._session = _Session()
        self._session.auth = auth or _Bearer(token)
        self._session.trust_env = not straight
        self._session.headers["User-Agent"] = f"dafab-kg/{__version__} (Python)"

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Any:
        """Return the JSON that a path answers with; raises as :meth:`send`."""
        answer = self.send("GET", path, params=dict(parameters or {}), accept="application/json")
        return self._json(answer)

    def post(self, path: str, body: Any) -> Any:
        """Return the JSON that a path answers a JSON body with; raises as :meth:`send`."""
        accept = "application/geo+json, application/json;q=0.9"
        headers = {"Content-Type": "application/json"}
        return self._json(
            self.send("POST", path, data=orjson.dumps(body), headers=headers, accept=accept)
        )

    def send(
        self,
        method: str,
        path: str,
        *,
        accept: str,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> requests.Response:
        """Return an answer, its body unread; it is asked again where the server is busy.

        All that is asked here may be asked again without harm.

        Raises:
            ServiceNotUsable: it cannot be reached, or does not answer as it must.
            DafabError: the error that the server's problem tells of.
        """
        named = {"Accept": accept, **(headers or {})}
        for number in range(TRIES):
            last = number == TRIES - 1
            try:
                answer = self._session.request(
                    method,
                    f"{self.url}{path}",
                    headers=named,
                    stream=True,
                    timeout=self._timeout,
                    **options,
                )
            except requests.ConnectionError as error:
                if last or isinstance(error, requests.ConnectTimeout):
                    raise self._unreachable(error) from None
                time.sleep(0.2 * 2**number)
                continue
            except requests.RequestException as error:
                raise self._unreachable(error) from None
            if answer.status_code < 300:
                return answer
            with closing(answer):
                problem = self._problem(answer)
            passing = answer.status_code in (429, 502, 503, 504)
            if last or not passing or problem.get("reason", "") not in _PASSING:
                raise _error(answer.status_code, problem, self.url)
            wait = _seconds(answer.headers.get("Retry-After", ""), 0.5 * 2**number)
            if wait > LONGEST_WAIT:
                raise _error(answer.status_code, problem, self.url)
            time.sleep(wait)
        raise AssertionError  # the last try returns or raises

    def pieces(self, answer: requests.Response) -> Iterator[bytes]:
        """Give the body of an answer as it comes.

        Raises:
            ServiceNotUsable: it breaks off.
        """
        with closing(answer):
            try:
                yield from answer.iter_content(PIECE)
            except requests.RequestException as error:
                raise ServiceNotUsable(
                    f"The answer of {self.url} breaks off: the server passed a bound, or ended. "
                    "Ask for less, or try again"
                ) from error

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _json(self, answer: requests.Response) -> Any:
        data = bytearray()
        for piece in self.pieces(answer):
            data += piece
            if len(data) > MOST_BYTES:
                answer.close()
                raise ServiceNotUsable(
                    f"{self.url} answers with more than {MOST_BYTES:,} bytes. Ask for less"
                )
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise ServiceNotUsable(
                f"{self.url} answers with what is no JSON. Is it a server of dafab-kg?"
            ) from error

    def _problem(self, answer: requests.Response) -> dict[str, Any]:
        data = b""
        try:
            for piece in self.pieces(answer):
                data += piece
                if len(data) > MOST_PROBLEM:
                    break
            value = orjson.loads(data)
        except (ServiceNotUsable, orjson.JSONDecodeError):
            if answer.headers.get("Content-Type", "").startswith("text/plain"):
                return {"detail": data.decode(errors="replace").strip()[:LONGEST_TOLD]}
            value = None
        return value if isinstance(value, dict) else {}

    def _unreachable(self, error: requests.RequestException) -> ServiceNotUsable:
        how = "does not answer in time" if isinstance(error, requests.Timeout) else (
            "cannot be reached"
        )  # fmt: skip
        return ServiceNotUsable(
            f"{self.url} {how} ({type(error).__name__}). Check the address, and that it runs"
        )


def _seconds(text: str, otherwise: float) -> float:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 9 else otherwise


def _error(status: int, problem: Mapping[str, Any], url: str) -> DafabError:
    """Make the error that a problem (RFC 9457) tells of; ``reason`` names its class."""
    what, where, remedy = (str(problem.get(n, "")) for n in ("detail", "where", "remedy"))
    if 300 <= status < 400:
        return ServiceNotUsable(f"{url} leads to another address. Connect to that one")
    if not what:
        return ServiceNotUsable(f"{url} answers {status}. Is it a server of dafab-kg?")
    name = str(problem.get("reason", ""))
    kind: type[DafabError] | None = None
    text = what  # an error of ours says in its own words where, and what to do
    if name in errors.__all__:
        kind = cast(type[DafabError], getattr(errors, name))
    else:
        text = f"{where}: {what}" if where else what
        text = f"{text.rstrip('.')}. {remedy}" if remedy else text
    if kind is None:
        kind = {400: QueryNotValid, 404: ThingNotFound, 503: NotServed}.get(
            status, ServiceNotUsable
        )
    if issubclass(kind, ShapeViolated):
        return kind(what, where=where, remedy=remedy, report=str(problem.get("report", "")))
    if issubclass(kind, DocumentRejected):
        return kind(what, where=where, remedy=remedy)
    limit = problem.get("limit")
    limits = limit if isinstance(limit, dict) else {}
    if issubclass(kind, NotServed):
        return kind(text, 1, limits)
    if issubclass(kind, errors.AnswerTooLong):
        return kind(text, limits)
    return kind(text)
