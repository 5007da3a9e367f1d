"""The ontology's IRIs, served: terms, modules and their versions.

``https://w3id.org/dafab/ns#Term`` leads here to ``/ns#Term``, which lists all terms, and
``https://w3id.org/dafab/ont/core`` to ``/ont/core``.  A term has a page of its own at
``/ns/Term``.  HCAT's concepts have IRIs without a fragment; these name crops, not
documents, so ``/hcat/3301010000`` answers with 303 and where it is described.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import Any, Final

import orjson
from flask import Blueprint, Response, redirect, request, url_for
from rdflib import DCTERMS, OWL, RDF, Graph, URIRef
from werkzeug.wrappers import Response as AnyResponse

from dafab_kg.catalogue import Catalogue
from dafab_kg.catalogue.viewing import called
from dafab_kg.model.errors import NotServed, ThingNotFound
from dafab_kg.model.names import NS, ONTOLOGY
from dafab_kg.store.answers import FORMATS, Format, fitting
from dafab_kg.vocabulary.constraints import demands_on
from dafab_kg.vocabulary.describe import describe, short
from dafab_kg.vocabulary.held import OWN, Vocabulary, kept_vocabulary
from dafab_kg.vocabulary.outline import Outline, kept_outline, outline_of
from dafab_kg.web.addresses import HCAT
from dafab_kg.web.cells import cell_of
from dafab_kg.web.described import (
    GRAPH_TYPES,
    JSON,
    PAGE,
    Operation,
    Parameter,
    described,
    format_of,
)
from dafab_kg.web.glossary import unit_symbol
from dafab_kg.web.html import page
from dafab_kg.web.term_uses import Uses, examples_of, numbers_of, uses
from dafab_kg.web.terms_files import (
    MERGED,
    SHAPES,
    merged_ontology,
    shape_files,
    shape_text,
)
from dafab_kg.web.terms_forms import asked_form, rdf_form, responded, written

ALIGNED = ("matches", "above", "below")
"""Links of a term that may lead to other vocabularies."""


def _told(summary: str, *more: str, parameters: tuple[Parameter, ...] = ()) -> Operation:
    """Describe a view that answers with RDF or a page."""
    names = [f.name for f in fitting("triples")]
    return Operation(
        summary,
        {200: (*GRAPH_TYPES, PAGE, *more)},
        (406,),
        (format_of("html", *(["json"] if more else []), *names), *parameters),
    )


_FILE: Final = Operation(
    "All modules as one ontology without imports",
    {200: tuple(GRAPH_TYPES)},
    (406,),
    (format_of(*(one.name for one in fitting("triples"))),),
)


def terms_face(catalogue: Catalogue) -> Blueprint:
    """Return ``/ns``, ``/ns/TERM``, ``/ont/MODULE[/VERSION]`` and ``/hcat/CODE``."""
    face = Blueprint("terms", __name__)

    # What the package holds never changes, and takes seconds to write.
    @cache
    def kept(module: str, form: str) -> bytes:
        words = kept_vocabulary()
        if module == MERGED:
            return written(merged_ontology(words), FORMATS[form])
        if module == SHAPES:
            return written(words.shapes, FORMATS[form])
        return written(words.modules[module] if module else words.whole, FORMATS[form])

    face.add_app_template_filter(_name, "term_name")
    face.add_app_template_filter(unit_symbol)
    face.add_app_template_filter(called)
    face.add_app_template_test(_is_outside, "outside")

    @face.get("/ns")
    @face.get("/ns.<suffix>")
    @described(GET=_told("All terms", parameters=(Parameter("q", "Words to look for."),)))
    def namespace(suffix: str = "") -> AnyResponse:
        form = rdf_form(suffix)
        if form is not None:
            return responded(kept("", form.name), form.content_type())
        asked = request.args.get("q", "").strip()[:200]
        outline = _outline()
        found, number = outline.find(asked) if asked else ([], 0)
        return _page(
            "namespace.html",
            outline=outline,
            asked=asked,
            found=found,
            number=number,
            counts=None if asked else numbers_of(catalogue).get(),
            namespace=NS,
        )

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
        kept_vocabulary().find(HCAT + local)
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

    @face.get(f"/ont/{MERGED}")
    @face.get(f"/ont/{MERGED}.<suffix>")
    @described(GET=_FILE)
    def merged(suffix: str = "ttl") -> AnyResponse:
        form = rdf_form(suffix) or FORMATS["turtle"]
        return responded(kept(MERGED, form.name), form.content_type())

    @face.get("/shapes")
    @face.get("/shapes.<suffix>")
    @described(GET=_told("All shapes"))
    def shapes(suffix: str = "") -> AnyResponse:
        form = rdf_form(suffix)
        if form is not None:
            return responded(kept(SHAPES, form.name), form.content_type())
        return _page("shapes.html", files=shape_files())

    @face.get("/shapes/<file>.ttl")
    @described(GET=Operation("Shapes of a module, as they stand", {200: ("text/turtle",)}, (404,)))
    def shapes_file(file: str) -> AnyResponse:
        return Response(shape_text(file), content_type=FORMATS["turtle"].content_type())

    def _module(name: str, suffix: str, version: str = "") -> AnyResponse:
        words = kept_vocabulary()
        _check(words, name, version)
        form = rdf_form(suffix)
        if form is None:
            outline = _outline()
            one = next(module for module in outline.modules if module.name == name)
            return _page("module.html", outline=outline, module=one, header=_header(words, name))
        if form == FORMATS["turtle"]:
            # the file as it stands, comments and all
            return responded(words.texts[name].encode(), form.content_type())
        return responded(kept(name, form.name), form.content_type())

    def _term(iri: str, suffix: str) -> AnyResponse:
        words = kept_vocabulary()
        found = words.find(iri)
        form = asked_form(suffix, with_json=True)
        if isinstance(form, Format):
            return responded(written(words.about(found), form), form.content_type())
        told = describe(found, words)
        demands = demands_on(found, words)
        used, late = _used(catalogue, iri, told.kind)
        if form is not None:
            said = {
                **asdict(told),
                "demands": [asdict(demand) for demand in demands],
                "uses": {used.kind: used.number} if used else {},
                "example": used.plain() if used else None,
            }
            return responded(orjson.dumps(said), "application/json")
        return _page(
            "term.html",
            term=told,
            demands=demands,
            uses=used,
            late=late,
            examples=_examples(catalogue, iri) if used and used.kind == "class" else (),
            type_iri=str(RDF.type),
            value=cell_of(used.value, catalogue.names.prefixes) if used and used.value else None,
            brief=_outline().terms.get(iri),
        )

    return face


def _outline() -> Outline:
    """Return the outline of what is kept; another vocabulary, as in tests, is read each time."""
    words = kept_vocabulary()
    return kept_outline() if words.texts.keys() >= {"core"} else outline_of(words)


def _name(iri: str) -> str:
    """Return how a page calls a term: a crop by its label, as its name is a number."""
    found = _outline().terms.get(iri) if iri.startswith(HCAT) else None
    return found.label if found else short(URIRef(iri))


def _used(catalogue: Catalogue, iri: str, kind: str) -> tuple[Uses | None, bool]:
    """Return how a term is used, and whether that took too long to tell."""
    try:
        return uses(catalogue, iri, kind), False
    except NotServed:
        return None, True


def _examples(catalogue: Catalogue, iri: str) -> tuple[str, ...]:
    try:
        return examples_of(catalogue, iri)
    except NotServed:
        return ()


def _check(words: Vocabulary, name: str, version: str) -> None:
    """See that there is this version of a module.

    Raises:
        ThingNotFound: there is none.
    """
    if name not in words.modules:
        known = ", ".join(words.modules)
        raise ThingNotFound(f"There is no module {name[:80]!r}. There are: {known}")
    stated = words.version(name)
    if version and version != stated:
        raise ThingNotFound(
            f"Version {version[:40]!r} of {name} is not kept here. "
            f"There is {stated}, at /ont/{name}"
        )


def _header(words: Vocabulary, name: str) -> dict[str, Any]:
    """Return what a module says of itself and its versions."""
    graph: Graph = words.modules[name]
    ontology = graph.value(None, RDF.type, OWL.Ontology)

    def one(predicate: URIRef) -> str:
        return str(graph.value(ontology, predicate) or "")

    return {
        "iri": str(ontology or ONTOLOGY + name),
        "version_iri": one(OWL.versionIRI),
        "prior": one(OWL.priorVersion),
        "created": one(DCTERMS.created),
        "modified": one(DCTERMS.modified),
        "licence": one(DCTERMS.license),
        "imports": sorted(str(other) for other in graph.objects(ontology, OWL.imports)),
    }


def _is_outside(iri: str) -> bool:
    """Tell whether a term is one of another vocabulary, with an address on the web."""
    return iri.startswith(("https://", "http://")) and not iri.startswith((*OWN, ONTOLOGY))


def _page(template: str, **values: Any) -> Response:
    forms = [(f.media_type, f"{request.path}?format={f.name}") for f in fitting("triples")]
    return page(template, forms=forms, **values)
