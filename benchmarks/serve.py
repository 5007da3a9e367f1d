"""A server under load: many clients read, one loads, some ask what can never be answered.

    python benchmarks/serve.py [--clients 64] [--seconds 300] [--hostile 50] [--products 300]

The store is the sample catalogue.  Clients keep their connections and ask small queries one
after the other.  The loader replaces one document after the other and then asks for its new
figure, so that its times bound the freshness from above.  Clients, loader and server share
the machine.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from _hostile import HOSTILE
from rich.console import Console
from rich.table import Table

from dafab_kg.catalogue import open_catalogue
from dafab_kg.model.errors import (
    DeadlinePassed,
    MemoryExceeded,
    NotServed,
    QueueFull,
    WorkerLost,
    WriterLost,
)
from dafab_kg.model.settings import Settings
from dafab_kg.sample import write_sample
from dafab_kg.serving.client import ServedCatalogue
from dafab_kg.serving.control import ask
from dafab_kg.serving.places import Places, find

RESULTS = Path(__file__).parent / "results" / "serve.json"
NS = "https://w3id.org/dafab/ns#"
SMALL = {
    "ask": "ASK {}",
    "row": "SELECT * { ?s ?p ?o } LIMIT 1",
    "products": f"SELECT ?p {{ ?p a <{NS}WaterProduct> }} LIMIT 20",
    "facts": f"SELECT ?q ?o {{ {{ SELECT ?p {{ ?p a <{NS}WaterProduct> }} LIMIT 1 }} ?p ?q ?o }}",
}
STATED = frozenset(
    kind.__name__ for kind in (DeadlinePassed, MemoryExceeded, QueueFull, WorkerLost, WriterLost)
)
"""The reasons for which a 503 may be given."""
ROW = 'SELECT ?v { <%s> <http://e/version> ?v FILTER(?v = "%s") }'
THING = "http://e/fresh"


class Run:
    """One run: what was measured, by all threads."""

    def __init__(self, address: str, seconds: float) -> None:
        self.host, self.port = address.removeprefix("http://").rstrip("/").split(":")
        self.until = time.perf_counter() + seconds
        self.times: dict[str, list[float]] = {name: [] for name in SMALL}
        self.statuses: Counter[str] = Counter()
        self.hostile: dict[str, Counter[str]] = {name: Counter() for name in HOSTILE}
        self.hostile_seconds: list[float] = []
        self.fresh: list[float] = []
        self.seen: list[float] = []
        self.stale = 0

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, int(self.port), timeout=120)

    def ask(self, connection: http.client.HTTPConnection, query: str) -> tuple[int, bytes]:
        connection.request(
            "POST",
            "/sparql",
            urlencode({"query": query}),
            {
                "Accept": "application/sparql-results+json, application/n-triples;q=0.5",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )
        answer = connection.getresponse()
        return answer.status, answer.read()

    def read(self, number: int) -> None:
        chance = random.Random(number)
        connection = self.connect()
        while time.perf_counter() < self.until:
            name = chance.choice(list(SMALL))
            began = time.perf_counter()
            try:
                status, body = self.ask(connection, SMALL[name])
            except (OSError, http.client.HTTPException) as error:
                self.statuses[f"connection: {type(error).__name__}"] += 1
                connection.close()
                connection = self.connect()
                continue
            self.times[name].append(time.perf_counter() - began)
            self.statuses[how(status, body)] += 1
        connection.close()

    def load(self, catalogue: ServedCatalogue, place: Path) -> None:
        connection = self.connect()
        file = place / "fresh.nt"
        number = 0
        while time.perf_counter() < self.until:
            number += 1
            file.write_text(f'<{THING}> <http://e/version> "{number}" .\n')
            began = time.perf_counter()
            try:
                catalogue.load(file, validate=False)
            except NotServed:
                self.statuses["load failed"] += 1
                continue
            written = time.perf_counter()
            status, body = self.ask(connection, ROW % (THING, number))
            if status == 200:
                self.seen.append(time.perf_counter() - written)
                self.fresh.append(time.perf_counter() - began)
                self.stale += not json.loads(body)["results"]["bindings"]
        connection.close()

    def harm(self, count: int, pause: float) -> None:
        for number in range(count):
            if time.perf_counter() > self.until:
                return
            name, query = list(HOSTILE.items())[number % len(HOSTILE)]
            connection = self.connect()
            began = time.perf_counter()
            try:
                self.hostile[name][how(*self.ask(connection, query))] += 1
            except (OSError, http.client.HTTPException):
                self.hostile[name]["broken off"] += 1  # what had begun to come
            self.hostile_seconds.append(time.perf_counter() - began)
            connection.close()
            time.sleep(pause)


def how(status: int, body: bytes) -> str:
    """Say how a request was answered: its status, or the reason that a 503 states."""
    if status < 500:
        return str(status)
    reason = json.loads(body).get("reason", "")
    return reason if status == 503 and reason in STATED else f"unstated {status} {reason}"


def published(log: Path) -> list[float]:
    """Read from the server's log how long after its commit each snapshot was published."""
    lines = (line for line in log.read_text().splitlines() if line.startswith("{"))
    told = [found for line in lines if (found := json.loads(line)).get("event") == "published"]
    return [found["since_commit_ms"] / 1000 for found in told]


