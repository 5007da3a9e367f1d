"""stats, doctor, delete, dump, restore: keeping the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dafab_kg.cli.frame import AMISS, DONE, Session, command
from dafab_kg.cli.printing import print_json, print_line, print_table

if TYPE_CHECKING:
    from dafab_kg.catalogue import DumpReport, Stats
    from dafab_kg.ingest.doctor import Disagreement
    from dafab_kg.model.names import Names

SHOWN = 60  # characters of a value in a table; --json gives it whole
DumpFile = Annotated[Path, typer.Argument(metavar="FILE.nq.gz")]


def add(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    command(app, "stats")(stats)
    command(app, "doctor")(doctor)
    command(app, "delete")(delete)
    command(app, "dump")(dump)
    command(app, "restore")(restore)


def stats(session: Session) -> int:
    """Count what the catalogue holds."""
    with session.open(read_only=True) as catalogue:
        counts = catalogue.stats()
        prefixes = catalogue.names.prefixes
    if session.as_json:
        print_json(counts)
    else:
        print_stats(counts, prefixes)
    return DONE


def print_stats(counts: Stats, prefixes: dict[str, str]) -> None:
    """Print counts as tables."""
    from dafab_kg.web.cells import shorten
    from dafab_kg.web.classes import MOST_CLASSES, in_order

    things = in_order(counts.classes, prefixes)
    print_table(
        ("things", "number"),
        [(shorten(c, prefixes), n) for c, n in things[:MOST_CLASSES]],
        numbers=("number",),
    )
    if len(things) > MOST_CLASSES:
        print_line(f"and {len(things) - MOST_CLASSES} more classes; --json lists them all\n")
    print_table(("documents", "number"), list(counts.documents.items()), numbers=("number",))
    span = f", sensed {counts.first} to {counts.last}" if counts.first else ""
    print_line(f"{counts.triples:,} triples in {counts.graphs:,} graphs{span}")
    print_line(f"{counts.quarantined:,} documents in quarantine")
    print_line(f"{counts.bytes_on_disk / 1e6:,.1f} MB on disk")


def print_disagreements(session: Session, found: tuple[Disagreement, ...], names: Names) -> int:
    """Print the properties of which documents state different values."""
    from dafab_kg.web.cells import shorten

    if session.as_json:
        print_json(found)
    elif found:
        print_table(
            ("thing", "property", "holds", "stated by", "claimed", "claimed by"),
            [
                (
                    shorten(one.subject, names.prefixes),
                    shorten(one.property, names.prefixes),
                    one.accepted[:SHOWN],
                    one.accepted_from,
                    one.claimed[:SHOWN],
                    "\n".join(one.claimed_by),
                )
                for one in found
            ],
        )
        print_line(f"{len(found):,} values differ from the one that holds")
    elif not session.quiet:
        print_line("All documents agree.")
    return DONE


def doctor(
    session: Session,
    facts: Annotated[
        bool, typer.Option("--facts", help="List what documents say differently.", metavar="")
    ] = False,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="First derive anew what follows from documents.", metavar=""),
    ] = False,
) -> int:
    """Compare documents, graph and journal; exit 1 if anything is amiss."""
    with session.open() as catalogue:
        if repair:
            catalogue.rederive()
        if facts:
            return print_disagreements(session, catalogue.disagreements(), catalogue.names)
        findings = catalogue.doctor()
    if session.as_json:
        print_json({"whole": not findings, "findings": findings})
    elif findings:
        print_table(
            ("severity", "what", "where", "remedy"),
            [(f.severity, f.what, f.where, f.remedy) for f in findings],
        )
    elif not session.quiet:
        print_line("The catalogue is whole.")
    return AMISS if findings else DONE


def delete(
    session: Session,
    identifier: Annotated[
        str, typer.Argument(metavar="ID", help="Document id or IRI, product id, or DID.")
    ],
) -> int:
    """Remove a document, or all documents that describe a product."""
    with session.open() as catalogue:
        removed = catalogue.delete(identifier)
    if session.as_json:
        print_json({"removed": removed})
    elif not session.quiet:
        for document in removed:
            print_line(f"removed {document}")
    return DONE


def dump(session: Session, file: DumpFile) -> int:
    """Write the graph to FILE.nq.gz, and the documents beside it."""
    with session.open(read_only=True) as catalogue:
        report = catalogue.dump(file)
    return report_dump(session, report, "written to")


def restore(session: Session, file: DumpFile) -> int:
    """Fill an empty catalogue from a dump."""
    with session.open(create=True) as catalogue:
        report = catalogue.restore(file)
    return report_dump(session, report, "read from")


def report_dump(session: Session, report: DumpReport, verb: str) -> int:
    """Print what was dumped or restored."""
    if session.as_json:
        print_json(report)
    elif not session.quiet:
        print_line(f"{report.statements:,} statements {verb} {report.graph}")
        print_line(
            f"{report.loaded:,} documents and {report.quarantined:,} rejected ones "
            f"{verb} {report.documents}"
        )
    return DONE
