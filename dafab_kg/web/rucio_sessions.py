"""Logging in as Rucio's clients do: a name and a password for a token of an hour.

The password is one of the catalogue's tokens, by whose name one logs in; or one reads as the
guest.  What is given out is signed with a key made of what is kept of that token: it ends with
it, and nothing more is to be kept.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Final

import orjson

from dafab_kg.access.tokens import Tokens
from dafab_kg.model.settings import Settings
from dafab_kg.web.gate import Caller
from dafab_kg.web.rucio_answers import unauthenticated

SECONDS: Final = 3_600
PREFIX: Final = "dafabkg1"
LONGEST: Final = 2_048
_PURPOSE: Final = b"dafab-kg session of a Rucio client"
_NOBODY: Final = "0" * 64


@dataclass(frozen=True)
class Session:
    """What a client gets: the token, its account, and when it ends (seconds since 1970)."""

    token: str
    account: str
    expires: int

    @property
    def ends(self) -> str:
        """When it ends, as RFC 1123 has it."""
        return formatdate(self.expires, usegmt=True).replace("GMT", "UTC")


class Sessions:
    """Gives out and reads the tokens of sessions."""

    def __init__(
        self, settings: Settings, tokens: Tokens, now: Callable[[], float] = time.time
    ) -> None:
        self._settings, self._tokens, self._now = settings, tokens, now

    def open(self, account: str, username: str, password: str) -> Session:
        """Log in.

        Raises:
            Refused: it is no token of this name, or the account is another's.
        """
        guest = self._settings.guest
        if guest and username == guest and account == guest and not self._settings.read_closed:
            return self._session(guest, "", _NOBODY)
        known = self._tokens.find(password)
        if known is None or known.name != username:
            raise unauthenticated(
                "The password is no token of this name. The operator makes one with "
                "`dafab-kg token create NAME --scope read`; the name is the username"
            )
        if account != username:
            raise unauthenticated(f"The account of this token is {username}, not {account[:80]}")
        return self._session(known.name, known.token_id, known.digest)

    def caller(self, token: str) -> Caller:
        """Return who a session is of; the guest has no scopes.

        Raises:
            Refused: it is none of ours, has ended, or the token that opened it is gone.
        """
        try:
            if len(token) > LONGEST:
                raise ValueError(len(token))
            prefix, body, signature = token.split(".")
            text = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
            account, token_id, expires = orjson.loads(text)
            expires, text = int(expires), body.encode()
        except (ValueError, TypeError, binascii.Error) as error:
            raise unauthenticated("The token is not valid. Log in again") from error
        digest, scopes = _NOBODY, frozenset[str]()
        for known in self._tokens.all() if token_id else ():
            if known.token_id == token_id and known.name == account and not known.expired:
                digest, scopes = known.digest, known.allowed
        open_to_all = token_id or (account == self._settings.guest != "")
        right = hmac.compare_digest(_signed(text, digest), signature.encode("utf-8", "replace"))
        if token_id and digest == _NOBODY:
            right = False  # anybody could sign it
        if prefix != PREFIX or not right or not open_to_all or expires < self._now():
            raise unauthenticated("The token is not valid any more. Log in again")
        return Caller(str(account), scopes)

    def _session(self, account: str, token_id: str, digest: str) -> Session:
        expires = int(self._now()) + SECONDS
        data = orjson.dumps([account, token_id, expires])
        body = base64.urlsafe_b64encode(data).rstrip(b"=")
        token = f"{PREFIX}.{body.decode()}.{_signed(body, digest).decode()}"
        return Session(token, account, expires)


def is_session(token: str) -> bool:
    """Tell whether a token looks like one of ours, good or not."""
    return token.startswith(f"{PREFIX}.")


def _signed(body: bytes, digest: str) -> bytes:
    key = hmac.digest(digest.encode(), _PURPOSE, "sha256")
    return hmac.new(key, body, hashlib.sha256).hexdigest().encode()
