"""index, search: the search index beside the graph, and its search box."""

from __future__ import annotations

from typing import Annotated

import typer

from dafab_kg.cli.frame import AMISS, DONE, Session, command
from dafab_kg.cli.printing import print_json, print_line, print_table, tell


def add(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(help="The search index beside the graph: look at it, or make it anew.")
    command(group, "status")(status)
    command(group, "rebuild")(rebuild)
    app.add_typer(group, name="index")
    command(app, "search")(search)


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
        say = None if session.quiet else lambda step: tell(f"{step} …")
        told = catalogue.rebuild_index(tell=say)
    if session.as_json:
        print_json(told)
    elif not session.quiet:
        print_line(f"{told['rows']:,} rows")
    return DONE


def search(
    session: Session,
    words: Annotated[list[str], typer.Argument(help="Words, or beginnings of words.")],
    limit: Annotated[int, typer.Option(min=1, help="Most things to list.")] = 20,
) -> int:
    """Find things by IRI, product id, DID, label or place name."""
    with session.open(read_only=True) as catalogue:
        found = catalogue.find_things(" ".join(words), limit=limit + 1)
    more, found = len(found) > limit, found[:limit]
    if session.as_json:
        print_json([{"iri": iri, "text": text} for iri, text in found])
    elif found:
        print_table(("thing", "text"), found)
        if more:
            print_line(f"There are more than {limit}: add words, or say --limit")
    else:
        print_line("Nothing has these words")
    return DONE if found else AMISS
