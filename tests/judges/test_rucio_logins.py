"""Logging in to a real Rucio 41.5.1 by certificate and by tokens of OIDC, as ``rucio.cfg`` says.

Its front speaks TLS, asks for certificates as Apache does, and tells Rucio whose it is; an
identity provider on loopback signs tokens.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from dafab_kg.federation.rucio.connection import connect
from dafab_kg.federation.rucio.scopes import check_scopes
from dafab_kg.model.errors import ServiceNotUsable, ServiceRefused
from dafab_kg.model.settings import Settings
from tests.judges.environments import python_with
from tests.judges.real_rucio import SERVER, Rucio, client_config

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

COMMAND = Path(sys.executable).with_name("dafab-kg")
HERE = Path(__file__).parent
USER = "CN=user,O=dafab"
CLAIMS = {"sub": "someone", "aud": "rucio", "scope": "openid profile"}


@dataclass
class World:
    """A Rucio with a front, certificates, and a provider of tokens."""

    rucio: Rucio
    place: Path
    keys: Path
    provider: str

    def config(self, name: str, how: str, *lines: str, ca: bool = True) -> Settings:
        """Configure a client, which logs in in this way, to be given in full."""
        home = self.place / name
        told = [f"rucio_host = {self.rucio.address}", f"auth_host = {self.rucio.address}"]
        told += [f"auth_type = {how}", f"auth_token_file_path = {home}/token", "account = root"]
        told += [f"ca_cert = {self.keys}/ca.pem"] if ca else []
        home.mkdir(exist_ok=True)
        file = home / "rucio.cfg"
        file.write_text("\n".join(["[client]", *told, *lines, ""]))
        return Settings(rucio_config=file, store=home / "store")

    def x509(self, name: str, key: str = "", *, ca: bool = True) -> Settings:
        key = key or name
        pair = f"client_cert = {self.keys}/{name}.pem", f"client_key = {self.keys}/{key}.key"
        return self.config(f"x509-{name}-{key}-{ca}", "x509", *pair, ca=ca)

    def token(self, **claims: Any) -> str:
        return httpx.get(f"{self.provider}/mint", params={**CLAIMS, **claims}).text


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    place = tmp_path_factory.mktemp("logins")
    keys = place / "keys"
    keys.mkdir()
    python = str(python_with(SERVER, ".venv-rucio"))
    subprocess.run([python, HERE / "certificates.py", keys], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    issuer = f"http://127.0.0.1:{port}"
    provider = subprocess.Popen(
        [python, HERE / "identity_provider.py", str(port)], stderr=subprocess.DEVNULL
    )
    told = {"client_id": "rucio", "client_secret": "not-used", "redirect_uris": [f"{issuer}/back"]}
    secrets = {"own": {"issuer": issuer, **told, "SCIM": told}}
    (place / "idpsecrets.json").write_text(json.dumps(secrets))
    section = f"[oidc]\nidpsecrets = {place}/idpsecrets.json\nadmin_issuer = own\n"
    rucio = None
    try:
        until = time.monotonic() + 60
        while True:
            try:
                httpx.get(issuer)
                break
            except httpx.HTTPError:
                assert time.monotonic() < until and provider.poll() is None
                time.sleep(0.1)
        rucio = Rucio(place, sections=section, tls=keys)
        config = client_config(
            place / "root", rucio.address, rucio.password, f"ca_cert = {keys}/ca.pem"
        )
        client = connect(Settings(rucio_config=config))
        words = ["account", "identity", "add", "root", "--type", "X509", "--id", USER]
        subprocess.run(  # as docs/rucio.md has it
            [COMMAND.with_name("rucio"), *words, "--email", "user@localhost.invalid"],
            check=True,
            env={**os.environ, "RUCIO_CONFIG": str(config), "HOME": str(place)},
        )
        person = f"SUB=someone, ISS={issuer}"
        client.add_identity("root", person, "OIDC", "user@localhost.invalid", default=True)
        yield World(rucio, place, keys, issuer)
    finally:
        provider.terminate()
        provider.wait(timeout=30)
        if rucio is not None:
            rucio.stop()


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the environment names tokens or certificates."""
    for name in list(os.environ):
        if name.startswith(("RUCIO_", "BEARER_", "X509_", "XDG_RUNTIME")):
            monkeypatch.delenv(name)


def ran(world: World, settings: Settings, *arguments: str) -> tuple[int, str, str]:
    """The exit code of a command, and what it writes."""
    run = subprocess.run(
        [COMMAND, *arguments, "--store", str(settings.store)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "DAFAB_RUCIO_CONFIG": str(settings.rucio_config)},
    )
    return run.returncode, run.stdout, run.stderr


