"""The supervisor: starts all processes of a server, and starts anew those that end.

It has one thread and never opens a store, so that it can fork at any time: a new process
is there within some milliseconds and shares what is imported.
"""

from __future__ import annotations

import os
import pickle
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

from dafab_kg.model.errors import DafabError, StoreNotUsable
from dafab_kg.model.settings import Settings
from dafab_kg.serving import places as meeting
from dafab_kg.serving.control import read_question
from dafab_kg.serving.places import Places
from dafab_kg.serving.processes import SIGNALS, begin_child
from dafab_kg.serving.sharing import import_for_workers
from dafab_kg.serving.slots import Slots
from dafab_kg.serving.watch import GONE
from dafab_kg.serving.worker import OUT_OF_MEMORY, Post, Worker
from dafab_kg.serving.writer import write
from dafab_kg.store.snapshots import Shelf

Role = Literal["writer", "worker", "spare", "front"]
ROLES: tuple[Role, ...] = ("writer", "worker", "spare", "front")

HEALTHY_SECONDS = 1.0
"""A process that ends earlier than this, with nothing to do, is started anew later."""
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0
FRONT_SECONDS = 5.0
"""How long the front may take to end what it is at."""
END_SECONDS = 10.0
"""How long the writer may take to end the commit that it is at."""
READY_SECONDS = 600.0
"""How long the writer may take to end what a crash cut short, at the start."""
MOST_ENDINGS = 1000
AS_MEANT = frozenset({"cancelled", "deadline", "memory"})
"""Ways to end in the middle of a call that are no failure of the server."""


@dataclass
class Child:
    """A process: ``number`` is its slot, ``called`` the pipe that a spare waits at.

    ``before`` are the calls that others had answered in its slot.
    """

    pid: int
    role: Role
    number: int = -1
    called: int = -1
    before: int = 0
    began: float = field(default_factory=time.monotonic)


@dataclass
class _Wait:
    failures: int = 0
    until: float = 0.0


