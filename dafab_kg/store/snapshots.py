"""Snapshots: the graph as it stood after a commit, for readers beside the writer.

The engine's documentation calls reading a directory undefined while another process
writes to it.  A snapshot is a directory of hard links (``Store.backup``) that nobody
writes to any more::

    snapshots/
    ├── 0000000007-5d1a9c3e/     number and chance: no two publications have one name
    │   ├── graph/               RocksDB, opened read-only
    │   ├── snapshot.json        further parts: where the version of the index lies
    │   └── lease                readers hold a shared lock on it
    └── current -> 0000000007-5d1a9c3e

``current`` is moved by one rename.  A snapshot that is not current goes when no reader
holds its lease; a lock ends with its process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson

from dafab_kg.model.closing import Closing
from dafab_kg.model.errors import StoreNotFound, StoreNotUsable

CURRENT = "current"
UNFINISHED = ".new"
GOING = ".going"
TRIES = 100


@dataclass(frozen=True)
class Snapshot:
    """A published snapshot; ``parts`` are further things of the same commit, by name."""

    directory: Path
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def commit(self) -> str:
        """What names the commit: it is never used again, also after a restart."""
        return self.directory.name

    @property
    def graph(self) -> Path:
        """Directory of the graph."""
        return self.directory / "graph"


class Held(Closing):
    """A snapshot that cannot be removed while this is open."""

    def __init__(self, snapshot: Snapshot, lease: int) -> None:
        self.snapshot = snapshot
        self._lease = lease

    def close(self) -> None:
        """Let it go."""
        if self._lease >= 0:
            os.close(self._lease)
            self._lease = -1


class Shelf:
    """The snapshots of one store; only its writer publishes and removes."""

    def __init__(self, store: Path) -> None:
        self.directory = store / "snapshots"

    def current(self) -> str:
        """Return the commit that is current, "" if nothing was published."""
        try:
            return os.readlink(self.directory / CURRENT)  # noqa: PTH115 - half the time of Path's
        except OSError:
            return ""

    def listed(self) -> list[dict[str, str | bool]]:
        """Return the snapshots that are there, the newest first: name, when (UTC), if current.

        Those that are not current go once no reader holds them.
        """
        current = self.current()
        found: list[dict[str, str | bool]] = []
        for directory in sorted(self.directory.glob("[0-9]" * 10 + "-*"), reverse=True):
            if directory.suffix in (UNFINISHED, GOING):
                continue
            with suppress(OSError):  # it goes at this moment
                made = datetime.fromtimestamp((directory / "snapshot.json").stat().st_mtime, UTC)
                found.append(
                    {
                        "commit": directory.name,
                        "published": f"{made:%Y-%m-%dT%H:%M:%SZ}",
                        "current": directory.name == current,
                    }
                )
        return found

    def hold(self) -> Held:
        """Hold the current snapshot.

        Raises:
            StoreNotFound: nothing is published.
            StoreNotUsable: the snapshot is damaged.
        """
        for _ in range(TRIES):
            name = self.current()
            if not name:
                break
            held = self._hold(self.directory / name)
            if held is not None:
                return held
        raise StoreNotFound(f"Nothing is published in {self.directory}; start `dafab-kg serve`")

    def _hold(self, directory: Path) -> Held | None:
        """Hold one snapshot; None if it goes at this moment."""
        file = directory / "lease"
        try:
            lease = os.open(file, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(lease, fcntl.LOCK_SH | fcntl.LOCK_NB)
            # The remover locks, then renames: who holds the lock and finds the name is safe.
            if os.fstat(lease).st_ino != file.stat().st_ino:
                raise FileNotFoundError(file)
            parts = orjson.loads((directory / "snapshot.json").read_bytes())
            return Held(Snapshot(directory, dict(parts)), lease)
        except (BlockingIOError, FileNotFoundError):
            os.close(lease)
            return None
        except (OSError, orjson.JSONDecodeError) as error:
            os.close(lease)
            raise StoreNotUsable(f"The snapshot {directory} cannot be read: {error}") from error

    def publish(
        self, backup: Callable[[Path], None], parts: Mapping[str, str] | None = None
    ) -> Snapshot:
        """Make a snapshot, and make it current.

        ``backup`` writes the graph to a directory that is not there yet.

        Raises:
            StoreNotUsable: it cannot be written.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            name = f"{self._number() + 1:010d}-{secrets.token_hex(4)}"
            unfinished = self.directory / f"{name}{UNFINISHED}"
            unfinished.mkdir()
            backup(unfinished / "graph")
            (unfinished / "snapshot.json").write_bytes(orjson.dumps(dict(parts or {})))
            (unfinished / "lease").touch()
            done = unfinished.rename(self.directory / name)
            self._point_to(name)
        except OSError as error:
            raise StoreNotUsable(
                f"No snapshot can be published in {self.directory}: {error}. Is the disk full?"
            ) from error
        return Snapshot(done, dict(parts or {}))

    def _point_to(self, name: str) -> None:
        current = self.directory / CURRENT
        if current.is_dir() and not current.is_symlink():
            shutil.rmtree(current)  # the store is a copy, made by what follows links
        link = self.directory / f"{CURRENT}{UNFINISHED}"
        link.unlink(missing_ok=True)
        link.symlink_to(name)
        link.replace(current)

    def _number(self) -> int:
        names = [self.current(), *(entry.name for entry in self.directory.iterdir())]
        return max((int(name[:10]) for name in names if name[:10].isdigit()), default=0)

    def prune(self) -> int:
        """Remove what is neither current nor held, and what a crash left; return how many stay."""
        if not self.directory.is_dir():
            return 0
        current = self.current()
        stay = 0
        for entry in list(self.directory.iterdir()):
            if entry.name in (CURRENT, current):
                stay += entry.name == current
            elif entry.is_symlink() or not entry.is_dir():
                entry.unlink(missing_ok=True)
            elif entry.suffix in (UNFINISHED, GOING):
                shutil.rmtree(entry, ignore_errors=True)
            else:
                stay += not self._remove(entry)
        return stay

    def _remove(self, directory: Path) -> bool:
        try:
            lease = os.open(directory / "lease", os.O_RDONLY)
        except OSError:
            shutil.rmtree(directory, ignore_errors=True)
            return True
        try:
            fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
            going = directory.rename(directory.with_name(f"{directory.name}{GOING}"))
        except OSError:
            return False  # a reader has it
        finally:
            os.close(lease)
        shutil.rmtree(going, ignore_errors=True)
        return True
