"""Where the processes of one server meet, and how others find it.

A Unix socket's path may have some hundred bytes only, so the sockets lie in a directory
of their own below the system's temporary one, which only its owner may enter; the store
holds a file that says where.
"""

from __future__ import annotations

import os
import shutil
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

PREFIX = "dafab-serving-"


@dataclass(frozen=True)
class Places:
    """The sockets of one server, in the directory ``run``."""

    run: Path

    @property
    def queries(self) -> str:
        """Where query workers accept calls."""
        return str(self.run / "queries")

    @property
    def writes(self) -> str:
        """Where the writer accepts calls."""
        return str(self.run / "writes")

    @property
    def control(self) -> str:
        """Where the supervisor answers."""
        return str(self.run / "control")


def listen(path: str, waiting: int) -> socket.socket:
    """Return a socket that others connect to at ``path``; ``waiting`` may wait to be accepted."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(waiting)
    return listener


def note_file(store: Path) -> Path:
    """Return the file that says where the server of a store is."""
    return store / "serving.json"


def note(store: Path, places: Places, address: str) -> None:
    """Say where the server of a store is."""
    file = note_file(store)
    temporary = file.with_suffix(".tmp")
    temporary.write_bytes(
        orjson.dumps({"run": str(places.run), "address": address, "pid": os.getpid()})
    )
    temporary.replace(file)


def sweep(store: Path) -> None:
    """Remove what a server of this store left that was killed."""
    if find(store) is None:
        with suppress(OSError, orjson.JSONDecodeError, KeyError, TypeError):
            left = Path(str(orjson.loads(note_file(store).read_bytes())["run"]))
            if left.name.startswith(PREFIX) and left.stat().st_uid == os.getuid():
                shutil.rmtree(left, ignore_errors=True)
            note_file(store).unlink()


def forget(store: Path, places: Places) -> None:
    """Say that this server serves a store no more; another may do so already."""
    with suppress(OSError, orjson.JSONDecodeError, KeyError, TypeError):
        if orjson.loads(note_file(store).read_bytes())["run"] == str(places.run):
            note_file(store).unlink(missing_ok=True)


def find(store: Path) -> Places | None:
    """Return where the server of a store is, None if none answers."""
    try:
        places = Places(Path(str(orjson.loads(note_file(store).read_bytes())["run"])))
        if places.run.stat().st_uid != os.getuid():
            return None
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, suppress(OSError):
        probe.settimeout(1)
        probe.connect(places.control)
        return places
    return None
