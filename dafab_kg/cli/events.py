"""events: what happened, which reports tell of it, and why they are taken together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from dafab_kg.cli.frame import AMISS, DONE, Session, command, remember
from dafab_kg.cli.loading import print_rejections
from dafab_kg.cli.printing import print_json, print_line, print_table

if TYPE_CHECKING:
    from dafab_kg.catalogue import Catalogue

Report = Annotated[str, typer.Argument(metavar="REPORT", help="IRI, or source/id.")]
Other = Annotated[str, typer.Argument(metavar="REPORT", help="IRI, or source/id.")]
Reports = Annotated[
    list[str], typer.Argument(metavar="REPORT REPORT...", help="IRI, or source/id.")
]
Because = Annotated[str, typer.Option(help="Why, for those who read the decision later.")]

Rows = list[dict[str, str]]


def add(app: typer.Typer) -> None:
    """Add the group of commands to ``app``."""
    group = typer.Typer(
        help="Events, the reports that tell of them, and decisions.", no_args_is_help=True
    )
    group.callback()(remember)
    command(group, "list")(list_events)
    command(group, "show")(show_event)
    command(group, "why")(why)
    command(group, "separate")(separate)
    command(group, "unite")(unite)
    command(group, "decisions")(list_decisions)
    command(group, "undo")(undo)
    app.add_typer(group, name="events")


def list_events(
    session: Session,
    most: Annotated[int, typer.Option(min=1, help="How many, the latest first.")] = 50,
) -> int:
    """List events, the latest first."""
    with session.open(read_only=True) as catalogue:
        events = ask(catalogue, "event-list.rq")
    if session.as_json:
        print_json(events[:most])
        return DONE
    if not events:
        print_line("There are no events here.")
        return DONE
    columns = ("id", "label", "start", "end", "reports")
    print_table(columns, [[event[name] for name in columns] for event in events[:most]])
    if len(events) > most:
        print_line(f"and {len(events) - most:,} more; --most shows more")
    return DONE


def show_event(
    session: Session,
    identifier: Annotated[str, typer.Argument(metavar="EVENT", help="IRI or id.")],
) -> int:
    """Show the reports of an event."""
    from dafab_kg.model.errors import ThingNotFound
    from dafab_kg.model.names import decode

    with session.open(read_only=True) as catalogue:
        iri = identifier
        if "://" not in identifier:
            name = decode(identifier.removeprefix("id:event/"))
            iri = catalogue.names.make("event", event_id=name)
        reports = ask(catalogue, "event-show.rq", event=iri)
    if not reports:
        raise ThingNotFound(f"There is no event {identifier!r}; `dafab-kg events list` lists them")
    if session.as_json:
        print_json({"event": iri, "reports": [{**one, "event": iri} for one in reports]})
        return DONE
    columns = ("type", "title", "start", "end")
    print_table(
        ("report", *columns),
        [(f"{one['source']}/{one['id']}", *(one[name] for name in columns)) for one in reports],
    )
    return DONE


def why(session: Session, report: Report, other: Other) -> int:
    """Say why two reports tell of one event, or why they do not."""
    with session.open(read_only=True) as catalogue:
        explanation = catalogue.why(report, other)
    if session.as_json:
        print_json(explanation)
        return DONE
    print_line("One event:" if explanation.same else "Not one event:")
    for line in (*explanation.steps, *explanation.reasons):
        print_line(f"  {line}")
    return DONE


def separate(session: Session, reports: Reports, because: Because = "") -> int:
    """Decide that each of the reports tells of another event."""
    return decide(session, "distinct", reports, because)


def unite(session: Session, reports: Reports, because: Because = "") -> int:
    """Decide that the reports tell of the same event."""
    return decide(session, "same", reports, because)


def decide(session: Session, verdict: str, reports: list[str], because: str) -> int:
    """Take a decision, and tell its id."""
    with session.open() as catalogue:
        decided = catalogue.decide(verdict, *reports, because=because)
    if session.as_json:
        print_json({"decision": decided.decision_id, "counts": decided.load.counts})
    else:
        print_rejections(decided.load.rejected)
        if not session.quiet and decided.load.ok:
            print_line(f"Decision {decided.decision_id}; `dafab-kg events undo` takes it back")
    return DONE if decided.load.ok else AMISS


def list_decisions(session: Session) -> int:
    """List decisions, the latest first."""
    with session.open(read_only=True) as catalogue:
        decisions: list[dict[str, Any]] = list(ask(catalogue, "event-decided.rq"))
        room = catalogue.names.make("event_report", source="", report_id="").removesuffix("/")
    for one in decisions:
        one["reports"] = sorted(name.removeprefix(room) for name in one["reports"].split())
    if session.as_json:
        print_json(decisions)
    elif not decisions:
        print_line("Nothing was decided.")
    else:
        columns = ("id", "verdict", "decided", "by", "because")
        rows = [
            (
                *(one[name] for name in columns[:3]),
                ", ".join(one["reports"]),
                one["by"],
                one["because"],
            )
            for one in decisions
        ]
        print_table((*columns[:3], "reports", *columns[3:]), rows)
    return DONE


def undo(
    session: Session,
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="Its id or IRI.")],
) -> int:
    """Take a decision back; events are again as if it had never been."""
    with session.open() as catalogue:
        catalogue.undo_decision(decision)
    if session.as_json:
        print_json({"undone": decision})
    elif not session.quiet:
        print_line(f"Decision {decision} is undone")
    return DONE


def ask(catalogue: Catalogue, file: str, **bindings: str) -> Rows:
    """Return the rows of an internal query as texts by column."""
    from dafab_kg.model.resources import text
    from dafab_kg.store.protocol import Blank, Iri, Solutions

    terms = {name: Iri(iri) for name, iri in bindings.items()}
    answer = cast(Solutions, catalogue.query(text("queries/internal", file), bindings=terms))
    return [
        {
            name: "" if value is None or isinstance(value, Blank) else value.value
            for name, value in zip(answer.variables, row, strict=True)
        }
        for row in answer
    ]
