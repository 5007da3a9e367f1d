"""Logging in by Rucio's own client, to a server that pretends; the judges do so at the real one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dafab_kg.federation.rucio.connection import connect, vo_of
from dafab_kg.model.errors import ServiceNotUsable, ServiceRefused
from dafab_kg.model.settings import Settings
from tests.federation.rucio.pretend import Pretended, listening

SECRET = "eyJhbGciOiJSUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl"
"""A token as OIDC has them."""


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("RUCIO_VO", "RUCIO_ACCOUNT", "RUCIO_AUTH_TYPE", "RUCIO_CONFIG", "BEARER_TOKEN")
    for name in (*names, "BEARER_TOKEN_FILE", "XDG_RUNTIME_DIR", "X509_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def there() -> Iterator[tuple[Pretended, str]]:
    state = Pretended()
    with listening(state) as address:
        yield state, address


@pytest.fixture
def configured(tmp_path: Path, there: tuple[Pretended, str]) -> Callable[..., Settings]:
    def make(
        how: str = "userpass", more: str = "", password: str = "p", host: str = ""
    ) -> Settings:
        config = tmp_path / "rucio.cfg"
        address = host or there[1]
        config.write_text(
            f"[client]\nrucio_host = {address}\nauth_host = {address}\nauth_type = {how}\n"
            f"username = u\npassword = {password}\naccount = root\n"
            f"auth_token_file_path = {tmp_path}/token\n{more}\n"
        )
        return Settings(rucio_config=config, rucio_seconds=2.0)

    return make


def test_no_vo_goes_on_with_the_token_of_another(
    there: tuple[Pretended, str], configured: Callable[..., Settings], tmp_path: Path
) -> None:
    state, settings = there[0], configured(more="vo = abc")
    for vo, right in (("", "abc"), ("xyz", "xyz"), ("", "abc"), ("abc", "abc"), ("xyz", "xyz")):
        client = connect(settings, vo)
        assert (client.vo, state.tokens[client.auth_token]) == (right, ("root", right))
    assert state.logins == 2  # each has a file, which serves again
    assert (tmp_path / "token").read_text() == "token-1"


def test_no_account_goes_on_with_the_token_of_another(
    there: tuple[Pretended, str],
    configured: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = configured()
    connect(settings)
    monkeypatch.setenv("RUCIO_ACCOUNT", "second")
    client = connect(settings)
    assert there[0].tokens[client.auth_token] == ("second", "def")


def test_the_vo_is_that_which_is_configured(
    configured: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert vo_of(configured()) == "def"
    settings = configured(more="vo = abc")
    assert (vo_of(settings), vo_of(settings, "xyz")) == ("abc", "xyz")
    monkeypatch.setenv("RUCIO_VO", "two")
    assert vo_of(settings) == "two"


def test_a_token_of_oidc_is_used(
    there: tuple[Pretended, str], configured: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = configured("oidc")
    there[0].tokens[SECRET] = "root", "def"
    (tmp_path / "token").write_text(SECRET)
    assert connect(settings).auth_token == SECRET
    assert there[0].logins == 0


@pytest.mark.parametrize("held", ["none", "expired", "other"])
def test_nobody_is_asked_to_open_a_browser(
    there: tuple[Pretended, str],
    configured: Callable[..., Settings],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    held: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = configured("oidc", "oidc_polling = true")
    if held != "none":
        (tmp_path / "token").write_text(SECRET)
    if held == "other":
        there[0].tokens[SECRET] = "root", "abc"
    with pytest.raises(ServiceRefused) as error:
        connect(settings)
    assert not any("oidc" in way for way in there[0].asked)
    told = str(error.value)
    assert str(tmp_path / "token") in told
    assert (
        "of the VO abc, not of root of def" in told if held == "other" else "rucio whoami" in told
    )
    out, err = capsys.readouterr()
    assert SECRET not in told + out + err + caplog.text and out == ""


def test_a_password_is_not_told(configured: Callable[..., Settings]) -> None:
    with pytest.raises(ServiceRefused, match="a % is written twice") as error:
        connect(configured(password="s3cr%et"))
    assert "s3cr" not in str(error.value) and error.value.__cause__ is None


def test_certificates_that_are_not_there(
    configured: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = configured(host="https://127.0.0.1:9", more=f"ca_cert = {tmp_path}/none.pem")
    with pytest.raises(ServiceRefused, match=r"none\.pem"):
        connect(settings)
    settings = configured("x509", f"client_cert = {tmp_path}/none.pem\nclient_key = x")
    with pytest.raises(ServiceRefused, match=r"none\.pem"):
        connect(settings)
    with pytest.raises(ServiceRefused, match="client_cert"):
        connect(configured("x509"))
    with pytest.raises(ServiceRefused, match=r"cannot read what is configured|proxy"):
        connect(configured("x509_proxy"))


def test_no_server_is_one_that_may_come_back(configured: Callable[..., Settings]) -> None:
    with pytest.raises(ServiceNotUsable, match="Try again later") as error:
        connect(configured(host="http://127.0.0.1:9"), sleep=None)
    assert not isinstance(error.value, ServiceRefused)
