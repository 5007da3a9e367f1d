"""load, quarantine: what arrives, and what was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dafab_kg.cli.frame import AMISS, DONE, INTERRUPTED, Session, command, refuse_missing, remember
from dafab_kg.cli.originals import Originals, write_originals
from dafab_kg.cli.printing import console, plain, print_json, print_line, print_table, tell

if TYPE_CHECKING:
    from dafab_kg.ingest.report import LoadReport, Outcome, Progress

Paths = Annotated[list[Path], typer.Argument(help="Files, directories or archives.")]
Kind = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="KIND",
        help="What the files are, if they do not tell: parcels, places, events, findings, …",
    ),
]
Season = Annotated[str, typer.Option(help="Growing season of parcels that tell none.")]
DataSet = Annotated[str, typer.Option(help="Name of the data set; else the file's.")]
SHOWN_WARNINGS = 5
STATUSES = ("loaded", "replaced", "unchanged", "removed", "rejected", "unrecognised")


def add(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    command(app, "load")(load)
    group = typer.Typer(help="Rejected documents, with the reason.", no_args_is_help=True)
    group.callback()(remember)
    command(group, "list")(list_quarantine)
    command(group, "show")(show_quarantined)
    command(group, "retry")(retry)
    command(group, "discard")(discard)
    app.add_typer(group, name="quarantine")


def load(
    session: Session,
    paths: Paths,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Stop at the first rejection; its batch is not kept.", metavar=""
        ),
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that read and map.")] = 1,
    no_validate: Annotated[
        bool, typer.Option("--no-validate", help="Load without checking shapes.", metavar="")
    ] = False,
    private: Annotated[
        bool,
        typer.Option(
            "--private", help="Only those see it who may see what is private.", metavar=""
        ),
    ] = False,
    load_as: Kind = "",
    season: Season = "",
    dataset: DataSet = "",
) -> int:
    """Load documents; what they are is seen from their content."""
    refuse_missing(session, paths)
    chosen = {"load_as": load_as, "season": season, "dataset": dataset}
    with session.open(create=True, chosen=chosen) as catalogue, progress_bar(session) as progress:
        report = catalogue.load(
            *paths,
            strict=strict,
            jobs=jobs,
            validate=not no_validate,
            private=private,
            progress=progress,
        )
    return report_load(session, report, strict=strict)


def list_quarantine(session: Session) -> int:
    """List the rejected documents."""
    from dafab_kg.web.faults import readable

    with session.open(read_only=True) as catalogue:
        entries = catalogue.quarantine()
    if session.as_json:
        print_json([without_parts(entry) for entry in entries])
    elif entries:
        print_table(
            ("document", "kind", "rejected", "error", "origin", "reason"),
            [
                (e.document_id, e.kind, e.rejected_at, e.error, e.origin, readable(e.message))
                for e in entries
            ],
        )
    elif not session.quiet:
        print_line("Nothing is in quarantine.")
    return DONE


def show_quarantined(
    session: Session,
    identifier: Annotated[str, typer.Argument(metavar="DOCUMENT")],
    originals: Originals = None,
) -> int:
    """Show why a document was rejected, with its SHACL report if shapes refused it."""
    with session.open(read_only=True) as catalogue:
        entry = catalogue.quarantined(identifier)
    if originals is not None:
        write_originals(originals, entry.document_id, entry.parts)
    if session.as_json:
        parts = [{"name": part.name, "bytes": part.size} for part in entry.parts]
        print_json({**without_parts(entry), "parts": parts})
        return DONE
    facts = {
        "document": entry.document_id,
        "kind": entry.kind,
        "origin": entry.origin,
        "rejected": entry.rejected_at,
        "error": entry.error,
        "reason": entry.message,
        "where": entry.where,
        "remedy": entry.remedy,
        "files": ", ".join(f"{part.name} ({part.size} bytes)" for part in entry.parts),
    }
    print_table(("", ""), [(key, value) for key, value in facts.items() if value])
    if entry.report:
        print_line(entry.report.rstrip())
    return DONE


def retry(
    session: Session,
    identifiers: Annotated[list[str] | None, typer.Argument(metavar="[DOCUMENT]...")] = None,
    load_as: Kind = "",
    season: Season = "",
    dataset: DataSet = "",
) -> int:
    """Try rejected documents again (none named: all)."""
    chosen = {"load_as": load_as, "season": season, "dataset": dataset}
    with session.open(chosen=chosen) as catalogue, progress_bar(session) as progress:
        report = catalogue.retry(*(identifiers or ()), progress=progress)
    if not report.outcomes and not session.as_json:
        if not session.quiet:
            print_line("Nothing is in quarantine.")
        return DONE
    return report_load(session, report)


def discard(
    session: Session,
    identifiers: Annotated[list[str] | None, typer.Argument(metavar="[DOCUMENT]...")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All that is in quarantine.", metavar="")
    ] = False,
) -> int:
    """Take rejected documents out of quarantine for good, with their files."""
    if bool(identifiers) == everything:
        raise typer.BadParameter("name documents, or give --all")
    with session.open() as catalogue:
        wanted = identifiers or [entry.document_id for entry in catalogue.quarantine()]
        gone = catalogue.discard(*wanted) if wanted else ()
    if session.as_json:
        print_json({"discarded": gone})
    elif not session.quiet:
        print_line(f"{len(gone):,} discarded")
    return DONE


def without_parts(entry: Any) -> dict[str, Any]:
    """Return a quarantined document for JSON, without its bytes."""
    values: dict[str, Any] = plain(entry)
    values.pop("parts", None)
    return values


@contextmanager
def progress_bar(session: Session) -> Iterator[Callable[[Progress], None] | None]:
    """Show progress on standard error while it is a terminal and not silenced."""
    screen = console(error=True)
    if session.quiet or session.as_json or not screen.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=screen, transient=True) as bar:
        task = bar.add_task("", total=None, counts="")

        def update(progress: Progress) -> None:
            counts = f"{progress.loaded} loaded, {progress.unchanged} unchanged"
            if progress.rejected:
                counts += f", {progress.rejected} rejected"
            bar.update(task, completed=progress.done, total=progress.total, counts=counts)

        yield update


def report_load(session: Session, report: LoadReport, *, strict: bool = False) -> int:
    """Print what a load did; return the exit code."""
    stopped = strict and bool(report.rejected) and not report.interrupted
    if session.as_json:
        print_json(
            {
                "seconds": round(report.seconds, 3),
                "interrupted": report.interrupted,
                "stopped": stopped,
                "counts": report.counts,
                "by_kind": report.by_kind,
                "rejected": report.rejected,
                "unrecognised": [o.origin for o in report.outcomes if o.status == "unrecognised"],
                "warnings": [o for o in report.outcomes if o.warnings and o not in report.rejected],
            }
        )
    else:
        if not session.quiet:
            print_counts(report)
        print_rejections(report.rejected)
        if stopped:
            print_line(
                "Stopped at a rejection: nothing else of that batch was stored. "
                "The same command without --strict loads the rest."
            )
    if report.interrupted:
        tell("dafab-kg: interrupted; what is counted is stored, and the same command resumes")
        return INTERRUPTED
    if not report.outcomes:
        tell("dafab-kg: no document was found there")
        return AMISS
    return DONE if report.ok else AMISS


def print_counts(report: LoadReport) -> None:
    """Print the table of documents by kind and status."""
    used = [s for s in STATUSES if s in report.counts]
    rows = [
        (kind, *(counts.get(status, 0) for status in used))
        for kind, counts in sorted(report.by_kind.items())
    ]
    if len(rows) > 1:
        rows.append(("all", *(report.counts[status] for status in used)))
    if rows:
        print_table(("documents", *used), rows, numbers=used)
    unknown = [o.origin for o in report.outcomes if o.status == "unrecognised"]
    if unknown:
        shown = ", ".join(Path(origin).name for origin in unknown[:SHOWN_WARNINGS])
        more = f" and {len(unknown) - SHOWN_WARNINGS:,} more; --json lists them all"
        print_line(f"not recognised: {shown}{more if len(unknown) > SHOWN_WARNINGS else ''}")
    triples = sum(o.triples for o in report.outcomes if o.status in ("loaded", "replaced"))
    print_line(f"{triples:,} triples stored in {report.seconds:.1f} s")
    warnings = [(o.origin, warning) for o in report.outcomes for warning in o.warnings]
    for origin, warning in warnings[:SHOWN_WARNINGS]:
        print_line(f"warning: {origin}: {' '.join(warning.split())}")
    if len(warnings) > SHOWN_WARNINGS:
        print_line(f"and {len(warnings) - SHOWN_WARNINGS:,} more; --json lists them all")


def print_rejections(outcomes: list[Outcome] | tuple[Outcome, ...]) -> None:
    """Print rejected documents with their reasons."""
    from dafab_kg.web.faults import readable

    for outcome in outcomes:
        # Messages of loaders begin with the place, which may be the origin itself.
        known = outcome.message.startswith(outcome.origin)
        text = outcome.message if known else f"{outcome.origin}: {outcome.message}"
        print_line(f"{outcome.status}: {readable(' '.join(text.split()))}")
