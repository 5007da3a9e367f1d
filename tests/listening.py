"""Another server on this machine, for the time of a test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from flask import Flask
from werkzeug.serving import make_server


@contextmanager
def serving(server: HTTPServer) -> Iterator[None]:
    """Have a server, which is bound already, answer in a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve by ``handler`` on a free port; the value is the address, without a slash."""
    server = HTTPServer(("127.0.0.1", 0), handler)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}"


@contextmanager
def serving_app(app: Flask) -> Iterator[str]:
    """Serve an application on a free port; the value is the address, without a slash."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}"
