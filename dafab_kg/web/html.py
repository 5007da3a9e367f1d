"""Pages: how a template becomes a response, and what a page may load and run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from flask import Flask, Response, current_app, render_template, request, url_for

from dafab_kg import __version__
from dafab_kg.model import resources
from dafab_kg.store.answers import FORMATS

TYPE: Final = "text/html; charset=utf-8"
POLICY: Final[Mapping[str, str]] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
"""What a page may load: from this server alone, and nothing that is written within the page."""
_FORM_NAMES: Final = {
    **{f.media_type: f.label for f in FORMATS.values()},
    "application/json": "JSON",
    "application/geo+json": "GeoJSON",
}
FOREVER: Final = "public, max-age=31536000, immutable"


def page(
    template: str,
    *,
    status: int = 200,
    forms: Iterable[tuple[str, str]] = (),
    policy: Mapping[str, str] | None = None,
    **values: Any,
) -> Response:
    """Make a page; ``forms`` are its machine twins as media type and address.

    ``policy`` are directives of the Content-Security-Policy that this page needs otherwise.
    """
    told = tuple(forms)
    made = render_template(template, forms=told, **values)
    response = Response(made, status, content_type=TYPE)
    response.vary.add("Accept")
    for media_type, address in told:
        link = f'<{address}>; rel="alternate"; type="{media_type}"'
        response.headers.add("Link", link)
    chosen = {**POLICY, **_tiles(), **(policy or {})}
    response.headers["Content-Security-Policy"] = written(chosen)
    return response


def written(policy: Mapping[str, str]) -> str:
    """Write a Content-Security-Policy."""
    return "; ".join(f"{name} {sources}" for name, sources in policy.items())


def asset(filename: str) -> str:
    """Return the address of a file of the pages, which changes with what is in it."""
    return url_for("pages.static", filename=filename, v=_digest(filename))


def add_helpers(app: Flask, tiles: str, attribution: str) -> None:
    """Give the templates of ``app`` what they call; ``tiles`` is the address of a tile server."""
    app.config["DAFAB_TILES"] = tiles
    app.jinja_env.globals.update(
        asset=asset,
        version=__version__,
        endpoints=app.view_functions,
        tiles=tiles,
        tiles_attribution=attribution,
    )
    app.add_template_filter(form_name)
    app.add_template_filter(lambda told: orjson.dumps(told).decode(), "geojson")
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True

    @app.after_request
    def keep_assets(response: Response) -> Response:
        if request.endpoint == "pages.static" and "v" in request.args:
            response.headers["Cache-Control"] = FOREVER
        return response


def form_name(media_type: str) -> str:
    """Return what people call a form of data.

    >>> form_name("text/turtle")
    'Turtle'
    """
    return _FORM_NAMES.get(media_type) or media_type


def _tiles() -> dict[str, str]:
    """Return what a page may load from a tile server, where one is set."""
    address = urlsplit(current_app.config.get("DAFAB_TILES", ""))
    if not address.netloc:
        return {}
    return {"img-src": f"{POLICY['img-src']} {address.scheme}://{address.netloc}"}


@cache
def _digest(filename: str) -> str:
    return hashlib.sha256(resources.data("web", f"static/{filename}")).hexdigest()[:12]
