"""Reading a request of the SPARQL 1.1 Protocol: query (section 2.1) and update (2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast, get_args
from urllib.parse import parse_qsl

from flask import Request

from dafab_kg.model.names import is_iri
from dafab_kg.reasoning.reasoner import Facts
from dafab_kg.web.problems import Problem

FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
DIRECT_UPDATE = "application/sparql-update"
MOST_PARAMETERS = 1_000

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Asked:
    """A query operation; the graphs are None where the request names no dataset.

    ``formats`` are the values of ``format``, a parameter of our own that
    overrides Accept, as other endpoints have it.  ``facts``, our own too, says what
    the default graph holds where the request names no dataset; with ``explain`` the answer
    tells how the query is answered.
    """

    query: str
    default_graphs: tuple[str, ...] | None
    named_graphs: tuple[str, ...] | None
    formats: tuple[str, ...] = ()
    facts: Facts = "both"
    explain: bool = False


@dataclass(frozen=True)
class AskedUpdate:
    """An update operation; the graphs are None where the request names no dataset."""

    update: str
    using: tuple[str, ...] | None = None
    using_named: tuple[str, ...] | None = None


def read_request(request: Request) -> Asked | AskedUpdate:
    """Read a GET, a POST of a form, of a query or of an update.

    Raises:
        Problem: the request is not one operation.
    """
    pairs = _pairs(request.query_string, "the address")
    if _values(pairs, "update"):
        raise Problem(
            405 if request.method == "GET" else 400,
            "Updates are sent by POST",
            "The address holds an update.",
            where="parameter update",
            remedy=f"POST it as {FORM} (update=…) or as {DIRECT_UPDATE}.",
            headers={"Allow": "POST"} if request.method == "GET" else {},
        )
    if request.method == "POST":
        pairs = pairs + _body(request)
    if _values(pairs, "update"):
        return _asked_update(pairs)
    queries = _values(pairs, "query")
    if len(queries) != 1 or not queries[0].strip():
        raise Problem(
            400,
            "There must be one query",
            f"The request has {len(queries)} query parameters."
            if len(queries) != 1
            else "The query is empty.",
            where="parameter query",
            remedy="Send one query: GET /sparql?query=…, or POST it as "
            f"{FORM} (query=…) or as {DIRECT}.",
        )
    formats = tuple(_values(pairs, "format"))
    default_graphs = _graphs(pairs, "default-graph-uri")
    named_graphs = _graphs(pairs, "named-graph-uri")
    if not default_graphs and not named_graphs:
        return Asked(queries[0], None, None, formats, _facts(pairs), _explain(pairs))
    if _explain(pairs):
        raise Problem(
            400,
            "This cannot be explained",
            "The request names a dataset: the search index knows the default graph alone.",
            where="parameter explain",
            remedy="Leave the dataset out, or do not ask to explain.",
        )
    return Asked(queries[0], default_graphs, named_graphs, formats)


def _body(request: Request) -> Pairs:
    media_type = request.mimetype
    if media_type not in (FORM, DIRECT, DIRECT_UPDATE):
        raise Problem(
            415,
            "This type of body is not understood",
            f"The body is declared as {media_type or 'nothing'}.",
            where="header Content-Type",
            remedy=f"Send {DIRECT}, {DIRECT_UPDATE} or {FORM}.",
            headers={"Accept-Post": f"{DIRECT}, {DIRECT_UPDATE}, {FORM}"},
        )
    refuse_other_charsets(request)
    data = request.get_data(cache=False)
    if media_type == FORM:
        return _pairs(data, "the body")
    return [("query" if media_type == DIRECT else "update", _text(data, "the body"))]


def refuse_other_charsets(request: Request) -> None:
    """Refuse a body that is declared as anything but UTF-8.

    Raises:
        Problem: it is.
    """
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise Problem(
            415,
            "This charset is not understood",
            f"The body is declared as {charset[:80]}.",
            where="header Content-Type",
            remedy="Send UTF-8.",
        )


def _asked_update(pairs: Pairs) -> AskedUpdate:
    updates = _values(pairs, "update")
    if len(updates) != 1 or _values(pairs, "query"):
        raise Problem(
            400,
            "There must be one operation",
            "The request holds several updates, or an update and a query.",
            where="parameter update",
            remedy="Send one; an update may hold several operations, with semicolons between.",
        )
    using = _graphs(pairs, "using-graph-uri")
    using_named = _graphs(pairs, "using-named-graph-uri")
    if not using and not using_named:
        return AskedUpdate(updates[0])
    return AskedUpdate(updates[0], using, using_named)


def _pairs(data: bytes, where: str) -> Pairs:
    text = _text(data, where)
    try:
        return parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    except UnicodeDecodeError as error:
        raise _not_utf8(where) from error
    except ValueError as error:
        raise Problem(
            400,
            "There are too many parameters",
            f"The request has more than {MOST_PARAMETERS} parameters.",
            where=where,
            remedy="Send fewer parameters.",
        ) from error


def _text(data: bytes, where: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(where) from error


def _not_utf8(where: str) -> Problem:
    return Problem(
        400,
        "This is not UTF-8",
        "The request holds bytes that are no UTF-8 text.",
        where=where,
        remedy="Send UTF-8; in an address, percent-encode it.",
    )


def _values(pairs: Pairs, name: str) -> list[str]:
    return [value for key, value in pairs if key == name]


def _facts(pairs: Pairs) -> Facts:
    values = _values(pairs, "facts") or ["both"]
    if len(values) > 1 or values[0] not in get_args(Facts):
        raise Problem(
            400,
            "There are no such facts",
            f"The parameter facts is {', '.join(values)[:200]!r}.",
            where="parameter facts",
            remedy=f"Ask for one of {', '.join(get_args(Facts))}.",
        )
    return cast(Facts, values[0])


def _explain(pairs: Pairs) -> bool:
    values = _values(pairs, "explain") or ["false"]
    known = {"true": True, "1": True, "": True, "false": False, "0": False}
    if len(values) > 1 or values[0].lower() not in known:
        raise Problem(
            400,
            "It is not clear whether to explain",
            f"The parameter explain is {', '.join(values)[:200]!r}.",
            where="parameter explain",
            remedy="Send explain=true, or leave it out.",
        )
    return known[values[0].lower()]


def _graphs(pairs: Pairs, name: str) -> tuple[str, ...]:
    graphs = tuple(_values(pairs, name))
    for graph in graphs:
        if not is_iri(graph):
            raise Problem(
                400,
                "A graph of the dataset has no valid IRI",
                f"{graph[:200]!r} is not an absolute IRI.",
                where=f"parameter {name}",
                remedy="Give absolute IRIs.",
            )
    return graphs
