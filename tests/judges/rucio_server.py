"""Runs in an environment of its own: a Rucio server on loopback, from nothing.

Arguments: a new folder, and a port.  The password of the account root is in the environment; so
may be a database (else it is SQLite in that folder), lines of the section [metadata], further
sections, VOs (each has a root of that password), and a folder with ca.pem, server.pem and
server.key: it then speaks TLS, and tells Rucio whose certificate a client shows, as Apache does.
"""

from __future__ import annotations

import importlib.util
import os
import re
import ssl
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

PLACE, PORT, PASSWORD = Path(sys.argv[1]), int(sys.argv[2]), os.environ["RUCIO_TEST_PASSWORD"]
(PLACE / "log").mkdir(parents=True)
DATABASE = os.environ.get("RUCIO_TEST_DATABASE", f"sqlite:///{PLACE}/rucio.db")
METADATA = os.environ.get("RUCIO_TEST_METADATA", "")
SECTIONS, TLS = os.environ.get("RUCIO_TEST_SECTIONS", ""), os.environ.get("RUCIO_TEST_TLS", "")
VOS = os.environ.get("RUCIO_TEST_VOS", "").split()
SLASHES = bool(VOS) and "RUCIO_TEST_PLAIN" not in os.environ
HOST = f"{'https' if TLS else 'http'}://127.0.0.1:{PORT}"
spec = importlib.util.find_spec("rucio")
assert spec is not None and spec.submodule_search_locations is not None
MIGRATIONS = Path(spec.submodule_search_locations[0]) / "db/sqla/migrate_repo"
(PLACE / "alembic.ini").write_text(f"""[alembic]
script_location = {MIGRATIONS}
sqlalchemy.url = {DATABASE}
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = generic
[logger_root]
level = WARN
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = generic
[formatter_generic]
format = %(message)s
""")
CONFIG = PLACE / "rucio.cfg"
CONFIG.touch(mode=0o600)
# no multi_vo: Rucio takes any text there as true
CONFIG.write_text(f"""[common]
logdir = {PLACE}/log
loglevel = WARNING
mailtemplatedir = {PLACE}
{"multi_vo = True" if VOS else ""}
[client]
rucio_host = {HOST}
auth_host = {HOST}
[database]
default = {DATABASE}
pool_reset_on_return = rollback
[bootstrap]
userpass_identity = ddmlab
userpass_pwd = {PASSWORD}
userpass_email = rucio@localhost.invalid
[policy]
permission = generic
schema = generic
lfn2pfn_algorithm_default = hash
[alembic]
cfg = {PLACE}/alembic.ini
{METADATA and f"[metadata]{chr(10)}{METADATA}"}
{SECTIONS}
""")
os.environ["RUCIO_CONFIG"] = str(CONFIG)
if SLASHES:
    os.environ["RUCIO_HTTPD_ENCODED_SLASHES_NO_DECODE"] = "True"
sys.argv[0] = "rucioserve"  # a dash in it would name a daemon

from rucio.db.sqla.util import build_database, create_base_vo, create_root_account  # noqa: E402

build_database()
create_base_vo()
create_root_account()

from rucio.common.types import InternalAccount  # noqa: E402
from rucio.core.account import add_account_attribute  # noqa: E402
from rucio.core.vo import add_vo  # noqa: E402
from rucio.db.sqla.constants import DatabaseOperationType  # noqa: E402
from rucio.db.sqla.session import db_session  # noqa: E402

for vo in VOS or ["def"]:
    with db_session(DatabaseOperationType.WRITE) as session:
        if VOS:  # its root logs in as super_root does
            add_vo(vo, description=vo, email="", session=session)
        root = InternalAccount("root", vo=vo)
        add_account_attribute(account=root, key="admin", value=True, session=session)

from rucio.web.rest.main import application  # noqa: E402
from werkzeug.serving import WSGIRequestHandler, run_simple  # noqa: E402


class Handler(WSGIRequestHandler):
    """Tells the application whose certificate was shown, as mod_ssl names it."""

    def make_environ(self) -> dict[str, Any]:
        found = super().make_environ()
        if SLASHES:  # AllowEncodedSlashes NoDecode: else no name with / is found in a VO
            raw = re.sub("(?i)%2f", "%252F", self.path.partition("?")[0])
            found["PATH_INFO"] = unquote(raw).encode().decode("latin-1")
        shown = self.connection.getpeercert() if TLS else None  # type: ignore[attr-defined]
        if shown:  # it was checked: else there is no connection
            parts = [f"{SHORT[key]}={told}" for one in shown["subject"] for key, told in one]
            found["SSL_CLIENT_S_DN"] = ",".join(reversed(parts))  # RFC 2253
            found["SSL_CLIENT_VERIFY"] = "SUCCESS"
        return found


SHORT = {"commonName": "CN", "organizationName": "O", "countryName": "C"}
front = None
if TLS:
    front = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=f"{TLS}/ca.pem")
    front.load_cert_chain(f"{TLS}/server.pem", f"{TLS}/server.key")
    front.verify_mode = ssl.CERT_OPTIONAL
run_simple(
    "127.0.0.1",
    PORT,
    application,
    threaded=True,
    use_reloader=False,
    ssl_context=front,
    request_handler=Handler,
)
