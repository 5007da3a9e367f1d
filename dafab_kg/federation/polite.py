"""Asking a STAC API politely: one request at a time, named, bounded, and patient.

pystac-client's I/O with what a harvest needs beside it: the bytes of an answer as
they came, a bound on them, and a second try where an answer breaks off.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

from pystac_client.stac_api_io import StacApiIO
from requests import Request, Response
from requests.exceptions import (
    ChunkedEncodingError,
    ConnectionError,
    ContentDecodingError,
    InvalidSchema,
    InvalidURL,
    RequestException,
    TooManyRedirects,
)
from urllib3 import Retry

from dafab_kg.federation.secrets import Address
from dafab_kg.model.errors import ServiceNotUsable, ThingNotFound
from dafab_kg.model.version import __version__

USER_AGENT: Final = f"dafab-kg/{__version__} (harvest of a STAC API; pystac-client)"
BUSY: Final = (429, 500, 502, 503, 504)
TRIES: Final = 5
LONGEST_WAIT: Final = 300
"""Seconds that a server may ask to wait; for longer the user is told to come back."""

_TIMEOUT: Final = (10.0, 120.0)  # seconds to connect, and between two bytes
_CHUNK: Final = 256 * 1024


@dataclass(frozen=True)
class Query:
    """One request: method, URL, and of a POST the body."""

    url: str
    method: str = "GET"
    body: dict[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class _Patience(Retry):
    """Retry with growing waits, or as long as the server asks."""

    def get_retry_after(self, response: Any) -> float | None:
        wait = super().get_retry_after(response)
        if wait is not None and wait > LONGEST_WAIT:
            raise ServiceNotUsable(
                f"The service asks to wait {wait:,.0f} seconds; "
                "give the same command after that, it goes on where it stopped"
            )
        return wait


class PoliteIO(StacApiIO):
    """Requests of one harvest.

    ``patience`` is the first wait in seconds, doubled each time.  ``last`` is the body
    of the last answer that pystac-client asked for itself.
    """

    def __init__(self, address: Address, *, max_bytes: int, patience: float = 1.0) -> None:
        super().__init__(
            headers={"User-Agent": USER_AGENT, "Accept": "application/geo+json, application/json"},
            parameters=dict(address.parameters),
            timeout=_TIMEOUT,
            max_retries=_Patience(
                total=TRIES,
                connect=0,  # tried again below, where each wait is counted once
                status_forcelist=BUSY,
                allowed_methods=None,  # a search by POST changes nothing
                backoff_factor=patience,
                backoff_max=60,
                raise_on_status=False,
            ),
        )
        self.session.auth = address.user
        self._address = address
        self._max_bytes = max_bytes
        self._patience = patience
        self.last = b""

    def request(
        self,
        href: str,
        method: str | None = None,
        headers: dict[str, str] | None = None,
        parameters: dict[str, Any] | None = None,
    ) -> str:
        """Answer pystac-client's own requests; raises as :meth:`ask`."""
        wanted = (method or "GET").upper()
        query = Query(href, wanted, parameters if wanted == "POST" else None, headers or {})
        self.last = self.ask(query)
        return self.last.decode("utf-8", "replace")

    def ask(self, query: Query) -> bytes:
        """Return the body of an answer as it came.

        Raises:
            ServiceNotUsable: it cannot be reached, answers with an error or beyond the bound.
            ThingNotFound: it answers 404.
        """
        for number in range(TRIES):
            try:
                return self._ask(query)
            except (ChunkedEncodingError, ContentDecodingError, ConnectionError) as error:
                if number == TRIES - 1:
                    self._fail(query, f"cannot be read: {error}", error)
                time.sleep(min(60.0, self._patience * 2**number))
            except (InvalidSchema, InvalidURL) as error:
                self._fail(query, f"leads to what is no web address: {error}", error)
            except TooManyRedirects as error:
                self._fail(query, "redirects in a circle", error)
            except RequestException as error:
                self._fail(query, f"cannot be asked: {error}", error)
        raise AssertionError  # the last try returns or raises

    def ask_json(self, query: Query) -> tuple[bytes, dict[str, Any]]:
        """Return the body of an answer, and the JSON object that it is.

        What is read here leads to the next page only; loaders read the bytes strictly.

        Raises:
            ServiceNotUsable, ThingNotFound: as :meth:`ask`, or it is no JSON object.
        """
        data = self.ask(query)
        try:
            value = json.loads(data)
        except (ValueError, RecursionError) as error:
            start = data[:40].decode("utf-8", "replace").split("\n")[0]
            self._fail(query, f"answers with what is no JSON: {start!r}", error)
        if not isinstance(value, dict):
            self._fail(query, "answers with JSON that is no object", None)
        return data, value

    def _ask(self, query: Query) -> bytes:
        if urlsplit(query.url).scheme not in {"http", "https"}:
            raise InvalidSchema(query.url)
        request = Request(query.method, query.url, headers=dict(query.headers), json=query.body)
        prepared = self.session.prepare_request(request)
        settings = self.session.merge_environment_settings(query.url, {}, True, None, None)
        with self.session.send(prepared, timeout=self.timeout, **settings) as response:
            return self._body(query, response)

    def _body(self, query: Query, response: Response) -> bytes:
        if response.status_code == 404:
            raise ThingNotFound(f"{self._shown(query.url)} is not there (404)")
        if response.status_code in {401, 403}:
            self._fail(query, f"wants to know who asks ({response.status_code})", None)
        if response.status_code >= 400:
            self._fail(query, f"answers with an error ({response.status_code})", None)
        data = bytearray()
        for chunk in response.iter_content(_CHUNK):
            data += chunk
            if len(data) > self._max_bytes:
                self._fail(
                    query,
                    f"answers with more than {self._max_bytes:,} bytes; "
                    "ask for smaller pages (--page-size) or set DAFAB_MAX_FILE_BYTES",
                    None,
                )
        return bytes(data)

    def _shown(self, url: str) -> str:
        return self._address.redact(self._address.without_secrets(url))

    def _fail(self, query: Query, what: str, cause: Exception | None) -> NoReturn:
        text = " ".join(self._address.redact(what).split())
        raise ServiceNotUsable(f"{self._shown(query.url)} {text}") from (
            None if self._address.secrets else cause
        )
