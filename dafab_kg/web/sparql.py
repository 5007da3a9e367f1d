"""The SPARQL endpoint: SPARQL 1.1 Protocol, query and update."""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from tempfile import SpooledTemporaryFile
from typing import IO, Final, cast, get_args

import orjson
from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse
from werkzeug.wsgi import FileWrapper

from dafab_kg.catalogue import Catalogue
from dafab_kg.model.errors import ClientGone, DafabError, QueryNotValid
from dafab_kg.model.log import log
from dafab_kg.model.names import is_iri
from dafab_kg.model.settings import Settings
from dafab_kg.reasoning.reasoner import Facts
from dafab_kg.serving.client import Served, ServedCatalogue
from dafab_kg.store.answers import (
    ASKED,
    FORMATS,
    Format,
    Kind,
    fitting,
    kind_of,
    write_answer,
)
from dafab_kg.store.protocol import Answer
from dafab_kg.web.described import (
    IRI,
    JSON,
    PAGE,
    QUERY,
    RESULT_TYPES,
    UPDATE,
    Operation,
    Parameter,
    Schema,
    described,
)
from dafab_kg.web.gate import request_id, require, sees_private
from dafab_kg.web.graphs import provenance
from dafab_kg.web.metering import note_query, stage
from dafab_kg.web.negotiation import choose, named, prefers_html
from dafab_kg.web.problems import Problem, no_such_format
from dafab_kg.web.protocol import (
    DIRECT,
    DIRECT_UPDATE,
    FORM,
    Asked,
    AskedUpdate,
    read_request,
)
from dafab_kg.web.service import describe

IN_MEMORY = 4 * 1024 * 1024
"""Bytes of an answer kept in memory; what is longer goes through a temporary file."""


_BEYOND: Final = re.compile(r"\b(?:(?:NOW|RAND|UUID|STRUUID)\s*\(|SERVICE\b)", re.IGNORECASE)
"""What may change between commits; a word of a string that looks so costs a kept answer only."""


def _operations() -> dict[str, Operation]:
    """Describe the protocol (SPARQL 1.1 Protocol, sections 2.1 and 2.2)."""
    graphs = {"type": "array", "items": IRI}
    dataset = {"default-graph-uri": graphs, "named-graph-uri": graphs}
    ours = {
        "format": {"type": "string", "enum": [*FORMATS]},
        "facts": {"type": "string", "enum": [*get_args(Facts)]},
        "explain": {"type": "string", "enum": ["true", "false"]},
    }
    query = {"query": QUERY, **dataset, **ours}
    update = {"update": UPDATE, "using-graph-uri": graphs, "using-named-graph-uri": graphs}
    words = {
        "query": "A query; without one the endpoint describes itself.",
        "default-graph-uri": "A graph of the default graph; may be repeated.",
        "named-graph-uri": "A named graph; may be repeated.",
        "format": "Overrides the header Accept.",
        "facts": "What the default graph holds: stated, inferred, or both.",
        "explain": "Tell how the query is answered, as JSON, instead of the answer.",
    }
    asked = tuple(Parameter(name, words[name], schema) for name, schema in query.items())
    form: Schema = {"type": "object", "properties": {**query, **update}}
    return {
        "GET": Operation(
            "Query, or describe the service",
            {200: (*RESULT_TYPES, JSON), 303: (PAGE,), 304: ()},
            (405, 406, 502),
            asked,
        ),
        "POST": Operation(
            "Query or update",
            {200: (*RESULT_TYPES, JSON)},
            (406, 409, 422, 502),
            asked[1:],
            {FORM: form, DIRECT: QUERY, DIRECT_UPDATE: UPDATE},
        ),
    }


