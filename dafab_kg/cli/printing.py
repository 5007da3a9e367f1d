"""What the commands print: tables for people, JSON for programs."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from rich.console import Console

PLAIN_WIDTH = 100_000
"""Width of tables that go to a file or pipe: nothing is cut."""


def print_json(value: Any) -> None:
    """Print one JSON document."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    print_line(orjson.dumps(plain(value), option=options).decode())


def print_line(text: str) -> None:
    """Print one line on standard output."""
    sys.stdout.write(text + "\n")


def tell(text: str) -> None:
    """Print one line on standard error."""
    sys.stderr.write(" ".join(text.split()) + "\n")


def plain(value: Any) -> Any:
    """Turn a value into what JSON has; terms as SPARQL results JSON writes them."""
    from dafab_kg.store.protocol import Blank, Iri, Literal
    from dafab_kg.store.rows import term_json

    if isinstance(value, (Iri, Literal, Blank)):
        return term_json(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return {"bytes": len(value)}
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (Path, datetime)):
        return str(value)
    return value


def console(*, error: bool = False) -> Console:
    """Return a console on standard output or error, as wide as it takes when not a terminal."""
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() else PLAIN_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str = "",
    numbers: Sequence[str] = (),
) -> None:
    """Print a table; the columns named in ``numbers`` are set to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        right = column in numbers
        table.add_column(Text(column), justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    shown = console()
    if shown.is_terminal:
        shown.print(table)
        return
    with shown.capture() as captured:
        shown.print(table)
    for line in captured.get().splitlines():
        print_line(line.rstrip())  # columns are padded; a file needs no blanks at the end


def _cell(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        return "" if value is None else str(value)
    return f"{value:,}"
