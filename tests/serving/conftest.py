"""One server for the tests that do no lasting harm to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import dafab_kg
from tests.ingest.documents import write_items
from tests.serving.served import Server

DOCUMENTS = 40
SECONDS = 1.0
MEMORY = 512 * 1024 * 1024


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with some documents."""
    place = tmp_path_factory.mktemp("serving")
    with dafab_kg.open(place / "store") as catalogue:
        catalogue.load(write_items(place / "items", DOCUMENTS), validate=False)
    return place / "store"


@pytest.fixture(scope="module")
def server(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a short deadline and a short queue."""
    store = tmp_path_factory.mktemp("server") / "store"
    shutil.copytree(loaded, store, symlinks=True)
    started = Server(
        store,
        workers=2,
        query_seconds=SECONDS,
        worker_memory=MEMORY,
        queue=6,
        queue_seconds=20,
        http_processes=1,
    )
    yield started
    assert started.stop() == 0


@pytest.fixture(scope="module")
def patient(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose deadline no honest query meets, however busy the machine is."""
    store = tmp_path_factory.mktemp("patient") / "store"
    shutil.copytree(loaded, store, symlinks=True)
    started = Server(
        store, workers=2, query_seconds=60, worker_memory=MEMORY, queue_seconds=60, http_processes=1
    )
    yield started
    assert started.stop() == 0
