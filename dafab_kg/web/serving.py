"""Serving the application over HTTP with waitress."""

from __future__ import annotations

import threading
from typing import Any

from flask import Flask

from dafab_kg.web.app import MOST_BYTES

THREADS = 8
STACK = 64 * 1024 * 1024
"""Stack of a serving thread; the engine recurses deeply (see dafab_kg.store.bounds)."""


def make_server(app: Flask, host: str, port: int) -> Any:
    """Bind a waitress server; port 0 takes any free one (``server.effective_port``).

    Raises:
        OSError: the address cannot be bound.
    """
    from waitress.server import create_server

    before = threading.stack_size(STACK)
    try:
        return create_server(
            app,
            host=host,
            port=port,
            threads=THREADS,
            ident=None,
            # The application itself refuses what is too long, with a problem that says so.
            max_request_body_size=16 * MOST_BYTES,
        )
    finally:
        threading.stack_size(before)