def quantiles(times: list[float]) -> dict[str, float]:
    """Return count, p50, p95 and p99, in milliseconds."""
    if not times:
        return {"n": 0}
    ordered = sorted(times)
    at = {
        f"p{q}": 1000 * ordered[min(len(ordered) * q // 100, len(ordered) - 1)]
        for q in (50, 95, 99)
    }
    return {"n": len(ordered), **at}


def memory(pids: list[int]) -> list[float]:
    """Return the private memory of processes, in MB."""
    found = []
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        sizes = {line.split(":")[0]: line.split()[1] for line in text.splitlines()[1:]}
        found.append((int(sizes["Private_Clean"]) + int(sizes["Private_Dirty"])) / 1024)
    return found


def serve(
    store: Path, deadline: float, memory: int, log: Path
) -> tuple[subprocess.Popen[str], str, Places]:
    """Start the server as users do."""
    server = subprocess.Popen(
        [sys.executable, "-c", "import sys; from dafab_kg.cli import main; sys.exit(main())",
         "--store", str(store), "serve", "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=log.open("w"),
        text=True,
        env={
            **os.environ,
            "DAFAB_QUERY_SECONDS": str(deadline),
            "DAFAB_WORKER_MEMORY": str(memory * 2**20),
            "DAFAB_REASONING": "false",
        },
    )  # fmt: skip
    assert server.stdout is not None
    text = ""
    while not text.endswith("}\n"):
        text += server.stdout.readline()
    places = find(store)
    assert places is not None
    return server, json.loads(text)["address"], places


def measure(options: argparse.Namespace, place: Path) -> dict[str, Any]:
    store = place / "store"
    settings = Settings(store=store, reasoning=False)
    write_sample(place / "sample", seed=1, products=options.products)
    with open_catalogue(store, settings=settings) as catalogue:
        catalogue.load(place / "sample", validate=False)
        statements = catalogue.stats().statements
    log = options.log or place / "server.log"
    server, address, places = serve(store, options.deadline, options.memory, log)
    try:
        run = Run(address, options.seconds)
        pause = options.seconds / max(options.hostile, 1) / 2
        threads = [threading.Thread(target=run.read, args=(n,)) for n in range(options.clients)]
        threads += [
            threading.Thread(target=run.load, args=(ServedCatalogue(settings, places), place)),
            threading.Thread(target=run.harm, args=(options.hostile, pause)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        status = ask(places, {"status": True})
        workers = [p["pid"] for p in status["processes"] if p["role"] in ("worker", "spare")]
        return {
            "statements": statements,
            "clients": options.clients,
            "seconds": options.seconds,
            "deadline_seconds": options.deadline,
            "memory_mb": options.memory,
            "queries": {name: quantiles(times) for name, times in run.times.items()},
            "all": quantiles([t for times in run.times.values() for t in times]),
            "rate": sum(map(len, run.times.values())) / options.seconds,
            "statuses": dict(run.statuses),
            "hostile": {name: dict(ends) for name, ends in run.hostile.items()},
            "hostile_to_answer": quantiles(run.hostile_seconds),
            "freshness": quantiles(run.fresh),
            "published_since_commit": quantiles(published(log)),
            "seen_since_published": quantiles(run.seen),
            "stale": run.stale,
            "longest_ended_seconds": status.get("longest", 0.0),
            "restarts": status["restarts"],
            "snapshots": sum(p.name[0] == "0" for p in (store / "snapshots").iterdir()),
            "worker_mb": memory(workers),
        }
    finally:
        server.terminate()
        server.wait(timeout=30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--hostile", type=int, default=50)
    parser.add_argument("--products", type=int, default=300)
    parser.add_argument("--deadline", type=float, default=2.0)
    parser.add_argument("--memory", type=int, default=512, help="MiB of a query worker")
    parser.add_argument("--log", type=Path, help="keep the server's log here")
    parser.add_argument("--no-save", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        figures = measure(options, Path(place))
    table = Table("query", "n", "p50 ms", "p95 ms", "p99 ms")
    for name, times in (*figures["queries"].items(), ("all", figures["all"]),
                        ("load until seen", figures["freshness"]),
                        ("commit until published", figures["published_since_commit"]),
                        ("published until seen", figures["seen_since_published"])):  # fmt: skip
        if times["n"]:
            table.add_row(
                name, f"{times['n']:,}", *(f"{times[q]:.1f}" for q in ("p50", "p95", "p99"))
            )
    console = Console()
    console.print(table)
    shown = ("rate", "statuses", "hostile", "hostile_to_answer", "stale", "longest_ended_seconds",
             "restarts", "snapshots", "worker_mb", "statements")  # fmt: skip
    for name in shown:
        console.print(f"{name}: {figures[name]}")
    if not options.no_save:
        figures["machine"] = f"{platform.machine()}, {os.cpu_count()} cores"
        RESULTS.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
