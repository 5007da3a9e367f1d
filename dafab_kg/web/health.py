"""Whether the catalogue answers."""

from __future__ import annotations

import orjson
from flask import Blueprint, Response

from dafab_kg import __version__
from dafab_kg.catalogue import Catalogue
from dafab_kg.model.errors import DafabError
from dafab_kg.web.described import JSON, Operation, described


def health_face(catalogue: Catalogue) -> Blueprint:
    """Return ``/health``: 200 if a query is answered, 503 if not."""
    face = Blueprint("health", __name__)

    @face.get("/health")
    @described(GET=Operation("Whether the catalogue answers", {200: (JSON,), 503: (JSON,)}))
    def health() -> Response:
        try:
            answers = bool(getattr(catalogue.query("ASK {}"), "value", False))
        except DafabError:
            answers = False
        body = {"status": "ok" if answers else "failing", "version": __version__}
        return Response(
            orjson.dumps(body),
            200 if answers else 503,
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    return face
