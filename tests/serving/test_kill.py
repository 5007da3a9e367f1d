"""Killing any process of a server at random moments loses nothing that was accepted.

Clients load and read all the while.  The writer merges segments of the search index often
(``marked.py``), and is killed at any moment, while it publishes, and while it merges.  After
each kill the server must answer again, with all that it had told anybody was written; at the
end the doctor must find the store whole, the index equal to the graph, and the store equal
to one that nobody disturbed.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from dafab_kg.catalogue import open_catalogue
from dafab_kg.model.errors import NotServed, WriterLost
from dafab_kg.model.settings import Settings
from dafab_kg.serving.client import ServedCatalogue
from tests.ingest.comparing import lasting
from tests.serving.served import Server, alive
from tests.serving.test_writes import excess, stated, write_item

KILLS = int(os.environ.get("DAFAB_KILLS", "8"))
ROLES = ("writer", "writer", "writer", "worker", "spare", "front", "supervisor", "supervisor")
AIMS = ("any", "publish", "merge")
"""What the writer is at when it is killed, in turn."""
AIM_SECONDS = 3.0
CLIENTS, ITEMS = 3, 4
"""Clients, and documents that each of them replaces."""
MARKED = Path(__file__).with_name("marked.py")


class Traffic:
    """Clients that write and read; ``told`` is what each was told is written."""

    def __init__(self, server: Server, place: Path) -> None:
        self.server = server
        self.place = place
        self.over = threading.Event()
        self.told: dict[int, str] = {}
        self.tried: dict[int, list[str]] = {}
        self.faults: list[str] = []
        self.threads = [
            threading.Thread(target=self._write, args=(number,)) for number in range(CLIENTS)
        ] + [threading.Thread(target=self._read)]
        for thread in self.threads:
            thread.start()

    def _catalogue(self) -> ServedCatalogue:
        return self.server.catalogue  # another one after a restart

    def _write(self, client: int) -> None:
        chance = random.Random(client)
        numbers = [10 * client + n for n in range(ITEMS)]
        self.tried |= {number: [] for number in numbers}
        while not self.over.is_set():
            number = chance.choice(numbers)
            version = str(chance.random())
            file = write_item(self.place / f"client-{client}", number, version)
            self.tried[number].append(version)
            try:
                report = self._catalogue().load(file, validate=False)
            except NotServed:
                time.sleep(0.02)  # whether it is written is not known
                continue
            if not report.ok or report.interrupted:
                self.faults.append(f"{report}")
            self.told[number] = version
            self.tried[number] = []
            try:
                self._check(number, version)
            except NotServed:
                continue

    def _check(self, number: int, version: str) -> None:
        found = excess(self._catalogue(), number)
        if found != {stated(number, version)}:
            self.faults.append(f"of {number} was told {version}, and {found} is read")

    def _read(self) -> None:
        while not self.over.is_set():
            try:
                self.server.count()
            except NotServed:
                time.sleep(0.01)

    def stop(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(30)

    def check_all(self) -> None:
        """What was told is there, or what was tried later."""
        for number, version in self.told.items():
            may = {stated(number, v) for v in (version, *self.tried[number])}
            assert excess(self.server.catalogue, number) <= may, number
            assert excess(self.server.catalogue, number), number


class Steps:
    """What the writers have noted of their steps; see ``marked.py``."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.touch()
        self.hit: Counter[str] = Counter()

    def lines(self) -> list[str]:
        return self.file.read_text().splitlines()

    def wait_for(self, aim: str) -> None:
        """Wait until a writer begins a step."""
        known = len(self.lines())
        until = time.monotonic() + AIM_SECONDS
        while time.monotonic() < until:
            if any(line.startswith(f"{aim} begins") for line in self.lines()[known:]):
                return
            time.sleep(0.0005)

    def note(self, pid: int) -> None:
        """Count the step at which a writer, who is dead, was."""
        at: list[str] = []
        for line in self.lines():
            step, what, who = line.split()
            if int(who) == pid:
                at = [*at, step] if what == "begins" else at[:-1]
        self.hit[at[-1] if at else "none"] += 1