def sparql_face(catalogue: Catalogue, settings: Settings) -> Blueprint:
    """Return the endpoint ``/sparql``."""
    face = Blueprint("sparql", __name__)

    @described(**_operations())
    def endpoint() -> AnyResponse:
        if request.method != "POST" and not request.query_string and _is_browser():
            return redirect(url_for("pages.editor"), 303)
        if request.method != "POST" and not request.query_string:
            return describe(catalogue, settings)
        with stage("read"):
            asked = read_request(request)
        if isinstance(asked, AskedUpdate):
            return _update(catalogue, asked)
        if asked.explain:
            note_query(asked.query)
            return _explained(catalogue, asked)
        return answer_query(catalogue, asked, settings)

    def options() -> Response:
        return Response(status=204, headers={"Allow": "GET, HEAD, OPTIONS, POST"})

    for rule, name in (("/sparql", "endpoint"), ("/sparql/", "endpoint_slash")):
        face.add_url_rule(
            rule, name, endpoint, methods=["GET", "POST"], provide_automatic_options=False
        )
        face.add_url_rule(
            rule, f"{name}_options", options, methods=["OPTIONS"], provide_automatic_options=False
        )
    return face


def answer_query(catalogue: Catalogue, asked: Asked, settings: Settings) -> Response:
    """Answer a request by a query, or tell that what the client has is still the answer."""
    note_query(asked.query)
    tag = _tag(catalogue, asked.query)
    if tag and request.if_none_match.contains_weak(tag):
        return _not_modified(tag)
    return _tagged(_answered(catalogue, asked, settings), tag)


def _answered(catalogue: Catalogue, asked: Asked, settings: Settings) -> Response:
    with stage("answer"):
        if isinstance(catalogue, ServedCatalogue):
            return _served(catalogue, asked)
        return _respond(ask(catalogue, asked), asked, catalogue, settings)


def _explained(catalogue: Catalogue, asked: Asked) -> Response:
    """Tell how a query is answered: what the search index found, and the time by stage."""
    with stage("answer"):
        if sees_private():
            raise Problem(
                400,
                "This cannot be explained",
                "Who sees private graphs is answered without the search index.",
                where="parameter explain",
                remedy="Ask without a token that has the scope private.",
            )
        told = catalogue.explain_query(asked.query, base=_base(), facts=asked.facts)
    return Response(orjson.dumps(told), content_type=JSON)


def _base() -> str | None:
    """What relative IRIs of a query are relative to."""
    return request.base_url if is_iri(request.base_url) else None


def _update(catalogue: Catalogue, asked: AskedUpdate) -> Response:
    require("write")
    note_query(asked.update)
    with stage("write"):
        written = catalogue.update(
            asked.update,
            using=asked.using,
            using_named=asked.using_named,
            base=_base(),
            **provenance(),
        )
    return Response(orjson.dumps(written), content_type="application/json")


def _not_modified(tag: str) -> Response:
    """Answer that the client has what the catalogue would answer."""
    response = Response(status=304)
    response.set_etag(tag, weak=True)
    response.vary.add("Accept")
    return response


def _tagged(response: Response, tag: str) -> Response:
    if tag and response.status_code == 200:
        response.set_etag(tag, weak=True)
        response.headers["Cache-Control"] = "no-cache"  # ask each time, by the tag
    return response


def _tag(catalogue: Catalogue, query: str) -> str:
    """Return what names this request's answer at this commit; "" where it is not to be kept.

    What a query asks beyond the store (the time, chance, another endpoint) changes by itself.
    """
    revision = revision_of(catalogue)
    if request.method not in ("GET", "HEAD") or not revision or sees_private():
        return ""
    if _BEYOND.search(query):
        return ""
    asked = (revision, request.full_path, request.headers.get("Accept", ""))
    return hashlib.sha256("\n".join(asked).encode("utf-8", "replace")).hexdigest()[:32]


def revision_of(catalogue: Catalogue) -> str:
    """Return what names the commit that queries see; "" where it is not known."""
    return str(getattr(catalogue, "commit", "") or getattr(catalogue, "revision", ""))


def _is_browser() -> bool:
    return prefers_html(request, over="application/sparql-results+json")


def ask(catalogue: Catalogue, asked: Asked) -> Answer:
    """Put the query to the catalogue; relative IRIs are relative to the request's address.

    Raises:
        QueryNotValid: it cannot be answered.
    """
    return catalogue.query(
        asked.query,
        default_graphs=asked.default_graphs,
        named_graphs=asked.named_graphs,
        facts=asked.facts,
        base=_base(),
        private=sees_private(),
    )