class Supervisor:
    """Supervises the server of one store.

    ``front`` is what the front's process does; it is given where to find the others.
    """

    def __init__(self, settings: Settings, front: Callable[[Places], None]) -> None:
        self.settings = settings
        self.places = Places(Path(tempfile.mkdtemp(prefix=meeting.PREFIX)))
        self._front = front
        self._workers = settings.workers or os.cpu_count() or 1
        self._slots = Slots(self._workers + 1)
        self._queries = meeting.listen(self.places.queries, settings.queue)
        self._writes = meeting.listen(self.places.writes, settings.queue)
        self._control = meeting.listen(self.places.control, 64)
        self._lifeline, self._life = os.pipe()
        self._children: dict[int, Child] = {}
        self._waits: dict[Role, _Wait] = {role: _Wait() for role in ROLES}
        self._endings: OrderedDict[int, str] = OrderedDict()
        self._longest = 0.0
        self._restarts: dict[Role, int] = dict.fromkeys(ROLES, 0)
        self._ended_as_meant: dict[str, int] = {}
        """Processes that were ended with the query that they had, by why."""

    def run(self, ready: Callable[[], None]) -> None:
        """Serve until SIGTERM, SIGINT or SIGHUP; ``ready`` is called when all have started.

        Raises:
            StoreNotUsable: the catalogue cannot be opened for writing.
        """
        import_for_workers(self.settings)
        try:
            with _signals() as wakeup:
                self._start_writer_and_wait()
                ready()
                self._supervise(wakeup)
        finally:
            self._end_all()
            for listener in (self._queries, self._writes, self._control):
                listener.close()
            os.close(self._life)
            os.close(self._lifeline)
            shutil.rmtree(self.places.run, ignore_errors=True)

    def _supervise(self, wakeup: int) -> None:
        control = self._control.fileno()
        while True:
            pause = self._start_missing()
            ready, _, _ = select.select([wakeup, control], [], [], pause)
            if wakeup in ready:
                came = set(os.read(wakeup, 4096))
                if came - {signal.SIGCHLD}:
                    return
            self._reap()
            if control in ready:
                self._answer()

    # starting

    def _fork(
        self, role: Role, work: Callable[[], int | None], number: int = -1, call: int = -1
    ) -> None:
        """Start a process that does ``work``; ``call`` is the pipe that its parent keeps."""
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            code: int | None = 1
            try:
                begin_child(parent)
                os.close(self._life)
                self._control.close()
                if call >= 0:
                    os.close(call)
                for other in self._children.values():
                    if other.called >= 0:
                        os.close(other.called)
                code = work()
            except SystemExit as error:
                code = error.code if isinstance(error.code, int) else 1
            except BaseException:  # noqa: BLE001 - a child must never return from here
                traceback.print_exc(file=sys.stderr)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code or 0)
        before = self._slots.read(number).served if number >= 0 else 0
        self._children[pid] = Child(pid, role, number, call, before)

    def _start(self, role: Role) -> None:
        if role == "writer":
            self._fork(role, lambda: self._write(_complain))
        elif role == "front":
            self._fork(role, lambda: self._front(self.places))
        else:
            used = {child.number for child in self._children.values()}
            number = next(n for n in range(self._slots.count) if n not in used)
            self._slots.clear(number)
            called, call = os.pipe() if role == "spare" else (-1, -1)
            self._fork(role, lambda: self._work(number, called), number, call)
            if called >= 0:
                os.close(called)

    def _write(self, told: Callable[[DafabError | None], None]) -> int:
        self._queries.close()
        return write(self.settings, self._writes, self._lifeline, told)

    def _work(self, number: int, called: int) -> None:
        self._writes.close()
        post = Post(self._queries, self._slots, number, self._lifeline, called)
        Worker(self.settings, post).work()

    def _start_writer_and_wait(self) -> None:
        reading, writing = os.pipe()

        def told(error: DafabError | None) -> None:
            with os.fdopen(writing, "wb") as out:
                pickle.dump(error, out)

        self._fork("writer", lambda: self._write(told))
        os.close(writing)
        with os.fdopen(reading, "rb") as answer:
            try:
                ready, _, _ = select.select([answer], [], [], READY_SECONDS)
                error = pickle.load(answer) if ready else None  # noqa: S301 - from our child
            except (EOFError, pickle.UnpicklingError):
                error = StoreNotUsable("The writer ended before it had opened the catalogue")
        if error is not None:
            raise error

    def _start_missing(self) -> float:
        """Start what is missing and may be started; return the seconds until more may."""
        have = [child.role for child in self._children.values()]
        wanted: dict[Role, int] = {
            "writer": 1, "worker": self._workers, "spare": 1, "front": 1,
        }  # fmt: skip
        now = time.monotonic()
        pause = LONGEST_WAIT
        for role, count in wanted.items():
            for _ in range(count - have.count(role)):
                wait = self._waits[role].until - now
                if wait > 0:
                    pause = min(pause, wait)
                else:
                    self._start(role)
        return pause

    # ending

    def _reap(self) -> None:
        """Take note of processes that have ended; a spare takes a worker's place at once."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            child = self._children.pop(pid, None)
            if child is not None:
                self._ended(child, status)

    def _ended(self, child: Child, status: int) -> None:
        busy, how = False, ""
        if child.called >= 0:
            os.close(child.called)
        if child.number >= 0:
            doing = self._slots.read(child.number)
            busy = doing.token != 0
            if busy:
                how = _how(status)
                self._endings[doing.token] = how
                self._longest = max(self._longest, time.monotonic() - doing.began)
                if len(self._endings) > MOST_ENDINGS:
                    self._endings.popitem(last=False)
            self._slots.clear(child.number)
        if how in AS_MEANT:
            self._ended_as_meant[how] = self._ended_as_meant.get(how, 0) + 1
        else:
            self._restarts[child.role] += 1
        if child.role == "front":
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)  # what it had started
        wait = self._waits[child.role]
        if busy or status == 0 or time.monotonic() - child.began > HEALTHY_SECONDS:
            wait.failures, wait.until = 0, 0.0
        else:
            delay = min(FIRST_WAIT * 2**wait.failures, LONGEST_WAIT)
            wait.failures, wait.until = min(wait.failures + 1, 16), time.monotonic() + delay
        if child.role == "worker":
            self._promote()

    def _promote(self) -> None:
        for spare in self._children.values():
            if spare.role == "spare":
                with suppress(OSError):
                    os.write(spare.called, b"!")
                os.close(spare.called)
                spare.role, spare.called = "worker", -1
                return

    def _end_all(self) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN if number != signal.SIGCHLD else signal.SIG_DFL)
        self._end(("front",), FRONT_SECONDS)
        self._end(("worker", "spare"), 1.0)
        self._end(("writer",), END_SECONDS)

    def _end(self, roles: tuple[Role, ...], seconds: float) -> None:
        """Ask processes to end, and kill those that do not."""
        asked = [child for child in self._children.values() if child.role in roles]
        for child in asked:
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGTERM)
        until = time.monotonic() + seconds
        while asked and time.monotonic() < until:
            asked = [child for child in asked if not self._is_over(child)]
            time.sleep(0.01 if asked else 0)
        for child in asked:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(child.pid, 0)
            self._children.pop(child.pid, None)

    def _is_over(self, child: Child) -> bool:
        try:
            pid, _ = os.waitpid(child.pid, os.WNOHANG)
        except ChildProcessError:
            pid = child.pid
        if pid:
            self._children.pop(child.pid, None)
        return bool(pid)

    # answering

    def _answer(self) -> None:
        with suppress(OSError):
            connection, _ = self._control.accept()
            with connection:
                question = read_question(connection)
                if question:
                    connection.sendall(orjson.dumps(self._reply(question)))

    def _reply(self, question: dict[str, Any]) -> dict[str, Any]:
        if "ended" not in question:
            return self._status()
        token = question["ended"]
        for _ in range(100):
            if token in self._endings:
                return {"how": self._endings[token]}
            time.sleep(0.005)
            self._reap()
        return {}

    def _status(self) -> dict[str, Any]:
        now = time.monotonic()
        processes = []
        for child in self._children.values():
            entry: dict[str, Any] = {"pid": child.pid, "role": child.role}
            if child.number >= 0:
                doing = self._slots.read(child.number)
                entry["busy_seconds"] = now - doing.began if doing.token else 0.0
                entry["served"] = max(doing.served - child.before, 0)
            processes.append(entry)
        shelf = Shelf(self.settings.store)
        served = sum(self._slots.read(n).served for n in range(self._slots.count))
        return {
            "processes": processes,
            "served": served,
            "restarts": dict(self._restarts),
            "ended": dict(self._ended_as_meant),
            "longest": self._longest,
            "commit": shelf.current(),
            "snapshots": shelf.listed(),
        }


def _how(status: int) -> str:
    """Say why a worker ended in the middle of a call."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGALRM:
            return "deadline"
        if number == GONE:
            return "cancelled"
        return "memory" if number == signal.SIGABRT else f"signal {number}"
    return "memory" if os.WEXITSTATUS(status) == OUT_OF_MEMORY else "exit"


def _complain(error: DafabError | None) -> None:
    if error is not None:
        sys.stderr.write(f"dafab-kg: the writer cannot start: {error}\n")


@contextmanager
def _signals() -> Iterator[int]:
    """Give a pipe that tells of signals, so that none is missed and none interrupts a step."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    before = {number: signal.signal(number, lambda *_: None) for number in SIGNALS}
    old = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(old)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)
