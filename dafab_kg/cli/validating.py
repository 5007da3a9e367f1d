"""validate: documents as a load would, RDF of anybody by any shapes, or the whole store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dafab_kg.cli.frame import AMISS, DONE, Session, WrongUsage, command
from dafab_kg.cli.loading import print_rejections
from dafab_kg.cli.printing import print_json, print_line, tell

if TYPE_CHECKING:
    from dafab_kg.validation.anybody import Judgement
    from dafab_kg.validation.report import Violation


class Tier(StrEnum):
    """Which of our shapes."""

    INGEST = "ingest"
    PUBLISH = "publish"
    ADVISORY = "advisory"


class Form(StrEnum):
    """How a report is written."""

    TEXT = "text"
    TURTLE = "turtle"
    JSON = "json"


def add(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    command(app, "validate")(validate)


def validate(
    session: Session,
    data: Annotated[
        list[Path] | None, typer.Argument(metavar="[DATA]...", help="Files, directories, archives.")
    ] = None,
    shapes: Annotated[
        list[Path] | None, typer.Option(help="SHACL file; DATA is then RDF, judged as one graph.")
    ] = None,
    ontology: Annotated[
        list[Path] | None, typer.Option(help="RDF file that says what is below which class.")
    ] = None,
    tier: Annotated[
        list[Tier] | None, typer.Option(help="Shapes of ours for the store; ingest and publish.")
    ] = None,
    form: Annotated[
        Form | None, typer.Option("--format", help="Report: text, turtle (standard) or json.")
    ] = None,
) -> int:
    """Check documents as a load would, RDF by --shapes, or without DATA the whole store.

    Nothing is stored.  Exit code 1 says that something does not conform.
    """
    form = form or (Form.JSON if session.as_json else Form.TEXT)
    if ontology and not shapes:
        raise WrongUsage("--ontology goes with --shapes; our own shapes know our own ontology")
    if tier and (data or shapes):
        raise WrongUsage("--tier is for the whole store: give no DATA and no --shapes")
    if shapes:
        from dafab_kg.validation.anybody import judge_files

        if not data:
            raise WrongUsage("--shapes needs DATA: files of RDF")
        return _tell(session, judge_files(data, shapes, ontology or ()), form)
    if not data:
        chosen = tier or [Tier.INGEST, Tier.PUBLISH]
        with session.open(read_only=True) as catalogue:
            judgement = catalogue.judge([str(one) for one in chosen])
            return _tell(session, judgement, form, catalogue.origin)
    return _check_documents(session, data, form)


def _check_documents(session: Session, paths: Sequence[Path], form: Form) -> int:
    from dafab_kg.catalogue.catalogue import validate_files

    outcomes = validate_files(paths, session.settings())
    wrong = [o for o in outcomes if o.status == "rejected"]
    valid = sum(1 for o in outcomes if o.status == "valid")
    if form is Form.TURTLE:
        for outcome in wrong:
            print_line(f"# {outcome.origin}\n{outcome.report}")
    elif form is Form.JSON:
        print_json({"outcomes": outcomes})
    else:
        print_rejections(wrong)
        if not session.quiet:
            for outcome in outcomes:
                for warning in outcome.warnings:
                    print_line(f"warning: {outcome.origin}: {warning}")
            print_line(f"{valid:,} valid, {len(wrong):,} not")
    if not valid and not wrong:
        tell("dafab-kg: no document was found there")
        return AMISS
    return AMISS if wrong else DONE


def _tell(
    session: Session,
    judgement: Judgement,
    form: Form,
    origin: Callable[[str], str] = str,
) -> int:
    for shape, reason in judgement.by_other.items():
        if not session.quiet:
            tell(f"dafab-kg: pyshacl judged by {shape}: {reason}")
    if form is Form.TURTLE:
        print_line(judgement.turtle.rstrip())
    elif form is Form.JSON:
        results = [
            {**_plain(one), "documents": judgement.documents.get(one.focus, ())}
            for one in judgement.violations
        ]
        print_json({"conforms": judgement.conforms, "results": results})
    else:
        for one in judgement.violations:
            _print(one, [origin(graph) for graph in judgement.documents.get(one.focus, ())])
        if not session.quiet:
            counts = Counter(one.severity for one in judgement.violations)
            words = ", ".join(f"{number:,} of severity {name}" for name, number in counts.items())
            print_line(f"Does not conform: {words}" if words else "Conforms")
    return DONE if judgement.conforms else AMISS


def _plain(one: Violation) -> dict[str, str | None]:
    return {
        "focus": one.focus,
        "path": one.path,
        "value": one.value,
        "message": one.message,
        "severity": one.severity,
        "shape": one.shape,
    }


def _print(one: Violation, documents: Sequence[str]) -> None:
    print_line(f"{one.severity}: {one.focus}")
    if one.path:
        value = "" if one.value is None else f" is {one.value!r}"
        print_line(f"  {one.path}{value}")
    print_line(f"  {one.message}")
    if one.shape:
        print_line(f"  by the shape {one.shape}")
    if documents:
        shown = ", ".join(documents[:3]) + (", …" if len(documents) > 3 else "")
        print_line(f"  said by {shown}; mend the document and load it again")
