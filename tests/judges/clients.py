"""dafab-client in an environment of its own, run against a server."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.judges.environments import python_with

PIN = "dafab-client==4.0.0"
Told = dict[tuple[str, str], dict[str, Any]]


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, *told: Any) -> None:
        pass


@contextmanager
def files_at(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port; the address of what is in it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def run_client(
    script: str,
    address: str,
    facts: Mapping[str, Any],
    place: Path,
    *,
    account: str = "guest",
    password: str = "guest",
    username: str = "",
    environment: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Run a script of this folder by the client, whose server is at ``address``; what it told."""
    python = python_with(PIN, ".venv-dafab-client")
    host = f"{address}rucio"
    profile = {
        "rucio_host": host, "auth_host": host, "auth_type": "userpass", "account": account,
        "creds": {"username": username or account, "password": password},
        "ca_cert": None, "vo": "def",
    }  # fmt: skip
    home = place / f"{Path(script).stem}-{account}"
    home.mkdir()
    (home / "profile").write_text(json.dumps(profile))
    run = subprocess.run(
        [str(python), str(Path(__file__).parent / script)],
        input=json.dumps({"place": str(home), **facts}),
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
        cwd=home,
        env={
            **os.environ,
            "DAFAB_PROFILE_PATH": str(home / "profile"),
            "TMPDIR": str(home),
            "HOME": str(home),
            **(environment or {}),
        },
    )
    assert run.returncode == 0, run.stderr[-3000:]
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    if report := os.environ.get("DAFAB_CLIENT_REPORT"):
        Path(report).with_suffix(f".{home.name}.json").write_text(json.dumps(lines, indent=1))
    return lines


def by_name(lines: list[dict[str, Any]]) -> Told:
    """What was told, by the function and how it was asked."""
    return {(line["function"], line["how"]): line for line in lines}


def value(told: Told, function: str, how: str = "") -> Any:
    """What a function gave."""
    line = told[function, how]
    assert "error" not in line, line
    return line["value"]
