"""token, graph: who may write, and what is private."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from dafab_kg.cli.frame import DONE, Session, command, remember
from dafab_kg.cli.printing import print_json, print_line, print_table

if TYPE_CHECKING:
    from dafab_kg.access.tokens import Token, Tokens

Graph = Annotated[
    str, typer.Argument(metavar="GRAPH", help="IRI of a graph, or id or IRI of a document.")
]


def add(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    token = typer.Typer(help="Tokens for writing over HTTP.", no_args_is_help=True)
    token.callback()(remember)
    command(token, "create")(create)
    command(token, "list")(list_tokens)
    command(token, "revoke")(revoke)
    app.add_typer(token, name="token")
    graph = typer.Typer(help="Graphs that not everybody sees.", no_args_is_help=True)
    graph.callback()(remember)
    command(graph, "private")(make_private)
    command(graph, "public")(make_public)
    command(graph, "list")(list_private)
    app.add_typer(graph, name="graph")


def create(
    session: Session,
    name: Annotated[str, typer.Argument(help="Who it is for; stands in provenance.")],
    scope: Annotated[
        list[str], typer.Option("--scope", help="read, write, private or admin; may be repeated.")
    ],
    days: Annotated[int, typer.Option(min=0, help="Days that it is valid; 0: for ever.")] = 0,
) -> int:
    """Make a token and print it; it is shown this once."""
    expires = ""
    if days:
        expires = f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
    kept, token = _tokens(session).create(name, scope, expires)
    if session.as_json:
        print_json({**_plain(kept), "token": token})
    else:
        print_line(token)
    return DONE


def list_tokens(session: Session) -> int:
    """List the tokens; what they are is not kept."""
    tokens = _tokens(session).all()
    if session.as_json:
        print_json([_plain(token) for token in tokens])
    elif tokens:
        print_table(
            ("id", "name", "scopes", "created", "expires"),
            [
                (t.token_id, t.name, ", ".join(t.scopes), t.created, t.expires or "never")
                for t in tokens
            ],
        )
    elif not session.quiet:
        print_line("There are no tokens; nobody can write over HTTP.")
    return DONE


def revoke(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="ID", help="Id of a token, or a name.")],
) -> int:
    """Take tokens away; a server that runs knows at once."""
    gone = _tokens(session).revoke(name)
    if session.as_json:
        print_json({"revoked": [_plain(token) for token in gone]})
    elif not session.quiet:
        for token in gone:
            print_line(f"revoked {token.token_id} ({token.name})")
    return DONE


def make_private(session: Session, graph: Graph) -> int:
    """Make the documents behind a graph private."""
    return _move(session, graph, private=True)


def make_public(session: Session, graph: Graph) -> int:
    """Make the documents behind a private graph public."""
    return _move(session, graph, private=False)


def list_private(session: Session) -> int:
    """List what is private."""
    from dafab_kg.ingest.prepare import is_written
    from dafab_kg.ingest.written import graph_of

    with session.open() as catalogue:
        entries = catalogue.private_documents()
        names = catalogue.names
    rows = [
        {
            "document": entry.document_id,
            "kind": entry.kind,
            "graph": graph_of(entry)
            if is_written(entry)
            else names.make("graph", document_id=entry.document_id),
            "origin": entry.origin,
        }
        for entry in entries
    ]
    if session.as_json:
        print_json(rows)
    elif rows:
        print_table(tuple(rows[0]), [tuple(row.values()) for row in rows])
    elif not session.quiet:
        print_line("Nothing is private.")
    return DONE


def _move(session: Session, graph: str, *, private: bool) -> int:
    with session.open() as catalogue:
        moved = catalogue.set_private(graph, private=private)
    if session.as_json:
        print_json({"private": private, "documents": moved})
    elif not session.quiet:
        for document in moved:
            print_line(f"{document} is {'private' if private else 'public'}")
    return DONE


def _tokens(session: Session) -> Tokens:
    from dafab_kg.access.tokens import Tokens
    from dafab_kg.model.errors import StoreNotFound

    store = session.settings().store
    if not (store / "catalogue.json").is_file():
        raise StoreNotFound(
            f"There is no catalogue in {store}. Make one with `dafab-kg --store {store} load PATH`"
        )
    return Tokens(store)


def _plain(token: Token) -> dict[str, object]:
    return {
        "id": token.token_id,
        "name": token.name,
        "scopes": token.scopes,
        "created": token.created,
        "expires": token.expires,
    }
