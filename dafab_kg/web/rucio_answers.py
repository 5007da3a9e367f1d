"""Answers as Rucio gives them: objects, streams of objects, and errors.

Clients compare the whole Content-Type, so nothing follows the media type.  An error has its
class and message in the body and in two headers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson
from flask import Blueprint, Response, current_app, request, stream_with_context
from werkzeug.exceptions import HTTPException

from dafab_kg.model.errors import (
    AnswerTooLong,
    DeadlinePassed,
    MemoryExceeded,
    NameNotValid,
    NotServed,
    PathExists,
    PathNotFound,
    PathNotValid,
    QueryNotValid,
    ThingNotFound,
    TooLarge,
)
from dafab_kg.web.problems import Problem, problem_of

OBJECT: Final = "application/json"
STREAM: Final = "application/x-json-stream"
TEXT: Final = "text/plain"
LONGEST_MESSAGE: Final = 500
_PATHS: Final[Mapping[type[Exception], tuple[int, str]]] = {
    PathNotValid: (400, "InvalidMetadataPath"),
    PathExists: (409, "MetadataPathAlreadyExists"),
    PathNotFound: (404, "MetadataPathNotFound"),
}


class Refused(Exception):
    """An error by the name that Rucio has for it."""

    def __init__(
        self, status: int, name: str, message: str, more: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.name, self.message = status, name, message
        self.more = more or {}


def unauthenticated(message: str) -> Refused:
    """No token, or one that is not good any more: the client logs in again."""
    return Refused(401, "CannotAuthenticate", message)


def no_did(message: str) -> Refused:
    """There is no such data identifier."""
    return Refused(404, "DataIdentifierNotFound", message)


def not_understood(message: str) -> Refused:
    """The request cannot be answered as it is."""
    return Refused(400, "InvalidObject", message)


def unsupported(message: str) -> Refused:
    """Nobody does this here."""
    return Refused(400, "UnsupportedOperation", message)


def answer(value: Any, status: int = 200) -> Response:
    """Answer one JSON value."""
    return Response(orjson.dumps(value), status, content_type=OBJECT)


def stream(lines: Iterable[bytes]) -> Response:
    """Answer JSON values, one a line; what fails before the first is answered as an error."""
    rest = iter(lines)
    first = next(rest, b"")
    body = stream_with_context(_joined(first, rest))
    return Response(body, content_type=STREAM)


def _joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first + b"\n"
    for line in rest:
        yield line + b"\n"


def answer_errors(face: Blueprint) -> None:
    """Make a face answer every error as Rucio does."""

    def handle(error: Exception) -> Response:
        refused = refused_of(error)
        if refused.status == 500:
            current_app.logger.error("%s %s failed", request.method, request.path, exc_info=error)
        return respond(refused, error)

    face.register_error_handler(Exception, handle)


def refused_of(error: Exception) -> Refused:
    """Say how an error is answered."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, ThingNotFound):
        return no_did(str(error))
    if isinstance(error, DeadlinePassed | MemoryExceeded | AnswerTooLong):
        # asked again as it is it would fail again, so that clients should not
        return not_understood(f"{error} Ask for less.")
    if isinstance(error, NotServed):
        return Refused(503, "ServiceUnavailable", str(error))
    if isinstance(error, QueryNotValid | NameNotValid | TooLarge):
        return not_understood(str(error))
    for kind, (status, told) in _PATHS.items():
        if isinstance(error, kind):
            return Refused(status, told, str(error))
    problem = problem_of(error)
    names = {
        401: "CannotAuthenticate",
        403: "AccessDenied",
        404: "UnsupportedOperation",
        405: "UnsupportedOperation",
        503: "ServiceUnavailable",
    }
    name = names.get(problem.status)
    if name is None:
        name = "RucioException" if problem.status in (429, 500) else "InvalidObject"
    return Refused(problem.status, name, f"{problem.detail} {problem.remedy}".strip())


def respond(refused: Refused, error: Exception | None = None) -> Response:
    """Make the response to an error."""
    text = refused.message or refused.name
    if len(text) > LONGEST_MESSAGE:
        text = f"{text[:LONGEST_MESSAGE]}..."
    body = {"ExceptionClass": refused.name, "ExceptionMessage": text, **refused.more}
    response = Response(orjson.dumps(body), refused.status, content_type=OBJECT)
    response.headers["ExceptionClass"] = refused.name
    plain = "".join(sign if " " <= sign <= "~" else "?" for sign in text)
    response.headers["ExceptionMessage"] = plain
    for name, value in _headers(error).items():
        response.headers[name] = value
    return response


def _headers(error: Exception | None) -> Mapping[str, str]:
    if isinstance(error, NotServed):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, Problem):
        return {name: value for name, value in error.headers.items() if name == "Retry-After"}
    if isinstance(error, HTTPException):
        return {name: value for name, value in error.get_headers() if name == "Allow"}
    return {}
