"""What all commands share: options on both sides of the name, errors, exit codes.

Exit codes: 0 done; 1 something was rejected, not found or amiss; 2 wrong
usage; 130 interrupted.
"""

from __future__ import annotations

import inspect
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from dafab_kg.model.errors import MappingNotValid, NameNotValid, QueryNotValid, ShapesNotValid

if TYPE_CHECKING:
    from dafab_kg.catalogue import Catalogue
    from dafab_kg.model.settings import Settings

DONE, AMISS, USAGE, INTERRUPTED = 0, 1, 2, 130

USAGE_ERRORS = (QueryNotValid, NameNotValid, MappingNotValid, ShapesNotValid)
"""Errors that tell of a wrong request rather than of what the catalogue holds."""


def _directory(text: str | Path) -> Path:
    if not str(text):
        raise typer.BadParameter("an empty name is no directory.")  # Path("") would be "."
    return Path(text)


StoreOption = Annotated[
    Path | None,
    typer.Option(
        "--store",
        help="Directory of the catalogue (DAFAB_STORE).",
        metavar="DIR",
        parser=_directory,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON on standard output.", metavar="")
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print only what is wrong.", metavar="")
]


class WrongUsage(Exception):
    """The command was asked for what it does not do."""


class SettingsFault(WrongUsage):
    """The settings cannot be read: a wrong usage."""


class Interrupted(Exception):
    """Ctrl-C came."""


class PipeClosed(Exception):
    """Whoever read our output has stopped reading."""


@dataclass(frozen=True)
class Session:
    """The options of one call."""

    store: Path | None = None
    as_json: bool = False
    quiet: bool = False

    def settings(self, chosen: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; ``--store`` and what is ``chosen`` go above all.

        Raises:
            SettingsFault: a variable or ``dafab.toml`` cannot be understood.
        """
        from pydantic import ValidationError
        from pydantic_settings import SettingsError

        from dafab_kg.model.settings import Settings

        try:
            given: dict[str, Any] = {k: value for k, value in (chosen or {}).items() if value}
            if self.store is not None:
                given["store"] = self.store
            return Settings(**given)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"]))
            raise SettingsFault(
                f"The setting {name} is not valid: {first['msg']}. "
                f"Correct DAFAB_{name.upper()} or dafab.toml"
            ) from error
        except (SettingsError, ValueError, OSError) as error:
            raise SettingsFault(f"The settings cannot be read: {error}") from error

    def open(
        self,
        *,
        create: bool = False,
        read_only: bool = False,
        chosen: Mapping[str, str] | None = None,
    ) -> Catalogue:
        """Open the catalogue, with the settings ``chosen``.

        Where a server has it, the server's writer does what writes, and what reads is
        answered from the snapshot that it published last.

        Raises:
            StoreNotUsable: it cannot be opened.
        """
        with held_back():
            # numpy, below shapely, prints a traceback of its own if its import is interrupted.
            import shapely  # noqa: F401

            from dafab_kg.catalogue import open_catalogue

        settings = self.settings(chosen)
        if (settings.store / "serving.json").is_file():
            from dafab_kg.serving.client import ServedCatalogue
            from dafab_kg.serving.places import find

            places = find(settings.store)
            if places is not None and read_only:
                return open_catalogue(settings.store, settings=settings, published=True)
            if places is not None:
                return cast("Catalogue", ServedCatalogue(settings, places, chosen=chosen))
        return open_catalogue(settings.store, settings=settings, create=create, read_only=read_only)


def refuse_missing(session: Session, paths: Iterable[Path]) -> None:
    """Refuse paths that are not there, before a store is made for them.

    Raises:
        FileNotUsable: a path does not exist, or is neither a file nor a directory.
    """
    from dafab_kg.loaders.trees import open_trees

    open_trees(list(paths), session.settings())  # looks at all paths at once, opens them later


@contextmanager
def held_back() -> Iterator[None]:
    """Hold Ctrl-C back for a moment, where the system can."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def remember(
    ctx: typer.Context,
    store: StoreOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Keep the options given before a command's name for the command."""
    before = ctx.obj if isinstance(ctx.obj, Session) else Session()
    ctx.obj = Session(store or before.store, as_json or before.as_json, quiet or before.quiet)


_OPTIONS = ("store", "as_json", "quiet")


def command(app: typer.Typer, name: str, **options: Any) -> Callable[[Any], Any]:
    """Register ``function(session, ...)`` as a command of ``app``.

    The shared options are added to its own; what it returns, if anything, is the
    exit code.
    """

    def decorate(function: Callable[..., int | None]) -> Callable[..., int | None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        shared = list(inspect.signature(remember, eval_str=True).parameters.values())

        def entry(**values: Any) -> None:
            remember(**{key: values.pop(key) for key in _OPTIONS}, ctx=(ctx := values.pop("ctx")))
            try:
                code = function(ctx.obj, **values)
                sys.stdout.flush()
            except BrokenPipeError as error:
                raise PipeClosed from error
            except KeyboardInterrupt as error:
                raise Interrupted from error  # typer would end without a word
            if code:
                raise typer.Exit(code)

        parameters = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in (shared[0], *own, *shared[1:])
        ]
        entry.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        entry.__annotations__ = {p.name: p.annotation for p in parameters}
        entry.__doc__ = function.__doc__
        app.command(name, **options)(entry)
        return function

    return decorate
