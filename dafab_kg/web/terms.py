"""The ontology's IRIs, served: terms, modules and their versions.

``https://w3id.org/dafab/ns#Term`` leads here to ``/ns#Term``, which lists all terms, and
``https://w3id.org/dafab/ont/core`` to ``/ont/core``.  A term has a page of its own at
``/ns/Term``.  HCAT's concepts have IRIs without a fragment; these name crops, not
documents, so ``/hcat/3301010000`` answers with 303 and where it is described.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from threading import Lock
from typing import Any
from urllib.parse import quote

import orjson
from flask import Blueprint, Response, redirect, request, url_for
from rdflib import BNode, Graph, URIRef
from rdflib.term import Literal as RdfLiteral
from rdflib.term import Node
from werkzeug.wrappers import Response as AnyResponse

from dafab_kg.catalogue import Catalogue
from dafab_kg.model import resources
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.model.names import NS, PREFIXES
from dafab_kg.store.answers import FORMATS, Format, fitting
from dafab_kg.store.jsonld import write_jsonld
from dafab_kg.store.protocol import Blank, Iri, Literal, Term
from dafab_kg.store.rows import term_json
from dafab_kg.vocabulary.describe import Description, describe, short
from dafab_kg.vocabulary.held import Vocabulary, read_vocabulary
from dafab_kg.vocabulary.order import KNOWN_PREFIXES
from dafab_kg.web.addresses import HCAT
from dafab_kg.web.described import (
    GRAPH_TYPES,
    JSON,
    PAGE,
    Operation,
    described,
    format_of,
)
from dafab_kg.web.html import page
from dafab_kg.web.negotiation import choose, named, prefers_html
from dafab_kg.web.problems import Problem

SUFFIXES = {"ttl": "turtle", "nt": "ntriples", "jsonld": "jsonld", "rdf": "rdfxml"}
_RDFLIB = {"turtle": "turtle", "ntriples": "nt", "rdfxml": "xml"}


def _told(summary: str, *more: str) -> Operation:
    """Describe a view that answers with RDF or a page."""
    names = [f.name for f in fitting("triples")]
    return Operation(
        summary,
        {200: (*GRAPH_TYPES, PAGE, *more)},
        (406,),
        (format_of("html", *(["json"] if more else []), *names),),
    )


def terms_face(catalogue: Catalogue) -> Blueprint:
    """Return ``/ns``, ``/ns/TERM``, ``/ont/MODULE[/VERSION]`` and ``/hcat/CODE``."""
    face = Blueprint("terms", __name__)
    vocabulary = _once(read_vocabulary)

    # What the package holds never changes, and takes seconds to put in order or to write.
    @cache
    def listed(module: str) -> list[Description]:
        words = vocabulary()
        return [describe(t, words) for t in words.terms(module)]

    @cache
    def written(module: str, form: str) -> bytes:
        words = vocabulary()
        return _written(words.modules[module] if module else words.whole, FORMATS[form])

    face.add_app_template_filter(short, "term_name")

    @face.get("/ns")
    @face.get("/ns.<suffix>")
    @described(GET=_told("All terms"))
    def namespace(suffix: str = "") -> AnyResponse:
        words = vocabulary()
        form = _rdf_form(suffix)
        if form is not None:
            return _response(written("", form.name), form.content_type())
        modules = [(name, words.version(name), listed(name)) for name in words.modules]
        return _page("namespace.html", modules=modules, namespace=NS)

    @face.get("/ns/<local>")
    @face.get("/ns/<local>.<suffix>")
    @described(GET=_told("A term", JSON))
    def term(local: str, suffix: str = "") -> AnyResponse:
        return _term(NS + local, suffix)

    @face.get("/ns/hcat/<local>")
    @face.get("/ns/hcat/<local>.<suffix>")
    @described(GET=_told("A crop", JSON))
    def crop_page(local: str, suffix: str = "") -> AnyResponse:
        return _term(HCAT + local, suffix)

    @face.get("/hcat/<local>")
    @described(GET=Operation("Where a crop is described", {303: (PAGE,)}))
    def crop(local: str) -> AnyResponse:
        vocabulary().find(HCAT + local)
        answer = redirect(url_for("terms.crop_page", local=local), 303)
        answer.vary.add("Accept")
        return answer

    @face.get("/ont/<module>")
    @face.get("/ont/<module>.<suffix>")
    @described(GET=_told("A module of the ontology"))
    def module(module: str, suffix: str = "") -> AnyResponse:
        return _module(module, suffix)

    @face.get("/ont/<module>/<version>")
    @described(GET=_told("A version of a module"))
    def version(module: str, version: str) -> AnyResponse:
        return _module(module, "", version)

    def _module(name: str, suffix: str, version: str = "") -> AnyResponse:
        words = vocabulary()
        stated = _named(words, name, version)
        form = _rdf_form(suffix)
        if form is None:
            modules = [(name, stated, listed(name))]
            return _page("namespace.html", modules=modules, namespace=NS, alone=name)
        if form == FORMATS["turtle"]:
            # the file as it stands, comments and all
            return _response(words.texts[name].encode(), form.content_type())
        return _response(written(name, form.name), form.content_type())

    def _term(iri: str, suffix: str) -> AnyResponse:
        words = vocabulary()
        found = words.find(iri)
        form = _form(suffix, with_json=True)
        if not isinstance(form, Format) and form is not None:
            told = {**asdict(describe(found, words)), "uses": uses(catalogue, iri)}
            return _response(orjson.dumps(told), "application/json")
        if form is not None:
            return _response(_written(words.about(found), form), form.content_type())
        return _page("term.html", term=describe(found, words), uses=uses(catalogue, iri))

    return face


def uses(catalogue: Catalogue, iri: str) -> dict[str, int]:
    """Count what the catalogue holds of a term: as ``class``, ``property``, ``value``."""
    text = resources.text("queries", "internal/term-uses.rq")
    answer = catalogue.query(text, bindings={"term": Iri(iri)})
    rows: list[dict[str, str]] = []
    for row in answer:  # type: ignore[union-attr]  # a SELECT gives rows
        cells = zip(answer.variables, row, strict=True)  # type: ignore[union-attr]
        rows.append({name: term_json(cell)["value"] for name, cell in cells if cell is not None})
    return {row["as"]: int(row["number"]) for row in rows if "as" in row}


def _named(words: Vocabulary, name: str, version: str) -> str:
    """Return the version of a module, which must be the one asked for."""
    if name not in words.modules:
        known = ", ".join(words.modules)
        raise ThingNotFound(f"There is no module {name[:80]!r}. There are: {known}")
    stated = words.version(name)
    if version and version != stated:
        raise ThingNotFound(
            f"Version {version[:40]!r} of {name} is not kept here. "
            f"There is {stated}, at /ont/{name}"
        )
    return stated


def _rdf_form(suffix: str) -> Format | None:
    form = _form(suffix)
    assert not isinstance(form, str)
    return form


def _form(suffix: str, *, with_json: bool = False) -> Format | str | None:
    """Return which form is asked for: a format of RDF, "json", or None for a page."""
    words = request.args.getlist("format")
    if suffix:
        if suffix not in SUFFIXES and suffix != "html":
            raise ThingNotFound(
                f"There is no form .{suffix[:20]}. There are: .{', .'.join(SUFFIXES)}"
            )
        words = [SUFFIXES.get(suffix, suffix)]
    if words:
        if words == ["html"]:
            return None
        if words == ["json"] and with_json:
            return "json"
        found = named(words, "triples")
        if found is None:
            raise Problem(
                400,
                "There is no such format",
                f"The request names {', '.join(words)[:80]!r}, which is not one format.",
                where="parameter format",
                remedy=f"Choose html or one of {', '.join(f.name for f in fitting('triples'))}.",
            )
        return found
    chosen = choose(request, fitting("triples"))
    if chosen is None or prefers_html(request, over=chosen[1]):
        if request.accept_mimetypes and not request.accept_mimetypes.quality("text/html"):
            raise _not_acceptable()
        return None
    return chosen[0]


def _not_acceptable() -> Problem:
    offered = ["text/html", *(f.media_type for f in fitting("triples"))]
    return Problem(
        406,
        "None of the accepted types is offered",
        f"Terms are not offered as {request.headers.get('Accept', '')[:200]}.",
        where="header Accept",
        remedy=f"Accept one of {', '.join(offered)}, or name a format in the address.",
        more={"offered": offered},
    )


def _written(graph: Graph, form: Format) -> bytes:
    if form.name == "jsonld":
        out = io.BytesIO()
        write_jsonld([tuple(map(_store_term, t)) for t in sorted(graph)], out)  # type: ignore[misc]
        return out.getvalue()
    made = Graph(bind_namespaces="none")
    made += graph
    for prefix, space in sorted({**KNOWN_PREFIXES, **PREFIXES}.items()):
        made.bind(prefix, space)
    return made.serialize(format=_RDFLIB[form.name], encoding="utf-8")


def _store_term(node: Node) -> Term:
    if isinstance(node, URIRef):
        return Iri(str(node))
    if isinstance(node, BNode):
        return Blank(str(node))
    if isinstance(node, RdfLiteral):
        kind = PREFIXES["rdf"] + "langString" if node.language else PREFIXES["xsd"] + "string"
        return Literal(str(node), str(node.datatype or kind), node.language or "")
    raise TypeError(type(node))


def _page(template: str, **values: Any) -> Response:
    forms = [(f.media_type, f"{request.path}?format={f.name}") for f in fitting("triples")]
    return page(template, forms=forms, **values)


def _response(body: bytes, content_type: str) -> Response:
    response = Response(body, content_type=content_type)
    response.vary.add("Accept")
    address = request.path
    for suffix in (*SUFFIXES, "html"):
        address = address.removesuffix(f".{suffix}")
    others = [f.media_type for f in fitting("triples")] + ["text/html"]
    names = [f.name for f in fitting("triples")] + ["html"]
    for media_type, name in zip(others, names, strict=True):
        if not content_type.startswith(media_type):
            link = f'<{quote(address)}?format={name}>; rel="alternate"; type="{media_type}"'
            response.headers.add("Link", link)
    return response


def _once(read: Callable[[], Vocabulary]) -> Callable[[], Vocabulary]:
    """Return a function that reads at its first call, however many threads call it."""
    lock = Lock()
    kept: list[Vocabulary] = []

    def get() -> Vocabulary:
        with lock:
            if not kept:
                kept.append(read())
        return kept[0]

    return get
