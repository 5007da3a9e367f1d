"""What became of each load, kept to be looked at again: one file for each, the newest only."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import orjson

from dafab_kg.ingest.report import LoadReport, Outcome
from dafab_kg.model.errors import ThingNotFound

MOST_KEPT: Final = 200
"""Reports; those of earlier loads are dropped."""
MOST_OUTCOMES: Final = 500
"""Documents of a report, those that were refused first."""
MOST_TEXT: Final = 2_000
"""Characters of a message."""
MOST_WARNINGS: Final = 20
_NAME: Final = re.compile(r"\d{8}T\d{9}Z-([0-9a-f]{32})\.json")
_IDENTIFIER: Final = re.compile("[0-9a-f]{32}")


def keep_report(place: Path, report: LoadReport) -> None:
    """Keep what a load did below ``place``, a catalogue; one of nothing leaves no trace.

    The documents are stored by then: that a report cannot be written fails no load.
    """
    if not report.outcomes or not _IDENTIFIER.fullmatch(report.load_id):
        return
    directory = _directory(place)
    time = re.sub(r"[-:.]", "", report.started)
    file = directory / f"{time}-{report.load_id}.json"
    with suppress(OSError):
        directory.mkdir(exist_ok=True)
        unfinished = file.with_suffix(".part")
        unfinished.write_bytes(orjson.dumps(told_of(report)))
        os.replace(unfinished, file)  # noqa: PTH105 - as all here, whole or not at all
        for old in _files(place)[MOST_KEPT:]:
            old.unlink(missing_ok=True)


def newest_reports(place: Path, most: int) -> tuple[dict[str, Any], ...]:
    """Return of the newest loads all but what became of each document."""
    found = (_read(file) for file in _files(place)[:most])
    return tuple({**one, "outcomes": []} for one in found if one)


def kept_report(place: Path, load_id: str) -> dict[str, Any]:
    """Return the report of a load.

    Raises:
        ThingNotFound: it is not kept, or not any more.
    """
    for file in _files(place):
        if file.stem.endswith(f"-{load_id}") and (found := _read(file)):
            return found
    raise ThingNotFound(
        f"There is no report of the load {load_id[:80]!r}; those of the newest "
        f"{MOST_KEPT} loads are kept"
    )


def _directory(place: Path) -> Path:
    return place / "loads"


def _files(place: Path) -> list[Path]:
    """Return the files of reports, the newest first."""
    try:
        found = [one for one in _directory(place).iterdir() if _NAME.fullmatch(one.name)]
    except OSError:
        return []
    return sorted(found, key=lambda file: file.name, reverse=True)


def _read(file: Path) -> dict[str, Any]:
    try:
        return dict(orjson.loads(file.read_bytes()))
    except (OSError, ValueError):
        return {}  # it was dropped at this moment, or is damaged: nothing hangs on it


def told_of(report: LoadReport) -> dict[str, Any]:
    """Return what is kept of a load."""
    refused_first = sorted(report.outcomes, key=lambda one: one.status != "rejected")
    return {
        "load_id": report.load_id,
        "started": report.started,
        "agent": report.agent,
        "seconds": round(report.seconds, 3),
        "interrupted": report.interrupted,
        "ok": report.ok,
        "counts": report.counts,
        "triples": sum(one.triples for one in report.outcomes),
        "mended": report.mended,
        "total": len(report.outcomes),
        "outcomes": [_outcome(one) for one in refused_first[:MOST_OUTCOMES]],
    }


def _outcome(one: Outcome) -> dict[str, Any]:
    told = asdict(one)
    told.pop("report")  # the quarantine has it
    told["message"] = one.message[:MOST_TEXT]
    told["warnings"] = [warning[:MOST_TEXT] for warning in one.warnings[:MOST_WARNINGS]]
    return told
