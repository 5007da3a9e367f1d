"""The web application: all faces over one open catalogue."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from dafab_kg.catalogue import Catalogue, open_catalogue
from dafab_kg.model.settings import Settings
from dafab_kg.web.about import about_face
from dafab_kg.web.addresses import page_of
from dafab_kg.web.cells import shorten
from dafab_kg.web.coding import code_contents
from dafab_kg.web.gate import guard
from dafab_kg.web.graphs import graphs_face
from dafab_kg.web.health import health_face
from dafab_kg.web.html import add_helpers
from dafab_kg.web.metering import meter
from dafab_kg.web.openapi import openapi_face
from dafab_kg.web.operator import operator_face
from dafab_kg.web.originals import originals_face
from dafab_kg.web.pages import pages_face
from dafab_kg.web.problems import answer_problems
from dafab_kg.web.rucio import rucio_face
from dafab_kg.web.rucio_plugin import plugin_face
from dafab_kg.web.search_downloads import downloads_face
from dafab_kg.web.service import service_face
from dafab_kg.web.sparql import sparql_face
from dafab_kg.web.stac import stac_face
from dafab_kg.web.stac_assets import assets_face
from dafab_kg.web.terms import terms_face
from dafab_kg.web.things import things_face

MOST_BYTES = 1024 * 1024
"""Longest body of a request."""

HEADERS = {
    # Reading is open to every page, as editors and STAC browsers need.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": (
        "Accept, Authorization, Content-Type, Content-Encoding, If-Match, If-None-Match, "
        "X-Request-Id, Prefer"
    ),
    "Access-Control-Expose-Headers": "ETag, Location, Retry-After, X-Request-Id",
    "Access-Control-Max-Age": "86400",
    # Answers hold text from anywhere; nothing of it may run. Pages say what they need (html.py).
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def create_app(catalogue: Catalogue | Path | str, settings: Settings | None = None) -> Flask:
    """Return the application over an open catalogue, or over the one in a directory.

    Raises:
        StoreNotFound, StoreInUse: the directory's catalogue cannot be opened.
    """
    if isinstance(catalogue, (str, Path)):
        catalogue = open_catalogue(Path(catalogue), settings=settings, create=False)
    chosen = settings or catalogue.settings
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # a graph is named by its whole address
    if chosen.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=chosen.proxies, x_proto=chosen.proxies, x_host=chosen.proxies
        )
    # Before a request in this order, after it in the other: what is counted is the whole.
    meter(app, chosen)
    code_contents(app)
    guard(app, chosen)
    app.register_blueprint(sparql_face(catalogue, chosen))
    app.register_blueprint(graphs_face(catalogue, chosen))
    app.register_blueprint(service_face(catalogue, chosen))
    app.register_blueprint(pages_face(catalogue, chosen))
    app.register_blueprint(downloads_face(catalogue, chosen))
    app.register_blueprint(about_face(catalogue))
    app.register_blueprint(originals_face(catalogue))
    app.register_blueprint(terms_face(catalogue))
    app.register_blueprint(stac_face(catalogue, chosen))
    app.register_blueprint(assets_face(catalogue))
    app.register_blueprint(rucio_face(catalogue, chosen))
    app.register_blueprint(plugin_face(catalogue, chosen))
    app.register_blueprint(things_face(catalogue))
    app.register_blueprint(health_face(catalogue))
    app.register_blueprint(operator_face(catalogue, chosen))
    app.register_blueprint(openapi_face())
    answer_problems(app)
    app.config["DAFAB_BASE"] = catalogue.names.base
    prefixes = catalogue.names.prefixes
    app.add_template_filter(lambda iri: shorten(iri, prefixes), "short")
    app.add_template_filter(page_of)
    add_helpers(app, chosen.tiles_url, chosen.tiles_attribution)

    @app.after_request
    def state_policies(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return app
