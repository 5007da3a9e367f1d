"""Pages for people: what the catalogue holds; and where the others are put together."""

from __future__ import annotations

import dataclasses
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from dafab_kg import __version__
from dafab_kg.catalogue import Catalogue
from dafab_kg.model.settings import Settings
from dafab_kg.queries import saved
from dafab_kg.web.classes import MOST_CLASSES, in_order
from dafab_kg.web.described import JSON, PAGE, PAGE_FORMAT, Operation, Parameter, described
from dafab_kg.web.editor import add_editor
from dafab_kg.web.html import page
from dafab_kg.web.saved_queries import add_saved_queries, describe
from dafab_kg.web.search_addresses import PARAMETERS
from dafab_kg.web.search_form import read_form
from dafab_kg.web.searching import asks_something, search_page, twin
from dafab_kg.web.twins import json_answer, wants_json


def _page(summary: str, *parameters: Parameter) -> Operation:
    """Describe a page, which is also what a problem with its query is shown in."""
    return Operation(summary, {200: (JSON, PAGE)}, (502,), (*parameters, PAGE_FORMAT))


def pages_face(catalogue: Catalogue, settings: Settings) -> Blueprint:
    """Return the landing page, the editor and the saved queries' pages."""
    face = Blueprint("pages", __name__, static_folder="static", static_url_path="/static")

    @face.get("/")
    @described(
        GET=Operation(
            "Search; as JSON what the catalogue holds, or where the same is found by STAC",
            {200: (JSON, PAGE), 303: (PAGE,)},
            (502,),
            (*PARAMETERS, PAGE_FORMAT),
        )
    )
    def home() -> AnyResponse:
        if not wants_json():
            return search_page(catalogue)
        if asks_something():
            return redirect(twin(read_form(request.args)), 303)
        return json_answer(_holdings(catalogue))

    @face.get("/holdings")
    @described(GET=_page("What the catalogue holds"))
    def holdings() -> AnyResponse:
        if wants_json():
            return json_answer(_holdings(catalogue))
        counted = catalogue.recent_stats()
        holds = counted.stats
        classes = in_order(holds.classes, catalogue.names.prefixes) if holds else []
        return page(
            "holdings.html",
            forms=[(JSON, url_for("pages.holdings", format="json"))],
            holds=holds,
            fresh=counted.fresh,
            classes=classes[:MOST_CLASSES],
            more=max(len(classes) - MOST_CLASSES, 0),
        )

    add_editor(face, catalogue)
    add_saved_queries(face, catalogue, settings)
    return face


def _holdings(catalogue: Catalogue) -> dict[str, Any]:
    stats = dataclasses.asdict(catalogue.stats())
    return {
        "title": "dafab-kg",
        "version": __version__,
        "holds": stats,
        "links": {
            "sparql": url_for("sparql.endpoint", _external=True),
            "editor": url_for("pages.editor", _external=True),
            "health": url_for("health.health", _external=True),
        },
        "queries": [describe(query) for query in saved()],
    }
