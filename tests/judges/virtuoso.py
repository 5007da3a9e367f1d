"""Debian's Virtuoso, started on free ports of loopback with a directory of its own.

``apt-get install virtuoso-opensource-7-bin`` brings the server, ``virtuoso-t``.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from dafab_kg.model.settings import Settings

SERVER = "virtuoso-t"
SECONDS = 90
INI = """
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
FileExtension = 200
[TempDatabase]
DatabaseFile = temporary.db
TransactionFile = temporary.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
ServerThreads = 20
CheckpointInterval = 0
NumberOfBuffers = 60000
MaxDirtyBuffers = 40000
CaseMode = 2
DirsAllowed = .
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = .
ServerThreads = 10
[SPARQL]
ResultSetMaxRows = {rows}
"""


@dataclass
class Virtuoso:
    """A running server, and the settings of who keeps a graph there."""

    settings: Settings
    process: subprocess.Popen[bytes]
    version: str


def _free_ports() -> tuple[int, int]:
    with ExitStack() as stack:
        made = [stack.enter_context(socket.socket()) for _ in range(2)]
        for one in made:
            one.bind(("127.0.0.1", 0))
        return made[0].getsockname()[1], made[1].getsockname()[1]


@contextmanager
def virtuoso(place: Path, *, rows: int = 100_000_000) -> Iterator[Virtuoso]:
    """Start it with an empty database; ``rows`` is where it cuts its answers."""
    if shutil.which(SERVER) is None:
        pytest.skip("needs Virtuoso: apt-get install virtuoso-opensource-7-bin")
    place.mkdir(parents=True, exist_ok=True)
    sql, http = _free_ports()
    (place / "virtuoso.ini").write_text(INI.format(sql=sql, http=http, rows=rows))
    (place / "login").write_text("dba:dba")
    with (place / "out.log").open("wb") as log:
        process = subprocess.Popen(
            [SERVER, "+foreground", "+configfile", "virtuoso.ini"],
            cwd=place,
            stdout=log,
            stderr=log,
        )
    try:
        told = place / "out.log"
        until = time.monotonic() + SECONDS
        while not (told.is_file() and "Server online" in told.read_text(errors="replace")):
            assert process.poll() is None and time.monotonic() < until, (
                place / "out.log"
            ).read_text(errors="replace")[-2000:]
            time.sleep(0.2)
        address = f"http://127.0.0.1:{http}"
        version = next(line for line in told.read_text().splitlines() if " Version " in line)
        settings = Settings(
            graph_url=f"{address}/sparql",
            graph_update_url=f"{address}/sparql-auth",
            graph_store_url=f"{address}/sparql-graph-crud-auth",
            graph_login=place / "login",
            graph_auth="digest",
            graph_seconds=300,
        )
        yield Virtuoso(settings, process, version.split(" ", 1)[-1])
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(30)
