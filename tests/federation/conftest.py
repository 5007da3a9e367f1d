"""STAC APIs to harvest: a real one, and one that does what it is told, faults above all.

The real one is `rustac serve`, which holds items in memory.  It lives in a virtual
environment of its own, ``.venv-stac/`` at the root of the repository, made on first use.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIN = "rustac==0.9.18"

Serve = Callable[[list[Path]], str]


@pytest.fixture(scope="session")
def rustac() -> Path:
    """The program of an environment that holds rustac."""
    folder = ROOT / ".venv-stac"
    scripts = folder / ("Scripts" if sys.platform == "win32" else "bin")
    done = folder / "installed.txt"
    if not done.is_file() or done.read_text() != PIN:
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [str(scripts / "python"), "-m", "pip", "install", "--quiet", PIN],
        ):
            run = subprocess.run(command, capture_output=True, text=True, check=False)
            if run.returncode:
                reason = (run.stderr or run.stdout).strip().splitlines()[-1:]
                pytest.skip(f"the environment of {PIN} cannot be made: {reason}")
        done.write_text(PIN)
    return scripts / "rustac"


@pytest.fixture(scope="module")
def serve(rustac: Path) -> Iterator[Serve]:
    """Serve STAC files by a real API and return its address."""
    running: list[subprocess.Popen[bytes]] = []

    def start(files: list[Path]) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        command = [str(rustac), "serve", "--create-collections", "-a", address, *map(str, files)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        running.append(process)
        for _ in range(300):
            assert process.poll() is None, "rustac ended by itself"
            try:
                urllib.request.urlopen(f"http://{address}/", timeout=5).close()
                return f"http://{address}"
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise AssertionError("rustac does not answer")

    yield start
    for process in running:
        process.terminate()
        process.wait()


@dataclass
class Reply:
    """One answer: what is not JSON goes out as it is."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False  # promise more bytes than come


@dataclass
class Told:
    """An API that answers each path (with its query) with the next of its replies."""

    url: str
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def on(self, path: str, *replies: Reply | Any) -> None:
        """Answer ``path`` so; the last reply is given again and again."""
        told = [r if isinstance(r, Reply) else Reply(r) for r in replies]
        self.replies[path] = told

    def landing(self, **members: Any) -> dict[str, Any]:
        """Return a landing page with a search, and set it."""
        page = {
            "type": "Catalog", "stac_version": "1.0.0", "id": "told", "description": "told",
            "conformsTo": [
                "https://api.stacspec.org/v1.0.0/core",
                "https://api.stacspec.org/v1.0.0/item-search",
            ],
            "links": [
                {"rel": "self", "href": f"{self.url}/"},
                {"rel": "search", "href": f"{self.url}/search", "type": "application/geo+json"},
            ],
            **members,
        }  # fmt: skip
        self.on("/", page)
        return page

    def page(self, *features: Any, following: Any = None) -> dict[str, Any]:
        """Return a page of items; ``following`` is the path, or the link, of the next."""
        links = []
        if following is not None:
            own = {"href": f"{self.url}{following}"} if isinstance(following, str) else following
            links.append({"rel": "next", **own})
        return {"type": "FeatureCollection", "features": list(features), "links": links}

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [path for _, path, _, _ in self.asked]


def item(name: str, **members: Any) -> dict[str, Any]:
    """Return a small valid item."""
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": name, "collection": "c",
        "geometry": {
            "type": "Polygon", "coordinates": [[[6, 49], [7, 49], [7, 50], [6, 50], [6, 49]]]
        },
        "bbox": [6, 49, 7, 50],
        "properties": {"datetime": "2022-01-27T10:43:21Z", "platform": "sentinel-2a"},
        "links": [], "assets": {}, **members,
    }  # fmt: skip


@pytest.fixture
def told() -> Iterator[Told]:
    """An API that does what it is told."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            api.asked.append((self.command, self.path, dict(self.headers), body))
            known = api.replies.get(self.path) or api.replies.get(self.path.partition("?")[0])
            reply = Reply({"code": "NotFound"}, 404)
            if known:
                reply = known.pop(0) if len(known) > 1 else known[0]
            data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data) + (1000 if reply.cut else 0)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api = Told(f"http://127.0.0.1:{server.server_address[1]}")
    api.landing()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield api
    server.shutdown()
    thread.join()
    server.server_close()
