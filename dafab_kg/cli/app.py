"""The command's root: which commands there are, and how errors end."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, Final

import typer

from dafab_kg import __version__
from dafab_kg.cli import (
    access,
    asking,
    derive,
    enrich,
    events,
    harvest,
    index,
    keeping,
    loading,
    ontology,
    reasoning,
    rucio,
    serving,
    setting,
    validating,
)
from dafab_kg.cli.frame import (
    AMISS,
    DONE,
    INTERRUPTED,
    USAGE,
    USAGE_ERRORS,
    Interrupted,
    JsonOption,
    PipeClosed,
    QuietOption,
    StoreOption,
    WrongUsage,
    remember,
)
from dafab_kg.cli.printing import plain, print_json, print_line, tell
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
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", metavar="")
    ] = False,
) -> None:
    """Read the options that stand before the command's name."""
    remember(ctx, store, as_json, quiet)
    if version:
        print_line(f"dafab-kg {__version__}")
        raise typer.Exit(DONE)
    if ctx.invoked_subcommand is None:
        print_line(ctx.get_help())
        raise typer.Exit(USAGE)


GROUPS = (
    loading,
    index,
    validating,
    harvest,
    rucio,
    enrich,
    derive,
    reasoning,
    events,
    asking,
    keeping,
    ontology,
    serving,
    access,
    setting,
)

for module in GROUPS:
    module.add(app)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with ``argv`` (default: the process's own); return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    with _noting_interrupt() as interrupts:
        try:
            run = typer.main.get_command(app).main
            code = run(args=arguments, prog_name="dafab-kg", standalone_mode=False)
            sys.stdout.flush()
            return int(code or DONE)
        except (PipeClosed, BrokenPipeError):
            return _leave_pipe()
        except (Interrupted, KeyboardInterrupt, typer.Abort):
            return _interrupted()
        except Exception as error:  # noqa: BLE001
            # An interrupt in the middle of importing numpy comes out as an ImportError.
            if interrupts:
                return _interrupted()
            return _fail(error, arguments)


AGAIN: Final = 0.02
"""Seconds after which an interrupt that was swallowed comes again."""


@contextmanager
def _noting_interrupt() -> Iterator[list[int]]:
    """Note each Ctrl-C, whatever becomes of the exception that it raises."""
    noted: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler or threading.current_thread() is not (
        threading.main_thread()
    ):
        yield noted  # who embeds the command has its own way
        return

    def note(number: int, frame: FrameType | None) -> None:
        noted.append(number)
        raise KeyboardInterrupt

    def lost(failure: sys.UnraisableHookArgs) -> None:
        """What a callback that may not raise swallows, as those of the import lock, is raised
        once it has returned, which another thread has to see to."""
        if isinstance(failure.exc_value, KeyboardInterrupt):
            threading.Timer(AGAIN, _thread.interrupt_main).start()
        else:
            told(failure)

    told = sys.unraisablehook
    signal.signal(signal.SIGINT, note)
    sys.unraisablehook = lost
    try:
        yield noted
    finally:
        sys.unraisablehook = told
        signal.signal(signal.SIGINT, before)


def _interrupted() -> int:
    tell("dafab-kg: interrupted; what is stored stays, and the same command goes on from there")
    return INTERRUPTED


def _fail(error: Exception, arguments: list[str]) -> int:
    """Say what went wrong, where, and the remedy; raise what is no error of ours."""
    from dafab_kg.web.faults import Fault, fault_of, readable

    fault = fault_of(error)
    if isinstance(error, _UsageError):
        fault = Fault(getattr(error, "format_message", error.__str__)())
        tell(f"dafab-kg: {fault.what} See `{_command_path(error)} --help`.")
        code = USAGE
    elif isinstance(error, (DafabError, WrongUsage)):
        tell(f"dafab-kg: {readable(str(error))}")
        code = USAGE if isinstance(error, (WrongUsage, *USAGE_ERRORS)) else AMISS
    else:
        raise error
    if "--json" in arguments:
        print_json({"error": type(error).__name__, **plain(fault)})
    return code


def _command_path(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context is not None else "dafab-kg"


def _leave_pipe() -> int:
    # Python flushes standard output when it ends, which must not fail again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE
