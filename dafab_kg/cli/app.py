"""The command's root: which commands there are, and how errors end."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from dafab_kg import __version__
from dafab_kg.cli import asking, keeping, loading, serving, setting
from dafab_kg.cli.frame import (
    AMISS,
    DONE,
    INTERRUPTED,
    USAGE,
    USAGE_ERRORS,
    JsonOption,
    PipeClosed,
    QuietOption,
    SettingsFault,
    StoreOption,
    remember,
)
from dafab_kg.cli.printing import print_json, print_line, tell
from dafab_kg.model.errors import DafabError

app = typer.Typer(
    name="dafab-kg",
    help="A catalogue of Earth Observation data as one knowledge graph.",
    epilog="--store, --json and --quiet may stand before or after the command's name.",
    add_completion=True,
    pretty_exceptions_enable=False,
)

# The base of all errors of usage; its place in typer differs from version to version.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    store: StoreOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Read the options that stand before the command's name."""
    remember(ctx, store, as_json, quiet)
    if version:
        print_line(f"dafab-kg {__version__}")
        raise typer.Exit(DONE)
    if ctx.invoked_subcommand is None:
        print_line(ctx.get_help())
        raise typer.Exit(USAGE)


for module in (loading, asking, keeping, serving, setting):
    module.add(app)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with ``argv`` (default: the process's own); return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        run = typer.main.get_command(app).main
        code = run(args=arguments, prog_name="dafab-kg", standalone_mode=False)
        sys.stdout.flush()
        return int(code or DONE)
    except (PipeClosed, BrokenPipeError):
        return _leave_pipe()
    except (KeyboardInterrupt, typer.Abort):
        tell("dafab-kg: interrupted")
        return INTERRUPTED
    except (DafabError, SettingsFault) as error:
        wrong_usage = isinstance(error, (SettingsFault, *USAGE_ERRORS))
        return _fail(error, arguments, USAGE if wrong_usage else AMISS)
    except _UsageError as error:
        return _fail(error, arguments, USAGE, help_of=_command_path(error))


def _fail(error: Exception, arguments: list[str], code: int, help_of: str = "") -> int:
    text = error.format_message() if hasattr(error, "format_message") else str(error)
    tell(f"dafab-kg: {text}" + (f" See `{help_of} --help`." if help_of else ""))
    if "--json" in arguments:
        what = getattr(error, "what", text)
        where, remedy = getattr(error, "where", ""), getattr(error, "remedy", "")
        kind = type(error).__name__
        print_json({"error": {"type": kind, "what": what, "where": where, "remedy": remedy}})
    return code


def _command_path(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context is not None else "dafab-kg"


def _leave_pipe() -> int:
    # Python flushes standard output when it ends, which must not fail again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE
