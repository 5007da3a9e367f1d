"""SERVICE by bound joins against the engine's own: two catalogues, of which one asks the other.

    python benchmarks/service.py [--there 10000 100000] [--here 10 100 1000 5000]

The other catalogue runs as ``dafab-kg serve`` and holds two statements about each of so many
things; here are some of these things.  Both ways answer the same query in this process, three
times each, and their rows are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from _made import PROGRAM
from rich.console import Console
from rich.table import Table

from dafab_kg.catalogue import open_catalogue
from dafab_kg.model.settings import Settings
from dafab_kg.store.answers import has_rows

RESULTS = Path(__file__).parent / "results" / "service.json"
TIMES = 3
QUERY = "SELECT ?a ?c ?n { ?a <http://e/here> ?n SERVICE <%s> { ?a <http://e/cloud> ?c } }"


def main() -> None:
    """Run and print a table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--there", type=int, nargs="+", default=[10_000, 100_000])
    asked.add_argument("--here", type=int, nargs="+", default=[10, 100, 1_000, 5_000])
    sizes = asked.parse_args()
    rows: list[dict[str, Any]] = []
    for there in sizes.there:
        with tempfile.TemporaryDirectory() as name:
            rows += one(Path(name), there, sizes.here)
    figures = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, pyoxigraph {version('pyoxigraph')}",
        "rows": rows,
    }
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n")
    table = Table("there", "here", "bound ms", "engine ms", "times", "requests", title="SERVICE")
    for row in rows:
        table.add_row(*(f"{value:,}" for value in row.values()))
    Console().print(figures["machine"])
    Console().print(table)


def one(place: Path, there: int, sizes: list[int]) -> list[dict[str, Any]]:
    """Measure with one other catalogue."""
    data = place / "there.nt"
    with data.open("w") as out:
        for n in range(there):
            out.write(f'<http://e/t/{n}> <http://e/cloud> "{n % 100}" .\n')
            out.write(f'<http://e/t/{n}> <http://e/name> "thing {n}" .\n')
    program = [*PROGRAM, "--store", str(place / "there"), "--quiet"]
    subprocess.run([*program, "load", str(data), "--no-validate"], check=True)
    server = subprocess.Popen(
        [*program, "serve", "--port", "0", "--json"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        text = ""
        while not text.endswith("}\n"):
            text += server.stdout.readline()
        url = json.loads(text)["address"] + "/sparql"
        return [measured(place / f"here-{here}", url, there, here) for here in sizes]
    finally:
        server.terminate()
        server.wait()


def measured(store: Path, url: str, there: int, here: int) -> dict[str, Any]:
    """Measure both ways with so many things here."""
    chosen = Settings(store=store, service_allowed=(url,), service_seconds=120)
    with open_catalogue(settings=chosen) as catalogue:
        step = there // here
        lines = "".join(f'<http://e/t/{n * step}> <http://e/here> "{n}" .\n' for n in range(here))
        catalogue.put_graph("http://e/g", lines.encode(), "application/n-triples")
        query = QUERY % url
        told = catalogue.explain_query(query)["calls"][0]

        def rows(answer: Any) -> list[Any]:
            assert has_rows(answer)
            return sorted(answer)

        def ask(way: Any) -> tuple[float, list[Any]]:
            times = []
            for _ in range(TIMES):
                began = perf_counter()
                found = rows(way())
                times.append(perf_counter() - began)
            return median(times) * 1e3, found

        bound, ours = ask(lambda: catalogue.query(query))
        plain = {"facts": "both", "base": None, "private": False}
        engine, theirs = ask(
            lambda: catalogue._answer(query, default_graphs=None, named_graphs=None, **plain)
        )
        assert ours == theirs and len(ours) == here
    return {
        "there": there,
        "here": here,
        "bound": round(bound, 1),
        "engine": round(engine, 1),
        "times": round(engine / bound, 1),
        "requests": told["requests"],
    }


if __name__ == "__main__":
    main()
