"""What is written while a server runs: it is read by whoever was told so, and by all after."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import dafab_kg
from dafab_kg.catalogue import open_catalogue
from dafab_kg.ingest.prepare import now
from dafab_kg.model.errors import FileNotUsable, ThingExists, ThingNotFound
from dafab_kg.model.settings import Settings
from dafab_kg.serving.client import ServedCatalogue
from dafab_kg.store.snapshots import Shelf
from tests.ingest.comparing import lasting
from tests.ingest.documents import water_item, write_items
from tests.serving.conftest import DOCUMENTS
from tests.serving.served import COMMAND, Server, alive

WRITERS, READERS, WRITES = 4, 4, 5


@pytest.fixture
def own(tmp_path: Path, loaded: Path) -> Iterator[Server]:
    """A server of a store that may be changed."""
    shutil.copytree(loaded, tmp_path / "store", symlinks=True)
    started = Server(
        tmp_path / "store", workers=2, http_processes=1, reasoning=False, batch_documents=20
    )
    yield started
    started.stop()


def write_item(directory: Path, number: int, version: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    item = water_item(number, version)
    file = directory / f"{item['id']}.json"
    file.write_text(json.dumps(item))
    return file


EXCESS = """
SELECT ?value { ?s <https://w3id.org/dafab/ns#excessTotalWaterObserved> ?value
  FILTER(CONTAINS(STR(?s), "%s")) }
