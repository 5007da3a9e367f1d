"""The forms of a term, a module or the whole ontology: which is asked for, and writing it."""

from __future__ import annotations

import io
from typing import Final
from urllib.parse import quote

from flask import Response, request
from rdflib import BNode, Graph, URIRef
from rdflib.term import Literal as RdfLiteral
from rdflib.term import Node

from dafab_kg.model.errors import ThingNotFound
from dafab_kg.model.names import PREFIXES
from dafab_kg.store.answers import Format, fitting
from dafab_kg.store.jsonld import write_jsonld
from dafab_kg.store.protocol import Blank, Iri, Literal, Term
from dafab_kg.vocabulary.order import KNOWN_PREFIXES
from dafab_kg.web.negotiation import choose, named, prefers_html
from dafab_kg.web.problems import no_such_format, not_offered

SUFFIXES: Final = {"ttl": "turtle", "nt": "ntriples", "jsonld": "jsonld", "rdf": "rdfxml"}
_RDFLIB: Final = {"turtle": "turtle", "ntriples": "nt", "rdfxml": "xml"}


def rdf_form(suffix: str) -> Format | None:
    """Return the format of RDF that is asked for; None for a page."""
    form = asked_form(suffix)
    assert not isinstance(form, str)
    return form


def asked_form(suffix: str, *, with_json: bool = False) -> Format | str | None:
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
            offers = ", ".join(f.name for f in fitting("triples"))
            raise no_such_format(", ".join(words)[:80], f"html or one of {offers}")
        return found
    chosen = choose(request, fitting("triples"))
    if chosen is None or prefers_html(request, over=chosen[1]):
        if request.accept_mimetypes and not request.accept_mimetypes.quality("text/html"):
            offered = ["text/html", *(f.media_type for f in fitting("triples"))]
            raise not_offered("Terms", offered)
        return None
    return chosen[0]


def written(graph: Graph, form: Format) -> bytes:
    """Write a graph in a format."""
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


def responded(body: bytes, content_type: str) -> Response:
    """Return a form of a term, which tells of the others."""
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
