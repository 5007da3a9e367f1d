"""Logging in on the operator's pages: a token in a form becomes a cookie, never an address."""

from __future__ import annotations

import re
from typing import Any, Final

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from dafab_kg.access.tokens import Tokens
from dafab_kg.model.settings import Settings
from dafab_kg.web.described import PAGE, Operation, Parameter, described
from dafab_kg.web.gate import COOKIE, find_caller, require_same_origin
from dafab_kg.web.html import page
from dafab_kg.web.problems import Problem

FORM: Final = "application/x-www-form-urlencoded"
_NEXT: Final = re.compile(r"(/[A-Za-z0-9_-]+){0,3}/?")


def add_login(face: Blueprint, settings: Settings) -> None:
    """Add ``/login`` and ``/logout``."""
    tokens = Tokens(settings.store)

    @face.get("/login")
    @described(
        GET=Operation(
            "The form to log in on the operator's pages",
            {200: (PAGE,)},
            (),
            (Parameter("next", "The operator's page to go to then."),),
        )
    )
    def login() -> Response:
        return page("operator_login.html", following=_following(request.args.get("next", "")))

    @face.post("/login")
    @described(
        POST=Operation(
            "Log in: the token becomes a cookie for the operator's pages",
            {303: (PAGE,)},
            (),
            (),
            {
                FORM: {
                    "type": "object",
                    "required": ["token"],
                    "properties": {"token": {"type": "string"}, "next": {"type": "string"}},
                }
            },
        )
    )
    def enter() -> AnyResponse:
        require_same_origin()
        following = _following(request.form.get("next", ""))
        token = request.form.get("token", "").strip()
        found = find_caller(tokens, token) if token else None
        if found is None:
            return _refused(401, "It is not known here, was revoked, or has expired.", following)
        if "write" not in found.scopes:
            return _refused(403, "It lacks the scope write, which these pages need.", following)
        response = redirect(following, 303)
        response.set_cookie(COOKIE, token, **_own())
        return response

    @face.post("/logout")
    @described(POST=Operation("Log out: the cookie is forgotten", {303: (PAGE,)}))
    def leave() -> AnyResponse:
        require_same_origin()
        response = redirect(url_for(".login"), 303)
        response.delete_cookie(COOKIE, **_own())
        return response


def _own() -> dict[str, Any]:
    """Return what the cookie is for: these pages alone, and no script."""
    return {
        "path": url_for(".home"),
        "secure": request.is_secure,
        "httponly": True,
        "samesite": "Strict",
    }


def _refused(status: int, detail: str, following: str) -> Response:
    problem = Problem(
        status,
        "The token does not open these pages",
        detail,
        remedy="Make one with `dafab-kg token create NAME --scope write`.",
    )
    return page("operator_login.html", status=status, following=following, problem=problem)


def _following(given: str) -> str:
    """Return where to go after the login: an operator's page of this server, nothing else."""
    home = url_for(".home")
    rest = given.removeprefix(home)
    return given if given.startswith(home) and _NEXT.fullmatch(rest) else home
