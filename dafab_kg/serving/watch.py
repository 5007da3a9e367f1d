"""Noticing that nobody waits for an answer any more.

A thread sleeps in the kernel until a watched connection is closed by the other side.  The
worker is then asked to stop; if it cannot, because it is inside of the engine, it is killed.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import threading

GRACE_SECONDS = 0.2
GONE = signal.SIGUSR1
"""What ends a process whose answer nobody waits for; the system uses none such by itself."""


class Watch:
    """Watches one connection at a time; does nothing where the system has no epoll."""

    def __init__(self) -> None:
        self.gone = False
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._over = threading.Event()
        signal.signal(GONE, signal.SIG_DFL)  # whatever it was where the server was started
        self._epoll = select.epoll() if hasattr(select, "epoll") else None
        if self._epoll is not None:
            threading.Thread(target=self._run, args=(self._epoll,), daemon=True).start()

    def begin(self, connection: socket.socket) -> None:
        """Watch a connection."""
        self.gone = False
        self._over.clear()
        self._connection = connection
        if self._epoll is not None:
            self._epoll.register(connection, select.EPOLLRDHUP | select.EPOLLONESHOT)

    def end(self) -> None:
        """Stop watching; nothing is killed once this returns."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            self._over.set()
            if self._epoll is not None:
                self._epoll.unregister(connection)

    def _run(self, epoll: select.epoll) -> None:
        while True:
            for descriptor, _ in epoll.poll():
                connection = self._connection
                if connection is None or connection.fileno() != descriptor:
                    continue
                self.gone = True
                if self._over.wait(GRACE_SECONDS):
                    continue
                with self._lock:
                    if self._connection is connection:
                        os.kill(os.getpid(), GONE)
