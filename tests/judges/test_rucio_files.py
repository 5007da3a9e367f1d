"""Where files are, fetching them, and rules, by a real Rucio 41.5.1 and its own client.

Two sites on loopback hold files of published items; what the commands say is compared with what
Rucio's client says of the same, and its own reader reads the plans.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import dafab_kg
from dafab_kg.catalogue.following import publish_round
from dafab_kg.cli import main
from dafab_kg.federation.rucio.connection import connect
from dafab_kg.federation.rucio.memory import Memory
from dafab_kg.federation.rucio.publish import Publisher
from dafab_kg.federation.rucio.scopes import check_scopes
from dafab_kg.model.settings import Settings
from tests.judges.real_rucio import Rucio, client_config

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

ITEMS = ("one", "two", "three", "four")
KEYS = ("image", "mask")
NEAR, FAR = "NEAR", "FAR_1"
ALL = ("--filter", "collection = 'scenes'")


def content(item: str, key: str) -> bytes:
    return f"{item} {key} ".encode() * (100 + 37 * len(item) * len(key))


def at_far(item: str, key: str) -> bool:
    return item in ("two", "three") or (item, key) == ("one", "mask")


@dataclass
class World:
    """A Rucio, a storage, a catalogue."""

    rucio: Rucio
    config: Path
    store: Path
    storage: str
    client: Any
    held: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def rows(self) -> dict[str, dict[str, Any]]:
        """What Rucio's client says of all files, by name."""
        dids = [{"scope": "dafab", "name": f"{item}_assets"} for item in ITEMS]
        return {row["name"]: row for row in self.client.list_replicas(dids, all_states=True)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    place = tmp_path_factory.mktemp("files")
    held: dict[str, bytes] = {}
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            asked.append(self.path)
            data = held.get(self.path)
            self.send_response(404 if data is None else 200)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    storage = f"http://127.0.0.1:{server.server_port}"
    rucio = Rucio(place)
    try:
        config = client_config(place, rucio.address, rucio.password)
        chosen = {f"{storage}/near/": NEAR}
        settings = Settings(store=place / "store", rucio_config=config, rucio_rses=chosen)
        client = connect(settings)
        domains = {"read": 1, "write": 1, "delete": 1}
        wide = {**domains, "third_party_copy_read": 1, "third_party_copy_write": 1}
        for rse, prefix in ((NEAR, "/near/"), (FAR, "/far/")):
            client.add_rse(rse, deterministic=False)
            client.add_protocol(
                rse,
                {
                    "scheme": "http",
                    "hostname": "127.0.0.1",
                    "port": server.server_port,
                    "prefix": prefix,
                    "impl": "rucio.rse.protocols.gfal.Default",
                    "domains": {"lan": domains, "wan": wide},
                },
            )
        check_scopes(client, ["dafab"], make=True)
        load(place, settings, storage)
        with (
            dafab_kg.open(settings.store, settings=settings) as catalogue,
            Memory(settings.store) as memory,
        ):
            assert publish_round(catalogue, Publisher(client, memory)).refused == {}
        for item in ITEMS:
            for key in KEYS:
                data = content(item, key)
                held[f"/near/{item}/{key}.tif"] = data
                if at_far(item, key):
                    held[f"/far/{item}/{key}.tif"] = data
                    file = {
                        "scope": "dafab",
                        "name": f"{item}_{key}.tif",
                        "bytes": len(data),
                        "md5": hashlib.md5(data).hexdigest(),
                        "adler32": f"{zlib.adler32(data):08x}",
                        "pfn": f"{storage}/far/{item}/{key}.tif",
                    }
                    client.add_replicas(FAR, [file])
        yield World(rucio, config, settings.store, storage, client, held, asked)
    finally:
        rucio.stop()
        server.shutdown()
        server.server_close()


def load(place: Path, settings: Settings, storage: str) -> None:
    (place / "items").mkdir()
    square = [[6.0, 49.5], [6.2, 49.5], [6.2, 49.7], [6.0, 49.7], [6.0, 49.5]]
    for item in ITEMS:
        value = {
            "type": "Feature",
            "stac_version": "1.1.0",
            "id": item,
            "collection": "scenes",
            "geometry": {"type": "Polygon", "coordinates": [square]},
            "bbox": [6.0, 49.5, 6.2, 49.7],
            "properties": {"datetime": "2024-05-01T00:00:00Z"},
            "links": [],
            "assets": {
                key: {
                    "href": f"{storage}/near/{item}/{key}.tif",
                    "type": "image/tiff",
                    "file:size": len(content(item, key)),
                    "file:checksum": "d50110" + hashlib.md5(content(item, key)).hexdigest(),
                }
                for key in KEYS
            },
        }
        (place / "items" / f"{item}.json").write_text(json.dumps(value))
    with dafab_kg.open(settings.store, settings=settings) as catalogue:
        assert catalogue.load(place / "items").ok


@pytest.fixture
def call(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("DAFAB_RUCIO_CONFIG", str(world.config))

    def run(*arguments: str, code: int = 0) -> Any:
        capsys.readouterr()
        got = main([*arguments, "--store", str(world.store)])
        out, err = capsys.readouterr()
        assert got == code, (out, err)
        run.err = err  # type: ignore[attr-defined]
        return json.loads(out) if "--json" in arguments else out

    return run


def test_plans_hold_what_rucio_says(world: World, call: Any) -> None:
    told = call("files", *ALL, "--json", "--fresh")
    rows = world.rows()
    assert len(rows) == 8 and told["as_of"] and "as of" in call.err and told["old"] == ""
    assert {one["did"] for one in told["files"]} == {f"dafab:{name}" for name in rows}
    for one in told["files"]:
        row = rows[one["did"].partition(":")[2]]
        replicas = {(s["rse"], s["address"]) for s in one["sources"] if s["rse"]}
        assert replicas == {(rse, pfn) for rse, pfns in row["rses"].items() for pfn in pfns}
        assert (one["bytes"], one["checksums"]["md5"]) == (row["bytes"], row["md5"])
    at = list(csv.DictReader(io.StringIO(call("files", *ALL, "--site", FAR, "--format", "csv",
                                              code=1))))  # fmt: skip
    assert {row["did"] for row in at if row["rse"]} == {
        f"dafab:{name}" for name, row in rows.items() if FAR in row["rses"]
    }
    by = call("files", *ALL, "--site", f"{FAR}|{NEAR}", "--protocol", "http", "--json")
    assert all(one["sources"] for one in by["files"])


def test_rucios_own_reader_reads_the_metalink(world: World, call: Any) -> None:
    from rucio.common.utils import parse_replicas_from_string

    read = parse_replicas_from_string(call("files", *ALL, "--format", "metalink").encode())
    dids = [{"scope": "dafab", "name": f"{item}_assets"} for item in ITEMS]
    own = parse_replicas_from_string(world.client.list_replicas(dids, metalink=True))
    assert len(read) == 8
    theirs = {one["did"]: one for one in own}
    for one in read:
        right = theirs[one["did"]]
        assert (one["bytes"], one["md5"]) == (right["bytes"], right["md5"])
        assert one["adler32"] == right["adler32"]
        # the item's own address is one of them: it is the same with its port left out by nobody
        assert {s["pfn"] for s in one["sources"]} == {s["pfn"] for s in right["sources"]}


def test_the_best_site_is_that_of_rucios_figures(world: World, call: Any) -> None:
    told = call("files", *ALL, "--best-site", "--json")
    rows = world.rows().values()
    total = sum(row["bytes"] for row in rows)
    right = [(rse, sum(row["bytes"] for row in rows if rse in row["rses"])) for rse in (NEAR, FAR)]
    assert [(one["rse"], one["here"], one["missing"]) for one in told["sites"]] == [
        (rse, here, total - here) for rse, here in right
    ]
    assert "FAR_1" in call("files", *ALL, "--best-site")


def test_files_are_fetched_from_what_is_left(world: World, call: Any, tmp_path: Path) -> None:
    held = dict(world.held)
    world.held["/near/one/image.tif"] = content("one", "image")[:-1] + b"?"  # nowhere else
    del world.held["/near/two/mask.tif"]
    world.held["/near/three/mask.tif"] = b"short"
    world.held["/far/three/image.tif"] = content("three", "image") + b"more"
    told = call("files", *ALL, "--get", str(tmp_path / "got"), "--json", code=1)
    failed = [one for one in told["files"] if one["outcome"] == "failed"]
    assert [one["name"] for one in failed] == ["scenes/one/image.tif"] and "md5" in failed[0]["why"]
    world.held.update(held)
    assert "1 fetched" in call("files", *ALL, "--get", str(tmp_path / "got"))
    for item in ITEMS:
        for key in KEYS:
            assert (tmp_path / "got/scenes" / item / f"{key}.tif").read_bytes() == (
                content(item, key)
            )
    world.asked.clear()
    assert "8 there already" in call("files", *ALL, "--get", str(tmp_path / "got"))
    assert world.asked == []


def test_a_replica_that_is_unavailable_is_not_in_the_plan(world: World, call: Any) -> None:
    files = [{"scope": "dafab", "name": "two_mask.tif", "state": "U"}]
    world.client.update_replicas_states(FAR, files)
    try:
        told = call("files", "two", "--asset", "mask", "--json", "--fresh")
        (file,) = told["files"]
        assert {s["rse"]: s["state"] for s in file["sources"]} == {
            NEAR: "AVAILABLE", FAR: "UNAVAILABLE",
        }  # fmt: skip
        call("files", "two", "--asset", "mask", "--site", FAR, code=1)
        before = call("files", "two", "--asset", "mask", "--best-site", "--json")
        assert [one["rse"] for one in before["sites"]] == [NEAR]
    finally:
        world.client.update_replicas_states(FAR, [{**files[0], "state": "A"}])
    call("files", "two", "--asset", "mask", "--site", FAR, "--fresh")


def rules_of(world: World) -> dict[tuple[str, str], dict[str, Any]]:
    """What the stock client says: rules by name and site."""
    found = {}
    for item in ITEMS:
        for row in world.client.list_did_rules("dafab", f"{item}_assets"):
            found[row["name"], row["rse_expression"]] = row
    return found


def rules_there(world: World) -> dict[tuple[str, str], str]:
    return {pair: row["comments"] for pair, row in rules_of(world).items()}


def ending(world: World) -> set[tuple[str, str]]:
    """Rules that end within the hour."""
    soon = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1)
    found = rules_of(world).items()
    return {pair for pair, row in found if row["expires_at"] and row["expires_at"] <= soon}


def test_rules_are_made_once_and_removed(world: World, call: Any) -> None:
    asked = ("--filter", "id IN ('one', 'two')", "--site", FAR)
    dry = call("rucio", "rules", "add", *asked, "--dry-run", "--json")
    rows = [row for name, row in world.rows().items() if name.startswith(("one_", "two_"))]
    size = sum(row["bytes"] for row in rows)
    here = sum(row["bytes"] for row in rows if FAR in row["rses"])
    cost = dry["cost"]
    assert (cost["files"], cost["size"], cost["here"]) == (4, size, here)
    assert cost["to_move"] == size - here > 0 and cost["sites"] == [FAR]
    assert dry["made"] is None and rules_there(world) == {}
    made = call("rucio", "rules", "add", *asked, "--json")["made"]
    assert len(made["rules"]) == 2 and made["refused"] == {}
    there = rules_there(world)
    assert set(there) == {("one_assets", FAR), ("two_assets", FAR)}
    assert set(there.values()) == {"dafab-kg: --filter id IN ('one', 'two')"}
    again = call("rucio", "rules", "add", *asked, "--json")
    assert again["made"]["rules"] == [] and len(again["cost"]["ruled"]) == 2
    wider = call("rucio", "rules", "add", *ALL, "--site", FAR, "--lifetime", "2", "--json")
    assert len(wider["made"]["rules"]) == 2 and len(rules_there(world)) == 4
    world.client.add_replication_rule([{"scope": "dafab", "name": "four_assets"}], 1, NEAR)
    every = call("rucio", "rules", "list", "--json")["rules"]
    assert {(one["name"], one["site"]) for one in every} == set(rules_there(world)) - {
        ("four_assets", NEAR)
    }
    assert sum(bool(one["expires"]) for one in every) == 2
    (one, _) = call("rucio", "rules", "list", *asked, "--json")["rules"]
    assert world.client.get_replication_rule(one["id"])["state"] == one["state"]
    gone = call("rucio", "rules", "remove", *ALL, "--dry-run", "--json")
    assert len(gone["rules"]) == 2 and gone["removed"] == []
    size = sum(row["bytes"] for name, row in world.rows().items() if name[:3] in ("thr", "fou"))
    assert (gone["data_identifiers"], gone["bytes"]) == (2, size)
    assert f"2 rules on 2 data identifiers, of which one copy has {size:,} bytes" in (
        call("rucio", "rules", "list", *ALL)
    )
    assert "2 rules removed" in call("rucio", "rules", "remove", *ALL)
    assert "0 rules removed" in call("rucio", "rules", "remove", *ALL)
    assert ending(world) == {("three_assets", FAR), ("four_assets", FAR)}
    call("rucio", "rules", "remove", *asked)
    assert len(ending(world)) == 4
    dry = call("rucio", "rules", "add", *asked, "--dry-run", "--json")
    assert len(dry["cost"]["ending"]) == 2 and len(ending(world)) == 4
    told = call("rucio", "rules", "add", *asked, "--json")["made"]
    assert (len(told["prolonged"]), told["rules"]) == (2, [])
    assert ending(world) == {("three_assets", FAR), ("four_assets", FAR)}


def test_copies_at_several_sites_are_counted(world: World, call: Any) -> None:
    asked = ("--site", f"{NEAR}|{FAR}", "--copies", "2", "--dry-run", "--json")
    cost = call("rucio", "rules", "add", *ALL, *asked)["cost"]
    rows = world.rows().values()
    assert cost["here"] == sum(row["bytes"] * len(row["rses"]) for row in rows)
    assert cost["to_move"] == sum(row["bytes"] * (2 - len(row["rses"])) for row in rows)


def test_what_cannot_be_is_said(world: World, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for way in (("rucio", "rules", "add"), ("files",)):
        call(*way, *ALL, "--site", "NOWHERE", code=1)
        assert "NOWHERE" in call.err and "It has NEAR, FAR_1" in call.err
    call("rucio", "rules", "add", *ALL, "--site", FAR, "--copies", "9", code=1)
    assert "9 copies cannot be at 1" in call.err
    assert all(row["copies"] == 1 for row in rules_of(world).values())
    monkeypatch.setenv("DAFAB_DID_SCOPE", "nowhere")
    told = call("files", *ALL, "--json", "--fresh")
    assert all(s["rse"] == "" for one in told["files"] for s in one["sources"])
    told = call("rucio", "rules", "add", *ALL, "--site", FAR, "--json", code=1)
    assert len(told["cost"]["unknown"]) == 4 and told["made"]["rules"] == []


def test_old_answers_are_said_to_be_old(
    world: World, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = call("files", *ALL, "--json", "--fresh")
    world.rucio.stop()
    assert call("files", *ALL, "--json") == before
    monkeypatch.setenv("DAFAB_RUCIO_REPLICA_AGE", "0")
    old = call("files", *ALL, "--json")
    assert old["files"] == before["files"] and old["as_of"] == before["as_of"] and old["old"]
    assert "which is old" in call.err
    monkeypatch.setenv("DAFAB_DID_SCOPE", "never.asked")
    call("files", *ALL, code=1)
    assert "Rucio" in call.err
