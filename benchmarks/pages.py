"""How soon a page stands and what it weighs, in Debian's Chromium over a real server.

    python benchmarks/pages.py [--store DIR] [--store DIR] [--times 5]

Without a store the sample is loaded into one.  Each store is served by ``dafab-kg serve`` and
each kind of page opened: first with nothing in the browser's cache and, as far as it is the
first of its kind, with nothing kept by the server; then so many times again.  ``first byte``
and ``load`` are the browser's own (Navigation Timing); ``usable`` is when its map is drawn,
too; ``processor`` is what all processes of the server spent until the page came, which hangs
less on what else the machine does.

Give copies of stores: a server writes into its own.  The operator's pages are opened with a
token that is made for that and revoked.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))

from dafab_kg.access.tokens import Tokens
from dafab_kg.catalogue import open_catalogue
from dafab_kg.sample import write_sample
from tests.browser.routes import HEAVY, Route, routes
from tests.serving.served import Server

SEARCHES = (
    ("words of documents", "q=flood"),
    ("a place's name", "q=Luxembourg"),
    ("a product's id", "q=S2C_31UGQ_20250925_0_L2A"),
    ("clouds", "cloud=0-5"),
    ("a small box", "bbox=5,49,7,51"),
    ("a large box", "bbox=-10,35,30,60"),
    ("a year", "from=2022-01-01&to=2022-12-31"),
    ("season", "season=winter"),
    ("class", "class=FloodScene"),
    ("collection", "collection=products"),
    ("least cloud first", "sort=cloud"),
    ("place, class, clouds", "place=Luxembourg&class=FieldImage&cloud=0-5"),
)
"""What people search for beside what every kind of page is tried with."""
WARM = ("first_byte_ms", "load_ms", "usable_ms", "processor_ms")
PATIENCE_SECONDS = 120
RESULTS = Path(__file__).parent / "results" / "pages.json"
MEASURED = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const all = [page, ...performance.getEntriesByType("resource")];
  const sum = (name) => all.reduce((total, one) => total + one[name], 0);
  return { first_byte_ms: page.responseStart - page.startTime,
           load_ms: page.loadEventEnd - page.startTime,
           requests: all.length, decoded: sum("decodedBodySize"),
           transferred: sum("encodedBodySize") };
}"""
DRAWN = "() => !document.querySelector('[data-map]:not(.leaflet-container)')"


def main() -> None:
    """Run and print a table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--store", type=Path, action="append", default=[])
    asked.add_argument("--times", type=int, default=5)
    given = asked.parse_args()
    figures: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "pyoxigraph": version("pyoxigraph"),
        "date": date.today().isoformat(),
        "times": given.times,
        "stores": [],
    }
    with browser() as chromium, tempfile.TemporaryDirectory() as made:
        figures["chromium"] = chromium.version
        for store in given.store or [sample(Path(made))]:
            figures["stores"].append(measured(store, chromium, given.times))
            RESULTS.write_text(json.dumps(figures, indent=1) + "\n")
            show(figures["stores"][-1])


def sample(place: Path) -> Path:
    """Load the sample as ``make run`` does."""
    write_sample(place / "sample")
    with open_catalogue(place / "store") as catalogue:
        catalogue.load(place / "sample")
        catalogue.derive("water")
        catalogue.enrich()
    return place / "store"


@contextmanager
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium")
    if found is None:
        raise SystemExit("needs Debian's chromium (apt-get install chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def measured(store: Path, chromium: Browser, times: int) -> dict[str, Any]:
    """Measure all pages of one store."""
    tokens = Tokens(store.resolve(), "")
    made, token = tokens.create(f"benchmark-{os.getpid()}", ["write"])
    server = Server(store.resolve(), query_seconds=60, queue_seconds=60)
    try:
        bearer = {"Authorization": f"Bearer {token}"}
        # first, as the search for routes warms much
        rows = [page_of(one, server, chromium, times, {}) for one in searches()]
        with httpx.Client(base_url=server.address, timeout=120, headers=bearer) as client:
            found = routes(client)
            for one in found:
                own = bearer if one.endpoint == "operator" else {}
                rows.append(page_of(one, server, chromium, times, own))
            holds = counted(client)
    finally:
        server.stop()
        tokens.revoke(made.name)
    return {**{name: holds[name] for name in ("documents", "triples")}, "pages": rows}


def searches() -> list[Route]:
    return [Route(f"home, {name}", "pages.home", f"?{query}") for name, query in SEARCHES]


def counted(client: httpx.Client) -> dict[str, Any]:
    """Return how much the store holds; it is asked last, as it keeps a worker busy for long."""
    answer = client.get("", params={"format": "json"})
    if answer.is_error:  # out of time: the pages were measured all the same
        return {"documents": {}, "triples": None}
    found: dict[str, Any] = answer.json()["holds"]
    return found


def page_of(
    route: Route, server: Server, chromium: Browser, times: int, headers: dict[str, str]
) -> dict[str, Any]:
    """Open one page in a browser that has seen nothing, and then again."""
    context = chromium.new_context(
        base_url=server.address.rstrip("/") + "/",
        viewport={"width": 1440, "height": 900},
        extra_http_headers=headers,
    )
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    page = context.new_page()
    cold = opened(page, route.path, server)
    warm = [opened(page, route.path, server) for _ in range(times)]
    context.close()
    return {
        "page": route.name,
        "editor": route.endpoint in HEAVY,
        "cold": cold,
        "warm": {name: median(one[name] for one in warm) for name in cold},
    }


def opened(page: Page, path: str, server: Server) -> dict[str, float]:
    began, before = perf_counter(), processor_ms(server)
    page.goto(path, wait_until="commit")
    spent = processor_ms(server) - before
    page.wait_for_load_state("load")
    page.wait_for_function(DRAWN)
    usable = (perf_counter() - began) * 1e3
    told = page.evaluate(MEASURED)
    return {
        name: round(value, 1) if name.endswith("_ms") else int(value)
        for name, value in {**told, "usable_ms": usable, "processor_ms": spent}.items()
    }


def processor_ms(server: Server) -> float:
    """Return what all processes of a server have spent so far."""
    ticks = 0
    for pid in server.family():
        with suppress(OSError):  # it has ended
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


def show(told: dict[str, Any]) -> None:
    table = Table(title=f"{sum(told['documents'].values()):,} documents")
    for name in (
        "page", "cold first byte ms", "cold usable ms", "cold processor ms", "first byte ms",
        "load ms", "usable ms", "processor ms", "requests", "decoded kB", "transferred kB",
    ):  # fmt: skip
        table.add_column(name, justify="left" if name == "page" else "right")
    for row in told["pages"]:
        cold, warm = row["cold"], row["warm"]
        table.add_row(
            row["page"],
            *(f"{cold[name]:,.0f}" for name in ("first_byte_ms", "usable_ms", "processor_ms")),
            *(f"{warm[name]:,.0f}" for name in WARM),
            f"{warm['requests']:.0f}",
            *(f"{cold[name] / 1000:,.0f}" for name in ("decoded", "transferred")),
        )
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
