"""Tables as CSV: which of them hold events, and their rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from dafab_kg.loaders.events import emdat, glide, tracks
from dafab_kg.loaders.events.forms import Element
from dafab_kg.model.errors import NotWellFormed

_LONGEST_CELL = 4 * 1024 * 1024


def form_of(head: bytes) -> str | None:
    """Return which table a file holds by its first line, None if it is none of ours."""
    line = head.split(b"\n", 1)[0]
    if b"\0" in line or not line.strip():
        return None
    columns = _columns(_decoded(line))
    if len(columns) < 3:
        return None
    if emdat.is_table(columns):
        return "emdat"
    return tracks.form_of_table(columns) or ("glide" if glide.is_table(columns) else None)


def elements_of(data: bytes, form: str, where: str) -> Iterator[Element]:
    """Yield the reports of a table.

    Raises:
        NotWellFormed: it is no CSV.
    """
    rows = _rows(data, where)
    if form == "hurdat2-rows":
        yield from tracks.storms_of_table(rows)
    else:
        for line, row in rows:
            yield Element(form, f"row={line}", row)


def _rows(data: bytes, where: str) -> Iterator[tuple[int, dict[str, str]]]:
    whole = _decoded(data)
    columns = _columns(whole.split("\n", 1)[0])
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        lines = csv.reader(io.StringIO(whole, newline=""), delimiter=_delimiter(whole))
        next(lines, None)
        for cells in lines:
            if any(cell.strip() for cell in cells):
                yield lines.line_num, _row(columns, cells)
    except csv.Error as error:
        raise NotWellFormed(
            f"not CSV: {error}",
            where=f"{where}: line {lines.line_num}",
            remedy="Export the table again",
        ) from None
    finally:
        csv.field_size_limit(before)


def _row(columns: list[str], cells: list[str]) -> dict[str, Any]:
    return {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}


def _columns(line: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=_delimiter(line)), [])]
    except csv.Error:
        return []


def _delimiter(text: str) -> str:
    line = text.split("\n", 1)[0]
    return max(",;\t", key=line.count)


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")  # what spreadsheets write
