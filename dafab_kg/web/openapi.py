"""The HTTP API described: OpenAPI 3.1, at ``/openapi.json``.

It is made from the routes that the application has and from what each view says of itself,
so that it cannot name what is not there; a test fails for a route that says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from flask import Blueprint, Flask, Response, current_app
from werkzeug.routing import Rule

from dafab_kg import __version__
from dafab_kg.web.described import JSON, PAGE, Operation, Parameter, described, operations_of
from dafab_kg.web.problems import MEDIA_TYPE as PROBLEM

ANY: Final = "*/*"
OTHERS: Final[Mapping[str, Mapping[str, Operation]]] = {
    "pages.static": {
        "GET": Operation("A file that the pages need", {200: (ANY,), 206: (ANY,), 304: ()}, (416,)),
    },
}
"""What is said of views that are not ours, by endpoint."""

ALWAYS: Final = (400, 401, 403, 404, 413, 415, 429, 503)
"""Statuses that any request can meet: codings and lengths, tokens, rates, a busy server."""

_VARIABLE: Final = re.compile(r"<(?:(?P<kind>\w+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
_EMPTY: Final = frozenset({204, 304})


def openapi_face() -> Blueprint:
    """Return ``/openapi.json``."""
    face = Blueprint("openapi", __name__)

    @face.get("/openapi.json")
    @described(GET=Operation("This description", {200: (JSON,)}))
    def openapi() -> Response:
        return Response(orjson.dumps(document(current_app)), content_type=JSON)

    return face


def document(app: Flask) -> dict[str, Any]:
    """Describe all routes of ``app``."""
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, operation in _described(app):
        held = paths.setdefault(_template(rule), {})
        held[method.lower()] = _operation(rule, method, operation)
        if method == "GET":
            held["head"] = _operation(rule, "HEAD", operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "dafab-kg",
            "version": __version__,
            "description": "A catalogue of Earth Observation data as one knowledge graph. "
            "Queries: SPARQL 1.1 Protocol at /sparql; graphs: Graph Store Protocol at /graphs.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {"Problem": _PROBLEM_SCHEMA},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Made by `dafab-kg token create`.",
                }
            },
        },
    }


def undescribed(app: Flask) -> list[str]:
    """Return the routes of ``app`` of which nothing is said, as ``METHOD rule``."""
    told = {(rule.rule, method) for rule, method, _ in _described(app)}
    return [
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if (rule.rule, method) not in told
    ]


def _described(app: Flask) -> Iterator[tuple[Rule, str, Operation]]:
    for rule in app.url_map.iter_rules():
        said = OTHERS.get(rule.endpoint) or operations_of(app.view_functions[rule.endpoint])
        for method, operation in said.items():
            if method in (rule.methods or ()):
                yield rule, method, operation


def _template(rule: Rule) -> str:
    return _VARIABLE.sub(lambda found: f"{{{found['name']}}}", rule.rule)


def _operation(rule: Rule, method: str, operation: Operation) -> dict[str, Any]:
    names = rule.endpoint.replace(".", "_")
    form = re.sub(r"\W+", "_", _template(rule)).strip("_")
    told: dict[str, Any] = {
        "operationId": f"{method.lower()}_{names}_{form}".strip("_"),
        "summary": operation.summary,
        "parameters": [*_path_parameters(rule, operation), *_parameters(operation)],
        "responses": dict(_responses(method, operation)),
        # who brings no token may still read, where nothing else is set
        "security": [{"token": []}] if operation.scope else [{}, {"token": []}],
    }
    if operation.scope:
        told["description"] = f"Needs a token with the scope {operation.scope}."
    if operation.bodies:
        told["requestBody"] = {
            "required": True,
            "content": {name: {"schema": dict(s)} for name, s in operation.bodies.items()},
        }
    return told


def _path_parameters(rule: Rule, operation: Operation) -> Iterator[dict[str, Any]]:
    said = {p.name: p for p in operation.parameters if p.place == "path"}
    for found in _VARIABLE.finditer(rule.rule):
        whole = found["kind"] == "path"
        schema = {"type": "string", "minLength": 1, **({} if whole else {"pattern": "^[^/]+$"})}
        one = said.get(found["name"]) or Parameter(found["name"], "", schema, "path")
        yield _parameter(one, required=True)


def _parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    for parameter in operation.parameters:
        if parameter.place != "path":
            yield _parameter(parameter, required=False)


def _parameter(parameter: Parameter, *, required: bool) -> dict[str, Any]:
    told = {
        "name": parameter.name,
        "in": parameter.place,
        "required": required,
        "schema": dict(parameter.schema),
    }
    if parameter.description:
        told["description"] = parameter.description
    if parameter.schema.get("type") == "array":
        told |= {"style": "form", "explode": True}
    return told


def _responses(method: str, operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    answers: dict[int, dict[str, Any]] = {}
    for status in (*ALWAYS, *operation.problems):
        answers[status] = {PROBLEM: {"schema": _PROBLEM}, PAGE: {"schema": {"type": "string"}}}
        if operation.errors:
            answers[status] = dict.fromkeys(operation.errors, _ANYTHING)
    for status, types in operation.answers.items():
        held = answers.setdefault(status, {})
        held |= dict.fromkeys(types, _ANYTHING)
    for status, content in sorted(answers.items()):
        told: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if content and method != "HEAD" and status not in _EMPTY:
            told["content"] = content
        yield str(status), told


_ANYTHING: Final[dict[str, Any]] = {}
_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}
_PROBLEM_SCHEMA: Final = {
    "type": "object",
    "description": "What is wrong, where, and what to do (RFC 9457).",
    "required": ["type", "title", "status", "detail", "where", "remedy"],
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "detail", "where", "remedy")},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "reason": {"type": "string", "description": "Of a 503: which bound was passed."},
        "limit": {"type": "object", "description": "Of a 503: the bound."},
        "report": {"type": "string", "description": "Of a 422: the SHACL report, as Turtle."},
    },
}
