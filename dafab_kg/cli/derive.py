"""derive: figures computed from what the catalogue holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from dafab_kg.cli.frame import AMISS, DONE, Session, command, remember
from dafab_kg.cli.loading import report_load
from dafab_kg.cli.printing import plain, print_json, print_line, tell

if TYPE_CHECKING:
    from dafab_kg.catalogue.derivations import DeriveReport

Products = Annotated[
    list[str] | None,
    typer.Option("--product", metavar="ID", help="Product id (repeatable); else all that can be."),
]


def add(app: typer.Typer) -> None:
    """Add the group of commands to ``app``."""
    group = typer.Typer(help="Compute figures from what the catalogue holds.", no_args_is_help=True)
    group.callback()(remember)
    command(group, "coverage")(coverage)
    command(group, "water")(water)
    app.add_typer(group, name="derive")


def coverage(
    session: Session,
    products: Products = None,
    season: Annotated[str, typer.Option(help="Growing season; else all.")] = "",
    dataset: Annotated[str, typer.Option(help="Data set of parcels; else all.")] = "",
    cloud_classes: Annotated[
        str,
        typer.Option(metavar="N,N", help="Classes of the scene classification that are cloud."),
    ] = "",
) -> int:
    """Agricultural coverage, and cloud-free agricultural coverage, of scenes in percent."""
    chosen = {"cloud_classes": cloud_classes} if cloud_classes else {}
    return derive(session, "coverage", products, season, dataset, chosen)


def water(
    session: Session,
    products: Products = None,
    least_area: Annotated[
        str, typer.Option(metavar="KM2", help="Smallest area of excess or deficit to draw, in km².")
    ] = "",
) -> int:
    """Surfaces, anomaly score and type, and anomaly areas of scenes, from their water masks."""
    chosen = {"least_area": least_area} if least_area else {}
    return derive(session, "water", products, parameters=chosen)


def derive(
    session: Session,
    rule: str,
    products: list[str] | None,
    season: str = "",
    dataset: str = "",
    parameters: dict[str, Any] | None = None,
) -> int:
    """Run a rule and report what it made and what was missing."""
    with session.open() as catalogue:
        report = catalogue.derive(
            rule, *(products or ()), season=season, dataset=dataset, **(parameters or {})
        )
    return report_derivation(session, report)


def report_derivation(session: Session, report: DeriveReport) -> int:
    """Print what was derived and what was missing; return the exit code.

    What is missing is amiss only where nothing could be derived at all.
    """
    code = DONE if report.derived else AMISS
    if session.as_json:
        print_json(
            {
                "counts": report.load.counts,
                "derived": [plain(one) for one in report.derived],
                "lacking": report.lacking,
                "rejected": report.load.rejected,
            }
        )
    else:
        for derived in report.derived if not session.quiet else ():
            for line in report.lines(derived):
                print_line(line)
        for lacking in report.lacking:
            remedy = f" ({lacking.remedy})" if lacking.remedy else ""
            print_line(f"not derived: {lacking.about}: {lacking.reason}{remedy}")
        if not report.derived and not report.lacking:
            tell("dafab-kg: there is nothing here to derive from")
        if report.load.outcomes:
            return max(code, report_load(session, report.load))
    return code if report.load.ok else AMISS
