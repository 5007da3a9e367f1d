"""Bearer tokens (RFC 6750): who may do what.

A token is shown once, when it is made; what is kept is its SHA-256, in a file of the
store's directory that only its owner may read, or in the environment (DAFAB_TOKENS).
Tokens have 256 bits of chance, so that a plain hash cannot be turned back.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson

from dafab_kg.model.errors import FileNotUsable, NameNotValid, ThingNotFound

FILE: Final = "tokens.json"
PREFIX: Final = "dafab_"
SCOPES: Final = ("read", "write", "private", "admin")
"""``write`` includes ``read``, ``private`` is to see what is private, ``admin`` is all."""

_IMPLIED: Final = {
    "read": frozenset({"read"}),
    "write": frozenset({"read", "write"}),
    "private": frozenset({"read", "private"}),
    "admin": frozenset(SCOPES),
}
MOST_NAME: Final = 80


@dataclass(frozen=True)
class Token:
    """What is kept of a token; ``digest`` is its SHA-256 in hex, ``expires`` "" for never."""

    token_id: str
    name: str
    scopes: tuple[str, ...]
    digest: str
    created: str = ""
    expires: str = ""

    @property
    def allowed(self) -> frozenset[str]:
        """All that its scopes include."""
        return frozenset().union(*(_IMPLIED[scope] for scope in self.scopes))

    @property
    def expired(self) -> bool:
        """Its time is over."""
        return bool(self.expires) and self.expires <= _now()


def check_scopes(scopes: Sequence[str]) -> tuple[str, ...]:
    """Return scopes, each once and in order.

    Raises:
        NameNotValid: there is none, or one that is not known.
    """
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise NameNotValid(
            f"{', '.join(unknown) or 'nothing'} is no scope. Choose of {', '.join(SCOPES)}"
        )
    return tuple(scope for scope in SCOPES if scope in scopes)


def digest_of(token: str) -> str:
    """SHA-256 of a token, in hex."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class Tokens:
    """The tokens of one store; read anew when the file changes."""

    def __init__(self, store: Path, environment: str | None = None) -> None:
        """Take those in the file, and those of ``environment`` (default: DAFAB_TOKENS).

        Raises:
            NameNotValid: the environment's are not well-formed.
        """
        self._file = store / FILE
        text = os.environ.get("DAFAB_TOKENS", "") if environment is None else environment
        self._given = tuple(read_environment(text))
        self._read: tuple[tuple[int, int, int], tuple[Token, ...]] = ((0, 0, 0), ())

    def all(self) -> tuple[Token, ...]:
        """All tokens.

        Raises:
            FileNotUsable: the file cannot be read, or others may read it.
        """
        return (*self._given, *self._kept())

    def find(self, token: str) -> Token | None:
        """Return what is known of a token; None if it is not one, or expired.

        The time that it takes does not depend on which token it is like.
        """
        digest = digest_of(token)
        found = None
        for known in self.all():
            if hmac.compare_digest(known.digest.encode(), digest.encode()):
                found = known
        return None if found is None or found.expired else found

    def _kept(self) -> tuple[Token, ...]:
        try:
            state = self._file.stat()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise FileNotUsable(f"{self._file} cannot be read: {error.strerror}") from error
        if state.st_mode & 0o077:
            raise FileNotUsable(f"Others may read {self._file}. Say: chmod 600 {self._file}")
        key = (state.st_ino, state.st_mtime_ns, state.st_size)
        if self._read[0] != key:
            try:
                value = orjson.loads(self._file.read_bytes())
                tokens = tuple(Token(**{**t, "scopes": tuple(t["scopes"])}) for t in value)
            except (OSError, ValueError, TypeError, KeyError) as error:
                raise FileNotUsable(f"{self._file} is damaged: {error}") from error
            self._read = (key, tokens)
        return self._read[1]

    def create(self, name: str, scopes: Sequence[str], expires: str = "") -> tuple[Token, str]:
        """Make a token; return what is kept of it, and the token itself.

        Raises:
            NameNotValid: there is no such scope, or the name is empty, too long or taken.
        """
        if not name.strip() or len(name) > MOST_NAME or not name.isprintable():
            raise NameNotValid(f"A token's name has 1 to {MOST_NAME} printable characters")
        token = PREFIX + secrets.token_urlsafe(32)
        kept = Token(
            secrets.token_hex(4), name, check_scopes(scopes), digest_of(token), _now(), expires
        )
        with self._changing() as tokens:
            if any(name in (known.name, known.token_id) for known in (*self._given, *tokens)):
                raise NameNotValid(
                    f"There is a token {name!r} already. Choose another name, or take that one "
                    f"away first: `dafab-kg token revoke {name}`"
                )
            tokens.append(kept)
        return kept, token

    def revoke(self, name: str) -> tuple[Token, ...]:
        """Take away the token of this id, or all of this name.

        Raises:
            ThingNotFound: there is none in the file.
        """
        with self._changing() as tokens:
            gone = [token for token in tokens if name in (token.token_id, token.name)]
            tokens[:] = [token for token in tokens if token not in gone]
        if not gone:
            raise ThingNotFound(f"There is no token {name!r}; `dafab-kg token list` shows them")
        return tuple(gone)

    @contextmanager
    def _changing(self) -> Iterator[list[Token]]:
        lock = self._file.with_suffix(".lock")
        try:
            with lock.open("w") as held:
                fcntl.flock(held, fcntl.LOCK_EX)
                tokens = list(self._kept())
                yield tokens
                self._write(tokens)
        except OSError as error:
            raise FileNotUsable(f"{self._file} cannot be written: {error.strerror}") from error

    def _write(self, tokens: list[Token]) -> None:
        unfinished = self._file.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(orjson.dumps([asdict(token) for token in tokens], option=orjson.OPT_INDENT_2))
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(self._file)


def read_environment(text: str) -> Iterator[Token]:
    """Read tokens as DAFAB_TOKENS has them: ``name:scope+scope:sha256``, with commas between.

    Raises:
        NameNotValid: one is not so.
    """
    for number, one in enumerate(filter(None, (part.strip() for part in text.split(",")))):
        parts = one.split(":")
        digest = parts[-1].lower()
        if len(parts) != 3 or len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise NameNotValid(
                f"Token {number + 1} of DAFAB_TOKENS is not name:scope+scope:sha256. "
                "`printf %s TOKEN | sha256sum` tells the hash of a token"
            )
        yield Token(f"env{number + 1}", parts[0], check_scopes(parts[1].split("+")), digest)


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
