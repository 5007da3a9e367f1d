"""The SPARQL editor: a form that works by itself, and what its script completes words from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

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
MOST_ADDRESS: Final = 7_000
"""Characters of an address that every server and proxy takes; a longer query is sent as a form."""


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
            "To the address of a query; the answer itself where it is too long for an address",
            {200: (PAGE,), 303: (PAGE,)},
            (502,),
            (),
            {FORM: {"type": "object", "properties": {"query": QUERY}}},
        ),
    )
    def editor() -> AnyResponse:
        if request.method == "POST":
            query = request.form.get("query", "").replace("\r\n", "\n")
            if address := _address(query):
                return redirect(address, 303)
            return _editor(catalogue, query)
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


def _address(query: str) -> str:
    """Return the address of a query and its answer; "" if it would be too long."""
    address = url_for("pages.editor", query=query)
    return address if len(address) <= MOST_ADDRESS else ""


def _editor(catalogue: Catalogue, query: str, example: str = "") -> Response:
    chosen = read_saved(example) if example else None
    shown = Shown()
    if query.strip():
        shown = show_answer(catalogue, query)
    permalink = _address(query)
    answers = []
    if shown.table is not None:
        answers = [
            (form.label, url_for("sparql.endpoint", query=query, format=form.name))
            if permalink
            else (form.label, form.name)
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
        permalink=permalink if query else "",
        most=MOST_ADDRESS,
    )
