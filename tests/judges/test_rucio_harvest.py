"""Harvesting a real Rucio 41.5.1: the graph is compared with what Rucio's own client tells.

That Rucio is on SQLite, where its plugin for users' metadata does not work: of metadata only
columns are compared here.  It deletes data identifiers by daemons; here rows of its database go.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import dafab_kg
from dafab_kg.catalogue.catalogue import Catalogue
from dafab_kg.federation.rucio.connection import connect
from dafab_kg.model.did_names import encode_did_name
from dafab_kg.model.errors import ServiceRefused
from dafab_kg.model.settings import Settings
from tests.judges.test_rucio_publish import RSE, Sides, config, sides

__all__ = ["config", "sides"]

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

PREFIX = "PREFIX dafab: <https://w3id.org/dafab/ns#>\n"
ITEMS = 250
Told = dict[str, tuple[Any, ...]]


def make(client: Any, scope: str) -> None:
    """Items with a data set of two files each, below one container, by the stock client."""
    client.add_scope("root", scope)
    did = lambda name: {"scope": scope, "name": name}  # noqa: E731
    names = [f"item{number}" for number in range(ITEMS)]
    made = [{**did("top"), "type": "CONTAINER"}]
    for name in names:
        made += [{**did(name), "type": "CONTAINER"}, {**did(f"{name}_assets"), "type": "DATASET"}]
    for start in range(0, len(made), 400):
        client.add_dids(made[start : start + 400])
    files = [
        {
            **did(f"{name}_{key}.tif"),
            "bytes": 1000 + number,
            "adler32": f"{number:08x}",
            "md5": f"{number:032x}",
            "pfn": f"https://files.example:443/{scope}/{name}_{key}.tif",
        }
        for number, name in enumerate(names)
        for key in ("a", "b.c")
    ]
    client.add_replicas(RSE, files)
    client.attach_dids_to_dids([{**did("top"), "dids": [did(name) for name in names]}])
    for start in range(0, ITEMS, 100):
        some = names[start : start + 100]
        sets = [{**did(name), "dids": [did(f"{name}_assets")]} for name in some]
        keys = ("a", "b.c")
        own = [
            {**did(f"{name}_assets"), "dids": [did(f"{name}_{key}.tif") for key in keys]}
            for name in some
        ]
        client.attach_dids_to_dids(sets + own)
    client.set_metadata(scope, "item7", "project", "dafab")


def walked(client: Any, scope: str) -> Told:
    """Type, size, sums, members and project of each, one by one."""
    found: Told = {}
    for name in client.list_dids(scope, [{}], did_type="all"):
        row = client.get_metadata(scope, name)
        is_file = row["did_type"] == "FILE"
        below = () if is_file else client.list_content(scope, name)
        inside = frozenset(f"{one['scope']}:{one['name']}" for one in below)
        sums = (row["bytes"], row["adler32"], row["md5"]) if is_file else (None, None, None)
        found[name] = (row["did_type"], *sums, inside, row["project"])
    return found


def told(catalogue: Catalogue, scope: str) -> Told:
    """The same out of the graph."""
    query = f"""{PREFIX}SELECT ?name ?type ?size ?adler ?md5 ?member ?project {{
      ?did dafab:scope "{scope}" ; dafab:name ?name ; dafab:didType ?type .
      OPTIONAL {{ ?did dafab:didSize ?size }} OPTIONAL {{ ?did dafab:adler32 ?adler }}
      OPTIONAL {{ ?did dafab:md5 ?md5 }} OPTIONAL {{ ?did dafab:hasMember/dafab:did ?member }}
      OPTIONAL {{ ?p dafab:propertyOf ?did ; dafab:name "project" ; dafab:text ?project }}
    }}"""
    found: Told = {}
    answer: Any = catalogue.query(query)
    for row in answer:
        name, kind, size, adler, md5, member, project = (v and v.value for v in row)
        inside = found[name][4] if name in found else frozenset()
        own = inside | ({member} if member else set())
        found[name] = (kind, None if size is None else int(size), adler, md5, own, project)
    return found


def command(place: Path, config: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(Path(sys.executable).parent / "dafab-kg"), "rucio", "harvest", *arguments, "--json",
         "--store", str(place / "store"), "--metadata", "none"],
        env={**os.environ, "RUCIO_CONFIG": str(config)},
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def opened(place: Path, config: Path) -> Catalogue:
    store = place / "store"
    return dafab_kg.open(store, settings=Settings(store=store, rucio_config=config))


def delete_there(config: Path, scope: str, name: str) -> None:
    """Do what Rucio's daemons do in the end."""
    with sqlite3.connect(config.parent / "rucio/rucio.db", timeout=30) as database:
        for table, own in (("dids", "name"), ("contents", "child_name"), ("contents", "name")):
            where = f"{'child_' if own == 'child_name' else ''}scope=? and {own}=?"
            database.execute(f"delete from {table} where {where}", (scope, name))
    database.close()


