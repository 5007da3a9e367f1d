"""Killing a load at random moments leaves the old or the new of each document, never less.

The child process is killed with SIGKILL, so nothing of it can tidy up.  After
each kill the store is opened again (which ends a commit that was cut short) and
the doctor must find it whole.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

import dafab_kg
from dafab_kg.model.settings import Settings
from tests.ingest.comparing import lasting
from tests.ingest.documents import write_items

KILLS = int(os.environ.get("DAFAB_KILLS", "10"))
DOCUMENTS = 60


def _load(store: str, source: str, batch: int, ready: Connection | None = None) -> None:
    settings = Settings(batch_documents=batch)
    with dafab_kg.open(store, settings=settings) as catalogue:
        if ready is not None:
            ready.send("loading")
        catalogue.load(source, validate=False)


@pytest.mark.kill
@pytest.mark.slow
def test_killing_at_random_moments(tmp_path: Path) -> None:
    seed = int(os.environ.get("DAFAB_KILL_SEED", time.time_ns() % 100_000))
    print(f"DAFAB_KILL_SEED={seed}")  # noqa: T201 - to repeat a failure
    chance = random.Random(seed)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["dafab_kg.catalogue", "tests.ingest.warm"])
    source, store = tmp_path / "items", tmp_path / "store"
    killed = 0
    usual = 1.0
    states: set[tuple[str, ...]] = set()
    before: dict[str, str] = {}
    last = 0
    while killed < KILLS:
        # Each round brings new figures, so that every document is replaced.
        version = f"round {chance.random()}"
        write_items(source, DOCUMENTS, version)
        (source / "graphs.trig").write_text(
            f'<urn:g> {{ <urn:s> <urn:p> "{version}" }} <urn:s> <urn:q> "{version}" .'
        )
        parent, child_end = context.Pipe()
        child = context.Process(
            target=_load, args=(str(store), str(source), chance.choice((5, 20, 100)), child_end)
        )
        child.start()
        parent.recv()
        began = time.monotonic()
        child.join(chance.uniform(0, usual))
        if child.is_alive():
            os.kill(child.pid or 0, signal.SIGKILL)
            killed += 1
        else:
            usual = time.monotonic() - began
        child.join()
        parent.close()
        child_end.close()
        with dafab_kg.open(store) as catalogue:
            assert catalogue.doctor() == (), f"after kill {killed}, seed {seed}"
            states.add(tuple(sorted(d.content_hash for d in catalogue.documents())))
            # no change is without its note, for whoever follows
            now = {d.document_id: d.content_hash for d in catalogue.documents()}
            changed = {one for one, of in now.items() if before.get(one) != of}
            assert changed | (before.keys() - now.keys()) <= {*catalogue.changed_since(last)}
            before, last = now, catalogue.last_change
    assert len(states) > KILLS / 3, "most kills fell outside of the commits"

    write_items(source, DOCUMENTS)
    _load(str(store), str(source), 40)
    _load(str(tmp_path / "undisturbed"), str(source), 40)
    with dafab_kg.open(store) as catalogue, dafab_kg.open(tmp_path / "undisturbed") as other:
        assert catalogue.doctor() == ()
        assert lasting(catalogue) == lasting(other)
        for document in catalogue.documents():
            _, files = catalogue.document(document.document_id)
            (name, data), *_ = files.items()
            assert data == (source / name).read_bytes()
