"""Saved queries: each is a page with a form, an API with typed parameters, and a permalink."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from dafab_kg.catalogue import Catalogue
from dafab_kg.model.errors import ParameterNotValid, ThingNotFound
from dafab_kg.model.settings import Settings
from dafab_kg.queries import Parameter, SavedQuery, read_saved, saved
from dafab_kg.queries.parameters import Kind
from dafab_kg.store.answers import FORMATS, fitting
from dafab_kg.web.described import JSON, PAGE, PAGE_FORMAT, RESULT_TYPES, Operation, described
from dafab_kg.web.html import page
from dafab_kg.web.problems import Problem, problem_of
from dafab_kg.web.protocol import Asked
from dafab_kg.web.shown import Shown, show_answer
from dafab_kg.web.sparql import answer_query
from dafab_kg.web.twins import json_answer, wants_json

SUFFIXES: Final[Mapping[str, str]] = {
    **{name: name for name in ("csv", "tsv", "json", "xml", "geojson", "jsonld")},
    "ttl": "turtle",
    "nt": "ntriples",
    "rdf": "rdfxml",
}
"""How addresses end, and the format of answers that each asks for."""
FIRST_LOOK_SECONDS: Final = 0.5
"""How long a page may take that nobody has asked with parameters; "Ask" has all the time."""
_MAKES_GRAPH: Final = re.compile(r"^(?:CONSTRUCT|DESCRIBE)\b", re.MULTILINE)
_INPUTS: Final[Mapping[Kind, str]] = {"integer": "number", "days": "number"}
_SCHEMAS: Final[Mapping[Kind, Mapping[str, Any]]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "days": {"type": "integer"},
    "date": {"type": "string", "description": "A date, or a time with its offset"},
    "iri": {"type": "string", "description": "An IRI, or one with a known prefix"},
    "class": {"type": "string", "description": "An IRI, or one with a known prefix"},
    "place": {"type": "string", "description": "WKT, or west,south,east,north in degrees"},
}


def add_saved_queries(face: Blueprint, catalogue: Catalogue, settings: Settings) -> None:
    """Add ``/queries``, ``/queries/NAME`` and ``/queries/NAME.FORMAT`` to ``face``."""
    face.add_app_template_filter(shlex.quote, "shell")

    @face.get("/queries")
    @described(GET=_page("Saved queries, with their parameters"))
    def queries() -> Response:
        if wants_json():
            return json_answer({"queries": [describe(query) for query in saved()]})
        twins = [(JSON, url_for("pages.queries", format="json"))]
        return page("queries.html", queries=saved(), forms=twins)

    @face.get("/queries/<name>")
    @described(GET=_page("A saved query; its parameters are parameters of the address"))
    def saved_query(name: str) -> Response:
        found = read_saved(name)
        if wants_json():
            return json_answer({**describe(found), "query": found.text})
        return _shown(catalogue, found)

    @face.get("/queries/<name>.<suffix>")
    @described(
        GET=Operation(
            "The answer of a saved query; its parameters are parameters of the address",
            {200: RESULT_TYPES, 304: ()},
            (502,),
        )
    )
    def saved_answer(name: str, suffix: str) -> Response:
        found = read_saved(name)
        if suffix not in SUFFIXES:
            there = ", .".join(SUFFIXES)
            raise ThingNotFound(
                f"There is no form .{suffix[:20]} of an answer. There are: .{there}"
            )
        text = found.with_parameters(given(), catalogue.names.prefixes)
        return answer_query(catalogue, Asked(text, None, None, (SUFFIXES[suffix],)), settings)

    @face.get("/query/<name>")
    @described(GET=Operation("Where a saved query is now", {301: (PAGE,)}))
    def moved_query(name: str) -> AnyResponse:
        read_saved(name)
        return redirect(url_for("pages.saved_query", name=name), 301)


def describe(query: SavedQuery) -> dict[str, Any]:
    """Tell a program what a saved query is, and what its parameters are (JSON Schema)."""
    return {
        "name": query.name,
        "title": query.title,
        "description": query.description,
        "href": url_for("pages.saved_query", name=query.name, _external=True),
        "answers": {
            suffix: url_for("pages.saved_answer", name=query.name, suffix=suffix, _external=True)
            for suffix in suffixes(query)
        },
        "parameters": [_described(parameter) for parameter in query.parameters],
    }


def suffixes(query: SavedQuery) -> list[str]:
    """Return the ends of addresses that fit what a query answers with."""
    fit = {f.name for f in fitting("triples" if _MAKES_GRAPH.search(query.text) else "rows")}
    # only what selects a geometry can be on a map
    if "?wkt" not in query.text:
        fit -= {"geojson"}
    return [suffix for suffix, name in SUFFIXES.items() if name in fit]


def given() -> dict[str, str]:
    """Return the values that the address gives, but for those of the page itself.

    Raises:
        ParameterNotValid: one is given twice.
    """
    found = {}
    for name, values in request.args.lists():
        if name in ("format", "ask"):
            continue
        if len(values) > 1:
            raise ParameterNotValid(f"The parameter {name[:80]!r} is given twice", name[:80])
        found[name] = values[0]
    return found


def _page(summary: str) -> Operation:
    return Operation(summary, {200: (JSON, PAGE)}, (502,), (PAGE_FORMAT,))


def _shown(catalogue: Catalogue, query: SavedQuery) -> Response:
    problem: Problem | None = None
    shown = Shown()
    wrong, text, values = "", query.text, {}
    try:
        values = given()
        text = query.with_parameters(values, catalogue.names.prefixes)
    except ParameterNotValid as error:
        problem, wrong = problem_of(error), error.name
    else:
        first = 0.0 if request.args else FIRST_LOOK_SECONDS
        shown = show_answer(catalogue, text, seconds=first)
        problem = shown.problem
    defaults = {parameter.name: parameter.default for parameter in query.parameters}
    changed = {
        name: value
        for name, value in values.items()
        if value.strip() and value != defaults.get(name)
    }
    answers = [] if wrong else _answers(query, changed)
    return page(
        "saved_query.html",
        status=problem.status if problem else 200,
        forms=[(JSON, url_for("pages.saved_query", name=query.name, format="json"))],
        query=query,
        text=text,
        fields=[_field(p, values.get(p.name, p.default), wrong) for p in query.parameters],
        shown=shown,
        problem=problem,
        answers=answers,
        changed=changed,
        permalink=url_for("pages.saved_query", name=query.name, _external=True, **_named(changed)),
    )


def _answers(query: SavedQuery, changed: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the labels and addresses of the answer in each format that it has."""
    return [
        (
            FORMATS[SUFFIXES[suffix]].label,
            url_for("pages.saved_answer", name=query.name, suffix=suffix, **_named(changed)),
        )
        for suffix in suffixes(query)
    ]


