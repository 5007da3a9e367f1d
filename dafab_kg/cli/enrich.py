"""enrich: things of the catalogue linked to places and to outside knowledge."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dafab_kg.cli.frame import AMISS, DONE, Session, command, refuse_missing
from dafab_kg.cli.loading import progress_bar, report_load
from dafab_kg.cli.printing import print_json, print_line, tell

if TYPE_CHECKING:
    from dafab_kg.ingest.report import LoadReport


def add(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    command(app, "enrich")(enrich)


def enrich(
    session: Session,
    places: Annotated[
        list[Path] | None, typer.Option(help="Boundaries of places (repeatable).")
    ] = None,
    literature: Annotated[
        list[Path] | None,
        typer.Option(help="Links to Wikidata, GeoNames and publications (repeatable)."),
    ] = None,
    parcels: Annotated[
        bool, typer.Option("--parcels", help="Link parcel boundaries too.", metavar="")
    ] = False,
    dataset: Annotated[str, typer.Option(help="Name of the boundary data set.")] = "",
) -> int:
    """Link what the catalogue holds to the places where it lies, and to what is known of it."""
    refuse_missing(session, [*(places or ()), *(literature or ())])
    code = DONE
    for kind, files in (("places", places), ("knowledge", literature)):
        if files:
            report = _load(session, kind, files, dataset)
            code = max(
                code, DONE if session.as_json and report.ok else report_load(session, report)
            )
            if report.interrupted:
                return code
    with session.open() as catalogue:
        made = catalogue.enrich(parcels=parcels)
    if session.as_json:
        print_json({"links": made.links, "places": made.places, "counts": made.load.counts})
    elif not session.quiet:
        print_line(f"{made.links:,} links to {made.places:,} places")
    if not made.links and not literature:
        tell("dafab-kg: nothing lies in a place that is loaded; --places FILE loads boundaries")
        return AMISS
    return code if made.load.ok else AMISS


def _load(session: Session, kind: str, files: list[Path], dataset: str) -> LoadReport:
    chosen = {"load_as": kind, "dataset": dataset if kind == "places" else ""}
    with session.open(create=True, chosen=chosen) as catalogue, progress_bar(session) as progress:
        return catalogue.load(*files, progress=progress)
