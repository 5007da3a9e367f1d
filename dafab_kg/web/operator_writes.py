"""What operators do: load documents, and try refused ones again, as they are or mended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from dafab_kg.catalogue import Catalogue
from dafab_kg.ingest.report import LoadReport
from dafab_kg.web.described import JSON, PAGE, Operation, described
from dafab_kg.web.gate import caller
from dafab_kg.web.html import page
from dafab_kg.web.operator_names import safe_name
from dafab_kg.web.operator_reports import GOOD, is_waiting, show_report
from dafab_kg.web.problems import Problem
from dafab_kg.web.twins import json_answer, wants_json

MULTIPART: Final = "multipart/form-data"
MOST_FILES: Final = 200
FORM: Final = "application/x-www-form-urlencoded"
MOST_DISCARDED: Final = 1_000
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
        return show_report(catalogue, _load(catalogue, _uploads()))

    @face.post("/quarantine/<identifier>/retry")
    @described(POST=Operation("Try a refused document again", {200: (JSON, PAGE)}, scope="write"))
    def retry(identifier: str) -> Response:
        catalogue.quarantined(identifier)
        return show_report(catalogue, catalogue.retry(identifier, agent=caller().name), identifier)

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
            if not text.strip():
                raise Problem(
                    400,
                    "There is no text",
                    "The form was sent with an empty document.",
                    where="field text",
                    remedy="Send the mended document; to be rid of the refused one, discard it.",
                )
            uploads = [(name, text.encode("utf-8", "replace"))]
        report = _load(catalogue, uploads)
        refused = {one.document_id for one in report.rejected}
        if refused or GOOD & report.counts.keys():
            # what came in its place is in the catalogue, or waits in its stead
            _discard(catalogue, {identifier} - refused)
        return show_report(catalogue, report, identifier)

    @face.post("/quarantine/<identifier>/discard")
    @described(
        POST=Operation(
            "Take a refused document out of quarantine for good",
            {200: (JSON,), 303: (PAGE,)},
            (404,),
            scope="write",
        )
    )
    def discard(identifier: str) -> AnyResponse:
        return _discarded(catalogue.discard(identifier))

    @face.post("/quarantine/discard")
    @described(
        POST=Operation(
            "Take several refused documents out of quarantine for good",
            {200: (JSON,), 303: (PAGE,)},
            (404,),
            (),
            {
                FORM: {
                    "type": "object",
                    "properties": {"id": {"type": "array", "items": {"type": "string"}}},
                }
            },
            scope="write",
        )
    )
    def discard_several() -> AnyResponse:
        chosen = dict.fromkeys(request.form.getlist("id")[:MOST_DISCARDED])
        return _discarded(catalogue.discard(*chosen) if chosen else ())


def _discard(catalogue: Catalogue, identifiers: Iterable[str]) -> None:
    for identifier in identifiers:
        if is_waiting(catalogue, identifier):
            catalogue.discard(identifier)


def _discarded(identifiers: tuple[str, ...]) -> AnyResponse:
    if wants_json():
        return json_answer({"discarded": list(identifiers)})
    return redirect(url_for(".quarantine", discarded=len(identifiers) or None), 303)


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
        whole = files[0] if len(files) == 1 else files[0].parent
        return catalogue.load(whole, sender=caller().name)


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
