"""Fetching what SPARQL LOAD names: from an allow-list, never from inside the house.

A name is resolved once, all its addresses are checked, and the connection goes to one of
those addresses, so that a name which resolves otherwise a moment later gains nothing.
Redirects are not followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from dafab_kg.model.errors import NotSafe, QueryNotValid, ServiceNotUsable, TooLarge

MOST_BYTES: Final = 16 * 1024 * 1024
SECONDS: Final = 10.0
MOST_SECONDS: Final = 60.0
ACCEPTED: Final = (
    "text/turtle, application/n-triples, application/ld+json;q=0.8, application/rdf+xml;q=0.7"
)
PIECE: Final = 64 * 1024


def is_allowed(url: str, allowed: Sequence[str]) -> bool:
    """Tell whether an allow-list covers ``url``: an entry that ends in / covers all below it."""
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None or "\\" in url:
        return False
    if any(part in (".", "..") for part in parts.path.replace("%2e", ".").split("/")):
        return False
    for entry in allowed:
        known = urlsplit(entry)
        if (known.scheme, known.netloc) == (parts.scheme, parts.netloc) and (
            parts.path == known.path
            if not known.path.endswith("/")
            else parts.path.startswith(known.path)
        ):
            return True
    return False


def addresses_of(url: str) -> list[tuple[int, str, int]]:
    """Resolve the host of ``url``: family, address and port of each that may be asked.

    A host that is written as an address is taken as it is, for who allows it says so
    knowingly; a name must lead nowhere but to public addresses.

    Raises:
        NotSafe: the name leads to an address of this machine, its network, or none.
        ServiceNotUsable: the name is not known.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotSafe(f"{url[:200]} is no address of the web", where="URL")
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        literal = None
    if literal is not None:
        family = socket.AF_INET if literal.version == 4 else socket.AF_INET6
        return [(int(family), str(literal), port)]
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ServiceNotUsable(f"The host {parts.hostname} is not known: {error}") from error
    resolved = [(int(family), str(place[0]), port) for family, _, _, _, place in found]
    for _, address, _ in resolved:
        refuse_inside(address, parts.hostname)
    return resolved


def check_service(url: str) -> None:
    """Refuse an endpoint that SERVICE is to call, if its name leads inside now.

    The engine makes the connection and looks the name up once more: an endpoint that is
    allowed is trusted not to change its address in between.  It follows no redirects.

    Raises:
        QueryNotValid: it leads to an address that is not public, or nowhere.
    """
    try:
        addresses_of(url)
    except (NotSafe, ServiceNotUsable) as error:
        raise QueryNotValid(f"SERVICE <{url[:200]}> is refused: {error.args[0]}") from error


def refuse_inside(address: str, host: str) -> None:
    """Refuse an address that is not on the public network.

    Raises:
        NotSafe: it is of this machine, of a private network, or reserved.
    """
    try:
        value = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        value = None
    inner = getattr(value, "ipv4_mapped", None) or getattr(value, "sixtofour", None)
    if value is None or not all(_is_public(one) for one in (value, inner) if one is not None):
        raise NotSafe(
            f"{host} leads to an address that is not public",
            where="URL",
            remedy="Name a host of the public network; one inside only by its address",
        )


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_global and not address.is_multicast


def fetch(url: str, allowed: Sequence[str]) -> tuple[bytes, str]:
    """Return the bytes at ``url`` and their media type.

    Raises:
        NotSafe: it is not on the allow-list, or leads to where nobody may look.
        ServiceNotUsable: it does not answer with 200.
        TooLarge: it is longer than :data:`MOST_BYTES`.
    """
    if not is_allowed(url, allowed):
        raise NotSafe(
            f"<{url[:200]}> is not fetched",
            where="LOAD",
            remedy="Send the data yourself (POST /graphs), or have the operator add the address "
            "to the setting load_allowed",
        )
    try:
        with connected(url, SECONDS) as connection:
            return _get(connection, url)
    except (OSError, http.client.HTTPException) as error:
        raise ServiceNotUsable(f"<{url[:200]}> does not answer: {error}") from error


@contextmanager
def connected(url: str, seconds: float) -> Iterator[http.client.HTTPConnection]:
    """Connect to one of the addresses of a URL's host, all of which are looked at first.

    ``seconds`` is the longest wait for each step.

    Raises:
        NotSafe: it leads to where nobody may look.
        ServiceNotUsable: the name is not known.
        OSError: nobody listens there.
    """
    host = urlsplit(url).hostname or ""
    family, address, port = addresses_of(url)[0]
    with socket.socket(family, socket.SOCK_STREAM) as plain:
        plain.settimeout(seconds)
        plain.connect((address, port))
        connection = http.client.HTTPConnection(host, port, timeout=seconds)
        if urlsplit(url).scheme == "https":
            context = ssl.create_default_context()
            with context.wrap_socket(plain, server_hostname=host) as secured:
                connection.sock = secured
                yield connection
        else:
            connection.sock = plain
            yield connection


def _get(connection: http.client.HTTPConnection, url: str) -> tuple[bytes, str]:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("GET", target, headers={"Accept": ACCEPTED, "Accept-Encoding": "identity"})
    response = connection.getresponse()
    if response.status != 200:
        raise ServiceNotUsable(
            f"<{url[:200]}> answers with {response.status}"
            + (". Redirects are not followed" if 300 <= response.status < 400 else "")
        )
    data = bytearray()
    until = time.monotonic() + MOST_SECONDS
    while piece := response.read(PIECE):
        data += piece
        if len(data) > MOST_BYTES:
            raise TooLarge(f"It has more than {MOST_BYTES} bytes", where=url[:200])
        if time.monotonic() > until:
            raise ServiceNotUsable(f"<{url[:200]}> takes longer than {MOST_SECONDS:g} seconds")
    return bytes(data), response.headers.get_content_type()
