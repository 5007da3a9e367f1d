"""A query worker: answers one call at a time from the newest snapshot.

Its deadline is a timer of the kernel whose signal has no handler: it ends the process
wherever it is, also inside of the engine, and at no other moment than within a call.
"""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from dafab_kg.catalogue import Catalogue, open_catalogue
from dafab_kg.model.errors import (
    ClientGone,
    DafabError,
    QueryFailed,
    QueueFull,
    StoreNotFound,
)
from dafab_kg.model.settings import Settings
from dafab_kg.serving.calls import READS
from dafab_kg.serving.frames import (
    CALL,
    VALUE,
    Call,
    Receiver,
    Wanted,
    error_frame,
    frame,
)
from dafab_kg.serving.outlet import Outlet
from dafab_kg.serving.processes import limit_memory, limit_stack, memory_held
from dafab_kg.serving.slots import Slots
from dafab_kg.serving.terms import TERMS, write_terms
from dafab_kg.serving.watch import Watch
from dafab_kg.store.answers import has_rows, kind_of, write_answer
from dafab_kg.store.snapshots import Shelf

IDLE_SECONDS = 0.1
WARM_SECONDS = 10.0
"""How long a state has stood before it is warmed (not the first, which replaced none): batches
of a load come faster, and each would be warmed in vain."""
LONG_STEP_SECONDS = 2.0
"""After a step that took longer nothing more is warmed: whoever came meanwhile has waited."""
OUT_OF_MEMORY = 71
"""Exit code of a worker that has used up its memory."""


@dataclass(frozen=True)
class Post:
    """Where a worker stands: the socket it accepts from, its slot, the supervisor's pipe.

    ``called`` is a pipe that a spare waits at before it accepts anything, -1 for no spare.
    """

    listener: socket.socket
    slots: Slots
    number: int
    lifeline: int
    called: int


class Worker:
    """The process's one worker."""

    def __init__(self, settings: Settings, post: Post) -> None:
        self.settings = settings
        self.post = post
        self.shelf = Shelf(settings.store)
        self.catalogue: Catalogue | None = None
        self.watch = Watch()
        self._steps: Iterator[None] = iter(())
        self._warm_from = 0.0

    def work(self) -> None:
        """Answer calls until the supervisor ends, or memory must be given back."""
        limit_stack()
        limit_memory(self.settings.worker_memory)
        with suppress(StoreNotFound):
            self._open_newest()
        gc.collect()
        gc.freeze()
        if self.post.called >= 0 and not self._wait_for_call():
            return
        self.post.listener.setblocking(False)
        listener = self.post.listener.fileno()
        while True:
            ready, _, _ = select.select([listener, self.post.lifeline], [], [], IDLE_SECONDS)
            if self.post.lifeline in ready:
                return
            if not ready:
                self._open_newest()
                self._warm()
                continue
            try:
                connection, _ = self.post.listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                continue
            with connection:
                self._serve(connection)
            if memory_held() > self.settings.worker_memory // 2:
                return  # what the allocator keeps would count against the next query

    def _wait_for_call(self) -> bool:
        """Wait, as a spare, until a place is free; False if the supervisor ends."""
        while True:
            ready, _, _ = select.select(
                [self.post.called, self.post.lifeline], [], [], IDLE_SECONDS
            )
            if self.post.lifeline in ready:
                return False
            if self.post.called in ready:
                return True
            with suppress(StoreNotFound):
                self._open_newest()

    def _open_newest(self) -> Catalogue:
        catalogue, stands = self.catalogue, 0.0
        if catalogue is not None:
            stands = WARM_SECONDS
            snapshot = catalogue.snapshot
            if snapshot is not None and snapshot.commit == self.shelf.current():
                return catalogue
            self.catalogue = None
            catalogue.close()
        catalogue = open_catalogue(self.settings.store, settings=self.settings, published=True)
        self.catalogue = catalogue
        self._steps = catalogue.warm_searches()
        self._warm_from = time.monotonic() + stands
        return catalogue

    def _warm(self) -> None:
        """Do one short step of what the first search of a state would have to wait for, once
        that state has stood for a while: while much is written, none may be looked at."""
        began = time.monotonic()
        if began < self._warm_from:
            return
        try:
            more = next(self._steps, self) is not self
        except Exception:  # noqa: BLE001 - a search that needs it will tell who asks
            traceback.print_exc(file=sys.stderr)
            more = False
        if not more or time.monotonic() - began > LONG_STEP_SECONDS:
            self._warm_from = float("inf")

    def _serve(self, connection: socket.socket) -> None:
        connection.setblocking(True)
        signal.setitimer(signal.ITIMER_REAL, self.settings.query_seconds)
        try:
            found = Receiver(connection).next()
            if found is None or found[0] != CALL:
                return
            call: Call = pickle.loads(found[1])  # noqa: S301 - see frames
            self.post.slots.begin(self.post.number, call.token)
            self.watch.begin(connection)
            if call.seconds < self.settings.query_seconds:
                signal.setitimer(signal.ITIMER_REAL, call.seconds)
            self._answer(connection, call)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        except (ConnectionError, ClientGone):
            pass  # nobody is there to tell
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self.watch.end()
            self.post.slots.end(self.post.number)

    def _answer(self, connection: socket.socket, call: Call) -> None:
        try:
            if time.monotonic() > call.expires:
                raise QueueFull(
                    "The request waited too long for its turn. Try again later",
                    limit={"queue_seconds": self.settings.queue_seconds},
                )
            catalogue = self._open_newest()
            if call.wanted is not None:
                self._write(connection, catalogue, call, call.wanted)
                return
            if call.method not in READS:
                raise QueryFailed(f"No worker does {call.method!r}")
            value = getattr(catalogue, call.method)(*call.arguments, **call.options)
            reply = frame(VALUE, pickle.dumps(value))
        except ClientGone:
            raise
        except DafabError as error:
            reply = error_frame(error)
        except (MemoryError, ConnectionError):
            raise
        except Exception:  # noqa: BLE001 - whatever it is, the next query must not suffer
            traceback.print_exc(file=sys.stderr)
            reply = error_frame(QueryFailed("The query failed because of a fault in the server"))
        self.watch.end()
        connection.sendall(reply)

    def _write(
        self, connection: socket.socket, catalogue: Catalogue, call: Call, wanted: Wanted
    ) -> None:
        answer = catalogue.query(*call.arguments, **call.options)
        kind = kind_of(answer)
        head: dict[str, Any] = {
            "kind": kind,
            "format": wanted.formats.get(kind, ""),
            "commit": catalogue.snapshot.commit if catalogue.snapshot else "",
            "variables": answer.variables if has_rows(answer) else (),
        }
        out = Outlet(
            connection,
            self.settings.store,
            head,
            wanted.most_bytes,
            lambda: self.watch.gone,
            self.watch.end,
        )
        try:
            if head["format"] == TERMS:
                write_terms(answer, out)
            elif head["format"]:
                write_answer(
                    answer,
                    head["format"],
                    out,  # type: ignore[arg-type]  # of a file they only need write
                    catalogue.names.prefixes,
                    most_rows=wanted.most_rows,
                )
            out.finish()
        finally:
            out.close()
