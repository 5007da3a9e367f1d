"""What operators do: load documents, and try refused ones again, as they are or mended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from flask import Blueprint, Response, request
from werkzeug.datastructures import FileStorage

from dafab_kg.catalogue import Catalogue
from dafab_kg.ingest.report import LoadReport
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.web.described import JSON, PAGE, Operation, described
from dafab_kg.web.faults import readable
from dafab_kg.web.html import page
from dafab_kg.web.operator_pages import last_part
from dafab_kg.web.problems import Problem
from dafab_kg.web.twins import json_answer, wants_json

MULTIPART: Final = "multipart/form-data"
MOST_FILES: Final = 200
MOST_SHOWN: Final = 200
"""Outcomes that a report lists."""
MOST_NAME: Final = 200
"""Bytes of a file's name."""
_GOOD: Final = frozenset({"loaded", "replaced", "unchanged"})
_FILES: Final = {"type": "array", "items": {"type": "string", "format": "binary"}}


def add_writes(face: Blueprint, catalogue: Catalogue) -> None:
    """Add ``/operator/load``, and the forms of an entry of the quarantine."""

    @face.get("/load")
    @described(GET=Operation("The form to load files", {200: (PAGE,), 303: (PAGE,)}, scope="write"))
    def loading() -> Response:
        return page("operator_load.html", most=request.max_content_length)

    @face.post("/load")
    @described(
        POST=Operation(
            "Load files",
            {200: (JSON, PAGE)},
            (),
            (),
            {MULTIPART: {"type": "object", "properties": {"file": _FILES}}},
            scope="write",
        )
    )
    def load() -> Response:
        return _report(catalogue, _load(catalogue, _uploads()))

    @face.post("/quarantine/<identifier>/retry")
    @described(POST=Operation("Try a refused document again", {200: (JSON, PAGE)}, scope="write"))
    def retry(identifier: str) -> Response:
        catalogue.quarantined(identifier)
        return _report(catalogue, catalogue.retry(identifier), identifier)

    @face.post("/quarantine/<identifier>/replace")
    @described(
        POST=Operation(
            "Load a mended document in place of a refused one",
            {200: (JSON, PAGE)},
            (),
            (),
            {
                MULTIPART: {
                    "type": "object",
                    "properties": {"text": {"type": "string"}, "file": _FILES},
                }
            },
            scope="write",
        )
    )
    def replace(identifier: str) -> Response:
        entry = catalogue.quarantined(identifier)
        uploads = _uploads(needed="text" not in request.form)
        if not uploads:
            name = entry.parts[0].name if entry.parts else entry.origin
            # browsers end the lines of a text field with CR and LF
            text = request.form["text"].replace("\r\n", "\n")
            uploads = [(name, text.encode("utf-8", "replace"))]
        report = _load(catalogue, uploads)
        taken = bool(_GOOD & report.counts.keys())
        if report.ok and taken and _waits(catalogue, identifier):
            # it was mended under another name than the one that it was refused under
            catalogue.delete(identifier)
        return _report(catalogue, report, identifier)


def safe_name(given: str) -> str:
    """Return a name under which an uploaded file can be written into a directory.

    >>> safe_name("../../etc/passwd")
    'passwd'
    >>> safe_name("..")
    'document'
    """
    kept = re.sub(r"[^\w .()+=@-]", "_", last_part(given)).strip(" .")[-MOST_NAME:]
    while len(kept.encode()) > MOST_NAME:
        kept = kept[1:]
    return kept.lstrip(" .") or "document"


def _uploads(*, needed: bool = True) -> list[tuple[str, FileStorage | bytes]]:
    """Return the files of a form by name; a field that was left empty sends a nameless one."""
    files: list[tuple[str, FileStorage | bytes]] = [
        (file.filename, file) for file in request.files.getlist("file") if file.filename
    ]
    if needed and not files:
        raise Problem(
            400,
            "There is no file",
            "The form was sent without a file.",
            where="field file",
            remedy="Choose one file or more; programs send multipart/form-data.",
        )
    if len(files) > MOST_FILES:
        raise Problem(
            413,
            "These are too many files",
            f"At most {MOST_FILES} files are loaded at once; these are {len(files)}.",
            where="field file",
            remedy="Put them into an archive (zip or tar), or use `dafab-kg load`.",
        )
    return files


def _load(catalogue: Catalogue, uploads: Iterable[tuple[str, FileStorage | bytes]]) -> LoadReport:
    with _written(uploads) as files:
        # a file that is named and not recognised is refused; several may be one document
        return catalogue.load(files[0] if len(files) == 1 else files[0].parent)


@contextmanager
def _written(uploads: Iterable[tuple[str, FileStorage | bytes]]) -> Iterator[list[Path]]:
    """Write files into a directory of their own, which only this user may read."""
    with TemporaryDirectory(prefix="dafab-upload-") as directory:
        files: list[Path] = []
        for given, content in uploads:
            name = safe_name(given)
            file = Path(directory) / name
            number = 1
            while file.exists():
                number += 1
                file = Path(directory) / f"{number}-{name}"
            if isinstance(content, bytes):
                file.write_bytes(content)
            else:
                content.save(file)
            files.append(file)
        yield files


def _waits(catalogue: Catalogue, identifier: str) -> bool:
    try:
        catalogue.quarantined(identifier)
    except ThingNotFound:
        return False
    return True


def _report(catalogue: Catalogue, report: LoadReport, identifier: str = "") -> Response:
    outcomes = [_outcome(catalogue, asdict(one)) for one in report.outcomes[:MOST_SHOWN]]
    told = {
        "ok": report.ok and bool(report.outcomes),
        "seconds": round(report.seconds, 3),
        "interrupted": report.interrupted,
        "counts": report.counts,
        "outcomes": outcomes,
    }
    if wants_json():
        return json_answer(told)
    return page(
        "operator_report.html",
        told=told,
        total=len(report.outcomes),
        mended=bool(identifier) and not _waits(catalogue, identifier),
        waits=identifier if identifier and _waits(catalogue, identifier) else "",
    )


def _outcome(catalogue: Catalogue, one: dict[str, Any]) -> dict[str, Any]:
    stored = one["status"] in _GOOD and one["document_id"]
    return {
        "id": one["document_id"],
        "iri": catalogue.names.make("document", document_id=one["document_id"]) if stored else "",
        "kind": one["kind"],
        "file": last_part(one["origin"]),
        "status": one["status"],
        "triples": one["triples"],
        "message": readable(one["message"].replace(one["origin"], last_part(one["origin"]))),
        "warnings": list(one["warnings"])[:20],
    }
