"""Filters of a real Rucio: with our metadata plugin, and with the stock JSON plugin on PostgreSQL.

    python benchmarks/rucio.py [--items 2000 20000] [--stores DIR]

Items are made from the real water-analysis metadata of ``../shared``
(``tests/judges/water_items.py``); each is a container in both Rucios.  One has the plugin and asks
``dafab-kg serve``, the other has the same properties as metadata of its own.  Both are asked over
REST, as clients ask, for names; what they find is compared.  Filters by meaning and place only the
first one can answer.  Each is asked in three ways: the first of its kind in a process that asks
no more (`first`), others of the kind that nobody asked before (`new`), the same again (`again`).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.judges.environments import python_with  # noqa: E402
from tests.judges.postgres import postgres  # noqa: E402
from tests.judges.real_rucio import SERVER, Rucio, plugin_modules  # noqa: E402
from tests.judges.water_items import make  # noqa: E402
from tests.serving.served import Server  # noqa: E402

RESULTS = Path(__file__).parent / "results" / "rucio.json"
TIMES = 9
WORKERS = 2
PART = 500
Wanted = dict[str, str]
FILTERS: list[tuple[str, Wanted, tuple[str, list[Any]] | None, bool]] = [
    ("cloud below 2 %", {"eo:cloud_cover.lt": "2"},
     ("eo:cloud_cover.lt", [f"{n / 100:.2f}" for n in range(190, 199)]), True),
    ("cloud between 10 and 12 %", {"eo:cloud_cover.gt": "10", "eo:cloud_cover.lt": "12"},
     ("eo:cloud_cover.lt", [f"{n / 100:.2f}" for n in range(1190, 1199)]), True),
    ("one note", {"dafab:notes": "wet"},
     ("dafab:notes", ["dry", "normal", "flooded", "dried", "low", "high", "a", "b", "c"]), True),
    ("notes by wildcard", {"dafab:notes": "wet*"},
     ("dafab:notes", ["w*", "we*", "*wet", "*et", "*t", "*e*", "d*", "*r*", "n*"]), True),
    ("platform and cloud", {"platform": "sentinel-2a", "eo:cloud_cover.gt": "98"},
     ("eo:cloud_cover.gt", [f"{n / 100:.2f}" for n in range(9801, 9810)]), True),
    ("one platform: half of all", {"platform": "sentinel-2a"},
     ("platform", ["sentinel-2b", "sentinel-2c", "sentinel-2*", "sentinel*", "*2a", "*2b", "s*a",
                   "s*b", "*a"]), True),
    ("flood, with what follows", {"anomaly": "flood"}, None, False),
    ("within a box", {"footprint.within": "5 45 15 55"},
     ("footprint.within", [f"5 45 15 55.{n}" for n in range(1, 10)]), False),
    ("drought scenes without cloud", {"product.isa": "DroughtScene", "eo:cloud_cover.lt": "5"},
     ("eo:cloud_cover.lt", [f"4.{n}" for n in range(1, 10)]), False),
]  # fmt: skip
"""Its name, a filter, a key of it with other values for others of its kind, and whether both sides
can answer it."""


class Asked:
    """A Rucio over REST, as its account root."""

    def __init__(self, rucio: Rucio) -> None:
        self.rucio = rucio
        self.http = httpx.Client(base_url=rucio.address, timeout=600, trust_env=False)
        who = {"X-Rucio-Account": "root", "X-Rucio-Username": "ddmlab"}
        told = self.http.get("/auth/userpass", headers={**who, "X-Rucio-Password": rucio.password})
        told.raise_for_status()
        self.http.headers["X-Rucio-Auth-Token"] = told.headers["X-Rucio-Auth-Token"]

    def post(self, path: str, value: Any) -> None:
        """Send JSON."""
        self.http.post(path, content=json.dumps(value)).raise_for_status()

    def fill(self, items: list[dict[str, Any]], *, metadata: bool) -> None:
        """Make the containers, and their metadata."""
        self.post("/accounts/root/scopes/dafab", None)
        for start in range(0, len(items), PART):
            some = items[start : start + PART]
            names = [{"scope": "dafab", "name": one["id"]} for one in some]
            self.post("/dids", [{**name, "type": "CONTAINER"} for name in names])
            if metadata:
                told = [
                    {**name, "meta": {k: v for k, v in one["properties"].items() if _flat(v)}}
                    for name, one in zip(names, some, strict=True)
                ]
                self.post("/dids/bulkdidsmeta", {"dids": told, "recursive": False})

    def find(self, wanted: Wanted) -> tuple[float, list[str]]:
        """Milliseconds, and the names."""
        sent = {"filters": str([wanted]), "type": "container", "long": "0", "recursive": "0"}
        began = perf_counter()
        answer = self.http.get("/dids/dafab/dids/search", params=sent)
        answer.raise_for_status()
        took = (perf_counter() - began) * 1e3
        return took, sorted(json.loads(line) for line in answer.text.splitlines())


def _flat(value: Any) -> bool:
    return value is not None and not isinstance(value, dict)


def measured(number: int, place: Path, stores: Path | None) -> list[dict[str, Any]]:
    """Measure with so many data identifiers; ``stores`` has stores of them already, by number."""
    import dafab_kg
    from dafab_kg.access.tokens import Tokens
    from dafab_kg.model.settings import Settings

    items = make(ROOT.parent / "shared" / "data", number)
    store = (stores or place) / str(number) / "store"
    if not store.is_dir():
        whole = place / "items" / "all.json"
        whole.parent.mkdir()
        whole.write_text(json.dumps({"type": "FeatureCollection", "features": items}))
        store.parent.mkdir(parents=True)
        with dafab_kg.open(store, settings=Settings(store=store)) as catalogue:
            assert catalogue.load(whole.parent, validate=False).counts["loaded"] == number
    graph = Server(store, rate_per_second=10_000, rate_burst=10_000)
    running: list[Rucio] = []
    try:
        token = place / "token"
        token.touch(mode=0o600)
        token.write_text(Tokens(store).create(f"rucio-{os.getpid()}", ["write"])[1])
        told = f"plugins = dafab_kg_rucio.plugin.DafabKgDidMeta\ndafab_kg_url = {graph.address}\n"
        for name in ("ours", "stock"):
            (place / name).mkdir()
        running.append(
            Rucio(
                place / "ours",
                metadata=f"{told}dafab_kg_token_file = {token}",
                modules=plugin_modules(place),
            )
        )
        with postgres(SERVER, ".venv-rucio") as database:
            running.append(Rucio(place / "stock", database=database))
            ours, stock = (Asked(one) for one in running)
            ours.fill(items, metadata=False)
            stock.fill(items, metadata=True)
            return [row(number, ours, stock, *one) for one in FILTERS]
    finally:
        for one in running:
            one.stop()
        graph.stop()


def row(
    number: int,
    ours: Asked,
    stock: Asked,
    name: str,
    wanted: Wanted,
    others: tuple[str, list[Any]] | None,
    both: bool,
) -> dict[str, Any]:
    """Ask both, or the one that can."""
    sides = {"ours": ours, "stock": stock} if both else {"ours": ours}
    took: dict[str, dict[str, list[float]]]
    took = {side: {"first": [], "new": [], "again": []} for side in sides}

    def ask(one: Wanted, kind: str) -> list[str]:
        found = {}
        for side, asked in sides.items():
            spent, found[side] = asked.find(one)
            took[side][kind].append(spent)
        assert found["ours"] == found.get("stock", found["ours"]), (name, one)
        return found["ours"]

    for _ in range(WORKERS):  # of each may be the first
        found = ask(wanted, "first")
    key, values = others or ("", [])
    for value in values:
        ask({**wanted, key: value}, "new")
    for _ in range(2 * WORKERS):  # each has been asked then
        ask(wanted, "first")
    for _ in range(TIMES):
        ask(wanted, "again")
    told: dict[str, Any] = {"items": number, "filter": name, "found": len(found)}
    for kind, choose in (("first", max), ("new", median), ("again", median)):
        for side in ("ours", "stock"):
            times = took[side][kind] if side in took else []
            told[f"{kind}, {side}"] = round(choose(times), 1) if times else None
    return told


def main() -> None:
    """Run and print a table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--items", type=int, nargs="+", default=[2_000, 20_000])
    asked.add_argument("--stores", type=Path, help="kept from one run to the next: NUMBER/store")
    given = asked.parse_args()
    python_with(SERVER, ".venv-rucio")
    rows: list[dict[str, Any]] = []
    for number in given.items:
        with tempfile.TemporaryDirectory() as name:
            rows += measured(number, Path(name), given.stores)
    machine = (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"pyoxigraph {version('pyoxigraph')}, {SERVER}"
    )
    RESULTS.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")
    table = Table(*rows[0], title="rucio did list (ms)")
    for one in rows:
        table.add_row(*("" if value is None else str(value) for value in one.values()))
    Console().print(machine)
    Console().print(table)


if __name__ == "__main__":
    main()
