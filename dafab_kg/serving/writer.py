"""The writer: the one process that has the catalogue open for writing.

Calls wait in a queue.  Those that wait together are done one after the other and share
one snapshot; each is answered when that is published, so that whoever is told that a write
is done reads it from then on.  Short calls are also done between the batches of a long one.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import socket
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any, TypeVar

from dafab_kg.catalogue import open_catalogue
from dafab_kg.catalogue.items import REQUESTS
from dafab_kg.model.errors import (
    DafabError,
    QueryFailed,
    QueueFull,
    StoreInUse,
    StoreNotUsable,
)
from dafab_kg.model.log import log
from dafab_kg.model.settings import Settings
from dafab_kg.serving.calls import COMMITTING, LONG, SHORT, TOGETHER, UNCHANGING, WRITES
from dafab_kg.serving.frames import (
    CALL,
    TAKEN,
    TOLD,
    VALUE,
    Call,
    Receiver,
    error_frame,
    frame,
)
from dafab_kg.serving.processes import limit_stack, orphaned

GROUP_SECONDS = 0.25
"""Longest that a finished write waits for others to share its snapshot."""
MOST_GROUPED = 256
GATHER_SECONDS = 0.02
"""Longest that a write of items waits for those that came together with the last."""
IDLE_SECONDS = 0.2
READ_SECONDS = 30.0
LOCK_SECONDS = 5.0
"""How long a writer before us may take to vanish after it was killed."""
STILL = COMMITTING | UNCHANGING
"""Calls that change nothing but what the writer is told of."""
CHOSEN = frozenset({"load_as", "season", "dataset", "rucio_config"})
"""Settings that a call may bring along."""


T = TypeVar("T")


class _Stop(Exception):
    """The writer must end: its store can no longer be trusted."""


@dataclass
class Turn:
    """A call that waits, and whoever waits for it."""

    connection: socket.socket
    call: Call

    def reply(self, data: bytes) -> None:
        """Send the reply; whoever has gone misses it."""
        with suppress(OSError):
            self.connection.sendall(data)
        self.connection.close()

    def told(self, name: str) -> Callable[..., None]:
        """Return a callback that tells the caller of its arguments."""

        def tell(*arguments: Any) -> None:
            with suppress(OSError):
                self.connection.sendall(frame(TOLD, pickle.dumps((name, arguments))))

        return tell


class Writer:
    """The process's one writer."""

    def __init__(self, settings: Settings, listener: socket.socket, lifeline: int) -> None:
        self.settings = settings
        self.listener = listener
        self.lifeline = lifeline
        self.turns: queue.Queue[Turn] = queue.Queue(settings.queue)
        self.later: deque[Turn] = deque()  # long calls met while another was done
        self.stopping = False
        self.in_long = False
        self.changed = False
        self.shared = 0
        """How many writes of items the last commit of such had."""
        self.committed = 0.0
        """When the first commit that is not published yet was done (monotonic), 0 for none."""

    def open(self) -> None:
        """Open the catalogue, end what a crash cut short, and publish.

        Raises:
            StoreNotUsable: it cannot be opened, or not be written.
        """
        limit_stack()
        until = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                self.catalogue = open_catalogue(
                    self.settings.store, settings=self.settings, create=False
                )
                break
            except StoreInUse:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        self.catalogue.after_commits(self._between)
        self._publish()
        # the first write need not wait for the shapes to be compiled
        threading.Thread(target=self.catalogue.warm, daemon=True).start()

    def work(self) -> None:
        """Do calls until asked to end."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Thread(target=self._accept, daemon=True).start()
        try:
            while not self.stopping and not orphaned(self.lifeline):
                try:
                    turn = self._next()
                except queue.Empty:
                    continue
                self._do_group(turn)
        except KeyboardInterrupt:
            pass
        finally:
            self.catalogue.close()

    def _next(self) -> Turn:
        return self.later.popleft() if self.later else self.turns.get(timeout=IDLE_SECONDS)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self.stopping = True
        if self.in_long:
            os.kill(os.getpid(), signal.SIGINT)  # a load ends after the batch it is at

    # taking calls

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                time.sleep(0.05)
                continue
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(READ_SECONDS)
            found = Receiver(connection).next()
            connection.settimeout(None)
            if found is None or found[0] != CALL:
                connection.close()
                return
            call: Call = pickle.loads(found[1])  # noqa: S301 - see frames
            if time.monotonic() > call.expires:
                connection.close()  # whoever called has given up, and said so
                return
            connection.sendall(frame(TAKEN, b""))
            turn = Turn(connection, call)
        except (OSError, DafabError, pickle.UnpicklingError):
            connection.close()
            return
        try:
            self.turns.put_nowait(turn)
        except queue.Full:
            limit = {"queue": float(self.settings.queue)}
            turn.reply(error_frame(QueueFull("Too many writes wait. Try again later", 5, limit)))

    # doing them

    def _do_group(self, first: Turn) -> None:
        """Do a call and those that wait behind it, publish once, and answer them."""
        done: list[tuple[Turn, bytes | DafabError]] = []
        began = time.monotonic()
        turn: Turn | None = first
        while turn is not None:
            together, turn = self._like(turn, MOST_GROUPED - len(done))
            if len(together) > 1:
                done += zip(together, self._do_together(together), strict=True)
            else:
                done.append((together[0], self._do(together[0])))
            if len(done) >= MOST_GROUPED or time.monotonic() - began >= GROUP_SECONDS:
                break
            turn = turn or self._waiting()
        if turn is not None:
            self.later.appendleft(turn)
        self._answer(done)

    def _like(self, first: Turn, most: int) -> tuple[list[Turn], Turn | None]:
        """Return a call with those behind it that can share its commit, and the next other one."""
        together = [first]
        if first.call.method not in TOGETHER:
            return together, None
        if self.shared > 1:  # those who were answered together write on together, mostly
            until = time.monotonic() + GATHER_SECONDS
            while self.turns.qsize() < self.shared - 1 and time.monotonic() < until:
                time.sleep(GATHER_SECONDS / 20)
        other = None
        while len(together) < most and (other := self._waiting()) is not None:
            if other.call.method not in TOGETHER:
                break
            together.append(other)
            other = None
        self.shared = len(together)
        return together, other

    def _waiting(self) -> Turn | None:
        try:
            return self.turns.get_nowait()
        except queue.Empty:
            return None

    def _do_together(self, turns: list[Turn]) -> list[bytes | DafabError]:
        """Do writes of items in as few commits as can be; what is amiss with all, each is told."""

        def do() -> list[bytes | DafabError]:
            calls = (turn.call for turn in turns)
            writes = [REQUESTS[call.method](*call.arguments, **call.options) for call in calls]
            return [
                one if isinstance(one, DafabError) else frame(VALUE, pickle.dumps(one))
                for one in self.catalogue.write_together(writes)
            ]

        answered = _caught(do)
        return [answered] * len(turns) if isinstance(answered, DafabError) else answered

    def _answer(self, done: list[tuple[Turn, bytes | DafabError]]) -> None:
        failed: DafabError | None = None
        if self.changed or any(turn.call.method not in STILL for turn, _ in done):
            try:
                self._publish()
            except StoreNotUsable as error:
                failed = StoreNotUsable(f"What was written is kept, but not yet visible: {error}")
                traceback.print_exc(file=sys.stderr)
        for turn, reply in done:
            if isinstance(reply, DafabError):
                turn.reply(error_frame(reply))
            elif failed is not None and turn.call.method not in UNCHANGING:
                turn.reply(error_frame(failed))
            else:
                turn.reply(reply)
        self.catalogue.prune()  # nobody waits for that
        broken = [reply for _, reply in done if isinstance(reply, StoreNotUsable)]
        if failed is not None or broken:
            raise _Stop(str(failed or broken[0]))  # a new process opens the store anew

    def _do(self, turn: Turn) -> bytes | DafabError:
        """Do one call; return its reply, or the error that it ended with."""
        call = turn.call

        def do() -> bytes:
            if call.method not in WRITES:
                raise QueryFailed(f"The writer does not do {call.method!r}")
            options = {**call.options, **{name: turn.told(name) for name in call.told}}
            chosen = {k: value for k, value in call.chosen.items() if k in CHOSEN and value}
            before, was_long = self.catalogue.settings, self.in_long
            self.catalogue.settings = before.model_copy(update=chosen)
            self.in_long = call.method in LONG
            try:
                value = getattr(self.catalogue, call.method)(*call.arguments, **options)
            finally:
                self.catalogue.settings, self.in_long = before, was_long
            return frame(VALUE, pickle.dumps(value))

        return _caught(do)

    def _publish(self) -> None:
        self.catalogue.publish()
        self.changed = False
        if self.committed and self.settings.log_requests:
            took = round((time.monotonic() - self.committed) * 1e3, 3)
            log(event="published", since_commit_ms=took)
        self.committed = 0.0

    def _between(self) -> None:
        """Within a long call, after a commit: publish it, and do the short calls that wait."""
        self.changed = True
        self.committed = self.committed or time.monotonic()
        if not self.in_long:
            return
        done: list[tuple[Turn, bytes | DafabError]] = []
        later: list[Turn] = []
        # Taken out one after the other, so that the order of each kind stays.
        for _ in range(min(self.turns.qsize(), MOST_GROUPED)):
            try:
                turn = self.turns.get_nowait()
            except queue.Empty:
                break
            if turn.call.method in SHORT:
                done.append((turn, self._do(turn)))
            else:
                later.append(turn)
        self.later.extend(later)
        self._answer(done)


def _caught(do: Callable[[], T]) -> T | DafabError:
    """Do a thing; return the error that it ends with, whatever that is."""
    try:
        return do()
    except DafabError as error:
        return error
    except OSError as error:
        traceback.print_exc(file=sys.stderr)
        return StoreNotUsable(f"The store cannot be written: {error}. Is the disk full?")
    except Exception:  # noqa: BLE001 - whatever it is, the caller must be told
        traceback.print_exc(file=sys.stderr)
        return StoreNotUsable("The write failed because of a fault in the server")


def write(
    settings: Settings,
    listener: socket.socket,
    lifeline: int,
    ready: Callable[[DafabError | None], None],
) -> int:
    """Be the writer; ``ready`` is told when the catalogue is open and published, or why not."""
    writer = Writer(settings, listener, lifeline)
    try:
        writer.open()
    except DafabError as error:
        ready(error)
        return 1
    ready(None)
    try:
        writer.work()
    except _Stop:
        return 1
    return 0
