"""Runs in an environment of its own: a Rucio server on loopback, from nothing.

Arguments: a new folder, and a port.  The password of the account root is in the environment; so
may be a database (else it is SQLite in that folder), and lines of the section [metadata].
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

PLACE, PORT, PASSWORD = Path(sys.argv[1]), int(sys.argv[2]), os.environ["RUCIO_TEST_PASSWORD"]
(PLACE / "log").mkdir(parents=True)
DATABASE = os.environ.get("RUCIO_TEST_DATABASE", f"sqlite:///{PLACE}/rucio.db")
METADATA = os.environ.get("RUCIO_TEST_METADATA", "")
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
[client]
rucio_host = http://127.0.0.1:{PORT}
auth_host = http://127.0.0.1:{PORT}
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
""")
os.environ["RUCIO_CONFIG"] = str(CONFIG)
sys.argv[0] = "rucioserve"  # a dash in it would name a daemon

from rucio.db.sqla.util import build_database, create_base_vo, create_root_account  # noqa: E402

build_database()
create_base_vo()
create_root_account()

from rucio.common.types import InternalAccount  # noqa: E402
from rucio.core.account import add_account_attribute  # noqa: E402
from rucio.db.sqla.constants import DatabaseOperationType  # noqa: E402
from rucio.db.sqla.session import db_session  # noqa: E402

with db_session(DatabaseOperationType.WRITE) as session:
    add_account_attribute(account=InternalAccount("root"), key="admin", value=True, session=session)

from rucio.web.rest.main import application  # noqa: E402
from werkzeug.serving import run_simple  # noqa: E402

run_simple("127.0.0.1", PORT, application, threaded=True, use_reloader=False)
