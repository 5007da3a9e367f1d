"""Runs in an environment of its own: a packaged notebook of dafab-client, cell by cell.

Its cells run as they are, one after the other in one name space, whether those before went well
or not.  What a cell printed, and the value of its last expression, are told.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
from pathlib import Path
from typing import Any

import dafab_client as dc
from client_telling import FACTS, stay_inside, tell

stay_inside()
(BOOK,) = dc.get_example(FACTS["notebook"], FACTS["place"])
SPACE: dict[str, Any] = {"__name__": "__main__"}


def run(source: str) -> dict[str, Any]:
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "cell", "exec"), SPACE)
        expression = None if last is None else ast.Expression(last.value)
        value = None if expression is None else eval(compile(expression, "cell", "eval"), SPACE)
    return {"printed": printed.getvalue(), "value": str(value)[:2000]}


title = ""
for cell in json.loads(Path(BOOK).read_text(encoding="utf-8"))["cells"]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        title = source.splitlines()[0].lstrip("# ") if source else title
    else:
        tell(title, lambda source=source: run(source))
