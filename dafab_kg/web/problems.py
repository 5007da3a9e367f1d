"""Problems: every error of the web faces, as RFC 9457 JSON or, for a browser, as a page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, NotFound

from dafab_kg.model.errors import (
    AnswerTooLong,
    DafabError,
    DeadlinePassed,
    DocumentRejected,
    GraphChanged,
    GraphNotWritable,
    ItemNotWritable,
    MemoryExceeded,
    NameNotValid,
    NotDoneHere,
    NotRecognised,
    NotSafe,
    NotServed,
    ParameterNotValid,
    PathExists,
    PathNotFound,
    PathNotValid,
    QueryNotValid,
    ServiceNotUsable,
    ShapeViolated,
    StoreNotUsable,
    ThingChanged,
    ThingExists,
    ThingNotFound,
    TooLarge,
    UpdateNotValid,
)
from dafab_kg.web.faults import readable
from dafab_kg.web.html import page
from dafab_kg.web.negotiation import prefers_html

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Answered:
    """How an error is answered: status, title, and what the client can do."""

    status: int
    title: str
    remedy: str


ERRORS: Final[dict[type[DafabError], Answered]] = {
    ShapeViolated: Answered(
        422, "The graph breaks a shape", "Mend what the report names; nothing was changed."
    ),
    TooLarge: Answered(413, "This is too large", "Send less, or in parts."),
    NotSafe: Answered(403, "This is not allowed", "See the detail for what is."),
    NotRecognised: Answered(
        415, "This type of body is not understood", "Send RDF of a type that is read."
    ),
    DocumentRejected: Answered(400, "The data cannot be accepted", "Mend the data as told."),
    GraphNotWritable: Answered(
        409, "The graph cannot be written so", "See the detail for what can be done."
    ),
    ItemNotWritable: Answered(409, "This cannot be written so", "See the detail for what can."),
    ThingExists: Answered(409, "This is there already", "Replace it, or choose another id."),
    GraphChanged: Answered(412, "The graph is another", "Fetch it again, then write."),
    ThingChanged: Answered(412, "It is another", "Fetch it again, then write."),
    ServiceNotUsable: Answered(502, "Another server does not answer", "Try again later."),
    UpdateNotValid: Answered(400, "The update cannot be done", "Change the update as told."),
    AnswerTooLong: Answered(400, "The answer is too long", "Ask for less, as told."),
    ParameterNotValid: Answered(400, "A parameter does not fit", "Correct it as told."),
    QueryNotValid: Answered(400, "The query cannot be answered", "Change the query as told."),
    NotDoneHere: Answered(400, "This is not done here", "See the detail for what is."),
    PathNotValid: Answered(400, "A path is not valid", "Correct the path."),
    PathExists: Answered(409, "There is something already", "Update it, or choose another path."),
    PathNotFound: Answered(404, "There is nothing at the path", "Insert it, or correct the path."),
    NameNotValid: Answered(400, "An identifier is not valid", "Correct the identifier."),
    ThingNotFound: Answered(404, "There is no such thing", "See / for what there is."),
    StoreNotUsable: Answered(503, "The store cannot be used", "Try again later."),
}
"""Status of each error, the special ones first; one of dafab-kg that is not here is the server's
fault (500)."""

_LESS: Final = "Ask for less: name a class, a place or a time, or add LIMIT."
BOUNDED: Final[dict[type[DafabError], tuple[str, str]]] = {
    DeadlinePassed: ("This took too long", _LESS),
    MemoryExceeded: ("This needed too much memory", _LESS),
}
"""Title and remedy of what passed a bound: the same again would pass it again."""
NOT_NOW: Final = (
    "The server cannot answer this now",
    "Try again after the time that Retry-After tells, or ask for less.",
)

_POSITION = re.compile(r"(?:error )?at (\d+):(\d+)")


@dataclass(eq=False)  # not frozen: Python sets an exception's traceback
class Problem(Exception):
    """Something wrong in a request: what, where, and the remedy."""

    status: int
    title: str
    detail: str
    where: str = ""
    remedy: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, object] = field(default_factory=dict)


def problem_of(error: Exception) -> Problem:
    """Say how ``error`` is answered."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return _from_http(error)
    if isinstance(error, NotServed):
        title, remedy = BOUNDED.get(type(error), NOT_NOW)
        return Problem(
            503,
            title,
            str(error),
            remedy=remedy,
            headers={"Retry-After": str(error.retry_after)},
            more={"reason": type(error).__name__, "limit": error.limit},
        )
    for kind, answered in ERRORS.items():
        if isinstance(error, kind):
            return _known(error, answered)
    return Problem(
        500,
        "Something went wrong here",
        "The request could not be answered because of a fault in the server.",
        remedy="Tell the operator; the server's log holds the cause.",
    )