"""


def excess(catalogue: ServedCatalogue, number: int) -> set[float]:
    found = catalogue.query(EXCESS % water_item(number)["id"])
    return {float(row[0].value) for row in found}  # type: ignore[union-attr]


def stated(number: int, version: str) -> float:
    figures = water_item(number, version)["properties"]["dafab:water-analysis"]
    return float(figures["excess_total_water_observed"])


def test_whoever_is_told_that_it_is_written_reads_it(own: Server, tmp_path: Path) -> None:
    """Many write and read at once; each reads its own last write, through any worker."""
    over = threading.Event()
    commits: list[str] = []

    def write(number: int) -> None:
        chance = random.Random(number)
        for _ in range(WRITES):
            version = str(chance.random())
            file = write_item(tmp_path / f"writer-{number}", number, version)
            report = own.catalogue.load(file, validate=False)
            assert report.ok
            commit = own.catalogue.commit
            for _ in range(3):
                assert excess(own.catalogue, number) == {stated(number, version)}
            commits.append(commit)

    def read() -> None:
        while not over.is_set():
            assert own.count() > 0

    with ThreadPoolExecutor(WRITERS + READERS) as threads:
        readers = [threads.submit(read) for _ in range(READERS)]
        writers = [threads.submit(write, number) for number in range(WRITERS)]
        for writer in writers:
            writer.result()
        over.set()
        for reader in readers:
            reader.result()
    assert len(commits) == WRITERS * WRITES
    time.sleep(0.5)
    own.catalogue.delete(water_item(0)["id"])  # the next publication removes what nobody holds
    assert len(list((own.store / "snapshots").glob("0*"))) <= 2 + len(own.pids("worker", "spare"))
    assert own.stop() == 0
    with dafab_kg.open(own.store) as catalogue:
        catalogue.reason()
        assert catalogue.doctor() == ()


def test_writes_that_wait_together_share_a_snapshot(own: Server) -> None:
    before = int(own.catalogue.commit[:10])
    (writer,) = own.pids("writer")
    with ThreadPoolExecutor(10) as threads:
        os.kill(writer, signal.SIGSTOP)
        gone = [threads.submit(own.catalogue.delete, water_item(n)["id"]) for n in range(10)]
        time.sleep(0.3)
        os.kill(writer, signal.SIGCONT)
        for one in gone:
            one.result()
    assert int(own.catalogue.commit[:10]) - before < 10
    assert own.count() == DOCUMENTS - 10


def test_errors_of_the_writer_come_as_they_are(own: Server, tmp_path: Path) -> None:
    with pytest.raises(ThingNotFound):
        own.catalogue.delete("no-such-thing")
    with pytest.raises(FileNotUsable):
        own.catalogue.load(tmp_path / "absent")
    (tmp_path / "broken.json").write_text('{"type": "Feature", "stac_version": "1.1.0"')
    assert not own.catalogue.load(tmp_path / "broken.json").ok
    assert own.status()["restarts"]["writer"] == 0


def test_short_writes_are_done_between_the_batches_of_a_long_load(
    own: Server, tmp_path: Path
) -> None:
    many = write_items(tmp_path / "many", 120, "many")
    told: list[int] = []
    with ThreadPoolExecutor(1) as threads:
        long = threads.submit(
            own.catalogue.load, many, validate=False, progress=lambda p: told.append(p.done)
        )
        while not told:
            time.sleep(0.01)
        before = own.count()
        own.catalogue.delete(water_item(0)["id"])
        short_first = not long.done()
        assert long.result().ok
    assert short_first
    assert told == sorted(told) and len(told) > 100
    assert own.count() > before


def command(own: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "--store", str(own.store), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=own.environment,
    )


def test_commands_beside_a_server_use_it(own: Server, tmp_path: Path) -> None:
    write_items(tmp_path / "items", 45, "a")
    before = own.count()
    done = command(own, "load", str(tmp_path / "items"), "--no-validate", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"] == {"loaded": 5, "unchanged": 40}
    assert own.count() == before + 5
    found = command(own, "query", "ASK { ?s a dafab:WaterProduct }")
    assert found.returncode == 0, found.stderr
    gone = command(own, "delete", water_item(44)["id"])
    assert gone.returncode == 0, gone.stderr
    assert own.count() == before + 4
    rebuilt = command(own, "index", "rebuild")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert rebuilt.stderr.startswith("reading the graph")
    doctor = command(own, "doctor")
    assert "what follows by the rules" in doctor.stdout, doctor.stderr  # nothing is inferred here
    second = command(own, "serve", "--port", "0")
    assert second.returncode == 1 and "writes to" in second.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order(own: Server, number: signal.Signals) -> None:
    until = time.monotonic() + 10
    # the supervisor, writer, two workers, spare, front and its process
    while len(family := own.family()) < 7 and time.monotonic() < until:
        time.sleep(0.05)
    assert len(family) == 7
    began = time.monotonic()
    own.process.send_signal(number)
    assert own.process.wait(timeout=20) == 0
    assert time.monotonic() - began < 5
    assert not alive(family)
    assert not own.places.run.exists()
    assert not (own.store / "serving.json").exists()
    assert own.log.read_text() == ""


@pytest.mark.kill
def test_nothing_outlives_a_killed_supervisor(own: Server) -> None:
    family = own.family()
    os.kill(own.process.pid, signal.SIGKILL)
    until = time.monotonic() + 5
    while alive(family - {own.process.pid}) and time.monotonic() < until:
        time.sleep(0.02)
    assert not alive(family - {own.process.pid})
    left = own.places.run
    own.stop()
    own.start()
    assert own.count() > 0
    assert not left.exists()


def test_an_interrupted_load_keeps_what_it_had(own: Server, loaded: Path, tmp_path: Path) -> None:
    write_items(tmp_path / "items", 80, "b")
    other_store = shutil.copytree(loaded, tmp_path / "other", symlinks=True)
    began = now()
    with ThreadPoolExecutor(1) as threads:
        told = threading.Event()
        load = threads.submit(
            own.catalogue.load,
            tmp_path / "items",
            validate=False,
            progress=lambda progress: told.set() if progress.done > 30 else None,
        )
        told.wait(20)
        assert own.stop() == 0
        assert load.result().interrupted
    plain = Settings(reasoning=False)
    with (
        open_catalogue(own.store, settings=plain) as catalogue,
        open_catalogue(other_store, settings=plain) as other,
    ):
        assert 0 < sum(d.loaded_at > began for d in catalogue.documents()) < 80
        catalogue.load(tmp_path / "items", validate=False)
        other.load(tmp_path / "items", validate=False)
        assert lasting(catalogue) == lasting(other)


def test_the_log_tells_how_long_after_its_commit_a_write_is_published(
    own: Server, tmp_path: Path
) -> None:
    own.catalogue.load(write_item(tmp_path / "logged", 7, "0.5"), validate=False)
    lines = [json.loads(line) for line in own.log.read_text().splitlines() if line[:1] == "{"]
    told = [line for line in lines if line.get("event") == "published"]
    assert told and all(0 < line["since_commit_ms"] < 60_000 for line in told)


def test_writes_of_items_that_wait_together_share_commits(own: Server) -> None:
    """Many clients at once: each is answered for itself, and what it wrote is read at once."""
    number, told = 24, {}

    def put(at: int) -> None:
        item = water_item(1000 + at % (number // 2))  # each of them twice
        data = json.dumps(item).encode()
        try:
            own.catalogue.put_items("water_analysis", [data], mode="create")
            told[at] = item["id"]
        except ThingExists:
            told[at] = ""
        assert own.catalogue.item("water_analysis", item["id"], "http://here/stac")

    with ThreadPoolExecutor(number) as pool:
        list(pool.map(put, range(number)))
    created = [name for name in told.values() if name]
    assert len(told) == number and len(created) == len(set(created)) == number // 2
    with Shelf(own.store).hold() as held:
        assert int(held.snapshot.commit[:10]) < number // 2