def test_a_certificate_logs_in(world: World) -> None:
    settings = world.x509("user")
    client = connect(settings)
    assert client.whoami()["account"] == "root"
    assert check_scopes(client, ["by.x509"], make=True) == ("by.x509",)
    client.add_dataset("by.x509", "one")
    code, out, err = ran(world, settings, "rucio", "harvest", "by.x509", "--json")
    assert code == 0 and json.loads(out)["counts"] == {"loaded": 1}, (out, err)


@pytest.mark.parametrize(
    ("name", "key", "ca", "told"),
    [
        ("stranger", "", True, "Cannot authenticate to account root"),
        ("old", "", True, "(?i)certificate.expired|certificate of client_cert"),
        ("foreign", "", True, "(?i)unknown.ca|certificate of client_cert"),
        ("user", "stranger", True, "(?i)key values mismatch"),
        ("user", "", False, "(?i)certificate verify failed"),
    ],
)
def test_a_certificate_that_is_not_taken(
    world: World, name: str, key: str, ca: bool, told: str
) -> None:
    for _ in range(5):
        with pytest.raises(ServiceNotUsable, match=told):
            connect(world.x509(name, key, ca=ca), sleep=None)


def test_a_key_that_others_read(world: World, tmp_path: Path) -> None:
    key = tmp_path / "open.key"
    key.write_bytes((world.keys / "user.key").read_bytes())
    key.chmod(0o644)
    lines = f"client_cert = {world.keys}/user.pem", f"client_key = {key}"
    with pytest.raises(ServiceRefused, match="permissions are liberal"):
        connect(world.config("open", "x509", *lines))


def test_a_proxy_certificate_logs_in(world: World, tmp_path: Path) -> None:
    """One file with both, as proxies are; here it is the user's own."""
    both = tmp_path / "proxy"
    both.touch(mode=0o600)
    both.write_bytes(b"".join((world.keys / f"user.{end}").read_bytes() for end in ("pem", "key")))
    settings = world.config("proxy", "x509_proxy", f"client_x509_proxy = {both}")
    assert connect(settings).whoami()["account"] == "root"


def test_the_environment_comes_before_the_configuration(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = f"client_cert = {world.keys}/old.pem", f"client_key = {world.keys}/old.key"
    settings = world.config("environment", "x509", *lines, f"client_x509_proxy = {tmp_path}")
    monkeypatch.setenv("RUCIO_CLIENT_CERT", str(world.keys / "user.pem"))
    monkeypatch.setenv("RUCIO_CLIENT_KEY", str(world.keys / "user.key"))
    assert connect(settings).whoami()["account"] == "root"
    monkeypatch.setenv("X509_CERT_DIR", str(world.keys / "foreign.pem"))
    with pytest.raises(ServiceRefused, match=r"(?i)certificate verify failed"):
        connect(settings)


@pytest.mark.parametrize("where", ["file", "BEARER_TOKEN", "BEARER_TOKEN_FILE"])
def test_a_token_of_oidc_logs_in(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str
) -> None:
    settings = world.config(f"oidc-{where}", "oidc")
    file, token = world.place / f"oidc-{where}/token", world.token()
    if where == "file":
        file.write_text(token)
    elif where == "BEARER_TOKEN":
        monkeypatch.setenv(where, token)
    else:
        (tmp_path / "bearer").write_text(token + "\n")
        monkeypatch.setenv(where, str(tmp_path / "bearer"))
    client = connect(settings)
    scope = f"by.{where.lower()}"
    assert check_scopes(client, [scope], make=True) == (scope,)
    client.add_dataset(scope, "one")
    if where == "file":
        code, out, err = ran(world, settings, "rucio", "harvest", scope, "--json")
        assert code == 0 and json.loads(out)["counts"] == {"loaded": 1}, (out, err)
        assert token not in out + err


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"seconds": -60}, "expired"),
        ({"sub": "nobody"}, "nobody"),
        ({"aud": "others"}, "aud"),
        ({"scope": "openid"}, "scope"),
        ({"iss": "http://127.0.0.1:9"}, "issuer"),
    ],
)
def test_a_token_that_is_not_taken(
    world: World, claims: dict[str, Any], name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings, token = world.config(f"no-{name}", "oidc"), world.token(**claims)
    (world.place / f"no-{name}/token").write_text(token)
    with pytest.raises(ServiceRefused, match="no OIDC token that is valid") as error:
        connect(settings)
    out = err = ""
    if name == "expired":
        code, out, err = ran(world, settings, "rucio", "harvest", "any")
        assert code != 0 and "rucio whoami" in err, err
    signature = token.rpartition(".")[2]
    assert signature not in str(error.value) + caplog.text + out + err


def test_a_token_that_expires_on_the_way(world: World) -> None:
    settings = world.config("soon", "oidc")
    (world.place / "soon/token").write_text(world.token(seconds=4))
    client = connect(settings)
    assert client.whoami()["account"] == "root"
    time.sleep(5)
    with pytest.raises(ServiceRefused, match="no OIDC token that is valid"):
        check_scopes(client, ["never"], make=True)