def _kill(server: Server, role: str, chance: random.Random, steps: Steps, aim: str) -> None:
    if role == "supervisor":
        family = server.family()
        os.kill(server.process.pid, signal.SIGKILL)
        server.stop()
        until = time.monotonic() + 5
        while alive(family) and time.monotonic() < until:
            time.sleep(0.01)
        assert not alive(family)
        server.start()
        return
    pids = server.pids(role)
    if role == "front":  # gunicorn's arbiter, or one of its workers
        pids = sorted(server.family() - set(server.pids("writer", "worker", "spare")))[1:]
    if not pids:
        return
    pid = chance.choice(pids)
    if role == "writer" and aim != "any":
        steps.wait_for(aim)
        time.sleep(chance.uniform(0, 0.004))
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    if role == "writer":
        while alive({pid}):
            time.sleep(0.001)
        steps.note(pid)


@pytest.mark.kill
@pytest.mark.slow
def test_killing_any_process_loses_nothing(tmp_path: Path) -> None:
    seed = int(os.environ.get("DAFAB_KILL_SEED", time.time_ns() % 100_000))
    print(f"DAFAB_KILL_SEED={seed}")  # noqa: T201 - to repeat a failure
    chance = random.Random(seed)
    plain = Settings(reasoning=False)
    with open_catalogue(tmp_path / "store", settings=plain):
        pass
    steps = Steps(tmp_path / "steps")
    server = Server(
        tmp_path / "store", (sys.executable, str(MARKED), str(steps.file)),
        workers=2, http_processes=1, reasoning=False,
    )  # fmt: skip
    traffic = Traffic(server, tmp_path)
    try:
        for number in range(KILLS):
            role = ROLES[number % len(ROLES)] if number < len(ROLES) else chance.choice(ROLES)
            time.sleep(chance.uniform(0, 0.6))
            _kill(server, role, chance, steps, AIMS[number % len(AIMS)])
            server.wait()
            assert server.get("ASK {}").status_code == 200, f"after {role}, kill {number}"
            assert not traffic.faults, f"after {role}, kill {number}, seed {seed}"
    finally:
        traffic.stop()
    traffic.check_all()
    # As many snapshots as there are processes to hold them, whatever died.
    time.sleep(0.3)
    last = write_item(tmp_path / "last", 100, "last")
    while True:
        try:
            server.catalogue.load(last, validate=False)
            break
        except WriterLost:
            time.sleep(0.05)
    snapshots = list((server.store / "snapshots").iterdir())
    assert len(snapshots) <= 1 + 1 + 3, snapshots
    assert server.stop() == 0
    with open_catalogue(server.store, settings=plain) as catalogue:
        held = {document.key: document for document in catalogue.documents()}
        assert traffic.told.keys() <= set(_numbers())
        assert len(traffic.told) + 1 <= len(held) <= CLIENTS * ITEMS + 1
        assert not [f for f in catalogue.doctor() if f.severity == "error"]
    merges = sum(line.startswith("merge begins") for line in steps.lines())
    print(f"{KILLS} kills, {merges} merges; the writer was killed at {dict(steps.hit)}")  # noqa: T201
    assert merges or KILLS < 50
    if KILLS >= 50:
        assert steps.hit["publish"] and steps.hit["none"]
    _compare(tmp_path, plain)


def _numbers() -> list[int]:
    return [10 * client + n for client in range(CLIENTS) for n in range(ITEMS)]


def _compare(tmp_path: Path, plain: Settings) -> None:
    """Load the same once more, here and into a new store: both must be one."""
    for number in _numbers():
        write_item(tmp_path / f"client-{number // 10}", number, "last")
    with (
        open_catalogue(tmp_path / "store", settings=plain) as catalogue,
        open_catalogue(tmp_path / "undisturbed", settings=plain) as other,
    ):
        for each in (catalogue, other):
            for client in range(CLIENTS):
                each.load(tmp_path / f"client-{client}", validate=False)
            each.load(tmp_path / "last", validate=False)
        assert lasting(catalogue) == lasting(other)
        catalogue.reason()
        assert catalogue.doctor() == ()