def test_killed_resumed_changed_and_taken_away(tmp_path: Path, config: Path) -> None:
    client, scope = connect(Settings(rucio_config=config)), "harvested"
    make(client, scope)
    first = command(tmp_path, config, scope)
    state = tmp_path / "store/harvests"
    until = time.monotonic() + 120
    while not list(state.glob("rucio-*.json")):
        assert first.poll() is None and time.monotonic() < until
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=60)
    second = command(tmp_path, config, scope)
    report = json.loads(second.communicate(timeout=300)[0])
    assert second.returncode == 0 and report["resumed"]
    assert report["total"] == report["done"] == 1 + 4 * ITEMS
    assert sum(report["counts"].values()) < report["total"]
    with opened(tmp_path, config) as catalogue:
        before = walked(client, scope)
        assert told(catalogue, scope) == before and len(before) == 1 + 4 * ITEMS
        assert len(catalogue.documents()) == len(before)

        did = lambda name: {"scope": scope, "name": name}  # noqa: E731
        client.detach_dids(scope, "item3_assets", [did("item3_a.tif")])
        client.attach_dids(scope, "item4_assets", [did("item3_a.tif")])
        client.set_metadata(scope, "item7", "project", "other")
        for name in ("item5", "item6_assets", "item8_a.tif"):
            delete_there(config, scope, name)
        counts = catalogue.harvest_rucio(scope, plugin="none").load.counts
        assert counts["removed"] == 3
        # two sets, the container with the project, and what held the three
        assert counts["replaced"] == 6
        assert told(catalogue, scope) == walked(client, scope)

        client.add_dids([{**did("late"), "type": "DATASET"}])
        client.attach_dids(scope, "late", [did("item3_a.tif")])
        report = catalogue.harvest_rucio(scope, plugin="none", only_new=True)
        assert report.far.only_new and "late" in told(catalogue, scope)
        assert told(catalogue, scope) == walked(client, scope)
        with pytest.raises(ServiceRefused, match="no scope"):
            catalogue.harvest_rucio("nowhere", plugin="none")
        assert catalogue.harvest_rucio(scope, plugin="none").load.counts == {
            "unchanged": len(told(catalogue, scope))
        }
        assert not catalogue.doctor()


def test_what_is_published_comes_back_to_its_products(sides: Callable[..., Sides]) -> None:
    both = sides()
    assert both.publish().refused == {}
    catalogue, scope = both.catalogue, both.scope
    report = catalogue.harvest_rucio(scope, plugin="none")
    assert not report.load.rejected
    there = walked(both.client, scope)
    assert told(catalogue, scope) == there
    query = f"""{PREFIX}SELECT ?thing ?key ?name {{
      ?thing dafab:hasDataIdentifier ?did . ?did dafab:scope "{scope}" ; dafab:name ?name .
      OPTIONAL {{ ?thing dafab:assetKey ?key }}
    }}"""
    answer: Any = catalogue.query(query)
    linked = {(row[2].value, row[1].value if row[1] else None) for row in answer}
    wanted: set[tuple[str, str | None]] = set()
    for name, item in both.items.items():
        for text, key in ((name, None), (f"{name}_assets", None), (f"{name}_thumb.png", "thumb")):
            if encode_did_name(text) in there and (key is None or key in item.get("assets", {})):
                wanted.add((encode_did_name(text), key))
    assert linked == wanted and len(wanted) > 20
    # nothing of it makes the publisher do anything
    again = both.publish(whole=True)
    assert (again.published, again.removed, again.refused) == (0, 0, {})
    assert not catalogue.doctor()
