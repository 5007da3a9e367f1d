"""A storage of objects on loopback, over TLS: what is put by an address is got by it."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.listening import serving


class _Objects(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Storage

    def log_message(self, *told: Any) -> None:
        pass

    def _any(self) -> None:
        parts = urlsplit(self.path)
        key, held = unquote(parts.path), self.server.held
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, body = 200, b""
        if "Signature" not in parts.query:
            status = 403
        elif self.command == "PUT":
            held[key] = data
        elif key not in held:
            status = 404
        elif self.command == "DELETE":
            status = 204
            del held[key]
        else:
            body = held[key]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_DELETE = _any  # noqa: N815


class Storage(ThreadingHTTPServer):
    """``held`` are the objects by their paths; ``certificate`` is who it is."""

    held: dict[str, bytes]
    certificate: Path


@contextmanager
def storage(place: Path) -> Iterator[Storage]:
    """Serve a storage; skips where no certificate can be made."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here: no certificate can be made")
    key, certificate = place / "key.pem", place / "certificate.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", str(key), "-out", str(certificate),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    server = Storage(("127.0.0.1", 0), _Objects)
    server.held, server.certificate = {}, certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server):
        yield server
