"""A full disk, and a clock that goes backwards."""

from __future__ import annotations

import ast
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import dafab_kg
from dafab_kg.catalogue import open_catalogue
from dafab_kg.ingest import flow, prepare
from dafab_kg.model.errors import DafabError
from dafab_kg.model.settings import Settings
from tests.ingest.documents import write_items
from tests.serving.served import Server
from tests.serving.test_writes import excess, stated, write_item

MIB = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr!r}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.slow
def test_a_full_disk_stops_writing_not_reading_and_goes_on_when_there_is_room(
    small_disk: Path, tmp_path: Path
) -> None:
    plain = Settings(reasoning=False)
    with open_catalogue(small_disk / "store", settings=plain) as catalogue:
        catalogue.load(write_item(tmp_path / "first", 0, "first"), validate=False)
    server = Server(
        small_disk / "store", workers=1, http_processes=1, reasoning=False, queue_seconds=2
    )
    filler = small_disk / "filler"
    try:
        with filler.open("wb") as file:
            try:
                while True:
                    file.write(b"0" * 65536)
                    file.flush()
            except OSError:
                pass
        accepted, refused = 0, 0
        for number in range(1, 4):
            try:
                server.catalogue.load(
                    write_items(tmp_path / f"more-{number}", 30, f"v{number}"), validate=False
                )
                accepted = number
            except DafabError as error:
                refused += 1
                assert not str(error).startswith("Traceback")
            # Reading goes on: what a query keeps is in memory, and the snapshot stays.
            assert server.get("ASK {}").json()["boolean"] is True
            assert server.count() >= 1
        assert refused > 0
        filler.unlink()
        until = time.monotonic() + 30
        while True:
            try:
                report = server.catalogue.load(
                    write_items(tmp_path / "last", 30, "last"), validate=False
                )
                break
            except DafabError:
                assert time.monotonic() < until, server.log.read_text()[-2000:]
                time.sleep(0.2)
        assert report.ok, accepted
        assert excess(server.catalogue, 5) == {stated(5, "last")}
    finally:
        filler.unlink(missing_ok=True)
        server.stop()
    with open_catalogue(server.store, settings=plain) as catalogue:
        assert len(catalogue.documents()) == 30
    with dafab_kg.open(server.store) as catalogue:
        catalogue.reason()
        assert catalogue.doctor() == ()


WALL_CLOCK = {"time", "time_ns", "now", "utcnow", "today", "localtime", "gmtime"}
PACKAGE = Path(dafab_kg.__file__).parent


@pytest.mark.parametrize(
    "file",
    [
        *sorted((PACKAGE / "serving").glob("*.py")),
        PACKAGE / "store/snapshots.py",
        PACKAGE / "ingest/commit.py",
    ],
    ids=lambda file: file.name,
)
def test_nothing_is_ordered_by_the_clock_on_the_wall(file: Path) -> None:
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
    }
    assert not called & WALL_CLOCK


def test_a_clock_that_goes_backwards_changes_no_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last load holds, whatever the hour that it is given."""
    hour = datetime(2030, 1, 1, tzinfo=UTC)

    def backwards() -> str:
        nonlocal hour
        hour -= timedelta(hours=1)
        return f"{hour:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"

    monkeypatch.setattr(prepare, "now", backwards)
    monkeypatch.setattr(flow, "now", backwards)
    commits = []
    with open_catalogue(tmp_path / "store") as catalogue:
        for version in ("a", "b", "c"):
            catalogue.load(write_item(tmp_path / "items", 0, version), validate=False)
            commits.append(catalogue.publish().commit)
        (document,) = catalogue.documents()
        assert document.loaded_at < "2030"
        assert catalogue.doctor() == ()
    assert commits == sorted(commits)
    with open_catalogue(tmp_path / "store", published=True) as reader:
        assert excess(reader, 0) == {stated(0, "c")}  # type: ignore[arg-type]
