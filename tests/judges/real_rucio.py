"""A real Rucio server in a process of its own, on SQLite and loopback, and how clients find it."""

from __future__ import annotations

import os
import secrets
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from tests.judges.environments import ROOT, python_with

SERVER, CLIENT = "rucio==41.5.1", "rucio-clients==41.5.1"


class Rucio:
    """A server in a process of its own."""

    def __init__(
        self,
        place: Path,
        *,
        database: str = "",
        metadata: str = "",
        modules: Path | None = None,
        sections: str = "",
        vos: Sequence[str] = (),
        tls: Path | None = None,
        plain: bool = False,
    ) -> None:
        """``metadata``: lines of that section; ``modules``: a folder with more of them.

        ``sections``: more of its configuration; ``tls``: a folder with the keys of
        ``tests.judges.certificates``; ``plain``: with several VOs, its front decodes %2F.
        """
        python = python_with(SERVER, ".venv-rucio")
        more = {"RUCIO_TEST_DATABASE": database, "RUCIO_TEST_METADATA": metadata}
        more |= {"RUCIO_TEST_SECTIONS": sections, "RUCIO_TEST_VOS": " ".join(vos)}
        more["RUCIO_TEST_PLAIN"] = "yes" if plain else ""
        more["RUCIO_TEST_TLS"] = str(tls) if tls else ""
        more["PYTHONPATH"] = str(modules) if modules else ""
        self.password = secrets.token_hex(12)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        trusted = ssl.create_default_context(cafile=tls / "ca.pem") if tls else True
        self.log = place / "rucio.log"
        script = Path(__file__).parent / "rucio_server.py"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(python), str(script), str(place / "rucio"), str(port)],
                stdout=log,
                stderr=log,
                env={
                    **os.environ,
                    "RUCIO_TEST_PASSWORD": self.password,
                    "RUCIO_HOME": str(place / "home"),
                    **{name: told for name, told in more.items() if told},
                },
            )
        until = time.monotonic() + 120
        while True:
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < until, self.log.read_text()[-3000:]
            try:
                if httpx.get(f"{self.address}/ping", timeout=2, verify=trusted).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.2)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)


def client_config(home: Path, address: str, password: str, more: str = "") -> Path:
    """Write a rucio.cfg for the account root; ``more``: lines for the client."""
    home.mkdir(exist_ok=True)
    config = home / "rucio.cfg"
    config.touch(mode=0o600)
    config.write_text(f"""[common]
[client]
rucio_host = {address}
auth_host = {address}
auth_type = userpass
username = ddmlab
password = {password}
account = root
request_retries = 1
auth_token_file_path = {home}/token
{more}
""")
    return config


def plugin_modules(place: Path) -> Path:
    """The plugin's wheel, installed into a folder of its own."""
    built, modules = str(place / "wheel"), place / "modules"
    pip = f"install -q --no-deps --no-index --target {modules} --find-links {built} dafab-kg-rucio"
    for command in (["hatchling", "build", "-t", "wheel", "-d", built], ["pip", *pip.split()]):
        folder = ROOT / "deploy/rucio-plugin"
        run = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
    return modules
