"""index: the search index beside the graph."""

from __future__ import annotations

import typer

from dafab_kg.cli.frame import DONE, Session, command
from dafab_kg.cli.printing import print_json, print_line, tell


def add(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(help="The search index beside the graph: look at it, or make it anew.")
    command(group, "status")(status)
    command(group, "rebuild")(rebuild)
    app.add_typer(group, name="index")


def status(session: Session) -> int:
    """Tell how many rows the index has, in which files, and which commit it reflects."""
    with session.open(read_only=True) as catalogue:
        told = catalogue.index_status()
    if session.as_json:
        print_json(told)
    elif not told["usable"]:
        print_line(f"The index cannot be used: {told['reason']}. `dafab-kg index rebuild` mends it")
    else:
        size = sum(segment["bytes"] for segment in told["segments"])
        print_line(
            f"{told['rows']:,} rows, {told['properties']} properties, {size / 1e6:,.1f} MB "
            f"in {len(told['segments'])} files, commit {told['commit']}"
        )
    return DONE


def rebuild(session: Session) -> int:
    """Make the index anew from the graph, as after a change of what the ontology indexes."""
    with session.open() as catalogue:
        told = catalogue.rebuild_index(None if session.quiet else lambda step: tell(f"{step} …"))
    if session.as_json:
        print_json(told)
    elif not session.quiet:
        print_line(f"{told['rows']:,} rows")
    return DONE
