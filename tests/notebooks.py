"""Notebooks, run without Jupyter: code cells one after the other, in one namespace.

``python -m tests.notebooks FILE...`` runs notebooks in this directory, and says where an
output is not what the notebook shows; ``--write`` writes what is printed into them.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Notebook = dict[str, Any]
PORT = "8642"


def read(path: Path) -> Notebook:
    """Return a notebook (nbformat 4)."""
    found: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return found


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def shown(cell: dict[str, Any]) -> str:
    """The text that a cell shows below it."""
    return "".join(
        "".join(output["text"] if output["output_type"] == "stream"
                else output["data"]["text/plain"] + ["\n"])
        for output in cell["outputs"]
    )  # fmt: skip


def outputs(notebook: Notebook, port: str = PORT) -> Iterator[str]:
    """Run the code cells; give what each prints, and the value of its last expression."""
    space: dict[str, Any] = {"__name__": "__main__"}
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            value = _run(source(cell).replace(PORT, port), space)
        text = printed.getvalue()
        yield (text if value is None else f"{text}{value!r}\n").replace(port, PORT)


def _run(code: str, space: dict[str, Any]) -> Any:
    parsed = ast.parse(code)
    last = parsed.body[-1] if parsed.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(parsed, "<cell>", "exec"), space)
        return None
    first = ast.Module(parsed.body[:-1], [])
    exec(compile(first, "<cell>", "exec"), space)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), space)


def differences(path: Path, port: str = PORT) -> Iterator[str]:
    """Say where a run shows something else than the notebook; ``…`` stands for anything."""
    notebook = read(path)
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for cell, found in zip(cells, outputs(notebook, port), strict=True):
        right = re.escape(_compact(shown(cell))).replace("…", ".*")
        if not re.fullmatch(right, _compact(found), re.DOTALL):
            yield f"{path.name}: {source(cell)}\nshows\n{shown(cell)}\nbut prints\n{found}"


def write(path: Path, port: str = PORT) -> None:
    """Write what the cells print into a notebook."""
    notebook = read(path)
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for cell, found in zip(cells, outputs(notebook, port), strict=True):
        cell["outputs"] = []
        if found:
            lines = found.splitlines(keepends=True)
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": lines}]
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _compact(text: str) -> str:
    return " ".join(text.split())


def main(arguments: list[str]) -> int:
    port = os.environ.get("DAFAB_PORT", PORT)
    wrong = 0
    for name in (one for one in arguments if one != "--write"):
        if "--write" in arguments:
            write(Path(name), port)
            continue
        for text in differences(Path(name), port):
            print(text)  # noqa: T201
            wrong += 1
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
