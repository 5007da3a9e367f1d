"""The SPARQL 1.1 Graph Store HTTP Protocol at ``/graphs``.

A graph is named by ``?graph=IRI``, by ``?default``, or by its own address below
``/graphs/``.  The default graph that is fetched or written whole here is the graph that
stands for it in writing (docs/decisions/writing.md), not the merge that queries see.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, Final, cast

from flask import Blueprint, Response, request, url_for
from werkzeug.urls import iri_to_uri

from dafab_kg.catalogue import Catalogue
from dafab_kg.catalogue.writing import SUFFIXES
from dafab_kg.ingest.prepare import written_id
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.model.names import Names, is_iri
from dafab_kg.model.resources import text
from dafab_kg.model.settings import Settings
from dafab_kg.store.answers import Format, fitting
from dafab_kg.store.oxigraph import write_triples
from dafab_kg.store.protocol import Blank, Iri, Literal, Solutions, Term, Triples
from dafab_kg.web.described import (
    GRAPH_FORMAT,
    GRAPH_TYPES,
    IRI,
    TEXT,
    Operation,
    Parameter,
    described,
)
from dafab_kg.web.gate import admit_writers, caller, request_id, require, sees_private
from dafab_kg.web.metering import stage
from dafab_kg.web.negotiation import choose, named
from dafab_kg.web.problems import Problem
from dafab_kg.web.protocol import refuse_other_charsets

METHODS = ["GET", "HEAD", "PUT", "POST", "DELETE"]

NAMED: Final = (
    Parameter("graph", "The graph's IRI.", IRI),
    Parameter("default", "Without a value: the default graph.", {"const": ""}),
)
PRIVATE: Final = Parameter(
    "private", "The graph becomes private.", {"type": "string", "enum": ["0", "1"]}
)
IF_MATCH: Final = Parameter("If-Match", "ETags (RFC 9110).", place="header")
IF_NONE_MATCH: Final = Parameter("If-None-Match", "ETags (RFC 9110).", place="header")


def _operations(names: tuple[Parameter, ...]) -> dict[str, Operation]:
    """Describe the methods, for graphs that are named by these parameters."""
    bodies = {name: {**TEXT, "format": suffix[1:]} for name, suffix in SUFFIXES.items()}
    parts = {"type": "object", "additionalProperties": {"type": "string", "format": "binary"}}
    write = Operation(
        "",
        {201: (), 204: ()},
        (409, 412, 422),
        (*names, PRIVATE, IF_MATCH, IF_NONE_MATCH),
        {**bodies, "multipart/form-data": parts},
        "write",
    )
    return {
        "GET": Operation(
            "Fetch a graph",
            {200: GRAPH_TYPES, 304: ()},
            (406,),
            (*names, GRAPH_FORMAT, IF_NONE_MATCH),
        ),
        "PUT": replace(write, summary="Replace a graph, or make it"),
        "POST": replace(write, summary="Add to a graph, or make one"),
        "DELETE": Operation(
            "Remove a graph", {204: ()}, (409, 412), (*names, IF_MATCH), scope="write"
        ),
    }


def graphs_face(catalogue: Catalogue, settings: Settings) -> Blueprint:
    """Return ``/graphs`` and ``/graphs/…``."""
    face = Blueprint("graphs", __name__)

    face.before_request(partial(admit_writers, settings))

    @face.route("/graphs", methods=METHODS)
    @described(**_operations(NAMED))
    def graph_named() -> Response:
        return answer("")

    @face.route("/graphs/<path:rest>", methods=METHODS)
    @described(**_operations(()))
    def graph(rest: str) -> Response:
        return answer(rest)

    def answer(rest: str) -> Response:
        name, exists = _named(rest)
        if request.method in ("GET", "HEAD"):
            if not exists:
                raise _unnamed("There is no graph of graphs to fetch.")
            return _get(catalogue, name)
        require("write")
        if request.method == "DELETE":
            if not exists:
                raise _unnamed("Which graph is to go?")
            return _delete(catalogue, name)
        if not exists:
            if request.method == "PUT":
                raise _unnamed("Which graph is to be replaced?")
            # section 5.5: the server gives a new graph its name
            name = url_for("graphs.graph", rest=secrets.token_hex(10), _external=True)
        return _write(catalogue, name)

    return face


def _named(rest: str) -> tuple[str | None, bool]:
    """Return the graph that the request names (None: the default one), and whether it does."""
    given = request.args.getlist("graph")
    default = "default" in request.args
    if rest:
        if given or default:
            raise _unnamed("The address names a graph already.")
        name = iri_to_uri(request.base_url)
        if not is_iri(name):
            raise _unnamed("The address is no valid IRI.")
        return name, True
    if (default and given) or len(given) > 1:
        raise _unnamed("The request names more than one graph.")
    if default:
        return None, True
    if not given:
        return None, False
    if not is_iri(given[0]):
        raise _unnamed(f"{given[0][:200]!r} is not an absolute IRI.")
    return given[0], True


def _unnamed(detail: str) -> Problem:
    return Problem(
        400,
        "The request must name one graph",
        detail,
        where="address",
        remedy="Say ?graph=IRI or ?default, or give the graph's own address below /graphs/.",
    )


# reading


def _get(catalogue: Catalogue, graph: str | None) -> Response:
    names = catalogue.names
    name = names.make("written_default") if graph is None else graph
    chosen, content_type = _format()
    tag = _tag(catalogue, name)
    if tag and f"{tag}-{chosen.name}" in request.if_none_match:
        response = Response(status=304)
        response.set_etag(f"{tag}-{chosen.name}")
        response.vary.add("Accept")
        return response
    with stage("answer"):
        query = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{name}> {{ ?s ?p ?o }} }}"
        found = list(_with_blanks(cast(Triples, _asked(catalogue, query)), names))
        if not found and graph is not None:
            raise ThingNotFound(f"There is no graph <{name}>")
    out = io.BytesIO()
    with stage("write"):
        write_triples(found, chosen.media_type, out, names.prefixes)
    response = Response(out.getvalue(), content_type=content_type)
    response.vary.add("Accept")
    if tag:
        response.set_etag(f"{tag}-{chosen.name}")
    return response


def _asked(catalogue: Catalogue, query: str, **options: Any) -> Any:
    return catalogue.query(query, private=sees_private(), **options)


def _tag(catalogue: Catalogue, graph: str) -> str:
    """Return what names the content of a graph that users wrote; "" for others."""
    document = catalogue.names.make("graph", document_id=written_id(graph))
    query = text("queries/internal", "content-hash.rq")
    rows = cast(Solutions, _asked(catalogue, query, bindings={"graph": Iri(document)}))
    tags = [row[1].value for row in rows if isinstance(row[1], Literal)]
    return tags[0] if len(tags) == 1 else ""


def _with_blanks(
    triples: Iterable[tuple[Term, Term, Term]], names: Names
) -> Iterator[tuple[Term, Term, Term]]:
    """Turn the IRIs that stand for blank nodes back into such (RDF 1.1 Concepts 3.5)."""
    room = names.make("written_node", node_id="")

    def plain(term: Term) -> Term:
        if isinstance(term, Iri) and term.value.startswith(room):
            label = term.value[len(room) :]
            return Blank("n" + "".join(c if c.isalnum() else f"x{ord(c):x}x" for c in label))
        return term

    for subject, predicate, value in triples:
        yield plain(subject), predicate, plain(value)


def _format() -> tuple[Format, str]:
    words = request.args.getlist("format")
    offered = fitting("triples")
    if words:
        found = named(words, "triples")
        if found is not None:
            return found, found.content_type()
    chosen = choose(request, offered) if not words else None
    if chosen is None:
        raise Problem(
            400 if words else 406,
            "None of the accepted types is offered",
            "A graph is not offered so.",
            where="parameter format" if words else "header Accept",
            remedy=f"Ask for one of {', '.join(f.media_type for f in offered)}.",
            more={"offered": [f.media_type for f in offered]},
        )
    return chosen[0], chosen[0].content_type(chosen[1])


# writing


def _write(catalogue: Catalogue, graph: str | None) -> Response:
    private = request.args.get("private", "") in ("1", "true", "yes")
    if private:
        require("private")
    (data, media_type), *more = _bodies()
    with stage("write"):
        written = catalogue.put_graph(
            graph,
            data,
            media_type,
            more=more,
            # relative to the graph's own name (section 4.1), the default graph's to this
            base=graph or iri_to_uri(request.base_url),
            merge=request.method == "POST",
            if_match=_tags("If-Match"),
            if_none_match=_tags("If-None-Match"),
            make_private=private,
            **provenance(),
        )
    created = bool(written.created)
    headers = {}
    if created and graph is not None:
        headers["Location"] = graph
    return Response(status=201 if created else 204, headers=headers)


def _delete(catalogue: Catalogue, graph: str | None) -> Response:
    with stage("write"):
        catalogue.delete_graph(graph, if_match=_tags("If-Match"), **provenance())
    return Response(status=204)


def provenance() -> dict[str, Any]:
    """Return who writes and by which request, as the catalogue's methods take it."""
    return {
        "agent": caller().name,
        "origin": f"{request.method} {request.path[:80]}, request {request_id()}",
        "private": sees_private(),
    }


def _bodies() -> list[tuple[bytes, str]]:
    """Return the graphs of the body with their media types: one, or those of a form (5.5)."""
    if request.mimetype == "multipart/form-data":
        files = list(request.files.values())
        if not files:
            raise Problem(
                400,
                "The form holds no graph",
                "No part of the form is a file.",
                where="the body",
                remedy="Send each graph as a file part with its Content-Type.",
            )
        return [(file.stream.read(), file.mimetype) for file in files]
    refuse_other_charsets(request)
    return [(request.get_data(cache=False), request.mimetype)]


def _tags(header: str) -> tuple[str, ...]:
    """Return what a precondition names, without what our tags say of the format."""
    value = request.headers.get(header, "").strip()
    if not value:
        return ()
    if value == "*":
        return ("*",)
    found = request.if_match if header == "If-Match" else request.if_none_match
    told = found.as_set(include_weak=header != "If-Match")
    # werkzeug reads "" as None; it is a tag like others, which no graph has
    tags = tuple(tag.partition("-")[0] for tag in told if tag)
    return tags or ("none",)
