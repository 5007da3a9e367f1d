"""What a user's address holds that nobody else may see: user, password, query."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from dafab_kg.model.errors import ServiceNotUsable

_HIDDEN = "***"
_LEAST = 4  # characters: a shorter value (`v=1`) is no secret, and stands in every text


@dataclass(frozen=True)
class Address:
    """A user's address in parts: ``url`` is what may be shown and kept."""

    url: str
    user: tuple[str, str] | None = field(default=None, repr=False)
    parameters: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that must not be shown, in the forms in which they may stand; longest first."""
        values = [value for _, value in self.parameters] + list(self.user or ())[1:]
        forms = {form for v in values for form in (v, quote(v, safe="")) if len(v) >= _LEAST}
        return tuple(sorted(forms, key=len, reverse=True))

    def redact(self, text: str) -> str:
        """Return ``text`` without the secrets."""
        for secret in self.secrets:
            text = text.replace(secret, _HIDDEN)
        return text

    def without_secrets(self, url: str) -> str:
        """Return a URL without user and password, and without the user's own parameters."""
        parts = urlsplit(url)
        own = {name for name, _ in self.parameters}
        query = parts.query
        if own:
            kept = [(k, v) for k, v in parse_qsl(query, keep_blank_values=True) if k not in own]
            query = urlencode(kept)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path, query, ""))


def read_address(url: str) -> Address:
    """Take a user's address apart.

    Raises:
        ServiceNotUsable: it is no http or https address.
    """
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        valid = False
    if not valid:
        raise ServiceNotUsable(
            f"{url.partition('?')[0].rpartition('@')[2]!r} is no http or https address; "
            "give that of the landing page of a STAC API"
        )
    user = None
    if parts.username is not None:
        user = (unquote(parts.username), unquote(parts.password or ""))
    plain = Address(url, user, tuple(parse_qsl(parts.query, keep_blank_values=True)))
    return Address(plain.without_secrets(url), plain.user, plain.parameters)


@contextmanager
def unlogged(address: Address) -> Iterator[None]:
    """Keep the secrets out of what libraries log meanwhile."""

    def redact(record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if any(secret in message for secret in address.secrets):
            record.msg, record.args = address.redact(message), ()
        return True

    names = ("urllib3.connectionpool", "urllib3.util.retry", "pystac_client.stac_api_io")
    loggers = [logging.getLogger(name) for name in names]
    for logger in loggers:
        logger.addFilter(redact)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(redact)
