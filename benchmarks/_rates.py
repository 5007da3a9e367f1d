"""The table of ways to do something with items: how long, and how many a second."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


def show(what: str, rows: Sequence[dict[str, Any]], results: Path) -> None:
    """Print rows of ``way``, ``items`` and ``seconds``, and write them."""
    title = (
        f"{what}; {platform.machine()}, Python {platform.python_version()}, "
        f"rucio-clients {version('rucio-clients')}"
    )
    table = Table(title=title)
    for column in ("way", "items", "seconds", "items/s"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for row in rows:
        rate = row["items"] / row["seconds"]
        table.add_row(row["way"], f"{row['items']:,}", f"{row['seconds']:.3f}", f"{rate:,.0f}")
    Console().print(table)
    results.write_text(json.dumps({"title": title, "rows": rows}, indent=1) + "\n")
