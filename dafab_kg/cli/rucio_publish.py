"""rucio publish, status, retry, reconcile: the catalogue's items in a Rucio."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dafab_kg.cli.frame import AMISS, DONE, Session, WrongUsage, command
from dafab_kg.cli.printing import console, print_json, print_line, print_table, tell

if TYPE_CHECKING:
    from dafab_kg.catalogue import Catalogue
    from dafab_kg.federation.rucio.memory import Memory
    from dafab_kg.federation.rucio.publish import Published, Publisher, Tell
    from dafab_kg.federation.rucio.reconcile import Reconciled
    from dafab_kg.model.settings import Settings

Vo = Annotated[
    str, typer.Option("--vo", metavar="VO", help="Virtual organisation; else rucio.cfg's.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Read both sides, send nothing.", metavar="")
]
Scopes = Annotated[
    bool,
    typer.Option("--make-scopes", help="Make the scopes that are missing there.", metavar=""),
]
PAUSE = 2.0
"""Seconds between looks at whether something was committed."""
LONG_PAUSE = 60.0
"""Seconds after which, while following, a Rucio is asked again that did not answer, and what it
refused is tried again."""
SHOWN = 50
"""Most differences that are printed for people."""


def add(rucio: typer.Typer) -> None:
    """Add the commands to the group ``rucio``."""
    command(rucio, "publish")(publish)
    command(rucio, "status")(status)
    command(rucio, "retry")(retry)
    command(rucio, "reconcile")(reconcile)


def publish(
    session: Session,
    vo: Vo = "",
    follow: Annotated[
        bool, typer.Option("--follow/--once", help="Go on with what is committed later.")
    ] = False,
    whole: Annotated[
        bool, typer.Option("--all", help="Look at all items, not only what changed.", metavar="")
    ] = False,
    dry_run: DryRun = False,
    make_scopes: Scopes = False,
) -> int:
    """Publish items, their data sets and files to Rucio; what changed or went since, the next
    time."""
    if follow and dry_run:
        raise WrongUsage("--follow and --dry-run do not go together")
    settings = session.settings()
    with _memory(settings, vo) as memory, _progress(session) as progress:
        if not follow:
            with _state(settings) as catalogue:
                publisher = _publisher(settings, vo, memory, progress, dry=dry_run)
                _scopes(catalogue, publisher, make=make_scopes)
                from dafab_kg.catalogue.following import publish_round

                report = publish_round(catalogue, publisher, whole=whole)
            return _report(session, report, memory, dry=dry_run)
        _follow(session, settings, vo, memory, progress, whole=whole, make_scopes=make_scopes)
    return DONE


def _follow(
    session: Session,
    settings: Settings,
    vo: str,
    memory: Memory,
    progress: Tell,
    *,
    whole: bool,
    make_scopes: bool,
) -> None:
    from dafab_kg.catalogue.following import publish_round
    from dafab_kg.model.errors import ServiceNotUsable, ServiceRefused, StoreInUse

    seen: object = None
    publisher: Publisher | None = None
    looked = 0.0
    while True:
        now = _mark(settings)
        if now == seen and time.monotonic() - looked < LONG_PAUSE:
            time.sleep(PAUSE)
            continue
        looked = time.monotonic()
        try:
            with _state(settings) as catalogue:
                publisher = publisher or _publisher(settings, vo, memory, progress, dry=False)
                _scopes(catalogue, publisher, make=make_scopes)
                report = publish_round(catalogue, publisher, whole=whole)
            seen, whole = now, False
            if report.published or report.removed or report.refused:
                _report(session, report, memory, dry=False)
        except ServiceRefused:
            raise
        except (ServiceNotUsable, StoreInUse) as error:
            tell(f"dafab-kg: {error} (--follow goes on by itself)")
            publisher = None
            time.sleep(LONG_PAUSE if isinstance(error, ServiceNotUsable) else PAUSE)


def _mark(settings: Settings) -> object:
    """What changes whenever there may be something new: what a server published last, else the
    documents' file."""
    from dafab_kg.catalogue.following import state_of
    from dafab_kg.serving.places import find
    from dafab_kg.store.snapshots import Shelf

    if find(settings.store) is None:
        return state_of(settings.store)
    return Shelf(settings.store).current()


