"""ontology format, check, docs, shapes: tools for who edits an ontology, ours or another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dafab_kg.cli.frame import AMISS, DONE, Session, WrongUsage, command, remember
from dafab_kg.cli.printing import print_json, print_line, print_table, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dafab_kg.vocabulary.check import Finding

Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FILES]", help="Turtle files; none: all of ontology/ here."),
]


def add(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(help="Tools for who edits an ontology.", no_args_is_help=True)
    group.callback()(remember)
    command(group, "format")(format_files)
    command(group, "check")(check)
    command(group, "docs")(docs)
    command(group, "shapes")(shapes)
    app.add_typer(group, name="ontology")


def format_files(
    session: Session,
    files: Files = None,
    only_check: Annotated[
        bool,
        typer.Option("--check", help="Change nothing; exit 1 if a file would be.", metavar=""),
    ] = False,
    drop_comments: Annotated[
        bool,
        typer.Option("--drop-comments", help="Drop comments below the first block.", metavar=""),
    ] = False,
) -> int:
    """Write ontologies in the one canonical form, in place."""
    from dafab_kg.vocabulary.canonical import format_turtle
    from dafab_kg.vocabulary.reading import read_file

    texts = {file: read_file(file) for file in chosen(files)}
    formatted = {  # all are read before the first is written
        file: format_turtle(text, str(file), drop_comments=drop_comments)
        for file, text in texts.items()
    }
    changed = [file for file, text in formatted.items() if text != texts[file]]
    if not only_check:
        for file in changed:
            replace(file, formatted[file])
    if session.as_json:
        print_json({"files": len(texts), "changed": changed, "written": not only_check})
    elif not session.quiet or (only_check and changed):
        verb = "is not in canonical form" if only_check else "formatted"
        for file in changed:
            print_line(f"{file}: {verb}")
        print_line(
            f"{len(changed)} of {len(texts)} files {'would change' if only_check else 'changed'}"
        )
    return AMISS if only_check and changed else DONE


def check(
    session: Session,
    files: Files = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Run the check with this code.")
    ] = None,
) -> int:
    """Look for what ontologies lack and for common mistakes; exit 1 at an error."""
    from dafab_kg.vocabulary.check import check_files, checks

    known = {one.code for one in checks()} | {"import"}
    unknown = sorted(set(only or ()) - known)
    if unknown:
        raise WrongUsage(
            f"There is no check {', '.join(unknown)}; choose of {', '.join(sorted(known))}"
        )
    found = check_files(chosen(files), only or ())
    errors = sum(one.severity == "error" for one in found)
    if session.as_json:
        print_json({"sound": not errors, "findings": found})
    elif found and not (session.quiet and not errors):
        print_findings(found)
    elif not session.quiet:
        print_line("Nothing is amiss.")
    return AMISS if errors else DONE


def print_findings(found: Sequence[Finding]) -> None:
    """Print findings as a table; advice, of which there is much, by check."""
    told = [one for one in found if one.severity != "advice"]
    if told:
        print_table(
            ("severity", "check", "term", "file", "what", "remedy"),
            [(f.severity, f.code, f.term, f.file, f.what, f.remedy) for f in told],
        )
    advice = [one for one in found if one.severity == "advice"]
    for code in sorted({one.code for one in advice}):
        mine = [one for one in advice if one.code == code]
        terms = ", ".join(one.term.rsplit("#")[-1] for one in mine[:5])
        more = f" and {len(mine) - 5} more" if len(mine) > 5 else ""
        print_line(f"advice {code}: {mine[0].what}: {terms}{more}; --json lists all")
    counts = [sum(f.severity == s for f in found) for s in ("error", "warning", "advice")]
    print_line(f"{counts[0]} errors, {counts[1]} warnings, {counts[2]} pieces of advice")


def docs(
    session: Session,
    files: Files = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Directory to write to.", metavar="DIR")
    ] = Path("build/ontology-docs"),
) -> int:
    """Write an HTML page of ontologies and all they import, with pyLODE."""
    from dafab_kg.vocabulary.documentation import write_documentation

    page = write_documentation(chosen(files), out)
    if session.as_json:
        print_json({"page": page})
    elif not session.quiet:
        print_line(f"written to {page}")
    return DONE


def shapes(
    session: Session,
    classes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CLASS]", help="By name; none: those with properties and no shape."
        ),
    ] = None,
    files: Annotated[
        list[Path] | None, typer.Option("--ontology", help="Turtle files of the ontology.")
    ] = None,
) -> int:
    """Print the beginning of SHACL shapes for classes: what the ontology can tell."""
    from dafab_kg.vocabulary.skeleton import skeleton

    text = skeleton(chosen(files), existing_shapes(), tuple(classes or ()))
    if session.as_json:
        print_json({"shapes": text})
    elif text:
        print_line(text.rstrip())
    elif not session.quiet:
        tell("Every class that has properties has a shape.")
    return DONE


def chosen(files: Sequence[Path] | None) -> list[Path]:
    """Return the files named, or those of the ontology that is worked on.

    Raises:
        WrongUsage: a directory is named that holds no Turtle.
    """
    if not files:
        return here("ontology")
    found: list[Path] = []
    for file in files:
        inside = sorted(file.glob("*.ttl")) if file.is_dir() else [file]
        if not inside:
            raise WrongUsage(f"{file} holds no Turtle file (*.ttl); name another place")
        found += inside
    return found


def existing_shapes() -> list[Path]:
    """Return the files of shapes that are worked on."""
    return here("shapes")


def here(folder: str) -> list[Path]:
    """Return the Turtle files of a folder of the working directory, else of the package."""
    from dafab_kg.model import resources

    own = sorted(Path(folder).glob("*.ttl"))
    if own:
        return own
    return [Path(str(resources.folder(folder) / n)) for n in resources.names(folder, ".ttl")]


def replace(file: Path, text: str) -> None:
    """Write a file anew, whole or not at all.

    Raises:
        FileNotUsable: it cannot be written.
    """
    from dafab_kg.model.errors import FileNotUsable

    beside = file.with_name(f".{file.name}.new")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise FileNotUsable(f"{file} cannot be written: {reason}; check its rights") from error
