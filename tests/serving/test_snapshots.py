"""Snapshots: published whole or not at all, never removed while held, never many."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from dafab_kg.model.errors import StoreNotFound, StoreNotUsable
from dafab_kg.store.documents import Documents
from dafab_kg.store.snapshots import Shelf


def graph(text: str):
    def backup(directory: Path) -> None:
        directory.mkdir()
        (directory / "data").write_text(text)

    return backup


def names(shelf: Shelf) -> list[str]:
    return sorted(p.name for p in shelf.directory.iterdir() if p.name != "current")


def test_the_newest_is_current_and_a_held_one_stays(tmp_path):
    shelf = Shelf(tmp_path)
    assert shelf.current() == "" and shelf.listed() == []
    with pytest.raises(StoreNotFound):
        shelf.hold()
    first = shelf.publish(graph("one"), {"index": "index/7"})
    held = shelf.hold()
    assert held.snapshot == first and held.snapshot.parts == {"index": "index/7"}
    second = shelf.publish(graph("two"))
    assert shelf.current() == second.commit
    assert [(one["commit"], one["current"]) for one in shelf.listed()] == [
        (second.commit, True), (first.commit, False),
    ]  # fmt: skip
    assert shelf.prune() == 2
    assert (held.snapshot.graph / "data").read_text() == "one"
    held.close()
    assert shelf.prune() == 1
    assert names(shelf) == [second.commit]
    with shelf.hold() as again:
        assert (again.snapshot.graph / "data").read_text() == "two"


def test_commits_are_never_named_again(tmp_path):
    shelf = Shelf(tmp_path)
    seen = set()
    for _ in range(5):
        seen.add(shelf.publish(graph("x")).commit)
        shelf.prune()
    assert len(seen) == 5 and max(seen) == shelf.current()
    (shelf.directory / "current").unlink()
    shelf.prune()
    assert shelf.publish(graph("x")).commit not in seen


def test_what_a_crash_left_goes(tmp_path):
    shelf = Shelf(tmp_path)
    kept = shelf.publish(graph("one"))
    for name in ("0000000009-aa.new", "0000000008-bb.going"):
        (shelf.directory / name / "graph").mkdir(parents=True)
    (shelf.directory / "current.new").symlink_to("nowhere")
    (shelf.directory / "0000000007-cc").mkdir()  # without a lease nobody can hold it
    assert shelf.prune() == 1
    assert names(shelf) == [kept.commit]


def test_a_copy_that_followed_the_link_is_mended(tmp_path):
    """As ``cp -rL`` and some backups make it: ``current`` is then a directory."""
    shelf = Shelf(tmp_path)
    shelf.publish(graph("one"))
    (shelf.directory / "current").unlink()
    shutil.copytree(next(shelf.directory.glob("0*")), shelf.directory / "current")
    made = shelf.publish(graph("two"))
    assert shelf.current() == made.commit
    shelf.prune()
    assert names(shelf) == [made.commit]


def test_a_failed_backup_changes_nothing(tmp_path):
    shelf = Shelf(tmp_path)
    kept = shelf.publish(graph("one"))

    def fail(directory: Path) -> None:
        directory.mkdir()
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreNotUsable, match="disk full"):
        shelf.publish(fail)
    assert shelf.current() == kept.commit
    shelf.prune()
    assert names(shelf) == [kept.commit]


def test_a_damaged_snapshot_is_told(tmp_path):
    shelf = Shelf(tmp_path)
    made = shelf.publish(graph("one"))
    (made.directory / "snapshot.json").write_text("{")
    with pytest.raises(StoreNotUsable):
        shelf.hold()


def _read_for_ever(directory: Path) -> None:
    shelf = Shelf(directory)
    while True:
        with shelf.hold() as held:
            wanted = held.snapshot.commit[:10]
            for _ in range(3):
                assert (held.snapshot.graph / "data").read_text() == str(int(wanted))


@pytest.mark.kill
def test_readers_that_come_go_and_die_never_miss_what_they_hold(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.publish(graph("1"))
    context = multiprocessing.get_context("forkserver")
    readers = [context.Process(target=_read_for_ever, args=(tmp_path,)) for _ in range(4)]
    for reader in readers:
        reader.start()
    chance = random.Random(1)
    for number in range(2, 300):
        shelf.publish(graph(str(number)))
        assert shelf.prune() <= 1 + len(readers)
        time.sleep(chance.random() * 0.002)
        if number == 200:
            os.kill(readers[0].pid or 0, signal.SIGKILL)
    assert [reader.is_alive() for reader in readers[1:]] == [True] * 3
    for reader in readers:
        reader.kill()
        reader.join()
    assert shelf.prune() == 1


@pytest.mark.kill
def test_killed_readers_of_documents_do_not_use_up_the_places(tmp_path):
    """LMDB has 256 places for readers; a reader that is killed never gives its own back."""
    Documents(tmp_path / "documents").close()
    for _ in range(270):
        child = os.fork()
        if child == 0:
            try:
                Documents(tmp_path / "documents", read_only=True, frozen=True)
            finally:
                os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
    Documents(tmp_path / "documents", read_only=True, frozen=True).close()