def status(session: Session, vo: Vo = "") -> int:
    """Tell what is published, and what Rucio refused."""
    settings = session.settings()
    with _memory(settings, vo, read_only=True) as memory:
        every = list(memory.all())
        sent = [one for one in every if not one.gone]
        letters = memory.letters()
        files = [
            {"scope": one.dids[0].scope, "item": one.name, "file": file.name, "why": file.why}
            for one in sent
            for file in one.left_out
        ]
        counts = {
            "units": sum(bool(one.digest) for one in sent),
            "unfinished": sum(not one.digest for one in sent),
            "dids": sum(len(one.current) for one in sent),
            "removed": len(every) - len(sent),
            "files_left_out": len(files),
            "refused": sum(not one.dead for one in letters),
            "dead": sum(one.dead for one in letters),
        }
    if session.as_json:
        print_json({**counts, "letters": letters, "left_out": files})
    else:
        print_table(("what", "number"), counts.items(), numbers=("number",))
        reasons: dict[str, int] = {}
        for file in files:
            reasons[file["why"]] = reasons.get(file["why"], 0) + 1
        if reasons:
            print_table(("files left out because", "number"), reasons.items(), numbers=("number",))
        if letters:
            rows = [
                (f"{one.scope}:{one.name}", one.tries, "dead" if one.dead else "waits", one.why)
                for one in letters[:SHOWN]
            ]
            print_table(("refused", "tries", "state", "why"), rows, numbers=("tries",))
    return AMISS if any(one.dead for one in letters) else DONE


def retry(
    session: Session,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SCOPE:NAME]...", help="Which; else all that Rucio refused."),
    ] = None,
    vo: Vo = "",
) -> int:
    """Let what Rucio refused be tried again by the next publish."""
    pairs = None
    if names:
        split = [name.partition(":") for name in names]
        if not all(scope and name for scope, _, name in split):
            raise WrongUsage("A data identifier is given as SCOPE:NAME")
        pairs = [(scope, name) for scope, _, name in split]
    with _memory(session.settings(), vo) as memory:
        number = memory.again(pairs)
    if session.as_json:
        print_json({"again": number})
    elif not session.quiet:
        print_line(f"{number:,} to be tried again by the next `dafab-kg rucio publish`")
    return DONE if number or not names else AMISS


def reconcile(
    session: Session,
    vo: Vo = "",
    repair: Annotated[
        bool, typer.Option("--repair", help="Make Rucio what the graph says.", metavar="")
    ] = False,
    dry_run: DryRun = False,
    make_scopes: Scopes = False,
) -> int:
    """Compare all that is wanted with all that Rucio holds in the scopes."""
    settings = session.settings()
    with _memory(settings, vo) as memory, _state(settings) as catalogue:
        from dafab_kg.federation.rucio.reconcile import reconcile as compare

        with _progress(session) as progress:
            publisher = _publisher(settings, vo, memory, progress, dry=dry_run or not repair)
            _scopes(catalogue, publisher, make=make_scopes)
            wanted = catalogue.wanted_dids
            found = compare(publisher, wanted.everything(), wanted.scopes, repair=repair)
    return _report_differences(session, found, dry=dry_run)


def _report(session: Session, report: Published, memory: Memory, *, dry: bool) -> int:
    dead = sum(one.dead for one in memory.letters())
    if session.as_json:
        values = {
            name: getattr(report, name) for name in ("published", "unchanged", "removed", "waiting")
        }
        refused = {":".join(pair): why for pair, why in report.refused.items()}
        more = {"files_left_out": report.left_out, "refused": refused, "dead": dead}
        more["known"] = report.known
        print_json({**values, **more, "dry_run": dry})
    else:
        for pair, why in list(report.refused.items())[:SHOWN]:
            tell(f"{':'.join(pair)}: {why}")
        if not session.quiet:
            print_line(f"{'would be: ' if dry else ''}{_told(report)}")
            if (report.left_out or dead) and not dry:
                print_line("`dafab-kg rucio status` tells more")
    return AMISS if report.refused else DONE