def _named(values: Mapping[str, str]) -> dict[str, Any]:
    """Return parameters for an address; those that routes have are no parameters of queries."""
    return {name: value for name, value in values.items() if not name.startswith("_")}


def _described(parameter: Parameter) -> dict[str, Any]:
    schema = dict(_SCHEMAS[parameter.kind])
    if parameter.least is not None and parameter.most is not None:
        schema |= {"minimum": float(parameter.least), "maximum": float(parameter.most)}
    return {
        "name": parameter.name,
        "kind": parameter.kind,
        "label": parameter.label,
        "unit": parameter.unit,
        "default": parameter.default,
        "schema": schema,
    }


def _field(parameter: Parameter, value: str, wrong: str) -> dict[str, Any]:
    """Return what a field of the form needs."""
    bounds = parameter.least is not None
    return {
        "name": parameter.name,
        "label": parameter.label,
        "unit": parameter.unit,
        "kind": parameter.kind,
        "value": value,
        "default": parameter.default,
        "wrong": parameter.name == wrong,
        # a field for numbers would not show what is none
        "input": "text" if parameter.name == wrong else _input(parameter, value),
        "least": f"{parameter.least:f}" if bounds else "",
        "most": f"{parameter.most:f}" if bounds else "",
    }


def _input(parameter: Parameter, value: str) -> str:
    """Return the type of input that can hold this value."""
    if parameter.kind == "date" and len(value) == len("2022-09-01"):
        return "date"
    if parameter.kind == "number" or parameter.kind in _INPUTS:
        return "number"
    return "text"
