"""config, mapping export: how this catalogue is set up."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dafab_kg.cli.frame import DONE, Session, command, remember
from dafab_kg.cli.printing import print_json, print_line, print_table
from dafab_kg.model.masking import shown

if TYPE_CHECKING:
    from dafab_kg.model.settings import Settings


def add(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    command(app, "config")(config)
    group = typer.Typer(help="How records become RDF.", no_args_is_help=True)
    group.callback()(remember)
    command(group, "export")(export)
    app.add_typer(group, name="mapping")


def config(session: Session) -> int:
    """Print each setting with its value and where it comes from."""
    settings = session.settings()
    rows = [
        (name, shown(name, getattr(settings, name)), origin(session, settings, name))
        for name in type(settings).model_fields
    ]
    if session.as_json:
        print_json({name: {"value": value, "origin": place} for name, value, place in rows})
    else:
        print_table(("setting", "value", "origin"), rows)
    return DONE


def origin(session: Session, settings: Settings, name: str) -> str:
    """Say where a setting's value comes from: an option, a variable, the file, or the default."""
    if name == "store" and session.store is not None:
        return "option --store"
    variable = f"DAFAB_{name.upper()}"
    if variable in {key.upper() for key in os.environ}:
        return f"environment ({variable})"
    file = Path(str(type(settings).model_config.get("toml_file")))
    if file.is_file() and name in tomllib.loads(file.read_text(encoding="utf-8")):
        return str(file)
    return "default"


def export(
    session: Session,
    file: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; none: standard output.")
    ] = None,
) -> int:
    """Write the mappings as RML, for other engines."""
    from dafab_kg.mapping.export import export_rml
    from dafab_kg.model.errors import FileNotUsable

    text = export_rml(session.settings().names)
    if file is None:
        print_json({"rml": text}) if session.as_json else print_line(text.rstrip())
        return DONE
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileNotUsable(f"{file} cannot be written: {error}") from error
    if session.as_json:
        print_json({"file": file})
    return DONE
