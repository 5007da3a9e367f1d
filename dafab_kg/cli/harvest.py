"""harvest: what a STAC API holds, into the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dafab_kg.cli.frame import AMISS, DONE, Session, command
from dafab_kg.cli.loading import progress_bar, report_load
from dafab_kg.cli.printing import plain, print_json, print_line

if TYPE_CHECKING:
    from dafab_kg.federation.harvest import HarvestReport


def add(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    command(app, "harvest")(harvest)


def harvest(
    session: Session,
    url: Annotated[str, typer.Argument(help="Landing page of a STAC API.")],
    bbox: Annotated[
        str, typer.Option(metavar="W,S,E,N", help="Only what meets this box, in degrees.")
    ] = "",
    datetime: Annotated[
        str, typer.Option(metavar="START/END", help="Only of this time; .. is open.")
    ] = "",
    collections: Annotated[
        list[str] | None,
        typer.Option("--collection", metavar="ID", help="Only of this collection (repeatable)."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Most items in all.")] = None,
    page_size: Annotated[int, typer.Option(min=1, max=10_000, help="Items asked at once.")] = 100,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew, not where it stopped.", metavar="")
    ] = False,
) -> int:
    """Load what a STAC API answers to a search; the same command goes on where it stopped."""
    from dafab_kg.federation.secrets import read_address

    box = read_box(bbox)
    read_address(url)  # before a store is made for it
    with session.open(create=True) as catalogue, progress_bar(session) as progress:
        report = catalogue.harvest(
            url,
            bbox=box,
            datetime=datetime,
            collections=collections or (),
            limit=limit,
            page_size=page_size,
            restart=restart,
            progress=progress,
        )
    return report_harvest(session, report)


def read_box(text: str) -> tuple[float, ...]:
    """Read west, south, east, north in degrees; west may be greater than east."""
    if not text:
        return ()
    try:
        box = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"--bbox {text!r} is not four numbers") from None
    if len(box) != 4 or not all(abs(x) <= 180 for x in box[::2]):
        raise typer.BadParameter(f"--bbox {text!r} is not west,south,east,north in degrees")
    if not -90 <= box[1] <= box[3] <= 90:
        raise typer.BadParameter(f"--bbox {text!r}: south must not be above north, within 90")
    return box


def report_harvest(session: Session, report: HarvestReport) -> int:
    """Print how far it came and what became of the documents; return the exit code."""
    state = report.state
    if session.as_json:
        values = {
            "url": state.wanted.url,
            "resumed": report.resumed,
            "pages": state.pages,
            "items": state.items,
            "matched": state.matched,
            "ended": state.ended,
            "interrupted": report.load.interrupted,
            "counts": report.load.counts,
            "rejected": plain(report.load.rejected),
        }
        print_json(values)
        return DONE if report.load.ok else AMISS
    if not session.quiet:
        began = "resumed: " if report.resumed else ""
        whole = f" of {state.matched:,}" if state.matched is not None else ""
        print_line(f"{began}{state.items:,}{whole} items in {state.pages:,} pages")
    if not report.load.outcomes:
        return DONE
    return report_load(session, report.load)
