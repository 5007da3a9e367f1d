"""The operator's pages: how the catalogue is, what was refused, and loading."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from dafab_kg.catalogue import Catalogue
from dafab_kg.model.settings import Settings
from dafab_kg.web.gate import admit_writers, caller, require
from dafab_kg.web.negotiation import prefers_html
from dafab_kg.web.operator_login import add_login
from dafab_kg.web.operator_pages import add_pages
from dafab_kg.web.operator_reports import add_reports
from dafab_kg.web.operator_writes import add_writes
from dafab_kg.web.problems import MEDIA_TYPE

OPEN: Final = ("operator.login", "operator.enter", "operator.leave")
"""What needs no token: logging in and out."""


def operator_face(catalogue: Catalogue, settings: Settings) -> Blueprint:
    """Return ``/operator`` and what is below; all but the login needs the scope write."""
    face = Blueprint("operator", __name__, url_prefix="/operator")

    @face.before_request
    def admit() -> AnyResponse | None:
        if request.endpoint in OPEN:
            return None
        reads = request.method in ("GET", "HEAD")
        if reads and not caller().name and prefers_html(request, over=MEDIA_TYPE):
            return redirect(url_for("operator.login", next=request.path), 303)
        require("write")
        admit_writers(settings)
        # a document that was mended in a text field is no file
        request.max_form_memory_size = settings.write_bytes
        return None

    @face.after_request
    def keep_close(response: Response) -> Response:
        response.headers["Cache-Control"] = "private, no-store"
        # with no-referrer, browsers would not tell of which origin a form is
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    add_login(face, settings)
    add_pages(face, catalogue, settings)
    add_writes(face, catalogue)
    add_reports(face, catalogue)
    return face
