"""What operators look at: how the catalogue is, and the documents that were refused."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote

from flask import Blueprint, Response, request, url_for

from dafab_kg.catalogue import Catalogue
from dafab_kg.model.documents import Part
from dafab_kg.model.errors import ThingNotFound, TooLarge
from dafab_kg.model.masking import shown
from dafab_kg.model.resources import text
from dafab_kg.model.settings import Settings
from dafab_kg.store.documents import Quarantined
from dafab_kg.store.protocol import Iri, Literal, Solutions
from dafab_kg.web.described import JSON, PAGE, PAGE_FORMAT, Operation, Parameter, described
from dafab_kg.web.faults import readable
from dafab_kg.web.html import page
from dafab_kg.web.operator_findings import findings
from dafab_kg.web.operator_names import last_part
from dafab_kg.web.operator_reports import newest
from dafab_kg.web.twins import json_answer, wants_json

BYTES: Final = "application/octet-stream"
MOST_LISTED: Final = 50
"""Entries on one page."""
MOST_READ: Final = 64 * 1024
"""Bytes of a file that are shown, and the longest file that can be mended in the page."""
MOST_SENT: Final = 32 * 2**20
"""Largest file that is sent as a download."""
MOST_FILES: Final = 20
MOST_LOADS: Final = 20
_PLACES: Final = (
    Parameter("kind", "Those of one kind only."),
    Parameter("page", "Number of the page, from 1.", {"type": "integer", "minimum": 1}),
)


def add_pages(face: Blueprint, catalogue: Catalogue, settings: Settings) -> None:
    """Add ``/operator``, ``/operator/quarantine`` and its entries."""

    @face.get("")
    @described(
        GET=Operation(
            "How the catalogue and its server are",
            {200: (JSON, PAGE), 303: (PAGE,)},
            (),
            (PAGE_FORMAT,),
            scope="write",
        )
    )
    def home() -> Response:
        told = _state(catalogue, settings)
        if wants_json():
            return json_answer(told)
        return page("operator.html", forms=[(JSON, url_for(".home", format="json"))], told=told)

    @face.get("/quarantine")
    @described(
        GET=Operation(
            "The documents that were refused",
            {200: (JSON, PAGE), 303: (PAGE,)},
            (),
            (*_PLACES, PAGE_FORMAT),
            scope="write",
        )
    )
    def quarantine() -> Response:
        kind = request.args.get("kind", "")
        number = min(max(request.args.get("page", 1, int), 1), 1_000_000)
        entries = catalogue.quarantine()
        kinds = sorted(Counter(entry.kind for entry in entries).items())
        chosen = [entry for entry in entries if not kind or entry.kind == kind]
        chosen.sort(key=lambda entry: (entry.rejected_at, entry.document_id), reverse=True)
        first = (number - 1) * MOST_LISTED
        here = chosen[first : first + MOST_LISTED]
        if wants_json():
            return json_answer(
                {"total": len(chosen), "page": number, "entries": [_told(one) for one in here]}
            )
        discarded = request.args.get("discarded", 0, int)

        last = max(1, -(-len(chosen) // MOST_LISTED))

        def address(at: int) -> str:
            return url_for(".quarantine", kind=kind or None, page=at if at > 1 else None)

        return page(
            "operator_quarantine.html",
            forms=[
                (JSON, url_for(".quarantine", kind=kind or None, page=number, format="json")),
            ],
            entries=[(entry, last_part(entry.origin), readable(entry.message)) for entry in here],
            total=len(chosen),
            kinds=kinds,
            kind=kind,
            number=number,
            last=last,
            discarded=discarded if 0 < discarded < 10**6 else 0,
            previous=address(min(number - 1, last)) if number > 1 else "",
            following=address(number + 1) if first + MOST_LISTED < len(chosen) else "",
        )

    @face.get("/quarantine/<identifier>")
    @described(
        GET=Operation(
            "A document that was refused: why, and how to mend it",
            {200: (JSON, PAGE), 303: (PAGE,)},
            (),
            (PAGE_FORMAT,),
            scope="write",
        )
    )
    def entry(identifier: str) -> Response:
        found = _entry(catalogue, identifier)
        files = [
            {
                "name": part.name,
                "bytes": part.size,
                "href": url_for(".file", identifier=identifier, number=at),
            }
            for at, part in enumerate(found.parts)
        ]
        results = findings(found.report)
        if wants_json():
            return json_answer(
                {**_told(found), "findings": results, "report": found.report, "files": files}
            )
        first = found.parts[0] if found.parts else None
        beginning, whole = _beginning(first) if first is not None else ("", False)
        return page(
            "operator_entry.html",
            forms=[(JSON, url_for(".entry", identifier=identifier, format="json"))],
            entry=found,
            name=last_part(found.origin),
            message=readable(found.message),
            where=found.where.replace(found.origin, last_part(found.origin)),
            findings=results,
            files=files[:MOST_FILES],
            total=len(files),
            beginning=beginning,
            whole=whole,
            mendable=whole and len(files) == 1,
        )

    @face.get("/quarantine/<identifier>/files/<number>")
    @described(
        GET=Operation(
            "A file of a refused document, byte for byte",
            {200: (BYTES,), 303: (PAGE,)},
            (413,),
            scope="write",
        )
    )
    def file(identifier: str, number: str) -> Response:
        parts = _entry(catalogue, identifier).parts
        at = int(number) if number.isascii() and number.isdigit() and len(number) < 8 else -1
        if not 0 <= at < len(parts):
            raise ThingNotFound(f"The document in quarantine has no file {number[:20]!r}")
        part = parts[at]
        if part.size > MOST_SENT:
            raise TooLarge(
                f"The file is larger than {MOST_SENT // 2**20} MiB",
                where=part.name,
                remedy="`dafab-kg quarantine show ID --originals DIR` writes it",
            )
        response = Response(part.data, content_type=BYTES)
        response.headers["Content-Disposition"] = (
            f"attachment; filename*=UTF-8''{quote(last_part(part.name)[:200], safe='')}"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response


def _state(catalogue: Catalogue, settings: Settings) -> dict[str, Any]:
    counted = catalogue.recent_stats()
    stats, why = counted.stats if counted.fresh else None, ""
    if not counted.fresh:
        why = readable(counted.failed) or "It is being counted: look again in some seconds."
    # a catalogue that no server serves has no processes
    ask = cast("Callable[[], dict[str, Any]]", getattr(catalogue, "status", dict))
    return {
        "counting": why,
        "documents": stats.documents if stats else None,
        "quarantined": stats.quarantined if stats else None,
        "triples": stats.triples if stats else None,
        "bytes_on_disk": stats.bytes_on_disk if stats else None,
        "bytes_free": shutil.disk_usage(settings.store).free,
        "server": ask(),
        "loads": _loads(catalogue),
        "settings": {
            name: {
                "value": _value(name, getattr(settings, name)),
                "description": described_as.description or "",
            }
            for name, described_as in type(settings).model_fields.items()
        },
    }


def _value(name: str, value: Any) -> Any:
    """Return what is shown of a setting: no secret, and not where things lie on this machine."""
    told = shown(name, value)
    if told != value and told != str(value):
        return told
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_value('', one)}" for key, one in value.items())
    if isinstance(value, tuple):
        return ", ".join(str(_value("", one)) for one in value)
    if isinstance(value, Path):
        return f"…/{value.name}"
    return "" if value is None else value


def _loads(catalogue: Catalogue) -> list[dict[str, Any]]:
    """Return the newest loads; of those that left no report, when they were."""
    told = newest(catalogue, MOST_LOADS)
    reported = {one["iri"] for one in told}
    found = cast(Solutions, catalogue.query(text("queries/internal", "newest-loads.rq")))
    for load, started in found:
        iri = cast(Iri, load).value
        if iri not in reported:
            told.append({"iri": iri, "started": cast(Literal, started).value, "counts": {}})
    return sorted(told, key=lambda one: str(one["started"]), reverse=True)[:MOST_LOADS]


def _entry(catalogue: Catalogue, identifier: str) -> Quarantined:
    try:
        return catalogue.quarantined(identifier)
    except ThingNotFound as error:
        raise ThingNotFound(
            f"No document {identifier[:80]!r} is in quarantine; perhaps it was mended meanwhile"
        ) from error


def _told(entry: Quarantined) -> dict[str, Any]:
    return {
        "id": entry.document_id,
        "kind": entry.kind,
        "key": entry.key,
        "origin": entry.origin,
        "rejected": entry.rejected_at,
        "error": entry.error,
        "message": entry.message,
        "where": entry.where,
        "remedy": entry.remedy,
        "load": entry.load_id,
        "href": url_for(".entry", identifier=entry.document_id, _external=True),
    }


def _beginning(part: Part) -> tuple[str, bool]:
    """Return how a file begins as text ("" if it is none), and whether that is all of it."""
    if part.size > MOST_SENT:
        return "", False
    data = part.data
    cut = data[:MOST_READ]
    try:
        cut.decode() if len(data) <= MOST_READ else cut.decode(errors="replace")
    except UnicodeDecodeError:
        return "", False
    if b"\0" in cut:
        return "", False
    return cut.decode(errors="replace"), len(data) <= MOST_READ
