"""What became of each load: the newest, and one by one, whenever somebody looks."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, url_for

from dafab_kg.catalogue import Catalogue
from dafab_kg.catalogue.load_reports import MOST_KEPT, told_of
from dafab_kg.ingest.report import LoadReport
from dafab_kg.web.described import JSON, PAGE, PAGE_FORMAT, Operation, described
from dafab_kg.web.faults import readable
from dafab_kg.web.html import page
from dafab_kg.web.operator_names import last_part
from dafab_kg.web.twins import json_answer, wants_json

MOST_SHOWN: Final = 200
"""Outcomes that a report lists."""
GOOD: Final = frozenset({"loaded", "replaced", "unchanged"})


def add_reports(face: Blueprint, catalogue: Catalogue) -> None:
    """Add ``/operator/loads`` and the report of each load below it."""

    @face.get("/loads")
    @described(
        GET=Operation(
            "The newest loads, by whom and with which counts",
            {200: (JSON, PAGE), 303: (PAGE,)},
            (),
            (PAGE_FORMAT,),
            scope="write",
        )
    )
    def loads() -> Response:
        found = [_head(catalogue, one) for one in catalogue.load_reports(MOST_KEPT)]
        if wants_json():
            return json_answer({"loads": found})
        return page(
            "operator_loads.html",
            forms=[(JSON, url_for(".loads", format="json"))],
            loads=found,
            most=MOST_KEPT,
        )

    @face.get("/loads/<load_id>")
    @described(
        GET=Operation(
            "What became of each document of a load",
            {200: (JSON, PAGE), 303: (PAGE,)},
            (404,),
            (PAGE_FORMAT,),
            scope="write",
        )
    )
    def load_report(load_id: str) -> Response:
        return _shown(catalogue, catalogue.load_report(load_id))


def newest(catalogue: Catalogue, most: int) -> list[dict[str, Any]]:
    """Return the newest loads: when, by whom, with which counts, and where the report is."""
    return [_head(catalogue, one) for one in catalogue.load_reports(most)]


def show_report(catalogue: Catalogue, report: LoadReport, identifier: str = "") -> Response:
    """Show what a load did just now; ``identifier`` was in quarantine and was tried again."""
    waits = bool(identifier) and is_waiting(catalogue, identifier)
    return _shown(
        catalogue,
        told_of(report),
        mended=bool(identifier) and not waits and bool(GOOD & report.counts.keys()),
        waits=identifier if waits else "",
    )


def is_waiting(catalogue: Catalogue, identifier: str) -> bool:
    """Tell whether a document is in quarantine."""
    return bool(catalogue.in_quarantine((identifier,)))


def _shown(catalogue: Catalogue, kept: dict[str, Any], **more: Any) -> Response:
    listed = kept["outcomes"][:MOST_SHOWN]
    refused = tuple(one["document_id"] for one in listed if one["status"] == "rejected")
    waiting = set(catalogue.in_quarantine(refused)) if refused else set()
    outcomes = [_outcome(catalogue, one, waiting) for one in listed]
    told = {
        **_head(catalogue, kept),
        "ok": kept["ok"] and bool(kept["total"]),
        "interrupted": kept["interrupted"],
        "outcomes": outcomes,
    }
    if wants_json():
        return json_answer(told)
    address = url_for(".load_report", load_id=kept["load_id"], format="json")
    return page(
        "operator_report.html", forms=[(JSON, address)], told=told, total=kept["total"], **more
    )


def _head(catalogue: Catalogue, kept: dict[str, Any]) -> dict[str, Any]:
    stored = kept["counts"].keys() & {"loaded", "replaced"}
    return {
        "load": kept["load_id"],
        "href": url_for(".load_report", load_id=kept["load_id"]),
        "iri": catalogue.names.make("load", load_id=kept["load_id"]) if stored else "",
        "started": kept["started"],
        "agent": kept["agent"],
        "seconds": kept["seconds"],
        "counts": kept["counts"],
        "triples": kept["triples"],
        "mended": kept["mended"],
    }


def _outcome(catalogue: Catalogue, one: dict[str, Any], waiting: set[str]) -> dict[str, Any]:
    stored = one["status"] in GOOD and one["document_id"]
    return {
        "id": one["document_id"],
        "iri": catalogue.names.make("document", document_id=one["document_id"]) if stored else "",
        "kind": one["kind"],
        "file": last_part(one["origin"]),
        "origin": one["origin"],
        "status": one["status"],
        "triples": one["triples"],
        "message": readable(one["message"].replace(one["origin"], last_part(one["origin"]))),
        "waits": one["document_id"] in waiting,
        "warnings": one["warnings"],
    }
