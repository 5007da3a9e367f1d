"""Who asks, and may they: tokens, rates, ids of requests."""

from __future__ import annotations

import math
import re
import secrets
from dataclasses import dataclass
from typing import Final

from flask import Flask, Response, g, has_request_context, request

from dafab_kg.access.rates import Rates, client_of
from dafab_kg.access.tokens import Tokens
from dafab_kg.model.errors import FileNotUsable
from dafab_kg.model.settings import Settings
from dafab_kg.web.problems import Problem

REALM: Final = 'Bearer realm="dafab-kg"'
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_OPEN_PATHS: Final = ("/health",)
"""What answers whoever asks, also where reading is closed, and is not limited."""
_OWN_TOKENS: Final = ("/rucio/",)
"""What is below these asks for tokens of its own (``rucio_sessions.py``)."""


@dataclass(frozen=True)
class Caller:
    """Who asks: the name of a token and what it allows; "" for who brings none."""

    name: str = ""
    scopes: frozenset[str] = frozenset()


def caller() -> Caller:
    """Return who asks."""
    found = g.get("caller") if has_request_context() else None
    return found if isinstance(found, Caller) else Caller()


def request_id() -> str:
    """Return the id of the request that is being answered."""
    return str(g.get("request_id", "")) if has_request_context() else ""


def sees_private() -> bool:
    """Tell whether who asks may see what is private."""
    return "private" in caller().scopes


def require(scope: str) -> None:
    """Refuse who lacks a scope.

    Raises:
        Problem: 401 without a token, 403 with one that does not allow it.
    """
    who = caller()
    if scope in who.scopes:
        return
    if not who.name:
        raise Problem(
            401,
            "A token is needed",
            f"This needs a token with the scope {scope}.",
            where="header Authorization",
            remedy="Send `Authorization: Bearer TOKEN`; the operator makes one with "
            f"`dafab-kg token create NAME --scope {scope}`.",
            headers={"WWW-Authenticate": REALM},
        )
    raise Problem(
        403,
        "The token does not allow this",
        f"The token lacks the scope {scope}.",
        where="header Authorization",
        remedy=f"Ask the operator for a token with the scope {scope}.",
        headers={"WWW-Authenticate": f'{REALM}, error="insufficient_scope", scope="{scope}"'},
    )


def admit_writers(settings: Settings) -> None:
    """Let who may write send longer bodies than others."""
    if "write" in caller().scopes:
        request.max_content_length = settings.write_bytes


def guard(app: Flask, settings: Settings) -> None:
    """Put the gate before all that ``app`` answers."""
    tokens = Tokens(settings.store)
    rates = Rates(settings.rate_per_second, settings.rate_burst)

    @app.before_request
    def look() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        if request.path in _OPEN_PATHS:
            return
        _limit(rates, client_of(request.remote_addr or ""))
        if request.path.startswith(_OWN_TOKENS):
            return
        g.caller = _caller(tokens)
        if settings.read_closed and request.method != "OPTIONS":
            require("read")

    @app.after_request
    def name_request(response: Response) -> Response:
        response.headers["X-Request-Id"] = request_id()
        if caller().name:
            # what a token opens is for its bearer alone
            response.headers["Cache-Control"] = "private, no-store"
        response.vary.add("Authorization")
        return response


def _limit(rates: Rates, client: str) -> None:
    wait = rates.take(client) if client else 0.0
    if wait:
        raise Problem(
            429,
            "Too many requests",
            f"One client may send {rates.per_second:g} requests a second, {rates.burst} at once.",
            remedy="Wait as long as Retry-After tells.",
            headers={"Retry-After": str(math.ceil(wait))},
        )


def _caller(tokens: Tokens) -> Caller:
    header = request.headers.get("Authorization", "")
    if not header:
        return Caller()
    scheme, _, token = header.partition(" ")
    try:
        found = tokens.find(token.strip()) if scheme.lower() == "bearer" else None
    except FileNotUsable as error:
        raise Problem(
            503,
            "Tokens cannot be read",
            "The server cannot read its tokens.",
            remedy="Tell the operator; `dafab-kg token list` says what is wrong.",
        ) from error
    if found is None:
        raise Problem(
            401,
            "The token is not valid",
            "The Authorization header holds no token that is known here.",
            where="header Authorization",
            remedy="Send `Authorization: Bearer TOKEN` with a token that is not revoked or "
            "expired, or no such header.",
            headers={"WWW-Authenticate": f'{REALM}, error="invalid_token"'},
        )
    return Caller(found.name, found.allowed)
