"""What is known of a thing, by its IRI."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from dafab_kg.catalogue import Catalogue
from dafab_kg.web.described import PAGE, Operation, Parameter, described


def about_face(catalogue: Catalogue) -> Blueprint:
    """Return ``/about``."""
    face = Blueprint("about", __name__)

    @face.get("/about")
    @described(GET=Operation("A thing", {302: (PAGE,)}, (), (Parameter("iri", "Its IRI."),)))
    def root() -> AnyResponse:
        return redirect(url_for("pages.editor", query=f"DESCRIBE <{request.args.get('iri', '')}>"))

    @face.get("/about/<path:local>")
    @described(GET=Operation("A thing", {302: (PAGE,)}))
    def thing(local: str) -> AnyResponse:
        iri = catalogue.names.base + local
        return redirect(url_for("pages.editor", query=f"DESCRIBE <{iri}>"))

    return face
