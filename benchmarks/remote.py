"""A graph here, and behind Virtuoso: to load it and to ask it.

    python benchmarks/remote.py [--products 6] [--times 30]

Loads the sample catalogue (``dafab-kg sample``) into each and asks both the same questions.
Virtuoso is taken from the path (``virtuoso-t``) and left out where there is none.  A server of
ours is left out, as its shapes refuse facts of a document that come in parts.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import statistics
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from dafab_kg.catalogue import Catalogue, open_catalogue
from dafab_kg.model.settings import Settings
from dafab_kg.sample import write_sample
from tests.judges.virtuoso import SERVER, virtuoso

RESULTS = Path(__file__).parent / "results" / "remote.json"
PREFIXES = (
    "PREFIX dafab: <https://w3id.org/dafab/ns#> "
    "PREFIX geo: <http://www.opengis.net/ont/geosparql#> "
    "PREFIX geof: <http://www.opengis.net/def/function/geosparql/> "
)
AREA = '"POLYGON((5 45, 12 45, 12 52, 5 52, 5 45))"^^geo:wktLiteral'
QUERIES = {
    "products of a class": "SELECT ?s { ?s a dafab:SourceProduct }",
    "all of one product": "SELECT ?p ?o { ?s a dafab:SourceProduct ; ?p ?o } LIMIT 40",
    "things by class": "SELECT ?c (COUNT(*) AS ?n) { ?s a ?c } GROUP BY ?c",
    "products in an area": (
        "SELECT ?s { ?s a dafab:SourceProduct ; geo:hasGeometry/geo:asWKT ?w "
        f"FILTER(geof:sfIntersects(?w, {AREA})) }}"
    ),
    "products beside an area, with the geometry": (
        "SELECT ?s ?w { ?s a dafab:Product ; geo:hasGeometry/geo:asWKT ?w "
        f"FILTER(!geof:sfIntersects(?w, {AREA})) }}"
    ),
    "pairs that meet": (
        "SELECT ?a ?b { ?a a dafab:SourceProduct ; geo:hasGeometry/geo:asWKT ?v . "
        "?b a dafab:WaterProduct ; geo:hasGeometry/geo:asWKT ?w "
        "FILTER(geof:sfIntersects(?v, ?w)) }"
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=6)
    parser.add_argument("--times", type=int, default=30)
    options = parser.parse_args()
    machine = {"machine": platform.machine(), "python": platform.python_version()}
    machine |= {name: version(name) for name in ("pyoxigraph", "dafab-kg", "requests")}
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write_sample(place / "sample", products=options.products)
        whole = [place / "sample"]
        found["here"] = measured(place / "here", Settings(), whole, options.times)
        if shutil.which(SERVER):
            with virtuoso(place / "virtuoso") as made:
                machine["virtuoso"] = made.version
                name = "behind Virtuoso"
                found[name] = measured(place / "kg", made.settings, whole, options.times)
    rows = list(dict.fromkeys(name for column in found.values() for name in column))
    print(f"| | {' | '.join(found)} |\n| --- |{' ---: |' * len(found)}")
    for row in rows:
        print(f"| {row} | {' | '.join(str(column.get(row, '')) for column in found.values())} |")
    print("\n" + ", ".join(f"{key} {value}" for key, value in machine.items()))
    RESULTS.write_text(json.dumps({"machine": machine, "figures": found}, indent=1) + "\n")


def measured(place: Path, settings: Settings, data: list[Path], times: int) -> dict[str, Any]:
    """Load and ask one catalogue."""
    with open_catalogue(place, settings=settings) as kg:
        began = time.perf_counter()
        kg.load(*data, validate=False)
        took = time.perf_counter() - began
        statements = kg._store.count()
        found: dict[str, Any] = {
            "statements": f"{statements:,}",
            "load, s": round(took, 1),
            "load, statements/s": f"{statements / took:,.0f}",
        }
        for name, query in QUERIES.items():
            found[f"{name}, ms"] = asked(kg, PREFIXES + query, times)
    return found


def asked(kg: Catalogue, query: str, times: int) -> str:
    """Median time to answer, and the number of rows."""
    rows: Any = list(kg.query(query))  # type: ignore[arg-type]
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        for _ in kg.query(query):  # type: ignore[union-attr]
            pass
        taken.append((time.perf_counter() - began) * 1e3)
    return f"{statistics.median(taken):.1f} ({len(rows)})"


if __name__ == "__main__":
    main()
