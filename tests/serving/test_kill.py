"""Killing any process of a server at random moments loses nothing that was accepted.

Clients load, delete and read all the while.  After each kill the server must answer again,
with all that it had told anybody was written; at the end the doctor must find the store
whole, and equal to one that nobody disturbed.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest

from dafab_kg.catalogue import open_catalogue
from dafab_kg.model.errors import NotServed, WriterLost
from dafab_kg.model.settings import Settings
from dafab_kg.serving.client import ServedCatalogue
from tests.ingest.comparing import lasting
from tests.serving.served import Server, alive
from tests.serving.test_writes import excess, stated, write_item

KILLS = int(os.environ.get("DAFAB_KILLS", "12"))
ROLES = ("writer", "writer", "writer", "worker", "spare", "front", "supervisor", "supervisor")
CLIENTS = 3


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

    def _write(self, number: int) -> None:
        chance = random.Random(number)
        self.tried[number] = []
        while not self.over.is_set():
            version = str(chance.random())
            file = write_item(self.place / f"client-{number}", number, version)
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
            self.faults.append(f"client {number} was told {version} and reads {found}")

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


def _kill(server: Server, role: str, chance: random.Random) -> None:
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
    if pids:
        os.kill(chance.choice(pids), signal.SIGKILL)


@pytest.mark.kill
@pytest.mark.slow
def test_killing_any_process_loses_nothing(tmp_path: Path) -> None:
    seed = int(os.environ.get("DAFAB_KILL_SEED", time.time_ns() % 100_000))
    print(f"DAFAB_KILL_SEED={seed}")  # noqa: T201 - to repeat a failure
    chance = random.Random(seed)
    plain = Settings(reasoning=False)
    with open_catalogue(tmp_path / "store", settings=plain):
        pass
    server = Server(tmp_path / "store", workers=2, http_processes=1, reasoning=False)
    traffic = Traffic(server, tmp_path)
    try:
        for number in range(KILLS):
            role = ROLES[number % len(ROLES)] if number < len(ROLES) else chance.choice(ROLES)
            time.sleep(chance.uniform(0, 0.6))
            _kill(server, role, chance)
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
        assert len(held) == CLIENTS + 1
    _compare(tmp_path, plain)


def _compare(tmp_path: Path, plain: Settings) -> None:
    """Load the same once more, here and into a new store: both must be one."""
    for number in range(CLIENTS):
        write_item(tmp_path / f"client-{number}", number, "last")
    with (
        open_catalogue(tmp_path / "store", settings=plain) as catalogue,
        open_catalogue(tmp_path / "undisturbed", settings=plain) as other,
    ):
        for each in (catalogue, other):
            for number in range(CLIENTS):
                each.load(tmp_path / f"client-{number}", validate=False)
            each.load(tmp_path / "last", validate=False)
        assert lasting(catalogue) == lasting(other)
        catalogue.reason()
        assert catalogue.doctor() == ()
