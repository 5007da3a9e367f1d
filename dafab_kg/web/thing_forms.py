"""The machine twins of a thing: which one is asked for, and what it holds."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Final

import orjson
from flask import Response, request
from rdflib import Graph, URIRef

from dafab_kg.catalogue import Catalogue
from dafab_kg.catalogue.viewing import View
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.model.names import PREFIXES
from dafab_kg.python.things import Description, Fact, as_json
from dafab_kg.store.answers import FORMATS, Format, fitting
from dafab_kg.store.jsonld import write_jsonld
from dafab_kg.store.protocol import Iri, Term
from dafab_kg.vocabulary.held import node_of
from dafab_kg.vocabulary.order import KNOWN_PREFIXES
from dafab_kg.web.negotiation import accepted, choose, named, prefers_html
from dafab_kg.web.problems import Problem, no_such_format, not_offered
from dafab_kg.web.thing import geojson_of

JSON: Final = Format("json", "application/json", frozenset({"triples"}), "JSON")
GEOJSON: Final = Format("geojson", "application/geo+json", frozenset({"triples"}), "GeoJSON")
OFFERED: Final[tuple[Format, ...]] = (*fitting("triples"), JSON, GEOJSON)
"""Machine twins, the default first."""
SUFFIXES: Final = {
    "ttl": "turtle",
    "nt": "ntriples",
    "jsonld": "jsonld",
    "rdf": "rdfxml",
    "json": "json",
    "geojson": "geojson",
    "html": "html",
}
_BY_NAME: Final = {one.name: one for one in OFFERED}
_RDFLIB: Final = {"turtle": "turtle", "ntriples": "nt", "rdfxml": "xml"}
Triple = tuple[Term, Iri, Term]


def wanted(suffix: str = "") -> tuple[Format, str] | None:
    """Return the twin that a request asks for, and its name there; None if it asks for the page.

    A suffix comes before the parameter ``format``, and that before the header Accept.

    Raises:
        Problem: none is known by that name, or none of the accepted types is offered.
    """
    words = [SUFFIXES[suffix]] if suffix else request.args.getlist("format")
    if words:
        return _named(words)
    chosen = choose(request, OFFERED)
    if chosen is not None and not prefers_html(request, over=chosen[1]):
        return chosen
    if chosen is None and not accepted(request).quality("text/html"):
        raise not_offered("Things", ["text/html", *(one.media_type for one in OFFERED)])
    return None


def suffix_of(form: Format) -> str:
    """Return the suffix of a twin, with its dot."""
    return "." + next(suffix for suffix, name in SUFFIXES.items() if name == form.name)


def split_suffix(local: str) -> tuple[str, str]:
    """Return a path without the suffix of a twin, and that suffix; "" where it has none."""
    stem, dot, suffix = local.rpartition(".")
    return (stem, suffix) if dot and stem and suffix in SUFFIXES else (local, "")


def written(view: View, form: Format, catalogue: Catalogue, known: bool) -> bytes:
    """Write a twin; ``known``: the catalogue knows the thing, not the ontology alone."""
    if form == JSON:
        return orjson.dumps(as_json(_told(view, catalogue, known)))
    if form == GEOJSON:
        return geojson_of(view, catalogue.pictures(view.iri).outlines if known else ())
    return rdf_of(view.triples, form)


def answer(body: bytes, form: Format, asked_as: str, links: Iterable[tuple[str, str]]) -> Response:
    """Make the response with a twin; ``links`` lead to the others."""
    response = Response(body, content_type=form.content_type(asked_as))
    response.vary.add("Accept")
    for media_type, address in links:
        if media_type != form.media_type:
            link = f'<{address}>; rel="alternate"; type="{media_type}"'
            response.headers.add("Link", link)
    return response


def rdf_of(triples: Iterable[Triple], form: Format) -> bytes:
    """Write triples in a format of RDF.

    Raises:
        Problem: RDF/XML has no way to write one of the properties.
    """
    if form.name == "jsonld":
        out = io.BytesIO()
        write_jsonld(sorted(set(triples), key=_order), out)
        return out.getvalue()
    graph = Graph(bind_namespaces="none")
    for subject, predicate, value in triples:
        graph.add((node_of(subject), URIRef(predicate.value), node_of(value)))
    for prefix, space in sorted({**KNOWN_PREFIXES, **PREFIXES}.items()):
        graph.bind(prefix, space)
    try:
        return graph.serialize(format=_RDFLIB[form.name], encoding="utf-8")
    except ValueError as error:
        if form.name != "rdfxml":
            raise
        # its properties are names of XML, and not each IRI ends in one
        raise Problem(
            406,
            "RDF/XML cannot say this",
            "A property has an IRI that does not end in a name of XML.",
            where=f"format {form.name}",
            remedy="Ask for turtle, ntriples or jsonld.",
        ) from error


def _named(words: list[str]) -> tuple[Format, str] | None:
    if words == ["html"]:
        return None
    if len(words) == 1 and words[0] in _BY_NAME:
        return _BY_NAME[words[0]], _BY_NAME[words[0]].media_type
    found = named(words, "triples")
    if found is None:
        raise no_such_format(", ".join(words)[:80], f"html or one of {', '.join(_BY_NAME)}")
    return FORMATS[found.name], found.media_type


def _told(view: View, catalogue: Catalogue, known: bool) -> Description:
    if known:
        try:
            return catalogue.show(view.iri)
        except ThingNotFound:  # it stands in what is inferred alone
            pass
    return _description(view)


def _description(view: View) -> Description:
    facts = tuple(
        Fact(subject, predicate.value, value, ())
        for subject, predicate, value in view.triples
        if subject == Iri(view.iri)
    )
    incoming = tuple(
        Fact(subject, one.property, Iri(view.iri), ())
        for one in view.incoming
        for subject in one.terms
    )
    return Description(view.iri, view.types, view.label, facts, incoming, ())


def _order(triple: tuple[Term, Term, Term]) -> tuple[str, ...]:
    subject, predicate, value = triple
    return (type(subject).__name__, *subject, predicate.value, type(value).__name__, *value)
