"""Requests of Rucio's clients: names in paths, bodies of any type."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote_plus, urlsplit

import orjson
from flask import request

from dafab_kg.dids.documents import MOST_DIDS
from dafab_kg.dids.listing import MOST, Asked
from dafab_kg.web.rucio_answers import not_understood
from dafab_kg.web.rucio_names import id_of, renamed_filter

PREFIX: Final = "/rucio"
"""Where the face is."""
LOGIN: Final = "/auth/userpass"
SCOPES: Final = ("scope", "stac_scope", "stac_namespace", "namespace")
"""Members of a filter's body that may name the scope."""


def path_sent() -> str:
    """Return the path as it was sent: in it a slash of a name is %2F."""
    sent = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.path
    return urlsplit(str(sent)).path


def credentials() -> tuple[str, str, str]:
    """Return account, user name and password as a login sends them, "" for what it does not."""
    account, username, password = (
        request.headers.get(f"X-Rucio-{name}", "") for name in ("Account", "Username", "Password")
    )
    return account, username, password


def names_in_path(below: str) -> tuple[str, str]:
    """Return the scope and the id that follow ``below`` in the path, where a name was sent.

    Clients write them as parts of a form (space as +, slash as %2F), which the path that
    routes are found by does not tell any more.
    """
    parts = path_sent().partition(below)[2].split("/")
    if len(parts) < 2:
        raise not_understood("The path names no data identifier")
    try:
        scope, name = (unquote_plus(part, errors="strict") for part in parts[:2])
    except UnicodeDecodeError as error:
        raise not_understood("The name in the path is not in UTF-8") from error
    return scope, id_of(name)


def body_of() -> dict[str, Any]:
    """Return the body, which is an object of JSON, whatever its type is said to be.

    Raises:
        Refused: it is none.
    """
    try:
        value = orjson.loads(request.get_data(cache=True))
    except orjson.JSONDecodeError as error:
        raise not_understood(f"The body is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise not_understood("The body is no object of JSON")
    return value


def pairs_of(value: Any, *, most: int = MOST_DIDS) -> list[tuple[str, str]]:
    """Return the scopes and ids of what a list names by ``scope`` and ``name``.

    Raises:
        Refused: it is no such list, or too long.
    """
    if not isinstance(value, list) or not value:
        raise not_understood("dids is a list of data identifiers that is not empty")
    if len(value) > most:
        raise not_understood(f"dids names {len(value)} data identifiers; at most {most} are taken")
    found = []
    for number, one in enumerate(value):
        scope, name = (one.get("scope"), one.get("name")) if isinstance(one, dict) else (0, 0)
        if not isinstance(scope, str) or not isinstance(name, str) or not name:
            raise not_understood(f"dids/{number} has no scope and name")
        found.append((scope, id_of(name)))
    return found


def paths_of(value: Any) -> list[str] | None:
    """Return the JSON Pointers that a body names; None: it names none.

    Raises:
        Refused: they are no list of texts.
    """
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise not_understood("paths is a list of JSON Pointers")
    return value


def flag_of(body: dict[str, Any], name: str) -> bool:
    """Return a truth value of a body; without one false.

    Raises:
        Refused: it is another value.
    """
    found = body.get(name)
    if found is not None and not isinstance(found, bool):
        raise not_understood(f"{name} is true or false")
    return bool(found)


def search_of(scope: str) -> tuple[Asked, bool]:
    """Return what a search asks, and whether sizes are wanted.

    Raises:
        Refused: a member is not as it must be.
    """
    body = body_of()
    known = {"filter", "sort", "cursor", "limit", "count", "long"}
    strange = sorted(set(body) - known)
    if strange:
        raise not_understood(f"A search has no member {strange[0][:80]!r}")
    asked = Asked(
        scope,
        _filter(body),
        body.get("sort"),
        _cursor(body.get("cursor")),
        _limit(body.get("limit", MOST)),
        flag_of(body, "count"),
    )
    return asked, flag_of(body, "long")


def filter_of(default: str) -> Asked:
    """Return what a filter for documents asks; without a scope that of ``default``.

    Raises:
        Refused: a member or a parameter is not as it must be.
    """
    body = body_of()
    scope = next((body[name] for name in SCOPES if name in body), default)
    if not isinstance(scope, str):
        raise not_understood("The scope is a text")
    sent = request.args.get("limit", str(MOST))
    limit = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 9 else 0
    cursor = _cursor(request.args.get("cursor"))
    return Asked(scope, _filter(body), body.get("sort"), cursor, _limit(limit))


def _filter(body: dict[str, Any]) -> Any:
    if "filter" not in body:
        raise not_understood("The body has no filter")
    return renamed_filter(body["filter"], id_of)


def _cursor(value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or not value):
        raise not_understood("The cursor is a text that is not empty")
    return value


def _limit(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST:
        raise not_understood(f"limit is a number from 1 to {MOST}")
    return value
