"""Fetching the files of a plan into a directory: checked, going on where it stopped."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Literal

from dafab_kg.federation.rucio.replicas import scheme_of
from dafab_kg.model.errors import FileNotUsable
from dafab_kg.python.downloads import PART, Download, DownloadPlan
from dafab_kg.python.transfer import SPOKEN, Bounds, Fault, Stopped, bring, wrong

TRIES: Final = 3
"""Times that one address is asked, as long as it gives something and the file is checked."""

Outcome = Literal["fetched", "there", "failed"]


@dataclass(frozen=True)
class Fetched:
    """What became of a file: ``address`` is where it came from, ``why`` it failed.

    ``checked``: a checksum was known, and is right.
    """

    name: str
    outcome: Outcome
    size: int | None = None
    checked: bool = False
    address: str = ""
    why: str = ""


@dataclass(frozen=True)
class Progress:
    """How far it is: files that ended, of all; bytes that came, of those that are known."""

    files: int
    all_files: int
    came: int
    all_bytes: int


def fetch(
    plan: DownloadPlan,
    place: Path,
    *,
    at_once: int = 4,
    bounds: Bounds | None = None,
    tell: Callable[[Progress], None] = lambda _: None,
) -> tuple[Fetched, ...]:
    """Fetch the files of a plan into a directory, ``at_once`` at a time, in the plan's order.

    A file that is there and right is left alone.  One that fails does not stop the others;
    what came of it stays, with ``.part`` behind its name, and the next call goes on there.

    Raises:
        FileNotUsable: the directory cannot be made.
    """
    try:
        place.mkdir(parents=True, exist_ok=True)
        home = place.resolve(strict=True)
    except OSError as error:
        raise FileNotUsable(f"{place} cannot be made a directory: {error}") from error
    work = _Work(home, plan, bounds or Bounds(), tell)
    found: dict[str, Fetched] = {}
    with ThreadPoolExecutor(max_workers=max(1, at_once)) as pool:
        running = [pool.submit(work.fetch, name, one) for name, one in plan.named]
        try:
            for done in as_completed(running):
                found[done.result().name] = done.result()
        except BaseException:
            work.stopped.set()
            pool.shutdown(cancel_futures=True)
            raise
    return tuple(found[name] for name, _ in plan.named)


class _Work:
    """One call: what its threads share."""

    def __init__(
        self, home: Path, plan: DownloadPlan, bounds: Bounds, tell: Callable[[Progress], None]
    ) -> None:
        self._home, self._bounds, self._tell = home, bounds, tell
        self._files, self._all, self._size = 0, len(plan), plan.size
        self._came = 0
        self._lock = threading.Lock()
        self.stopped = threading.Event()

    def fetch(self, name: str, one: Download) -> Fetched:
        try:
            found = self._fetch(name, one)
        except OSError as error:
            found = Fetched(name, "failed", why=f"it cannot be written: {error.strerror or error}")
        self._add(0, files=1)
        return found

    def _add(self, count: int, *, files: int = 0) -> None:
        with self._lock:
            self._came += count
            self._files += files
            self._tell(Progress(self._files, self._all, self._came, self._size))

    def _fetch(self, name: str, one: Download) -> Fetched:
        path = self._home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.parent.resolve().is_relative_to(self._home):
            return Fetched(name, "failed", why="it would be written outside of the directory")
        checked = bool(one.checksums)
        if (one.size is not None or checked) and path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                length = os.fstat(file.fileno()).st_size
                if not wrong(file, one.size, one.checksums):
                    self._add(length)
                    return Fetched(name, "there", length, checked)
        part = path.with_name(path.name + PART)
        with _coming(part, whole=not checked) as file:
            if file is None:
                return Fetched(name, "failed", why="another process fetches it")
            self._add(file.seek(0, os.SEEK_END))
            address, why = self._from_any(one, file)
            length = os.fstat(file.fileno()).st_size
            if address:
                file.flush()
                os.fsync(file.fileno())
                part.replace(path)
                return Fetched(name, "fetched", length, checked, address)
            if not length:
                part.unlink(missing_ok=True)
        return Fetched(name, "failed", why=why)

    def _from_any(self, one: Download, file: IO[bytes]) -> tuple[str, str]:
        """Try the addresses in turn; return the one that gave it, or why none did."""
        usable = [place.address for place in one.places if place.usable]
        addresses = [a for a in usable if scheme_of(a) in (*SPOKEN, "file")]
        faults = []
        for address in addresses:
            why = self._from_one(address, one, file)
            if not why:
                return address, ""
            faults.append(f"{_shown(address)}: {why}")
        return "", "; ".join(faults) or "it has no address that is fetched here"

    def _from_one(self, address: str, one: Download, file: IO[bytes]) -> str:
        """Try one address, again where it breaks off; return what is wrong, "" if nothing."""
        why = ""
        for _ in range(TRIES):
            before = file.seek(0, os.SEEK_END)
            if before and not one.checksums:
                self._empty(file)  # nothing would tell parts of two files apart
                before = 0
            try:
                went_on = bring(
                    address,
                    file,
                    size=one.size,
                    bounds=self._bounds,
                    arrived=self._add,
                    stopped=self.stopped.is_set,
                )
            except Stopped:
                return "it was stopped"
            except Fault as fault:
                why = str(fault)
                if fault.bad:
                    self._empty(file)
                    if before:
                        continue
                    return why
                if file.seek(0, os.SEEK_END) <= before:
                    return why
                continue
            file.flush()
            why = wrong(file, one.size, one.checksums)
            if not why:
                return ""
            self._empty(file)
            if not went_on:
                return why
        return why

    def _empty(self, file: IO[bytes]) -> None:
        self._add(-file.seek(0, os.SEEK_END))
        file.truncate(0)
        file.seek(0)


@contextmanager
def _coming(part: Path, *, whole: bool) -> Iterator[IO[bytes] | None]:
    """Open what came of a file so far, ``whole``: from the beginning; None: another has it."""
    opened = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    with os.fdopen(opened, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        if whole:
            file.truncate(0)
        yield file


def _shown(address: str) -> str:
    """An address without what may be a secret: signatures are in the query."""
    plain = address.partition("?")[0]
    scheme, sign, rest = plain.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{sign}{host.rpartition('@')[2]}{slash}{path}"[:300]
