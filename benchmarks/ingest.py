"""Ingest end to end against the bulk load of the statements that result.

``bulk`` loads all of them: those of the documents' graphs and of the default graph.
``bulk-mapped`` loads only what the mappings wrote, the documents' graphs.  ``load`` is all
that a load does: it validates and infers; the ways with names of their own leave that out.

    python benchmarks/ingest.py [--items 10000]

Each way runs in a process of its own, so that peak memory is its own.  Items are
DaFab water-analysis items of the sample catalogue, multiplied under other ids.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from _process import run, tell
from rich.console import Console
from rich.table import Table

GRAPH = " <https://w3id.org/dafab/id/graph"
RESULTS = Path(__file__).parent / "results" / "ingest.json"


def write_items(directory: Path, count: int) -> None:
    """Multiply the sample's water-analysis items: other orbit, tile row and times of processing."""
    from dafab_kg.sample import write_sample

    write_sample(directory / "sample", products=60)
    items = [
        path.read_text() for path in sorted((directory / "sample").rglob("*_water_analysis_*.json"))
    ]
    target = directory / "items"
    target.mkdir()
    for number in range(count):
        text = items[number % len(items)]
        identifier = json.loads(text)["id"]
        source = identifier.split("_water_analysis_")[0]
        stamp = f"{source[:-6]}{number // len(items):06d}"
        (target / f"{number:06d}.json").write_text(text.replace(source, stamp))


def load(directory: Path, *, validate: bool = False, infer: bool = False) -> dict[str, Any]:
    """Load all items into a fresh catalogue."""
    import dafab_kg
    from dafab_kg.model.settings import Settings

    store = directory / "store"
    shutil.rmtree(store, ignore_errors=True)
    with dafab_kg.open(store, settings=Settings(reasoning=infer)) as catalogue:
        began = time.perf_counter()
        report = catalogue.load(directory / "items", validate=validate)
        seconds = time.perf_counter() - began
        statements = catalogue.stats().statements
        if validate and infer:
            catalogue._store.dump((directory / "all.nq").open("wb"))
    assert report.counts == {"loaded": len(report.outcomes)}, report.rejected[:1]
    return {"seconds": seconds, "statements": statements, "documents": len(report.outcomes)}


def split(directory: Path) -> None:
    """Keep the statements of named graphs in a file of their own."""
    with (directory / "all.nq").open() as source, (directory / "mapped.nq").open("w") as out:
        out.writelines(line for line in source if line.endswith("> .\n") and GRAPH in line)


def bulk(directory: Path, file: str) -> dict[str, Any]:
    """Bulk load the dump of what was loaded."""
    from dafab_kg.store.oxigraph import OxigraphStore

    store_directory = directory / "bulk"
    shutil.rmtree(store_directory, ignore_errors=True)
    store = OxigraphStore(store_directory)
    began = time.perf_counter()
    with (directory / file).open("rb") as source:
        store.bulk_load(source)
    store.flush()
    return {"seconds": time.perf_counter() - began, "statements": store.count()}


def phase(name: str, directory: Path) -> None:
    """Run one way in this process and print its figures as JSON."""
    ways = {
        "load": lambda: load(directory, validate=True, infer=True),
        "load-plain": lambda: load(directory),
        "load-validated": lambda: load(directory, validate=True),
        "load-inferred": lambda: load(directory, infer=True),
        "bulk": lambda: bulk(directory, "all.nq"),
        "bulk-mapped": lambda: bulk(directory, "mapped.nq"),
    }
    tell(ways[name]())


def main() -> None:
    """Run all ways side by side and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--phase")
    parser.add_argument("--directory", type=Path)
    arguments = parser.parse_args()
    if arguments.phase:
        phase(arguments.phase, arguments.directory)
        return
    ways = ["bulk", "bulk-mapped", "load-plain", "load-validated", "load-inferred"]
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        write_items(directory, arguments.items)
        figures = {"load": run(__file__, "load", "--directory", directory)}
        split(directory)
        figures |= {way: run(__file__, way, "--directory", directory) for way in ways}
    report(figures, arguments.items)


def report(figures: dict[str, dict[str, Any]], items: int) -> None:
    """Print the table and keep it as JSON."""
    base = figures["bulk"]["seconds"]
    table = Table(title=f"{items} DaFab items, {figures['bulk']['statements']} statements")
    for column in ("way", "seconds", "k statements/s", "times bulk", "peak MB"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for way, figure in figures.items():
        rate = figure["statements"] / figure["seconds"] / 1000
        table.add_row(
            way,
            f"{figure['seconds']:.1f}",
            f"{rate:.0f}",
            f"{figure['seconds'] / base:.2f}",
            f"{figure['peak_mb']:.0f}",
        )
    Console().print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(
        json.dumps(
            {
                "items": items,
                "machine": f"{platform.machine()}, 2 cores",
                "python": platform.python_version(),
                "pyoxigraph": version("pyoxigraph"),
                "figures": figures,
            },
            indent=2,
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
