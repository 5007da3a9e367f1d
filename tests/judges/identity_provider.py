"""Runs in the environment of the Rucio server: an identity provider (OpenID Connect) on loopback.

Argument: a port.  It tells its configuration and keys (RFC 7517) as Rucio asks for them, and at
/mint?CLAIM=VALUE signs a token (RFC 7519) of those claims, for whoever asks.
"""

from __future__ import annotations

import json
import sys
import time
from base64 import urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

PORT = int(sys.argv[1])
ISSUER = f"http://127.0.0.1:{PORT}"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    return encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def minted(claims: dict[str, str]) -> str:
    seconds = int(claims.pop("seconds", "600"))
    now = int(time.time())
    told: dict[str, Any] = {"iss": ISSUER, "iat": now, "exp": now + seconds, **claims}
    parts = {"alg": "RS256", "typ": "JWT", "kid": "1"}, told
    head = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    return f"{head}.{encoded(KEY.sign(head.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def answered(path: str) -> str:
    parts = urlsplit(path)
    numbers = KEY.public_key().public_numbers()
    if parts.path == "/mint":
        return minted(dict(parse_qsl(parts.query)))
    if parts.path == "/keys":
        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "1"}
        return json.dumps({"keys": [{**key, "n": number(numbers.n), "e": number(numbers.e)}]})
    return json.dumps(
        {
            "issuer": ISSUER,
            "jwks_uri": f"{ISSUER}/keys",
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
    )


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        data = answered(self.path).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