def _told(report: Published) -> str:
    told = [
        f"{report.published:,} published",
        f"{report.unchanged:,} {'looked at and ' if report.known is not None else ''}unchanged",
        f"{report.removed:,} removed",
    ]
    if report.refused:
        told.append(f"{len(report.refused):,} refused")
    if report.waiting:
        told.append(f"{report.waiting:,} wait to be tried again")
    if report.left_out:
        told.append(f"{report.left_out:,} files left out")
    text = ", ".join(told)
    return text if report.known is None else f"{text}; {report.known:,} are published in all"


def _report_differences(session: Session, found: Reconciled, *, dry: bool) -> int:
    from dafab_kg.federation.rucio.reconcile import KINDS

    counts = {kind: found.count(kind) for kind in KINDS}
    mended = found.mended
    if session.as_json:
        done: Any = None
        if mended is not None:
            refused = {":".join(pair): why for pair, why in mended.refused.items()}
            done = {"published": mended.published, "removed": mended.removed, "refused": refused}
        more = {"differences": found.differences, "repaired": done}
        print_json({"same": found.same} | dict(counts) | more)
    elif not session.quiet:
        rows = [(one.kind, f"{one.scope}:{one.name}", one.what) for one in found.differences]
        if rows:
            print_table(("difference", "data identifier", "what"), rows[:SHOWN])
        if len(rows) > SHOWN:
            print_line(f"{len(rows) - SHOWN:,} more: --json tells all")
        told = [f"{found.same:,} same", *(f"{n:,} {kind}" for kind, n in counts.items())]
        print_line(", ".join(told))
        if mended is not None:
            print_line(f"{'would be repaired' if dry else 'repaired'}: {_told(mended)}")
    wrong = sum(counts[kind] for kind in KINDS if kind != "foreign")
    if mended is not None:
        return AMISS if mended.refused else DONE
    return AMISS if wrong else DONE


@contextmanager
def _state(settings: Settings) -> Iterator[Catalogue]:
    """Open the catalogue as it was last committed: as a server published it, or else out of a
    snapshot that is made for this, so that loads may go on beside."""
    from dafab_kg.catalogue import open_catalogue
    from dafab_kg.serving.places import find

    if find(settings.store) is None:
        with open_catalogue(settings.store, settings=settings, create=False) as catalogue:
            catalogue.publish()
            catalogue.prune()
    with open_catalogue(settings.store, settings=settings, published=True) as catalogue:
        yield catalogue


def _memory(settings: Settings, vo: str, *, read_only: bool = False) -> Memory:
    from dafab_kg.federation.rucio.connection import ONLY_VO, server, vo_of
    from dafab_kg.federation.rucio.memory import Memory
    from dafab_kg.model.errors import StoreNotFound

    if not (settings.store / "catalogue.json").is_file():
        raise StoreNotFound(f"There is no catalogue in {settings.store}. Name one with --store")
    spoken = vo_of(settings, vo)
    own = "" if spoken == ONLY_VO else spoken
    return Memory(settings.store, own, server=server(settings), read_only=read_only)


def _publisher(
    settings: Settings, vo: str, memory: Memory, progress: Tell, *, dry: bool
) -> Publisher:
    from dafab_kg.catalogue.following import DAY
    from dafab_kg.federation.rucio.connection import connect
    from dafab_kg.federation.rucio.publish import Publisher

    days = settings.rucio_expire_days
    return Publisher(
        connect(settings, vo),
        memory,
        meta=settings.rucio_metadata == "all",
        most_tries=settings.rucio_tries,
        expire_seconds=None if days is None else days * DAY,
        dry=dry,
        tell=progress,
    )


def _scopes(catalogue: Catalogue, publisher: Publisher, *, make: bool) -> None:
    """Make scopes that are missing, if asked to; else say so before anything is sent."""
    from dafab_kg.federation.rucio.scopes import check_scopes, missing_scopes

    scopes = catalogue.wanted_dids.scopes
    if not (make and publisher.dry):
        check_scopes(publisher.client, scopes, make=make)
    elif missing := missing_scopes(publisher.client, scopes):
        tell(f"would be made: the scope {', '.join(missing)}")


@contextmanager
def _progress(session: Session) -> Iterator[Tell]:
    """Show progress on standard error while it is a terminal and not silenced."""
    screen = console(error=True)
    if session.quiet or session.as_json or not screen.is_terminal:
        yield lambda _: None
        return
    with screen.status("publishing") as shown:
        yield lambda report: shown.update(_told(report))
