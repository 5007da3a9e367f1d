"""What processes of one server say to each other: frames over a Unix socket.

A frame is a kind (one byte), a length (four bytes) and a payload.  One connection carries
one call and its reply.  Payloads are pickled: both ends are this program, run by the same
user, in a directory that only that user may enter.
"""

from __future__ import annotations

import os
import pickle
import socket
import struct
from dataclasses import dataclass, field
from typing import Any

from dafab_kg.model.errors import DafabError, WorkerLost

CALL = b"C"  # pickled Call
HEAD = b"H"  # what an answer is: JSON
DATA = b"D"  # a piece of an answer
REST = b"F"  # the rest grows in a file, whose descriptor comes along
END = b"E"  # the answer is whole: JSON
VALUE = b"V"  # pickled value of a method
ERROR = b"X"  # pickled exception
TAKEN = b"T"  # the writer has the call, and will do it
TOLD = b"P"  # pickled (name, arguments) of a callback

_FRAME = struct.Struct("!cI")
PIECE = 256 * 1024
MOST_BYTES = 1 << 30


@dataclass(frozen=True)
class Wanted:
    """How a query's answer is to be written: the format for each kind, and the bounds."""

    formats: dict[str, str]
    most_rows: int
    most_bytes: int


@dataclass(frozen=True)
class Call:
    """One method of a catalogue, to be called in another process.

    ``token`` names the call, should its process die; ``expires`` (monotonic seconds) is
    when nobody waits for its begin any more; ``seconds`` bounds the work.  ``told`` are
    names of parameters whose calls are sent back.  ``chosen`` are settings for this call.
    """

    token: int
    expires: float
    seconds: float
    method: str
    arguments: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    wanted: Wanted | None = None
    told: tuple[str, ...] = ()
    chosen: dict[str, str] = field(default_factory=dict)


def frame(kind: bytes, payload: bytes) -> bytes:
    """Return a frame's bytes."""
    return _FRAME.pack(kind, len(payload)) + payload


def error_frame(error: DafabError) -> bytes:
    """Return the frame that makes the other side raise ``error``."""
    return frame(ERROR, pickle.dumps(error))


class Receiver:
    """Reads frames from a connection; ``descriptor`` is the last that came along, or -1."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._data = bytearray()
        self.descriptor = -1

    def take(self) -> tuple[bytes, bytes] | None:
        """Return a frame that has come whole, or None."""
        data = self._data
        if len(data) < _FRAME.size:
            return None
        kind, length = _FRAME.unpack_from(data)
        if length > MOST_BYTES:
            raise WorkerLost("A process of the server sent what is no frame. Try again")
        end = _FRAME.size + length
        if len(data) < end:
            return None
        payload = bytes(data[_FRAME.size : end])
        del data[:end]
        return kind, payload

    def read(self) -> bool:
        """Read what has come; wait for it if the connection blocks.  False at its end."""
        data, descriptors, _, _ = socket.recv_fds(self._connection, PIECE, 1)
        for descriptor in descriptors:
            if self.descriptor >= 0:
                os.close(self.descriptor)
            self.descriptor = descriptor
        self._data += data
        return bool(data)

    def next(self) -> tuple[bytes, bytes] | None:
        """Return the next frame, waiting for it; None at the end of the connection."""
        while (found := self.take()) is None:
            if not self.read():
                return None
        return found
