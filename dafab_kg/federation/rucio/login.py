"""Rucio's own client, made safe for programs: whose its token is, and that nobody is asked.

The client takes what is in its token file, whosever it is: with ``auth_token_file_path`` in
``rucio.cfg`` a second VO or account would silently go on as the first.  So it is asked whose the
token is.  Without a token for OIDC it would wait for somebody who has a browser.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rucio.client import Client

_TOLD: Final = re.compile(r"'(account|vo)': '([^']{1,64})'")
_ONCE: Final = -1
"""``request_retries`` by which a failed connection is told at once, with its reason."""


@cache
def client_class() -> type[Client]:
    """Return the class of clients; Rucio's package is read when it is first needed."""
    from rucio.client import Client
    from rucio.common.exception import CannotAuthenticate

    class OurClient(Client):  # type: ignore[misc]
        """Keeps a token of its own, if it is to, and never waits for a browser."""

        REQUEST_RETRIES = _ONCE

        def __init__(self, *, own_token: bool, **chosen: Any) -> None:
            self._own_token = own_token
            super().__init__(**chosen)

        def _get_auth_tokens(self) -> tuple[str | None, str, str, str]:
            given, ends, file, place = super()._get_auth_tokens()
            if given and self._own_token:
                file = own_file(file, self.account, self.vo)
            return given, ends, file, place

        def _no_browser(self) -> bool:
            raise CannotAuthenticate(
                f"there is no OIDC token that is valid. Log in with `rucio whoami`, which writes "
                f"it to {self.token_file}, or name a file that has one (BEARER_TOKEN_FILE)"
            )

        # what the client calls where there is no token, or Rucio does not take it
        _BaseClient__get_token_oidc = _no_browser

    return OurClient


def own_file(file: str, account: str | None, vo: str) -> str:
    """Return where the token of an account of a VO is kept beside that of another.

    >>> own_file("/run/token", "root", "abc")
    '/run/token.root@abc'
    """
    return f"{file}.{account or 'default'}@{vo}"


def log_in(make: Callable[[bool], Client], *, own: bool) -> Client:
    """Return a client that is who it is to be; ``make`` makes one, with a token of its own or not.

    Raises:
        OtherTokenFound: its token is another's.
        RucioException, RequestException, OSError: as Rucio's client.
    """
    client = make(own)
    try:
        check(client)
    except OtherTokenFound:
        if own or client.auth_type == "oidc":
            raise
        client = make(True)
        check(client)
    return client


class OtherTokenFound(Exception):
    """A token is of another account, or VO."""


def check(client: Client) -> None:
    """Look whose the token of a client is; it then has the short name of its VO, and an account.

    Raises:
        OtherTokenFound: it is not that of the account and VO that are to be used.
    """
    told = _whose(client)
    if not told:
        client.whoami()  # of a token that is no good the other answer is a fault; this logs in
        told = _whose(client)
    account, vo = told.get("account"), told.get("vo")
    # a long name of a VO is told by the short one, of three characters
    other = vo is not None and vo != client.vo and len(client.vo) <= 3
    if other or (account is not None and client.account not in (None, account)):
        raise OtherTokenFound(
            f"the token in {client.token_file} is of the account {account} of the VO {vo}, not of "
            f"{client.account} of {client.vo}"
        )
    client.vo = vo or client.vo
    client.account = client.account or account


def _whose(client: Client) -> dict[str, str]:
    """Return account and VO of the token, {} if it is not told."""
    from rucio.common.constants import HTTPMethod
    from rucio.common.utils import build_url

    usual, client.request_retries = client.request_retries, _ONCE
    try:
        address = build_url(client.auth_host, path="auth/validate")
        answer = client._send_request(address, method=HTTPMethod.GET)
    finally:
        client.request_retries = client.AUTH_RETRIES if usual == _ONCE else usual
    # it is Python's text of a dictionary with objects, no JSON
    return dict(_TOLD.findall(answer.text)) if answer.status_code == 200 else {}
