"""Where a query worker writes an answer, so that no slow reader ever holds it up.

Up to ``WINDOW`` bytes are kept: an answer that fits, or a failure before that, is told at
once.  What is longer goes to a file without a name whose descriptor the reader gets; it
reads while the file grows, and the worker is free as soon as the last row is written.
"""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import orjson

from dafab_kg.model.errors import AnswerTooLong, ClientGone
from dafab_kg.serving.frames import DATA, END, HEAD, REST, frame

WINDOW = 256 * 1024
PIECE = 64 * 1024


class Outlet:
    """A file to write an answer to; :meth:`finish` says that it is whole.

    ``head`` tells what the answer is, ``gone`` whether nobody waits for it any more.
    ``finishing`` is called before the last byte goes out.
    """

    def __init__(
        self,
        connection: socket.socket,
        directory: Path,
        head: dict[str, object],
        most_bytes: int,
        gone: Callable[[], bool],
        finishing: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._directory = directory
        self._head = head
        self._most = most_bytes
        self._gone = gone
        self._finishing = finishing
        self._pieces: list[bytes] = []
        self._kept = 0
        self._written = 0
        self._file: IO[bytes] | None = None

    def write(self, data: bytes) -> int:
        """Take bytes of the answer.

        Raises:
            AnswerTooLong: the answer is longer than the bound.
            ClientGone: nobody waits for it.
        """
        self._pieces.append(data)
        self._kept += len(data)
        if self._kept >= (WINDOW if self._file is None else PIECE):
            self._flush()
        return len(data)

    def flush(self) -> None:
        """Do nothing: pieces go out when they are worth it."""

    def _flush(self) -> None:
        if self._gone():
            raise ClientGone("The client has closed the connection")
        if self._written + self._kept > self._most:
            raise AnswerTooLong(
                f"The answer has more than {self._most} bytes, the bound of this endpoint. "
                "Add LIMIT, or ask for less",
                {"bytes": float(self._most)},
            )
        data = b"".join(self._pieces)
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._directory, buffering=0)  # noqa: SIM115
            self._connection.sendall(frame(HEAD, orjson.dumps(self._head)) + frame(DATA, data))
            socket.send_fds(self._connection, [frame(REST, b"")], [self._file.fileno()])
        else:
            self._file.write(data)
        self._written += self._kept
        self._pieces.clear()
        self._kept = 0

    def finish(self) -> None:
        """Say that the answer is whole."""
        if self._file is not None:
            self._flush()
            self._finishing()
            self._connection.sendall(frame(END, b"{}"))
            return
        if self._kept > self._most:
            self._flush()
        self._finishing()
        self._connection.sendall(
            frame(HEAD, orjson.dumps(self._head))
            + frame(DATA, b"".join(self._pieces))
            + frame(END, b"{}")
        )

    def close(self) -> None:
        """Close the file; the reader has a descriptor of its own."""
        if self._file is not None:
            self._file.close()
