"""Who asks, and may they: tokens, rates, ids of requests."""

from __future__ import annotations

import math
import re
import secrets
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

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
COOKIE: Final = "dafab_operator"
"""Cookie that holds the token of who logged in on the operator's pages."""
_BY_COOKIE: Final = "operator."
"""Endpoints that the cookie opens; these ask for scopes themselves, the login for none."""
_STYLES: Final = "pages.static"
"""Files of the package that every page needs, the login too; nothing of the catalogue."""
_SAFE: Final = ("GET", "HEAD", "OPTIONS")


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
        if settings.read_closed and request.method != "OPTIONS" and not _asks_itself():
            require("read")

    @app.after_request
    def name_request(response: Response) -> Response:
        response.headers["X-Request-Id"] = request_id()
        if caller().name:
            # what a token opens is for its bearer alone
            response.headers["Cache-Control"] = "private, no-store"
        response.vary.add("Authorization")
        if (request.endpoint or "").startswith(_BY_COOKIE):
            response.vary.add("Cookie")
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


def require_same_origin() -> None:
    """Refuse a form that another site's page sent with this browser's cookie.

    Raises:
        Problem: 403, the request does not tell that it comes from a page of this server.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin", "")
    if site == "same-origin" or (site is None and origin and _host_of(origin) == request.host):
        return
    raise Problem(
        403,
        "This did not come from a page here",
        "Who is logged in by a cookie may send forms of this server's own pages alone.",
        where="headers Sec-Fetch-Site and Origin",
        remedy="Use the form on the page; programs send `Authorization: Bearer TOKEN`.",
    )


def find_caller(tokens: Tokens, token: str) -> Caller | None:
    """Return whose token this is; None if it is not known, or expired.

    Raises:
        Problem: 503, the tokens cannot be read.
    """
    try:
        found = tokens.find(token)
    except FileNotUsable as error:
        raise Problem(
            503,
            "Tokens cannot be read",
            "The server cannot read its tokens.",
            remedy="Tell the operator; `dafab-kg token list` says what is wrong.",
        ) from error
    return None if found is None else Caller(found.name, found.allowed)


def _caller(tokens: Tokens) -> Caller:
    header = request.headers.get("Authorization", "")
    if not header:
        return _caller_by_cookie(tokens)
    scheme, _, token = header.partition(" ")
    found = find_caller(tokens, token.strip()) if scheme.lower() == "bearer" else None
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
    return found


def _caller_by_cookie(tokens: Tokens) -> Caller:
    """Return who is logged in; on the operator's pages alone, and nobody anywhere else."""
    token = request.cookies.get(COOKIE, "")
    if not token or not (request.endpoint or "").startswith(_BY_COOKIE):
        return Caller()
    if request.method not in _SAFE:
        require_same_origin()
    return find_caller(tokens, token) or Caller()


def _asks_itself() -> bool:
    endpoint = request.endpoint or ""
    return endpoint == _STYLES or endpoint.startswith(_BY_COOKIE)


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
