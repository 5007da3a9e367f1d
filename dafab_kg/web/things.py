"""Things by their names: what is known of one, how that is known, and why a triple holds.

JSON of what ``dafab-kg search``, ``show`` and ``reason explain`` tell; programs read it.
"""

from __future__ import annotations

from typing import Any, Final

import orjson
from flask import Blueprint, Response, request

from dafab_kg.catalogue import Catalogue
from dafab_kg.python.things import as_json
from dafab_kg.web.described import JSON, Operation, Parameter, described
from dafab_kg.web.problems import Problem

MOST_FOUND: Final = 1_000
MOST_CHARACTERS: Final = 4_096

_WORDS: Final = (
    Parameter("words", "Words, or beginnings of words, of names, labels and places."),
    Parameter(
        "limit",
        "Most things to list.",
        {"type": "integer", "minimum": 1, "maximum": MOST_FOUND, "default": 20},
    ),
)
_ID: Final = (Parameter("id", "An IRI, a product id, a STAC item id or a DID."),)
_TRIPLE: Final = (Parameter("triple", "Subject, predicate and object, as in Turtle."),)


def things_face(catalogue: Catalogue) -> Blueprint:
    """Return ``/things`` and what is below it."""
    face = Blueprint("things", __name__, url_prefix="/things")

    @face.get("")
    @described(GET=Operation("Find things by words", {200: (JSON,)}, (), _WORDS))
    def things() -> Response:
        found = catalogue.find_things(_text("words"), limit=_limit())
        return _json({"things": [{"iri": iri, "text": text} for iri, text in found]})

    @face.get("/description")
    @described(GET=Operation("What is known of a thing", {200: (JSON,)}, (), _ID))
    def description() -> Response:
        return _json(as_json(catalogue.show(_text("id"))))

    @face.get("/provenance")
    @described(GET=Operation("How what is known of a thing is known", {200: (JSON,)}, (), _ID))
    def provenance() -> Response:
        return _json(as_json(catalogue.provenance(_text("id"))))

    @face.get("/proof")
    @described(GET=Operation("Why a triple holds", {200: (JSON,)}, (), _TRIPLE))
    def proof() -> Response:
        return _json(as_json(catalogue.explain(_text("triple"))))

    return face


def _text(name: str) -> str:
    given = request.args.getlist(name)
    if len(given) != 1 or not given[0].strip():
        raise _bad(name, "It is not there once.", f"Send {name} once.")
    if len(given[0]) > MOST_CHARACTERS:
        raise _bad(name, f"It has more than {MOST_CHARACTERS} characters.", "Send a shorter one.")
    return given[0]


def _limit() -> int:
    given = request.args.get("limit", "20")
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 0
    if not 1 <= number <= MOST_FOUND:
        raise _bad("limit", f"It is no number from 1 to {MOST_FOUND}.", "Send a limit such as 20.")
    return number


def _bad(name: str, detail: str, remedy: str) -> Problem:
    return Problem(
        400, "A parameter is not valid", detail, where=f"parameter {name}", remedy=remedy
    )


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), content_type=JSON)
