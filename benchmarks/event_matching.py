"""Matching of event reports as a store fills: seconds for each batch.

    python benchmarks/event_matching.py [--reports 10000] [--batch 500]

Each event is told by three of five sources, within 0.7 degrees and an hour of each
other; events are spread evenly over the world and twenty years, so that each batch
has neighbours in all of them: the worst case of what must be looked through.  Half
of the reports name a GLIDE number.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import tempfile
import time
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dafab_kg.ingest.derivations import EventMatching
from dafab_kg.mapping import compile_mappings
from dafab_kg.model.names import Names
from dafab_kg.model.records import EventIdentifier, EventReport, Record
from dafab_kg.store.nquads import canonical
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.replacement import plan_replacement

RESULTS = Path(__file__).parent / "results" / "event_matching.json"
KINDS = (
    "floodHazard", "earthquakeHazard", "tropicalCycloneHazard", "wildfireHazard", "stormHazard",
)  # fmt: skip
SOURCES = ("gdacs", "glide", "emdat", "ems", "usgs")


def make_reports(count: int, chance: random.Random) -> list[list[Record]]:
    """Return the records of ``count`` reports in the order in which they arrive."""
    reports: list[list[Record]] = []
    while len(reports) < count:
        event = str(len(reports) // 3)
        began = datetime(2005, 1, 1) + timedelta(hours=chance.randrange(24 * 365 * 20))
        west, south = chance.uniform(-179, 179), chance.uniform(-60, 60)
        kind = chance.choice(KINDS)
        for source in chance.sample(SOURCES, 3):
            told = began + timedelta(hours=chance.random())
            x, y = west + chance.uniform(-0.5, 0.5), south + chance.uniform(-0.5, 0.5)
            ring = f"{x} {y}, {x + 0.3} {y}, {x + 0.3} {y + 0.3}, {x} {y}"
            sides = (Decimal(str(round(side, 4))) for side in (x, y, x + 0.3, y + 0.3))
            records: list[Record] = [
                EventReport(
                    source,
                    event,
                    "event",
                    hazard=kind,
                    start=f"{told:%Y-%m-%dT%H:%M:%SZ}",
                    footprint_wkt=f"POLYGON (({ring}))",
                    **dict(zip(("west", "south", "east", "north"), sides, strict=True)),
                ),
                EventIdentifier(source, event, source, event),
            ]
            if source != "glide" and chance.random() < 0.5:
                records.append(EventIdentifier(source, event, "glide", event))
            reports.append(records)
    chance.shuffle(reports)
    return reports[:count]


def main() -> None:
    """Load batch by batch, and time what matching adds to each commit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=10_000)
    parser.add_argument("--batch", type=int, default=500)
    options = parser.parse_args()
    names, rule = Names(), EventMatching()
    mapping = compile_mappings(names)
    reports = make_reports(options.reports, random.Random(1))
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        store = OxigraphStore(Path(directory) / "graph")
        for start in range(0, len(reports), options.batch):
            contents = {}
            for number, records in enumerate(reports[start : start + options.batch], start):
                document = f"{number:032x}"
                nquads = mapping.map(records, document_id=document)
                graph = names.make("graph", document_id=document)
                contents[graph] = canonical(nquads, graph)
            change = plan_replacement(store, contents)
            store.apply(change)
            began = time.perf_counter()
            graphs = rule.derive(store, names, rule.touched(names, change.added))
            matched = time.perf_counter()
            store.apply(plan_replacement(store, graphs))
            rows.append((start, len(graphs), matched - began, time.perf_counter() - matched))
        store.close()
    table = Table("reports before", "events rebuilt", "match s", "write s")
    for before, rebuilt, match, write in rows:
        table.add_row(f"{before:,}", f"{rebuilt:,}", f"{match:.2f}", f"{write:.2f}")
    Console().print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    figures = {"machine": platform.platform(), "batch": options.batch, "rows": rows}
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