def _served(catalogue: ServedCatalogue, asked: Asked) -> Response:
    """Pass an answer on from a query worker, as it comes.

    A bound that is passed, or a failure, before the first piece goes out is a problem.  One
    that comes later breaks the connection off, so that no client takes a part for the whole.
    """
    chosen = _fitting_each(asked.formats, request.headers.get("Accept", ""))
    served = catalogue.answer(
        asked.query,
        {kind: found[0].name for kind, found in chosen.items() if found is not None},
        default_graphs=asked.default_graphs,
        named_graphs=asked.named_graphs,
        facts=asked.facts,
        base=_base(),
        private=sees_private(),
    )
    found = chosen[served.kind]
    if found is None:
        served.close()
        found = _format(asked.formats, served.kind)  # says what is wrong
    whole = served.whole
    response = Response(
        _pieces(served, request_id()) if whole is None else whole, content_type=found[1]
    )
    response.call_on_close(served.close)
    response.headers["Dafab-Limits"] = _limits(catalogue.settings)
    response.vary.add("Accept")
    return response


def _pieces(served: Served, request_id: str) -> Iterator[bytes]:
    """Give the pieces of an answer; one that ends before its end breaks the connection off."""
    try:
        yield from served
    except DafabError as error:
        if not isinstance(error, ClientGone):
            log(event="answer broken off", request=request_id, reason=type(error).__name__)
        # whoever writes to the connection knows this one, and ends it without a word
        raise BrokenPipeError(errno.EPIPE, type(error).__name__) from error


def _limits(settings: Settings) -> str:
    """Say the bounds of an answer, as a list of parameters (RFC 9110, section 5.6.6)."""
    seconds, rows, size = settings.query_seconds, settings.query_rows, settings.answer_bytes
    return f"seconds={seconds:g}; rows={rows}; bytes={size}"


@lru_cache(maxsize=1024)
def _fitting_each(names: tuple[str, ...], accept: str) -> Mapping[Kind, tuple[Format, str] | None]:
    """Return what each kind of answer would be written as; few clients, so few ways to ask.

    ``accept`` is the request's own header, which :func:`_format` reads.
    """
    return {kind: _fitting(names, kind) for kind in ASKED}


def _fitting(names: tuple[str, ...], kind: Kind) -> tuple[Format, str] | None:
    try:
        return _format(names, kind)
    except (Problem, QueryNotValid):
        return None


def _respond(answer: Answer, asked: Asked, catalogue: Catalogue, settings: Settings) -> Response:
    chosen, content_type = _format(asked.formats, kind_of(answer))
    # The answer is complete before the first byte goes out: a bound that is passed or a
    # failure in the middle is then a problem and not half an answer.
    body = cast(IO[bytes], SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115
    try:
        write_answer(
            answer, chosen.name, body, catalogue.names.prefixes, most_rows=settings.query_rows
        )
    except BaseException:
        body.close()
        raise
    response = _response(body, content_type)
    response.vary.add("Accept")
    return response


def _response(body: IO[bytes], content_type: str) -> Response:
    length = body.tell()
    body.seek(0)
    if length <= IN_MEMORY:
        with body:
            return Response(body.read(), content_type=content_type)
    return Response(
        FileWrapper(body),  # closes the file when the response is closed
        content_type=content_type,
        headers={"Content-Length": str(length)},
        direct_passthrough=True,
    )


def _format(names: tuple[str, ...], kind: Kind) -> tuple[Format, str]:
    if names:
        found = named(names, kind)
        if found is None:
            offers = ", ".join(f.name for f in fitting(kind))
            raise no_such_format(", ".join(names)[:200], f"one of {offers}")
        return found, found.content_type()
    chosen = choose(request, fitting(kind))
    if chosen is None:
        offered = [f.media_type for f in fitting(kind)]
        raise Problem(
            406,
            "None of the accepted types is offered",
            f"The answer of {ASKED[kind]} is not offered as {request.headers.get('Accept', '')}.",
            where="header Accept",
            remedy=f"Accept one of {', '.join(offered)}, or name a format in the address.",
            more={"offered": offered},
        )
    return chosen[0], chosen[0].content_type(chosen[1])
