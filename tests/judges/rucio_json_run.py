"""Runs in the environment of a Rucio server: its stock JSON plugin on PostgreSQL, without a server.

Facts: ``place`` (a new folder), ``database``, ``items`` (names and metadata), ``filters``.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

FACTS = json.load(sys.stdin)
PLACE = Path(FACTS["place"])
PLACE.mkdir()
spec = importlib.util.find_spec("rucio")
assert spec is not None and spec.submodule_search_locations is not None
MIGRATIONS = Path(spec.submodule_search_locations[0]) / "db/sqla/migrate_repo"
(PLACE / "alembic.ini").write_text(f"""[alembic]
script_location = {MIGRATIONS}
sqlalchemy.url = {FACTS["database"]}
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
(PLACE / "rucio.cfg").write_text(f"""[common]
logdir = {PLACE}
loglevel = WARNING
[database]
default = {FACTS["database"]}
[bootstrap]
userpass_identity = ddmlab
userpass_pwd = only-for-this-test
userpass_email = rucio@localhost.invalid
[policy]
permission = generic
schema = generic
[alembic]
cfg = {PLACE}/alembic.ini
""")
os.environ["RUCIO_CONFIG"] = str(PLACE / "rucio.cfg")
sys.argv[0] = "rucioserve"
out, sys.stdout = sys.stdout, sys.stderr

from rucio.db.sqla.util import build_database, create_base_vo, create_root_account  # noqa: E402

build_database()
create_base_vo()
create_root_account()

from rucio.common.types import InternalAccount, InternalScope  # noqa: E402
from rucio.core.did import add_dids, list_dids  # noqa: E402
from rucio.core.scope import add_scope  # noqa: E402
from rucio.db.sqla.constants import DatabaseOperationType  # noqa: E402
from rucio.db.sqla.session import db_session  # noqa: E402

ROOT, SCOPE = InternalAccount("root"), InternalScope("dafab")
with db_session(DatabaseOperationType.WRITE) as session:
    add_scope(SCOPE, ROOT, session=session)
    dids = [
        {"scope": SCOPE, "name": name, "type": "DATASET", "meta": meta}
        for name, meta in FACTS["items"]
    ]
    add_dids(dids, ROOT, session=session)


def found(filters: list[dict[str, Any]]) -> Any:
    try:
        with db_session(DatabaseOperationType.READ) as session:
            return sorted(list_dids(SCOPE, filters, session=session))
    except Exception as error:  # noqa: BLE001 - what it raises is told
        return f"{type(error).__name__}: {error}"[:300]


for filters in FACTS["filters"]:
    out.write(json.dumps(found(filters)) + "\n")
out.flush()
