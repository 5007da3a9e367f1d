"""The process that speaks HTTP: gunicorn with threads, over a catalogue that is served.

It opens no store: what it is asked goes to a query worker or to the writer.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, has_request_context, request
from gunicorn.app.base import BaseApplication

from dafab_kg.catalogue import Catalogue
from dafab_kg.model.settings import Settings
from dafab_kg.serving.client import ServedCatalogue
from dafab_kg.serving.places import Places
from dafab_kg.serving.processes import end_with
from dafab_kg.vocabulary.outline import kept_outline
from dafab_kg.web.about import READ_AHEAD
from dafab_kg.web.app import create_app

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

BACKLOG = 1024
KEEP_ALIVE_SECONDS = 30
END_SECONDS = 3
"""How long requests may go on after the front is asked to end."""
LINE_BYTES = 8190
"""Longest first line of a request, the most that gunicorn bounds; POST takes longer queries."""
READ_AHEAD_SECONDS = 5.0
"""When, after the start, what takes long to read is read: the first seconds are for requests."""
THREAD_STACK = 1024 * 1024
SWITCH_SECONDS = 0.0005
"""How long a thread that has its answer may wait for another to let it run; usually 5 ms."""


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes any free one.

    Raises:
        OSError: the address cannot be bound.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def serve_http(settings: Settings, places: Places, listener: socket.socket) -> None:
    """Speak HTTP on ``listener`` until SIGTERM."""
    threading.stack_size(THREAD_STACK)
    sys.setswitchinterval(SWITCH_SECONDS)
    counters = places.run / "metrics"
    counters.mkdir(exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(counters)
    if settings.log_requests:
        _log_to_stderr()
    _Front(settings, places, listener).run()


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    log = logging.getLogger("dafab_kg.requests")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False


class _Front(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, settings: Settings, places: Places, listener: socket.socket) -> None:
        self._settings = settings
        self._places = places
        self._listener = listener
        super().__init__()

    def load_config(self) -> None:
        parent = os.getpid()
        processes = self._settings.http_processes or os.cpu_count() or 1
        config: dict[str, Any] = {
            "bind": [f"fd://{self._listener.fileno()}"],
            "worker_class": "gthread",
            "workers": processes,
            "threads": self._settings.http_threads,
            "worker_connections": BACKLOG,
            "keepalive": KEEP_ALIVE_SECONDS,
            "graceful_timeout": END_SECONDS,
            "limit_request_line": LINE_BYTES,
            "loglevel": "error",
            "control_socket_disable": True,
            "post_fork": lambda server, worker: end_with(parent),
        }
        for name, value in config.items():
            if name in self.cfg.settings:  # the control socket is newer than our lower bound
                self.cfg.set(name, value)

    def load(self) -> Any:
        catalogue = ServedCatalogue(self._settings, self._places, _connection)
        app = create_app(cast(Catalogue, catalogue), self._settings)
        timer = threading.Timer(READ_AHEAD_SECONDS, read_ahead, (app,))
        timer.daemon = True
        timer.start()
        return _closing(app)


def read_ahead(app: Flask) -> None:
    """Read and compile what the first page of each kind would wait for: the ontology, templates.

    It is not done while the server starts: the first requests would wait for all of it.
    """
    kept_outline()
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)
    for read in app.extensions.get(READ_AHEAD, ()):
        read()


def _closing(app: WSGIApplication) -> WSGIApplication:
    """Tell the client that a connection ends where the rest of its request is not read: else
    it would send its next request there.  (gunicorn takes no such header from an application.)
    """

    def answer(environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
        def begin(status: str, headers: list[tuple[str, str]], *failed: Any) -> Any:
            if status.startswith("413"):
                start_response.__self__.force_close()
            return start_response(status, headers, *failed)

        return app(environ, begin)

    return answer


def _connection() -> socket.socket | None:
    """Return the connection of the client that is being answered."""
    if not has_request_context():
        return None
    return cast("socket.socket | None", request.environ.get("gunicorn.socket"))
