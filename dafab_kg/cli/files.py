"""files: where the files of items are, which site has most of them, and fetching them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dafab_kg.cli.frame import AMISS, DONE, Session, WrongUsage, command
from dafab_kg.cli.printing import console, print_json, print_line, print_table, tell

if TYPE_CHECKING:
    from dafab_kg.catalogue import Catalogue
    from dafab_kg.model.settings import Settings
    from dafab_kg.python.downloads import DownloadPlan
    from dafab_kg.python.fetching import Fetched, Progress

FORMATS = ("table", "csv", "json", "metalink")
SHOWN = 50
"""Most files that are told of one by one for people."""

Ids = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="Ids of items.", show_default=False)
]
Filter = Annotated[str, typer.Option("--filter", metavar="CQL2", help="A filter, as CQL2 text.")]
Words = Annotated[
    str, typer.Option("--search", metavar="WORDS", help="Words in the texts of items.")
]
Limit = Annotated[int | None, typer.Option(min=1, help="Most items.")]
Vo = Annotated[
    str, typer.Option("--vo", metavar="VO", help="Virtual organisation; else rucio.cfg's.")
]


@dataclass(frozen=True)
class Sought:
    """Which items are meant: as they were asked for."""

    ids: tuple[str, ...] = ()
    filter: str = ""
    words: str = ""
    limit: int | None = None

    def __str__(self) -> str:
        parts = [*self.ids]
        parts += [f"--filter {self.filter}"] if self.filter else []
        parts += [f"--search {self.words}"] if self.words else []
        parts += [f"--limit {self.limit}"] if self.limit is not None else []
        return " ".join(parts)


def add(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    command(app, "files")(files)


def files(
    session: Session,
    ids: Ids = None,
    filter_: Filter = "",
    words: Words = "",
    limit: Limit = None,
    assets: Annotated[
        list[str] | None,
        typer.Option("--asset", metavar="KEY", help="Only these keys or roles (repeatable)."),
    ] = None,
    site: Annotated[
        str, typer.Option("--site", metavar="RSE", help="Only there: a name, or an expression.")
    ] = "",
    protocols: Annotated[
        list[str] | None,
        typer.Option("--protocol", metavar="SCHEME", help="Only by this: https (repeatable)."),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help=f"One of {', '.join(FORMATS)}."),
    ] = None,
    get: Annotated[
        Path | None, typer.Option("--get", metavar="DIR", help="Fetch them into this directory.")
    ] = None,
    best_site: Annotated[
        bool, typer.Option("--best-site", help="Rank the sites by the bytes there.", metavar="")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask Rucio anew, whatever is kept.", metavar="")
    ] = False,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="Files fetched at a time.")] = 4,
    vo: Vo = "",
) -> int:
    """Tell where the files of items are, or fetch them with --get.

    A configured Rucio is asked for replicas; else the addresses of the items are the plan.
    """
    if form is not None and form not in FORMATS:
        raise WrongUsage(f"There is no format {form!r}. Choose one of {', '.join(FORMATS)}")
    if (form is not None) + (get is not None) + best_site > 1:
        raise WrongUsage("There are several of --format, --get and --best-site. Give one")
    from dafab_kg.python.located import best_sites
    from dafab_kg.python.resolving import resolve

    settings = session.settings()
    sought = read_sought(ids, filter_, words, limit)
    with session.open(read_only=True) as catalogue:
        plan = catalogue.downloads(find(catalogue, sought), assets=assets)
    told = resolve(
        settings,
        plan,
        vo=vo,
        site="" if best_site else site,
        protocols=() if best_site else protocols or (),
        fresh=fresh,
        needed=best_site,
    )
    if not session.quiet:
        _tell_age(told)
    if best_site:
        _print_sites(session, best_sites(told), told)
        return DONE
    plan = told
    if get is not None:
        return _get(session, settings, plan, get, at_once)
    _print(session, plan, form or ("json" if session.as_json else "table"))
    return _tell_missing(session, plan)


def read_sought(
    ids: list[str] | None, filter_: str, words: str, limit: int | None = None
) -> Sought:
    """Read which items are meant.

    Raises:
        WrongUsage: none are named.
    """
    if not (ids or filter_ or words):
        raise WrongUsage("No items are named. Give ids, --filter or --search")
    return Sought(tuple(ids or ()), filter_, words, limit)


def find(catalogue: Catalogue, sought: Sought) -> list[dict[str, Any]]:
    """Find the items.

    Raises:
        ThingNotFound: one of the ids is no item's.
    """
    found = catalogue.items_named(
        sought.ids, sought.words or None, sought.filter or None, sought.limit
    )
    if not found and sought.words:
        tell(
            f"No item has {sought.words!r} in its texts. What follows from data is asked for by "
            "--filter, as \"A_CONTAINS(dafab:types, ('dafab:FloodScene'))\""
        )
    return found


def _tell_age(plan: DownloadPlan) -> None:
    from dafab_kg.python.located import written

    if plan.as_of is None:
        return
    told = f"Replicas as of {written(plan.as_of)}"
    tell(f"{told}, which is old. {plan.old}" if plan.old else told)


def _tell_missing(session: Session, plan: DownloadPlan) -> int:
    missing = [one for one in plan if not any(place.usable for place in one.places)]
    if missing and not session.quiet:
        tell(f"{len(missing):,} of {len(plan):,} files are not to be had so")
    return AMISS if missing else DONE


def _print(session: Session, plan: DownloadPlan, form: str) -> None:
    if form == "json":
        print_json(plan.to_json())
    elif form == "metalink":
        sys.stdout.flush()
        sys.stdout.buffer.write(plan.metalink())
        sys.stdout.buffer.flush()
    elif form == "csv":
        print_line(plan.to_csv().rstrip("\n"))
    else:
        rows = [
            (one.item, one.asset, one.size, source.rse, source.state, source.address)
            for one in plan
            for source in one.places
        ]
        columns = ("item", "asset", "bytes", "site", "state", "address")
        print_table(columns, rows, numbers=("bytes",))
        if not session.quiet:
            shown = [one for one in plan if one.places]
            size = sum(one.size or 0 for one in shown)
            print_line(f"{len(shown):,} files, {size:,} bytes; {len(rows):,} addresses")


def _print_sites(session: Session, sites: tuple[Any, ...], plan: DownloadPlan) -> None:
    from dafab_kg.python.located import written

    if session.as_json:
        moment = None if plan.as_of is None else written(plan.as_of)
        told = {"as_of": moment, "old": plan.old, "files": len(plan), "bytes": plan.size}
        print_json({**told, "sites": sites})
        return
    columns = ("site", "bytes there", "bytes missing", "files there", "files missing")
    rows = [(s.rse, s.here, s.missing, s.files_here, s.files_missing) for s in sites]
    print_table(columns, rows, numbers=columns[1:])
    unknown = sum(one.size is None for one in plan)
    if unknown and not session.quiet:
        print_line(f"{unknown:,} files whose size is not known count for no bytes")


def _get(
    session: Session, settings: Settings, plan: DownloadPlan, place: Path, at_once: int
) -> int:
    from dafab_kg.python.fetching import fetch
    from dafab_kg.python.transfer import Bounds

    bounds = Bounds(
        seconds=settings.rucio_seconds,
        most_bytes=settings.download_bytes,
        roots=settings.download_roots,
    )
    with _progress(session) as progress:
        found = fetch(plan, place, at_once=at_once, bounds=bounds, tell=progress)
    failed = [one for one in found if one.outcome == "failed"]
    if session.as_json:
        print_json({"directory": str(place), "files": found})
    else:
        for one in failed[:SHOWN]:
            tell(f"{one.name}: {one.why}")
        if not session.quiet:
            print_line(_told(found))
    return AMISS if failed else DONE


def _told(found: tuple[Fetched, ...]) -> str:
    counts = {kind: [one for one in found if one.outcome == kind] for kind in
              ("fetched", "there", "failed")}  # fmt: skip
    size = sum(one.size or 0 for one in counts["fetched"])
    told = f"{len(counts['fetched']):,} fetched ({size:,} bytes)"
    if counts["there"]:
        told += f", {len(counts['there']):,} there already"
    if counts["failed"]:
        told += f", {len(counts['failed']):,} failed"
    unchecked = sum(one.outcome == "fetched" and not one.checked for one in found)
    return f"{told}; {unchecked:,} without a checksum to check" if unchecked else told


@contextmanager
def _progress(session: Session) -> Iterator[Callable[[Progress], None]]:
    """Show progress on standard error while it is a terminal and not silenced."""
    screen = console(error=True)
    if session.quiet or session.as_json or not screen.is_terminal:
        yield lambda _: None
        return
    with screen.status("fetching") as shown:

        def show(one: Progress) -> None:
            of = f" of {one.all_bytes:,}" if one.all_bytes else ""
            shown.update(f"{one.files:,} of {one.all_files:,} files, {one.came:,}{of} bytes")

        yield show
