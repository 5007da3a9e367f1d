"""Speaking to a Rucio by its own client, configured as Rucio's users configure it.

Address, account, certificates and the way to log in (userpass, x509, OIDC, ...) come from
``rucio.cfg`` and the ``RUCIO_*`` variables, which the client reads; it logs in again by itself
when its token has expired (but by OIDC, which takes a browser).  Nothing of it is logged or told
in errors.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dafab_kg.federation.rucio.login import OtherTokenFound, client_class, log_in
from dafab_kg.federation.rucio.patience import patiently
from dafab_kg.model.errors import ExtraMissing, ServiceNotUsable, ServiceRefused
from dafab_kg.model.settings import Settings

if TYPE_CHECKING:
    from rucio.client import Client

ONLY_VO: Final = "def"
"""The VO of a Rucio that has no others."""
_AGENT: Final = "dafab-kg"
_REMEDY: Final = "Look at rucio.cfg (RUCIO_CONFIG, or the setting rucio_config)"
_AGAIN: Final = "Try again later"
_PASSES: Final = frozenset(
    {
        "DatabaseException",
        "ReplicaIsLocked",
        "ReplicationRuleCreationTemporaryFailed",
        "ResourceTemporaryUnavailable",
        "ServerConnectionException",
        "ServiceUnavailable",
    }
)
"""Errors of Rucio that may be over when it is asked again."""
_FAULT: Final = re.compile(r"http status code: 5\d\d|\A50\d\b")
"""In what the client says of an answer without an error of Rucio's: a fault of the server."""
_TLS: Final = re.compile(r"\[(?:SSL|X509)\b[^\]]*\][^()'\"]{0,200}")
"""In what is said of a connection: which fault TLS found."""
_MOST_TOLD: Final = 400
_lock = threading.Lock()
"""The client reads its configuration once in a process, and changes the program's name."""


def connect(
    settings: Settings, vo: str = "", *, sleep: Callable[[float], None] | None = time.sleep
) -> Client:
    """Return a client that is logged in; ``vo`` (three characters) above what is configured.

    ``sleep`` waits before a Rucio that does not answer is asked again; None: it is asked once.

    Raises:
        ExtraMissing: Rucio's client is not installed.
        ServiceNotUsable: that Rucio cannot be reached, also when asked again.
        ServiceRefused: nothing is configured, or it does not let us in.
    """
    try:
        from rucio.common.config import clean_cached_config
    except ImportError as error:
        raise ExtraMissing(
            "Rucio's client is not installed. Install it: pip install 'dafab-kg[rucio]'"
        ) from error

    quiet = logging.getLogger("dafab_kg.rucio")
    quiet.setLevel(logging.CRITICAL)  # what it tells of failures comes as an error, too
    own = vo not in ("", vo_of(settings))

    def make(own_token: bool) -> Client:
        return client_class()(
            own_token=own_token,
            timeout=settings.rucio_seconds,
            user_agent=_AGENT,
            vo=vo or None,
            logger=quiet,
        )

    def once() -> Client:
        # the lock is not held while this one waits
        doing = f"Logging in{_where(settings)}"
        with _lock, speaking(doing), _configured(doing), _reading(settings.rucio_config):
            clean_cached_config()
            program = sys.argv[0]
            try:
                return log_in(make, own=own)
            finally:
                sys.argv[0] = program

    return once() if sleep is None else patiently(once, sleep)


@contextmanager
def _configured(doing: str) -> Iterator[None]:
    """Within it the client reads its configuration; what it says of it may hold a password."""
    try:
        yield
    except OtherTokenFound as error:
        raise ServiceRefused(
            f"{doing}: {error}. Give each account and VO a token file of its own "
            "(auth_token_file_path in rucio.cfg)",
            "OtherToken",
        ) from error
    except (ConfigError, KeyError, AttributeError, TypeError) as error:
        raise ServiceRefused(
            f"{doing}: Rucio's client cannot read what is configured ({type(error).__name__}). "
            f"{_REMEDY}; a % is written twice there",
            "ConfigNotValid",
        ) from None


def vo_of(settings: Settings, vo: str = "") -> str:
    """Return the VO that is spoken to: as named, else as configured, else Rucio's only one."""
    return vo or os.environ.get("RUCIO_VO") or _option(settings, "vo") or ONLY_VO


@contextmanager
def _reading(file: Path | None) -> Iterator[None]:
    """Within it the client reads this file; afterwards programs that are started do not."""
    before = os.environ.get("RUCIO_CONFIG")
    if file is not None:
        os.environ["RUCIO_CONFIG"] = str(file)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("RUCIO_CONFIG", None)
        else:
            os.environ["RUCIO_CONFIG"] = before


