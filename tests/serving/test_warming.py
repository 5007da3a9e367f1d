"""A worker that has nothing to do finds out what the first search of a state needs."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from dafab_kg.model.errors import QueryFailed
from dafab_kg.model.settings import Settings
from dafab_kg.serving import worker as module
from dafab_kg.serving.slots import Slots
from dafab_kg.serving.worker import Post, Worker


class Clock:
    """Time that goes on when it is told to."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(module, "time", found)
    return found


def idle(worker: Worker, times: int = 1) -> None:
    for _ in range(times):
        worker._warm()


def worker_with(steps: Iterator[None], clock: Clock, place: Path) -> Worker:
    with socket.socket() as listener:
        worker = Worker(Settings(store=place), Post(listener, Slots(1), 0, -1, -1))
    worker._steps, worker._warm_from = steps, clock.now + module.WARM_SECONDS
    return worker


def test_a_state_that_has_stood_is_warmed_step_by_step(clock: Clock, tmp_path: Path) -> None:
    done: list[int] = []
    steps = (done.append(one) for one in range(3))
    worker = worker_with(steps, clock, tmp_path)
    idle(worker, 5)
    assert done == []
    clock.now += module.WARM_SECONDS
    idle(worker)
    assert done == [0]
    idle(worker, 5)
    assert done == [0, 1, 2]


def test_a_long_step_is_the_last(clock: Clock, tmp_path: Path) -> None:
    done: list[int] = []

    def steps() -> Iterator[None]:
        for one in range(3):
            done.append(one)
            clock.now += module.LONG_STEP_SECONDS * 1.5
            yield

    worker = worker_with(steps(), clock, tmp_path)
    clock.now += module.WARM_SECONDS
    idle(worker, 5)
    assert done == [0]


def test_a_step_that_fails_harms_nobody(
    clock: Clock, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def steps() -> Iterator[None]:
        yield
        raise QueryFailed("no answer")

    worker = worker_with(steps(), clock, tmp_path)
    clock.now += module.WARM_SECONDS
    idle(worker, 5)
    assert capfd.readouterr().err.count("errors.QueryFailed") == 1
