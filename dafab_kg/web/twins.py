"""Pages and their JSON twins."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response, request

from dafab_kg.web.negotiation import prefers_html
from dafab_kg.web.problems import Problem


def wants_json() -> bool:
    """Tell which twin is asked for; a page only for who prefers HTML, as browsers do."""
    named = request.args.get("format", "")
    if named and named not in ("json", "html"):
        raise Problem(
            400,
            "There is no such format",
            f"A page is not offered as {named[:80]!r}.",
            where="parameter format",
            remedy="Choose json or html.",
        )
    return named == "json" or not (named or prefers_html(request, over="application/json"))


def json_answer(value: Any) -> Response:
    """Return the JSON twin of a page."""
    response = Response(orjson.dumps(value), content_type="application/json")
    response.vary.add("Accept")
    return response
