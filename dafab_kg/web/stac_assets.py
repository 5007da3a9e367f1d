"""Stable addresses of assets: ``/stac/assets/<scope>/items/<item>/<asset key>``."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from flask import Blueprint, Response, redirect, request

from dafab_kg.catalogue import Catalogue
from dafab_kg.model.documents import escape_pointer
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.web.described import Operation, described
from dafab_kg.web.stac_writes import root

PREFIX: Final = "/stac/assets"
NO_CONTENT: Final[tuple[str, ...]] = ()


def assets_face(catalogue: Catalogue) -> Blueprint:
    """Return what is below ``/stac/assets``."""
    face = Blueprint("assets", __name__, url_prefix=PREFIX)

    @face.get("/<scope>/items/<path:item>/<key>")
    @described(GET=Operation("An asset, where it lies", {302: NO_CONTENT}, (404,)))
    def asset(scope: str, item: str, key: str) -> Any:
        pointer = f"/assets/{escape_pointer(key)}/href"
        (line,) = catalogue.did_documents([(scope, item)], [pointer], root())
        found = orjson.loads(line)["values"][pointer]
        if not found["found"]:
            raise ThingNotFound(
                f"The item {item[:200]!r} has no asset {key[:80]!r} with an address"
            )
        return _to(found["value"])

    return face


def _to(href: Any) -> Response:
    """Send to the address of an asset, if that is one of the web and not this very one."""
    parts = urlsplit(href) if isinstance(href, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc:
        shown = str(href)[:200]
        raise ThingNotFound(f"The asset lies at {shown!r}, which is no address of the web")
    if parts.netloc == request.host and parts.path.startswith(PREFIX):
        raise ThingNotFound("The asset lies nowhere else, and no replica of it is known here")
    found = redirect(href, 302)
    found.headers["Cache-Control"] = "no-cache"
    return found  # type: ignore[return-value]
