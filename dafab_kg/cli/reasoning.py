"""reason, check: what follows from the facts, why, and what contradicts itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dafab_kg.cli.frame import AMISS, DONE, Session, WrongUsage, command
from dafab_kg.cli.printing import console, print_json, print_line, tell

if TYPE_CHECKING:
    from dafab_kg.reasoning.clash import Clash
    from dafab_kg.reasoning.explain import Proof
    from dafab_kg.reasoning.files import Reasoning

FORMATS = ("text", "nt", "turtle", "json")
REPORTS = ("text", "json")

Data = Annotated[
    list[Path] | None, typer.Argument(metavar="DATA", help="RDF files; none: the catalogue.")
]
OntologyFiles = Annotated[
    list[Path] | None,
    typer.Option("--ontology", help="OWL file, instead of our own; may be repeated."),
]
SkipRefused = Annotated[
    bool,
    typer.Option(
        "--skip-refused", help="Go on without axioms that cannot be made rules.", metavar=""
    ),
]
Format = Annotated[
    str | None, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.", metavar="FORMAT")
]

ReportFormat = Annotated[
    str | None, typer.Option("--format", help=f"One of {', '.join(REPORTS)}.", metavar="FORMAT")
]


def add(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    command(app, "reason")(reason)
    command(app, "check")(check)


def reason(
    session: Session,
    data: Data = None,
    full: Annotated[
        bool, typer.Option("--full", help="Infer everything anew.", metavar="")
    ] = False,
    changed: Annotated[
        bool,
        typer.Option(
            "--changed", help="Only what changed in rules and facts (the default).", metavar=""
        ),
    ] = False,
    why: Annotated[
        str | None, typer.Option("--explain", help="Show why a triple holds.", metavar="TRIPLE")
    ] = None,
    ontology: OntologyFiles = None,
    skip_refused: SkipRefused = False,
    form: Format = None,
) -> int:
    """Infer what follows by the ontology: in the catalogue, or from RDF files of anybody.

    With DATA nothing is stored: the inferred triples are printed. In the catalogue
    each load infers by itself; this is for a changed ontology or policy.
    """
    if full and changed:
        raise WrongUsage("Choose one of --full and --changed")
    known_format(form, FORMATS)
    if data:
        return reason_files(session, data, ontology or [], skip_refused, why, form)
    if ontology or skip_refused:
        raise WrongUsage("--ontology and --skip-refused are for RDF files: name some as DATA")
    if why is not None:
        with session.open(read_only=True) as catalogue:
            return print_proof(session, catalogue.explain(why), form, catalogue.origin)
    with session.open() as catalogue, steps(session) as told:
        done = catalogue.reason(full=full, told=told)
    if session.as_json or form == "json":
        print_json(done)
    elif not session.quiet:
        rules = f" ({done.changed_rules:,} rules changed)" if done.changed_rules else ""
        print_line(f"{done.way}{rules}: {done.inferred:,} triples are inferred")
    return DONE


def known_format(form: str | None, known: tuple[str, ...]) -> None:
    """Refuse a format that a command does not write.

    Raises:
        WrongUsage: it is none of ``known``.
    """
    if form is not None and form not in known:
        raise WrongUsage(f"There is no format {form!r}. Choose one of {', '.join(known)}")


def reason_files(
    session: Session,
    data: list[Path],
    ontology: list[Path],
    skip_refused: bool,
    why: str | None,
    form: str | None,
) -> int:
    """Print what follows from RDF files."""
    from dafab_kg.reasoning.files import reason_over

    found = reason_over(data, ontology, skip_refused=skip_refused)
    _tell_notices(session, found)
    if why is not None:
        return print_proof(session, found.explain(why), form, _file_of)
    if session.as_json or form == "json":
        print_json({"inferred": found.lines, "notices": found.notices})
    elif form == "turtle":
        sys.stdout.write(found.turtle())
    else:
        sys.stdout.write("".join(found.lines))
    return DONE


def check(
    session: Session,
    data: Data = None,
    ontology: OntologyFiles = None,
    skip_refused: SkipRefused = False,
    most: Annotated[int, typer.Option(min=1, help="Most contradictions of one axiom.")] = 100,
    form: ReportFormat = None,
) -> int:
    """Find facts that contradict each other by the ontology; exit 1 if there are any.

    Disjoint classes, values of functional properties, keys, datatypes and more, each
    with the axiom and the documents that state the facts.
    """
    known_format(form, REPORTS)
    if data:
        from dafab_kg.reasoning.files import reason_over

        found = reason_over(data, ontology or [], skip_refused=skip_refused)
        _tell_notices(session, found)
        clashes = found.clashes(most)
    else:
        with session.open(read_only=True) as catalogue:
            with steps(session) as told:
                clashes = catalogue.check(most=most, told=told)
            return print_clashes(session, clashes, form, catalogue.origin)
    return print_clashes(session, clashes, form, _file_of)


def print_clashes(
    session: Session, clashes: tuple[Clash, ...], form: str | None, origin: Callable[[str], str]
) -> int:
    """Print contradictions."""
    if session.as_json or form == "json":
        print_json({"consistent": not clashes, "clashes": clashes})
    else:
        _print_clashes(session, clashes, origin)
    return AMISS if clashes else DONE


def _print_clashes(
    session: Session, clashes: tuple[Clash, ...], origin: Callable[[str], str]
) -> None:
    for clash in clashes:
        print_line(f"{clash.kind}: {clash.what}")
        print_line(f"  axiom: {clash.axiom}")
        for fact in clash.facts:
            _print_proof(fact, 1, origin)
    if not session.quiet:
        more = "" if len(clashes) == 1 else "s"
        print_line(
            f"{len(clashes):,} contradiction{more}" if clashes else "The facts are consistent."
        )


def _file_of(graph: str) -> str:
    """The name of a file, from the graph that holds what it says."""
    from dafab_kg.model.names import decode
    from dafab_kg.reasoning.files import FILE

    return decode(graph.removeprefix(FILE))


def print_proof(
    session: Session, proof: Proof, form: str | None, origin: Callable[[str], str]
) -> int:
    """Print why a triple holds; ``origin`` tells where the document behind a graph lies."""
    if session.as_json or form == "json":
        print_json(proof)
    else:
        _print_proof(proof, 0, origin)
    return DONE


def _print_proof(proof: Proof, depth: int, origin: Callable[[str], str]) -> None:
    from dafab_kg.reasoning.explain import plain_triple

    indent = "  " * depth
    print_line(f"{indent}{plain_triple(proof.triple)}")
    for graph in proof.graphs:
        print_line(f"{indent}  stated in {origin(graph)}")
    if proof.axiom:
        how = "because" if proof.premises else "stated by the ontology:"
        print_line(f"{indent}  {how} {proof.axiom}")
    for premise in proof.premises:
        _print_proof(premise, depth + 1, origin)


def _tell_notices(session: Session, found: Reasoning) -> None:
    if not session.quiet:
        for notice in found.notices:
            tell(f"note: {notice}")


@contextmanager
def steps(session: Session) -> Iterator[Callable[[int, int], None] | None]:
    """Show how many steps of a long run are done; silent where nobody watches."""
    if session.quiet or session.as_json or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import Progress

    with Progress(console=console(error=True), transient=True) as bar:
        task = bar.add_task("reasoning", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
