"""Runs in the environment of the Rucio server: certificates for both ends of TLS, from nothing.

Argument: a folder.  In it then are ca.pem, and of each name below NAME.pem and NAME.key.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PLACE, NOW = Path(sys.argv[1]), datetime.now(UTC)
Key = ec.EllipticCurvePrivateKey


def named(name: str) -> x509.Name:
    parts = ((NameOID.ORGANIZATION_NAME, "dafab"), (NameOID.COMMON_NAME, name))
    return x509.Name([x509.NameAttribute(kind, told) for kind, told in parts])


def certificate(name: str, key: Key, by: str, by_key: Key, days: int = 2) -> bytes:
    """``days``: how long it holds; less than none, and it held until then."""
    ends = NOW + timedelta(days=days)
    built = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(by))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(NOW, ends) - timedelta(days=1))
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=name == by, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(by_key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM)


def write_key(name: str, key: Key) -> None:
    file = PLACE / f"{name}.key"
    file.touch(mode=0o600)
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def new() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


ours, others = new(), new()
(PLACE / "ca.pem").write_bytes(certificate("ca", ours, "ca", ours))
for name, by, by_key, days in (
    ("server", "ca", ours, 2),
    ("user", "ca", ours, 2),
    ("stranger", "ca", ours, 2),  # known to nobody
    ("old", "ca", ours, -1),
    ("foreign", "elsewhere", others, 2),
):
    key = new()
    (PLACE / f"{name}.pem").write_bytes(certificate(name, key, by, by_key, days))
    write_key(name, key)
