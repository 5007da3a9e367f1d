"""sample, serve, run: trying it out."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dafab_kg.cli.asking import print_answer
from dafab_kg.cli.frame import DONE, INTERRUPTED, Session, command, refuse_missing
from dafab_kg.cli.keeping import print_stats
from dafab_kg.cli.loading import print_counts, print_rejections, progress_bar
from dafab_kg.cli.printing import print_json, print_line, tell

if TYPE_CHECKING:
    from dafab_kg.catalogue import Catalogue
    from dafab_kg.model.settings import Settings

Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port; 0: any free one (DAFAB_PORT).")
]
SEED, PRODUCTS = 20260101, 300
HEADLINES = ("headline-1", "headline-2")
SHOWN_REJECTIONS = 20


def add(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    command(app, "sample")(sample)
    command(app, "serve")(serve)
    command(app, "run")(run)


def sample(
    session: Session,
    directory: Annotated[Path, typer.Argument(metavar="DIR")],
    seed: Annotated[int, typer.Option(help="The same seed writes the same files.")] = SEED,
    products: Annotated[int, typer.Option(min=1, help="Number of products.")] = PRODUCTS,
) -> int:
    """Write a realistic sample catalogue: SAFE metadata, STAC items, DaFab items."""
    from dafab_kg.sample import write_sample

    report = write_sample(directory, seed=seed, products=products)
    if session.as_json:
        print_json({"directory": directory, "seed": seed, **vars_of(report)})
    elif not session.quiet:
        counts = ", ".join(f"{value:,} {name}" for name, value in vars_of(report).items())
        print_line(f"{directory}: {counts}")
    return DONE


def vars_of(report: object) -> dict[str, int]:
    """Return the fields of a report, by name."""
    from dataclasses import fields

    return {f.name: getattr(report, f.name) for f in fields(report)}  # type: ignore[arg-type]


def serve(
    session: Session,
    host: Annotated[str | None, typer.Option(help="Address to bind (DAFAB_HOST).")] = None,
    port: Port = None,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open a browser.")] = False,
) -> int:
    """Serve the SPARQL endpoint and pages until interrupted.

    Several processes do it: one that writes, some that answer queries, one that speaks HTTP.
    """
    # One thread for each process: queries run beside each other in processes of their own.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    from dafab_kg.model.errors import FileNotUsable
    from dafab_kg.serving import places
    from dafab_kg.serving.supervisor import Supervisor
    from dafab_kg.web.front import bind, serve_http

    given = {"host": host, "port": port}
    settings = session.settings().model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    refuse_no_catalogue(settings)
    refuse_graph_elsewhere(settings)
    places.sweep(settings.store)
    try:
        listener = bind(settings.host, settings.port)
    except OSError as error:
        raise FileNotUsable(
            f"The address {settings.host}:{settings.port} cannot be bound: {error}. "
            "Name another with --host and --port (0: any free one)"
        ) from error
    address = f"http://{_shown(settings.host)}:{listener.getsockname()[1]}/"

    def ready() -> None:
        places.note(settings.store, supervisor.places, address)
        if session.as_json:
            print_json({"address": address, "sparql": address + "sparql"})
        else:
            print_line(f"Serving {address} (SPARQL at {address}sparql); Ctrl-C stops")
        _flush()
        if open_:
            typer.launch(address)

    with listener:
        supervisor = Supervisor(settings, lambda where: serve_http(settings, where, listener))
        try:
            supervisor.run(ready)
        finally:
            places.forget(settings.store, supervisor.places)
    return DONE


def refuse_no_catalogue(settings: Settings) -> None:
    """Refuse to serve a directory that holds no catalogue.

    Raises:
        StoreNotFound: there is none.
    """
    from dafab_kg.model.errors import StoreNotFound

    if not (settings.store / "catalogue.json").is_file():
        raise StoreNotFound(
            f"There is no catalogue in {settings.store}. Make one with "
            f"`dafab-kg --store {settings.store} load PATH`, or name another with --store"
        )


def refuse_graph_elsewhere(settings: Settings) -> None:
    """Refuse to serve a catalogue whose graph lies behind another server.

    Raises:
        NotDoneHere: it does.
    """
    from dafab_kg.model.errors import NotDoneHere

    if settings.graph_url:
        raise NotDoneHere(
            "The graph lies behind another server (graph_url), and `serve` publishes copies of a "
            "graph of its own. Dump the catalogue, and restore it into a directory without "
            "graph_url"
        )


def _shown(host: str) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"[{host}]" if ":" in host else host


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()


def run(
    session: Session,
    data: Annotated[
        Path | None, typer.Argument(help="Directory with documents; none: a sample is written.")
    ] = None,
    serving: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve at the end.")] = True,
    port: Port = None,
) -> int:
    """Load a sample or DATA, count, ask the two headline questions, and serve."""
    given = data is not None
    if data is None:
        store = session.settings().store
        data = store.with_name(f"{store.name}-sample")
        sample(session, data)
    refuse_missing(session, [data])
    with session.open(create=True) as catalogue:
        with progress_bar(session) as progress:
            report = catalogue.load(data, progress=progress)
        if report.interrupted:
            tell("dafab-kg: interrupted; what is counted is stored, and the same command resumes")
            return INTERRUPTED
        if not session.quiet:
            print_counts(report)
            print_rejections(report.rejected[:SHOWN_REJECTIONS])
            if len(report.rejected) > SHOWN_REJECTIONS:
                print_line("`dafab-kg quarantine list` shows all of them")
            print_stats(catalogue.stats(), catalogue.names.prefixes)
        if not given:
            _derive(session, catalogue)
        _ask_headlines(session, catalogue)
    if serving:
        _become_server(session, port)
    return DONE


def _become_server(session: Session, port: int | None) -> None:
    """Turn this process into `dafab-kg serve`.

    The supervisor forks, which a process that has had a store open must not do: the
    engine's threads would be missing in the child.
    """
    arguments = ["--store", str(session.settings().store)]
    arguments += ["--json"] if session.as_json else []
    arguments += ["serve"] + ([] if port is None else ["--port", str(port)])
    _flush()
    program = "import sys; from dafab_kg.cli import main; sys.exit(main())"
    os.execv(sys.executable, [sys.executable, "-c", program, *arguments])  # noqa: S606


def _derive(session: Session, catalogue: Catalogue) -> None:
    """Compute what the sample gives: coverage by fields, water from masks, places of things."""
    coverage, water = (len(catalogue.derive(rule).derived) for rule in ("coverage", "water"))
    links = catalogue.enrich().links
    if not session.quiet:
        print_line(f"Derived: coverage {coverage}, water {water}; {links} links to places")


def _ask_headlines(session: Session, catalogue: Catalogue) -> None:
    from dafab_kg.queries import read_saved

    for name in HEADLINES:
        saved = read_saved(name)
        print_line(f"\n{saved.title}?")
        print_answer(session, catalogue, catalogue.query(saved.text), "table")
