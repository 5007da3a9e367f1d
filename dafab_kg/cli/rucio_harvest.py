"""rucio harvest: data identifiers of a Rucio's scope, into the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dafab_kg.cli.frame import AMISS, DONE, Session, WrongUsage, command
from dafab_kg.cli.loading import progress_bar, report_load
from dafab_kg.cli.printing import plain, print_json, print_line, tell

if TYPE_CHECKING:
    from dafab_kg.federation.rucio.harvest import ScopeReport


def add(rucio: typer.Typer) -> None:
    """Add the command to the group ``rucio``."""
    command(rucio, "harvest")(harvest)


def harvest(
    session: Session,
    scope: Annotated[str, typer.Argument(metavar="SCOPE", help="Scope of that Rucio.")],
    vo: Annotated[
        str, typer.Option("--vo", metavar="VO", help="Virtual organisation; else rucio.cfg's.")
    ] = "",
    plugin: Annotated[
        str,
        typer.Option(
            "--metadata",
            metavar="PLUGIN",
            help="Rucio's plugin for what users set: JSON, ALL, or another; none: not asked; "
            "auto: JSON, if it works there.",
        ),
    ] = "auto",
    only_new: Annotated[
        bool,
        typer.Option("--new", help="Only what was made since the last harvest.", metavar=""),
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew, not where it stopped.", metavar="")
    ] = False,
) -> int:
    """Load data identifiers, what they hold and their metadata; the same command goes on where it
    stopped. What has gone there goes here."""
    from dafab_kg.federation.rucio.connection import configured

    if not scope or not plugin:
        raise WrongUsage("Give the name of a scope, and of a plugin (or none)")
    file = configured(session.settings())  # the caller's, also where a server does the work
    chosen = {"rucio_config": str(Path(file).resolve()) if file else ""}
    with session.open(create=True, chosen=chosen) as catalogue, progress_bar(session) as progress:
        report = catalogue.harvest_rucio(
            scope,
            vo=vo,
            plugin=plugin,
            only_new=only_new,
            restart=restart,
            progress=progress,
        )
    return _report(session, report)


def _report(session: Session, report: ScopeReport) -> int:
    far = report.far
    if session.as_json:
        values = {
            "vo": far.vo,
            "scope": far.scope,
            "resumed": report.resumed,
            "only_new": far.only_new,
            "done": far.done,
            "total": far.total,
            "ended": far.ended,
            "interrupted": report.load.interrupted,
            "counts": report.load.counts,
            "rejected": plain(report.load.rejected),
            "without_metadata": report.without,
        }
        print_json(values)
        return DONE if report.load.ok else AMISS
    if report.without:
        tell(f"Harvested without what users set: {report.without}")
    if not session.quiet:
        began = "resumed: " if report.resumed else ""
        since = f" made since {far.since}" if far.only_new else ""
        print_line(f"{began}{far.done:,} of {far.total:,} names in {far.scope}{since}")
    if not report.load.outcomes:
        return DONE
    return report_load(session, report.load)
