"""pgstac on a private PostgreSQL, and stac-fastapi-pgstac before it over HTTP.

The database cluster lies in the directory of the made catalogues, is run by the user
``postgres`` (or by who runs this, if not root) and listens on a socket of its own and a free
port.  Tuned as a careful keeper would: 2 GB of shared buffers, items partitioned by year,
BTREE queryables on the properties that are asked for, statistics fresh.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from _clients import Seen
from _made import Size, write_items, write_tables

PEERS = Path(__file__).parent / "peers"
VENV = Path(__file__).parent.parent / ".venv-pgstac" / "bin"
COLLECTION = {
    "type": "Collection",
    "stac_version": "1.0.0",
    "id": "products",
    "description": "Made-up products",
    "license": "proprietary",
    "extent": {
        "spatial": {"bbox": [[-180, -90, 180, 90]]},
        "temporal": {"interval": [["2021-01-01T00:00:00Z", None]]},
    },
    "links": [],
}
QUERYABLES = ("eo:cloud_cover", "dafab:agricultural_coverage")
QUERYABLE = """
SET search_path TO pgstac, public;
INSERT INTO queryables (name, definition, property_wrapper, property_index_type)
VALUES ('{name}', '{{"type": "number"}}', 'to_float', 'BTREE');
"""
TABLES = """
CREATE TABLE public.fields (iri text, crop int, hectares float8, shape geometry);
CREATE TABLE public.events (id text PRIMARY KEY, start timestamptz, shape geometry);
"""
INDEXES = """
CREATE INDEX ON public.fields USING GIST (shape);
CREATE INDEX ON public.fields (crop);
CREATE INDEX ON public.events USING GIST (shape);
VACUUM ANALYZE public.fields;
VACUUM ANALYZE public.events;
"""
SETTINGS = (
    "shared_buffers=2GB", "effective_cache_size=8GB", "maintenance_work_mem=512MB",
    "max_wal_size=8GB", "checkpoint_timeout=30min", "random_page_cost=1.1", "jit=off",
)  # fmt: skip


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL."""

    port: int
    socket: Path
    version: str

    @property
    def dsn(self) -> str:
        """The address of its database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgis"

    def sql(self, text: str) -> str:
        """Run statements and return what they print.

        Raises:
            RuntimeError: one failed.
        """
        return _said(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", self.dsn], text)


def missing() -> str | None:
    """Say what must be installed before pgstac can be compared; None: nothing."""
    if _programs() is None or not (VENV / "pypgstac").is_file():
        return "run benchmarks/peers/setup.sh first"
    return None


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def cluster(size: Size, place: Path) -> Iterator[tuple[Cluster, dict[str, Any]]]:
    """Run a cluster that holds the catalogue; it is filled if it is new."""
    programs = _programs()
    assert programs is not None
    folder = place / f"pgstac-{size.name}"
    data, figures_file = folder / "data", folder / "made.json"
    if not figures_file.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _own(folder)
        _said(
            _as_keeper(
                str(programs / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust",
                "--encoding=UTF8", "--locale=C",
            )
        )  # fmt: skip
    port = _free_port()
    options = " ".join(f"-c {one}" for one in SETTINGS)
    options += f" -c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    log = str(folder / "log")
    start = [str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", log, "-o", options, "start"]
    _said(_as_keeper(*start))
    try:
        version = _said([str(programs / "postgres"), "--version"]).strip()
        one = Cluster(port, folder, version)
        if not figures_file.is_file():
            figures_file.write_text(json.dumps(_fill(one, size, folder)))
        yield one, json.loads(figures_file.read_text())
    finally:
        _said(_as_keeper(str(programs / "pg_ctl"), "-D", str(data), "-m", "fast", "-w", "stop"))


def _fill(to: Cluster, size: Size, folder: Path) -> dict[str, Any]:
    items, fields, events = folder / "items.ndjson", folder / "fields.tsv", folder / "events.tsv"
    write_items(size, items)
    write_tables(size, fields, events)
    collection = folder / "collection.json"
    collection.write_text(json.dumps(COLLECTION))
    server = f"postgresql://postgres@127.0.0.1:{to.port}/postgres"
    _said(["psql", "-qAtX", server], "CREATE DATABASE postgis;")
    to.sql("CREATE EXTENSION postgis;")
    program = [str(VENV / "pypgstac")]
    _said([*program, "migrate", "--dsn", to.dsn])
    _said([*program, "load", "collections", str(collection), "--dsn", to.dsn])
    to.sql("UPDATE pgstac.collections SET partition_trunc = 'year' WHERE id = 'products';")
    began = time.perf_counter()
    _said([*program, "load", "items", str(items), "--dsn", to.dsn])
    loaded = time.perf_counter()
    for name in QUERYABLES:
        to.sql(QUERYABLE.format(name=name))
    _maintain(to)
    indexed = time.perf_counter()
    to.sql(TABLES)
    to.sql(f"\\copy public.fields FROM '{fields}'\n\\copy public.events FROM '{events}'\n")
    to.sql(INDEXES)
    done = time.perf_counter()
    for file in (items, fields, events):
        file.unlink()
    return {
        "load_seconds": loaded - began,
        "index_seconds": indexed - loaded,
        "fields_seconds": done - indexed,
        "store_bytes": int(to.sql("SELECT pg_database_size('postgis')")),
        "indexes": int(to.sql("SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%to_float%'")),
        "postgis": to.sql("SELECT postgis_lib_version()").strip(),
        "pgstac": to.sql("SELECT pgstac.get_version()").strip(),
    }


def index_also(of: Cluster, names: Sequence[str]) -> None:
    """Make properties queryables with a BTREE each, unless they are."""
    known = of.sql("SELECT name FROM pgstac.queryables").split()
    for name in names:
        if name not in known:
            of.sql(QUERYABLE.format(name=name))
    if not set(names) <= set(known):
        _maintain(of)


def _maintain(of: Cluster) -> None:
    of.sql("SET search_path TO pgstac, public; SELECT maintain_partitions();")
    of.sql("SET search_path TO pgstac, public; CALL run_queued_queries();")
    of.sql("VACUUM ANALYZE;")


@contextmanager
def served(by: Cluster, *, counting: bool, writing: bool = False) -> Iterator[str]:
    """Run stac-fastapi-pgstac and yield the address of its search; ``counting``: with context,
    ``writing``: with transactions."""
    port = _free_port()
    settings = {"search_path": "pgstac,public", "application_name": "pgstac"}
    if counting:
        settings["pgstac.context"] = "on"
    environment = {
        **os.environ,
        "PGUSER": "postgres",
        "PGPASSWORD": "none",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(by.port),
        "PGDATABASE": "postgis",
        "SERVER_SETTINGS": json.dumps(settings),
        "ENABLE_TRANSACTIONS_EXTENSIONS": str(writing).lower(),
    }
    command = [str(VENV / "uvicorn"), "app:app", "--port", str(port), "--log-level", "error"]
    with (
        (by.socket / "http.log").open("ab") as log,
        subprocess.Popen(command, cwd=PEERS, env=environment, stderr=log) as process,
    ):
        try:
            address = f"http://127.0.0.1:{port}/"
            _await(address, process)
            yield address + "search"
        finally:
            process.terminate()


def ask_sql(
    of: Cluster, cases: dict[str, Sequence[str]], *, clients: int, budget: float
) -> dict[str, Seen]:
    """Ask SQL by clients side by side, in the environment that has the driver."""
    asked = {"dsn": of.dsn, "clients": clients, "budget": budget, "questions": cases}
    said = _said([str(VENV / "python"), str(PEERS / "ask_sql.py")], json.dumps(asked))
    return {
        name: Seen(
            seconds=one["seconds"],
            answers={int(number): keys for number, keys in one["answers"].items()},
            rows=one["rows"],
            failure=one["failure"],
        )
        for name, one in json.loads(said).items()
    }


def _await(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        if process.poll() is not None:
            raise RuntimeError("stac-fastapi-pgstac ended")
        try:
            with urlopen(address) as answer:
                answer.read()
            return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError("stac-fastapi-pgstac does not answer")


def _own(folder: Path) -> None:
    """Give the directory to the keeper, and let it be reached."""
    if os.geteuid() == 0:
        keeper = pwd.getpwnam("postgres")
        os.chown(folder, keeper.pw_uid, keeper.pw_gid)
        folder.parent.chmod(0o755)


def _as_keeper(*command: str) -> list[str]:
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else list(command)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _said(command: list[str], text: str | None = None) -> str:
    # Into a file: pg_ctl leaves a server behind that would keep a pipe open.
    import tempfile

    with tempfile.TemporaryFile() as out:
        done = subprocess.run(
            command, input=None if text is None else text.encode(), stdout=out, stderr=out,
            check=False, cwd="/" if command[0] == "runuser" else None,
        )  # fmt: skip
        out.seek(0)
        said = out.read().decode(errors="replace")
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:6])} failed: {said[-2000:]}")
    return said
