"""rucio: a Rucio beside the catalogue."""

from __future__ import annotations

import typer

from dafab_kg.cli import rucio_harvest, rucio_publish, rucio_rules
from dafab_kg.cli.frame import remember


def add(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    rucio = typer.Typer(
        help="A Rucio beside the catalogue: what is published there, harvested of it, and kept.",
        no_args_is_help=True,
    )
    rucio.callback()(remember)
    rucio_publish.add(rucio)
    rucio_harvest.add(rucio)
    rucio_rules.add(rucio)
    app.add_typer(rucio, name="rucio")
