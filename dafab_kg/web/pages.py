"""Pages for people: what the catalogue holds, an editor, saved queries.  Each has a JSON twin."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

import orjson
from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from dafab_kg import __version__
from dafab_kg.catalogue import Catalogue
from dafab_kg.model.errors import DafabError
from dafab_kg.model.settings import Settings
from dafab_kg.queries import SavedQuery, read_saved, saved
from dafab_kg.store.answers import Kind, fitting, kind_of
from dafab_kg.web.cells import Table, table_of
from dafab_kg.web.classes import MOST_CLASSES, in_order
from dafab_kg.web.described import (
    JSON,
    PAGE,
    PAGE_FORMAT,
    QUERY,
    Operation,
    Parameter,
    described,
)
from dafab_kg.web.html import page
from dafab_kg.web.negotiation import prefers_html
from dafab_kg.web.problems import Problem, problem_of
from dafab_kg.web.protocol import Asked
from dafab_kg.web.search_addresses import PARAMETERS
from dafab_kg.web.search_form import read_form
from dafab_kg.web.searching import asks_something, search_page, twin
from dafab_kg.web.sparql import ask

MOST_SHOWN = 500
"""Rows that a page shows; the downloads beside it hold all."""


QUERY_PARAMETER: Final = Parameter("query", "Shown, and answered, in the page.", QUERY)


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
        return _json(_holdings(catalogue))

    @face.get("/holdings")
    @described(GET=_page("What the catalogue holds"))
    def holdings() -> Response:
        held = _holdings(catalogue)
        if wants_json():
            return _json(held)
        classes = in_order(held["holds"]["classes"], catalogue.names.prefixes)
        return page(
            "holdings.html",
            holdings=held,
            classes=classes[:MOST_CLASSES],
            more=max(len(classes) - MOST_CLASSES, 0),
        )

    @face.get("/query")
    @described(GET=_page("An editor of queries; as JSON the saved ones", QUERY_PARAMETER))
    def editor() -> Response:
        query = request.args.get("query", "")
        if wants_json():
            return _json({"queries": [_link(query) for query in saved()]})
        return _editor(catalogue, query, starter=starter(catalogue.names.prefixes))

    @face.get("/queries")
    @described(GET=_page("Saved queries"))
    def queries() -> Response:
        if wants_json():
            return _json({"queries": [_link(query) for query in saved()]})
        return page("queries.html", queries=saved())

    @face.get("/query/<name>")
    @described(GET=_page("A saved query", QUERY_PARAMETER))
    def saved_query(name: str) -> Response:
        found = read_saved(name)
        if wants_json():
            return _json({**_link(found), "query": found.text})
        return _editor(catalogue, request.args.get("query") or found.text, found)

    return face


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
        "queries": [_link(query) for query in saved()],
    }


def _link(query: SavedQuery) -> dict[str, str]:
    return {
        "name": query.name,
        "title": query.title,
        "description": query.description,
        "href": url_for("pages.saved_query", name=query.name, _external=True),
    }


def starter(prefixes: Mapping[str, str]) -> str:
    """Return what an empty editor begins with: the catalogue's prefixes."""
    declared = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in prefixes.items())
    return f"{declared}\nSELECT * WHERE {{\n  ?product a dafab:Product .\n}}\nLIMIT 20\n"


def _editor(
    catalogue: Catalogue, query: str, chosen: SavedQuery | None = None, starter: str = ""
) -> Response:
    table: Table | None = None
    problem: Problem | None = None
    downloads: list[tuple[str, str]] = []
    if query.strip():
        try:
            answer = ask(catalogue, Asked(query, None, None))
            table = table_of(answer, catalogue.names.prefixes, most_rows=MOST_SHOWN)
            downloads = _downloads(query, kind_of(answer))
        except DafabError as error:
            problem = problem_of(error)
    return page(
        "editor.html",
        status=problem.status if problem else 200,
        query=query or starter,
        chosen=chosen,
        table=table,
        problem=problem,
        downloads=downloads,
        queries=saved(),
        most_shown=MOST_SHOWN,
    )


def _downloads(query: str, kind: Kind) -> list[tuple[str, str]]:
    return [
        (found.label, url_for("sparql.endpoint", query=query, format=found.name))
        for found in fitting(kind)
    ]


def _json(value: Any) -> Response:
    response = Response(orjson.dumps(value), content_type="application/json")
    response.vary.add("Accept")
    return response