def configured(settings: Settings) -> str:
    """Return the file by which a Rucio is spoken to; "" where there is none."""
    if settings.rucio_config is not None:
        return str(settings.rucio_config)
    if os.environ.get("RUCIO_CONFIG"):
        return os.environ["RUCIO_CONFIG"]
    try:
        from rucio.common.config import get_config_dirs
    except ImportError:
        return ""
    found = (Path(place) / "rucio.cfg" for place in get_config_dirs())
    return next((str(file) for file in found if file.is_file()), "")


def server(settings: Settings) -> str:
    """Return the address of the Rucio that is spoken to; "" where none is configured."""
    return _option(settings, "rucio_host")


def _where(settings: Settings) -> str:
    """Tell to whom, and as whom, we log in, as far as that is configured."""
    address = _option(settings, "auth_host") or _option(settings, "rucio_host")
    account = os.environ.get("RUCIO_ACCOUNT") or _option(settings, "account")
    told = f" to {address}" if address else ""
    return f"{told} as {account}" if account else told


def _option(settings: Settings, name: str) -> str:
    """Return an option of the client; an address without who logs in, which is nobody's
    business."""
    parser = ConfigParser(interpolation=None)
    try:
        parser.read(configured(settings))
        found = parser.get("client", name, fallback="").strip()
    except (ConfigError, OSError, UnicodeDecodeError):
        return ""  # what is wrong with it is told when it is spoken to
    return re.sub(r"//[^/@]*@", "//", found)


@contextmanager
def speaking(doing: str) -> Iterator[None]:
    """Within it the client is called; what it raises becomes an error of ours.

    Raises:
        ServiceNotUsable: Rucio is down, slow, or breaks off: it may answer later.
        ServiceRefused: it answers, and asking again does not help.
    """
    from requests import RequestException
    from rucio.common.exception import RucioException

    try:
        yield
    except RucioException as error:
        raise refused(doing, error) from error
    except (RequestException, HTTPException, OSError) as error:
        raise _not_spoken(doing, error) from error
    except ValueError as error:  # half an answer is no JSON
        raise ServiceNotUsable(
            f"{doing}: Rucio's answer cannot be read. It may have broken off. {_AGAIN}"
        ) from error


def _not_spoken(doing: str, error: Exception) -> ServiceNotUsable:
    """Return our error for a connection that failed: by certificates, or in passing."""
    told = str(error)
    tls = _TLS.search(told)
    if tls is not None and "UNEXPECTED_EOF" not in tls[0]:
        why = tls[0].strip(" .")
    elif "certificate" in told and type(error) is OSError:  # a file that is not there
        why = told[:_MOST_TOLD]
    else:
        again = _AGAIN
        if isinstance(error, OSError) and "violation of protocol" in told:
            # with TLS 1.3 what the other side says of a certificate may come too late to be read
            again = "It may not take the certificate of client_cert; or try again later"
        return ServiceNotUsable(
            f"{doing}: Rucio does not answer as it must ({type(error).__name__}). {again}"
        )
    return ServiceRefused(
        f"{doing}: the connection is refused for its certificates: {why}. Look at ca_cert, "
        "client_cert and client_key in rucio.cfg (X509_CERT_DIR, RUCIO_CLIENT_CERT and "
        "RUCIO_CLIENT_KEY come before these)",
        "CertificateNotTaken",
    )


def refused(doing: str, error: Exception) -> ServiceNotUsable:
    """Return our error for one of Rucio's."""
    name = type(error).__name__
    told = " ".join(str(error).split())[:_MOST_TOLD].rstrip(".")
    if name in _PASSES or (name == "RucioException" and _FAULT.search(told)):
        return ServiceNotUsable(f"{doing}: {name}: {told}. {_AGAIN}")
    hint = {
        "AccessDenied": "Ask for the right, or use another account",
        "CannotAuthenticate": _REMEDY,
        "ConfigLoadingError": _REMEDY,
        "ConfigNotFound": _REMEDY,
        "MissingClientParameter": _REMEDY,
        "RSENotFound": "Name a storage element that `rucio rse list` shows",
        "ScopeNotFound": "Make the scope: rucio scope add --account ACCOUNT SCOPE",
    }.get(name, "")
    text = f"{doing}: Rucio refuses ({name}): {told}"
    return ServiceRefused(f"{text}. {hint}" if hint else text, name)
