"""A private PostgreSQL on loopback for a Rucio, where Debian's is installed."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.judges.environments import python_with

DRIVER = "psycopg[binary]"


@contextmanager
def postgres(server: str, environment: str) -> Iterator[str]:
    """Run a cluster; the value is its address, for a Rucio out of an environment."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    if not found:
        pytest.skip("there is no PostgreSQL: apt-get install postgresql")
    python = python_with(server, environment)
    if subprocess.run([str(python), "-c", "import psycopg"], capture_output=True).returncode:
        command = [str(python), "-m", "pip", "install", "--quiet", DRIVER]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode:
            pytest.skip(f"{DRIVER} cannot be installed: {run.stderr.strip()[-200:]}")
    place = Path(tempfile.mkdtemp(prefix="dafab-pg-"))  # where its user may go
    who = []
    if os.getuid() == 0:  # it does not run as root
        shutil.chown(place, pwd.getpwnam("postgres").pw_uid)
        who = ["runuser", "-u", "postgres", "--"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    programs = found[-1].parent
    sets = {"listen_addresses": "127.0.0.1", "unix_socket_directories": place, "fsync": "off"}
    options = " ".join([f"-p {port}", *(f"-c {name}={value}" for name, value in sets.items())])

    def do(program: str, *words: object) -> None:
        command = [*who, str(programs / program), *map(str, words)]
        with (place.parent / f"{place.name}.log").open("ab") as log:
            subprocess.run(command, check=True, cwd="/", stdout=log, stderr=log)

    try:
        do("initdb", "-D", place / "data", "-A", "trust", "-U", "rucio", "-E", "UTF8", "--no-sync")
        do("pg_ctl", "-D", place / "data", "-w", "-l", place / "log", "-o", options, "start")
        try:
            do("createdb", "-h", "127.0.0.1", "-p", port, "-U", "rucio", "rucio")
            yield f"postgresql+psycopg://rucio@127.0.0.1:{port}/rucio"
        finally:
            do("pg_ctl", "-D", place / "data", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(place, ignore_errors=True)
        (place.parent / f"{place.name}.log").unlink(missing_ok=True)
