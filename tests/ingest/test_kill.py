"""Killing a load at random moments leaves the old or the new of each document, never less.

The child process is killed with SIGKILL, so nothing of it can tidy up.  After
each kill the store is opened again (which ends a commit that was cut short) and
the doctor must find it whole.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest

import dafab_kg
from dafab_kg.model.settings import Settings
from tests.ingest.comparing import lasting
from tests.ingest.documents import write_items

KILLS = 30
DOCUMENTS = 120


def _load(store: str, source: str, batch: int) -> None:
    settings = Settings(batch_documents=batch)
    with dafab_kg.open(store, settings=settings) as catalogue:
        catalogue.load(source, validate=False)


@pytest.mark.kill
@pytest.mark.slow
def test_killing_at_random_moments(tmp_path: Path) -> None:
    seed = int(os.environ.get("DAFAB_KILL_SEED", time.time_ns() % 100_000))
    print(f"DAFAB_KILL_SEED={seed}")  # noqa: T201 - to repeat a failure
    chance = random.Random(seed)
    for version in ("a", "b"):
        write_items(tmp_path / version, DOCUMENTS, version)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["dafab_kg.catalogue"])
    began = time.monotonic()
    _load(str(tmp_path / "timed"), str(tmp_path / "a"), 40)
    usual = time.monotonic() - began

    store = tmp_path / "store"
    killed = 0
    states: set[tuple[str, ...]] = set()
    while killed < KILLS:
        version = chance.choice("ab")
        child = context.Process(
            target=_load, args=(str(store), str(tmp_path / version), chance.choice((5, 40, 200)))
        )
        child.start()
        child.join(chance.uniform(0.02, 1.3) * usual)
        if child.is_alive():
            os.kill(child.pid or 0, signal.SIGKILL)
            killed += 1
        child.join()
        with dafab_kg.open(store) as catalogue:
            assert catalogue.doctor() == (), f"after kill {killed}, seed {seed}"
            states.add(tuple(sorted(d.content_hash for d in catalogue.documents())))
    assert len(states) > 5, "the kills all fell outside of the loads"

    _load(str(store), str(tmp_path / "a"), 40)
    _load(str(tmp_path / "undisturbed"), str(tmp_path / "a"), 40)
    with dafab_kg.open(store) as catalogue, dafab_kg.open(tmp_path / "undisturbed") as other:
        assert catalogue.doctor() == ()
        assert lasting(catalogue) == lasting(other)
        for document in catalogue.documents():
            _, files = catalogue.document(document.document_id)
            (name, data), *_ = files.items()
            assert json.loads(data)["id"] in name