def _known(error: DafabError, answered: Answered) -> Problem:
    """Say how an error of dafab-kg is answered, in the parts that it has."""
    text, where, remedy = str(error), "", answered.remedy
    more: dict[str, object] = {"reason": type(error).__name__}
    if isinstance(error, DocumentRejected):
        text, where, remedy = error.what, error.where, error.remedy or remedy
    elif isinstance(error, ParameterNotValid):
        where = f"parameter {error.name}" if error.name else ""
    elif position := _POSITION.search(text):
        of = "update" if isinstance(error, UpdateNotValid) else "query"
        where = f"line {position[1]}, column {position[2]} of the {of}"
    if isinstance(error, ShapeViolated):
        more["report"] = error.report
    elif isinstance(error, AnswerTooLong):
        more["limit"] = error.limit
    return Problem(answered.status, answered.title, readable(text), where, remedy, more=more)


def _from_http(error: HTTPException) -> Problem:
    code = error.code or 500
    headers = {
        name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}
    }
    remedies = {
        404: "See / for what there is.",
        405: f"Use one of {headers.get('Allow', 'the methods in Allow')}.",
        413: f"Send at most {request.max_content_length} bytes.",
    }
    return Problem(
        code,
        HTTPStatus(code).phrase,
        _detail(error, code),
        where=request.path,
        remedy=remedies.get(code, "Correct the request."),
        headers=headers,
    )


def _detail(error: HTTPException, code: int) -> str:
    """Say what is wrong; where no route fits, in words of our own."""
    if code == 404 and error.description == NotFound.description:
        return "There is nothing at this address."
    return error.description or HTTPStatus(code).phrase


def not_offered(what: str, offered: Sequence[str]) -> Problem:
    """Say that ``what`` is not offered as any media type that a request accepts."""
    return Problem(
        406,
        "None of the accepted types is offered",
        f"{what} are not offered as {request.headers.get('Accept', '')[:200]}.",
        where="header Accept",
        remedy=f"Accept one of {', '.join(offered)}, or name a format in the address.",
        more={"offered": list(offered)},
    )


def no_such_format(words: str, choices: str) -> Problem:
    """Say that ``words`` of a parameter ``format`` name none, or several, of the ``choices``."""
    return Problem(
        400,
        "There is no such format",
        f"The request names {words!r}, which is not one format.",
        where="parameter format",
        remedy=f"Choose {choices}.",
    )


def respond(problem: Problem) -> Response:
    """Make the response: a page if a browser asks for one, JSON otherwise."""
    body = {
        "type": "about:blank" if problem.status == 500 else _type(problem.title),
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "where": problem.where,
        "remedy": problem.remedy,
        **problem.more,
    }
    if prefers_html(request, over=MEDIA_TYPE):
        response = page("problem.html", status=problem.status, problem=problem)
    else:
        response = Response(orjson.dumps(body), problem.status, content_type=MEDIA_TYPE)
    response.headers.update(dict(problem.headers))
    response.vary.add("Accept")
    return response


def _type(title: str) -> str:
    return "tag:w3id.org,2026:dafab/problem/" + re.sub(r"[^a-z]+", "-", title.lower()).strip("-")


def answer_problems(app: Flask) -> None:
    """Make ``app`` answer every error as a problem."""

    def handle(error: Exception) -> Response:
        problem = problem_of(error)
        if problem.status == 500:
            app.logger.error("%s %s failed", request.method, request.path, exc_info=error)
        return respond(problem)

    app.register_error_handler(Exception, handle)
