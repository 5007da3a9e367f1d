"""files: where the files of items are, which site has most of them, and fetching them."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dafab_kg.cli.frame import AMISS, DONE, Session, WrongUsage, command
from dafab_kg.cli.printing import console, print_json, print_line, print_table, tell

if TYPE_CHECKING:
    from dafab_kg.catalogue import Catalogue
    from dafab_kg.federation.rucio.replicas import Resolved
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
    from dafab_kg.python.located import best_sites, choose

    settings = session.settings()
    sought = read_sought(ids, filter_, words, limit)
    with session.open(read_only=True) as catalogue:
        plan = catalogue.downloads(find(catalogue, sought), assets=assets)
    plan, resolved, sites = _ask(settings, plan, vo, site, fresh=fresh, needed=best_site)
    if resolved is not None and not session.quiet:
        _tell_age(resolved)
    if best_site:
        _print_sites(session, best_sites(plan), resolved, plan)
        return DONE
    if site or protocols:
        plan = choose(plan, sites=sites, protocols=protocols or ())
    if get is not None:
        return _get(session, settings, plan, get, at_once)
    _print(session, plan, resolved, form or ("json" if session.as_json else "table"))
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
    from dafab_kg.model.errors import ThingNotFound

    found = list(
        catalogue.search(
            sought.words or None,
            ids=sought.ids or None,
            filter=sought.filter or None,
            limit=sought.limit,
        )
    )
    place = {name: number for number, name in reversed([*enumerate(sought.ids)])}
    if place:
        found.sort(key=lambda item: place.get(item["id"], len(place)))
    if not found and sought.words:
        tell(
            f"No item has {sought.words!r} in its texts. What follows from data is asked for by "
            "--filter, as \"A_CONTAINS(dafab:types, ('dafab:FloodScene'))\""
        )
    narrowed = sought.filter or sought.words or sought.limit is not None
    there = {item["id"] for item in found}
    gone = [one for one in sought.ids if one not in there]
    if gone and not narrowed:
        raise ThingNotFound(
            f"There is no item {gone[0]!r}. Find ids: dafab-kg files --search WORDS"
        )
    return found


def _ask(
    settings: Settings, plan: DownloadPlan, vo: str, site: str, *, fresh: bool, needed: bool
) -> tuple[DownloadPlan, Resolved | None, Collection[str] | None]:
    """Ask a Rucio, if there is one, where the files are; return which sites are meant, too."""
    from dafab_kg.dids.names import Scopes
    from dafab_kg.federation.rucio.connection import configured, connect
    from dafab_kg.federation.rucio.replicas import Kept, Replicas
    from dafab_kg.federation.rucio.sites import is_name, named_sites
    from dafab_kg.model.errors import NotDoneHere
    from dafab_kg.python.located import locate, pairs_of

    config = configured(settings)
    if not config:
        if site or needed:
            raise NotDoneHere(
                "Only a Rucio tells of sites, and none is configured. Set rucio_config"
            )
        return plan, None, None
    scopes = Scopes(settings.did_scope, settings.did_scopes)
    kept = Kept(settings.store, f"{Path(config).resolve()} {vo}")
    with Replicas(
        # what is kept serves at once where it does not answer
        lambda: connect(settings, vo, sleep=None),
        kept,
        most_age=settings.rucio_replica_age,
    ) as replicas:
        resolved = replicas.of(pairs_of(plan, scopes), fresh=fresh)
    sites: Collection[str] | None = None
    if site:
        there = {copy.rse for file in resolved.files.values() for copy in file.copies}
        if is_name(site) and (site in there or resolved.old):
            sites = {site}
        else:
            sites = named_sites(connect(settings, vo), site)
    return locate(plan, resolved, scopes), resolved, sites


def _tell_age(resolved: Resolved) -> None:
    from dafab_kg.python.located import written

    if resolved.as_of is None:
        return
    told = f"Replicas as of {written(resolved.as_of)}"
    tell(f"{told}, which is old. {resolved.old}" if resolved.old else told)


def _tell_missing(session: Session, plan: DownloadPlan) -> int:
    missing = [one for one in plan if not any(place.usable for place in one.places)]
    if missing and not session.quiet:
        tell(f"{len(missing):,} of {len(plan):,} files are not to be had so")
    return AMISS if missing else DONE


def _print(session: Session, plan: DownloadPlan, resolved: Resolved | None, form: str) -> None:
    from dafab_kg.python import located
    from dafab_kg.python.metalink import metalink

    if form == "json":
        print_json(located.as_json(plan, resolved))
    elif form == "metalink":
        reached = ((name, one) for name, one in plan.named if one.addresses)
        sys.stdout.flush()
        sys.stdout.buffer.write(metalink(reached))
        sys.stdout.buffer.flush()
    elif form == "csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(located.COLUMNS)
        writer.writerows(located.rows_of(plan))
        print_line(text.getvalue().rstrip("\n"))
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


def _print_sites(
    session: Session, sites: tuple[Any, ...], resolved: Resolved | None, plan: DownloadPlan
) -> None:
    from dafab_kg.python.located import written

    if session.as_json:
        moment = None if resolved is None or resolved.as_of is None else written(resolved.as_of)
        old = "" if resolved is None else resolved.old
        told = {"as_of": moment, "old": old, "files": len(plan), "bytes": plan.size}
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
