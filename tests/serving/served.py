"""A server in processes of its own, as users start it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from dafab_kg.model.errors import NotServed
from dafab_kg.model.settings import Settings
from dafab_kg.serving.client import ServedCatalogue
from dafab_kg.serving.control import ask
from dafab_kg.serving.places import Places, find

COMMAND = [sys.executable, "-c", "import sys; from dafab_kg.cli import main; sys.exit(main())"]


class Server:
    """``dafab-kg serve`` on a store; ``settings`` are given as ``DAFAB_*`` variables."""

    def __init__(self, store: Path, command: Sequence[str] = COMMAND, **settings: object) -> None:
        self.store = store
        self.command = command
        self.settings = Settings(store=store, **settings)  # type: ignore[arg-type]
        self.environment = {
            **os.environ,
            **{f"DAFAB_{name.upper()}": _written(value) for name, value in settings.items()},
        }
        self.log = store.parent / f"{store.name}.log"
        self.start()

    def start(self) -> None:
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command, "--store", str(self.store), "serve", "--port", "0", "--json"],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=self.environment,
            )
        assert self.process.stdout is not None
        text = ""
        while not text.endswith("}\n"):
            line = self.process.stdout.readline()
            assert line, self.log.read_text()
            text += line
        told = json.loads(text)
        if "address" not in told:
            self.stop()
            raise AssertionError(told)
        self.address = told["address"]
        places = find(self.store)
        assert places is not None
        self.places: Places = places
        self.catalogue = ServedCatalogue(self.settings, places)
        self.seconds_to_start = time.monotonic() - began

    def status(self) -> dict[str, Any]:
        return ask(self.places, {"status": True})

    def pids(self, *roles: str) -> list[int]:
        return [p["pid"] for p in self.status().get("processes", ()) if p["role"] in roles]

    def family(self) -> set[int]:
        """All processes of the server, gunicorn's own workers too."""
        found = {self.process.pid}
        while True:
            running = [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()]
            more = {pid for pid in running if parent_of(pid) in found} - found
            if not more:
                return found
            found |= more

    def get(self, query: str, **options: Any) -> httpx.Response:
        return httpx.post(
            f"{self.address}sparql",
            data={"query": query},
            headers={"Accept": "application/sparql-results+json, text/turtle;q=0.9"},
            timeout=60,
            **options,
        )

    def count(self) -> int:
        """Count the documents that queries see."""
        kind = "<https://w3id.org/dafab/ns#WaterProduct>"
        query = f"SELECT (COUNT(DISTINCT ?g) AS ?n) {{ GRAPH ?g {{ ?s a {kind} }} }}"
        rows = list(self.catalogue.query(query))  # type: ignore[arg-type]
        return int(rows[0][0].value)  # type: ignore[index,union-attr]

    def wait(self, seconds: float = 20.0) -> None:
        """Wait until a query is answered again."""
        until = time.monotonic() + seconds
        while True:
            try:
                self.catalogue.query("ASK {}")
                return
            except NotServed:
                assert time.monotonic() < until, self.log.read_text()
                time.sleep(0.02)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


def _written(value: object) -> str:
    """Write a setting as a variable has it."""
    return json.dumps(value) if isinstance(value, dict | list | tuple) else str(value)


def parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()[1])
    except (OSError, IndexError):
        return -1


def alive(pids: set[int]) -> set[int]:
    """Those that still run; zombies of others' children do not."""
    found = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.add(pid)
    return found
