"""Documents as they were delivered: what each is, and its files byte for byte.

Nothing of a file is ever rendered: it comes as plain text or as a download.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

import orjson
from flask import Blueprint, Response, request, url_for

from dafab_kg.catalogue import Catalogue
from dafab_kg.catalogue.originals import ELEMENT
from dafab_kg.web.described import JSON, PAGE, PAGE_FORMAT, Operation, Parameter, described
from dafab_kg.web.html import page

TEXT: Final = "text/plain"
BYTES: Final = "application/octet-stream"
MOST_READ: Final = 4 * 2**20
"""Longest file that is shown as text."""
_DOWNLOAD: Final = (Parameter("download", "Anything: as a download, whatever it is."),)


def originals_face(catalogue: Catalogue) -> Blueprint:
    """Return ``/documents/ID`` and its files."""
    face = Blueprint("originals", __name__, url_prefix="/documents")

    @face.get("/<document_id>")
    @described(GET=Operation("A document as delivered", {200: (PAGE, JSON)}, (), (PAGE_FORMAT,)))
    def document(document_id: str) -> Response:
        entry, sizes = catalogue.original(document_id)
        files = [
            (name, sizes[place] if place < len(sizes) else None, place)
            for place, (name, _) in enumerate(entry.files)
        ]
        as_json = request.args.get("format") == "json" or (
            "format" not in request.args
            and request.accept_mimetypes.best_match([PAGE, JSON]) == JSON
        )
        if as_json:
            told = {
                "id": entry.document_id,
                "iri": catalogue.names.make("document", document_id=entry.document_id),
                "kind": entry.kind,
                "key": entry.key,
                "origin": entry.origin,
                "sha256": entry.content_hash,
                "pointer": entry.pointer,
                "loaded": entry.loaded_at,
                "triples": entry.triples,
                "warnings": list(entry.warnings),
                "files": [
                    {
                        "name": name,
                        "bytes": size,
                        "sha256": entry.files[place][1],
                        "href": _address(document_id, str(place), external=True),
                    }
                    for name, size, place in files
                ],
            }
            response = Response(orjson.dumps(told), content_type=JSON)
            response.vary.add("Accept")
            return response
        return page(
            "document.html",
            forms=[(JSON, url_for(".document", document_id=document_id, format="json"))],
            entry=entry,
            iri=catalogue.names.make("document", document_id=entry.document_id),
            graph=catalogue.names.make("graph", document_id=entry.document_id),
            files=files[:1000],
            total=len(files),
            element=ELEMENT if entry.element else "",
        )

    @face.get("/<document_id>/files/<number>")
    @described(GET=Operation("A file as delivered", {200: (TEXT, BYTES)}, (413,), _DOWNLOAD))
    def file(document_id: str, number: str) -> Response:
        name, data = catalogue.original_file(document_id, number)
        shown = "download" not in request.args and _is_text(data)
        response = Response(data, content_type=f"{TEXT}; charset=utf-8" if shown else BYTES)
        if not shown:
            last = name.rstrip("/").rsplit("/", 1)[-1] or "file"
            response.headers["Content-Disposition"] = (
                f"attachment; filename*=UTF-8''{quote(last[:200], safe='')}"
            )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response

    return face


def _address(document_id: str, number: str, *, external: bool = False) -> str:
    return url_for("originals.file", document_id=document_id, number=number, _external=external)


def _is_text(data: bytes) -> bool:
    if len(data) > MOST_READ or b"\0" in data:
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
