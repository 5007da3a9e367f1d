"""The SPARQL editor: a form that works by itself, and what its script completes words from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, Response, request, url_for

from dafab_kg.catalogue import Catalogue
from dafab_kg.queries import read_saved, saved
from dafab_kg.store.answers import fitting
from dafab_kg.web.completing import words_of
from dafab_kg.web.described import JSON, PAGE, PAGE_FORMAT, QUERY, Operation, Parameter, described
from dafab_kg.web.html import page
from dafab_kg.web.protocol import FORM
from dafab_kg.web.saved_queries import describe
from dafab_kg.web.shown import Shown, show_answer
from dafab_kg.web.twins import json_answer, wants_json

_QUERY: Final = Parameter("query", "Shown, and answered, in the page.", QUERY)
_EXAMPLE: Final = Parameter("example", "Name of a saved query, shown and not yet answered.")
MOST_ADDRESS: Final = 6_000
"""Characters of a query that fits in an address; links to longer ones lead nowhere."""


def add_editor(face: Blueprint, catalogue: Catalogue) -> None:
    """Add ``/query`` and ``/query/terms.json`` to ``face``."""

    @face.route("/query", methods=["GET", "POST"])
    @described(
        GET=Operation(
            "An editor of queries; as JSON the saved ones",
            {200: (JSON, PAGE)},
            (502,),
            (_QUERY, _EXAMPLE, PAGE_FORMAT),
        ),
        POST=Operation(
            "The editor with the answer of a query that is too long for an address",
            {200: (PAGE,)},
            (502,),
            (),
            {FORM: {"type": "object", "properties": {"query": QUERY}}},
        ),
    )
    def editor() -> Response:
        if request.method == "POST":
            return _editor(catalogue, request.form.get("query", ""))
        if wants_json():
            return json_answer({"queries": [describe(query) for query in saved()]})
        return _editor(catalogue, request.args.get("query", ""), request.args.get("example", ""))

    @face.get("/query/terms.json")
    @described(GET=Operation("Prefixes, classes and properties, to complete", {200: (JSON,)}))
    def terms() -> Response:
        response = json_answer(words_of(catalogue))
        response.headers["Cache-Control"] = "max-age=300"
        return response


def starter(prefixes: Mapping[str, str]) -> str:
    """Return what an empty editor begins with."""
    return (
        f"PREFIX dafab: <{prefixes['dafab']}>\n\n"
        "SELECT * WHERE {\n  ?product a dafab:Product .\n}\nLIMIT 20\n"
    )


def _editor(catalogue: Catalogue, query: str, example: str = "") -> Response:
    chosen = read_saved(example) if example else None
    shown = Shown()
    if query.strip():
        shown = show_answer(catalogue, query)
    fits = len(query) <= MOST_ADDRESS
    answers = []
    if shown.table is not None and fits:
        answers = [
            (form.label, url_for("sparql.endpoint", query=query, format=form.name))
            for form in fitting(shown.kind)
            if form.name != "geojson" or shown.places is not None
        ]
    return page(
        "editor.html",
        status=shown.status,
        forms=[(JSON, url_for("pages.editor", format="json"))],
        query=query or (chosen.text if chosen else starter(catalogue.names.prefixes)),
        asked=query,
        chosen=chosen,
        shown=shown,
        problem=shown.problem,
        answers=answers,
        queries=saved(),
        permalink=url_for("pages.editor", query=query) if fits and query else "",
    )
