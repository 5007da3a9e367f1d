"""What the supervisor is asked: how a call's process ended, and how all are."""

from __future__ import annotations

import socket
from typing import Any

import orjson

from dafab_kg.serving.places import Places

SECONDS = 2.0


def ask(places: Places, question: dict[str, Any]) -> dict[str, Any]:
    """Ask the supervisor; {} if it does not answer."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(SECONDS)
            connection.connect(places.control)
            connection.sendall(orjson.dumps(question) + b"\n")
            data = b""
            while piece := connection.recv(65536):
                data += piece
        return dict(orjson.loads(data))
    except (OSError, orjson.JSONDecodeError):
        return {}


def read_question(connection: socket.socket) -> dict[str, Any]:
    """Read a question; {} if it is none."""
    try:
        connection.settimeout(SECONDS)
        data = b""
        while not data.endswith(b"\n") and len(data) < 65536:
            piece = connection.recv(65536)
            if not piece:
                return {}
            data += piece
        return dict(orjson.loads(data))
    except (OSError, orjson.JSONDecodeError, TypeError, ValueError):
        return {}
